"""Products: what the matcher joined, what the user said, and how a product is named on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from trendscout.errors import UsageError
from trendscout.store.query import PRODUCT
from trendscout.store.sql import affected, naive, registered, transaction

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Mark = Literal["mine", "watch", "ignore"]
LISTING_ID = "'p' || lower(to_hex(listing))"
_KEY_OF_ID = "('0x' || id[2:])::BIGINT"


@dataclass(frozen=True, slots=True)
class Decision:
    """The user's word on matching, by listing ids."""

    action: Literal["merge", "split"]
    a: str
    b: str | None


def records(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Every listing with a title, as the matcher takes them: id, source, title, brand, price, currency, image."""
    return connection.execute(
        f"""SELECT {LISTING_ID} AS id, platform || '_' || coalesce(market, 'XX') AS source, title, seller AS brand,
        price::DOUBLE AS price, currency, image, item_key FROM listings WHERE title IS NOT NULL AND title <> ''
        ORDER BY id"""
    ).to_arrow_table()


def memberships(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """What is joined so far: id (of the listing), product_id."""
    return connection.execute(
        f"SELECT {LISTING_ID} AS id, product_id FROM memberships ORDER BY id"
    ).to_arrow_table()


def save_matches(connection: duckdb.DuckDBPyConnection, members: pa.Table, kin: pa.Table) -> None:
    """Replace the products by what the matcher found.

    members: id, product_id, verdict, probability, reason. kin: product_a, product_b, kind (variant or near_copy),
    reason.
    """
    with transaction(connection), registered(connection, members=members, kin=kin):
        connection.execute("DELETE FROM memberships")
        connection.execute("DELETE FROM kinships")
        connection.execute(
            f"""INSERT INTO memberships BY NAME SELECT {_KEY_OF_ID} AS listing, product_id, verdict, probability,
            reason FROM members_view"""
        )
        connection.execute("INSERT INTO kinships BY NAME FROM kin_view")


def decisions(connection: duckdb.DuckDBPyConnection) -> list[Decision]:
    """What the user decided, oldest first."""
    rows = connection.execute(
        """SELECT action, 'p' || lower(to_hex(listing_a)), 'p' || lower(to_hex(listing_b))
        FROM decisions ORDER BY decided_at, listing_a"""
    ).fetchall()
    return [Decision(*row) for row in rows]


def decide(
    connection: duckdb.DuckDBPyConnection, action: Literal["merge", "split"], a: str, b: str | None, at: datetime
) -> None:
    """Remember the user's word on two products, or on one that is to fall apart into its listings."""
    listing_a = _listings_of(connection, a)[0]
    listing_b = _listings_of(connection, b)[0] if b else None
    connection.execute("INSERT INTO decisions VALUES (?, ?, ?, ?)", [naive(at), action, listing_a, listing_b])


def mark(connection: duckdb.DuckDBPyConnection, product_id: str, word: Mark, note: str, at: datetime) -> None:
    """Remember that a product is the seller's own, watched, or to be left out."""
    listings = _listings_of(connection, product_id)
    with transaction(connection):
        connection.execute("DELETE FROM marks WHERE list_contains(?, listing)", [listings])
        connection.execute("INSERT INTO marks VALUES (?, ?, ?, ?)", [listings[0], word, note, naive(at)])


def unmark(connection: duckdb.DuckDBPyConnection, product_id: str) -> int:
    """Forget a product's mark; how many there were."""
    return affected(
        connection, "DELETE FROM marks WHERE list_contains(?, listing)", [_listings_of(connection, product_id)]
    )


def marks(connection: duckdb.DuckDBPyConnection) -> Mapping[str, tuple[str, str]]:
    """Product id → (mark, note)."""
    rows = connection.execute(
        f"""SELECT {PRODUCT}, arg_max(mark, marked_at), arg_max(note, marked_at)
        FROM marks JOIN listings l USING (listing) LEFT JOIN memberships m USING (listing) GROUP BY 1"""
    ).fetchall()
    return {product: (word, note) for product, word, note in rows}


def find_product(connection: duckdb.DuckDBPyConnection, text: str) -> str:
    """The id of the product that `text` names: a product id, a platform's item key, or part of one title.

    Raises UsageError if there is none, or several (then it lists them).
    """
    rows = connection.execute(
        f"""WITH all_listings AS (SELECT {PRODUCT} AS product, item_key, title, last_seen
                FROM listings l LEFT JOIN memberships m USING (listing))
        SELECT product, any_value(title), min(CASE WHEN product = $1 OR item_key = $1 THEN 0 ELSE 1 END) AS far
        FROM all_listings WHERE product = $1 OR item_key = $1 OR contains(lower(title), lower($1))
        GROUP BY product ORDER BY far, max(last_seen) DESC, product LIMIT 6""",
        [text],
    ).fetchall()
    exact = [row for row in rows if row[2] == 0]
    found = exact or rows
    if len(found) == 1:
        return str(found[0][0])
    if not found:
        raise UsageError(
            "No product is called {text!r}.",
            next_step="Give its id or item key from the report, or a part of its title.",
            text=text,
        )
    raise UsageError(
        "{text!r} names several products: {names}.",
        next_step="Give one of these ids.",
        text=text,
        names="; ".join(f"{product} ({title})" for product, title, _ in found),
    )


def _listings_of(connection: duckdb.DuckDBPyConnection, product_id: str) -> Sequence[int]:
    rows = connection.execute(
        f"SELECT l.listing FROM listings l LEFT JOIN memberships m USING (listing) WHERE {PRODUCT} = ? ORDER BY 1",
        [product_id],
    ).fetchall()
    return [row[0] for row in rows]
