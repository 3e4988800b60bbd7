"""What a report says of a product beside its score: listings, sightings with their curves, prices, kin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from trendscout.model import Point, Presence, Sighting
from trendscout.store.query import PRODUCT
from trendscout.store.sql import aware, naive

if TYPE_CHECKING:
    import duckdb

# The products that are asked for as one text: of a list, DuckDB's client looks for pandas once a value, 1 ms each.
_ASKED_FOR = "(SELECT DISTINCT unnest(string_split($1, chr(31))) AS asked)"
# The listings (l, m) of these, as a join: thousands are not searched row by row.
_ASKED = f"JOIN {_ASKED_FOR} ON asked = {PRODUCT}"


@dataclass(frozen=True, slots=True)
class ListingFacts:
    """One listing of a product as last shown at the time asked about."""

    product_id: str
    listing_id: str
    platform: str
    market: str | None
    item_key: str
    title: str | None
    url: str | None
    image: str | None
    seller: str | None
    listed_at: datetime | None
    first_seen: datetime
    price: Decimal | None
    currency: str | None
    count: float | None
    count_kind: str | None
    count_floor: bool | None
    rating: float | None
    reviews: int | None
    verdict: str
    probability: float | None
    reason: str


def listings_of(
    connection: duckdb.DuckDBPyConnection, products: Sequence[str], *, until: datetime
) -> Mapping[str, tuple[ListingFacts, ...]]:
    """The listings of each product that were seen by `until`, the earliest first."""
    rows = connection.execute(
        f"""WITH wanted AS (
            SELECT {PRODUCT} AS product, l.*, coalesce(m.verdict, 'alone') AS verdict, m.probability,
                   coalesce(m.reason, '') AS reason
            FROM listings l LEFT JOIN memberships m USING (listing) {_ASKED} WHERE l.first_seen <= $2),
        last AS (
            SELECT listing, arg_max(price, taken_at) AS price, arg_max(currency, taken_at) AS currency,
                   arg_max(count, taken_at) AS count, arg_max(count_kind, taken_at) AS count_kind,
                   arg_max(count_floor, taken_at) AS count_floor, arg_max(rating, taken_at) AS rating,
                   arg_max(reviews, taken_at) AS reviews
            FROM observations SEMI JOIN wanted USING (listing) WHERE taken_at <= $2 GROUP BY listing)
        SELECT product, lower(to_hex(w.listing)), platform, market, item_key, title, url, image, seller,
               listed_at, first_seen, o.price, o.currency, o.count, o.count_kind, o.count_floor,
               round(o.rating::DOUBLE, 2), o.reviews, verdict, probability, reason
        FROM wanted w LEFT JOIN last o USING (listing) ORDER BY product, first_seen, platform, market, item_key""",
        [_text(products), naive(until)],
    ).fetchall()
    by_product: dict[str, list[ListingFacts]] = {}
    for row in rows:
        values = dict(zip((field.name for field in fields(ListingFacts)), row, strict=True))
        moments = {name: values[name] and aware(values[name]) for name in ("listed_at", "first_seen")}
        facts = ListingFacts(**{**values, **moments})
        by_product.setdefault(facts.product_id, []).append(facts)
    return {product: tuple(listings) for product, listings in by_product.items()}


def listing_names(connection: duckdb.DuckDBPyConnection) -> Mapping[str, tuple[str, str | None, str]]:
    """Platform, market and the platform's own id of every listing, by its key as text."""
    rows = connection.execute("SELECT listing::VARCHAR, platform, market, item_key FROM listings").fetchall()
    return {key: (platform, market, item_key) for key, platform, market, item_key in rows}


def sightings_of(
    connection: duckdb.DuckDBPyConnection, products: Sequence[str], *, since: datetime | None, until: datetime
) -> Mapping[str, tuple[Sighting, ...]]:
    """Where each product was seen by `until`, the best current place first; curves since `since`, if any."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE d_seen AS
        WITH mine AS MATERIALIZED (SELECT listing, item_key, url, {PRODUCT} AS product
            FROM listings l LEFT JOIN memberships m USING (listing) {_ASKED})
        SELECT product, list_key, taken_at, min(rank) AS rank, arg_min(o.count, rank) AS count,
               arg_min(count_kind, rank) AS count_kind, arg_min(count_floor, rank) AS count_floor,
               arg_min(o.price, coalesce(rank, 0)) AS price, arg_min(o.currency, coalesce(rank, 0)) AS currency,
               arg_min(l.item_key, coalesce(rank, 0)) AS item_key, arg_min(l.url, coalesce(rank, 0)) AS url
        FROM observations o JOIN mine l USING (listing) WHERE taken_at <= $2 GROUP BY ALL""",
        [_text(products), naive(until)],
    )
    curves = {} if since is None else _curves(connection, since, until)
    rows = connection.execute(
        """SELECT product, list_id, platform, market, min(taken_at), min(rank), first(rank ORDER BY taken_at),
                  arg_max(rank, taken_at),
                  max(taken_at) = (SELECT max(taken_at) FROM snapshots s WHERE s.list_key = any_value(d.list_key)
                                   AND status IN ('ok', 'partial') AND taken_at <= $1),
                  arg_max(url, taken_at), arg_max(item_key, taken_at), arg_max(count, taken_at),
                  arg_max(count_kind, taken_at), arg_max(count_floor, taken_at), arg_max(currency, taken_at)
        FROM d_seen d JOIN lists USING (list_key) GROUP BY product, list_id, platform, market
        ORDER BY product, arg_max(rank, taken_at) NULLS LAST, list_id""",
        [naive(until)],
    ).fetchall()
    connection.execute("DROP TABLE d_seen")
    by_product: dict[str, list[Sighting]] = {}
    for product, list_id, platform, market, since_at, best, first, rank, standing, url, key, *rest in rows:
        count, kind, floor, currency = rest
        by_product.setdefault(product, []).append(
            Sighting(
                platform=platform,
                market=market,
                since=since_at.replace(tzinfo=UTC),
                list_id=list_id,
                rank=rank if standing else None,
                best_rank=best,
                first_rank=first,
                curve=tuple(curves.get((product, list_id), ())),
                url=url,
                item_key=key,
                count=count,
                count_kind=kind,
                count_floor=floor,
                currency=currency,
            )
        )
    return {product: tuple(sightings) for product, sightings in by_product.items()}


def _curves(
    connection: duckdb.DuckDBPyConnection, since: datetime, until: datetime
) -> Mapping[tuple[str, str], Sequence[Point]]:
    """By product and list, the looks of that time at what is in `d_seen`."""
    curves: dict[tuple[str, str], list[Point]] = {}
    for product, list_id, taken_at, status, depth, seen, rank, count, price in connection.execute(
        """SELECT p.product, li.list_id, s.taken_at, s.status, s.depth, d.product IS NOT NULL, d.rank, d.count,
                  d.price
        FROM (SELECT DISTINCT product, list_key FROM d_seen) p JOIN snapshots s USING (list_key)
        JOIN lists li USING (list_key) LEFT JOIN d_seen d USING (product, list_key, taken_at)
        WHERE s.taken_at BETWEEN $1 AND $2 ORDER BY p.product, li.list_id, s.taken_at""",
        [naive(since), naive(until)],
    ).fetchall():
        presence = _presence(seen=seen, status=status, depth=depth)
        curves.setdefault((product, list_id), []).append(
            Point(taken_at.replace(tzinfo=UTC), presence, rank, count, price)
        )
    return curves


def kin_of(connection: duckdb.DuckDBPyConnection, products: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """Product id → (variants, near copies)."""
    rows = connection.execute(
        f"""WITH kin AS (SELECT listing_a AS listing, listing_b AS other, kind FROM kinships
                     UNION ALL SELECT listing_b, listing_a, kind FROM kinships),
        named AS (SELECT l.listing, {PRODUCT} AS product FROM listings l LEFT JOIN memberships m USING (listing))
        SELECT mine.product, count(DISTINCT theirs.product) FILTER (kind = 'variant'),
               count(DISTINCT theirs.product) FILTER (kind = 'near_copy')
        FROM kin JOIN named mine USING (listing) JOIN named theirs ON theirs.listing = kin.other
        SEMI JOIN {_ASKED_FOR} ON asked = mine.product
        WHERE mine.product <> theirs.product GROUP BY 1""",
        [_text(products)],
    ).fetchall()
    return {product: (variants, copies) for product, variants, copies in rows}


def _text(products: Sequence[str]) -> str:
    return chr(31).join(products)


def _presence(*, seen: bool, status: str, depth: int) -> Presence:
    if seen:
        return "seen"
    return "absent" if status == "ok" and depth > 0 else "not_looked"


def suspects_of(connection: duckdb.DuckDBPyConnection, products: Sequence[str]) -> Mapping[str, tuple[str, float]]:
    """Product id → (item key, times cheaper) of its most suspicious offer."""
    rows = connection.execute(
        f"""SELECT {PRODUCT} AS product, arg_max(item_key, times_cheaper), max(times_cheaper)
        FROM suspects JOIN listings l USING (listing) LEFT JOIN memberships m USING (listing) {_ASKED}
        GROUP BY product""",
        [_text(products)],
    ).fetchall()
    return {product: (key, times) for product, key, times in rows}


@dataclass(frozen=True, slots=True)
class Notice:
    """One recall notice of an authority."""

    title: str
    url: str | None


def notices(connection: duckdb.DuckDBPyConnection, *, until: datetime) -> list[Notice]:
    """The recall notices that were collected by `until`, the newest first."""
    rows = connection.execute(
        """SELECT title, url FROM listings SEMI JOIN (
            SELECT listing FROM observations SEMI JOIN (SELECT list_key FROM lists WHERE kind = 'recalls')
            USING (list_key) WHERE taken_at <= ?) USING (listing)
        WHERE title <> '' ORDER BY coalesce(listed_at, first_seen) DESC, item_key""",
        [naive(until)],
    ).fetchall()
    return [Notice(*row) for row in rows]
