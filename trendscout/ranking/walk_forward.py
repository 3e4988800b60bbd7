"""A group of lists walked through in time: at each snapshot the scores of a model that knows only its past."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trendscout.history import History
from trendscout.ranking.arrays import Columns, Flags, Floats, Ints
from trendscout.ranking.breakout_model import Fitted, fit
from trendscout.ranking.model_features import features_of
from trendscout.ranking.rules import Rules
from trendscout.ranking.signal_replay import Replay
from trendscout.ranking.surroundings import Surroundings, context_of, list_rate
from trendscout.ranking.trials import Trials, trials

REFIT_GROWTH = 1.15  # a refit is due when this many times as many outcomes are known as at the last one


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
        """The model of the outcomes known at a moment; None while they are too few."""
        known = np.flatnonzero(self.trials.known_at <= moment)
        rows = self.of_trial[known]
        return fit(
            {name: values[rows] for name, values in self.features.items()},
            self.trials.hit[known],
            self.trials.query[known],
            overlap=self.rules.overlap,
            group=self.group,
            label=self.rules.label,
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

    def ask(self, model: Fitted, rows: Ints) -> tuple[Floats, Floats]:
        """Score and probability of some rows, given as indices into `rows`."""
        score = model.score({name: values[rows] for name, values in self.features.items()})
        return score, model.probability(score)

    def refits(self) -> list[int]:
        """Times at which enough outcomes have become known for a refit, in seconds."""
        known = np.sort(self.trials.known_at)
        moments: list[int] = []
        last = 0
        for moment in self.moments:
            outcomes = int(np.searchsorted(known, moment, "right"))
            if outcomes > last * REFIT_GROWTH:
                moments.append(int(moment))
                last = outcomes
        return moments


@dataclass(frozen=True, slots=True, eq=False)
class WalkForward:
    """Scores of the material's rows; NaN probability where no model was there yet."""

    material: Material
    score: Floats
    probability: Floats
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
    tried = trials(history, rules, signals["best_so_far"][asked], rows[asked])
    time = history.snap_time[snapshot]
    list_of = history.snap_list[history.obs_snap]
    rate = list_rate(list_of[rows], time, trial_list=list_of[tried.row], known_at=tried.known_at, hit=tried.hit)
    context = context_of(history, rules, rows, around or Surroundings(history), rate)
    return Material(
        rules=rules,
        group=group,
        rows=rows,
        time=time,
        features=features_of(signals, snapshot, context),
        trials=tried,
        of_trial=np.searchsorted(rows, tried.row),
        list_of=list_of[tried.row],
        moments=_moments(rules, time[asked]),
        lists=history.lists,
    )


def _moments(rules: Rules, time: Ints) -> Ints:
    """When each query begins: lists that are ranked together are never scored by two models."""
    return np.unique(time // rules.query_s * rules.query_s if rules.pooled else time)


def walk_forward(material: Material) -> WalkForward:
    """Scores of all rows, refitting as outcomes become known; each is the same when what follows is cut off."""
    score, probability = start_score(material.features), np.full(len(material.rows), np.nan)
    models: list[Fitted] = []
    moments = material.refits()
    for moment, until in pairwise([*moments, np.iinfo(np.int64).max]):
        model = material.fit(moment, models[-1] if models else None)
        if model is None:
            continue
        models.append(model)
        rows = np.flatnonzero((material.time >= moment) & (material.time < until))
        score[rows], probability[rows] = material.ask(model, rows)
    return WalkForward(material, score, probability, tuple(models))


def start_score(features: Columns) -> Floats:
    """SigniTrend's order, far below the scores of any model."""
    return np.asarray(features["signitrend"] * 1e-3 - 1e3)
