"""How the popularity of a good runs over the days: one curve for each kind, and what jitters on top of it.

Popularity is a logarithm: on a Zipf list of 160 goods 3.2 is about place 5, 2.2 place 15, 0.5 place 100.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trendscout.demo.goods import Good

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Curves = NDArray[np.float64]
    Days = NDArray[np.int64]

WANDER = 0.06  # daily step of the slow wandering, in log popularity
WANDER_MEMORY = 0.93  # share kept from one day to the next
JITTER = 0.04  # daily, independent
PROMO_RATE = 0.006  # promotions a good and day
PROMO_GAIN = (0.3, 1.4)


def own_curve(
    good: Good, days: Days, born: int, rise: int | None, level: float, rng: np.random.Generator
) -> Curves:
    """The curve of the good's kind, to be added to its level; `rise` is the planted day on this list."""
    import numpy as np

    if rise is not None:
        return breakout_curve(days - rise, level, rng)
    if good.kind == "fad" or (good.kind == "breakout" and good.born > -20):
        return fad_curve(days - born, 0.55 + float(rng.exponential(0.6)), rng) - level
    if good.kind == "slow_burner":
        height, span = rng.uniform(0.9, 2.2), rng.uniform(20, 40)
        return height * np.clip((days - born) / span, 0, 1) - level * 0.5
    if good.kind == "seasonal" and good.season is not None:
        height = rng.uniform(1.8, 3.4)
        before, after = 10.0, 3.0
        gap = days - good.season
        return height * np.exp(-0.5 * (gap / np.where(gap < 0, before, after)) ** 2)
    if good.kind == "noise" and good.born >= -20:
        return np.full(len(days), rng.uniform(0.2, 1.0) - level) - 0.03 * np.maximum(days - born, 0)
    return np.zeros(len(days))


def breakout_curve(age: Days, level: float, rng: np.random.Generator) -> Curves:
    """A rise from `level` to a place in the top ten within about two weeks, some days there, a slow decline."""
    import numpy as np

    span = float(np.clip(rng.lognormal(math.log(15), 0.4), 5, 28))
    peak = rng.uniform(3.3, 4.6)
    hold = rng.uniform(5, 16)
    part = np.clip(age / span, 0, 1)
    climb = part * part * (3 - 2 * part) * 0.6 + part * 0.4  # steepest in the middle, visible from the start
    decline = 0.06 * np.maximum(age - span - hold, 0)
    start = max(level, 0.8)
    curve: Curves = (start - level) * (age >= 0) + (peak - start) * climb - decline
    return curve


def fad_curve(age: Days, height: float, rng: np.random.Generator) -> Curves:
    """Up to `height` within one to four days, a few days there, then gone."""
    import numpy as np

    up, hold, tail = rng.uniform(0.5, 4), rng.uniform(0, 6), rng.uniform(2, 9)
    rising = height * np.clip((age + 1) / up, 0, 1)
    curve: Curves = rising - np.maximum(age - up - hold, 0) / tail * 1.2
    return curve


def wander(n: int, days: int, rng: np.random.Generator) -> Curves:
    """Slow wandering around zero (Ornstein-Uhlenbeck) and daily jitter, for `n` goods."""
    import numpy as np

    steps = rng.normal(0, WANDER, (n, days))
    state = rng.normal(0, WANDER / math.sqrt(1 - WANDER_MEMORY**2), n)
    path = np.empty((n, days))
    for day in range(days):
        state = WANDER_MEMORY * state + steps[:, day]
        path[:, day] = state
    return path + rng.normal(0, JITTER, (n, days))


def promotions(n: int, days: int, rng: np.random.Generator) -> Curves:
    """Gains of one to four days that come from a deal and leave nothing behind."""
    import numpy as np

    gain = np.zeros((n, days))
    for i, day in np.argwhere(rng.random((n, days)) < PROMO_RATE):
        gain[i, day : day + int(rng.integers(1, 5))] += rng.uniform(*PROMO_GAIN)
    return gain
