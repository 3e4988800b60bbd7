"""A group of lists walked through in time: at each snapshot the scores of a model that knows only its past."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from trendscout.history import History, slices
from trendscout.ranking.arrays import Columns, Flags, Floats, Ints
from trendscout.ranking.breakout_model import CALIBRATION_HALF_LIFE, Fitted, fit
from trendscout.ranking.calibration import SURENESS_PRIOR, fit_curve, logistic, sureness
from trendscout.ranking.model_features import features_of
from trendscout.ranking.rules import Rules
from trendscout.ranking.signal_replay import Replay
from trendscout.ranking.surroundings import Surroundings, context_of, list_rate
from trendscout.ranking.trials import Trials, trials

REFIT_GROWTH = 1.15  # a refit is due when this many times as many outcomes are known as at the last one
REFITS_A_HORIZON = 7  # at most: daily lists every day, lists of a few times a day at least as often
CHECK_GROWTH = 1.5  # of the refits that a report's model is checked by: about ten in all the past
MIN_CHECKED = 50  # rows: fewer say nothing
CURVE_RIDGE = (1.0, 20.0)  # independent trials that say: the models were right
_AT_ONCE = 16_384  # rows that a model is asked about together
SHOWN = 20  # rows of a moment that a report shows: what its chances must hold for


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a group's models are fitted on and asked about."""

    rules: Rules
    group: str
    rows: Ints  # index into the observations, ascending
    time: Ints  # of each row's snapshot, seconds
    features: Columns  # one value a row
    trials: Trials
    of_trial: Ints  # the row of each trial, as an index into `rows`
    list_of: Ints  # the list of each trial
    moments: Ints  # when each query begins, seconds
    lists: tuple[str, ...]  # names of all lists

    def fit(self, moment: int, warm: Fitted | None = None) -> Fitted | None:
        """The model of the outcomes known at a moment; None while there are none."""
        tried = self.trials
        known = np.flatnonzero(tried.known_at <= moment)
        time = tried.time[known]
        return fit(
            self.features,
            tried.hit[known],
            tried.query[known],
            tried.rank[known] <= self.rules.r0,
            tried.breakout[known],
            overlap=self.rules.overlap,
            horizons=float(np.ptp(time)) / 3600 / self.rules.horizon_h if len(time) else 0.0,
            rows=self.of_trial[known],
            group=self.group,
            rules=self.rules.key,
            fitted_at=moment,
            list_rates=self._list_rates(moment) if self.rules.pooled else {},
            warm=warm,
        )

    def _list_rates(self, moment: int) -> dict[str, float]:
        lists = np.unique(self.list_of)
        tried = self.trials
        at = np.full(len(lists), moment)
        rates = list_rate(lists, at, trial_list=self.list_of, known_at=tried.known_at, hit=tried.hit)
        return {self.lists[code]: float(rate) for code, rate in zip(lists, rates, strict=True)}

    def ask(self, model: Fitted, rows: Ints) -> Floats:
        """The log-odds of some rows, given as indices into `rows`."""
        parts = (rows[part] for part in slices(len(rows), _AT_ONCE))
        scores = [model.score({name: values[part] for name, values in self.features.items()}) for part in parts]
        return np.concatenate([np.empty(0), *scores])

    def refits(self, growth: float, until: float = np.inf) -> list[int]:
        """Times before `until` at which enough outcomes have become known for a refit, in seconds."""
        known = np.sort(self.trials.known_at)
        moments: list[int] = []
        last, last_at = 0, -np.inf
        for moment in self.moments[self.moments < until]:
            outcomes = int(np.searchsorted(known, moment, "right"))
            if outcomes > last * growth and moment - last_at >= refit_s(self.rules):
                moments.append(int(moment))
                last, last_at = outcomes, float(moment)
        return moments


def refit_s(rules: Rules) -> int:
    """Seconds after which a group's model is fitted anew: a part of the horizon, no less than a snapshot."""
    return int(3600 * max(rules.cadence_h, rules.horizon_h / REFITS_A_HORIZON))


@dataclass(frozen=True, slots=True, eq=False)
class WalkForward:
    """What the material's rows were given, each by a model that knew only its past."""

    material: Material
    score: Floats  # log-odds; the order of SigniTrend, far below, where there was no model
    probability: Floats  # NaN where there was no model
    low: Floats  # of its 90 % interval
    high: Floats
    models: tuple[Fitted, ...]  # in the order in which they were fitted


def gather(
    history: History,
    rules: Rules,
    group: str,
    replay: Replay,
    evaluated: Flags,
    around: Surroundings | None = None,
) -> Material:
    """The material of a group from the replayed rows of its lists.

    `evaluated` marks the snapshots whose candidates are trials; `replay` holds at least their rows.
    """
    rows, signals = replay.rows, replay.signals
    snapshot = history.obs_snap[rows]
    asked = evaluated[snapshot]
    tried = trials(history, rules, signals["best_so_far"][asked], -signals["recency"][asked], rows[asked])
    time = history.snap_time[snapshot]
    of_trial = history.snap_list[history.obs_snap[tried.row]]
    rate = list_rate(
        history.snap_list[snapshot], time, trial_list=of_trial, known_at=tried.known_at, hit=tried.hit
    )
    context = context_of(history, rules, rows, around or Surroundings(history), rate)
    return Material(
        rules=rules,
        group=group,
        rows=rows,
        time=time,
        features=features_of(signals, snapshot, context),
        trials=tried,
        of_trial=np.searchsorted(rows, tried.row),
        list_of=of_trial,
        moments=_moments(rules, time[asked]),
        lists=history.lists,
    )


def _moments(rules: Rules, time: Ints) -> Ints:
    """When each query begins: lists that are ranked together are never scored by two models."""
    return np.unique(time // rules.query_s * rules.query_s if rules.pooled else time)


def walk_forward(material: Material) -> WalkForward:
    """What all rows are given, refitting as outcomes become known; the same when what follows is cut off."""
    count = len(material.rows)
    score, probability = start_score(material.features), np.full(count, np.nan)
    low, high = probability.copy(), probability.copy()
    checked = Checked.nothing(material)
    models: list[Fitted] = []
    for moment, until in pairwise([*material.refits(REFIT_GROWTH), np.iinfo(np.int64).max]):
        model = checked.refit(moment, models[-1] if models else None)
        if model is None:
            continue
        models.append(model)
        rows = np.flatnonzero((material.time >= moment) & (material.time < until))
        score[rows] = checked.ask(model, rows)
        probability[rows] = model.probability(score[rows])
        low[rows], high[rows] = model.interval(probability[rows])
    return WalkForward(material, score, probability, low, high, tuple(models))


def fit_checked(material: Material, moment: int) -> Fitted | None:
    """The model of the outcomes known at a moment, set right by what came of what earlier ones would have said."""
    checked = Checked.nothing(material)
    earlier: Fitted | None = None
    for before, until in pairwise([*material.refits(CHECK_GROWTH, moment), moment]):
        earlier = checked.refit(before, earlier) or earlier
        if earlier is not None:
            checked.ask(earlier, np.flatnonzero((material.time >= before) & (material.time < until)))
    return checked.refit(moment, earlier)


@dataclass(slots=True)
class Checked:
    """What models said of rows after them, before it was set right: to be held against what came."""

    material: Material
    said: Floats  # log-odds of each row; NaN where no model was asked

    @classmethod
    def nothing(cls, material: Material) -> Checked:
        """Nothing was said yet."""
        return cls(material, np.full(len(material.rows), np.nan))

    def ask(self, model: Fitted, rows: Ints) -> Floats:
        """The model's log-odds of some rows; what they were before its curve is remembered."""
        score = self.material.ask(model, rows)
        if not model.early:  # a base rate is no judgement of a row
            self.said[rows] = (score - model.curve[0]) / model.curve[1]
        return score

    def refit(self, moment: int, warm: Fitted | None) -> Fitted | None:
        """The model of the outcomes known at a moment, with the curve and the sureness that the past gives it."""
        model = self.material.fit(moment, warm)
        if model is None or model.early:
            return model
        tried = self.material.trials
        said = self.said[self.material.of_trial]
        known = np.flatnonzero((tried.known_at <= moment) & np.isfinite(said))
        if len(known) < MIN_CHECKED:
            return replace(model, sureness=SURENESS_PRIOR)
        said, hit = said[known], tried.hit[known]
        repeat = max(1.0, hit.sum() / max(1, len(np.unique(tried.breakout[known][hit]))))
        time = tried.time[known]
        age = (moment - time) / (moment - tried.time.min() + 1)
        weight = 0.5 ** (age / CALIBRATION_HALF_LIFE) / repeat
        curve = fit_curve(said, hit, weight, (0.0, 1.0), CURVE_RIDGE)
        shown = _first_of(tried.query[known], said, SHOWN)
        chance = logistic(curve[0] + curve[1] * said[shown])
        period = time[shown] // int(3600 * self.material.rules.horizon_h)
        return replace(model, curve=curve, sureness=sureness(chance, hit[shown], period))


def _first_of(query: Ints, score: Floats, count: int) -> Ints:
    """The rows of the highest scores of each query, at most `count`."""
    order = np.lexsort((-score, query))
    ranked = query[order]
    place = np.arange(len(order)) - np.searchsorted(ranked, ranked, "left")
    return np.asarray(order[place < count])


def start_score(features: Columns) -> Floats:
    """SigniTrend's order, far below the scores of any model."""
    return np.asarray(features["signitrend"] * 1e-3 - 1e3)
