"""No setting is decoration: whatever trendscout.toml or a job file may say is read by some code."""

import ast
import json
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import pytest

from trendscout.settings.config import Settings

ROOT = Path(__file__).parent.parent


class Code(NamedTuple):
    attributes: set[str]
    texts: set[str]  # the command line's own left out: it says them and reads nothing


@pytest.fixture(scope="module")
def code() -> Code:
    """What our code names; not at import, where each process of the tests would read all of it."""
    attributes, texts = set(), set()
    for path in (ROOT / "trendscout").rglob("*.py"):
        if path.name == "config.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                attributes.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and path.parent.name != "cli":
                texts.add(node.value)
    return Code(attributes, texts)


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_a_setting_is_read(name: str, code: Code) -> None:
    assert name in code.attributes


def _keys(schema: dict) -> list[str]:
    return [
        f"{section}.{key}"
        for section, part in schema["properties"].items()
        if part.get("type") == "object" and "properties" in part
        for key in part["properties"]
    ]


@pytest.mark.parametrize("key", _keys(json.loads((ROOT / "schemas" / "job.schema.json").read_text("utf-8"))))
def test_a_key_of_a_job_is_read(key: str, code: Code) -> None:
    assert key.partition(".")[2] in code.texts
