"""What the model reads: signals brought to a common scale, and their places within the snapshot."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendscout.ranking.arrays import Columns, Floats, Ints

# The start of every model: signals that order a list by themselves, SigniTrend first.
STARTS = ("signitrend", "cusum", "poisson", "slope", "move1", "age", "log_rank")
PLAIN = (
    "gap_best", "since_best", "debut_gain", "best_before", "presence", "seen", "drift", "roam", "move2", "move4",
    "move8", "accel", "above_move", "above_slope", "above_age", "above_sig", "episodes", "turnover", "entry",
    "heat", "length", "count_now", "growth",
)  # fmt: skip
HEAVY = ("signitrend", "cusum", "poisson", "sig_fast", "sig_slow")  # heavy-tailed both ways: signed logarithms
RAW = ("signitrend", "cusum", "poisson")  # beside their logarithms: how far ahead a burst is, not only that it is
PLACED = (
    "signitrend", "age", "slope", "gap_best", "roam", "move1", "move4", "move8", "sig_slow", "drift", "cusum",
    "poisson", "best_before", "debut_gain", "key",
)  # fmt: skip


def features_of(signals: Mapping[str, Floats], snapshot: Ints, context: Columns) -> Columns:
    """The model's features by name, STARTS first; rows of one `snapshot` are placed among each other."""
    scaled = {name: np.sign(signals[name]) * np.log1p(np.abs(signals[name])) for name in HEAVY}
    made: Columns = {name: scaled.get(name, signals[name]) for name in STARTS}
    made |= {name: signals[name] for name in PLAIN}
    made |= {name: values for name, values in scaled.items() if name not in made}
    made |= {f"{name}_raw": signals[name] for name in RAW}
    made["growth"] = np.sign(signals["growth"]) * np.log1p(24 * np.abs(signals["growth"]))
    made["count"] = np.nan_to_num(signals["count"])
    made["no_count"] = np.isnan(signals["count"]).astype(float)
    at_best = (signals["gap_best"] == 0).astype(float)
    made |= {"new": signals["newcomer"], "at_best": at_best, "at_best_low": at_best * (signals["log_rank"] - 3.5)}
    made |= {
        f"{name}_place": places(context[name] if name in context else signals[name], snapshot) for name in PLACED
    }
    made |= {name: values for name, values in context.items() if name != "key"}
    return made


def places(values: Floats, group: Ints) -> Floats:
    """Each value's place within its group, between 0 (lowest) and 1; equal values share a place."""
    order = np.lexsort((values, group))
    sorted_group, sorted_values = group[order], values[order]
    begins = np.ones(len(order), bool)
    begins[1:] = sorted_group[1:] != sorted_group[:-1]
    first = np.flatnonzero(begins)
    of_group = np.cumsum(begins) - 1
    place = (np.arange(len(order)) - first[of_group] + 0.5) / np.diff(first, append=len(order))[of_group]
    begins[1:] |= sorted_values[1:] != sorted_values[:-1]
    tie = np.cumsum(begins) - 1
    shared = np.bincount(tie, place) / np.bincount(tie)
    out = np.empty(len(order))
    out[order] = shared[tie]
    return out
