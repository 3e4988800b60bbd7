"""Cells as figures: how many, how much, out of five, which place. Only known words may stand beside a number.

A cell is a number already, or text as a shop, a tool or a spreadsheet writes it. What cannot be read right is
None, never a guess: the caller tells which cells of a column were lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from trendscout.bounds import MAX_PRICE, MAX_REVIEWS, is_count, is_rank
from trendscout.intake.values import Cell, words
from trendscout.text.currencies import places_of
from trendscout.text.digits import NUMBER, Style, number_of, plain, style_of
from trendscout.text.numbers import parse_count, parse_price

EXACT = 2**53  # beyond it a float has lost its last digits
STYLES = (Style(".", ","), Style(",", "."))
# 27.94 as a program's "2.794000000000000e+01": whole where all digits before the point are shown, else rounded.
_POWER = re.compile(r"([-+]?)(\d)\.(\d+)[eE]\+?(-?\d{1,2})")
_LONGEST = 40  # characters of a number
_SIGNED = re.compile(rf"([-+]?)\s?({NUMBER})")
_TEN_THOUSANDS = re.compile(
    r"(?<=\d)\s?[wW](?=\s?\+?$)"
)  # "5w+" is 5万+ in every Chinese tool, whatever the market
_UP_TO = re.compile(
    r"[<≤﹤＜]|(?:under|below|less than|up to|bis|hasta|até|jusqu|低于|少于|不足)|.*(?:以下|以内|未満)",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(r"\(\s?[^\d()]{0,4}[\d.,]+\s?\)|-.*|.*\d\s?-")  # accountants': "(100)", "100-"
_RANK = re.compile(
    rf"(?:#|no\.?|nr\.?|n[º°]|top|rank|第|排名[:：]?)?\s?({NUMBER})\s?(?:位|名|\.|º|°|th|st|nd|rd)?", re.IGNORECASE
)
_STAR = r"(?:★|⭐|☆|stars?|sterne?n?|estrellas?|estrelas?|étoiles?|stelle|bintang|sao|星|分|点|つ星)"
_OUT_OF = r"(?:/|out of|von|sur|de|su|av|af|van|dari|trên|из)"
_BEHIND = r"(?:\s?\([^()]{1,40}\))?"  # "5.0 (123)": how many rated
_RATING = re.compile(
    rf"{_STAR}?\s?(\d(?:[.,]\d{{1,3}})?)\s?(?:{_OUT_OF}\s?5(?:[.,]0)?)?\s?{_STAR}?{_BEHIND}"
    rf"|5{_STAR}のうち\s?(\d(?:[.,]\d)?)",
    re.IGNORECASE,
)
# Locale numbers of Windows. Keepa's money formats saved by Excel end in one: "12.37 -409" is no range.
_LOCALES = frozenset(
    "401 404 405 406 407 408 409 40A 40B 40C 40D 40E 410 411 412 413 414 415 416 418 419 41B 41D 41E 41F 421 422"
    " 424 425 426 427 42A 439 804 807 809 80A 80C 810 816 C04 C07 C09 C0A C0C 1004 1007 1009 1409 2C0A 3409 340A"
    " 4009 4409 4809".split()
)
_FORMAT = re.compile(r"(\d)\s-([0-9A-F]{3,4})")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a table writes its numbers, and whose market a row is of."""

    style: Style | None = None  # as the profile says or the table's own cells prove; None: neither does
    market: str | None = None

    @property
    def settled(self) -> Style:
        """What "." and "," mean in a bare number: as proven, else as the market writes, else as most tools do."""
        return self.style or style_of(self.market) or STYLES[0]


def number(cell: Cell, style: Style) -> Decimal | None:
    """A number with nothing beside it but a sign or a scale word ("1.2万"), as `style` writes it."""
    return _number(cell, Manner(style))


def amount(cell: Cell, manner: Manner) -> Decimal | None:
    """A number of anything, 0 or more: stock, sales, money without a currency."""
    value = _number(cell, manner)
    return value if value is not None and is_count(float(value)) else None


def _number(cell: Cell, manner: Manner) -> Decimal | None:
    if isinstance(cell, (bool, datetime, date, time, timedelta)):
        return None
    if isinstance(cell, (int, float)):
        return Decimal(str(cell)) if abs(cell) < EXACT else None
    text = unformatted(words(cell) or "")
    match = _SIGNED.fullmatch(plain(text)) if len(text) <= _LONGEST else None
    if match:
        value = number_of(match[2], manner.settled)
        return None if value is None else -value if match[1] == "-" else value
    counted = _counted(text, manner) if text else None
    return Decimal(counted[0]) if counted else None


def count(cell: Cell, manner: Manner) -> tuple[int, bool] | None:
    """How many, and whether that is a floor ("1000+", "1000以上", "5w+")."""
    if isinstance(cell, str):
        text = words(cell) or ""
        match = re.fullmatch(NUMBER, plain(text)) if len(text) <= _LONGEST else None
        counted = None if match else _counted(text, manner)
        if counted:
            return counted if is_count(counted[0]) else None
    value = _number(cell, manner)
    if value is None or value != value.to_integral_value() or not is_count(float(value)):
        return None
    return int(value), False


def reviews(cell: Cell, manner: Manner) -> tuple[int, bool] | None:
    """How many reviews; sites put them in brackets."""
    text = words(cell) if isinstance(cell, str) else None
    inner = re.fullmatch(r"\(([^()]+)\)", text or "")
    found = count(inner[1] if inner else cell, manner)
    return found if found and found[0] <= MAX_REVIEWS else None


def _counted(text: str, manner: Manner) -> tuple[int, bool] | None:
    shown = plain(text)
    if "%" in shown or _UP_TO.match(shown) or _NEGATIVE.fullmatch(shown):
        return None
    found = parse_count(_TEN_THOUSANDS.sub("万", shown), manner.market, style=manner.settled)
    return (found.value, found.is_floor) if found else None


@dataclass(frozen=True, slots=True)
class Money:
    """A price in a cell."""

    amount: Decimal  # the low end of a range
    currency: str | None = None  # None: the cell does not say
    is_span: bool = False


def price(cell: Cell, manner: Manner, unit: str | None = None) -> Money | None:
    """How much, and in which currency if the cell says it; `unit` is that of the column."""
    if not isinstance(cell, str):
        value = _number(cell, manner)
        return Money(value) if value is not None and 0 <= value <= MAX_PRICE else None
    text = unformatted(words(cell) or "")
    shown = plain(text)
    if not text or "%" in shown or _UP_TO.match(shown) or _NEGATIVE.fullmatch(shown):
        return None
    if len(text) <= _LONGEST and re.fullmatch(NUMBER, shown):
        value = number_of(shown, manner.settled)
        if value is None and places_of(unit) == 3:
            value = number_of(shown, manner.settled, scaled=True)
        read = None if value is None else Money(value)
    else:
        parsed = parse_price(text, manner.market, manner.style)
        read = Money(parsed.amount, parsed.currency, parsed.high is not None) if parsed else None
    return read if read and read.amount <= MAX_PRICE else None


def rating(cell: Cell) -> float | None:
    """Out of 5; 0 where nobody rated. "4.5 out of 5 stars", "4,5", "★4.5" and "5.0 (123)" are read."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return round(float(cell), 3) if 0 <= cell <= 5 else None
    found = _RATING.fullmatch(plain(words(cell) or "")) if isinstance(cell, str) else None
    value = float((found[1] or found[2]).replace(",", ".")) if found else None
    return round(value, 3) if value is not None and value <= 5 else None


def rank(cell: Cell, manner: Manner) -> int | None:
    """A place in a list: "3", "#3", "第3名", "3位"."""
    found = _RANK.fullmatch(plain(words(cell) or "")) if isinstance(cell, str) else None
    value = _number(found[1] if found else cell if not isinstance(cell, str) else None, manner)
    if value is None or value != value.to_integral_value() or not is_rank(float(value)):
        return None
    return int(value)


def share(cell: Cell, manner: Manner, unit: str = "") -> float | None:
    """A share of 1: "12.5%" and 0.125 are 0.125; a bare number above 1, or in a column of %, is percent."""
    text = plain(words(cell) or "") if isinstance(cell, str) else ""
    value = _number(text.removesuffix("%") if text else cell, manner)
    if value is None:
        return None
    is_percent = text.endswith("%") or (unit == "%" and not text) or value > 1
    value = value / 100 if is_percent else value
    return float(value) if 0 <= value <= 1 else None


def unformatted(text: str) -> str:
    """The number as written by hand: without a power of ten, or the locale that a money format left behind."""
    power = _POWER.fullmatch(text)
    if power and len(power[3]) >= int(power[4]):
        value = Decimal(f"{power[1]}{power[2]}.{power[3]}").scaleb(int(power[4])).normalize()
        return f"{value:f}"
    found = _FORMAT.search(text)
    return text[: found.end(1)] if found and found.end() == len(text) and found[2] in _LOCALES else text


def style_in(cells: Iterable[Cell]) -> Style | None:
    """How the numbers among the cells are written; None where no cell proves it, or two contradict each other."""
    texts = {plain(unformatted(cell)) for cell in cells if isinstance(cell, str) and len(cell) <= _LONGEST}
    proven = [style for style in STYLES if any(_PROOF[style].fullmatch(text) for text in texts)]
    return proven[0] if len(proven) == 1 else None


# One or two digits behind the last sign, or two groups: "1.299,90", "12,5", "1.234.567" are written with a comma.
_PROOF = {
    style: re.compile(
        rf"\D*(?:(?:\d{{1,3}}(?:{group}\d{{3}})+|\d+){decimal}\d{{1,2}}|\d{{1,3}}(?:{group}\d{{3}}){{2,}})\D*"
    )
    for style in STYLES
    for decimal, group in [(re.escape(style.decimal), re.escape(style.group))]
}
