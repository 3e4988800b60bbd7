"""What currencies were worth, by day: the European Central Bank's rates as they were collected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from trendscout.money import Days
from trendscout.store.sql import Connection, naive

KIND = "rates"  # of lists that show what one euro costs in each currency, on the day that rows are "listed" on


def keep_staged_rates(connection: Connection, loaded_at: datetime) -> None:
    """Keep the rates among the staged rows; a day that reads differently now is corrected."""
    connection.execute(
        """MERGE INTO rates r USING (
            WITH told AS (SELECT list_key, taken_at, item_key, listed_at::DATE AS day, price::DOUBLE AS units
                FROM staged_rows JOIN (SELECT list_key FROM staged_lists WHERE kind = $1) USING (list_key)
                WHERE price > 0 AND listed_at IS NOT NULL),
            dollars AS (SELECT list_key, taken_at, day, units AS dollars FROM told WHERE item_key = 'USD')
            SELECT currency, day, arg_max(usd, taken_at) AS usd, $2::TIMESTAMP AS loaded_at FROM (
                SELECT item_key AS currency, day, dollars / units AS usd, taken_at
                FROM told JOIN dollars USING (list_key, taken_at, day)
                UNION ALL SELECT 'EUR', day, dollars, taken_at FROM dollars)
            GROUP BY currency, day) o
        ON r.currency = o.currency AND r.day = o.day
        WHEN MATCHED AND r.usd <> o.usd THEN UPDATE SET usd = o.usd, loaded_at = o.loaded_at
        WHEN NOT MATCHED THEN INSERT BY NAME""",
        [KIND, naive(loaded_at)],
    )


def bank_rates(connection: Connection, *, until: date) -> Mapping[str, Days]:
    """Dollars for one unit by currency, from each day on, the oldest first."""
    rows = connection.execute(
        """SELECT currency, list((day, usd) ORDER BY day) FROM (
            SELECT currency, day, any_value(usd) AS usd FROM rates WHERE day <= ? GROUP BY currency, day)
        GROUP BY currency""",
        [until],
    ).fetchall()
    return dict(rows)


def currencies_of(connection: Connection, *, since: datetime, until: datetime) -> list[str]:
    """The currencies of prices that were seen in that time."""
    rows = connection.execute(
        """SELECT DISTINCT currency FROM listings WHERE price IS NOT NULL AND currency <> ''
        AND last_seen BETWEEN ? AND ? AND platform NOT IN (SELECT platform FROM lists WHERE kind = ?)
        ORDER BY currency""",
        [naive(since), naive(until), KIND],
    ).fetchall()
    return [row[0] for row in rows]
