"""What a source is, where sources are found, and the checks that every list must pass.

A source is data plus pure functions: it says where a list is (`requests`) and how a page of it is read
(`readers`). It never fetches. One file in `sources/` declares one or more `SOURCES`.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

from trendscout.errors import (
    Blocked,
    LayoutChanged,
    NoPage,
    NoSuchList,
    OurFault,
    ReadError,
    TrendscoutError,
    UsageError,
)
from trendscout.findings import Finding, finding, of_error, worst
from trendscout.model import Entry, ItemKind, ListNote, Page, Query, Reading, Request
from trendscout.sources.walls import NO_WALLS, Walls, stands_for, wall_of
from trendscout.text.markets import split_list_id

_GARBLED = 10  # one title in ten: sites cut a character in half now and then

WayIn = Literal["live", "own", "key"]


@dataclass(frozen=True, slots=True)
class Reader:
    """One layout of one site."""

    layout: str  # a name for people: "grid since 2022"
    fits: Callable[[Page], bool]  # cheap: looks for the layout's own mark
    read: Callable[[Page], Iterable[Entry | ListNote]]  # raises Blocked or LayoutChanged, never returns junk


@dataclass(frozen=True, slots=True)
class Source:
    """The declaration of one public list."""

    name: str  # as given to --source: "amazon_bestsellers"
    platform: str  # whose ids these are: "amazon"; listings are one per platform, market and item_key
    title: str  # English, for `sources`; translated in locale/
    kinds: tuple[str, ...]  # the first is the default
    markets: tuple[str, ...]
    way_in: tuple[WayIn, ...]
    terms: str  # address of the page that states the terms
    why: str  # English: why it is on or off by default, and what to know
    readers: tuple[Reader, ...]
    hosts: tuple[str, ...] = ()  # requests go only here; suffix match with a leading dot
    default_on: bool = False
    requests: Callable[[Query], Sequence[Request]] | None = None  # None: cannot be collected
    query_of: Callable[[str], Query | None] | None = None  # which query a saved page's address stands for
    walls: Walls = NO_WALLS  # the site's own; those that many sites have are known anyway
    key_env: str = ""  # environment variable with the user's key; a request says {key} where it belongs
    sign: Callable[[Request, str, datetime], Request] | None = None  # adds the key's signature just before sending
    spacing_s: float = 3.0  # between two requests to one host
    length: int | None = None  # how many rows a whole list has, where that is fixed
    page_rows: int | None = None  # a page with fewer rows is the list's last: later ones are not missed
    categories: tuple[str, ...] = ()  # examples for `sources` and `init`
    ordered: bool = True  # False: rows have no rank
    ids_worldwide: bool = False  # True: an item key means the same item in every market
    many_sellers: bool = False  # True: an open market, where several sellers list one product
    key_form: str = ""  # regular expression that every id of the platform matches as a whole
    # What only this site's replies hold: its hosts, its own keys. Without an address one of them must be there.
    marks: tuple[str, ...] = ()
    sells: bool = True  # False: talk, searches or notices, no place to sell on
    items: ItemKind = "goods"  # what its lists list ...
    items_of: tuple[tuple[str, ItemKind], ...] = ()  # ... and kinds of list that list something else
    item_url: Callable[[str, str | None], str | None] | None = None  # (item key, market) → the item's own page
    everywhere: bool = False  # True: its one market is asked whatever the user's are
    alone: tuple[str, ...] = ()  # kinds of which a market has one list: a reply names it without its address


NAMED = "list"  # the parameter of a query with the name of a list that nothing else names


def list_id(query: Query, *, kind: str = "", category: str = "") -> str:
    """`source_MARKET/kind/category` for a query; empty parts become "all"."""
    market = query.market or "XX"
    named = category or query.category or dict(query.params).get(NAMED, "")
    clean = (part.strip().replace("/", "-") or "all" for part in (kind or query.kind, named))
    return "/".join((f"{query.source}_{market}", *clean))


def query_for(
    source: Source,
    *,
    url: str = "",
    market: str | None = None,
    kind: str = "",
    category: str = "",
    params: tuple[tuple[str, str], ...] = (),
) -> Query:
    """The query that a saved page stands for: what its address tells, overruled by what the user says.

    A source of one market needs neither to tell the market.
    """
    query = (source.query_of(url) if source.query_of and url else None) or Query(source.name)
    return replace(
        query,
        market=market or query.market or (source.markets[0] if len(source.markets) == 1 else None),
        kind=kind or query.kind or source.kinds[0],
        category=category or query.category,
        params=params or query.params,
    )


# What the user declared beside the sources that come along; set once, when a run begins.
_declared: dict[str, Source] = {}
_left_out: dict[str, TrendscoutError] = {}


def declare(found: Iterable[Source], left_out: Iterable[tuple[str, TrendscoutError]] = ()) -> None:
    """Let `sources` and `get_source` know the user's own sources too, and why others are left out."""
    _declared.update({source.name: source for source in found})
    _left_out.update(left_out)


def is_left_out(name: str) -> bool:
    """Whether the user declares a source of that name in a file that is wrong."""
    return name in _left_out and name not in sources()


def sources() -> dict[str, Source]:
    """Every source by name, in the order of the names: those that come along and the user's own."""
    return dict(sorted({**shipped_sources(), **_declared}.items()))


@cache
def shipped_sources() -> dict[str, Source]:
    """The sources that come along, by name."""
    package = importlib.import_module("trendscout.sources")
    by_name: dict[str, Source] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):  # what several sources share
            continue
        module = importlib.import_module(f"trendscout.sources.{info.name}")
        for source in getattr(module, "SOURCES", ()):  # what a source is, queries and walls declare none
            by_name[source.name] = source
    return by_name


def item_address(platform: str, market: str | None, item_key: str) -> str | None:
    """The page of an item that came without its address, where a source of its platform declares their form."""
    for source in sources().values():
        if source.platform == platform and source.item_url is not None and item_key:
            fits = not source.key_form or re.fullmatch(source.key_form, item_key)
            return source.item_url(item_key, market) if fits else None
    return None


def sells(platform: str) -> bool:
    """Whether goods are sold there; a platform of no source, as histories bring them, is taken for a shop."""
    its = [source.sells for source in sources().values() if source.platform == platform]
    return any(its) or not its


def items_on(list_id: str) -> ItemKind:
    """What a list lists, by its id; goods where its source is not known, as histories bring them."""
    name, _, kind, _ = split_list_id(list_id)
    source = sources().get(name)
    return dict(source.items_of).get(kind, source.items) if source else "goods"


def get_source(name: str) -> Source:
    """The source of that name.

    Raises UsageError if there is none: with the nearest names, or why its file is left out.
    """
    known = sources()
    if name in known:
        return known[name]
    if name in _left_out:
        raise UsageError("The source {name} is left out: {why}", name=name, why=of_error(_left_out[name]))
    from difflib import get_close_matches

    near = ", ".join(get_close_matches(name, known, n=3))
    raise UsageError(
        "There is no source {name!r}.",
        next_step="Did you mean: {near}?" if near else "`trendscout sources` lists them.",
        name=name,
        near=near,
    )


def platform_of(name: str) -> str:
    """Whose item keys a source's lists carry: as declared, else the name up to the first underscore."""
    source = sources().get(name)
    return source.platform if source else name.partition("_")[0]


def is_declared(source: Source, host: str) -> bool:
    """Whether the source declares that requests go to `host`."""
    return any(host == name.lstrip(".") or (name.startswith(".") and host.endswith(name)) for name in source.hosts)


def read_page(source: Source, page: Page) -> Reading:
    """The page's entries, checked: walls recognised, ranks and keys plausible, duplicates told.

    Readers are tried in order; the first that finds entries is the layout of the reading. What no reader knows is
    looked for in the envelopes of other services. Raises Blocked for a wall, NoPage for a missing page, a part of
    one or an error of the site's, LayoutChanged when no reader finds a list (an empty one is never returned, nor
    the parts of one item), and OurFault when one of ours breaks.
    """
    try:
        return _read(source, page)
    except TrendscoutError:
        raise
    except Exception as fault:
        raise OurFault(source.name, fault) from fault


def _read(source: Source, page: Page) -> Reading:
    from trendscout.sources.bodies import inner, readable

    page = readable(page)
    if wall := wall_before(source, page):
        raise _in_place_of_the_list(source, wall)
    try:
        return _read_form(source, page)
    except LayoutChanged as error:
        fitting = any(reader.fits(page) for reader in source.readers)
        for form in inner(page) if fitting else ():
            try:
                return _read_form(source, form)
            except LayoutChanged:
                continue
        raise error from None


def _read_form(source: Source, page: Page) -> Reading:
    fault: NoSuchList | None = None
    for reader in source.readers:
        if not reader.fits(page):
            continue
        try:
            rows = list(reader.read(page))
        except NoSuchList as error:
            fault = fault or error
            continue
        except LayoutChanged:
            continue
        entries = [row for row in rows if isinstance(row, Entry)]
        notes = tuple(row for row in rows if isinstance(row, ListNote))
        cut = (finding("cut_short"),) if _is_cut(page.body) else ()
        reading = Reading(source.name, reader.layout, tuple(entries), notes, findings=cut)
        reading = checked(reading, key_form=source.key_form)
        wrong = _no_list(source, entries, reading)
        if reading.entries and not wrong:
            return reading
        fault = fault or wrong
    raise fault or LayoutChanged(
        "{source}: no reader found a list in {url}.",
        next_step="The page is kept in the archive; after an update `trendscout replay` reads it again.",
        source=source.name,
        url=page.url or "the page",
    )


def wall_before(source: Source, page: Page) -> Finding | None:
    """What stands in the place of the list, in words, or None: as the source knows its site, else by marks."""
    return source.walls.seen_in(page) or wall_of(page)


def _in_place_of_the_list(source: Source, wall: Finding) -> ReadError:
    what = "{source}: the page is {wall}, not a list."
    answer = stands_for(wall)
    if answer == "block":
        return Blocked(
            what,
            next_step="Nothing was counted. Open the list in a browser, save the page and `trendscout ingest` it.",
            source=source.name,
            wall=wall,
        )
    if answer == "missing":
        return NoPage(
            what,
            next_step="Check market and category; if they are right, the list has moved or is gone.",
            source=source.name,
            wall=wall,
        )
    return NoPage(what, next_step="Nothing was counted; the next run tries again.", source=source.name, wall=wall)


def _no_list(source: Source, entries: Sequence[Entry], reading: Reading) -> NoSuchList | None:
    """What speaks against the rows being a list of the source: parts of one item, or ids of another site."""
    if len(entries) > 1 and len({entry.item_key for entry in entries}) == 1 and reading.entries:
        return NoSuchList(
            "{source}: its {count} rows are parts of one item ({key}): a page of one item, not a list.",
            next_step="Save the list that shows it.",
            source=source.name,
            count=len(entries),
            key=entries[0].item_key,
        )
    form = re.compile(source.key_form or "(?s:.+)")
    wrong = [entry.item_key for entry in entries if not form.fullmatch(entry.item_key)]
    if 2 * len(wrong) > len(entries):
        return NoSuchList(
            "{source}: {wrong} of {count} rows have no id as {source} has them (the first is {key!r}).",
            next_step="It is a list of another site, or of another kind.",
            source=source.name,
            wrong=len(wrong),
            count=len(entries),
            key=wrong[0][:40],
        )
    return None


_TAIL_BYTES = 4096


def _is_cut(body: bytes) -> bool:
    """Whether an HTML document lacks its end. A fragment that somebody saved does not start as a document."""
    if b"</html" in body[-_TAIL_BYTES:].lower() or not re.search(rb"<html[\s>]", body[:4096], re.IGNORECASE):
        return False
    return not re.search(rb"</html", body, re.IGNORECASE)  # 2 ms a megabyte: only where the end is not at the end


def checked(reading: Reading, *, key_form: str = "") -> Reading:
    """The reading without impossible rows; what was dropped or is odd stands in `findings`.

    A row is dropped if it has no key, a key that does not match `key_form`, a rank below 1, or repeats an item of
    the same list. A price, count or rating that cannot be is dropped alone. Status becomes "partial" if anything
    was dropped, unless it was repeats of an item in another form; a row that repeats one in everything but its
    rank has moved the places below it.
    """
    findings = [*reading.findings, *(one for note in reading.notes for one in note.findings)]
    kept: list[Entry] = []
    seen: dict[tuple[str, str], Entry] = {}
    dropped: Counter[str] = Counter()
    impossible = 0
    form = re.compile(key_form or "(?s:.*)")
    for entry in reading.entries:
        earlier = None if entry.is_ad else seen.get((entry.list, entry.item_key))
        if not entry.item_key:
            dropped["rows_without_id"] += 1
        elif not form.fullmatch(entry.item_key):
            dropped["rows_impossible_id"] += 1
        elif entry.rank is not None and entry.rank < 1:
            dropped["rows_impossible_rank"] += 1
        elif earlier:
            same = entry.rank != earlier.rank and replace(entry, rank=earlier.rank) == earlier
            dropped["rows_moving" if same else "rows_doubled"] += 1
        else:
            if not entry.is_ad:
                seen[entry.list, entry.item_key] = entry
            kept.append(_possible(entry))
            impossible += kept[-1] is not entry
    findings += [finding(code, count=count) for code, count in dropped.items()]
    findings += list(_rank_findings(kept))
    if impossible:
        findings.append(finding("rows_impossible_number", count=impossible))
    garbled = sum("\ufffd" in (entry.title or "") for entry in kept)
    if garbled * _GARBLED > len(kept):
        findings.append(finding("titles_garbled", count=garbled))
    status = "partial" if reading.status == "ok" and worst(findings) != "note" else reading.status
    return replace(reading, entries=tuple(kept), status=status, findings=tuple(findings))


_LIMITS = (("price", 10**14), ("count", 2**63), ("reviews", 2**31), ("rating", 5 + 1e-9))  # of the store


def _possible(entry: Entry) -> Entry:
    """The entry itself, or without its numbers that are below zero or too long for the store."""
    gone: dict[str, Any] = {}
    for name, limit in _LIMITS:
        value = getattr(entry, name)
        if value is not None and not 0 <= value < limit:
            gone[name] = None
    return replace(entry, **gone) if gone else entry


def _rank_findings(entries: Sequence[Entry]) -> Iterator[Finding]:
    places = Counter((entry.list, entry.rank) for entry in entries if entry.rank is not None and not entry.is_ad)
    shared = sum(1 for count in places.values() if count > 1)
    if shared:
        yield finding("ranks_shared", count=shared)
