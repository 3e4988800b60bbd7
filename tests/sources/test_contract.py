"""What every declaration owes, and what a reading promises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from trendscout.errors import LayoutChanged, UsageError
from trendscout.findings import finding
from trendscout.lang import tr
from trendscout.model import Entry, ListNote, Page, Query
from trendscout.report import phrases
from trendscout.sources._ledger import markdown
from trendscout.sources.snapshots import shown_by
from trendscout.sources.source import Reader, Source, get_source, read_page, sources
from trendscout.sources.walls import NO_WALLS

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 7, 19, 6, tzinfo=UTC)
QUERY = Query("made_up", "US", "top", "kites")
NAMES = tuple(sources())


def page(body: bytes = b"", number: int = 1) -> Page:
    return Page("https://made-up.example/", NOW, 200, {}, body, QUERY, number)


def made_up(*rows: Entry | ListNote) -> Source:
    def read(page: Page) -> Iterator[Entry | ListNote]:
        if page.body == b"gone":
            raise LayoutChanged("gone")
        yield from rows

    reader = Reader("only", lambda _: True, read)
    return replace(get_source("shopify"), name="made_up", readers=(reader,), walls=NO_WALLS)


def test_the_page_of_the_docs_is_current() -> None:
    assert (ROOT / "docs" / "sources.md").read_text(encoding="utf-8") == markdown(sources().values())


@pytest.mark.parametrize("name", NAMES)
def test_declaration(name: str) -> None:
    source = get_source(name)
    assert source.kinds
    assert source.markets
    assert source.readers
    assert source.terms.startswith("https://")
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert source.default_on <= ("live" in source.way_in), "only what needs no key and no file can be on"
    assert bool(source.key_env) == ("key" in source.way_in)
    assert (source.requests is None) == (source.way_in == ("own",)), "what is not own is asked for"


@pytest.mark.parametrize("name", [name for name in NAMES if get_source(name).requests])
def test_requests_stay_on_their_hosts(name: str) -> None:
    source = get_source(name)
    assert source.requests
    category = source.categories[0] if source.categories else "kites"
    for kind in source.kinds:
        for market in source.markets:
            for asked in source.requests(Query(name, market, kind, category)):
                parts = urlsplit(asked.url)
                assert parts.scheme == "https"
                assert "/-/" not in parts.path, "robots.txt of Amazon forbids it, and nobody needs it"
                if source.hosts:
                    assert any(
                        parts.hostname == host.lstrip(".") or (parts.hostname or "").endswith(host)
                        for host in source.hosts
                    )


@pytest.mark.parametrize("name", [name for name in NAMES if get_source(name).requests])
def test_an_address_that_is_asked_says_its_market(name: str) -> None:
    """A page saved from the same address is the same list."""
    source = get_source(name)
    assert source.requests
    if source.query_of is None:
        return
    for kind in source.kinds:
        query = Query(name, source.markets[0], kind, source.categories[0] if source.categories else "")
        for asked in source.requests(query):
            told = source.query_of(asked.url)
            if told and told.market:
                assert told.market == query.market


def test_a_list_without_rows_is_never_returned() -> None:
    with pytest.raises(LayoutChanged):
        read_page(made_up(), page())
    with pytest.raises(LayoutChanged):
        read_page(made_up(ListNote("made_up_US/top/kites", length=3)), page())


def test_what_contradicts_itself_is_partial() -> None:
    amiss = (finding("ranks_not_in_order"),)
    rows = (Entry("made_up_US/top/kites", 1, "a"), ListNote("made_up_US/top/kites", findings=amiss))
    reading = read_page(made_up(*rows), page())
    assert (reading.status, reading.findings) == ("partial", amiss)


@pytest.mark.parametrize(("page_rows", "status"), [(None, "partial"), (1, "partial"), (2, "ok")])
def test_a_list_that_ended_misses_no_later_page(page_rows: int | None, status: str) -> None:
    source = replace(made_up(Entry("made_up_US/top/kites", 1, "a")), page_rows=page_rows)
    (snapshot,) = shown_by(source, QUERY, NOW, (page(), page(b"gone", 2))).snapshots
    assert (snapshot.status, len(snapshot.entries)) == (status, 1)


def test_a_page_that_repeats_an_earlier_one_is_told() -> None:
    rows = [Entry("made_up_US/top/kites", place, f"k{place}") for place in (1, 2, 3)]
    (snapshot,) = shown_by(made_up(*rows), QUERY, NOW, (page(), page(number=2))).snapshots
    assert (snapshot.status, snapshot.findings) == ("partial", (finding("page_repeats", number=2),))
    (snapshot,) = shown_by(made_up(*rows[:2]), QUERY, NOW, (page(), page(number=2))).snapshots
    assert snapshot.status == "ok", "two rows may be the same by chance"


@pytest.mark.parametrize("name", NAMES)
def test_declarations_speak_chinese(name: str) -> None:
    source = get_source(name)
    assert tr(source.title, "zh") != source.title
    assert tr(source.why, "zh") != source.why


@pytest.mark.parametrize("name", ["amazon_search", "ebay", "aliexpress", "shopify"])
def test_a_search_for_nothing_is_a_fault_of_usage(name: str) -> None:
    source = get_source(name)
    assert source.requests
    with pytest.raises(UsageError, match=name):
        source.requests(Query(name, "US", source.kinds[0], " "))


@pytest.mark.parametrize("name", NAMES)
def test_walls_are_named_in_both_languages_and_their_marks_are_lower_case(name: str) -> None:
    walls = get_source(name).walls
    assert [mark for mark, _ in walls.marks if mark != mark.lower()] == []
    parts = (walls.marks, walls.addresses, walls.replies, walls.statuses)
    assert [wall for part in parts for _, wall in part if tr(wall, "zh") == wall] == []
    assert [
        pattern for pattern, wall in walls.replies if ("{code}" in wall) != (re.compile(pattern).groups == 1)
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_platform_has_a_name(name: str) -> None:
    platform = get_source(name).platform
    assert phrases.PLATFORMS.get(platform), "name it in PLATFORMS of report/phrases.py"


def test_the_sources_of_a_platform_agree_whether_it_sells() -> None:
    said: dict[str, set[bool]] = {}
    for source in sources().values():
        said.setdefault(source.platform, set()).add(source.sells)
    assert [platform for platform, its in said.items() if len(its) > 1] == []
    assert {"google", "tiktok", "youtube"} <= {platform for platform, its in said.items() if its == {False}}
