"""CPU of the signals of one more day on two years of 50 lists: a step on the state against all from the beginning.

    python benchmarks/daily.py

The state is what the whole computation left behind. The second figure is what a `rank` does with the states that
the store keeps: each list's rows are numbered and digested as well, to see whether the state is of them. Tests
hold both to the result of the whole. What a report does besides with each item (reading its rows, words of titles,
other lists) is in neither figure: see `mornings.py`. Exits with 1 if the step takes more than 1/20.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from ranking import DAY_S, PLACES, START_S, market

from trendscout.history import History
from trendscout.ranking.online_state import OnlineState, step
from trendscout.ranking.signal_replay import KeptStates, replay
from trendscout.ranking.snapshot_features import Batch

TWO_YEARS, LISTS, TARGET = 730, 50, 20
GAP_S = 30.0 * DAY_S


def one_day_s(history: History) -> float:
    """CPU seconds of one more snapshot of every list on a state that is there."""
    rows = np.flatnonzero(history.obs_snap % TWO_YEARS == TWO_YEARS - 1)
    state = OnlineState.empty(len(history.items), LISTS)
    batch = Batch(
        lists=np.arange(LISTS),
        times=np.full(LISTS, float(START_S + TWO_YEARS * DAY_S)),
        depths=np.full(LISTS, float(PLACES)),
        gaps_s=np.full(LISTS, GAP_S),
        late=np.zeros(LISTS, bool),
        starts=np.arange(LISTS) * PLACES,
        slots=history.obs_item[rows],
        ranks=history.obs_rank[rows].astype(float),
        counts=history.obs_count[rows],
    )
    step(state, batch, want=False)
    began = time.process_time()
    step(state, batch)
    return time.process_time() - began


def replay_s(history: History, wanted: np.ndarray, states: KeptStates) -> float:
    """CPU seconds of the signals of the wanted snapshots."""
    began = time.process_time()
    replay(history, np.full(LISTS, GAP_S), wanted, states=states)
    return time.process_time() - began


def main() -> int:
    """Print the figure; 0 if the target is met."""
    history = market(LISTS * PLACES * TWO_YEARS, TWO_YEARS)
    last = np.arange(len(history.snap_list)) % TWO_YEARS == TWO_YEARS - 1
    states = KeptStates()
    whole, gone_on, day = (
        replay_s(history, last, states),  # and keeps what it came to the day before
        replay_s(history, last, states),
        one_day_s(history),
    )
    print(f"one more day on two years: {day:.4f} s, 1/{whole / day:.0f} of {whole:.2f} s (target 1/{TARGET})")
    print(f"with the rows of the past checked: {gone_on:.2f} s, 1/{whole / gone_on:.1f}")
    return 0 if TARGET * day <= whole else 1


if __name__ == "__main__":
    sys.exit(main())
