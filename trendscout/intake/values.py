"""Cells and fields as values: ids, numbers, shares, times, addresses. What cannot be read right is None."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urljoin

from trendscout.text.digits import NUMBER, Style, number_of, plain
from trendscout.text.numbers import parse_count

Cell = str | int | float | bool | datetime | date | time | timedelta | None
DateOrder = Literal["", "dmy", "mdy"]

_MAX_CELL = 4000
_EXACT_FLOAT = 2**53  # beyond it a float has lost the last digits of an id
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_EMPTY = frozenset({"", "-", "--", "—", "/", "n/a", "na", "nan", "null", "none", "无", "暂无", "#n/a"})
_AMOUNT = re.compile(rf"([-+]?)\s*[^\d\s.,%+-]{{0,5}}\s*({NUMBER})\s*(%?)[^\d]{{0,12}}")
_YMD = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?")
_XMY = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_WORDY = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d %Y")
_FIRST_SHOP = datetime(1995, 1, 1, tzinfo=UTC)


def words(cell: Cell) -> str | None:
    """The cell as text without blanks around it; None where it says nothing."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT_FLOAT:
        cell = int(cell)
    if cell is None or isinstance(cell, bool):
        return None
    text = " ".join(str(cell)[:_MAX_CELL].replace("\0", " ").split())
    return None if text.lower() in _EMPTY else text


def item_id(cell: Cell) -> str | None:
    """An id as text; None where a spreadsheet rounded it ("1.73E+18"): another item may have that number."""
    if isinstance(cell, float) and (abs(cell) >= _EXACT_FLOAT or not cell.is_integer()):
        return None
    text = words(cell)
    text = text.strip("'=\"\t") if text else None  # ="00123" is how exports keep Excel from counting
    return None if not text or len(text) > 200 or _ROUNDED.fullmatch(text) else text


def number(cell: Cell, style: Style) -> Decimal | None:
    """A number that may have a sign, a currency, groups or a scale word ("1.2万"); a percent sign is ignored."""
    if isinstance(cell, (bool, datetime, date, time, timedelta)):
        return None
    if isinstance(cell, (int, float)):
        return Decimal(str(cell)) if abs(cell) < _EXACT_FLOAT else None
    text = words(cell)
    if text is None:
        return None
    found = _AMOUNT.fullmatch(plain(text))
    if not found or len(found[2]) > 40:
        return None
    if not found[3] and (scaled := parse_count(text.lstrip("-"), language=_LANGUAGE.get(style.decimal))):
        value: Decimal | None = Decimal(scaled.value)
    else:
        value = number_of(found[2], style, whole=False)
        value = value if value is not None else _decimal_of(found[2], style)
    return None if value is None else -value if found[1] == "-" else value


def style_in(cells: Iterable[Cell]) -> Style | None:
    """How the numbers among the cells are written; None where no cell proves it, or two contradict each other."""
    texts = {plain(cell) for cell in cells if isinstance(cell, str) and len(cell) < 40}
    proven = [style for style in _STYLES if any(_PROOF[style].fullmatch(text) for text in texts)]
    return proven[0] if len(proven) == 1 else None


_STYLES = (Style(".", ","), Style(",", "."))
_LANGUAGE = {".": "en", ",": "de"}
# One or two digits behind the last sign, or two groups: "1.299,90", "12,5", "1.234.567" are written with a comma.
_PROOF = {
    style: re.compile(
        rf"\D*(?:(?:\d{{1,3}}(?:{group}\d{{3}})+|\d+){decimal}\d{{1,2}}|\d{{1,3}}(?:{group}\d{{3}}){{2,}})\D*"
    )
    for style in _STYLES
    for decimal, group in [(re.escape(style.decimal), re.escape(style.group))]
}


def _decimal_of(digits: str, style: Style) -> Decimal | None:
    """Three digits after the decimal sign: in a shop's text a riddle, in an export's cell a decimal."""
    head, sign, tail = digits.partition(style.decimal)
    return Decimal(f"{head}.{tail}") if sign and head.isdigit() and tail.isdigit() else None


def share(cell: Cell, style: Style) -> float | None:
    """A share of 1: "12.5%" and 0.125 are 0.125; a bare number above 1 is taken as percent."""
    value = number(cell, style)
    if value is None:
        return None
    is_percent = (isinstance(cell, str) and "%" in plain(cell)) or value > 1
    value = value / 100 if is_percent else value
    return float(value) if 0 <= value <= 1 else None


def moment(cell: Cell, order: DateOrder = "") -> datetime | None:
    """A time as aware UTC; None for "03/04/2026" unless `order` says which is the day."""
    if isinstance(cell, datetime):
        return _plausible(cell)
    if isinstance(cell, date):
        return _plausible(datetime(cell.year, cell.month, cell.day, tzinfo=UTC))
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _epoch(float(cell))
    text = words(cell)
    if text is None or isinstance(cell, (time, timedelta)):
        return None
    try:
        return _plausible(_written(text, order))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _epoch(value: float) -> datetime | None:
    seconds = value / 1000 if value > 4_102_444_800 else value  # beyond 2100: milliseconds
    return _plausible(datetime.fromtimestamp(seconds, UTC)) if 8e8 < seconds < 4_102_444_800 else None


def _written(text: str, order: DateOrder) -> datetime | None:
    if text.isdigit() and len(text) in (10, 13):
        return _epoch(float(text))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if found := _YMD.fullmatch(text):
        year, month, day = (int(part) for part in found.groups()[:3])
        return datetime.combine(date(year, month, day), _clock(found))
    if found := _XMY.fullmatch(text):
        first, second, year = (int(part) for part in found.groups()[:3])
        if first <= 12 and second <= 12 and first != second and not order:
            return None
        day, month = (first, second) if first > 12 or (order == "dmy" and second <= 12) else (second, first)
        return datetime.combine(date(year, month, day), _clock(found))
    for form in _WORDY:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return parsedate_to_datetime(text)


def _clock(found: re.Match[str]) -> time:
    hour, minute, second = (int(part or 0) for part in found.groups()[3:])
    return time(hour, minute, second, tzinfo=UTC)


def _plausible(when: datetime | None) -> datetime | None:
    if when is None:
        return None
    when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    return when if when >= _FIRST_SHOP and when.year < 2100 else None


def web_url(text: str | None, base: str = "") -> str | None:
    """An absolute http(s) address, or None."""
    if not text or len(text) > _MAX_CELL:
        return None
    try:
        full = urljoin(base, f"https:{text}" if text.startswith("//") else text)
    except ValueError:
        return None
    return full if full.startswith(("http://", "https://")) else None
