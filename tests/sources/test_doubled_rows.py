"""A row that stands twice in a reply moves nothing: one function places the rows of every source."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.sources.test_fixtures import CASES, page_of
from trendscout.errors import LayoutChanged
from trendscout.model import Reading
from trendscout.sources.source import get_source, read_page

REPLIES = [folder for folder in CASES if folder.name.startswith("ok") and (folder / "page.json").is_file()]
# Of these the rows say their place themselves, so that a row more contradicts them.
PLACED = {"rows_said_twice", "ranks_not_in_order", "fewer_than_announced"}


def lists(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from lists(part)


def places(reading: Reading) -> set[tuple[str, str, int | None]]:
    """Where each item stands; advertisements hold no place."""
    return {(one.list, one.item_key, one.rank) for one in reading.entries if not one.is_ad}


@pytest.mark.parametrize("folder", REPLIES, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_a_doubled_row_moves_none_below_it(folder: Path) -> None:
    source = get_source(folder.parent.name)
    page = page_of(folder, tomllib.loads((folder / "meta.toml").read_text(encoding="utf-8")))
    before = read_page(source, page)
    document = json.loads(page.body)
    for place, rows in enumerate(lists(document)):
        if len(rows) < 2 or not isinstance(rows[0], dict):
            continue
        doubled = copy.deepcopy(document)
        found = list(lists(doubled))[place]
        found.insert(1, copy.deepcopy(found[0]))
        try:
            after = read_page(source, replace(page, body=json.dumps(doubled).encode()))
        except LayoutChanged:
            continue
        codes = {one.code for one in after.findings}
        assert "rows_moving" not in codes
        if not codes & PLACED:
            assert places(before) <= places(after)
