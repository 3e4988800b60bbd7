"""A list without an order can be collected for months and has no breakouts to judge."""

import numpy as np
import pytest

from trendscout.errors import UsageError
from trendscout.history import History
from trendscout.ranking.backtest import backtest


def test_a_list_without_ranks_is_told_and_not_judged() -> None:
    looks = 40
    none = np.empty(0, np.int32)
    history = History(
        lists=("shopify_US/new_arrivals/corner.example",),
        items=np.empty(0, object),
        snap_list=np.zeros(looks, np.int32),
        snap_time=np.arange(looks, dtype=np.int64) * 86_400,
        snap_depth=np.zeros(looks, np.int32),
        snap_length=np.full(looks, -1, np.int32),
        obs_snap=none,
        obs_item=none,
        obs_rank=none,
        obs_count=np.empty(0),
        obs_floor=np.empty(0, bool),
    )
    with pytest.raises(UsageError, match="has an order"):
        backtest(history)
