"""What a category is like to sell in: concentration, churn at its top, and price wars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

MIN_PRODUCTS = 10
WAR_FALL = 0.1  # the floor price fell by a tenth ...
WAR_COPIES = 1.5  # ... while near-copies grew by half


def concentration(amounts: Sequence[float]) -> float | None:
    """Share of a category's sales or views that its top fifth has, 0-1; None for too few or nothing."""
    known = sorted((amount for amount in amounts if math.isfinite(amount) and amount >= 0), reverse=True)
    total = sum(known)
    if len(known) < MIN_PRODUCTS or not total:
        return None
    return sum(known[: math.ceil(len(known) / 5)]) / total


def churn(before: AbstractSet[str], after: AbstractSet[str]) -> float | None:
    """Share of a list's top that is not the top of before, 0-1; None if there was none before."""
    return len(after - before) / len(after) if before and after else None


@dataclass(frozen=True, slots=True)
class PriceWar:
    """A price war: by how much the floor price fell, and how many times the near-copies multiplied."""

    fall: float
    copies: float


def price_war(floors: Sequence[float], copies: Sequence[int]) -> PriceWar | None:
    """The price war among near-copies, if there is one; both series oldest first, over the same days.

    The floor is the lowest price of the product and its near-copies on a day.
    """
    if len(floors) < 2 or len(copies) < 2 or floors[0] <= 0:
        return None
    fall = 1 - floors[-1] / floors[0]
    growth = (copies[-1] + 1) / (copies[0] + 1)
    return PriceWar(fall, growth) if fall >= WAR_FALL and growth >= WAR_COPIES else None
