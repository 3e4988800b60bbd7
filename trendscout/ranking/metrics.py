"""What a ranking was worth: P@k, average precision, lead time, calibration, with block-bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trendscout.ranking.arrays import Flags, Floats, Ints
from trendscout.ranking.trials import Trials


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over queries; None where no query allows it."""

    p10: float | None  # over queries with at least 10 candidates
    p20: float | None
    ap: float | None  # over queries with at least one positive
    lead_h: float | None  # median hours from a correct top-10 pick to its event
    caught: float | None  # share of all breakouts that stood in a top 10 before they happened


def order_of(query: Ints, score: Floats, tie: Ints) -> Ints:
    """Positions of the candidates by query, then falling score, then `tie`."""
    return np.lexsort((tie, -score, query))


def average_precisions(hit: Flags, query: Ints, queries: int) -> Floats:
    """The average precision of each query with a positive, for candidates already in their order; NaN without."""
    first = np.searchsorted(query, np.arange(queries))
    place = np.arange(len(query)) - first[query] + 1
    found = np.cumsum(hit)
    before = np.concatenate([[0], found])[first]
    precision = np.where(hit, (found - before[query]) / place, 0.0)
    positives = np.bincount(query, hit, queries)
    with np.errstate(invalid="ignore"):
        return np.bincount(query, precision, queries) / np.where(positives > 0, positives, np.nan)


def quality(trials: Trials, score: Floats, tie: Ints) -> tuple[Quality, Floats]:
    """The quality of a score over the trials, and the average precision of each query."""
    order = order_of(trials.query, score, tie)
    query, hit = trials.query[order], trials.hit[order]
    queries = len(trials.query_time)
    sizes = np.bincount(query, minlength=queries)
    first = np.searchsorted(query, np.arange(queries))
    place = np.arange(len(query)) - first[query]
    ap = average_precisions(hit, query, queries)

    def precision(k: int) -> float | None:
        enough = sizes >= k
        hits = np.bincount(query, hit & (place < k), queries)[enough] / k
        return float(hits.mean()) if len(hits) else None

    picked = hit & (place < 10)
    leads = trials.lead_h[order][picked]
    scored = ap[np.isfinite(ap)]
    return Quality(
        p10=precision(10),
        p20=precision(20),
        ap=float(scored.mean()) if len(scored) else None,
        lead_h=float(np.median(leads)) if len(leads) else None,
        caught=None,
    ), ap
