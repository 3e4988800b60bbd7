"""The signals are a fold: a state that was stored and stepped on is the state of the whole."""

import numpy as np
import pyarrow as pa
import pytest

from tests.ranking.histories import market
from trendscout.history import History
from trendscout.ranking.fold import ITEM, LIST, State, step
from trendscout.ranking.look import Batch


def batch_of(history: History, look: int) -> Batch:
    """The `look`-th snapshot of every list; an item's slot is its code."""
    snaps = np.array([np.flatnonzero(history.snap_list == code)[look] for code in range(len(history.lists))])
    rows = np.flatnonzero(np.isin(history.obs_snap, snaps))
    return Batch(
        lists=np.arange(len(snaps)),
        times=history.snap_time[snaps].astype(float),
        depths=history.snap_depth[snaps].astype(float),
        gaps_s=np.full(len(snaps), 5 * 86_400.0),
        starts=np.searchsorted(history.obs_snap[rows], snaps),
        slots=history.obs_item[rows],
        ranks=history.obs_rank[rows].astype(float),
        counts=history.obs_count[rows],
    )


def stored(state: State) -> State:
    """The state after a round through Arrow, as a store keeps it."""
    item = pa.table({name: state.item[place] for place, name in enumerate(ITEM)})
    per_list = pa.table({name: state.list[place] for place, name in enumerate(LIST)})
    return State(*(np.stack([column.to_numpy() for column in table.columns]) for table in (item, per_list)))


@pytest.mark.parametrize("stop", [1, 7, 19])
def test_a_stored_state_steps_on_as_the_whole(stop: int) -> None:
    history = market(9, days=20, lists=2)
    whole = State.empty(len(history.items), 2)
    signals = [step(whole, batch_of(history, look)) for look in range(20)]
    parts = State.empty(len(history.items), 2)
    for look in range(stop):
        step(parts, batch_of(history, look), want=False)
    parts = stored(parts)
    for look in range(stop, 20):
        again = step(parts, batch_of(history, look))
        assert again is not None
        for name, values in (signals[look] or {}).items():
            assert np.array_equal(values, again[name], equal_nan=True), name
    assert np.array_equal(whole.item, parts.item, equal_nan=True)
    assert np.array_equal(whole.list, parts.list, equal_nan=True)
