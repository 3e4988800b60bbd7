"""What a signal must never do, whatever the history."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ranking.histories import START, made
from trendscout.history import History, latest
from trendscout.model import ScoredItem
from trendscout.ranking.scoring import score as score_all
from trendscout.ranking.scoring import velocity
from trendscout.ranking.signal_replay import replay
from trendscout.ranking.stage import STILL

pytestmark = pytest.mark.slow

LIST = "shop_US/bestsellers/all"
LENGTH = 40


def around(hour: float, ranks: dict[str, int], length: int = LENGTH, name: str = LIST) -> list[tuple[object, ...]]:
    """A whole list at an hour: the given items at their ranks, fillers that never move at the others."""
    at = {rank: item for item, rank in ranks.items()}
    return [(name, hour, rank, at.get(rank, f"filler{rank:03}")) for rank in range(1, length + 1)]


def history_of(ranks: Sequence[int | None], *, hours: float = 24, length: int = LENGTH) -> History:
    """One item on a list, a snapshot every `hours`; None: it is off the list."""
    rows: list[tuple[object, ...]] = []
    for number, rank in enumerate(ranks):
        rows += around(number * hours, {"it": rank} if rank else {}, length)
    return made(rows)


def scored(history: History, now: datetime = START + timedelta(days=400), item: str = "it") -> ScoredItem:
    return next(one for one in score_all(history, now) if one.item_key == item)


def last_signals(history: History) -> dict[tuple[str, str], dict[str, float]]:
    """(list, item) -> signals at its list's last snapshot."""
    found = replay(history, np.full(len(history.lists), 720 * 3600.0), latest(history))
    snap = history.snap_list[history.obs_snap[found.rows]]
    keys = [
        (history.lists[code], str(history.items[item]))
        for code, item in zip(snap, history.obs_item[found.rows], strict=True)
    ]
    return {key: {name: float(v[i]) for name, v in found.signals.items()} for i, key in enumerate(keys)}


def same(one: Mapping[Any, Mapping[str, float]], other: Mapping[Any, Mapping[str, float]]) -> bool:
    return one.keys() == other.keys() and all(
        np.isclose(value, other[key][name], equal_nan=True)
        for key, its in one.items()
        for name, value in its.items()
    )


quick = settings(deadline=None, max_examples=30)
rising = st.lists(st.integers(2, LENGTH), min_size=3, max_size=8, unique=True).map(
    lambda r: sorted(r, reverse=True)
)
anything = st.lists(st.one_of(st.none(), st.integers(1, LENGTH)), min_size=3, max_size=10)


@quick
@given(rising)
def test_a_reversed_history_never_scores_as_the_rising_one(ranks: list[int]) -> None:
    up, down = scored(history_of(ranks)), scored(history_of(ranks[::-1]))
    assert up.velocity.value is not None
    assert down.velocity.value is not None
    assert up.velocity.value > 50 > down.velocity.value
    stands_still = ranks[0] / ranks[-1] < 2**STILL
    assert up.stage in ({"peaking"} if stands_still else {"rising"})
    assert down.stage not in {"rising", "emerging"}


@quick
@given(rising)
def test_the_same_climb_in_half_the_time_is_faster(ranks: list[int]) -> None:
    slow, fast = scored(history_of(ranks, hours=24)), scored(history_of(ranks, hours=12))
    assert slow.velocity.value is not None
    assert fast.velocity.value is not None
    assert fast.velocity.value > slow.velocity.value


@quick
@given(st.integers(1, LENGTH))
def test_one_look_is_not_enough_data(rank: int) -> None:
    one = scored(history_of([rank]))
    assert one.velocity.value is None
    assert one.stage == "not_enough_data"
    assert one.probability is None


@quick
@given(rising, st.data())
def test_a_missed_snapshot_never_looks_like_a_fall(ranks: list[int], data: st.DataObject) -> None:
    missed = data.draw(st.integers(1, len(ranks) - 2))
    whole = history_of(ranks)
    keep = [row for n, r in enumerate(ranks) if n != missed for row in around(24 * n, {"it": r})]
    before, after = scored(whole), scored(made(keep))
    assert before.velocity.value is not None
    assert after.velocity.value is not None
    assert after.velocity.value >= before.velocity.value - 0.1


@quick
@given(st.integers(51, 100))
def test_a_longer_list_makes_no_risers(rank: int) -> None:
    rows = [row for day in range(4) for row in around(24 * day, {}, 50)] + around(96, {"it": rank}, 100)
    one = scored(made(rows))
    assert one.velocity.value is None
    assert one.stage not in {"rising", "emerging"}


@quick
@given(anything, st.randoms(use_true_random=False))
def test_duplicate_rows_and_their_order_change_nothing(ranks: list[int | None], random: object) -> None:
    rows = [row for n, r in enumerate(ranks) for row in around(24 * n, {"it": r} if r else {})]
    mixed = rows + rows[::3]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert same(last_signals(made(rows)), last_signals(made(mixed)))


@quick
@given(anything, st.integers(-5000, 5000))
def test_another_clock_changes_nothing(ranks: list[int | None], days: int) -> None:
    rows = [row for n, r in enumerate(ranks) for row in around(24 * n, {"it": r} if r else {})]
    here, there = last_signals(made(rows)), last_signals(made(rows, start=START + timedelta(days=days)))
    shift = timedelta(days=days).total_seconds()
    for signals in there.values():
        signals["stage_at"] -= shift
    assert same(here, there)


@quick
@given(anything, anything)
def test_an_unrelated_list_changes_no_signal(ranks: list[int | None], others: list[int | None]) -> None:
    rows = [row for n, r in enumerate(ranks) for row in around(24 * n, {"it": r} if r else {})]
    more = [
        row
        for n, r in enumerate(others)
        for row in around(7 * n, {"other": r} if r else {}, 30, "shop_US/bestsellers/toys")
    ]
    alone, together = last_signals(made(rows)), last_signals(made(rows + more))
    assert same(alone, {key: signals for key, signals in together.items() if key in alone})


@quick
@given(st.integers(1, LENGTH), st.integers(2, 8), st.floats(1.2, 8))
def test_a_step_of_a_floor_is_no_jump(rank: int, looks: int, times: float) -> None:
    def with_floor(last: float) -> list[tuple[object, ...]]:
        counts = [4000.0] * (looks - 1) + [last]
        return [
            (*row, counts[n] if row[3] == "it" else 4000.0, True)
            for n in range(looks)
            for row in around(24 * n, {"it": rank})
        ]

    still, stepped = last_signals(made(with_floor(4000.0))), last_signals(made(with_floor(4000.0 * times)))
    assert still[LIST, "it"]["growth"] == stepped[LIST, "it"]["growth"] == 0
    assert still[LIST, "it"]["signitrend"] == stepped[LIST, "it"]["signitrend"]


def test_doubling_from_one_is_not_doubling_from_a_million() -> None:
    def doubled(count: float) -> dict[str, float]:
        rows = [
            (*row, (count * (1 + n // 5) if row[3] == "it" else 5e5), False)
            for n in range(6)
            for row in around(24 * n, {"it": 20})
        ]
        return last_signals(made(rows))[LIST, "it"]

    few, many = doubled(1.0), doubled(1e6)
    assert many["count_now"] > 5 * few["count_now"] > 0
    assert many["signitrend"] > few["signitrend"]


@quick
@given(st.floats(0.05, 30), st.floats(0.05, 30))
def test_velocity_grows_with_the_climb_and_turns_at_fifty(climb: float, days: float) -> None:
    def of(value: float) -> float:
        return float(velocity({"climb": np.array([value]), "climb_days": np.array([days])})[0])

    assert 0 <= of(-climb) < 50 < of(climb) <= 100
    assert of(0.0) == 50
    assert of(climb * 1.5) > of(climb)


@quick
@given(st.integers(0, 10_000), st.integers(1, 9))
def test_a_product_of_two_listings_equals_its_merge(seed: int, days: int) -> None:
    random = np.random.default_rng(seed)
    ranks = random.integers(1, LENGTH - 1, days + 1)
    merged = [row for n, r in enumerate(ranks) for row in around(24 * n, {"it": int(r)})]
    split = [*merged, *((LIST, 24 * n, int(r) + 1, "it") for n, r in enumerate(ranks))]
    whole, parts = last_signals(made(merged)), last_signals(made(split))
    assert same({"it": whole[LIST, "it"]}, {"it": parts[LIST, "it"]})
