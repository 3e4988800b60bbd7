"""A small model of named signals: which of the candidates of a snapshot breaks out first, and how probably.

The order comes from a conditional logit (McFadden 1974): within each query, hits are drawn from the candidates in
proportion to exp(weights · signals). It is fitted in three stages by Newton's method with ridge penalties: the
starting signals, drawn to SigniTrend alone; all signals, drawn to the first stage; all signals on the latest
outcomes, drawn to the second. With few outcomes it is the start; as outcomes come in the data take over, and where
a list changes its habits the latest do. The probability is a logistic function of that score.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from trendscout.ranking.arrays import Columns, Flags, Floats, Ints
from trendscout.ranking.model_features import STARTS

MIN_HITS = 10  # fewer known breakouts: SigniTrend's order, and no probability
# In independent trials; overlapping horizons make trials repeat each other.
START_RIDGE, RIDGE, LATEST_RIDGE = 10.0, 10.0, 30.0
LATEST_HITS = 100.0  # independent ones: the half-life of what the third stage remembers
START_WEIGHT = 0.5  # of SigniTrend before any outcome, per standard deviation
CLIP = 6.0  # standard deviations
MAX_TRIALS = 120_000  # more are thinned by whole queries
CALIBRATION_HALF_LIFE = 0.25  # of the trials
STEPS = 12


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model as it is kept in the store: everything that `why` shows and a later `rank` needs."""

    group: str  # the lists it was fitted on, see rules.group_of
    label: str
    fitted_at: int  # seconds since 1970: no later outcome was used
    names: tuple[str, ...]
    weights: tuple[float, ...]  # log-odds per standard deviation
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    intercept: float  # probability = 1 / (1 + exp(-(intercept + slope × score)))
    slope: float
    hits: int  # outcomes it was fitted on
    trials: int
    list_rates: dict[str, float]  # how often the items of each pooled list broke out: the signal of that name
    independent: float  # trials ÷ how often a horizon is looked into: what the interval counts

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Fitted:
        """The model that `to_dict` wrote."""
        lists = ("names", "weights", "mean", "sd")
        read: dict[str, Any] = {key: tuple(value) if key in lists else value for key, value in data.items()}
        return cls(**read)

    def parts(self, features: Columns) -> Floats:
        """What each signal adds to each row's score: one row a candidate, columns as `names`."""
        values = np.stack([features[name] for name in self.names], axis=1)
        parts: Floats = _standard(values, np.array(self.mean), np.array(self.sd)) * np.array(self.weights)
        return parts

    def score(self, features: Columns) -> Floats:
        """The score of each row: higher breaks out sooner."""
        return np.asarray(self.parts(features).sum(axis=1))

    def probability(self, score: Floats) -> Floats:
        """The probability of a breakout within the horizon, between 0 and 1."""
        return _logistic(self.intercept + self.slope * score)

    def interval(self, probability: Floats) -> tuple[Floats, Floats]:
        """A 90 % interval of the probability, as of a share of the independent trials (Wilson 1927)."""
        z2, n = 1.645**2, max(1.0, self.independent / 10)  # a tenth of the trials have a probability like this one
        middle = (probability + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2 * (probability * (1 - probability) / n + z2 / (4 * n * n))) / (1 + z2 / n)
        return np.maximum(0.0, middle - half), np.minimum(1.0, middle + half)


def fit(
    features: Columns,
    hit: Flags,
    query: Ints,
    *,
    overlap: float,
    group: str = "",
    label: str = "",
    fitted_at: int = 0,
    list_rates: dict[str, float] | None = None,
    warm: Fitted | None = None,
) -> Fitted | None:
    """The model of these trials, or None while there are too few breakouts.

    Rows are sorted by query. `overlap` is how many evaluation times look into one horizon. `warm` is an earlier
    model of the same signals, to start from.
    """
    if hit.sum() < MIN_HITS:
        return None
    names = tuple(features)
    rows = _thinned(query)
    values = np.stack([features[name][rows] for name in names], axis=1)
    hit, query = hit[rows], query[rows]
    mean, sd = values.mean(axis=0), values.std(axis=0)
    sd = np.where(sd > 1e-6, sd, np.inf)  # a signal that never moved says nothing
    z = _standard(values, mean, sd)
    starts = len(STARTS)
    start = np.zeros(starts)
    start[0] = START_WEIGHT
    prior = np.zeros(len(names))
    prior[:starts] = conditional_logit(z[:, :starts], hit, query, START_RIDGE * overlap, start, start)
    guess = np.array(warm.weights) if warm and warm.names == names else prior
    weights = conditional_logit(z, hit, query, RIDGE * overlap, prior, guess)
    weights = conditional_logit(
        z, hit, query, LATEST_RIDGE * overlap, weights, weights, half_life=LATEST_HITS * overlap
    )
    intercept, slope = calibrate(z @ weights, hit, overlap)
    return Fitted(
        group=group,
        label=label,
        fitted_at=fitted_at,
        names=names,
        weights=tuple(weights.tolist()),
        mean=tuple(mean.tolist()),
        sd=tuple(np.where(np.isfinite(sd), sd, 0.0).tolist()),
        intercept=intercept,
        slope=slope,
        hits=int(hit.sum()),
        trials=len(hit),
        list_rates=list_rates or {},
        independent=len(hit) / overlap,
    )


def conditional_logit(
    z: Floats, hit: Flags, query: Ints, ridge: float, prior: Floats, guess: Floats, *, half_life: float = np.inf
) -> Floats:
    """Weights of most likely hits, each query weighing as the root of its hits, drawn to `prior` by `ridge`.

    A query weighs half as much as one that came `half_life` hits later.
    """
    with_hit = np.isin(query, query[hit])
    z, hit, query = z[with_hit], hit[with_hit].astype(float), query[with_hit]
    new = np.ones(len(query), bool)
    new[1:] = query[1:] != query[:-1]
    first, of = np.flatnonzero(new), np.cumsum(new) - 1
    hits = np.add.reduceat(hit, first)
    weight = 1 / np.sqrt(hits)
    weight *= len(weight) / weight.sum()
    weight *= 0.5 ** ((np.cumsum(hits[::-1])[::-1] - hits) / half_life)
    total = weight * hits
    beta = guess.copy()
    for _ in range(STEPS):
        score = z @ beta
        share = np.exp(np.maximum(score - np.maximum.reduceat(score, first)[of], -30))
        share /= np.add.reduceat(share, first)[of]
        expected = total[of] * share
        gradient = ridge * (beta - prior) - z.T @ (weight[of] * hit - expected)
        mean = np.add.reduceat(z * share[:, None], first)
        hessian = (z * expected[:, None]).T @ z - (mean * total[:, None]).T @ mean
        hessian[np.diag_indices_from(hessian)] += ridge
        change = np.linalg.solve(hessian, gradient)
        largest = float(np.abs(change).max())
        beta = beta - change * min(1.0, 2 / max(largest, 1e-9))
        if largest < 1e-3:
            break
    return beta


def calibrate(score: Floats, hit: Flags, overlap: float) -> tuple[float, float]:
    """Intercept and slope of the logistic curve from score to probability, the slope drawn to 1.

    Rows are in the order of time; later ones weigh more, for the rate of breakouts drifts.
    """
    weight = 0.5 ** (np.arange(len(score))[::-1] / (len(score) * CALIBRATION_HALF_LIFE))
    weight /= weight.mean()
    rate = float(np.clip((weight * hit).mean(), 1e-6, 1 - 1e-6))
    prior = np.array([np.log(rate / (1 - rate)) - score.mean(), 1.0])
    beta = prior.copy()
    x = np.stack([np.ones(len(score)), score], axis=1)
    ridge = np.diag([1e-3, 10.0 * overlap])
    for _ in range(STEPS):
        p = _logistic(x @ beta)
        hessian = (x * (weight * p * (1 - p) + 1e-9)[:, None]).T @ x + ridge
        change = np.linalg.solve(hessian, x.T @ (weight * (p - hit)) + ridge @ (beta - prior))
        beta = beta - np.clip(change, -2, 2)
        if np.abs(change).max() < 1e-5:
            break
    return float(beta[0]), float(beta[1])


def _thinned(query: Ints) -> Ints:
    """Rows of evenly spread whole queries, at most about MAX_TRIALS."""
    keep_one_in = -(-len(query) // MAX_TRIALS)
    new = np.ones(len(query), bool)
    new[1:] = query[1:] != query[:-1]
    number = np.cumsum(new) - 1
    return np.flatnonzero((number[-1] - number) % keep_one_in == 0)


def _standard(values: Floats, mean: Floats, sd: Floats) -> Floats:
    scaled: Floats = np.clip((values - mean) / np.where(sd > 0, sd, np.inf), -CLIP, CLIP)
    return scaled


def _logistic(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -30, 30))))
