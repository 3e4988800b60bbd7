"""Random JSON made of the words that a source's own replies use: a reading or one of our errors, never a crash."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trendscout.errors import TrendscoutError
from trendscout.model import Page
from trendscout.sources.source import get_source, query_for, read_page

HERE = Path(__file__).parent
NAMES = sorted({path.parent.parent.name for path in HERE.glob("*/*/page.json")})
WORD = re.compile(r'"([A-Za-z_]\w{0,40})"\s*:')
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**25),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["1881人付款", "5rb+ terjual", "Rp1.250", "$12.98", "2580681", "MLB1000", "a:1", "43%", "1.2.3,4"]
    ),
)


@cache
def vocabulary(name: str) -> list[str]:
    pages = (path.read_text(encoding="utf-8") for path in (HERE / name).glob("*/page.json"))
    return sorted({word for page in pages for word in WORD.findall(page)}) or ["x"]


def read(name: str, body: bytes) -> None:
    source = get_source(name)
    page = Page("", datetime(2026, 8, 4, tzinfo=UTC), 200, {}, body, query_for(source))
    try:
        reading = read_page(source, page)
    except TrendscoutError:
        return
    assert reading.entries
    for entry in reading.entries:
        assert entry.item_key
        assert entry.price is None or entry.price.is_finite()
        assert entry.count is None or entry.count >= 0


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=2000, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_random_json_of_known_words(name: str, data: st.DataObject) -> None:
    words = st.sampled_from(vocabulary(name))
    rows: st.SearchStrategy[Any] = st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=8),
        max_leaves=40,
    )
    document = data.draw(st.dictionaries(words, rows, min_size=1, max_size=8) | st.lists(rows, max_size=4))
    read(name, json.dumps(document).encode())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"data":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"items":[' + b'{"itemid":' + b"9" * 5000 + b"}]}",
        b"[" + b'{"item_id":"1"},' * 60_000 + b"{}]",
        b"\xef\xbb\xbf{}",
        b"null",
        b"",
    ],
    ids=["arrays", "objects", "giant number", "many rows", "mark", "null", "nothing"],
)
def test_bodies_that_go_too_far(name: str, body: bytes) -> None:
    read(name, body)
