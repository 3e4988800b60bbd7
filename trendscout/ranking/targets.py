"""What is asked of a ranking before a seller trusts it, and whether one reached it on a history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from trendscout.ranking.shown import FirstDay, ShownRows

Figure = Literal[
    "said less came",
    "came over SigniTrend",
    "ranges hold",
    "ranges wide",
    "fallen",
    "order",
    "few",
    "ece",
    "first days",
]

MEETS = 0.05  # what was said less what came, a row: its interval meets plus or minus this
OVER_PLAIN = 1.3  # times what SigniTrend's rows come to
HOLD, WIDE = 0.75, 2.0  # share of the stated ranges, and times what is due
FALLEN = 0.03  # share of the rows
ORDER, ORDER_FROM = 1.08, 100  # times the best simple rule's AP, on so many distinct breakouts
FEW = 0.95  # times SigniTrend's AP, on fewer: there is little to learn from, but nothing to lose
ECE = 0.03
FIRST = 1.0  # times SigniTrend's AP, over the first days


@dataclass(frozen=True, slots=True)
class Target:
    """One figure: what is asked, what was reached, and whether that is enough."""

    figure: Figure
    asked: float
    reached: tuple[float, ...]  # one number; of "said less came" the two ends of its interval; () if not known
    held: bool | None  # None: too little is known to tell


def targets_of(
    shown: ShownRows | None,
    first_days: Sequence[FirstDay],
    *,
    breakouts: int,
    over_best: float | None,
    over_plain: float | None,
    ece: float | None,
) -> tuple[Target, ...]:
    """Every figure, in the order in which a seller asks.

    `over_best` and `over_plain` are AP over the best simple rule's and over SigniTrend's.
    """
    targets: list[Target] = []
    if shown is not None:
        ends = shown.said_less_came_95
        met = None if ends is None else ends[0] <= MEETS and ends[1] >= -MEETS
        plain = shown.rules["SigniTrend"]
        targets += [
            Target("said less came", MEETS, ends or (), met),
            _at_least("came over SigniTrend", OVER_PLAIN, shown.came / plain if plain else None),
            _at_least("ranges hold", HOLD, shown.bands_hold),
            _at_most("ranges wide", WIDE, shown.width),
            _at_most("fallen", FALLEN, shown.fallen),
        ]
    many = breakouts >= ORDER_FROM
    targets += [
        _at_least("order", ORDER, over_best) if many else _at_least("few", FEW, over_plain),
        _at_most("ece", ECE, ece),
        _at_least("first days", FIRST, first_days_over_plain(first_days)),
    ]
    return tuple(targets)


def first_days_over_plain(days: Sequence[FirstDay]) -> float | None:
    """AP beside SigniTrend's, day by day; None where nothing broke out."""
    pairs = [(day.ap, day.plain_ap) for day in days if day.ap is not None and day.plain_ap is not None]
    plain = sum(pair[1] for pair in pairs)
    return sum(pair[0] for pair in pairs) / plain if plain else None


def _at_least(figure: Figure, asked: float, reached: float | None) -> Target:
    if reached is None:
        return Target(figure, asked, (), None)
    return Target(figure, asked, (reached,), reached >= asked)


def _at_most(figure: Figure, asked: float, reached: float | None) -> Target:
    if reached is None:
        return Target(figure, asked, (), None)
    return Target(figure, asked, (reached,), reached <= asked)
