"""Digits with separators to a number: what "." and "," mean in a market, and when nobody can say."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from trendscout.text.markets import MARKETS, country_of

MAX_TEXT = 400  # longer texts are no label of a count or price
# A space or apostrophe groups only before exactly three digits: "9 800" is one number, "4.8 12 sold" is two.
NUMBER = r"(?:\d{1,3}(?:[ ']\d{3})+(?!\d)(?:[.,]\d+(?!\d))?|\d+(?:[.,]\d+)*)"
_LETTERS_LIKE_SPACE = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
_GLUED_PERCENT = re.compile(r"([.,]\d{2})(\d{1,2}\s?%)")  # "$199.9730% off": two nodes without a gap
_SPLIT_CENTS = re.compile(r"(?<=\d) ([.,]) (?=\d{2}\b)")  # "$ 19 . 99": one number in three nodes
_NO_CENTS = re.compile(r"(?<=\d)[.,:]\s?-+(?!\s?\d)")  # "1 299,-"
_RAISED_CENTS = re.compile(r"(?<=[\d€$£])([⁰¹²³⁴-⁹]{2})(?![⁰¹²³⁴-⁹])")  # "$12⁹⁹"
# "3万2000", and "1만 2,900원": Korean parts the two.
COMPOUND = re.compile(
    r"(?<![\d.,])(\d+)(?:([亿億억万萬만])(\d+)|([억만]) ?(\d{1,3},?\d{3}|\d{1,3}(?=[만천])))"
    r"([万萬만千천]?)(?![\d.,])"
)
_HAN = {"亿": 8, "億": 8, "억": 8, "万": 4, "萬": 4, "만": 4, "千": 3, "천": 3, "": 0}
_TO_MEND = re.compile(r"%|\s[.,]|\d[.,:]\s*-")  # what the three patterns on glued and parted nodes begin with
_FOLD = str.maketrans(
    {
        "٫": ".",
        "٬": ",",
        "،": ",",
        "’": "'",
        "‘": "'",
        "＇": "'",
        "−": "-",
        "–": "-",
        "—": "-",
        "〜": "~",
    }
)


@dataclass(frozen=True, slots=True)
class Style:
    """How numbers are written somewhere."""

    decimal: str
    group: str  # " " stands for every kind of space


def plain(text: str) -> str:
    """The text with ASCII digits and separators, single blanks, and glued nodes parted.

    Full-width, Arabic-Indic, Thai and other decimal digits become 0-9; no-break and thin spaces become blanks.
    """
    if text.isascii() and not _TO_MEND.search(text):  # what most cells and labels are
        return " ".join(text[:MAX_TEXT].split())
    folded = unicodedata.normalize("NFKC", _RAISED_CENTS.sub(r".\1", text[:MAX_TEXT])).translate(_FOLD)
    if not folded.isascii():
        folded = "".join(str(unicodedata.digit(char)) if char.isdecimal() else char for char in folded)
    folded = _LETTERS_LIKE_SPACE.sub(" ", folded).strip()
    return _SPLIT_CENTS.sub(r"\1", _NO_CENTS.sub("", _GLUED_PERCENT.sub(r"\1 \2", folded)))


def joined(found: re.Match[str]) -> str:
    """One number for what COMPOUND found; the text as it is if its parts do not fit one another."""
    high_power = _HAN[found[2] or found[4]]
    high = int(found[1]) * 10**high_power
    low = int((found[3] or found[5]).replace(",", "")) * 10 ** _HAN[found[6]]
    return str(high + low) if low < 10**high_power else found[0]


@cache
def style_of(market: str | None, language: str | None = None) -> Style | None:
    """How numbers are written in that market or language (CLDR), or None if that is not settled.

    A language counts more than the market: shops in English write English numbers everywhere.
    """
    from babel import Locale, UnknownLocaleError
    from babel.numbers import get_decimal_symbol, get_group_symbol

    territory = country_of(market).upper()
    if not language and (territory in _MIXED or territory not in MARKETS):
        return None
    spoken = (language or "und").replace("-", "_")
    for name in ("en",) if spoken[:2] == "en" else (f"{spoken}_{territory}", spoken):
        if name in ("und", "und_") or name.endswith("_"):
            continue
        try:
            locale = Locale.parse(name, resolve_likely_subtags=True)
        except (UnknownLocaleError, ValueError):
            continue
        # Digits were folded to 0-9 before, and sites write them with Latin separators.
        decimal = get_decimal_symbol(locale, numbering_system="latn")
        group = get_group_symbol(locale, numbering_system="latn")
        return Style(decimal, " " if group.isspace() else group.replace("’", "'"))
    return None


# Where two conventions live side by side, a market alone settles nothing.
_MIXED = frozenset({"CA", "CH", "BE", "LU", "ZA", "EU", ""})


def number_of(digits: str, style: Style | None, *, scaled: bool = False, whole: bool = False) -> Decimal | None:
    """The number that `digits` (as matched by NUMBER) stands for, or None where it can be read in two ways.

    `scaled`: a word such as "k" or "万" follows, so one separator marks decimals unless three digits follow it.
    `whole`: only whole numbers are possible (counts, prices in yen or rupiah), so three digits after a lone
    separator are a group, whichever sign it is.
    """
    spaced = re.search(r"[ ']", digits) is not None
    compact = re.sub(r"[ ']", "", digits)
    signs = [char for char in compact if char in ".,"]
    if not signs:
        return Decimal(compact)
    first, last = signs[0], signs[-1]
    head, _, tail = compact.rpartition(last)
    if len(signs) == 1:
        return _lone(head, last, tail, style, scaled=scaled, whole=whole, spaced=spaced)
    if first == last:
        return Decimal(compact.replace(first, "")) if _grouped(compact, first) else None
    if signs.count(last) > 1 or not _grouped(head, first) or spaced:
        return None
    return Decimal(f"{head.replace(first, '')}.{tail}")


def _grouped(digits: str, sign: str) -> bool:
    """Whether the signs stand where groups end: every three digits, or the Indian way (1,23,45,678)."""
    groups = digits.split(sign)
    if not 1 <= len(groups[0]) <= 3 or len(groups[-1]) != 3:
        return False
    middle = {len(group) for group in groups[1:-1]}
    return middle <= {3} or (middle == {2} and sign == "," and len(groups[0]) <= 2)


def _lone(
    head: str, sign: str, tail: str, style: Style | None, *, scaled: bool, whole: bool, spaced: bool
) -> Decimal | None:
    decimal = Decimal(f"{head}.{tail}")
    if len(tail) != 3 or spaced or head.startswith("0") or len(head) > 3:
        return decimal
    group = Decimal(head + tail)
    if whole and not scaled:
        return group
    if style is None:
        return None
    if sign != style.decimal:
        return group
    return decimal if scaled else None
