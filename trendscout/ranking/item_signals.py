"""The signals of items on a list: each from what was known before a snapshot and what it shows."""

from __future__ import annotations

import numpy as np

from trendscout.ranking.arrays import Columns, Floats
from trendscout.ranking.snapshot_features import DAY_S, SnapshotFeatures, climb

COUNT_PRIOR = 50.0  # sales, views: differences below this say little


def signals_of(item: Columns, per_list: Columns, snap: SnapshotFeatures) -> Columns:
    """All signals of the rows; docs/ranking.md defines each of them with its unit and its source."""
    rank, x, share, place = snap.rank, snap.x, snap.share, snap.place
    prev_r = np.where(np.isnan(snap.lag_r), snap.length + 1, snap.lag_r)
    prev_x = np.where(np.isnan(snap.lag_x), snap.floor, snap.lag_x)
    beta = np.exp(snap.floor) / 2
    lam = np.maximum(1000 * item["mu"], 2000 * beta)
    k = 1000 * share
    surprise = k * np.log(k / lam) - (k - lam)
    log_rank = np.log(rank)
    hours = (snap.t - item["start"]) / 3600
    best = np.minimum(item["best"], rank)
    slope = (2 * (x - prev_x[3]) + prev_x[0] - prev_x[2]) / 10
    signitrend = significance(share, item["mu"], item["var"], beta)
    count = np.log(np.where(np.isfinite(snap.count), np.maximum(snap.count, 1.0), np.nan))
    looks = per_list["looks"][place]
    climbed, came_from, climb_s = climb(snap, per_list)
    return {
        "rank": rank,
        "delta": prev_r[0] - rank,
        "recency": -hours,
        "slope": slope,
        "signitrend": signitrend,
        "poisson": np.where(k > lam, surprise, -surprise),
        "cusum": np.maximum(0.0, item["cusum"] + k * np.log(2) - lam),
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
        "sig_fast": significance(share, item["mu_fast"], item["var_fast"], beta),
        "sig_slow": significance(share, item["mu_slow"], item["var_slow"], beta),
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
        "looks": looks,
    }


def grown(item: Columns, snap: SnapshotFeatures) -> Floats:
    """How much counts grew since they were last known, in e-folds; 0 where one of the two is not known.

    COUNT_PRIOR is added to both: from 1 to 2 is not from a million to two.
    """
    growth: Floats = np.log((snap.count + COUNT_PRIOR) / (item["count"] + COUNT_PRIOR))
    return np.where(np.isfinite(growth), growth, 0.0)


def significance(share: Floats, mean: Floats, variance: Floats, beta: Floats) -> Floats:
    """SigniTrend (Schubert, Weiler, Kriegel, KDD 2014): deviations above a running mean, with a floor `beta`."""
    deviation: Floats = (share - np.maximum(mean, beta)) / (np.sqrt(variance) + beta)
    return deviation


def _means_above(snap: SnapshotFeatures, **signals: Floats) -> Columns:
    """The means over the rows above in the same list; 0 for the top row."""
    values = np.stack(list(signals.values()))
    # List by list, so that no sum is rounded otherwise where other lists stand beside it.
    sums = [np.cumsum(of_list, axis=1) for of_list in np.split(values, snap.starts[1:], axis=1)]
    position = np.arange(values.shape[1]) - snap.starts[snap.place]
    means = (np.concatenate(sums, axis=1) - values) / np.maximum(position, 1)
    return dict(zip(signals, means, strict=True))
