"""Prices as shops show them: signs before or after, ranges, old prices, instalments beside the real one.

price-parser is not used: it always guesses. Here what can be read in two ways is None, and so is an amount beside
a word that is not known to stand beside prices: it may be a saving, a fee or a threshold. What separators mean in
a market comes from babel (CLDR).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from trendscout.text.currencies import CURRENCY, code_of, is_plausible, places_of
from trendscout.text.digits import COMPOUND, MAX_TEXT, NUMBER, Style, joined, number_of, plain, style_of
from trendscout.text.patterns import lazy
from trendscout.text.vocabulary import BENIGN, LABEL, NO_PRICE_AFTER, NO_PRICE_BEFORE, NOW_BEFORE, WAS_BEFORE


@dataclass(frozen=True, slots=True)
class Price:
    """How much, as a site shows it."""

    amount: Decimal  # the low end of a range
    high: Decimal | None  # the high end of a range
    currency: str | None  # ISO 4217; None: the text does not say, or its sign is shared and the market unknown
    text: str  # as shown


@dataclass(frozen=True, slots=True)
class _Shown:
    amount: Decimal | None
    code: str | None
    before: str  # the words in front, lower case
    after: str  # the words behind
    start: int
    end: int


_SCALES = {
    "k": 3, "rb": 3, "ribu": 3, "jt": 6, "juta": 6, "tr": 6, "triệu": 6, "nghìn": 3, "ngàn": 3, "tỷ": 9, "mil": 3,
    "万": 4, "萬": 4, "만": 4, "億": 8, "亿": 8, "lakh": 5, "พัน": 3, "หมื่น": 4, "แสน": 5, "ล้าน": 6,
}  # fmt: skip
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
_AMOUNT = rf"(?P<number>{NUMBER})(?:\s?(?P<scale>(?i:{_SCALE}))(?:(?<=[万萬만億亿])|(?![^\W\d_])))?"
_BEFORE = lazy(rf"(?P<sign>{CURRENCY})(?P<gap>\s?[.:]?\s?){_AMOUNT}")
_AFTER = lazy(rf"(?<![\d.,]){_AMOUNT}(?P<gap>\s?)(?P<sign>{CURRENCY})")
_SPAN = lazy(r"\s*(?:-|~|～|\.\.|to|bis|a|à|al|hasta|até|until|至|到|から|до|do|đến|ถึง)\s*", re.IGNORECASE)

# "2 for $20", "6 cuotas de $ 7.666", "100g당 1,230원": a number of something else and words in front.
_BUNDLE = lazy(r"(?<![\d.,])\d{1,3}\s?(?:[^\W\d_][^\W\d]*[-.]?\s?){1,5}$")
_WORDS_AFTER = lazy(rf"(?:(?!{CURRENCY})[^-+(,;|·/\d])*(?=[-+(,;|·/]|$)")  # not those of a following amount
_SIGN = lazy(CURRENCY)
_LETTER = lazy(r"[^\W\d_]")
_LOOSE_CENTS = lazy(r"\s\d\d$")  # "$ 12 99": cents, or another number
_CENTS_APART = lazy(rf"(?<=\d)([.,]) (?=\d\d\s*(?:$|{CURRENCY}))")
_CENTS_BEHIND = lazy(r"(?<![\d.,€])(?<!€ )(\d{1,6})\s?(€)\s?(\d\d)\s*$")
_NO_WHOLE = lazy(r"(?<![\d.,])\.(?=\d\d(?![\d.,]))")
# What may stand beside a number without a currency sign.
_BARE_SPAN = lazy(rf"({NUMBER})\s*[-~]\s*({NUMBER})")
_BESIDE_BARE = lazy(
    r"(?:our price|price|"
    r"ราคา|preis|precio|preço|prix|prezzo|cena|pris|harga|giá|цена|価格|售价|售價|價格|价格|가격|"
    r"inc(?:l|\.|l\.)? (?:vat|gst)|/\s?each|from|now|ab|desde|a partir de|"
    r"à partir de|从|起|约|約|\*|:|~(?=$))",
    re.IGNORECASE,
)
_POINT_GROUPS, _COMMA_GROUPS = Style(",", "."), Style(".", ",")
_BARE_SCALE_MARKETS = frozenset({"VN", "ID", "CN", "TW", "JP", "KR", "TH"})


@lru_cache(maxsize=4096)
def parse_price(text: str, market: str | None = None, style: Style | None = None) -> Price | None:
    """The price that the text shows, or None where there is none or it can be read in two ways.

    `market` is an ISO 3166 code (or UK, EU): it settles what "." and "," mean, unless the `style` of the text's
    table is known, and whose "$" it is. Old prices, savings, instalments, unit prices and shipping beside the
    price are passed over; "5.7折" and "30% off" are discounts, not prices.
    """
    if len(text) > MAX_TEXT:
        return None
    folded = _mended(COMPOUND.sub(joined, plain(text)))
    known = style or style_of(market)
    shown = _shown(folded, market, known)
    if shown is None:
        return _bare(folded, text, market, known)
    real = [price for price in shown if not _is_other(price)]
    real = [price for price in real if not _in_brackets(folded, price)] or real
    was = [price for price in real if WAS_BEFORE.search(price.before)]
    current = [price for price in real if price not in was] or was
    if len(current) == 2 and _SPAN.fullmatch(folded[current[0].end : current[1].start]):
        return _span(current[0], current[1], text)
    if len({(price.amount, price.code) for price in current}) > 1:
        current = [price for price in current if NOW_BEFORE.search(price.before)]
    if not current or current[0].amount is None or len({price.amount for price in current}) > 1:
        return None
    return Price(current[0].amount, None, current[0].code, text)


def _mended(folded: str) -> str:
    """The text with the cents put back to their number: "$119. 95", "35€ 99", "$.75"."""
    folded = _CENTS_APART.sub(r"\1", folded)
    folded = _CENTS_BEHIND.sub(r"\1,\3 \2", folded)
    return _NO_WHOLE.sub("0.", folded)


def _in_brackets(folded: str, price: _Shown) -> bool:
    before = folded[: price.start]
    return before.count("(") > before.count(")")


def _is_other(price: _Shown) -> bool:
    before, after = BENIGN.sub(" ", price.before), BENIGN.sub(" ", price.after)
    words = _WORDS_AFTER.match(after)
    return bool(
        NO_PRICE_BEFORE.search(before)
        or _BUNDLE.search(before)
        or NO_PRICE_AFTER.match(after)
        or _LETTER.search(_SIGN.sub(" ", LABEL.sub(" ", before)))
        or (words and _LETTER.search(LABEL.sub(" ", words[0])))
    )


def _span(low: _Shown, high: _Shown, text: str) -> Price | None:
    if low.amount is None or high.amount is None or low.amount > high.amount:
        return None
    if low.code and high.code and low.code != high.code:
        return None
    return Price(low.amount, high.amount if high.amount > low.amount else None, low.code or high.code, text)


def _shown(folded: str, market: str | None, known: Style | None) -> list[_Shown] | None:
    """Every amount with a sign, in order; None if no sign stands beside a number.

    Shops write the sign on one side only, so the side with more signs counts; on a tie the side that is glued.
    """
    sides = [
        [match for match in side.finditer(folded) if is_plausible(match["sign"], market)]
        for side in (_BEFORE, _AFTER)
    ]
    before, after = sides
    if not before and not after:
        return None
    if (
        len(before) == len(after) == 1
        and before[0].start("sign") == after[0].start("sign")
        and not (before[0]["gap"] or after[0]["gap"])
    ):
        return []  # "12€50": euros and cents, or two prices
    glued = [sum(not match["gap"] for match in side) for side in sides]
    chosen = after if (len(after), glued[1]) > (len(before), glued[0]) else before
    shown, end = list[_Shown](), 0
    for match in chosen:
        shown.append(_one(match, folded, market, known, end))
        end = match.end()
    return _with_open_ends(shown, folded, known, suffix=chosen is after)


def _one(found: re.Match[str], folded: str, market: str | None, known: Style | None, last: int) -> _Shown:
    """One amount; its words in front begin behind the `last` amount, and a range's "to" is none of them."""
    code = code_of(found["sign"], market)
    before, after = folded[last : found.start()], folded[found.end() : found.end() + 48]
    loose = after and found.re.groupindex["sign"] == 1 and _LOOSE_CENTS.match(after)
    amount = None if loose else _amount(found["number"], found["scale"], code, known)
    before = "" if last and _SPAN.fullmatch(before) else before[-48:]
    return _Shown(amount, code, before, after, found.start(), found.end())


def _with_open_ends(shown: list[_Shown], folded: str, known: Style | None, *, suffix: bool) -> list[_Shown]:
    """A range whose sign stands once: "12.8 - 25.6 €", "US $12.34-56.78"."""
    if len(shown) != 1:
        return shown
    only = shown[0]
    if suffix:
        other = re.search(rf"(?<![\w.,])({NUMBER}){_SPAN.pattern}$", folded[: only.start], re.IGNORECASE)
        first = (
            _Shown(_amount(other[1], None, only.code, known), only.code, "", "", other.start(), other.end(1))
            if other
            else None
        )
        return [first, only] if first else shown
    other = re.match(rf"{_SPAN.pattern}({NUMBER})(?!\s*[%\w/])", folded[only.end :], re.IGNORECASE)
    if not other:
        return shown
    start, end = only.end + other.start(1), only.end + other.end(1)
    return [only, _Shown(_amount(other[1], None, only.code, known), only.code, "", "", start, end)]


def _amount(
    digits: str, scale: str | None, code: str | None, known: Style | None, *, signed: bool = True
) -> Decimal | None:
    """The amount; where the style is not `known` the currency tells it, if the text has one (`signed`)."""
    places = places_of(code)
    style = known or (_home_style(code) if signed else None)
    # Nobody shows three decimals of a euro or a rouble: with nothing to contradict, they are a group.
    grouping = places == 0 or (places == 2 and signed and not known and style == _POINT_GROUPS)
    value = number_of(digits, style, scaled=scale is not None, whole=grouping)
    if places == 3 and value is None and style and re.search(rf"\{style.decimal}\d{{3}}$", digits):
        value = number_of(digits, style, scaled=True)
    if value is None:
        return None
    if scale:
        return value * Decimal(10) ** _SCALES[scale.lower()]
    decimals = -int(value.as_tuple().exponent)
    if decimals > 4 or (places == 0 and decimals and not (style and digits[-decimals - 1] == style.decimal)):
        return None  # "Rp12.50": no sen are ever shown that way
    return value


def _home_style(code: str | None) -> Style:
    """How amounts of a currency are written at home; most ISO 4217 codes begin with the country."""
    if code is None:
        return _COMMA_GROUPS  # "$": where it is written with points, it is written with a market's own sign too
    home = style_of(code[:2]) if code != "EUR" else _POINT_GROUPS
    return _POINT_GROUPS if home is not None and home.decimal == "," else _COMMA_GROUPS


def _bare(folded: str, text: str, market: str | None, known: Style | None) -> Price | None:
    """A number or range that stands alone; a market tells how it is written, never in which currency it is."""
    rest = _BESIDE_BARE.sub(" ", folded).strip()
    home = {"ID": "IDR", "VN": "VND", "JP": "JPY", "KR": "KRW", "CL": "CLP"}.get(market or "")
    pair = _BARE_SPAN.fullmatch(rest)
    if pair and any(sign in rest for sign in ".,"):  # "12 - 15" may be anything
        low, high = (_amount(digits, None, home, known, signed=False) for digits in pair.groups())
        return Price(low, high, None, text) if low is not None and high is not None and low < high else None
    match = re.fullmatch(_AMOUNT, rest)
    if not match or (match["scale"] and market not in _BARE_SCALE_MARKETS):
        return None
    amount = _amount(match["number"], match["scale"], home, known, signed=False)
    return Price(amount, None, None, text) if amount is not None else None
