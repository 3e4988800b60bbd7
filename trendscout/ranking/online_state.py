"""Signals of every (list, item) computed online: one step a snapshot, vectorised across lists.

`step(state, batch)` takes one snapshot of each of many lists. A full computation steps through all snapshots; the
daily step is one more step on the stored state, with the same result.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np

from trendscout.ranking.arrays import Columns, Floats
from trendscout.ranking.item_signals import burst, grown, signals_of, usual_share
from trendscout.ranking.snapshot_features import (
    DAY_S,
    Batch,
    D,
    R,
    SnapshotFeatures,
    T,
    X,
    climb,
    rows_of,
    snapshot_features,
)
from trendscout.ranking.stage import stages

VERSION = 2  # to be raised when `step` makes other values of the same snapshots: kept states are then made anew
HALF_LIFE = 12.0  # snapshots, of the averages that SigniTrend compares with
FAST, SLOW = 3.0, 48.0  # the same at two more scales
# Shares that the last snapshot has in running means: they look back over about 7, 5 and 10 snapshots (1 / share).
ROAM, LEVEL, CHURN = 0.15, 0.2, 0.1
# Running means and variances of an item's share. The naive ones begin at nothing for whatever stands on a list
# when its watch begins, as the baselines do; for ours see item_signals.usual_share.
AVERAGES = (("mu", "var"), ("mu_naive", "var_naive"), ("mu_fast", "var_fast"), ("mu_slow", "var_slow"))
HALF_LIVES = (HALF_LIFE, HALF_LIFE, FAST, SLOW)
ITEM = (
    "last", "start", "first", "episodes", "best", "seen", "seen_look", "start_look", "debut",
    "best_at", "best_before", "peak_before_at", "cusum", "cusum_naive", *chain.from_iterable(AVERAGES),
    "level", "roam", "count", "count_at", "growth", "stage", "stage_at", *R, *X,
)  # fmt: skip
LIST = ("looks", "floor", "turnover", "entry", "heat", *T, *D)


@dataclass(slots=True)
class OnlineState:
    """What is remembered of every (list, item) and of every list: all that the next step needs."""

    # One row a value, one column a slot or list: a batch reads and writes value by value, within the cache.
    item: Floats  # rows ITEM
    list: Floats  # rows LIST

    @classmethod
    def empty(cls, slots: int, lists: int) -> OnlineState:
        """Nothing seen yet."""
        item = np.zeros((len(ITEM), slots))
        item[ITEM.index("last")] = -np.inf
        item[[ITEM.index(name) for name in ("first", "peak_before_at", "count")]] = np.nan
        item[[ITEM.index(name) for name in ("best", "best_before")]] = np.inf
        per_list = np.zeros((len(LIST), lists))
        per_list[LIST.index("floor")] = np.nan
        return cls(item, per_list)


def step(state: OnlineState, batch: Batch, *, want: bool = True) -> Columns | None:
    """The signals of the batch's rows from what was known before it and what it shows; updates the state."""
    per_list = dict(zip(LIST, state.list.take(batch.lists, axis=1), strict=True))
    item = dict(zip(ITEM, state.item.take(batch.slots, axis=1), strict=True))
    _open_episodes(item, per_list, batch)
    snap = snapshot_features(item, per_list, batch)
    signals = signals_of(item, per_list, snap) if want else None
    _remember_items(item, snap)
    _remember_stage(item, per_list, snap)
    if signals is not None:
        signals.update(stage=item["stage"], stage_at=item["stage_at"])
    _remember_lists(per_list, snap, batch)
    for kept, name in zip(state.item, ITEM, strict=True):
        kept[batch.slots] = item[name]
    for kept, name in zip(state.list, LIST, strict=True):
        kept[batch.lists] = per_list[name]
    return signals


def _open_episodes(item: Columns, per_list: Columns, batch: Batch) -> None:
    """Forgets what belonged to the episode before, for items that were off their list for too long."""
    place, _ = rows_of(batch)
    t, looks = batch.times[place], per_list["looks"][place]
    new = t - item["last"] > batch.gaps_s[place]
    if not new.any():
        return
    item["first"] = np.where(np.isnan(item["first"]), t, item["first"])
    higher = new & (item["best"] < item["best_before"])
    item["peak_before_at"] = np.where(higher, item["best_at"], item["peak_before_at"])
    item["best_before"] = np.where(new, np.minimum(item["best_before"], item["best"]), item["best_before"])
    item["episodes"] = item["episodes"] + new
    item["start"] = np.where(new, t, item["start"])
    item["start_look"] = np.where(new, looks, item["start_look"])
    item["debut"] = np.where(new, batch.ranks, item["debut"])
    item["best"] = np.where(new, np.inf, item["best"])
    item["best_at"] = np.where(new, t, item["best_at"])
    item["level"] = np.where(new, np.log(batch.ranks), item["level"])
    item["count"] = np.where(new, np.nan, item["count"])
    for name in (*R, *X):
        item[name] = np.where(new, np.nan, item[name])
    for name in ("seen", "roam", "growth", "cusum", "cusum_naive", *chain.from_iterable(AVERAGES)):
        item[name] = np.where(new, 0.0, item[name])


def _remember_items(item: Columns, snap: SnapshotFeatures) -> None:
    share = snap.share
    item["cusum"] = burst(share, item["cusum"], usual_share(item["mu"], snap), snap.floor)
    item["cusum_naive"] = burst(share, item["cusum_naive"], item["mu_naive"], snap.floor)
    for (mean, variance), half_life in zip(AVERAGES, HALF_LIVES, strict=True):
        rate = 1 - 0.5 ** (1 / half_life)
        usual = item[mean] if mean == "mu_naive" else usual_share(item[mean], snap)
        off = share - usual
        item[mean] = usual + rate * off
        item[variance] = (1 - rate) * (item[variance] + off * rate * off)
    move = np.where(np.isnan(snap.lag_r[0]), 0.0, np.abs(np.log(snap.rank / snap.lag_r[0])))
    item["roam"] = item["roam"] + ROAM * (move - item["roam"])
    item["level"] = item["level"] + LEVEL * (np.log(snap.rank) - item["level"])
    item["best_at"] = np.where(snap.rank < item["best"], snap.t, item["best_at"])
    item["best"] = np.minimum(item["best"], snap.rank)
    item["seen"] = item["seen"] + 1
    item["seen_look"] = snap.number
    item["last"] = snap.t
    known = np.isfinite(snap.count)
    if known.any():
        hours = np.maximum((snap.t - item["count_at"]) / 3600, 1 / 60)
        item["growth"] = np.where(known & np.isfinite(item["count"]), grown(item, snap) / hours, item["growth"])
        item["count"] = np.where(known, snap.count, item["count"])
        item["count_at"] = np.where(known, snap.t, item["count_at"])
    item.update(zip(R, (snap.rank, *snap.lag_r), strict=False))
    item.update(zip(X, (snap.x, *snap.lag_x), strict=False))


def _remember_stage(item: Columns, per_list: Columns, snap: SnapshotFeatures) -> None:
    """The stage as of this snapshot, and since when it has been so."""
    code = stages(
        looks=snap.number + 1,
        climb=climb(snap, per_list)[0],
        rank=snap.rank,
        best=item["best"],
        age_looks=snap.number - item["start_look"],
        roam=item["roam"],
        days_since_peak_before=(snap.t - item["peak_before_at"]) / DAY_S,
        there_at_start=item["start_look"] == 0,
    ).astype(float)
    item["stage_at"] = np.where((code != item["stage"]) | (item["seen"] <= 1), snap.t, item["stage_at"])
    item["stage"] = code


def _remember_lists(per_list: Columns, snap: SnapshotFeatures, batch: Batch) -> None:
    starts, sizes = snap.starts, snap.sizes
    on_top = (snap.rank <= 10).astype(float)
    top = np.maximum(np.add.reduceat(on_top, starts), 1)
    came = np.add.reduceat(on_top * ~(snap.lag_r[0] <= 10), starts) / top
    new = np.add.reduceat(np.isnan(snap.lag_r[0]).astype(float), starts) / sizes
    climb = on_top * np.where(np.isnan(snap.lag_x[0]), 0.0, snap.x - snap.lag_x[0])
    running = per_list["looks"] > 0
    per_list["turnover"] = np.where(running, per_list["turnover"] + CHURN * (came - per_list["turnover"]), 0.0)
    per_list["entry"] = np.where(running, per_list["entry"] + CHURN * (new - per_list["entry"]), 0.0)
    per_list["heat"] = np.add.reduceat(climb, starts) / top
    per_list["floor"] = snap.floor[starts]
    for names, now in ((T, batch.times), (D, batch.depths)):
        per_list.update(zip(names, [now, *(per_list[name] for name in names[:-1])], strict=True))
    per_list["looks"] = per_list["looks"] + 1
