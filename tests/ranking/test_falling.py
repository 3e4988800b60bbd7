"""Falling goods are no tips: what falls is what stands at 1.5 times its place of a day before, or fades."""

from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ranking.histories import made
from trendscout.history import History, latest
from trendscout.ranking.rules import Rules, derive_rules
from trendscout.ranking.scoring import FALLEN_TO, falling, rank_a_day_ago
from trendscout.ranking.signal_replay import replay
from trendscout.ranking.stage import CODE

HOURS = st.lists(st.integers(0, 120), min_size=2, max_size=9, unique=True).map(sorted)
LISTS = st.lists(st.tuples(HOURS, st.randoms(use_true_random=False)), min_size=1, max_size=3)


def history_of(lists: list[tuple[list[int], Random]]) -> History:
    rows = []
    for number, (hours, random) in enumerate(lists):
        for hour in hours:
            items = [f"i{item}" for item in range(12)]
            random.shuffle(items)
            rows += [
                (f"shop_US/bestsellers/c{number}", hour, place + 1, item) for place, item in enumerate(items[:9])
            ]
    return made(rows)


def by_hand(history: History, row: int, rules: Rules) -> float:
    """The rank at the last look of one to two days before, with half a cadence of slack."""
    snap = history.obs_snap[row]
    until = history.snap_time[snap] - 86_400 + min(86_400, rules.cadence_h * 1800)
    found = np.nan
    for other in range(len(history.obs_item)):  # in the order of list, then time
        its = history.obs_snap[other]
        same = (
            history.snap_list[its] == history.snap_list[snap] and history.obs_item[other] == history.obs_item[row]
        )
        if same and until - 86_400 <= history.snap_time[its] <= until:
            found = float(history.obs_rank[other])
    return found


@settings(max_examples=30, deadline=None)
@given(LISTS)
def test_the_rank_of_a_day_before_is_that_of_the_look_before(lists: list[tuple[list[int], Random]]) -> None:
    history = history_of(lists)
    rules = derive_rules(history, "shop_US")
    every = np.arange(len(history.obs_item))
    expected = np.array([by_hand(history, row, rules) for row in every])
    assert np.array_equal(rank_a_day_ago(history, every, rules), expected, equal_nan=True)
    last = np.flatnonzero(latest(history)[history.obs_snap])
    assert np.array_equal(rank_a_day_ago(history, last, rules), expected[last], equal_nan=True)


def test_what_falls_by_half_or_fades_falls_and_two_places_do_not() -> None:
    ranks = {"deep": (11, 17), "little": (12, 14), "up": (20, 13), "steady": (16, 16)}
    rows = [("shop_US/b/c", 24 * day, pair[day], name) for name, pair in ranks.items() for day in (0, 1)]
    history = made(rows)
    rules = replace(derive_rules(history, "shop_US"), cadence_h=24.0)
    signals = replay(history, np.array([240.0 * 3600]), latest(history)).signals
    last = np.flatnonzero(latest(history)[history.obs_snap])
    names = [str(history.items[history.obs_item[row]]) for row in last]
    falls = dict(zip(names, falling(history, last, signals, rules).tolist(), strict=True))
    assert falls == {"deep": True, "little": False, "up": False, "steady": False}
    fading = {**signals, "stage": np.full(len(last), float(CODE["fading"]))}
    assert falling(history, last, fading, rules).all()
    assert 17 / 11 >= FALLEN_TO > 14 / 12


def test_what_comes_later_is_never_the_day_before() -> None:
    """A list of every few days has looks within half its cadence after a moment: they are its future."""
    rows = [
        ("shop_US/b/c", hour, 1 + (place + shift) % 5, f"i{place}")
        for hour, shift in ((0, 0), (6, 2))
        for place in range(5)
    ]
    history = made(rows)
    rules = replace(derive_rules(history, "shop_US"), cadence_h=120.0)
    first = np.flatnonzero(history.obs_snap == 0)
    assert rank_a_day_ago(history, first, rules).tolist() == history.obs_rank[first].tolist()
