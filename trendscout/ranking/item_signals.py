"""The signals of items on a list: each from what was known before a snapshot and what it shows."""

from __future__ import annotations

import numpy as np

from trendscout.ranking.arrays import Columns, Floats
from trendscout.ranking.snapshot_features import DAY_S, SnapshotFeatures, climb

COUNT_PRIOR = 50.0  # sales, views: differences below this say little


def signals_of(item: Columns, per_list: Columns, snap: SnapshotFeatures) -> Columns:
    """All signals of the rows; docs/ranking.md defines each of them with its unit and its source."""
    rank, x, share, place = snap.rank, snap.x, snap.share, snap.place
    naive_r = np.where(np.isnan(snap.lag_r), snap.length + 1, snap.lag_r)
    naive_x = np.where(np.isnan(snap.lag_x), snap.floor, snap.lag_x)
    prev_r, prev_x = since_watched(naive_r, rank, snap.number), since_watched(naive_x, x, snap.number)
    usual = usual_share(item["mu"], snap)
    log_rank = np.log(rank)
    hours = (snap.t - item["start"]) / 3600
    best = np.minimum(item["best"], rank)
    slope = slope_of(x, prev_x)
    signitrend = significance(share, usual, item["var"], snap.floor)
    count = np.log(np.where(np.isfinite(snap.count), np.maximum(snap.count, 1.0), np.nan))
    looks = per_list["looks"][place]
    climbed, came_from, climb_s, from_below = climb(snap, per_list)
    return {
        "rank": rank,
        "delta": naive_r[0] - rank,
        "recency": -hours,
        "slope": slope,
        "signitrend": signitrend,
        "poisson": surprise(share, usual, snap.floor),
        "cusum": burst(share, item["cusum"], usual, snap.floor),
        "slope_naive": slope_of(x, naive_x),
        "signitrend_naive": significance(share, item["mu_naive"], item["var_naive"], snap.floor),
        "poisson_naive": surprise(share, item["mu_naive"], snap.floor),
        "cusum_naive": burst(share, item["cusum_naive"], item["mu_naive"], snap.floor),
        "best_so_far": item["best"],
        "best": best,
        "log_rank": log_rank,
        "gap_best": np.log(rank / best),
        "since_best": np.log1p((snap.t - item["best_at"]) / 3600),
        "age": np.log1p(hours),
        "life": np.log1p((snap.t - item["first"]) / 3600),
        "debut_gain": np.log(item["debut"] / rank),
        "episodes": np.log(item["episodes"]),
        "best_before": np.log(np.minimum(item["best_before"], 2 * snap.length)),
        "presence": (item["seen"] + 1) / np.maximum(item["seen"] + 1, looks - item["start_look"] + 1),
        "seen": np.log1p(item["seen"]),
        "sig_fast": significance(share, usual_share(item["mu_fast"], snap), item["var_fast"], snap.floor),
        "sig_slow": significance(share, usual_share(item["mu_slow"], snap), item["var_slow"], snap.floor),
        "drift": item["level"] - log_rank,
        "roam": item["roam"],
        "move1": np.log(prev_r[0] / rank),
        "move2": np.log(prev_r[1] / rank),
        "move8": np.log(prev_r[7] / rank),
        "move4": np.log(prev_r[3] / rank),
        "accel": np.log(prev_r[0] / rank) - np.log(prev_r[1] / prev_r[0]),
        "growth": item["growth"],
        "count_now": grown(item, snap),
        "count": count,
        **_means_above(
            snap,
            above_move=np.log(prev_r[0] / rank),
            above_slope=slope,
            above_age=np.log1p(hours),
            above_sig=np.log1p(np.maximum(signitrend, -0.9)),
        ),
        "turnover": per_list["turnover"][place],
        "entry": per_list["entry"][place],
        "heat": per_list["heat"][place],
        "length": snap.length,
        "climb": climbed,
        "came_from": came_from,
        "climb_days": climb_s / DAY_S,
        "from_below": from_below.astype(float),
        "newcomer": ((item["seen"] == 0) & (snap.number > 0)).astype(float),
        "looks": looks,
    }


def grown(item: Columns, snap: SnapshotFeatures) -> Floats:
    """How much counts grew since they were last known, in e-folds; 0 where one of the two is not known.

    COUNT_PRIOR is added to both: from 1 to 2 is not from a million to two.
    """
    growth: Floats = np.log((snap.count + COUNT_PRIOR) / (item["count"] + COUNT_PRIOR))
    return np.where(np.isfinite(growth), growth, 0.0)


def usual_share(mean: Floats, snap: SnapshotFeatures) -> Floats:
    """An item's usual share before a snapshot; what it shows there where a list's watch begins after its group's.

    Where all lists of a group begin together they are alike, and begin as the baselines do.
    """
    return np.where(snap.begun, snap.share, mean)


def since_watched(before: Floats, now: Floats, number: Floats) -> Floats:
    """Values one snapshot ago and more, a row a lag; from before the list's watch the earliest known stands there.

    `number` is how many snapshots of the list came before. Without it, all that a first look shows would seem to
    have come from off the list.
    """
    known = before.copy()
    for lag in range(len(known)):
        known[lag] = np.where(number > lag, known[lag], known[lag - 1] if lag else now)
    return known


def slope_of(x: Floats, before: Floats) -> Floats:
    """The least-squares slope of log share over five snapshots."""
    slope: Floats = (2 * (x - before[3]) + before[0] - before[2]) / 10
    return slope


def significance(share: Floats, mean: Floats, variance: Floats, floor: Floats) -> Floats:
    """SigniTrend (Schubert, Weiler, Kriegel, KDD 2014): deviations above a running mean, with a floor β.

    `floor` is the log share of what is just off the list; β is half of it.
    """
    beta = np.exp(floor) / 2
    deviation: Floats = (share - np.maximum(mean, beta)) / (np.sqrt(variance) + beta)
    return deviation


def surprise(share: Floats, mean: Floats, floor: Floats) -> Floats:
    """The signed one-step Poisson log-likelihood ratio of a share against its mean (Gnip 2015), in nats."""
    k, usual = 1000 * share, _thousandths(mean, floor)
    nats = k * np.log(k / usual) - (k - usual)
    return np.where(k > usual, nats, -nats)


def burst(share: Floats, before: Floats, mean: Floats, floor: Floats) -> Floats:
    """CUSUM (Page 1954) of the weight of a burst at twice the usual rate (Kleinberg 2002), in nats."""
    weight: Floats = np.maximum(0.0, before + 1000 * share * np.log(2) - _thousandths(mean, floor))
    return weight


def _thousandths(mean: Floats, floor: Floats) -> Floats:
    usual: Floats = 1000 * np.maximum(mean, np.exp(floor))
    return usual


def _means_above(snap: SnapshotFeatures, **signals: Floats) -> Columns:
    """The means over the rows above in the same list; 0 for the top row."""
    values = np.stack(list(signals.values()))
    # List by list, so that no sum is rounded otherwise where other lists stand beside it.
    sums = [np.cumsum(of_list, axis=1) for of_list in np.split(values, snap.starts[1:], axis=1)]
    position = np.arange(values.shape[1]) - snap.starts[snap.place]
    means = (np.concatenate(sums, axis=1) - values) / np.maximum(position, 1)
    return dict(zip(signals, means, strict=True))
