"""What a ranking was worth: P@k, average precision, lead time, calibration, with block-bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trendscout.ranking.arrays import Flags, Floats, Ints
from trendscout.ranking.trials import Trials

DRAWS = 400  # of the bootstrap
SEED = 7
BINS = 10  # of the calibration curve

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over queries, with 95 % intervals; None where no query, or too few, allow it."""

    p10: float | None  # over queries with at least 10 candidates
    p10_95: Interval | None
    p20: float | None  # over queries with at least 20
    ap: float | None  # over queries with at least one breakout
    ap_95: Interval | None
    lead_h: float | None  # median hours from a correct top-10 pick to its event
    caught: float | None  # share of the items that broke out that stood in a top 10 before


@dataclass(frozen=True, slots=True)
class Bin:
    """One step of the calibration curve."""

    said: float  # mean probability
    came: float  # share that broke out
    trials: int


def quality(trials: Trials, score: Floats, tie: Ints, slot: Ints, *, block: int = 1) -> tuple[Quality, Floats]:
    """The quality of a score over the trials, and the average precision of each query (NaN without a breakout).

    Equal scores are ordered by `tie`; `slot` tells the items apart. `block` queries look into one horizon.
    """
    order = np.lexsort((tie, -score, trials.query))
    query, hit = trials.query[order], trials.hit[order]
    queries = len(trials.query_time)
    first = np.searchsorted(query, np.arange(queries))
    place = np.arange(len(query)) - first[query]
    ap = _average_precisions(hit, query, place, first)
    p10, p20 = (_precisions(hit, query, place, queries, k) for k in (10, 20))
    picked = hit & (place < 10)
    leads = trials.lead_h[order][picked]
    broke_out = np.unique(slot[order][hit])
    caught = np.unique(slot[order][picked])
    known = ap[np.isfinite(ap)]
    return Quality(
        p10=mean(p10),
        p10_95=block_interval(p10, block),
        p20=mean(p20),
        ap=mean(known),
        ap_95=block_interval(known, block),
        lead_h=float(np.median(leads)) if len(leads) else None,
        caught=len(caught) / len(broke_out) if len(broke_out) else None,
    ), ap


def mean(values: Floats) -> float | None:
    """The mean, or None of nothing."""
    return float(values.mean()) if len(values) else None


def block_interval(values: Floats, block: int = 1) -> Interval | None:
    """A 95 % interval of the mean by moving-block bootstrap (Künsch 1989): queries overlap in time.

    Blocks are of `block` values at least, and of no more than half of them.

    None for fewer than 8 values.
    """
    count = len(values)
    if count < 8:
        return None
    size = min(count // 2, max(2, int(count**0.5), block))
    starts = np.random.default_rng(SEED).integers(0, count - size + 1, (DRAWS, -(-count // size)))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means = (sums[starts + size] - sums[starts]).mean(axis=1) / size
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def calibration(probability: Floats, hit: Flags) -> tuple[Bin, ...]:
    """What came of what was said, in tenths of probability; empty tenths are left out."""
    which = np.clip((probability * BINS).astype(int), 0, BINS - 1)
    return tuple(
        Bin(float(probability[which == step].mean()), float(hit[which == step].mean()), int((which == step).sum()))
        for step in np.unique(which)
    )


def calibration_error(curve: tuple[Bin, ...]) -> float | None:
    """Expected calibration error: the mean distance between said and came, by trials."""
    total = sum(step.trials for step in curve)
    return sum(abs(step.said - step.came) * step.trials for step in curve) / total if total else None


def _average_precisions(hit: Flags, query: Ints, place: Ints, first: Ints) -> Floats:
    found = np.concatenate([[0], np.cumsum(hit)])
    precision = np.where(hit, (found[1:] - found[first][query]) / (place + 1), 0.0)
    hits = np.bincount(query, hit, len(first))
    ap: Floats = np.bincount(query, precision, len(first)) / np.where(hits > 0, hits, np.nan)
    return ap


def _precisions(hit: Flags, query: Ints, place: Ints, queries: int, k: int) -> Floats:
    enough = np.bincount(query, minlength=queries) >= k
    precision: Floats = np.bincount(query, hit & (place < k), queries)[enough] / k
    return precision
