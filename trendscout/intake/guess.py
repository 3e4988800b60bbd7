"""Which source a saved page is of: by its address, and by which reader reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from trendscout.errors import Blocked, LayoutChanged, OurFault, ReadError, TrendscoutError
from trendscout.model import Page, Query, Reading
from trendscout.sources.bodies import readable
from trendscout.sources.source import Source, query_for, read_page, sources

_KINDS_OF_FIELDS = (("title",), ("price", "count", "rating", "reviews"), ("url", "image"), ("seller", "listed_at"))
_ENOUGH_KINDS = 2
_SHAPE_LIMIT = 4 * 1024 * 1024  # every reader looks at the page; the largest reply seen has 2.5 MB


@dataclass(frozen=True, slots=True)
class Guess:
    """What a page was taken for."""

    source: str = ""  # "" where nothing fits
    page: Page | None = None  # with its query
    reading: Reading | None = None
    fault: TrendscoutError | None = None
    rivals: tuple[str, ...] = ()  # other sources that read the page as well


def by_address(url: str) -> tuple[Source, ...]:
    """The sources that know the address, those that know which list it is first."""
    if not url:
        return ()
    known = [source for source in sources().values() if _names(source, url) is not None]
    same_host = [source for source in sources().values() if source not in known and _is_host_of(source, url)]
    return (*known, *same_host)


def guess(
    page: Page, *, source: Source | None = None, market: str | None = None, open_shape: bool = True
) -> Guess:
    """The source whose reader reads the page, with the reading.

    Tried in turn: the named `source` alone; else the sources of the page's address; else, with `open_shape`,
    every source whose reader says that the page has its shape. A wall is a `fault`, not another source's page.
    """
    chosen = (source,) if source else by_address(page.url)
    blocked: Guess | None = None
    for candidate in chosen:
        tried = _tried(candidate, page, market)
        if tried.reading:
            return tried
        if isinstance(tried.fault, Blocked) and blocked is None:
            blocked = tried
    if blocked or source or chosen:
        return blocked or (_tried(chosen[0], page, market) if chosen else Guess())
    return _by_shape(page, market) if open_shape and len(page.body) < _SHAPE_LIMIT else Guess()


def _by_shape(page: Page, market: str | None) -> Guess:
    """The source that reads most out of a page without a known address; rivals named.

    Without an address the fields must speak: ids with names alone are in every table of codes.
    """
    found = [(told, tried) for tried in _readings(page, market) if (told := _told(tried.reading))]
    if not found:
        return Guess()
    found.sort(key=lambda pair: pair[0], reverse=True)
    return replace(found[0][1], rivals=tuple(tried.source for _, tried in found[1:]))


def _told(reading: Reading | None) -> float:
    """How much a reading says: entries weighed by the kinds of fields that are filled; 0 for too few kinds."""
    if reading is None:
        return 0.0
    rows = reading.entries
    kinds = sum(
        any(getattr(entry, name) is not None for name in names) for entry in rows for names in _KINDS_OF_FIELDS
    )
    return float(kinds) if kinds >= _ENOUGH_KINDS * len(rows) else 0.0


def _readings(page: Page, market: str | None) -> Iterator[Guess]:
    try:
        shape = readable(page)
    except LayoutChanged:
        return
    for candidate in sources().values():
        if any(_fits(reader.fits, shape) for reader in candidate.readers):
            yield _tried(candidate, page, market)


def _fits(fits: object, page: Page) -> bool:
    try:
        return bool(callable(fits) and fits(page))
    except Exception:  # noqa: BLE001 - a bug in one source's reader must not keep the others from the page
        return False


def _tried(source: Source, page: Page, market: str | None) -> Guess:
    query = query_for(source, url=page.url, market=market, params=page.query.params)
    if query.market is None:  # the recorded request may have named it
        query = replace(query, market=page.query.market)
    asked = replace(page, query=query)
    try:
        return Guess(source.name, asked, read_page(source, asked))
    except (ReadError, OurFault) as error:
        return Guess(source.name, asked, fault=error)


def _names(source: Source, url: str) -> Query | None:
    try:
        return source.query_of(url) if source.query_of else None
    except ValueError:  # an address that is none
        return None


def _is_host_of(source: Source, url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return any(
        host == known.lstrip(".") or (known.startswith(".") and host.endswith(known)) for known in source.hosts
    )
