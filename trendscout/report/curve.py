"""Curves of a product: which one to show, and how it looks in one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from statistics import median

from trendscout.model import Point, Row, Sighting

BARS = "▁▂▃▄▅▆▇█"
ABSENT = "·"  # looked, and it was not on the list
NOT_LOOKED = " "


def drawable(points: Sequence[Point]) -> bool:
    """Whether there is anything to draw: a place or a count was seen."""
    return any(point.rank is not None or point.count is not None for point in points)


def of_prices(points: Sequence[Point]) -> list[Point]:
    """The points with their price where rank and count stand, so that it is drawn as these are."""
    return [
        Point(one.at, one.presence if one.price is not None else "not_looked", None, float(one.price or 0) or None)
        for one in points
    ]


def of_counts(points: Sequence[Point]) -> list[Point]:
    """The points without their rank, so that the count is drawn."""
    seen = [Point(one.at, one.presence, None, one.count) for one in points]
    return [one if one.count is not None else Point(one.at, "not_looked") for one in seen]


def prices(points: Sequence[Point]) -> list[tuple[datetime, Decimal]]:
    """Each price with the first time it was seen, in the order of time."""
    told: list[tuple[datetime, Decimal]] = []
    for one in sorted(points, key=lambda point: point.at):
        if one.price is not None and (not told or told[-1][1] != one.price):
            told.append((one.at, one.price))
    return told


def main_curve(row: Row) -> Sighting | None:
    """The sighting on the list in which the row moves most, else the one with the longest curve."""
    here = [one for one in row.facts.sightings if one.list_id == row.scored.list_id]
    return max(here or row.facts.sightings, key=lambda one: len(one.curve), default=None)


def since_seen(points: Sequence[Point]) -> list[Point]:
    """The points in the order of time from two looks before the first sighting on; all where it was never seen."""
    ordered = sorted(points, key=lambda point: point.at)
    first = next((place for place, point in enumerate(ordered) if point.presence == "seen"), 0)
    return ordered[max(first - 2, 0) :]


def heights(points: Sequence[Point]) -> list[float | None]:
    """How high each point stands, 0 to 1, top of the list above; None where it was not seen.

    Ranks and counts are compared by their logarithm within the curve; less than a doubling never fills the whole
    height, so that the jitter of a steady item stays small. A list without order has no heights: what stands on
    it is drawn in the middle.
    """
    logs = [_log_height(point) for point in points]
    known = [value for value in logs if value is not None]
    if not known:
        return [0.5 if point.presence == "seen" else None for point in points]
    low, high = min(known), max(known)
    room = max(high - low, 1.0)
    middle = (room - (high - low)) / 2
    return [None if value is None else (value - low + middle) / room for value in logs]


def sparkline(points: Sequence[Point], width: int) -> str:
    """The curve in `width` cells or less: bars where seen, `·` where absent, blank where nobody looked."""
    cells = _bins(since_seen(points), width)
    levels = iter(heights([point for point in cells if point is not None]))
    signs = []
    for point in cells:
        level = None if point is None else next(levels)
        if level is not None:
            signs.append(BARS[min(int(level * len(BARS)), len(BARS) - 1)])
        else:
            signs.append(ABSENT if point is not None and point.presence == "absent" else NOT_LOOKED)
    return "".join(signs)


def holes(points: Sequence[Point]) -> list[datetime]:
    """Moments before which the looks stop for longer than 2.5 usual steps: a line must not cross there."""
    steps = _steps(points)
    usual = median(steps) if steps else 0.0
    return [later.at for step, later in zip(steps, points[1:], strict=True) if step > 2.5 * usual]


def _steps(points: Sequence[Point]) -> list[float]:
    """Seconds between one look and the next."""
    return [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(points)]


def _log_height(point: Point) -> float | None:
    if point.presence != "seen":
        return None
    if point.rank is not None:
        return -math.log2(point.rank)
    return math.log2(1 + point.count) if point.count is not None and point.count >= 0 else None


def _bins(ordered: Sequence[Point], width: int) -> list[Point | None]:
    """Equal stretches of time; the last sighting of each, else an absence, else a missed look, else None."""
    if not ordered:
        return []
    start = ordered[0].at
    length = (ordered[-1].at - start).total_seconds()
    steps = _steps(ordered)
    step = median(steps) if steps else 0.0
    count = min(width, round(length / step) + 1) if step > 0 else 1
    cells: list[Point | None] = [None] * count
    order = {"not_looked": 0, "absent": 1, "seen": 2}
    for point in ordered:
        at = (point.at - start).total_seconds() / length if length else 0.0
        place = min(int(at * (count - 1) + 0.5), count - 1)
        known = cells[place]
        if known is None or order[point.presence] >= order[known.presence]:
            cells[place] = point
    return cells
