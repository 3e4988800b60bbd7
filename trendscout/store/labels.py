"""Doubtful joins to be asked about, and what the seller answered: labels, kept beside the decisions they make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from trendscout.errors import UsageError
from trendscout.store.products import Word
from trendscout.store.sql import Connection, naive, one

Judgement = Literal["S", "V", "D"]  # the same sellable product, a variant, another product
WORDS: Mapping[Judgement, Word] = {"S": "merge", "V": "variants", "D": "split"}
# Of `sides` (product_id, listing, verdict, probability), each product's weakest likely listing a, and the surest
# other one b; a pair that was decided on is not asked again.
WEAKEST_JOINS = """
    FROM sides a JOIN sides b ON a.product_id = b.product_id AND a.listing <> b.listing
    WHERE a.verdict = 'likely' AND a.probability IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM decisions d WHERE least(d.listing_a, d.listing_b) = least(a.listing, b.listing)
                                    AND greatest(d.listing_a, d.listing_b) = greatest(a.listing, b.listing))
    QUALIFY row_number() OVER (
        PARTITION BY a.product_id ORDER BY a.probability, a.listing, b.probability DESC, b.listing) = 1"""


@dataclass(frozen=True, slots=True)
class Join:
    """Two listings of one product, and what the matcher said of the first."""

    listing: int
    other: int
    verdict: str
    probability: float | None


def join_of(connection: Connection, first: str, second: str) -> Join:
    """The join of two listings, by their ids.

    Raises UsageError if they are not of one product, or not any more.
    """
    row = one(
        connection,
        """SELECT a.listing, b.listing, a.verdict, a.probability
        FROM memberships a JOIN memberships b USING (product_id)
        WHERE lower(to_hex(a.listing)) = $1 AND lower(to_hex(b.listing)) = $2 AND a.listing <> b.listing""",
        [first, second],
    )
    if row is None:
        raise UsageError(
            "These two listings are not one product, or not any more.",
            next_step="Load the page anew and look at the product.",
        )
    return Join(*row)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A listing that a product may have wrongly, beside the product's surest other listing."""

    position: int  # of the product in the report that was shown last
    product: str
    listing: int
    other: int
    title: str
    other_title: str
    place: str  # platform and market
    other_place: str
    price: str  # with its currency; empty: not known
    other_price: str
    verdict: str
    probability: float
    reason: str


def doubts(connection: Connection, *, most: int, now: datetime) -> list[Doubt]:
    """The joins of shown products that are least sure, the top row's first; with those answered `most` a day.

    One a product; a pair that the seller has judged or decided on is not asked again.
    """
    day = naive(now)
    answered = one(connection, "SELECT count(*) FROM labels WHERE answered_at > ?", [day - timedelta(days=1)])
    shown = one(connection, "SELECT arg_max(report, as_of) FROM shown")
    rows = json.loads(shown[0]) if shown and shown[0] else {}
    position = {product: row["position"] for product, row in rows.items()}
    found = connection.execute(
        f"""WITH sides AS (
            SELECT m.product_id, m.listing, m.verdict, m.probability, m.reason, title,
                   concat_ws(' ', platform, market) AS place,
                   coalesce(concat_ws(' ', price::VARCHAR, currency), '') AS price
            FROM memberships m JOIN listings USING (listing) WHERE list_contains(?, m.product_id) AND title <> '')
        SELECT a.product_id, a.listing, b.listing, a.title, b.title, a.place, b.place, a.price, b.price,
               a.verdict, a.probability, a.reason {WEAKEST_JOINS}""",
        [list(position)],
    ).fetchall()
    asked = sorted((Doubt(position[row[0]], *row) for row in found), key=lambda doubt: doubt.position)
    return asked[: max(0, most - (answered[0] if answered else 0))]


def keep_label(
    connection: Connection, doubt: Doubt | Join, judgement: Judgement, matcher: int, at: datetime
) -> None:
    """Keep the seller's answer with what the matcher had said."""
    connection.execute(
        "INSERT INTO labels VALUES (?, ?, ?, ?, ?, ?, ?)",
        [naive(at), doubt.listing, doubt.other, judgement, doubt.verdict, doubt.probability, matcher],
    )


def judged_right(connection: Connection) -> tuple[int, int]:
    """Of the joins that the seller judged, how many were right, and how many there are."""
    row = one(connection, "SELECT count(*) FILTER (judgement = 'S'), count(*) FROM labels")
    return (row[0], row[1]) if row else (0, 0)
