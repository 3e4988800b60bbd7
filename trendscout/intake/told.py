"""What is told of a table that was read: rows left out, cells lost, what nobody said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trendscout.findings import Finding, finding
from trendscout.lang import tr

_MOST_NAMES = 60

NO_ROWS = finding("table_empty")
NO_MARKET = finding("table_without_market")
NO_CURRENCY = finding("table_without_currency")
NO_RANK = finding("table_without_rank")
ROW_ORDER = finding("table_rank_of_rows")
LOW_END = finding("table_price_spans")
FIRST_IMAGE = finding("table_several_pictures")
NO_CURVE = finding("table_curve_not_kept")

# Why rows are left out.
NO_ID = tr("no id", "en")
ROUNDED_ID = tr("an id that a spreadsheet rounded (export it as text)", "en")
LONG_ID = tr("an id of more than 200 characters", "en")
FOREIGN_ID = tr("an id that is none of the platform's", "en")
NO_ID_IN_LINK = tr("an address without an id", "en")
REPEATED = tr("an item once more", "en")
NO_SKU = tr("no SKU", "en")
REPEATED_SKU = tr("a SKU that comes again", "en")
TOO_WIDE = tr("more cells than the header", "en")
TOO_NARROW = tr("fewer cells than the header", "en")
HEADER_AGAIN = tr("the header once more", "en")
ONE_CELL = tr("one cell only", "en")
NO_TIME = tr("a time that cannot be read", "en")
HARMLESS = frozenset({REPEATED, HEADER_AGAIN, ONE_CELL})  # the list is whole without them

# Why a table holds no list.
NO_GOODS = tr("no column names the goods", "en")
NO_FIGURES = tr("no column holds a price, a count or a rank", "en")
NO_HEADER = tr("it has no header row, and no column of it shows ids or links of goods", "en")
ONE_ITEM = tr("all rows are of one item: this is a product with its variants, no list", "en")
NONE_FITS = tr("none of its rows has as many cells as the header", "en")
ONLY_HEADER = tr("the table has a header and no rows", "en")


def rows_left(count: int, why: str) -> Finding:
    """So many rows were left out; `why` is one of the reasons above."""
    severe = finding("table_rows_left", count=count, why=why)
    return Finding(severe.code, severe.fields, "note") if why in HARMLESS else severe


def cut(rows: int) -> Finding:
    """The file has more rows than are read."""
    return finding("table_cut", rows=rows)


def cells_lost(field: str, column: str, present: int, lost: int, example: str) -> Finding:
    """So many cells of a column could not be read."""
    return finding("table_cells_lost", field=field, column=column, present=present, lost=lost, example=example)


def not_kept(columns: Sequence[str]) -> Finding:
    """Columns that the store has no place for."""
    names = ", ".join(columns[:_MOST_NAMES])
    more = len(columns) - _MOST_NAMES
    if more > 0:
        return finding("table_columns_not_kept_of_many", names=names, more=more)
    return finding("table_columns_not_kept", names=names)


def other_sheets(name: str, others: Sequence[str]) -> Finding:
    """One sheet of several was read."""
    return finding("table_sheet_of_several", name=name, others=", ".join(map(repr, others)))


def said_time(when: datetime) -> Finding:
    """The file says when it was exported."""
    return finding("table_says_time", when=f"{when:%Y-%m-%d %H:%M} UTC")


def other_market(told: str, said: str) -> Finding:
    """The file's word on the market stands against the user's."""
    return finding("table_other_market", told=told, said=said)


def other_currency(currency: str, market: str) -> Finding:
    """The prices are in another country's money."""
    return finding("table_other_currency", currency=currency, market=market)


def doubled_ranks(rank: int, times: int) -> Finding:
    """One place of the list is held by several rows, so the file holds several lists."""
    return finding("table_ranks_doubled", rank=rank, times=times)


def unclear_dates(column: str) -> Finding:
    """The dates of a column prove both orders."""
    return finding("table_dates_unclear", column=column)
