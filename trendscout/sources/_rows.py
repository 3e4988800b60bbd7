"""From a JSON reply to the places of a list: find the rows, count the places, notice what contradicts itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import SplitResult, parse_qs, urlsplit

from trendscout.errors import LayoutChanged
from trendscout.findings import Finding, finding
from trendscout.model import Entry, ListNote, Page, Query
from trendscout.sources._fields import CountFields
from trendscout.text.jsontext import dig

Row = dict[str, Any]
Value = TypeVar("Value")
_ROUNDED = 0.9  # "1,2k" may stand for 1,150


def rows_at(document: Any, *paths: tuple[str | int, ...], having: tuple[str, ...]) -> list[Row]:
    """The rows of the list at the first of `paths` that leads to one, else of the only such list anywhere.

    A list counts if most of its members have one of the keys `having`; a member that is no object stays as an
    empty row, so that it keeps its place. Raises LayoutChanged if there is no such list, or if outside of
    `paths` there are several and nothing tells which is meant.
    """
    for path in paths:
        rows = dig(document, *path)
        if _holds_rows(rows, having):
            return _as_rows(rows)
    elsewhere = list(_lists(document, having))
    if len(elsewhere) != 1:
        raise LayoutChanged("The reply has {count} lists of items where one was expected.", count=len(elsewhere))
    return _as_rows(elsewhere[0])


def _holds_rows(value: Any, having: tuple[str, ...]) -> bool:
    if not isinstance(value, list) or not value:
        return False
    fitting = sum(1 for row in value if isinstance(row, dict) and any(key in row for key in having))
    return 2 * fitting > len(value)


def _as_rows(value: list[Any]) -> list[Row]:
    return [row if isinstance(row, dict) else {} for row in value]


def _lists(document: Any, having: tuple[str, ...]) -> Iterator[list[Any]]:
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if _holds_rows(node, having):
            yield node
        elif isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def ranked(entries: Iterable[Entry], *, before: int = 0) -> Iterator[Entry]:
    """The entries with their places; `before` rows of the list stand on earlier pages.

    An advertisement stands on the page but not in the list: its rank is None and those below it do not move. An
    entry that repeats another in everything keeps the first one's place for the same reason; `source.checked`
    drops and reports it.
    """
    first_of: dict[str, Entry] = {}
    rank = before
    for entry in entries:
        earlier = first_of.get(entry.item_key) if entry.item_key else None
        if entry.is_ad:
            yield replace(entry, rank=None)
        elif earlier and replace(earlier, rank=None) == replace(entry, rank=None):
            yield earlier
        else:
            rank += 1
            placed = replace(entry, rank=rank)
            first_of.setdefault(entry.item_key, placed)
            yield placed


def told(page: Page, *, market: str | None = None, kind: str = "", category: str = "") -> Query:
    """The page's query, with what the reply tells of itself where the query says nothing."""
    query = page.query
    return replace(
        query, market=query.market or market, kind=query.kind or kind, category=query.category or category
    )


def first(*values: Value | None) -> Value | None:
    """The first value that is neither None nor empty text."""
    return next((value for value in values if value is not None and value != ""), None)


class Doubts:
    """What a page says twice and differently, counted by field."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._findings: list[Finding] = []

    def agreed(self, what: str, one: Value | None, other: Value | None) -> Value | None:
        """The value that both say, or the only one said; None, and a doubt about `what`, where they differ."""
        if one is not None and other is not None and one != other:
            self._counts[what] += 1
            return None
        return other if one is None else one

    def counted(self, exact: CountFields, shown: CountFields) -> CountFields:
        """The exact count, or the shown one where the exact is 0 or missing; none where it is below the shown one.

        Sites that hide a number from those who are not logged in send 0 beside "5rb+ terjual".
        """
        least = shown.get("count") or 0
        count = exact.get("count") or 0
        if not count and (least or not exact):
            return shown
        if count < least * (1 if shown.get("count_floor") else _ROUNDED):
            self._counts["count"] += 1
            return {"count_text": shown.get("count_text")}
        return exact

    def say(self, finding: Finding) -> None:
        """Note what else is doubtful."""
        self._findings.append(finding)

    def note(
        self, name: str, *, length: int | None = None, complete: bool = True, at: datetime | None = None
    ) -> ListNote:
        """The note on the list `name`, with the doubts as findings."""
        twice = (finding("rows_said_twice", what=what, count=count) for what, count in self._counts.items())
        findings = (*twice, *self._findings)
        return ListNote(name, length=length, complete=complete, findings=findings, at=at)


_ENOUGH_ROWS = 8


def same_in_all(rows: list[Row], key: str) -> bool:
    """Whether a field says one thing in all of many rows: a scraper took one item's for all of them."""
    return (
        len(rows) >= _ENOUGH_ROWS
        and len({str(row.get(key)) for row in rows}) == 1
        and rows[0].get(key) is not None
    )


def param(url: str, *names: str) -> str:
    """The first of the query parameters `names` in an address, or ""; Chinese sites write them in GBK too."""
    try:
        query = split_url(url).query
        told_in_url = parse_qs(query, errors="strict")
    except UnicodeDecodeError:
        told_in_url = parse_qs(query, encoding="gb18030")
    except ValueError:
        return ""
    return next((told_in_url[name][0] for name in names if name in told_in_url), "")


def number_param(url: str, *names: str) -> int | None:
    """The first of the parameters `names` as a number from 0 to 100,000, or None."""
    value = param(url, *names)
    return int(value) if value.isdecimal() and len(value) <= 6 and int(value) <= 100_000 else None


def split_url(url: str) -> SplitResult:
    """The parts of an address; none of what is no address, such as "http://[": pages hold whatever they like."""
    try:
        parts = urlsplit(url)
        parts.hostname, parts.port  # noqa: B018 - they are read late, and raise then
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def host_of(url: str) -> str:
    """The lower-case host of an address, or ""."""
    return (split_url(url).hostname or "").lower()


def market_by_host(url: str, markets: dict[str, str]) -> str | None:
    """The market whose domain the address is on; `markets` maps domains to markets."""
    host = host_of(url)
    return next(
        (market for domain, market in markets.items() if host == domain or host.endswith(f".{domain}")), None
    )
