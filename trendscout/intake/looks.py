"""Replies that were brought, put together as looks: the pages of one list that were saved within minutes are one.

`collect` asks for the pages of a list one after the other and makes one snapshot of them; so does this, of pages
that somebody saved. Which page is which is told by the places that it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trendscout.errors import ReadError, TrendscoutError
from trendscout.intake.saved import SavedPage
from trendscout.model import PAGING, Entry, Page, Query, Reading, Snapshot
from trendscout.sources.snapshots import no_page, shown_by
from trendscout.sources.source import get_source, read_page

SPAN = timedelta(minutes=15)  # between the first and the last page of a look: people turn pages slowly
_FREE_PLACES = 5  # sites leave out a place or two; a page that is missing leaves more
_Places = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LookPage:
    """A page of a look, as it was found; `page.number` is its place among the look's pages."""

    found: SavedPage
    page: Page
    reading: Reading


@dataclass(frozen=True, slots=True)
class Look:
    """The pages of one list, or of the lists that one page shows, at one time; at least one page."""

    taken_at: datetime
    shown: tuple[LookPage, ...]  # in the order of the list's places

    @property
    def query(self) -> Query:
        """What was asked: the first page's query."""
        return self.shown[0].page.query

    @property
    def pages(self) -> int:
        """How many pages the look should have: those before its last that did not come count as well."""
        return self.shown[-1].page.number

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists that it shows."""
        return lists_of(one.reading for one in self.shown)

    @property
    def missing(self) -> tuple[TrendscoutError, ...]:
        """What is said of pages before its last that did not come."""
        came = {one.page.number for one in self.shown}
        lost = (number for number in range(1, self.pages) if number not in came)
        return tuple(no_page(self.query.source, number) for number in lost)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """What `ingest` stores of it."""
        pages = [one.page for one in self.shown]
        source = get_source(self.query.source)
        return shown_by(source, self.query, self.taken_at, pages, missing=self.missing).snapshots


def lists_of(readings: Iterable[Reading]) -> tuple[str, ...]:
    """The lists of the readings' entries, each once, in their order."""
    return tuple(dict.fromkeys(entry.list for reading in readings for entry in reading.entries))


def looks_of(replies: Iterable[SavedPage]) -> list[Look]:
    """The replies that were taken, as looks; pages of one list go together if no two show the same places."""
    heaps: list[list[LookPage]] = []
    taken = [LookPage(reply, reply.page, reply.reading) for reply in replies if reply.page and reply.reading]
    for shown in sorted(taken, key=lambda one: one.page.fetched_at):
        home = next((heap for heap in reversed(heaps) if _belongs(shown, heap)), None)
        if home is None:
            heaps.append([shown])
        else:
            home.append(shown)
    return [look for heap in heaps for look in _looks(heap)]


def _belongs(shown: LookPage, heap: Sequence[LookPage]) -> bool:
    first = heap[0]
    return (
        shown.page.fetched_at - first.page.fetched_at <= SPAN
        and lists_of((shown.reading,)) == lists_of((first.reading,))
        and len(lists_of((shown.reading,))) == 1
        and all(_apart(shown.reading, other.reading) for other in heap)
    )


def _apart(one: Reading, other: Reading) -> bool:
    """Whether two pages show other places; without an order, other items."""
    ours, theirs = places_of(one.entries), places_of(other.entries)
    if ours is None or theirs is None:
        return not {entry.item_key for entry in one.entries} & {entry.item_key for entry in other.entries}
    return ours[1] < theirs[0] or theirs[1] < ours[0]


def places_of(entries: Sequence[Entry]) -> _Places | None:
    """The first and the last place; None for rows without an order."""
    ranks = [entry.rank for entry in entries if entry.rank is not None and not entry.is_ad]
    return (min(ranks), max(ranks)) if ranks else None


def _looks(heap: Sequence[LookPage]) -> list[Look]:
    """The heap as one look; a page that reads otherwise as one of several is a look of its own."""
    ordered = sorted(heap, key=lambda one: places_of(one.reading.entries) or (0, 0))
    taken_at = min(one.page.fetched_at for one in heap)
    query = ordered[0].page.query
    together: list[LookPage] = []
    alone: list[Look] = []
    number, end = 0, 0
    for shown in ordered:
        number += 2 if _leaves_a_page_out(shown.reading, end) else 1
        own = tuple(pair for pair in shown.page.query.params if pair[0] in PAGING)
        kept = tuple(pair for pair in query.params if pair[0] not in PAGING)
        asked = replace(query, params=(*kept, *own))
        turned = _read_as(shown, replace(shown.page, number=number, query=asked))
        if turned is None:
            number -= 1
            alone.append(Look(shown.page.fetched_at, (shown,)))
            continue
        together.append(turned)
        end = (places_of(shown.reading.entries) or (0, end))[1]
    return [*([Look(taken_at, tuple(together))] if together else []), *alone]


def _leaves_a_page_out(reading: Reading, end: int) -> bool:
    """Whether the places between `end` and the page's first are more than a site leaves out."""
    places = places_of(reading.entries)
    if places is None or any(not note.complete for note in reading.notes):
        return False
    return places[0] - end - 1 > max(_FREE_PLACES, len(reading.entries) // 2)


def _read_as(one: LookPage, page: Page) -> LookPage | None:
    """The page as that page of the look; None if it then shows something else."""
    if page == one.page:
        return one
    try:
        reading = read_page(get_source(page.query.source), page)
    except ReadError:
        return None
    return LookPage(one.found, page, reading) if reading.entries == one.reading.entries else None
