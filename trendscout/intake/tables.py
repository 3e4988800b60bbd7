"""A sheet as one plain table: where its header stands, which rows are its own, and what it says beside them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from trendscout.errors import UsageError
from trendscout.intake import told
from trendscout.intake.profiles import folded, known_names, unit_in, whole
from trendscout.intake.sheets import MAX_ROWS, Sheet, refused
from trendscout.intake.values import Cell, moment, words

_HEADER_ROWS = 60  # exports put a title, a date and a notice above the header row
_MAX_COLUMNS = 800
_LONGEST_NAME = 80
_ASIN = re.compile(r"B0[A-Z0-9]{8}")
_VALUE = re.compile(
    r"[\W\d_]*|(?:[A-Z]{2,3}\$?|Rp\.?|R\$|RM|[^\w\s]|)\s?\d[\d.,]*\s?(?:[^\w\s]|[A-Z]{3}|元|円|원|kr|zł|đ|)"
    r"|\d{4}[-/.年].*|https?:.*|\d[\d.,]*\s?位.*"
)
_UNIT_CELL = re.compile(
    r"[\W_]*|[(\[（]?\s?(?:usd|eur|gbp|cny|rmb|jpy|idr|vnd|thb|元|美元|人民币|英镑|欧元|日元|件|个|单|次|条|人|万|克|千克|公斤|"
    r"kg|g|lb|lbs|oz|cm|mm|inch|pcs|units?|天|小时|days?)\s?[)\]）]?",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"(?:export(?:ed)?|download(?:ed)?|generated|created|report(?:ing)? date|导出|下载|生成|更新|出力)"
    r"[^\d]{0,24}(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[T ,]+\d{1,2}:\d{2}(?::\d{2})?)?)",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"(\d{4}-\d{2}-\d{2})\s?(?:-|–|to|~|至)\s?(\d{4}-\d{2}-\d{2})"
)  # a report's range: its last day
_IN_NAME = re.compile(r"(?<!\d)(20\d{2})([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")


@dataclass(frozen=True, slots=True)
class Table:
    """A header row and the rows below it, each as wide as the header."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sheet: str = ""
    others: tuple[str, ...] = ()  # sheets of the file that hold tables too
    beside: tuple[str, ...] = ()  # lines above and below the table
    left: Mapping[str, int] = field(default_factory=dict)  # rows left out, by why
    is_cut: bool = False
    has_header: bool = True  # False: the columns are named by their place

    @property
    def said_at(self) -> datetime | None:
        """When the file says that it was made: "Exported on 2026-01-19 16:16 (UTC)", or the end of its range."""
        for line in self.beside:
            for pattern, group in ((_SAID, 1), (_ENDED, 2)):
                found = pattern.search(line)
                when = moment(found[group].replace(",", " ")) if found else None
                if when:
                    return when
        return None


def name_says(path: Path) -> datetime | None:
    """The day in a file's name, if it holds one whole date."""
    found = _IN_NAME.search(path.stem)
    return moment(f"{found[1]}-{found[3]}-{found[4]}") if found else None


def place_name(place: int) -> str:
    """What a column without a name is called: "column 3"."""
    return f"column {place + 1}"


def read_table(
    path: Path,
    sheets: Sequence[Sheet],
    *,
    sheet: str | None = None,
    has_header: bool = True,
    fit: Callable[[Sequence[str]], int] = lambda _: 0,
) -> Table:
    """The table among the sheets of a file; of several the one that `fit` values most.

    Raises UsageError if no sheet holds one, or none with a header while `has_header`.
    """
    tables: list[Table] = []
    known = known_names()
    if sheet is not None and sheet not in {one.name for one in sheets}:
        raise UsageError(
            "{path} has no sheet {sheet!r}.",
            next_step="It has {names}.",
            path=path,
            sheet=sheet,
            names=", ".join(repr(one.name) for one in sheets if one.name) or "none with a name",
        )
    for candidate in sheets:
        if sheet is None or candidate.name == sheet:
            table = _table(candidate, known) if has_header else _headless(candidate)
            if table is not None:
                tables.append(table)
    if not tables:
        if not any(one.rows for one in sheets):
            raise refused(path, "no sheet holds a table")
        raise refused(path, "no row of it names its columns")
    best = max(tables, key=lambda table: (fit(table.headers), bool(table.rows), _known_in(table.headers, known)))
    others = tuple(table.sheet for table in tables if table is not best)
    return Table(best.headers, best.rows, best.sheet, others, best.beside, best.left, best.is_cut, best.has_header)


def headless(sheets: Sequence[Sheet]) -> Table | None:
    """The first sheet as a table without a header, its columns named by place; None if its rows are uneven."""
    tables = (_headless(sheet) for sheet in sheets)
    return next((table for table in tables if table is not None), None)


def _headless(sheet: Sheet) -> Table | None:
    rows = [row for row in sheet.rows if any(words(cell) for cell in row)]
    widths = Counter(len(row) for row in rows)
    if not widths:
        return None
    width, often = widths.most_common(1)[0]
    if width < 2 or often * 10 < len(rows) * 9:
        return None
    names = tuple(place_name(place) for place in range(width))
    return _filled(sheet, names, rows, ())


def _table(sheet: Sheet, known: frozenset[str]) -> Table | None:
    texts = [[words(cell) or "" for cell in row[:_MAX_COLUMNS]] for row in sheet.rows[:_HEADER_ROWS]]
    place = _header_place(texts, known)
    if place is None:
        return None
    headers, below = _whole_header(texts, place, known)
    beside = tuple(" ".join(filter(None, row)) for row in texts[:place])
    return _filled(sheet, headers, sheet.rows[below:], beside)


def _header_place(texts: Sequence[Sequence[str]], known: frozenset[str]) -> int | None:
    """The row that names the columns: with the most known names, else the first wide one of words alone."""
    usual = Counter(sum(map(bool, row)) for row in texts if sum(map(bool, row)) > 1)
    if not usual:
        return None
    width = usual.most_common(1)[0][0]
    scored = []
    for place, row in enumerate(texts):
        filled = [text for text in row if text]
        named = sum(_is_name(text, known) for text in filled)
        if len(filled) >= 2 and named * 10 >= len(filled) * 7:
            scored.append((_known_in(filled, known), place, len(filled)))
    best = max(scored, key=lambda one: (one[0], -one[1]), default=(0, 0, 0))
    if best[0] >= 2 and best[0] * 4 >= best[2]:
        return best[1]
    first = next((place for _, place, size in scored if size * 10 >= width * 6), None)
    # Rows of the table's own width above it: the file has no header, and this is one of its rows.
    return None if first is None or any(_is_data(row, width) for row in texts[:first]) else first


def _is_data(row: Sequence[str], width: int) -> bool:
    return sum(map(bool, row)) * 10 >= width * 8


def _known_in(names: Sequence[str], known: frozenset[str]) -> int:
    return sum(folded(name) in known or whole(name) in known for name in names if name)


def _is_name(text: str, known: frozenset[str]) -> bool:
    """Whether a cell could name a column: short, no number, date, price, id or address."""
    if folded(text) in known or whole(text) in known:
        return True
    return len(text) <= _LONGEST_NAME and not _VALUE.fullmatch(text) and not _ASIN.fullmatch(text)


def _whole_header(
    texts: Sequence[Sequence[str]], place: int, known: frozenset[str]
) -> tuple[tuple[str, ...], int]:
    """The columns' names and the first row below.

    A second row of names, in another language or of parts, and one of units belong to the header.
    """
    names = list(texts[place])
    below = place + 1
    while below < min(len(texts), place + 4):
        row = texts[below]
        filled = [spot for spot, text in enumerate(row) if text]
        if not filled:
            break
        if all(_UNIT_CELL.fullmatch(row[spot]) for spot in filled):
            names = [
                f"{name} ({row[spot].strip('()[]（） ')})"
                if spot < len(row) and row[spot] and name and not unit_in(name)
                else name
                for spot, name in enumerate(names)
            ]
        elif all(_is_name(row[spot], known) for spot in filled) and _is_second(names, row, filled, known):
            first, second = (names, row) if _known_in(names, known) > _known_in(row, known) else (row, names)
            if len(filled) * 2 <= len(names):  # parts of some columns: the finer name is the column's own
                first, second = row, names
            names = [_at(first, spot) or _at(second, spot) for spot in range(max(len(names), len(row)))]
        else:
            break
        below += 1
    return tuple(names), below


def _at(row: Sequence[str], spot: int) -> str:
    return row[spot] if spot < len(row) else ""


def _is_second(names: Sequence[str], row: Sequence[str], filled: Sequence[int], known: frozenset[str]) -> bool:
    """Whether a row of words names columns too: most of its cells are known, or it fills the header's gaps."""
    named = _known_in([row[spot] for spot in filled], known)
    if named >= 2 and named * 2 >= len(filled):
        return True
    gaps = [spot for spot in filled if spot >= len(names) or not names[spot]]
    return (
        len(gaps) >= 1
        and len(filled) * 2 <= len(names)
        and all(spot in gaps or spot + 1 in gaps for spot in filled)
    )


def _filled(
    sheet: Sheet, headers: tuple[str, ...], rows: Sequence[Sequence[Cell]], beside: tuple[str, ...]
) -> Table:
    """The rows that fit the header; those that do not are counted, never bent."""
    least = len(headers) - next((n for n, name in enumerate(reversed(headers)) if name), len(headers))
    most = len(headers)
    again = [folded(name) for name in headers if name]
    first = next((name for name in headers if name), "")
    left: Counter[str] = Counter()
    body: list[tuple[Cell, ...]] = []
    lines: list[str] = []
    is_cut = sheet.is_cut
    for row in rows:
        size = max((spot + 1 for spot, cell in enumerate(row) if _says(cell)), default=0)
        filled = sum(map(_says, row)) if size else 0
        if not filled:
            continue
        if len(body) >= MAX_ROWS:
            is_cut = True
            break
        if filled == 1 and least >= 3:
            text = words(row[size - 1]) or ""
            lines.append(text)
            left[told.ONE_CELL] += not _SAID.search(text)
        elif size > most or (not sheet.is_even and len(row) > most):
            left[told.TOO_WIDE] += 1
        elif not sheet.is_even and len(row) < least:
            left[told.TOO_NARROW] += 1
        elif first in row and [folded(words(cell) or "") for cell in row if _says(cell)] == again:
            left[told.HEADER_AGAIN] += 1
        else:
            body.append((*row[:most], *(None for _ in range(most - len(row)))))
    return Table(
        tuple(header or "" for header in headers),
        tuple(body),
        sheet.name,
        beside=(*beside, *lines),
        left={why: count for why, count in left.items() if count},
        is_cut=is_cut,
        has_header=not all(name == place_name(place) for place, name in enumerate(headers)),
    )


def _says(cell: Cell) -> bool:
    return cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())
