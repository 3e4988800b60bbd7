"""Imports go down, never sideways between the folders of a layer, and each outside library has one home."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "trendscout"
LAYERS = (
    ("errors", "lang", "resources", "files"),
    ("model", "history", "clock", "timetable", "decoding"),
    ("text", "config", "source", "money", "wire"),
    ("crawl", "queries", "jobfile"),
    ("sources", "matching", "ranking", "report", "fetch", "archive", "store", "intake"),
    ("assemble", "loading", "ledger", "place", "joining", "rating", "jobhistory"),
    ("imports", "collecting", "reporting"),
    ("rereading",),
    ("pipeline",),
    ("notify",),
    ("jobs",),
    ("doctor",),
    ("schedule", "demo"),
    ("cli",),
    ("__main__", "__init__"),
)
LAYER_OF = {part: number for number, parts in enumerate(LAYERS) for part in parts}
HOMES = {
    "httpx": "fetch",
    "duckdb": "store",
    "typer": "cli",
    "apscheduler": "schedule",
    "warcio": "archive",
    "selectolax": "text",
    "protego": "fetch",
    "xlsxwriter": "report",
    "jinja2": "report",
    "apprise": "report",
}


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


FILES = sorted(path for path in ROOT.rglob("*.py") if part_of(path) not in ("__init__", "__main__"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_go_down(path: Path) -> None:
    part = part_of(path)
    for name in imports(path):
        root, _, rest = name.partition(".")
        if root == "trendscout" and rest:
            target = rest.split(".")[0]
            same = target == part
            assert same or LAYER_OF[target] < LAYER_OF[part] or (part, target) == ("source", "text"), (
                f"{path.name} (layer {LAYER_OF[part]}) imports {name} (layer {LAYER_OF[target]})"
            )
        assert HOMES.get(root, part) == part, f"{root} is used in {HOMES[root]}, not in {part}"
