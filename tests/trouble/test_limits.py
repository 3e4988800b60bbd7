"""The table of limits in docs/reliability.md says what the code has."""

import importlib
import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "reliability.md"
LINE = re.compile(r"^\| `([\w.]+)\.(\w+)` \| ([\d,.]+) \| \S.*\|$", re.MULTILINE)


def in_code(place: str, name: str) -> float:
    """The value of that name in a module, or the default of a class's field."""
    module, _, last = place.rpartition(".")
    if last[0].isupper():
        return getattr(getattr(importlib.import_module(f"trendscout.{module}"), last)(), name)
    return getattr(importlib.import_module(f"trendscout.{place}"), name)


def test_every_limit_is_as_the_table_has_it():
    table = DOCS.read_text().partition("<!-- limits -->")[2].partition("<!-- end of limits -->")[0]
    lines = LINE.findall(table)
    assert len(lines) == table.strip().count("\n") - 1 > 40
    wrong = [
        (place, name) for place, name, value in lines if in_code(place, name) != float(value.replace(",", ""))
    ]
    assert wrong == []
