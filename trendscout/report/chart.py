"""Curves and plots as inline SVG: numbers only, no text from outside, so nothing in them needs escaping."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from trendscout.model import Point
from trendscout.report.curve import holes


@dataclass(frozen=True, slots=True)
class Frame:
    """A drawing area in pixels and the stretch of time it shows."""

    start: datetime
    end: datetime
    width: int
    height: int
    left: int = 2
    right: int = 4
    top: int = 4
    bottom: int = 4

    def x(self, at: datetime) -> float:
        """Where a moment lies."""
        whole = (self.end - self.start).total_seconds()
        part = (at - self.start).total_seconds() / whole if whole > 0 else 1.0
        return round(self.left + part * (self.width - self.left - self.right), 1)

    def y(self, part: float) -> float:
        """Where a height of 0 to 1 lies."""
        return round(self.top + (1 - part) * (self.height - self.top - self.bottom), 1)


def curve(points: Sequence[Point], frame: Frame, *, axis: bool = False) -> str:
    """A line where it was seen, ticks on the ground where it was absent, shade where nobody looked.

    The vertical scale is the logarithm of the rank, or of the count where there is no rank: with an axis from rank
    1 down, without one the curve's own range. Lines never cross an absence, a missed look, or a hole in the looks.
    """
    ordered = sorted((point for point in points if point.at >= frame.start), key=lambda point: point.at)
    scale = _Scale.of(ordered, whole=axis)
    parts = [f'<svg viewBox="0 0 {frame.width} {frame.height}" width="{frame.width}" height="{frame.height}"']
    parts.append(' class="plot" aria-hidden="true" focusable="false">')
    parts += _blind(ordered, frame)
    if axis:
        parts += _axes(scale, frame)
    for run in _runs(ordered):
        places = [
            (frame.x(point.at), frame.y(height)) for point in run if (height := scale.height(point)) is not None
        ]
        if len(places) > 1:
            parts.append(f'<polyline class="line" points="{" ".join(f"{x},{y}" for x, y in places)}"/>')
        elif places:
            parts.append(f'<circle class="dot" cx="{places[0][0]}" cy="{places[0][1]}" r="1.5"/>')
    ground = frame.height - frame.bottom + 1
    for point in ordered:
        if point.presence == "absent":
            parts.append(
                f'<rect class="absent" x="{frame.x(point.at) - 2:.1f}" y="{ground}" width="4" height="1.5"/>'
            )
    if ordered and (height := scale.height(ordered[-1])) is not None:
        parts.append(f'<circle class="now" cx="{frame.x(ordered[-1].at)}" cy="{frame.y(height)}" r="2.5"/>')
    return "".join((*parts, "</svg>"))


def calibration(bins: Iterable[Mapping[str, object]], size: int = 240) -> str:
    """Promised against kept: a dot a bin, its area by how many promises it holds; the diagonal is honesty."""
    rows = [(_number(one.get("said")), _number(one.get("came")), _number(one.get("trials"))) for one in bins]
    known = [(p, o, n or 0.0) for p, o, n in rows if p is not None and o is not None]
    top = min(1.0, max((max(p, o) for p, o, _ in known), default=1.0) * 1.1) or 1.0
    most = max((n for *_, n in known), default=1.0) or 1.0
    left, bottom = 40, 26
    room = size - left - 8

    def at(predicted: float, observed: float) -> tuple[float, float]:
        return round(left + predicted / top * room, 1), round(
            size - bottom - observed / top * (size - bottom - 8), 1
        )

    (x0, y0), (x1, y1) = at(0, 0), at(top, top)
    parts = [f'<svg viewBox="0 0 {size} {size}" width="{size}" height="{size}" class="plot" aria-hidden="true">']
    for part in (0.0, 0.5, 1.0):
        x, y = at(top * part, top * part)
        parts.append(f'<line class="grid" x1="{x0}" y1="{y}" x2="{x1}" y2="{y}"/>')
        parts.append(f'<text x="{left - 5}" y="{y + 4}" text-anchor="end">{top * part:.0%}</text>')
        anchor = "end" if part == 1 else "middle"
        parts.append(f'<text x="{x}" y="{size - 8}" text-anchor="{anchor}">{top * part:.0%}</text>')
    parts.append(f'<line class="ideal" x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}"/>')
    for predicted, observed, n in known:
        x, y = at(predicted, observed)
        parts.append(f'<circle class="bin" cx="{x}" cy="{y}" r="{3 + 9 * math.sqrt(n / most):.1f}"/>')
    return "".join((*parts, "</svg>"))


def bar(part: float, width: int = 120) -> str:
    """A bar from the middle, to the right for more (up to 1) and to the left for less."""
    middle, length = width / 2, abs(part) * width / 2
    start, name = (middle, "up") if part >= 0 else (middle - length, "down")
    return (
        f'<svg viewBox="0 0 {width} 10" width="{width}" height="10" aria-hidden="true">'
        f'<line class="grid" x1="{middle}" y1="0" x2="{middle}" y2="10"/>'
        f'<rect class="{name}" x="{start:.1f}" y="2" width="{length:.1f}" height="6"/></svg>'
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """How high a point stands between the worst and the best that the frame must hold."""

    low: float
    high: float
    ranks: bool

    @classmethod
    def of(cls, points: Iterable[Point], *, whole: bool) -> _Scale:
        seen = [point for point in points if point.presence == "seen"]
        ranks = [point.rank for point in seen if point.rank is not None]
        values = [-math.log2(rank) for rank in ranks]
        if not ranks:
            values = [math.log2(1 + max(point.count, 0.0)) for point in seen if point.count is not None]
        if whole and ranks:
            return cls(-math.log2(max(*ranks, 10)), 0.0, ranks=True)
        low, high = min(values, default=0.0), max(values, default=1.0)
        spare = max(1.0 - (high - low), 0.0) / 2  # less than a doubling does not fill the height
        return cls(low - spare, high + spare, ranks=bool(ranks))

    def height(self, point: Point) -> float | None:
        if point.presence != "seen":
            return None
        if self.ranks:
            return None if point.rank is None else self.of_value(-math.log2(point.rank))
        return None if point.count is None else self.of_value(math.log2(1 + max(point.count, 0.0)))

    def of_value(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Sightings that follow one another without a gap."""
    broken = set(holes(points))
    runs: list[list[Point]] = []
    for presence, group in groupby(points, key=lambda point: point.presence):
        if presence != "seen":
            continue
        runs.append([])
        for point in group:
            if point.at in broken and runs[-1]:
                runs.append([])
            runs[-1].append(point)
    return runs


def _blind(points: Sequence[Point], frame: Frame) -> list[str]:
    """Shade over every stretch in which nobody looked."""
    shades = []
    for at, point in enumerate(points):
        if point.presence != "not_looked":
            continue
        before = points[at - 1].at if at else point.at
        after = points[at + 1].at if at + 1 < len(points) else point.at
        left, right = frame.x(before + (point.at - before) / 2), frame.x(point.at + (after - point.at) / 2)
        size = f'width="{max(right - left, 2):.1f}" height="{frame.height - frame.top - frame.bottom}"'
        shades.append(f'<rect class="blind" x="{left}" y="{frame.top}" {size}/>')
    return shades


def _axes(scale: _Scale, frame: Frame) -> list[str]:
    parts = []
    if scale.ranks:
        worst = round(2**-scale.low)
        for rank in [mark for mark in (1, 3, 10, 30, 100, 300, 1000) if mark <= worst]:
            y = frame.y(scale.of_value(-math.log2(rank)))
            parts.append(
                f'<line class="grid" x1="{frame.left}" y1="{y}" x2="{frame.width - frame.right}" y2="{y}"/>'
            )
            parts.append(f'<text x="{frame.left - 4}" y="{y + 3.5}" text-anchor="end">{rank}</text>')
    middle = frame.start + (frame.end - frame.start) / 2
    for at, anchor in ((frame.start, "start"), (middle, "middle"), (frame.end, "end")):
        parts.append(f'<text x="{frame.x(at)}" y="{frame.height - 2}" text-anchor="{anchor}">{at:%m-%d}</text>')
    return parts


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
