"""Imports go down, never sideways between the parts of a layer, and each outside library has its home."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from house import DOCUMENT, LAYERS, LIBRARIES, written

ROOT = Path(__file__).parent.parent / "trendscout"
LAYER_OF = {part: number for number, layer in enumerate(reversed(LAYERS)) for part in layer.parts}
HOMES = {module: library.homes for library in LIBRARIES for module in library.modules}
FILES = sorted(ROOT.rglob("*.py"))


@cache
def imports(code: str) -> tuple[str, ...]:
    """Every module that the code imports, wherever and in whatever form: `from package import name` gives both."""
    return tuple(_imports(code))


def _imports(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            named = node.args[0] if node.args else None
            if isinstance(named, ast.Constant):
                yield named.value
            elif isinstance(named, ast.JoinedStr) and isinstance(named.values[0], ast.Constant):
                yield named.values[0].value.rstrip(".")


def part_of(module: str) -> str:
    """The folder or module below `trendscout` that a dotted name of ours lies in."""
    part = [*module.split("."), "__init__"][1]
    return part if part in LAYER_OF else "__init__"


def faults(module: str, code: str) -> list[str]:
    """What in the code of `module` (dotted, below `trendscout`) breaks the law of the house."""
    here = part_of(f"trendscout.{module}")
    path = module.replace(".", "/")
    broken = []
    for name in imports(code):
        root = name.partition(".")[0]
        if root == "trendscout":
            there = part_of(name)
            if there != here and LAYER_OF[there] >= LAYER_OF[here]:
                broken.append(f"{module} may not import {name}")
        elif root not in sys.stdlib_module_names:
            homes = HOMES.get(root)
            if homes is None:
                broken.append(f"{module} imports {root}, which has no home in docs/house.py")
            elif not any(path == home or path.startswith(f"{home}/") for home in homes):
                broken.append(f"{module} imports {root}, whose home is {', '.join(homes)}")
    return broken


def module_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_module_keeps_the_law(path: Path) -> None:
    assert faults(module_of(path), path.read_text(encoding="utf-8")) == []


SITES = [path for path in (ROOT / "sources").glob("*.py") if "\nSOURCES" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", SITES, ids=module_of)
def test_a_site_shows_its_sources_and_nothing_else(path: Path) -> None:
    """What a site is reaches the others as data; its functions are its own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert {name for name in named if not name.startswith("_")} == set()


def test_every_part_has_its_layer_and_every_layer_its_parts() -> None:
    parts = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in FILES}
    assert parts == set(LAYER_OF)


def test_every_home_is_lived_in() -> None:
    for library in LIBRARIES:
        for home in library.homes:
            files = [path for path in FILES if f"{module_of(path).replace('.', '/')}/".startswith(f"{home}/")]
            used = {name.partition(".")[0] for path in files for name in imports(path.read_text(encoding="utf-8"))}
            assert used & {*library.modules}, (home, library.modules)


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("sources.shein", "from trendscout import pipeline"),
        ("sources.shein", "import trendscout.pipeline"),
        ("sources.shein", "from trendscout.pipeline import collect"),
        ("sources.shein", "def late():\n    from trendscout import store"),
        ("sources.shein", "import importlib\nimportlib.import_module('trendscout.store.query')"),
        ("sources.shein", "from importlib import import_module\nimport_module(f'trendscout.cli.{1}')"),
        ("report.page", "if TYPE_CHECKING:\n    from trendscout.store.query import Scope"),
        ("steps.rank", "from trendscout.jobs import run"),
        ("pipeline", "import duckdb"),
        ("report.page", "from duckdb import connect"),
        ("report.page", "def late():\n    import numpy as np"),
        ("report.page", "import pandas"),
        ("text.prices", "import selectolax.parser"),
    ],
)
def test_a_forbidden_import_of_each_form_fails(module: str, code: str) -> None:
    assert faults(module, code) != []


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("sources.shein", "from trendscout import __version__"),
        ("sources.shein", "from trendscout.text.numbers import parse_count"),
        ("sources.shein", "from trendscout.sources.source import Source"),
        ("fetch.visit", "import httpx"),
        ("archive.decoding", "from backports import zstd\nimport zlib"),
    ],
)
def test_what_is_lawful_passes(module: str, code: str) -> None:
    assert faults(module, code) == []


def test_the_document_shows_the_law() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert written(text) == text, "run `make update`"
