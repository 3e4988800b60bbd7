"""What a number or a time can be at all; beyond it, a file or a page says nonsense."""

from __future__ import annotations

import math
from datetime import UTC, datetime

MAX_RANK = 10**9  # Amazon's largest sales ranks have eight digits
MAX_COUNT = 10**13  # all views of the most watched video are 1.6 × 10^10
MAX_REVIEWS = 2**31 - 1  # what the store's column holds; the most reviewed goods have some millions
MAX_PRICE = 10**12  # a house in dong or rial
FIRST_SHOP = datetime(1995, 1, 1, tzinfo=UTC)  # nothing was sold on the web before
LAST_LOOK = datetime(2100, 1, 1, tzinfo=UTC)  # no clock is off by so much


def is_rank(value: float | None) -> bool:
    """Whether this can be a place in a list."""
    return value is not None and 1 <= value <= MAX_RANK


def is_count(value: float | None) -> bool:
    """Whether this can be how many: finite, and not below 0."""
    return value is not None and math.isfinite(value) and 0 <= value <= MAX_COUNT


def is_look(when: datetime) -> bool:
    """Whether a list can have been looked at then."""
    return FIRST_SHOP <= when < LAST_LOOK
