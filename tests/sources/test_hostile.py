"""Whatever a site sends, a reader gives rows or one of our errors: every fixture, with parts of it replaced."""

from __future__ import annotations

import json
import random
import re
import time
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_fixtures import CASES, page_of

from trendscout.errors import ReadError
from trendscout.model import Page
from trendscout.sources.source import get_source, query_for, read_page, sources

WEIRD: tuple[Any, ...] = (
    *(None, True, 5, -1, 0.5, 10**30, "", "x", "\x00", "9" * 400, "https://[bad", "2026-13-99", "1.2.3,4"),
    *([], {}, [[]], {"a": 1}, ["x"], [None]),
)
SCRAPS = (b"", b"<", b'"', b">", b"&#0;", b"\xff", b"-5", b"9" * 50, b"NaN", "…".encode(), "5つ".encode())
STATE = re.compile(r"<script[^>]*>\s*(\{.*?\})\s*</script>", re.DOTALL)
TRIES = 60


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in inner:
        yield from places(member, (*path, key))


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, dict):
        return {
            key: replaced(member, path[1:], new) if key == path[0] else member for key, member in value.items()
        }
    return [replaced(member, path[1:], new) if at == path[0] else member for at, member in enumerate(value)]


def broken_json(text: str, dice: random.Random) -> Iterator[bytes]:
    """The reply, or the state inside a page, with one value exchanged."""
    found = STATE.search(text)
    before, state, after = (
        (text[: found.start(1)], found.group(1), text[found.end(1) :]) if found else ("", text, "")
    )
    try:
        value = json.loads(state)
    except ValueError:
        return
    everywhere = list(places(value))
    for _ in range(TRIES):
        new = json.dumps(replaced(value, dice.choice(everywhere), dice.choice(WEIRD)), ensure_ascii=False)
        yield (before + new + after).encode("utf-8", "replace")


def broken_bytes(body: bytes, dice: random.Random) -> Iterator[bytes]:
    """The page with a piece cut out, or exchanged for a scrap."""
    for _ in range(TRIES):
        start = dice.randrange(len(body))
        yield body[:start] + dice.choice(SCRAPS) + body[start + dice.randrange(80) :]


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_hostile(folder: Path) -> None:
    dice = random.Random(folder.name)
    source = get_source(folder.parent.name)
    page = page_of(folder, tomllib.loads((folder / "meta.toml").read_text(encoding="utf-8")))
    bodies = [*broken_json(page.body.decode("utf-8", "replace"), dice), *broken_bytes(page.body, dice), b""]
    for body in bodies:
        try:
            reading = read_page(source, replace(page, body=body))
        except ReadError:
            continue
        assert reading.entries
        for entry in reading.entries:
            assert entry.item_key
            assert entry.rank is None or entry.rank >= 1
            assert entry.count is None or entry.count >= 0
            assert entry.rating is None or 0 < entry.rating <= 5
            assert entry.price is None or entry.price >= 0


# Pieces that make careless patterns and parsers slow when a page repeats them.
LURES = (
    b"<link rel=canonical ",
    b'<div class="s-card s-card__title"><li data-asin="B0AAAAAAAA" class="a-carousel-card">',
    b'{"hashtagName":["videoRenderer","itemStacks",{"a":',
    b'data-client-recs-list="[ __NEXT_DATA__ i0OFE[ _init_data_={ ',
)
LURE_BYTES = 400_000
MOST_CPU_S = 2.0  # the slowest takes a tenth


@pytest.mark.parametrize("name", sources())
def test_lures_cost_little(name: str) -> None:
    source = get_source(name)
    page = Page("", datetime(2026, 7, 19, tzinfo=UTC), 200, {}, b"", query_for(source))
    for lure in LURES:
        start = time.process_time()
        with suppress(ReadError):
            read_page(source, replace(page, body=b"<html>" + lure * (LURE_BYTES // len(lure))))
        assert time.process_time() - start < MOST_CPU_S
