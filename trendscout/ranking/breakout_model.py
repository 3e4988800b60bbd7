"""A small model of named signals: how probably an item breaks out, and what each signal adds to that.

Three parts, averaged in log-odds:

start   a logistic curve of SigniTrend. It has all the say before breakouts are known, and a share of 1/(1 + 2s)
after
        s horizons of outcomes: outcomes of one week are of one week's weather, however many they are.
line    a conditional logit (McFadden 1974): within each query, hits are drawn from the candidates in proportion to
        exp(weights · signals), those near the goal and those far from it apart: near ones break out by place,
        and what sets them off from far ones does not lift these. It is fitted in three stages by Newton's method
        with ridge penalties: the starting signals, drawn to SigniTrend alone; all signals, drawn to the first
        stage; all signals on the latest outcomes, drawn to the second.
trees   shallow additive trees, from 100 distinct breakouts n on, with n/(n + 200) of half the weight: where much
        is known line and trees are averaged, and err less together than either.

Walking forward, the curve of what earlier models said and what came of it sets the average right.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from trendscout.ranking.additive_trees import Tree, Trees, fit_trees, sampled
from trendscout.ranking.arrays import Columns, Flags, Floats, Ints
from trendscout.ranking.calibration import Curve, fit_curve, interval, log_odds, logistic
from trendscout.ranking.model_features import STARTS

FORMAT = 4  # of a model in the store: one of another format is fitted anew
MIN_BREAKOUTS = 20  # distinct ones: with fewer the order is SigniTrend's and the chance is the list's base rate
TREES_FROM, TREES_HALF = 100, 200  # distinct breakouts: none below the first; at the second half of TREES_MOST
TREES_MOST = 0.5  # of what is learned: alone they order amazon_us by .90 of the line, averaged by 1.03
START_HORIZONS = 0.5  # of outcomes, after which the start has half the say
EARLY_SLOPE = 1e-3  # of SigniTrend while there is no model: it orders the rows and leaves them their base rate
EARLY_SURENESS = 20.0  # at most, goods: a base rate says nothing of the one row
# In independent trials; overlapping horizons make trials repeat each other.
START_RIDGE, RIDGE, LATEST_RIDGE = 10.0, 10.0, 30.0
LATEST_HITS = 100.0  # independent ones: the half-life of what the third stage remembers
START_WEIGHT = 0.5  # of SigniTrend before any outcome, per standard deviation
CLIP = 6.0  # standard deviations
MAX_TRIALS = 40_000  # more are thinned by whole queries
CALIBRATION_HALF_LIFE = 0.25  # of the trials: the rate of breakouts drifts
STEPS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """Weights of signals, and the curve from their sum to log-odds."""

    weights: tuple[float, ...]  # a standard deviation
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    curve: Curve

    def parts(self, values: Floats) -> Floats:
        """What each signal adds to the log-odds beside `curve[0]`: the shape of `values`, (rows, signals)."""
        parts = _standardised(values.copy(), np.array(self.mean), np.array(self.sd))
        parts *= np.array(self.weights)
        parts *= self.curve[1]
        return parts


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model as it is kept in the store: everything that `why` shows and a later `rank` needs."""

    group: str  # the lists it was fitted on, see rules.group_of
    rules: str  # the event and the sampling that it was fitted for: for others it is none
    fitted_at: int  # seconds since 1970: no later outcome was used
    names: tuple[str, ...]  # of the signals, in the order of the columns below
    breakouts: int  # distinct ones (list, item, episode) among the outcomes
    hits: int  # rows that broke out: one breakout has many
    trials: int  # rows in all
    list_rates: dict[str, float]  # how often the items of each pooled list broke out: the signal of that name
    rate: float  # of breakouts among the trials
    start: Curve  # of the signal "signitrend"
    start_share: float
    line: Line | None  # None: too early
    trees: Trees | None
    trees_share: float
    curve: Curve  # from the average of the parts to the log-odds that are shown
    sureness: float  # independent goods that a chance is worth, see calibration.sureness
    format: int = FORMAT

    @property
    def early(self) -> bool:
        """Whether too few breakouts are known for more than a base rate."""
        return self.line is None

    def as_base_rate(self) -> Fitted:
        """What it says of items of whose list too little is known: how often items of the group break out."""
        if self.early:
            return self
        return replace(
            self,
            start=(log_odds(self.rate), EARLY_SLOPE),
            start_share=1.0,
            line=None,
            trees=None,
            curve=(0.0, 1.0),
            sureness=min(EARLY_SURENESS, self.sureness),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Fitted | None:
        """The model that `to_dict` wrote; None for one of another format."""
        if data.get("format") != FORMAT:
            return None
        line, trees = data["line"], data["trees"]
        read = {**data, **{name: tuple(data[name]) for name in ("names", "start", "curve")}}
        read["line"] = Line(**{name: tuple(values) for name, values in line.items()}) if line else None
        read["trees"] = Trees(trees["base"], tuple(map(_tree, trees["trees"]))) if trees else None
        return cls(**read)

    def parts(self, features: Columns) -> tuple[Floats, float]:
        """What each signal adds to each row's log-odds, (rows, signals) as `names`, and what is beside them."""
        base, scale = self.curve
        values = np.stack([features[name] for name in self.names], axis=1)
        parts = np.zeros(values.shape)
        parts[:, self.names.index("signitrend")] = self.start_share * self.start[1] * features["signitrend"]
        raw = self.start_share * self.start[0]
        for part, share, beside in self._learned():
            parts += share * part.parts(values)
            raw += share * beside
        return scale * parts, base + scale * raw

    def _learned(self) -> list[tuple[Line | Trees, float, float]]:
        """The line and the trees, each with its share and its log-odds beside the signals."""
        rest = 1 - self.start_share
        found: list[tuple[Line | Trees, float, float]] = []
        if self.line is not None:
            found.append((self.line, rest * (1 - self.trees_share), self.line.curve[0]))
        if self.trees is not None:
            found.append((self.trees, rest * self.trees_share, self.trees.base))
        return found

    def score(self, features: Columns) -> Floats:
        """The log-odds of each row: higher breaks out more probably."""
        parts, base = self.parts(features)
        return np.asarray(parts.sum(axis=1) + base)

    def probability(self, score: Floats) -> Floats:
        """The probability of a breakout within the horizon, between 0 and 1."""
        return logistic(score)

    def interval(self, probability: Floats) -> tuple[Floats, Floats]:
        """A 90 % interval: of goods with this chance, the share that comes true in nine of ten periods."""
        return interval(probability, self.sureness)


def fit(
    features: Columns,
    hit: Flags,
    query: Ints,
    near: Flags,
    breakout: Ints,
    *,
    overlap: float,
    horizons: float,
    rows: Ints | None = None,
    group: str = "",
    rules: str = "",
    fitted_at: int = 0,
    list_rates: dict[str, float] | None = None,
    warm: Fitted | None = None,
) -> Fitted | None:
    """The model of these trials, or None while there are none.

    `features` are those of the trials, or of more: then `rows` tells which is each trial's. Trials are sorted by
    query; `near` are those whose place is near the goal, see `Rules.r0`; `breakout` tells the breakouts of the
    hits apart. `overlap` is how many evaluation times look into one horizon, and `horizons` how many horizons the
    trials span. `warm` is an earlier model of the same signals, to start from.
    """
    if not len(hit):
        return None
    names, breakouts, hits = tuple(features), len(np.unique(breakout[hit])), int(hit.sum())
    repeat = max(overlap, hits / max(1, breakouts))  # rows that are one trial
    rate = (hits / repeat + 0.5) / (len(hit) / repeat + 1)
    early = breakouts < MIN_BREAKOUTS
    line, trees, trees_share, start_share = None, None, 0.0, 1.0
    start = (log_odds(rate), EARLY_SLOPE)
    if not early:
        rows = np.arange(len(hit)) if rows is None else rows
        guess = warm.line if warm and warm.names == names else None
        line = _fit_line(features, rows, hit, (query, near), repeat, guess)
        start_share = START_HORIZONS / (START_HORIZONS + horizons)
        start = _start(features["signitrend"][rows], hit, repeat)
        if breakouts >= TREES_FROM:
            kept, times = sampled(hit)
            trees = fit_trees(_values(features, rows[kept]), hit[kept], times)
            trees_share = TREES_MOST * breakouts / (breakouts + TREES_HALF)
    return Fitted(
        group=group,
        rules=rules,
        fitted_at=fitted_at,
        names=names,
        breakouts=breakouts,
        hits=hits,
        trials=len(hit),
        list_rates=list_rates or {},
        rate=rate,
        start=start,
        start_share=start_share,
        line=line,
        trees=trees,
        trees_share=trees_share,
        curve=(0.0, 1.0),
        sureness=min(EARLY_SURENESS, max(1.0, len(hit) / repeat)),
    )


def _values(features: Columns, rows: Ints) -> Floats:
    """Some rows of all signals, (rows, signals)."""
    values = np.empty((len(rows), len(features)))
    for place, column in enumerate(features.values()):
        values[:, place] = column[rows]
    return values


def _start(signitrend: Floats, hit: Flags, repeat: float) -> Curve:
    prior = (log_odds(float(hit.mean())) - START_WEIGHT * float(signitrend.mean()), START_WEIGHT)
    return fit_curve(signitrend, hit, np.full(len(hit), 1 / repeat), prior, (1e-3, 2.0))


def _fit_line(
    features: Columns, rows: Ints, hit: Flags, of: tuple[Ints, Flags], repeat: float, warm: Line | None
) -> Line:
    query, near = of
    trials = _thinned(query)
    trials = trials[np.lexsort((near[trials], query[trials]))]
    z = _values(features, rows[trials])
    mean, sd = z.mean(axis=0), z.std(axis=0)
    sd = np.where(sd > 1e-6, sd, np.inf)  # a signal that never moved says nothing
    z = _standardised(z, mean, sd)
    hit, query = hit[trials], 2 * query[trials] + near[trials]
    starts = len(STARTS)
    start = np.zeros(starts)
    start[0] = START_WEIGHT
    prior = np.zeros(len(features))
    prior[:starts] = conditional_logit(z[:, :starts], hit, query, START_RIDGE * repeat, start, start)
    guess = np.array(warm.weights) if warm else prior
    weights = conditional_logit(z, hit, query, RIDGE * repeat, prior, guess)
    weights = conditional_logit(
        z, hit, query, LATEST_RIDGE * repeat, weights, weights, half_life=LATEST_HITS * repeat
    )
    score = z @ weights
    weight = later_weighs_more(len(hit))
    rate = float(np.clip((weight * hit).sum() / weight.sum(), 1e-6, 1 - 1e-6))
    curve = fit_curve(
        score, hit, weight / weight.mean(), (log_odds(rate) - float(score.mean()), 1.0), (1e-3, 10.0 * repeat)
    )
    return Line(
        tuple(weights.tolist()), tuple(mean.tolist()), tuple(np.where(np.isfinite(sd), sd, 0.0).tolist()), curve
    )


def later_weighs_more(count: int) -> Floats:
    """Weights of rows in the order of time: half as much CALIBRATION_HALF_LIFE of them earlier."""
    return np.asarray(0.5 ** (np.arange(count)[::-1] / (max(1, count) * CALIBRATION_HALF_LIFE)))


def _tree(data: dict[str, Any]) -> Tree:
    return Tree(tuple((int(a), int(b), float(c)) for a, b, c in data["splits"]), tuple(data["values"]))


def conditional_logit(
    z: Floats, hit: Flags, query: Ints, ridge: float, prior: Floats, guess: Floats, *, half_life: float = np.inf
) -> Floats:
    """Weights of most likely hits, each query weighing as the root of its hits, drawn to `prior` by `ridge`.

    A query weighs half as much as one that came `half_life` hits later.
    """
    with_hit = np.isin(query, query[hit])
    z = np.ascontiguousarray(z) if with_hit.all() else z[with_hit]
    hit, query = hit[with_hit].astype(float), query[with_hit]
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


def _thinned(query: Ints) -> Ints:
    """Rows of evenly spread whole queries, at most about MAX_TRIALS."""
    keep_one_in = -(-len(query) // MAX_TRIALS)
    new = np.ones(len(query), bool)
    new[1:] = query[1:] != query[:-1]
    number = np.cumsum(new) - 1
    return np.flatnonzero((number[-1] - number) % keep_one_in == 0)


def _standardised(values: Floats, mean: Floats, sd: Floats) -> Floats:
    """Each column beside its mean and deviation, in the place of `values`: there may be 150,000 rows of fifty."""
    values -= mean
    values /= np.where(sd > 0, sd, np.inf)
    return np.clip(values, -CLIP, CLIP, out=values)
