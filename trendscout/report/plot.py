"""A curve drawn in a terminal with braille dots, two across and four up to a cell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trendscout.model import Point
from trendscout.report.curve import heights, holes, since_seen

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # bits of a braille sign, from the top row down
ABSENT = "·"
NOT_LOOKED = "░"


def plot(points: Sequence[Point], *, width: int, height: int = 8) -> list[str]:
    """Lines of text, the best at the top: a line where seen, `·` below where absent, `░` where nobody looked."""
    ordered = since_seen(points)
    if not ordered:
        return []
    canvas = _Canvas(width, height, ordered[0].at, ordered[-1].at)
    broken = set(holes(ordered))
    last: tuple[int, int] | None = None
    for point, level in zip(ordered, heights(ordered), strict=True):
        if level is None:
            last = None
            canvas.mark(point.at, ABSENT if point.presence == "absent" else NOT_LOOKED)
            continue
        cell = canvas.place(point.at, level)
        canvas.line(cell if last is None or point.at in broken else last, cell)
        last = cell
    return canvas.lines()


class _Canvas:
    """A grid of braille cells over a stretch of time."""

    def __init__(self, width: int, height: int, start: datetime, end: datetime) -> None:
        self.width, self.height = width, height
        self.start, self.length = start, (end - start).total_seconds()
        self.cells = [[0] * width for _ in range(height)]
        self.marks: dict[int, str] = {}

    def column(self, at: datetime, across: int) -> int:
        """Where a moment lies among `across` columns."""
        part = (at - self.start).total_seconds() / self.length if self.length else 1.0
        return round(part * (across - 1))

    def place(self, at: datetime, level: float) -> tuple[int, int]:
        """The dot of a moment and a height of 0 to 1, from the top left."""
        return self.column(at, 2 * self.width), round((1 - level) * (4 * self.height - 1))

    def mark(self, at: datetime, sign: str) -> None:
        """A sign in the column of a moment, where no curve is."""
        self.marks[self.column(at, 2 * self.width) // 2] = sign

    def line(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Dots from `start` to `end`."""
        (x0, y0), (x1, y1) = start, end
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            x, y = x0 + (x1 - x0) * step // steps, y0 + (y1 - y0) * step // steps
            self.cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]

    def lines(self) -> list[str]:
        """The drawing."""
        drawn = []
        for number, row in enumerate(self.cells):
            signs = [chr(0x2800 + bits) if bits else " " for bits in row]
            for column, sign in self.marks.items():
                if signs[column] == " " and (sign == NOT_LOOKED or number == self.height - 1):
                    signs[column] = sign
            drawn.append("".join(signs).rstrip())
        return drawn
