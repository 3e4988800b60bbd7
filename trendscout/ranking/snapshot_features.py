"""One snapshot of each of many lists, beside the snapshots just before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trendscout.ranking.arrays import Columns, Flags, Floats, Ints

DAY_S = 86_400
COUNTED = 0.3  # of a list's rows: with fewer counts than this its places say more
LAGS = 8  # snapshots that are kept as they were; everything older lives in averages
# Names of what is kept of them: an item's ranks and log shares, and the list's times and depths of looking.
R, X, T, D = (tuple(f"{letter}{lag}" for lag in range(1, LAGS + 1)) for letter in "rxtd")


@dataclass(frozen=True, slots=True)
class Batch:
    """One snapshot of each of some lists; rows sorted by list, then rank."""

    lists: Ints  # index into OnlineState.list
    times: Floats  # seconds since 1970, one a list
    depths: Floats  # every place from 1 to here was looked at; one a list
    gaps_s: Floats  # an item off the list for longer begins a new episode; one a list
    late: Flags  # the watch of the list began after that of its group; one a list
    starts: Ints  # first row of each list
    slots: Ints  # index into OnlineState.item, one a row
    ranks: Floats
    counts: Floats  # NaN: not shown


@dataclass(frozen=True, slots=True)
class SnapshotFeatures:
    """What a batch shows by itself and beside the snapshots just before it; one value a row."""

    t: Floats
    rank: Floats
    count: Floats
    length: Floats
    share: Floats  # of the list's counts, or of 1/rank where no counts are shown
    x: Floats  # log share
    floor: Floats  # log share of what is just off the list
    lag_r: Floats  # rank 1..LAGS snapshots ago, one row a lag; NaN where the item was off the list
    lag_x: Floats  # log share likewise
    number: Floats  # how many snapshots of the list came before
    begun: Flags  # the row is of the first snapshot of a list that came late: it stood there before
    place: Ints  # which of the batch's lists
    starts: Ints
    sizes: Ints


def snapshot_features(item: Columns, per_list: Columns, batch: Batch) -> SnapshotFeatures:
    """What the batch shows, from what is remembered of its items and lists."""
    place, sizes = rows_of(batch)
    starts = batch.starts
    weight = _weights(batch, place, sizes)
    share = weight / np.add.reduceat(weight, starts)[place]
    x = np.log(share)
    # What is just off a list: a tenth below its last row, and smoothed, so that it does not jump with that row.
    floor = np.minimum.reduceat(x, starts) - 0.1
    floor = np.where(np.isnan(per_list["floor"]), floor, 0.8 * per_list["floor"] + 0.2 * floor)
    lag_r, lag_x = np.stack([item[name] for name in R]), np.stack([item[name] for name in X])
    # Lags are kept as of the item's last sighting; where snapshots went by without it they move back.
    away = per_list["looks"][place] - item["seen_look"] - 1
    moved = np.flatnonzero(away > 0)
    if len(moved):
        source = np.arange(LAGS)[:, None] - away[moved].astype(np.int64)
        for lag in (lag_r, lag_x):
            shifted = np.take_along_axis(lag[:, moved], np.maximum(source, 0), axis=0)
            lag[:, moved] = np.where(source >= 0, shifted, np.nan)
    return SnapshotFeatures(
        t=batch.times[place],
        rank=batch.ranks,
        count=batch.counts,
        length=np.maximum.reduceat(batch.ranks, starts)[place],
        share=share,
        x=x,
        floor=floor[place],
        lag_r=lag_r,
        lag_x=lag_x,
        number=per_list["looks"][place],
        begun=(per_list["looks"] == 0)[place] & batch.late[place],
        place=place,
        starts=starts,
        sizes=sizes,
    )


def rows_of(batch: Batch) -> tuple[Ints, Ints]:
    """The list of each row, as an index into the batch's lists, and how many rows each list has."""
    sizes = np.diff(batch.starts, append=len(batch.ranks))
    return np.repeat(np.arange(len(sizes)), sizes), sizes


def _weights(batch: Batch, place: Ints, sizes: Ints) -> Floats:
    """Counts where the list shows them for at least three in ten rows, else 1/rank."""
    by_rank = 1.0 / batch.ranks
    known = np.isfinite(batch.counts)
    if not known.any():
        return by_rank
    shows = (np.add.reduceat(known.astype(float), batch.starts) / sizes > COUNTED)[place]
    least = np.minimum.reduceat(np.where(known, batch.counts, np.inf), batch.starts)[place]
    counts = np.maximum(np.where(known, batch.counts, least * 0.9), 1.0)
    return np.where(shows, counts, by_rank)


def climb(snap: SnapshotFeatures, per_list: Columns) -> tuple[Floats, Floats, Floats, Flags]:
    """How far each row climbed: doublings of rank, the rank it came from, the seconds it took, whether from below.

    It is measured from the oldest of the last LAGS snapshots that shows the item without a break in what is
    known: an item that was off the list comes from below, from just beyond what was looked at, and from nowhere
    known (NaN) where its present place was not looked at then.
    """
    came_from = np.full(len(snap.rank), np.nan)
    at = np.full(len(snap.rank), np.nan)
    from_below = np.zeros(len(snap.rank), bool)
    going = np.ones(len(snap.rank), bool)  # back to the first snapshot without the item
    for lag in range(LAGS):
        seconds, depth = per_list[T[lag]][snap.place], per_list[D[lag]][snap.place]
        known = going & (seconds > 0)
        seen = known & ~np.isnan(snap.lag_r[lag])
        below = known & ~seen & (depth >= snap.rank) & np.isnan(came_from)
        came_from = np.where(seen, snap.lag_r[lag], np.where(below, depth + 1, came_from))
        at = np.where(seen | below, seconds, at)
        from_below = below | (from_below & ~seen)
        going = seen
        if not going.any():
            break
    return np.log2(came_from / snap.rank), came_from, snap.t - at, from_below
