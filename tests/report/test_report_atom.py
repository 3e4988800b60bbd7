"""The feed: valid for a strict reader, stable from run to run, hostile titles as text."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import feedparser
import pytest
from example import NOW, RISING, example, hostile

from trendscout.lang import Lang
from trendscout.report import changes
from trendscout.report.atom import as_atom

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_reader_finds_what_the_standard_asks_for(lang: Lang) -> None:
    feed = feedparser.parse(as_atom(example(), None, lang))
    assert (feed.bozo, feed.version) == (False, "atom10")
    assert feed.feed.id.startswith("urn:")
    assert feed.feed.updated_parsed[:5] == NOW.timetuple()[:5]
    assert len(feed.entries) == len(example().rows)
    for entry in feed.entries:
        assert entry.id.startswith("urn:")
        assert entry.title
        assert entry.updated
        assert entry.summary.count("\n") == 1, "in both languages"


def test_elements_stand_once_and_ids_differ() -> None:
    root = ET.fromstring(as_atom(example(), None, "en"))  # noqa: S314 - our own bytes
    for name in ("id", "title", "updated", "author"):
        assert len(root.findall(f"{ATOM}{name}")) == 1
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)


def test_only_what_changed_and_the_same_report_is_no_news() -> None:
    before = changes.memory(replace(example(), rows=example().rows[1:]))
    told = changes.since(example(), before)
    first, again = (as_atom(example(), told, "en") for _ in range(2))
    assert first == again
    (entry,) = feedparser.parse(first).entries
    assert entry.tags[0].term == "new"
    assert RISING.facts.title in entry.title


def test_hostile_titles_are_text() -> None:
    rows = tuple(replace(RISING, facts=replace(RISING.facts, title=title)) for title in hostile())
    feed = feedparser.parse(as_atom(replace(example(), rows=rows), None, "en"))
    assert feed.bozo is False
    assert len(feed.entries) == len(rows)


def test_where_nothing_changed_nothing_is_told() -> None:
    same = changes.since(example(), changes.memory(example()))
    assert feedparser.parse(as_atom(example(), same, "en")).entries == []
