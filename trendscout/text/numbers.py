"""Localised counts and prices: `parse_count("1,2rb terjual")` is 1,200 sold, `parse_price("Rp187.000")` 187,000.

What is ambiguous is None, never a guess: "1.234 sold" may be a thousand and something or a misread decimal.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from trendscout.model import CountKind


@dataclass(frozen=True, slots=True)
class Count:
    """How many, as a site shows it."""

    value: int
    is_floor: bool  # True: the true number is this or more
    unit: CountKind | None  # None: the text does not say of what
    text: str  # as shown


@dataclass(frozen=True, slots=True)
class Price:
    """How much, as a site shows it."""

    amount: Decimal  # the low end of a range
    high: Decimal | None  # the high end of a range
    currency: str | None  # ISO 4217; None: the text does not say, or its sign is used by several countries
    text: str  # as shown


_SCALES = {
    "rb": 3, "ribu": 3, "jt": 6, "juta": 6, "tr": 6, "triệu": 6, "nghìn": 3, "n": 3, "tỷ": 9, "mil": 3,
    "k": 3, "m": 6, "b": 9, "w": 4, "万": 4, "萬": 4, "만": 4, "천": 3, "千": 3, "亿": 8, "億": 8, "억": 8,
    "ร้อย": 2, "พัน": 3, "หมื่น": 4, "แสน": 5, "ล้าน": 6,
}  # fmt: skip
_NUMBER = re.compile(
    r"(\d[\d.,]*(?: \d{3})*(?:[.,]\d+)?)\s*(" + "|".join(sorted(_SCALES, key=len, reverse=True)) + r")?(?![a-z])",
    re.IGNORECASE,
)
_UNITS: tuple[tuple[str, CountKind], ...] = (
    (r"cart", "in_carts"),
    (r"watch", "watchers"),
    (r"review|rating|đánh giá|nhận xét", "reviews"),
    (r"view|看过", "views"),
    (r"video", "videos"),
    (r"sold|bought|sale|terjual|đã bán|ขายแล้ว|vendid|comprado|compras|已售|已拼|售|付款|购买|구매", "sold"),
)
_POINT_GROUPS = {"ID", "VN", "BR", "DE", "ES", "FR", "IT", "NL", "PL", "SE", "RU", "UA", "CZ", "AR", "TR", "DK"}
_SIGNS = {"Rp": "IDR", "₫": "VND", "R$": "BRL", "US $": "USD", "NT$": "TWD", "€": "EUR", "£": "GBP", "₹": "INR"}


def parse_count(text: str, market: str | None = None, language: str | None = None) -> Count | None:
    """The count that the text shows, or None where there is none or it can be read in two ways.

    `market` is an ISO 3166 code, `language` an ISO 639 code: they settle what "." and "," mean.
    """
    plain = unicodedata.normalize("NFKC", text)
    market = market or {"vi": "VN", "id": "ID"}.get(language or "")
    found = _NUMBER.findall(plain)
    numbers = [number for pair in found if (number := _number(pair[0], pair[1], market)) is not None]
    if len(numbers) != 1 or numbers[0] != int(numbers[0]) or "%" in plain or "折" in plain:
        return None
    unit = next((unit for pattern, unit in _UNITS if re.search(pattern, plain, re.IGNORECASE)), None)
    is_floor = any(mark in plain for mark in ("+", "Mais de", "이상"))
    return Count(int(numbers[0]), is_floor, unit, text)


def parse_price(text: str, market: str | None = None) -> Price | None:
    """The price that the text shows, or None where there is none or it can be read in two ways.

    `market` is an ISO 3166 code: it settles what "." and "," mean, and whose "$" it is.
    """
    plain = unicodedata.normalize("NFKC", text)
    found = _NUMBER.findall(plain)
    numbers = [number for pair in found if (number := _number(pair[0], pair[1], market)) is not None]
    if not 1 <= len(numbers) <= 2 or "%" in plain or "折" in plain:
        return None
    currency = next((code for sign, code in _SIGNS.items() if sign in plain), None)
    if currency is None and "$" in plain and market == "US":
        currency = "USD"
    return Price(numbers[0], numbers[1] if len(numbers) == 2 else None, currency, text)


def _number(digits: str, scale: str, market: str | None) -> Decimal | None:
    digits = digits.strip(".,").replace(" ", "")
    signs = [sign for sign in digits if sign in ".,"]
    if len(set(signs)) == 2:
        digits = digits.replace(signs[0], "").replace(signs[-1], ".")
    elif len(signs) > 1:
        digits = digits.replace(signs[0], "")
    elif signs and not scale and len(digits.partition(signs[0])[2]) == 3:
        if market is None or ((signs[0] == ".") != (market in _POINT_GROUPS)):
            return None
        digits = digits.replace(signs[0], "")
    else:
        digits = digits.replace(",", ".")
    return Decimal(digits) * 10 ** _SCALES[scale.lower()] if scale else Decimal(digits)
