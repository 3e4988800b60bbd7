"""Curves and plots as inline SVG: numbers only, no text from outside, so nothing in them needs escaping."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from operator import attrgetter

from trendscout.model import Point
from trendscout.report.curve import holes

_MOST = 60  # places of a line without a gap


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
        part = (at - self.start) / (self.end - self.start) if self.end > self.start else 1.0
        return round(self.left + part * (self.width - self.left - self.right), 1)

    def y(self, part: float) -> float:
        """Where a height of 0 to 1 lies."""
        return round(self.top + (1 - part) * (self.height - self.top - self.bottom), 1)


def curve(points: Sequence[Point], frame: Frame, *, axis: bool = False) -> str:
    """A line where it was seen, ticks on the ground where it was absent, shade where nobody looked.

    The vertical scale is the logarithm of the rank, or of the count where there is no rank: with an axis from rank
    1 down, without one the curve's own range. Lines never cross an absence, a missed look, or a hole in the looks.
    """
    ordered = sorted((point for point in points if point.at >= frame.start), key=attrgetter("at"))
    scale = _Scale.of(ordered, whole=axis)
    parts = [f'<svg class="plot" viewBox="0 0 {frame.width} {frame.height}" width="{frame.width}"']
    parts.append(f' height="{frame.height}" aria-hidden="true">')
    parts += _blind(ordered, frame)
    if axis:
        parts += _axes(scale, frame)
    line, dots = "", []
    for run in _runs(ordered):
        heights = [scale.height(point) for point in run]
        places = [
            (round(2 * frame.x(point.at)), round(2 * frame.y(height)))
            for point, height in zip(run, heights, strict=True)
            if height is not None
        ]
        if len(places) > 1:
            line += _moves(_thinned(places))
        elif places:
            dots.append(f'<circle class="dot" cx="{places[0][0] / 2:g}" cy="{places[0][1] / 2:g}" r="1.5"/>')
    if line:
        parts.append(f'<path class="line" transform="scale(.5)" d="{line}"/>')
    parts += dots
    parts += _absent(ordered, frame)
    if ordered and (height := scale.height(ordered[-1])) is not None:
        parts.append(f'<circle class="now" cx="{frame.x(ordered[-1].at):g}" cy="{frame.y(height):g}" r="2.5"/>')
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
    middle, length = width // 2, abs(part) * width / 2
    start, name = (middle, "up") if part >= 0 else (middle - length, "down")
    return (
        f'<svg viewBox="0 0 {width} 10" width="{width}" height="10" aria-hidden="true">'
        f'<path class="grid" d="M{middle} 0v10"/>'
        f'<rect class="{name}" x="{start:.4g}" y="2" width="{length:.4g}" height="6"/></svg>'
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


_Place = tuple[int, int]  # x and y in half pixels


def _thinned(places: Sequence[_Place]) -> list[_Place]:
    """A run of hourly looks with the highest and the lowest place of each stretch, so that no peak is lost."""
    if len(places) <= _MOST:
        return list(places)
    size = math.ceil(2 * len(places) / _MOST)
    ends = {0, len(places) - 1}
    for first in range(0, len(places), size):
        stretch = range(first, min(first + size, len(places)))
        ends |= {min(stretch, key=lambda at: places[at][1]), max(stretch, key=lambda at: places[at][1])}
    return [places[at] for at in sorted(ends)]


def _moves(places: Sequence[_Place]) -> str:
    """A line as the data of a path: where it begins, then how far each place is from the one before."""
    steps = (f"{x - x0}{' ' if y >= y0 else ''}{y - y0}" for (x0, y0), (x, y) in pairwise(places))
    return f"M{places[0][0]} {places[0][1]}l{' '.join(steps)}"


def _absent(points: Sequence[Point], frame: Frame) -> list[str]:
    """A tick of 4 pixels on the ground for each absence; those that touch are one."""
    ticks: list[tuple[float, float]] = []
    for point in points:
        if point.presence != "absent":
            continue
        x = frame.x(point.at)
        begin = ticks.pop()[0] if ticks and x - 2 <= ticks[-1][1] else x - 2
        ticks.append((begin, x + 2))
    if not ticks:
        return []
    ground = frame.height - frame.bottom + 1.75
    return [
        f'<path class="absent" d="{"".join(f"M{begin:g} {ground:g}h{end - begin:.4g}" for begin, end in ticks)}"/>'
    ]


def _blind(points: Sequence[Point], frame: Frame) -> list[str]:
    """Shade over every stretch in which nobody looked."""
    shades = []
    for presence, group in groupby(enumerate(points), key=lambda one: one[1].presence):
        if presence != "not_looked":
            continue
        stretch = list(group)
        (first, begin), (last, end) = stretch[0], stretch[-1]
        before = points[first - 1].at if first else begin.at
        after = points[last + 1].at if last + 1 < len(points) else end.at
        left, right = frame.x(before + (begin.at - before) / 2), frame.x(end.at + (after - end.at) / 2)
        size = f'width="{max(right - left, 2):.4g}" height="{frame.height - frame.top - frame.bottom}"'
        shades.append(f'<rect class="blind" x="{left:g}" y="{frame.top}" {size}/>')
    return shades


def _axes(scale: _Scale, frame: Frame) -> Iterator[str]:
    if scale.ranks:
        worst = round(2**-scale.low)
        marks = {
            rank: frame.y(scale.of_value(-math.log2(rank)))
            for rank in (1, 3, 10, 30, 100, 300, 1000)
            if rank <= worst
        }
        width = frame.width - frame.left - frame.right
        yield f'<path class="grid" d="{"".join(f"M{frame.left} {y:g}h{width}" for y in marks.values())}"/>'
        yield '<g text-anchor="end">'
        for rank, y in marks.items():
            yield f'<text x="{frame.left - 4}" y="{y + 3.5:g}">{rank}</text>'
        yield "</g>"
    middle = frame.start + (frame.end - frame.start) / 2
    for at, anchor in (
        (frame.start, ""),
        (middle, ' text-anchor="middle"'),
        (frame.end, ' text-anchor="end"'),
    ):
        yield f'<text x="{frame.x(at):g}" y="{frame.height - 2}"{anchor}>{at:%m-%d}</text>'


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
