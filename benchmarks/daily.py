"""CPU of the signals of one more day on two years of 50 lists: a step on the state against all from the beginning.

    python benchmarks/daily.py

The state is what the whole fold left behind; a test holds the step's signals to those of the whole, also after a
round through Arrow. What a report does besides with each item (words of titles, other lists) is in neither figure.
Exits with 1 beyond 1/20.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from ranking import DAY_S, PLACES, START_S, market

from trendscout.history import History
from trendscout.ranking.fold import State, step
from trendscout.ranking.look import Batch
from trendscout.ranking.replay import replay

TWO_YEARS, LISTS, TARGET = 730, 50, 20
GAP_S = 30.0 * DAY_S


def one_day_s(history: History) -> float:
    """CPU seconds of one more snapshot of every list on a state that is there."""
    rows = np.flatnonzero(history.obs_snap % TWO_YEARS == TWO_YEARS - 1)
    state = State.empty(len(history.items), LISTS)
    batch = Batch(
        lists=np.arange(LISTS),
        times=np.full(LISTS, float(START_S + TWO_YEARS * DAY_S)),
        depths=np.full(LISTS, float(PLACES)),
        gaps_s=np.full(LISTS, GAP_S),
        starts=np.arange(LISTS) * PLACES,
        slots=history.obs_item[rows],
        ranks=history.obs_rank[rows].astype(float),
        counts=history.obs_count[rows],
    )
    step(state, batch, want=False)
    began = time.process_time()
    step(state, batch)
    return time.process_time() - began


def main() -> int:
    """Print the figure; 0 if the target is met."""
    history = market(LISTS * PLACES * TWO_YEARS, TWO_YEARS)
    last = np.arange(len(history.snap_list)) % TWO_YEARS == TWO_YEARS - 1
    began = time.process_time()
    replay(history, np.full(LISTS, GAP_S), last)
    whole, day = time.process_time() - began, one_day_s(history)
    print(f"one more day on two years: {day:.4f} s, 1/{whole / day:.0f} of {whole:.2f} s (target 1/{TARGET})")
    return 0 if TARGET * day <= whole else 1


if __name__ == "__main__":
    sys.exit(main())
