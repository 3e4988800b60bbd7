"""Which source a saved page is of: by its address, and by which reader reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from trendscout.errors import Blocked, LayoutChanged, NoSuchList, OurFault, ReadError, TrendscoutError
from trendscout.findings import Finding, finding
from trendscout.model import Entry, Page, Query, Reading
from trendscout.sources.bodies import readable
from trendscout.sources.source import NAMED, Source, is_declared, query_for, read_page, sources, wall_before
from trendscout.sources.walls import wall_of
from trendscout.text.currencies import CURRENCIES
from trendscout.text.markets import country_of

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


@dataclass(frozen=True, slots=True)
class Told:
    """What the user says of a page beside the file."""

    source: Source | None = None
    market: str | None = None
    category: str = ""
    name: str = ""  # of the file: what its list is called if nothing else names it


def guess(page: Page, hints: Told = Told(), *, open_shape: bool = True) -> Guess:
    """The source whose reader reads the page, with the reading.

    Tried in turn: the named source alone; else the sources of the page's address; else, with `open_shape`,
    every source whose own marks stand in the page and whose reader says that it has its shape. A wall is a
    `fault`, not another source's page.
    """
    chosen = (hints.source,) if hints.source else by_address(page.url)
    blocked: Guess | None = None
    for candidate in chosen:
        tried = _tried(candidate, page, hints)
        if tried.reading:
            return tried
        if isinstance(tried.fault, Blocked) and blocked is None:
            blocked = tried
    if blocked or chosen:
        return blocked or _tried(chosen[0], page, hints)
    return _by_shape(page, hints) if open_shape and len(page.body) < _SHAPE_LIMIT else Guess()


def _by_shape(page: Page, hints: Told) -> Guess:
    """The source that reads most out of a page without a known address; rivals named.

    Without an address the fields must speak: ids with names alone are in every table of codes.
    """
    tried = list(_readings(page, hints))
    found = [(said, one) for one in tried if (said := _told(one.reading))]
    if not found:
        told_why = (one for one in tried if isinstance(one.fault, (Blocked, NoSuchList)))
        return next(told_why, None) or _doubted(tried) or _walled(page)
    found.sort(key=lambda pair: pair[0], reverse=True)
    return replace(found[0][1], rivals=tuple(one.source for _, one in found[1:]))


def _walled(page: Page) -> Guess:
    """A page that is a wall, of the first site whose marks stand in it, if any does."""
    for candidate in sources().values():
        if any(mark.encode() in page.body for mark in candidate.marks) and wall_before(candidate, page):
            return _tried(candidate, page, Told())
    wall = wall_of(page)
    return Guess(fault=Blocked("The page is {wall}, not a list.", wall=wall)) if wall else Guess()


def _doubted(tried: list[Guess]) -> Guess | None:
    """What a reader made rows of that say too little to be taken on a guess."""
    read = next((one for one in tried if one.reading), None)
    if read is None or read.reading is None:
        return None
    fault = NoSuchList(
        "{source}: it has {count} rows that could be of it, and no price and no count was read.",
        next_step="If it is, say so with --source.",
        source=read.source,
        count=len(read.reading.entries),
    )
    return replace(read, reading=None, fault=fault)


def _told(reading: Reading | None) -> float:
    """How much a reading says: entries weighed by the kinds of fields that are filled; 0 for too few kinds.

    A ranked list without any price, count or curve was not read right, or is no list of goods.
    """
    if reading is None:
        return 0.0
    rows = reading.entries
    numbers = any(
        row.price is not None or row.count is not None or row.count_text or "curve" in row.extra for row in rows
    )
    if not numbers and any(row.rank is not None for row in rows):
        return 0.0
    kinds = sum(
        any(getattr(entry, name) is not None for name in names) for entry in rows for names in _KINDS_OF_FIELDS
    )
    return float(kinds) if kinds >= _ENOUGH_KINDS * len(rows) else 0.0


def _readings(page: Page, hints: Told) -> Iterator[Guess]:
    try:
        shape = readable(page)
    except LayoutChanged:
        return
    for candidate in sources().values():
        marked = any(mark.encode() in shape.body for mark in candidate.marks)
        if marked and any(_fits(reader.fits, shape) for reader in candidate.readers):
            yield _tried(candidate, page, hints)


def _fits(fits: object, page: Page) -> bool:
    try:
        return bool(callable(fits) and fits(page))
    except Exception:  # noqa: BLE001 - a bug in one source's reader must not keep the others from the page
        return False


def _tried(source: Source, page: Page, hints: Told) -> Guess:
    query = query_for(source, url=page.url, market=hints.market, category=hints.category, params=page.query.params)
    if query.market is None:  # the recorded request may have named it
        query = replace(query, market=page.query.market)
    asked = replace(page, query=query)
    try:
        reading = read_page(source, asked)
        if hints.name and any(_is_nameless(source, page.url, entry.list) for entry in reading.entries):
            asked = replace(asked, query=replace(query, params=(*query.params, (NAMED, hints.name))))
            reading = read_page(source, asked)
    except (ReadError, OurFault) as error:
        return Guess(source.name, asked, fault=error)
    return Guess(source.name, asked, reading)


# Kinds of lists of which a site has as many as people ask for: one without words or category is any of them.
_ASKED = frozenset(
    (
        *("search", "category", "shop", "tag", "hashtag", "sold", "top_sales", "popular", "newest", "best_seller"),
        *("interest", "related", "related_top", "related_rising", "posts", "charts", "all"),
    )
)


def _is_nameless(source: Source, url: str, list_id: str) -> bool:
    """Whether neither the reply nor its address says which list this is: then it could be any of the source's."""
    _, kind, category = (*list_id.split("/", 2), "", "")[:3]
    if category != "all" or kind in source.alone:
        return False
    return kind in _ASKED or not url or _names(source, url) is None


def _names(source: Source, url: str) -> Query | None:
    try:
        return source.query_of(url) if source.query_of else None
    except ValueError:  # an address that is none
        return None


def _is_host_of(source: Source, url: str) -> bool:
    try:
        return is_declared(source, urlsplit(url).hostname or "")
    except ValueError:
        return False


def against(entries: Sequence[Entry], source: str, market: str | None) -> Iterator[Finding]:
    """What the rows say against the user's word on their market."""
    if market is None:
        return
    country = country_of(market).upper()
    currency = _most([entry.currency for entry in entries])
    if currency and currency != "EUR" and not currency.startswith(country) and _has_its_own(country):
        yield finding("currency_against", currency=currency, market=market)
    known = sources()[source]
    links = _most([query.market for entry in entries if entry.url and (query := _names(known, entry.url))])
    if links and links != market:
        yield finding("links_against", found=links, market=market)


def _most(values: Iterable[str | None]) -> str | None:
    """The value that more than half of those have that have one."""
    told = Counter(value for value in values if value)
    value, count = next(iter(told.most_common(1)), (None, 0))
    return value if 2 * count > told.total() else None


def _has_its_own(country: str) -> bool:
    return any(code.startswith(country) for code in CURRENCIES)
