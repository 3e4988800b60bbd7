"""Google Trends' own downloads: interest over time and related searches, with headers of any language.

An index of 0 to 100 is no count: as in the replies of the site's page it is a text, and the curve is `extra`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from trendscout.findings import Finding
from trendscout.intake import told
from trendscout.intake.countries import market_named
from trendscout.intake.sheets import Sheet
from trendscout.intake.values import moment, words
from trendscout.model import Entry, Query, Snapshot
from trendscout.sources.source import list_id

_TOLD = re.compile(
    r"(.+?):\s*\((.+)\)"
)  # "moss lantern: (United States)", "...: (12/18/22 - 12/18/23, United States)"
_CATEGORY = re.compile(r"[^:,]{2,40}[:：]\s?.{2,80}")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_VALUE = re.compile(r"<?\d{1,3}")
_RISE = re.compile(r"\+?[\d.,\s]+\s?%|[^\d%]{3,30}")  # "+3,700%", "Breakout"
_MOST_WORDS = 5  # that the site compares
_SECTIONS = ("related_top", "related_rising")
_LAYOUT = "export: google trends"


@dataclass(frozen=True, slots=True)
class Download:
    """What one file says."""

    snapshots: tuple[Snapshot, ...]
    findings: tuple[Finding, ...]
    said_at: datetime | None  # the end of what it shows


def read_download(sheet: Sheet, at: datetime | None, now: datetime, market: str | None) -> Download | None:
    """The lists of a download, taken `at`, else at the end of its curve, else `now`; None if it is none."""
    head = [text for cell in (sheet.rows[0] if sheet.rows else ()) if (text := words(cell))]
    if len(head) != 1 or not _CATEGORY.fullmatch(head[0]):
        return None
    rows = [[words(cell) or "" for cell in row] for row in sheet.rows]
    rows = [row for row in rows if any(row)]
    if len(rows) < 3:
        return None
    return _interest(rows[1:], at, market) or _related(rows[1:], at or now, market)


def _interest(rows: Sequence[Sequence[str]], at: datetime | None, market: str | None) -> Download | None:
    """Interest over time: one entry a search, its last value and its curve."""
    heads = [_TOLD.fullmatch(cell) for cell in rows[0][1:]]
    if not heads or len(heads) > _MOST_WORDS or not all(heads):
        return None
    times = [_time(row[0]) for row in rows[1:]]
    whole = [(when, row) for when, row in zip(times, rows[1:], strict=True) if when and len(row) == len(rows[0])]
    if not whole:
        return None
    last, values = whole[-1]
    terms = [head[1] for head in heads if head]
    places = {market_named(head[2]) for head in heads if head}
    where = market or (places.pop() if len(places) == 1 else None)
    name = list_id(Query("google_trends", where, "interest", ",".join(terms)))
    entries = tuple(
        Entry(
            name,
            None,
            term,
            title=term,
            count_text=values[place] or None,
            extra={
                "interest": int(values[place]) if values[place].isdigit() else None,
                "points": len(whole),
                "curve": " ".join(f"{int(when.timestamp())}:{row[place]}" for when, row in whole),
            },
        )
        for place, term in enumerate(terms, start=1)
    )
    left = len(rows) - 1 - len(whole)
    findings = [told.rows_left(left, told.NO_TIME)] if left else []
    findings += [told.NO_CURVE, *([] if where else [told.NO_MARKET])]
    return Download((_look(name, at or last, entries),), tuple(findings), None if at else last)


def _related(rows: Sequence[Sequence[str]], at: datetime, market: str | None) -> Download | None:
    """Related searches: the top ones and the rising ones, each a ranked list."""
    head = _TOLD.fullmatch(rows[0][0])
    if not head:
        return None
    term, where = head[1], market or market_named(head[2].rpartition(",")[2] or head[2])
    sections: list[list[tuple[str, str]]] = []
    for row in rows[1:]:
        filled = [cell for cell in row if cell]
        if len(filled) == 1:
            sections.append([])
        elif len(filled) == 2 and sections and _is_share(filled[1], len(sections)):
            sections[-1].append((filled[0], filled[1]))
        else:
            return None
    if not sections or len(sections) > len(_SECTIONS) or not any(sections):
        return None
    looks = []
    for kind, section in zip(_SECTIONS, sections, strict=False):
        name = list_id(Query("google_trends", where, kind, term))
        entries = tuple(
            Entry(name, rank, word, title=word, count_text=shown)
            for rank, (word, shown) in enumerate(section, start=1)
        )
        if entries:
            looks.append(_look(name, at, entries))
    return Download(tuple(looks), () if where else (told.NO_MARKET,), None)


def _is_share(text: str, section: int) -> bool:
    return bool((_VALUE if section == 1 else _RISE).fullmatch(text))


def _time(text: str) -> datetime | None:
    month = _MONTH.fullmatch(text)
    return datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC) if month else moment(text)


def _look(name: str, at: datetime, entries: tuple[Entry, ...]) -> Snapshot:
    return Snapshot(name, at, "ok", entries, layout=_LAYOUT)
