"""Doubtful joins to be asked about, and what the seller answered: labels, kept beside the decisions they make."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from trendscout.errors import UsageError
from trendscout.store.products import Word
from trendscout.store.sql import Connection, naive, one

Judgement = Literal["S", "V", "D"]  # the same sellable product, a variant, another product
A_DAY = 5  # doubtful joins that a seller is asked about
WORDS: Mapping[Judgement, Word] = {"S": "merge", "V": "variants", "D": "split"}


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
class Side:
    """One of the two listings that are asked about, as it was last seen."""

    platform: str
    market: str | None
    title: str
    price: Decimal | None
    currency: str | None
    url: str | None
    image: str | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A listing that a product may have wrongly, beside the product's surest other listing."""

    position: int  # of the product in what was shown
    product: str
    listing: int
    other: int
    sides: tuple[Side, Side]  # of `listing` and of `other`
    verdict: str
    probability: float
    reason: str

    @property
    def pair(self) -> str:
        """The ids of the two listings."""
        return f"{self.listing:x} {self.other:x}"  # keys have 63 bits


def doubts(
    connection: Connection,
    shown: Mapping[str, int],
    *,
    most: int,
    now: datetime,
    passed: Collection[frozenset[str]] = (),
) -> list[Doubt]:
    """The joins of shown products (id → position) that are least sure, the top row's first.

    With those answered within a day not more than `most`, one a product; a pair that the seller has judged or
    decided on is not asked again. `passed` are pairs of ids of listings whose answer is on its way into the store:
    they count as answered.
    """
    day = naive(now)
    answered = one(connection, "SELECT count(*) FROM labels WHERE answered_at > ?", [day - timedelta(days=1)])
    sides = ", ".join(f"{side}.{name}" for side in "ab" for name in Side.__dataclass_fields__)
    joins = connection.execute(
        f"""WITH sides AS (
            SELECT m.product_id, m.listing, m.verdict, m.probability, m.reason, title,
                   platform, market, price, currency, url, image
            FROM memberships m JOIN listings USING (listing) WHERE list_contains(?, m.product_id) AND title <> '')
        SELECT a.product_id, a.listing, b.listing, a.verdict, a.probability, a.reason, {sides}
        FROM sides a JOIN sides b ON a.product_id = b.product_id AND a.listing <> b.listing
        WHERE a.verdict = 'likely' AND a.probability IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM decisions d WHERE least(d.listing_a, d.listing_b) = least(a.listing, b.listing)
                                        AND greatest(d.listing_a, d.listing_b) = greatest(a.listing, b.listing))
        QUALIFY row_number() OVER (
            PARTITION BY a.product_id ORDER BY a.probability, a.listing, b.probability DESC, b.listing) = 1""",
        [list(shown)],
    ).fetchall()
    half = len(Side.__dataclass_fields__)
    asked = [
        Doubt(shown[product], product, a, b, (Side(*facts[:half]), Side(*facts[half:])), *said)
        for product, a, b, *said, facts in ((*row[:6], row[6:]) for row in joins)
    ]
    left = most - (answered[0] if answered else 0) - len(passed)
    open_ = (one for one in asked if frozenset(one.pair.split()) not in passed)
    return sorted(open_, key=lambda doubt: doubt.position)[: max(0, left)]


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
