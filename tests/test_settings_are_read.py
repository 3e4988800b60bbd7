"""No setting is decoration: whatever trendscout.toml or a job file may say is read by some code."""

import ast
import json
from dataclasses import fields
from pathlib import Path

import pytest

from trendscout.settings.config import Settings

ROOT = Path(__file__).parent.parent
CODE = {
    path: ast.parse(path.read_text(encoding="utf-8"))
    for path in (ROOT / "trendscout").rglob("*.py")
    if path.name != "config.py"
}
READ = {node.attr for tree in CODE.values() for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
TEXTS = {
    node.value
    for path, tree in CODE.items()
    for node in ast.walk(tree)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and path.parent.name != "cli"
}


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_a_setting_is_read(name: str) -> None:
    assert name in READ


def _keys(schema: dict) -> list[str]:
    return [
        f"{section}.{key}"
        for section, part in schema["properties"].items()
        if part.get("type") == "object" and "properties" in part
        for key in part["properties"]
    ]


@pytest.mark.parametrize("key", _keys(json.loads((ROOT / "schemas" / "job.schema.json").read_text("utf-8"))))
def test_a_key_of_a_job_is_read(key: str) -> None:
    assert key.partition(".")[2] in TEXTS
