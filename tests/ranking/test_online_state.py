"""The signals are computed online: a state that was stored and stepped on is the state of the whole."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from tests.ranking.histories import market
from trendscout.history import History, cut, latest, only
from trendscout.ranking import online_state
from trendscout.ranking import signal_replay as replaying
from trendscout.ranking.arrays import Flags
from trendscout.ranking.online_state import ITEM, LIST, OnlineState, step
from trendscout.ranking.signal_replay import KeptState, KeptStates, Replay, replay
from trendscout.ranking.snapshot_features import Batch

DAYS = 20
GAP_S = 5 * 86_400.0


def batch_of(history: History, snap: int) -> Batch:
    """The `snap`-th snapshot of every list; an item's slot is its code."""
    snaps = np.array([np.flatnonzero(history.snap_list == code)[snap] for code in range(len(history.lists))])
    rows = np.flatnonzero(np.isin(history.obs_snap, snaps))
    return Batch(
        lists=np.arange(len(snaps)),
        times=history.snap_time[snaps].astype(float),
        depths=history.snap_depth[snaps].astype(float),
        gaps_s=np.full(len(snaps), GAP_S),
        late=np.zeros(len(snaps), bool),
        starts=np.searchsorted(history.obs_snap[rows], snaps),
        slots=history.obs_item[rows],
        ranks=history.obs_rank[rows].astype(float),
        counts=history.obs_count[rows],
    )


@pytest.mark.parametrize("stop", [1, 7, 19])
def test_a_state_steps_on_as_the_whole(stop: int) -> None:
    history = market(9, days=DAYS, lists=2)
    whole = OnlineState.empty(len(history.items), 2)
    signals = [step(whole, batch_of(history, snap)) for snap in range(DAYS)]
    parts = OnlineState.empty(len(history.items), 2)
    for snap in range(stop):
        step(parts, batch_of(history, snap), want=False)
    for snap in range(stop, DAYS):
        again = step(parts, batch_of(history, snap))
        assert again is not None
        for name, values in (signals[snap] or {}).items():
            assert np.array_equal(values, again[name], equal_nan=True), name
    assert np.array_equal(whole.item, parts.item, equal_nan=True)
    assert np.array_equal(whole.list, parts.list, equal_nan=True)


# --- states of lists, kept between replays ---------------------------------------------------------------


def counted(seed: int) -> History:
    """Lists of three lengths, with counts of which some are floors."""
    history = market(seed, days=DAYS, lists=3)
    random = np.random.default_rng(seed)
    keep = ~((history.snap_list == 1) & (history.snap_time > np.quantile(history.snap_time, 0.7)))
    counts = np.round(random.lognormal(8, 1, len(history.obs_rank)))
    counts[random.random(len(counts)) < 0.2] = np.nan
    return only(replace(history, obs_count=counts, obs_floor=random.random(len(counts)) < 0.1), keep)


def states_by(history: History, day: int) -> dict[str, KeptState]:
    """The states that a replay on an earlier day left behind, after a round through the store's columns."""
    past = cut(history, int(history.snap_time.min()) + day * 86_400)
    made = advanced(past, latest(past), {})
    return {name: KeptState.from_row(*state.to_row()) for name, state in made.items()}


def advanced(history: History, wanted: Flags, states: Mapping[str, KeptState]) -> dict[str, KeptState]:
    """The states that a replay from these states on adds to them."""
    kept = KeptStates(states)
    replay(history, np.full(len(history.lists), GAP_S), wanted, states=kept)
    return {name: its[-1] for name, its in kept.states.items() if its[-1] is not states.get(name)}


def signals(history: History, states: Mapping[str, KeptState], gap_s: float = GAP_S) -> Replay:
    return replay(history, np.full(len(history.lists), gap_s), latest(history), states=KeptStates(states))


def equal(one: Replay, other: Replay) -> bool:
    return np.array_equal(one.rows, other.rows) and all(
        np.array_equal(values, other.signals[name], equal_nan=True) for name, values in one.signals.items()
    )


@pytest.mark.parametrize("day", [2, 9, 18])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_replay_goes_on_from_kept_states_with_the_same_result(seed: int, day: int, steps: list[int]) -> None:
    history = counted(seed)
    states = states_by(history, day)
    steps.clear()
    gone_on = signals(history, states)
    assert len(steps) == DAYS - day
    assert equal(gone_on, signals(history, {}))
    assert len(steps) == DAYS - day + DAYS


def test_a_product_that_got_another_id_is_still_gone_on_with(steps: list[int]) -> None:
    history = counted(3)
    states = states_by(history, 12)
    steps.clear()
    code = np.random.default_rng(0).permutation(len(history.items)).astype(np.int32)
    assert len(signals(replace(history, obs_item=code[history.obs_item]), states).rows)
    assert len(steps) == DAYS - 12


def put(name: str, row: int, value: float) -> Callable[[History], History]:
    def changed(history: History) -> History:
        column = getattr(history, name).copy()
        column[row] = value
        return replace(history, **{name: column})

    return changed


OTHER_PASTS: dict[str, Callable[[History], History]] = {
    "another rank": put("obs_rank", 60, 77),
    "another count": lambda history: put("obs_floor", 60, False)(put("obs_count", 60, 1.5)(history)),
    "a count that is a floor": lambda history: replace(history, obs_floor=~history.obs_floor),
    "another item": lambda history: put("obs_item", 60, history.obs_item[3])(history),
    "another time": lambda history: put("snap_time", 2, history.snap_time[2] + 5)(history),
    "another depth": put("snap_depth", 2, 20),
}


@pytest.mark.parametrize("what", OTHER_PASTS)
def test_a_state_of_another_past_is_not_gone_on_from(what: str, steps: list[int]) -> None:
    history = counted(4)
    states = states_by(history, 15)
    other = OTHER_PASTS[what](history)
    steps.clear()
    gone_on = signals(other, states)
    assert len(steps) == DAYS
    assert equal(gone_on, signals(other, {}))


def test_a_page_that_comes_late_is_taken_in() -> None:
    whole = counted(5)
    before = only(whole, np.arange(len(whole.snap_list)) != 3)
    assert equal(signals(whole, states_by(before, 15)), signals(whole, {}))


def test_another_episode_gap_or_another_way_to_step_is_not_gone_on_from(
    monkeypatch: pytest.MonkeyPatch, steps: list[int]
) -> None:
    history = counted(6)
    states = states_by(history, 15)
    assert equal(signals(history, states, 2 * GAP_S), signals(history, {}, 2 * GAP_S))
    monkeypatch.setattr(replaying, "VERSION", online_state.VERSION + 1)
    steps.clear()
    signals(history, states)
    assert len(steps) == DAYS


def test_a_state_of_the_future_is_not_gone_on_from() -> None:
    history = counted(7)
    states = states_by(history, 18)
    earlier = cut(history, int(history.snap_time.min()) + 8 * 86_400)
    assert equal(signals(earlier, states), signals(earlier, {}))


def test_a_state_that_is_near_enough_is_not_made_anew() -> None:
    history = counted(8)
    states = states_by(history, 18)
    assert set(states) == set(history.lists)
    assert not advanced(history, latest(history), states)
    assert set(advanced(history, latest(history), states_by(history, 9))) == set(states)


def test_a_list_without_rows_has_no_state() -> None:
    history = counted(8)
    bare = replace(history, lists=(*history.lists, "shop_US/tags/t"), snap_list=np.append(history.snap_list, 3))
    for name in ("snap_time", "snap_depth", "snap_length"):
        bare = replace(bare, **{name: np.append(getattr(bare, name), getattr(bare, name)[-1])})
    assert set(states_by(bare, 19)) == set(history.lists)


def test_states_come_a_chunk_of_lists_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    history = counted(8)
    monkeypatch.setattr(replaying, "BATCH_ROWS", 10)  # a chunk a list
    past = cut(history, int(history.snap_time.min()) + 19 * 86_400)
    kept: list[int] = []
    monkeypatch.setattr(KeptStates, "keep", lambda self, states: kept.append(len(states)))
    signals(past, {})
    assert kept == [1, 1, 1]
    monkeypatch.undo()
    assert equal(signals(history, states_by(history, 19)), signals(history, {}))


# What values of the state come to on one history, by version.
SUMS = {
    2: {
        "episodes": 247, "best": 5656, "seen": 2699, "start_look": 885, "debut": 7986, "best_before": 48,
        "mu": 2.140093, "var": 0.110374, "cusum": 20934.983, "mu_fast": 3.95857, "var_slow": 0.041652,
        "mu_naive": 2.140093, "var_naive": 0.110374, "cusum_naive": 20934.983,
        "level": 801.22978, "roam": 20.681029, "count": 1374614, "growth": 0.344075, "stage": 520, "r8": 4035,
        "x8": -784.3047, "looks": 54, "floor": -19.309893, "turnover": 0.187583, "entry": 0.111043,
        "heat": 0.302955,
    }
}  # fmt: skip


def test_who_changes_what_a_step_makes_raises_the_version() -> None:
    history = counted(9)
    states = advanced(history, np.zeros(len(history.snap_list), bool), {})
    state = np.concatenate([state.item for state in states.values()], axis=1)
    state[~np.isfinite(state)] = 0
    sums = dict(zip(ITEM, state.sum(axis=1).tolist(), strict=True))
    of_lists = dict(zip(LIST, np.nansum([state.list for state in states.values()], axis=0).tolist(), strict=True))
    known = SUMS[online_state.VERSION]
    assert {name: {**of_lists, **sums}[name] for name in known} == pytest.approx(known, rel=1e-4)


@pytest.mark.parametrize("item", [np.zeros((len(ITEM), 40)), np.random.default_rng(1).random((len(ITEM), 40))])
def test_a_state_is_stored_packed_or_as_it_is_and_read_back_to_the_last_bit(item: np.ndarray) -> None:
    state = KeptState(3, "digest", item, np.arange(len(LIST), dtype=float))
    row = state.to_row()
    assert len(row[3]) <= item.nbytes
    back = KeptState.from_row(*row)
    assert (back.item.tobytes(), back.list.tobytes()) == (state.item.tobytes(), state.list.tobytes())
    assert (
        KeptState.from_row(*row[:3], item.tobytes(), row[4]).item.tobytes() == item.tobytes()
    )  # of a former release
