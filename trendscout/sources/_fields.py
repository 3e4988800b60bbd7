"""Values of a reply as the fields of an Entry: tolerant of ints for strings and of missing parts.

Every function takes what a site may send in that place, JSON or text, and gives None where it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any, TypedDict
from urllib.parse import urljoin

from trendscout.errors import UsageError
from trendscout.model import CountKind, Query
from trendscout.text.numbers import parse_count, parse_price

_MAYBE_GROUPED = re.compile(r"\d{1,3}\.\d{3}")
_PLAIN_NUMBER = re.compile(r"[-+]?\d{1,18}(?:\.\d{1,20})?")
_SEPARATOR = re.compile(r"\D")
_GROUPED = re.compile(
    r"\d{1,12}|\d{1,3}(?:[.,'\u2019\u00a0\u202f\u2009 ]\d{2,3}){0,4}[.,'\u2019\u00a0\u202f\u2009 ]\d{3}"
)
_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)  # no shop is older: what is below is no listing date
_LATEST_S = 4_102_444_800  # 2100: larger epochs are milliseconds


def words_of(query: Query) -> str:
    """The search words of a query: its category.

    Raises UsageError if it has none.
    """
    if not query.category.strip():
        raise UsageError(
            "{source} needs search words.",
            next_step='Give them as the category: --category "portable blender".',
            source=query.source,
        )
    return query.category.strip()


class PriceFields(TypedDict, total=False):
    """`price`, `currency` and `price_text` of an Entry."""

    price: Decimal | None
    currency: str | None
    price_text: str | None


class CountFields(TypedDict, total=False):
    """`count`, `count_kind`, `count_floor` and `count_text` of an Entry."""

    count: int | None
    count_kind: CountKind | None
    count_floor: bool | None
    count_text: str | None


def members(value: object) -> list[Any]:
    """The members of a JSON array; none of anything else."""
    return value if isinstance(value, list) else []


def objects(value: object) -> list[dict[str, Any]]:
    """The objects among the members of a JSON array."""
    return [one for one in members(value) if isinstance(one, dict)]


def text(value: object) -> str | None:
    """The value as stripped text; None for blank text, containers and booleans."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return None
    return " ".join(str(value).split()) or None


def decimal(value: object) -> Decimal | None:
    """A plain number as Decimal: 12, 12.5 or "12.50"; text with symbols or groups is not read here."""
    plain = text(value)
    if plain is None or not _PLAIN_NUMBER.fullmatch(plain):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def amount(value: object) -> Decimal | None:
    """A plain price: 12, 12.5 or "12.50". Text like "1.290" may be grouped thousands and is not read here."""
    return None if isinstance(value, str) and _MAYBE_GROUPED.fullmatch(value.strip()) else decimal(value)


def currency_code(value: object) -> str | None:
    """An ISO 4217 code in capitals, or None."""
    plain = text(value)
    return plain if plain and len(plain) == 3 and plain.isascii() and plain.isalpha() and plain.isupper() else None


def whole(value: object) -> int | None:
    """A whole number of 0 or more, as int or digits: 12, "12", 12.0; not the text "1.200"."""
    if isinstance(value, str) and len(value) <= 18 and value.isascii() and value.isdigit():
        return int(value)  # nearly all of them
    number = amount(value)
    return int(number) if number is not None and number >= 0 and number == int(number) else None


def grouped(value: str | None, market: str | None = None) -> int | None:
    """A count shown in full, whatever the group separator: "278,131", "278.131", "1,23,456", "(4.5K)"."""
    if value is None:
        return None
    bare = value.strip().strip("()").strip()
    if _GROUPED.fullmatch(bare):
        return int(_SEPARATOR.sub("", bare))
    found = parse_count(bare, market)
    return int(found.value) if found else None


def rating(value: object) -> float | None:
    """A rating out of 5: 4.4 or "4.4"; 0 means that nobody rated."""
    number = decimal(value)
    return round(float(number), 3) if number is not None and 0 < number <= 5 else None


def moment(value: object) -> datetime | None:
    """A time as aware UTC: epoch seconds or milliseconds, ISO 8601, RFC 822; without a zone it is taken as UTC."""
    number = decimal(value)
    when: datetime | None
    try:
        if number is not None:
            seconds = float(number)
            when = datetime.fromtimestamp(seconds / 1000 if seconds > _LATEST_S else seconds, UTC)
        else:
            when = _written(text(value) or "")
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None
    if when is None:
        return None
    when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    return when if when >= _EARLIEST else None


def _written(plain: str) -> datetime | None:
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        return parsedate_to_datetime(plain)


def web_url(value: object, base: str = "") -> str | None:
    """An absolute http(s) address; None for what is none, such as `javascript:` or a path without base."""
    plain = text(value)
    if plain is None or len(plain) > 4000:
        return None
    if plain.startswith("https://") and "[" not in plain:
        return plain  # nearly all of them
    try:
        full = urljoin(base, f"https:{plain}" if plain.startswith("//") else plain)
    except ValueError:
        return None
    return full if full.startswith(("http://", "https://")) else None


def shown_price(value: object, market: str | None = None, *, currency: str | None = None) -> PriceFields:
    """The price fields of a price as shown; `currency` is what the page says apart from the text."""
    plain = text(value)
    if plain is None:
        return {}
    found = parse_price(plain, market)
    if found is None:
        return {"price_text": plain, "currency": currency}
    return {"price": found.amount, "currency": currency or found.currency, "price_text": plain}


def exact_price(
    value: object, currency: str | None, shown: object = None, market: str | None = None
) -> PriceFields:
    """The price fields of a plain number; without one, of the text that is shown."""
    number = amount(value)
    if number is None:
        return shown_price(shown, market, currency=currency)
    return {"price": number, "currency": currency, "price_text": text(shown)}


def shown_count(
    value: object, kind: CountKind, market: str | None = None, language: str | None = None
) -> CountFields:
    """The count fields of a count as shown; where the text is ambiguous only the text is kept."""
    plain = text(value)
    if plain is None:
        return {}
    found = parse_count(plain, market, language)
    if found is None:
        return {"count_text": plain}
    return {"count": int(found.value), "count_kind": kind, "count_floor": found.is_floor, "count_text": plain}


def exact_count(value: object, kind: CountKind, shown: object = None) -> CountFields:
    """The count fields of a number that is known exactly."""
    number = whole(value)
    if number is None:
        return {}
    return {"count": number, "count_kind": kind, "count_floor": False, "count_text": text(shown)}


def extra(**values: object) -> dict[str, str | int | float | bool | None]:
    """What else the page says; values that are None, empty or no scalars are left out."""
    return {
        name: value for name, value in values.items() if isinstance(value, (str, int, float, bool)) and value != ""
    }


def joined(values: Iterable[Any], mark: str = " | ") -> str:
    """The texts among the values, in one line."""
    return mark.join(part for value in values if (part := text(value)))
