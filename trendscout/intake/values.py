"""Cells and fields as text, ids, times and addresses. What cannot be read right is None."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urljoin

from trendscout.bounds import FIRST_SHOP

Cell = str | int | float | bool | datetime | date | time | timedelta | None
DateOrder = Literal["", "dmy", "mdy"]

_MAX_CELL = 4000
_EXACT_FLOAT = 2**53  # beyond it a float has lost the last digits of an id
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_EMPTY = frozenset(
    {"", "-", "--", "—", "/", "n/a", "n.a.", "n.a", "na", "nan", "null", "none", "nil", "undefined", "#n/a", "[]"}
    | {"无", "暂无", "なし", "없음"}
)
_CLOCK = r"(?:[T,]?\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\.?|上午|下午)?)?"
_YMD = re.compile(rf"(\d{{4}})[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})日?{_CLOCK}")
_XMY = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_CLOCK}")
_WORDY = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%d-%b-%Y", "%d/%b/%Y", "%d-%B-%Y")
_SERIALS = (20_000, 73_050)  # a spreadsheet's days since 1899-12-30: 1954 to 2100
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_MONTH_FIRST = frozenset({"US", "PH"})
_EITHER_WAY = frozenset({"CA", "EU", "ZA"})  # both ways are in use
_YEAR_FIRST = frozenset({"CN", "JP", "KR", "TW", "HU", "LT", "SE", "IR", "MN"})


def words(cell: Cell) -> str | None:
    """The cell as text without blanks around it; None where it says nothing."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT_FLOAT:
        cell = int(cell)
    if cell is None or isinstance(cell, bool):
        return None
    text = " ".join((cell if isinstance(cell, str) else str(cell))[:_MAX_CELL].replace("\0", " ").split())
    return None if text.lower() in _EMPTY else text


def item_id(cell: Cell) -> str | None:
    """An id as text; None where a spreadsheet rounded it ("1.73E+18"): another item may have that number."""
    if isinstance(cell, float) and (abs(cell) >= _EXACT_FLOAT or not cell.is_integer()):
        return None
    text = words(cell)
    text = text.strip("'=\"\t") if text else None  # ="00123" is how exports keep Excel from counting
    return None if not text or len(text) > 200 or _ROUNDED.fullmatch(text) else text


def order_in(cells: Iterable[Cell], usual: DateOrder = "", market: str | None = None) -> DateOrder | None:
    """Which of two numbers is the day, for a whole column; None where its cells contradict each other.

    A number above 12 proves it, a point between them means day first. Without proof it is the tool's `usual` way,
    else the market's; "" where nobody knows.
    """
    proven: set[DateOrder] = set()
    for cell in cells:
        match = _XMY.fullmatch(words(cell) or "") if isinstance(cell, str) else None
        if match and (int(match[1]) > 12 or match[2] == "."):
            proven.add("dmy")
        elif match and int(match[3]) > 12:
            proven.add("mdy")
    if proven:
        return proven.pop() if len(proven) == 1 else None
    return usual or _usual_in(market)


def _usual_in(market: str | None) -> DateOrder:
    if market is None or market in _EITHER_WAY | _YEAR_FIRST:
        return ""
    return "mdy" if market in _MONTH_FIRST else "dmy"


def moment(cell: Cell, order: DateOrder | None = "", *, serials: bool = False) -> datetime | None:
    """A time as aware UTC; None for "03/04/2026" unless `order` says which is the day.

    `serials`: five digits are a spreadsheet's count of days.
    """
    if isinstance(cell, datetime):
        return _plausible(cell)
    if isinstance(cell, date):
        return _plausible(datetime(cell.year, cell.month, cell.day, tzinfo=UTC))
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _serial(float(cell)) if serials and cell < _SERIALS[1] else _epoch(float(cell))
    text = words(cell)
    if text is None or isinstance(cell, (time, timedelta)):
        return None
    if serials and _SERIAL.fullmatch(text):
        return _serial(float(text))
    try:
        return _plausible(_written(text, order))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _serial(days: float) -> datetime | None:
    if not _SERIALS[0] <= days < _SERIALS[1]:
        return None
    return _plausible(datetime(1899, 12, 30, tzinfo=UTC) + timedelta(seconds=round(days * 86_400)))


def _epoch(value: float) -> datetime | None:
    seconds = value / 1000 if value > 4_102_444_800 else value  # beyond 2100: milliseconds
    return _plausible(datetime.fromtimestamp(seconds, UTC)) if 8e8 < seconds < 4_102_444_800 else None


def _written(text: str, order: DateOrder | None) -> datetime | None:
    if text.isdigit() and len(text) in (10, 13):
        return _epoch(float(text))
    if match := _XMY.fullmatch(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if first <= 12 and second <= 12 and first != second and not order:
            return None
        day_first = first > 12 or (order == "dmy" and second <= 12)
        day, month = (first, second) if day_first else (second, first)
        return datetime.combine(date(year, month, day), _clock(match.groups()[4:]))
    if match := _YMD.fullmatch(text):
        year, month, day = (int(part) for part in match.groups()[:3])
        return datetime.combine(date(year, month, day), _clock(match.groups()[3:]))
    try:
        return datetime.fromisoformat(text) if len(text) == 8 or not text.isdigit() else None
    except ValueError:
        pass
    for form in _WORDY:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return parsedate_to_datetime(text)


def _clock(parts: tuple[str | None, ...]) -> time:
    hour, minute, second = (int(part or 0) for part in parts[:3])
    half = (parts[3] or "").lower().replace(".", "")
    if half in ("pm", "下午") and hour < 12:
        hour += 12
    elif half in ("am", "上午") and hour == 12:
        hour = 0
    return time(hour, minute, second, tzinfo=UTC)


def _plausible(when: datetime | None) -> datetime | None:
    if when is None:
        return None
    when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    return when if when >= FIRST_SHOP and when.year < 2100 else None


def web_url(text: str | None, base: str = "") -> str | None:
    """An absolute http(s) address, or None."""
    if not text or len(text) > _MAX_CELL:
        return None
    try:
        full = urljoin(base, f"https:{text}" if text.startswith("//") else text)
    except ValueError:
        return None
    return full if full.startswith(("http://", "https://")) else None
