"""Localised counts and prices: `parse_count("1,2rb terjual")` is 1,200 sold, `parse_price("Rp187.000")` 187,000.

What can be read in two ways is None, never a guess: "1.234 sold" is 1,234 in a market that groups with points,
and unreadable where nobody knows the market.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from trendscout.model import CountKind
from trendscout.text.currencies import CURRENCY
from trendscout.text.digits import COMPOUND, MAX_TEXT, NUMBER, Style, joined, number_of, plain, style_of
from trendscout.text.patterns import lazy
from trendscout.text.prices import Price, parse_price
from trendscout.text.vocabulary import (
    BESIDE,
    CEILING,
    FLOOR,
    MEASURE_AFTER,
    OTHER_AFTER,
    OTHER_BEFORE,
    RATING,
    SCALES,
    Unit,
    power_of,
    unit_of,
)

__all__ = ["Count", "Price", "parse_count", "parse_price"]


@dataclass(frozen=True, slots=True)
class Count:
    """How many, as a site shows it."""

    value: int
    is_floor: bool  # True: the true number is this or more
    unit: CountKind | None  # None: the text does not say of what
    text: str  # as shown


@dataclass(frozen=True, slots=True)
class _Found:
    """A number that may be the count."""

    value: int | None  # None: a number is there and can be read in two ways
    unit: Unit | None
    is_floor: bool
    part: int  # which statement of the text
    in_brackets: bool
    is_clean: bool  # nothing but known words beside it


_LETTER = "a-zà-žα-ωά-ώа-яёєії"  # of scripts that part words with blanks
_SCALE = "|".join(sorted(map(re.escape, SCALES), key=len, reverse=True))
_TOKEN = lazy(
    rf"(?<![\d.,])(?P<plus>\+\s?)?(?P<number>{NUMBER})(?P<early>\+\s?)?"
    rf"(?:\s?(?P<scale>{_SCALE})(?<![{_LETTER}.](?=[^\W\d_]))(?![^\W\d_](?<=[{_LETTER}])))?",
    re.IGNORECASE,
)
_CUT = lazy(r"[|·•౹;/(){}\[\]\n。，、]+|,\s|\.\s(?=\D)|\s[-&]\s")
_SHORT = lazy(rf"(?<=\d)(\s?(?:{_SCALE}))\.(?=\s)", re.IGNORECASE)  # "1,2 Mio. Aufrufe" is one statement
_MONEY_BEFORE = lazy(rf"(?:{CURRENCY})\s?$")
_MONEY_AFTER = lazy(rf"\s?(?:{CURRENCY})")
_SIGN_AFTER = lazy(r"\s?[元円원€£¥₫₹₽$]")  # behind a scale letters are no currency: "2k KM"


@lru_cache(maxsize=4096)
def parse_count(
    text: str, market: str | None = None, language: str | None = None, style: Style | None = None
) -> Count | None:
    """The count that the text shows, or None where there is none or it can be read in two ways.

    `market` is an ISO 3166 code (or UK), `language` an ISO 639 code: they settle what "." and "," mean, unless the
    `style` of the table that the text is from is known; without all three, a unit word of one language does. Of
    several counts that of sales comes first ("4.8 | 120 reviews | +50
    mil vendidos"). Ratings, prices, percentages, ranks, stock and time spans are not counts.
    """
    if len(text) > MAX_TEXT:
        return None
    folded = RATING.sub(" | ", _SHORT.sub(r"\1", COMPOUND.sub(joined, plain(text))))
    if not any(char.isdigit() for char in folded) or CEILING.search(folded):
        return None
    best = _choose(list(_found_in(folded, market, language, style)))
    if best is None or best.value is None:
        return None
    unit = best.unit or unit_of(folded)
    kind = unit.kind if unit else "reviews" if best.in_brackets else None
    return Count(best.value, best.is_floor, kind, text)


def _parts(folded: str) -> Iterator[tuple[str, bool]]:
    """The statements of the text, each with whether it stands in brackets."""
    depth = start = 0
    for cut in _CUT.finditer(folded):
        if _is_inside_number(folded, cut):
            continue
        yield folded[start : cut.start()], depth > 0
        depth += sum((char in "([{") - (char in ")]}") for char in cut.group())
        start = cut.end()
    yield folded[start:], depth > 0


def _is_inside_number(folded: str, cut: re.Match[str]) -> bool:
    """Whether the cut would split "vendido(s)", one word, or "10/20", no count."""
    if cut.group() == "/":
        return folded[cut.end() :].lstrip()[:1].isdigit()
    return folded[cut.start() :].startswith("(s)") or folded[: cut.end()].endswith("(s)")


def _found_in(
    folded: str, market: str | None, language: str | None, given_style: Style | None
) -> Iterator[_Found]:
    for place, (part, in_brackets) in enumerate(_parts(folded)):
        unit = unit_of(part)
        for token in _TOKEN.finditer(part):
            if _is_other(part, token):
                continue
            rest = f"{part[: token.start()]} {part[token.end() :]}"
            floor = bool(token["plus"] or token["early"] or FLOOR.search(rest))
            value = _value(token, unit, market, language, given_style)
            whole = value is not None and value == value.to_integral_value()
            if value is not None and not token["scale"] and value.as_tuple().exponent != 0:
                continue  # a rating, "5.0" too, or a misread group: not how many of something
            clean = not any(char.isalnum() for char in BESIDE.sub(" ", FLOOR.sub(" ", rest)))
            yield _Found(
                int(value) if value is not None and whole else None, unit, floor, place, in_brackets, clean
            )


def _value(
    token: re.Match[str], unit: Unit | None, market: str | None, language: str | None, given_style: Style | None
) -> Decimal | None:
    known = (market, language) if market or language else (None, unit.language if unit else None)
    style = given_style or style_of(*known)
    scale = token["scale"]
    spoken = language or (unit.language if unit else None)
    power = power_of(scale, market, spoken, has_unit=unit is not None) if scale else 0
    if power is None or (" " in token["number"] and style is not None and style.group != " "):
        return None
    value = number_of(token["number"], style, scaled=scale is not None)
    return None if value is None else value * 10**power


def _is_other(part: str, token: re.Match[str]) -> bool:
    """Whether the number is a price, a share, a rating, a rank, a time span, a measure or part of a name."""
    before, after = part[: token.start()], part[token.end() :]
    if OTHER_BEFORE.search(before) or OTHER_AFTER.match(after):
        return True
    if _MONEY_BEFORE.search(before) or (_SIGN_AFTER if token["scale"] else _MONEY_AFTER).match(after):
        return True
    return not token["scale"] and MEASURE_AFTER.match(after) is not None


def _choose(numbers: list[_Found]) -> _Found | None:
    """The one number that is meant, or None if two could be."""
    named = [one for one in numbers if one.unit]
    plain_ones = [one for one in numbers if not one.unit]
    main = [one for one in plain_ones if not one.in_brackets and one.is_clean]
    if named:
        best = min(one.unit.priority for one in named if one.unit)
        named = [one for one in named if one.unit and one.unit.priority == best]
        rivals = [one for one in named if one.part == named[0].part]
        if main and named[0].in_brackets:
            return main[0] if main[0].is_floor and len(main) == 1 else None
        return named[0] if len({one.value for one in rivals}) == 1 else None
    if len(plain_ones) != 1 or not plain_ones[0].is_clean:
        return None
    return plain_ones[0]
