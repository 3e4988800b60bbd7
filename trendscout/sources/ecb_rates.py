"""What one euro costs in other currencies: the European Central Bank's reference rates of a day.

They are no ranking: a row is a currency with its price of one euro, and `listed_at` is the day of the rates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from trendscout.errors import LayoutChanged
from trendscout.model import Entry, Page, Query, Request
from trendscout.sources.source import Reader, Source, list_id
from trendscout.text.markup import parse_feed

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ADDRESS = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
_MAX_ROWS = 200


def _requests(_query: Query) -> Sequence[Request]:
    """The rates of the last working day, about 2 kB."""
    return (Request(_ADDRESS),)


def _query_of(url: str) -> Query | None:
    """The only list there is."""
    return Query("ecb_rates", "EU", "rates") if "eurofxref" in url else None


def _read(page: Page) -> Iterator[Entry]:
    """A row a currency of the newest day in the file."""
    days = [(str(one.get("time")), one) for one in parse_feed(page).iter() if one.get("time")]
    if not days:
        raise LayoutChanged("The file of rates names no day.")
    day, rates = max(days, key=lambda named: named[0])
    try:
        at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError as error:
        raise LayoutChanged("The file of rates names no day.") from error
    name = list_id(page.query)
    for rate in list(rates)[:_MAX_ROWS]:
        code, units = rate.get("currency"), _units(rate)
        if code and units is not None:
            yield Entry(name, None, code, price=units, currency=code, listed_at=at)


def _units(rate: Element) -> Decimal | None:
    try:
        units = Decimal(rate.get("rate") or "")
    except InvalidOperation:
        return None
    return units if units.is_finite() and units > 0 else None


SOURCES = (
    Source(
        name="ecb_rates",
        platform="ecb",
        sells=False,
        title="European Central Bank: exchange rates of the day",
        kinds=("rates",),
        markets=("EU",),
        everywhere=True,
        way_in=("live", "own"),
        terms="https://www.ecb.europa.eu/services/using-our-site/disclaimer/html/index.en.html",
        why=(
            "On: a small file for programs, free to use with its source named. Prices in other currencies are "
            "turned into dollars by it."
        ),
        key_form=r"[A-Z]{3}",
        readers=(Reader("daily file", lambda page: b"Cube" in page.body[:4000], _read),),
        hosts=("www.ecb.europa.eu",),
        default_on=True,
        requests=_requests,
        query_of=_query_of,
        marks=("ecb.europa.eu", "eurofxref"),
        alone=("rates",),
        ordered=False,
    ),
)
