"""Histories made by hand: rows of (list, hour, rank, item) and, where they matter, counts and depths."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from trendscout.history import History, history_of

START = datetime(2026, 3, 2, tzinfo=UTC)
Rows = Iterable[tuple[Any, ...]]


def made(rows: Rows, *, start: datetime = START, depth: dict[float, int] | None = None) -> History:
    """A history of (list, hour, rank, item) or (list, hour, rank, item, count, count is a floor)."""
    full = [(*row, None, False)[:6] for row in rows]
    lists, items = (
        np.unique(np.array([str(row[place]) for row in full], object), return_inverse=True) for place in (0, 3)
    )
    moments = [(start + timedelta(hours=float(row[1]))).timestamp() // 1 for row in full]
    return history_of(
        lists,
        items,
        np.array(moments, np.int64),
        np.array([row[2] for row in full], np.int32),
        title=items,
        count=np.array([row[4] for row in full], np.float64),
        count_floor=np.array([row[5] for row in full], bool),
        **({"depth": np.array([depth.get(row[1], 0) for row in full])} if depth else {}),
    )


def market(seed: int, *, days: int = 60, length: int = 50, lists: int = 1) -> History:
    """Lists on which newcomers climb, linger and fade: an item's strength is a bump of its own size."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(lists):
        born = random.uniform(-30, days, 6 * days)
        height, width = random.gamma(2.0, 2.0, len(born)), random.uniform(3, 25, len(born))
        base = random.gamma(1.0, 0.3, len(born))
        for day in range(days):
            age = day - born
            strength = base + height * np.where(age > 0, (age / width) * np.exp(1 - age / width), 0)
            strength = np.where(age > 0, strength + random.gamma(1.0, 0.15, len(born)), 0)
            best = np.argsort(-strength)[:length]
            rows += [
                (f"shop_US/bestsellers/c{number}", 24 * day, place + 1, f"i{number}-{item:04}")
                for place, item in enumerate(best)
                if strength[item] > 0
            ]
    return made(rows)
