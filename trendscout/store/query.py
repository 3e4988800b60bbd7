"""Reading the store: histories as arrays for the ranking, facts and curves for the rows of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trendscout.history import History
from trendscout.store.sql import arrays, arrow, bounded, naive

if TYPE_CHECKING:
    import duckdb

    from trendscout.tables import Table

# Of a platform that lists things: recall notices and exchange rates are none.
LISTED = "platform NOT IN (SELECT platform FROM lists WHERE kind IN ('recalls', 'rates'))"
# The product of a listing that the matcher has not joined: itself.
PRODUCT = "coalesce(m.product_id, 'p:' || lower(to_hex(l.listing)))"
_EVER = datetime(1, 1, 1, tzinfo=UTC)
_BATCH = 100_000  # rows of an answer at a time
_READ_MB = 200  # 10 million places of 550,000 titles are read within 160


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lists a question is about; empty fields mean all."""

    market: str | None = None
    source: str | None = None  # a source's name or a platform's
    category: str | None = None

    def where(self) -> tuple[str, list[str]]:
        """A condition on the columns of `lists`, and its parameters."""
        parts, values = ["TRUE"], []
        for condition, value in (
            ("market = ?", self.market),
            ("? IN (source, platform)", self.source),
            ("category = ?", self.category),
        ):
            if value:
                parts.append(condition)
                values.append(value)
        return " AND ".join(parts), values


ANYWHERE = Scope()


def names_of(
    connection: duckdb.DuckDBPyConnection, scope: Scope
) -> Iterator[tuple[str, str | None, frozenset[str]]]:
    """(option, what the scope asks for, what the store has) of market, source and category."""
    for option, value, columns in (
        ("--market", scope.market, "market"),
        ("--source", scope.source, "unnest([source, platform])"),
        ("--category", scope.category, "category"),
    ):
        rows = connection.execute(f"SELECT DISTINCT {columns} FROM lists").fetchall()
        yield option, value, frozenset(name for (name,) in rows if name)


def lists_within(connection: duckdb.DuckDBPyConnection, scope: Scope) -> frozenset[str]:
    """The ids of the lists that a scope holds."""
    where, values = scope.where()
    found = connection.execute(f"SELECT list_id FROM lists WHERE {where}", values).fetchall()
    return frozenset(row[0] for row in found)


@bounded(_READ_MB)
def history(
    connection: duckdb.DuckDBPyConnection,
    *,
    until: datetime,
    since: datetime | None = None,
    by: str = "product",
) -> History:
    """All ordered looks from `since` to `until`, both included, as arrays.

    Items are products, each list keeping the best rank among a product's listings, or listings where `by` is
    "listing"; each with the title that it was first seen with, of listings that were known by `until`. Looks that
    failed are left out.
    """
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE h_snaps AS
        SELECT list_key, taken_at, list_id, depth, coalesce(length, -1) AS length,
               (row_number() OVER (ORDER BY list_id, taken_at) - 1)::INTEGER AS snap
        FROM snapshots JOIN lists USING (list_key)
        WHERE status IN ('ok', 'partial') AND entries > 0 AND taken_at <= ? AND taken_at >= ?""",
        [naive(until), naive(since or _EVER)],
    )
    key = PRODUCT if by == "product" else "l.listing::VARCHAR"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE h_items AS
        SELECT l.listing, {key} AS item, first_title, first_titled_at,
               (dense_rank() OVER (ORDER BY item) - 1)::INTEGER AS code,
               count(*) OVER (PARTITION BY item) > 1 AS shared
        FROM listings l LEFT JOIN memberships m USING (listing) WHERE first_seen <= ?""",
        [naive(until)],
    )
    places = """SELECT snap, code, rank, count, coalesce(count_floor, FALSE) AS floor
        FROM observations JOIN h_snaps USING (list_key, taken_at) JOIN h_items USING (listing)
        WHERE rank IS NOT NULL"""
    # Grouping costs as much as all else, and most products have one listing.
    rows = f"""{places} AND NOT shared UNION ALL
        SELECT snap, code, min(rank), arg_min(count, rank), bool_or(floor)
        FROM ({places} AND shared) GROUP BY snap, code"""
    # Whole seconds, as a report counts its own time: rounded, a look of this second would lie behind it.
    snaps = arrays(
        connection,
        "SELECT list_id, epoch_us(taken_at) // 1_000_000 AS t, depth, length FROM h_snaps ORDER BY snap",
    )
    items = arrays(
        connection,
        """SELECT code, item, coalesce(title, '') AS title FROM (
            SELECT code, item, if(first_titled_at <= getvariable('until'), first_title, NULL) AS title
            FROM h_items WHERE NOT shared UNION ALL
            SELECT code, any_value(item), arg_min(first_title, (first_titled_at, listing))
                FILTER (first_titled_at <= getvariable('until'))
            FROM h_items WHERE shared GROUP BY code) ORDER BY code""",
        until=naive(until),
    )
    # A count that is not shown is NaN for the arrays.
    obs = arrays(
        connection,
        f"""SELECT snap, code, rank, coalesce(count, 'NaN') AS count, floor FROM ({rows})
        ORDER BY snap, rank, code""",
    )
    for table in ("h_snaps", "h_items"):
        connection.execute(f"DROP TABLE {table}")
    return _history(snaps, obs, items)


def _history(snaps: dict[str, Any], obs: dict[str, Any], items: dict[str, Any]) -> History:
    import numpy as np

    list_id = snaps["list_id"]
    new = np.append(True, list_id[1:] != list_id[:-1])[: len(list_id)]
    return History(
        lists=tuple(list_id[new].tolist()),
        items=items["item"],
        snap_list=(np.cumsum(new) - 1).astype(np.int32),
        snap_time=snaps["t"],
        snap_depth=snaps["depth"],
        snap_length=snaps["length"],
        obs_snap=obs["snap"],
        obs_item=obs["code"],
        obs_rank=obs["rank"],
        obs_count=obs["count"],
        obs_floor=obs["floor"],
        titles=items["title"],
    )


def crowd_prices(
    connection: duckdb.DuckDBPyConnection,
    *,
    now: datetime,
    usd_per: Callable[[str], float | None],
) -> Mapping[str, Sequence[float]]:
    """The prices on each list's last look before `now`, in US dollars where the currency is known."""
    rows = connection.execute(
        """SELECT list_id, price::DOUBLE, currency FROM observations JOIN lists USING (list_key)
        JOIN (SELECT list_key, max(taken_at) AS taken_at FROM snapshots
              WHERE status IN ('ok', 'partial') AND taken_at <= ? GROUP BY list_key) USING (list_key, taken_at)
        WHERE price IS NOT NULL ORDER BY list_id, rank""",
        [naive(now)],
    ).fetchall()
    worth = {currency: usd_per(currency) for currency in {row[2] for row in rows} if currency}
    by_list: dict[str, list[float]] = {}
    for list_id, price, currency in rows:
        rate = worth.get(currency)
        if rate is not None:
            by_list.setdefault(list_id, []).append(price * rate)
    return by_list


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """What a product is called, and where it was first seen."""

    product: str
    title: str
    category: str
    market: str | None
    seller: str | None

    @property
    def brands(self) -> tuple[str, ...]:
        """The names that its words are not counted by."""
        return (self.seller,) if self.seller else ()


def known_products(
    connection: duckdb.DuckDBPyConnection, *, since: datetime, until: datetime
) -> Iterator[KnownProduct]:
    """Each titled product once for every category and market in which it was listed in that time."""
    found = _known_products(connection, since, until)
    for start in range(0, len(found), _BATCH):
        columns = found.slice(start, min(_BATCH, len(found) - start)).columns
        yield from map(KnownProduct, *(column.to_pylist() for column in columns))


@bounded(_READ_MB)
def _known_products(connection: duckdb.DuckDBPyConnection, since: datetime, until: datetime) -> Table:
    return arrow(
        connection,
        f"""SELECT {PRODUCT} AS product, any_value(title), category, market, any_value(seller)
        FROM (SELECT DISTINCT list_key, listing FROM observations
              WHERE taken_at > getvariable('since') AND taken_at <= getvariable('until'))
        JOIN (SELECT list_key, category FROM lists) USING (list_key) JOIN listings l USING (listing)
        LEFT JOIN memberships m USING (listing)
        WHERE title <> '' AND title <> item_key GROUP BY product, category, market ORDER BY ALL""",
        since=naive(since),
        until=naive(until),
    )


def looks_between(connection: duckdb.DuckDBPyConnection, *, since: datetime, until: datetime) -> int:
    """How many looks were taken after `since` until `until`."""
    rows = connection.execute(
        "SELECT count(*) FROM snapshots WHERE taken_at > ? AND taken_at <= ?", [naive(since), naive(until)]
    ).fetchall()
    return int(rows[0][0])


def titled_products(
    connection: duckdb.DuckDBPyConnection, *, since: datetime, until: datetime
) -> list[tuple[str, list[str], datetime]]:
    """Each product seen in that time: its titles, and when it was first seen; recalls and rates are none."""
    rows = connection.execute(
        f"""SELECT {PRODUCT} AS product, list(DISTINCT title ORDER BY title), min(first_seen)
        FROM listings l LEFT JOIN memberships m USING (listing)
        WHERE title <> '' AND last_seen > ? AND first_seen <= ?
          AND {LISTED}
        GROUP BY product ORDER BY product""",
        [naive(since), naive(until)],
    ).fetchall()
    return [(product, titles, first.replace(tzinfo=UTC)) for product, titles, first in rows]


def first_sightings(
    connection: duckdb.DuckDBPyConnection, *, until: datetime
) -> list[dict[tuple[str, str | None], datetime]]:
    """For each product seen in several places: (platform, market) → its first sighting there."""
    rows = connection.execute(
        """WITH joined AS (SELECT product_id FROM memberships GROUP BY product_id HAVING count(*) > 1)
        SELECT list((platform, market, first_seen)) FROM (
            SELECT product_id, platform, market, min(first_seen) AS first_seen
            FROM listings JOIN memberships USING (listing) SEMI JOIN joined USING (product_id)
            WHERE first_seen <= ? GROUP BY ALL)
        GROUP BY product_id HAVING count(*) > 1 ORDER BY product_id""",
        [naive(until)],
    ).fetchall()
    return [{(platform, market): first.replace(tzinfo=UTC) for platform, market, first in row[0]} for row in rows]


def places_since(connection: duckdb.DuckDBPyConnection) -> Mapping[tuple[str, str | None], datetime]:
    """When the watch of each (platform, market) began."""
    rows = connection.execute(
        """SELECT platform, market, min(taken_at) FROM snapshots JOIN lists USING (list_key)
        WHERE status IN ('ok', 'partial') GROUP BY ALL"""
    ).fetchall()
    return {(platform, market): first.replace(tzinfo=UTC) for platform, market, first in rows}


def watched_since(connection: duckdb.DuckDBPyConnection) -> Mapping[str, tuple[tuple[int, datetime], ...]]:
    """How deep each list was watched, and since when: its first look, and each that went deeper than before."""
    rows = connection.execute(
        """SELECT list_id, list((depth, taken_at) ORDER BY taken_at) FROM (
            SELECT list_key, depth, taken_at, max(depth) OVER (
                PARTITION BY list_key ORDER BY taken_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
            FROM snapshots WHERE status IN ('ok', 'partial'))
        JOIN lists USING (list_key) WHERE before IS NULL OR depth > before GROUP BY list_id"""
    ).fetchall()
    return {list_id: tuple((depth, at.replace(tzinfo=UTC)) for depth, at in steps) for list_id, steps in rows}
