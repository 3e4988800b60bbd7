"""Signals from beyond an item: other lists, how titles like its own fared, how often its list broke out."""

from __future__ import annotations

import numpy as np

from trendscout.history import History
from trendscout.ranking.arrays import Columns, Flags, Floats, Ints
from trendscout.ranking.cross_list import CrossList
from trendscout.ranking.issue_order import issue_order
from trendscout.ranking.rules import Rules
from trendscout.ranking.title_marks import TitleMarks
from trendscout.ranking.title_priors import TitlePriors

RATE_PRIOR = 200.0  # trials: the same for a list's own rate of breakouts


class Surroundings:
    """What lies beyond the lists of a history's items: made once, asked chunk by chunk."""

    def __init__(self, history: History, read: TitleMarks | None = None) -> None:
        """Of a history, whose titles need not be `read` again."""
        self.title_priors = TitlePriors(history, read)
        self.cross_list = CrossList(history)
        self.issued = issue_order(history)


def context_of(history: History, rules: Rules, rows: Ints, around: Surroundings, rate: Floats) -> Columns:
    """All signals of this module for some rows; `rate` is each row's `list_rate`, 0 where it is not known."""
    context = around.title_priors.of(rows) | {"key": around.issued[history.obs_item[rows]]}
    if rules.pooled:
        context |= around.cross_list.spread(rules, rows) | {"list_rate": rate}
    return context


def list_rate(list_of: Ints, time: Ints, *, trial_list: Ints, known_at: Ints, hit: Flags) -> Floats:
    """How often items of each row's list broke out, beside all lists: a log ratio from outcomes known by then."""
    order = np.argsort(known_at, kind="stable")
    known, trial_list, hit = known_at[order], trial_list[order], hit[order]
    all_trials = np.searchsorted(known, time, "right")
    all_hits = np.concatenate([[0], np.cumsum(hit)])[all_trials]
    usual = (all_hits + 1) / (all_trials + RATE_PRIOR)
    rate = np.zeros(len(list_of))
    by_list, of_row = np.argsort(trial_list, kind="stable"), np.argsort(list_of, kind="stable")
    codes, begin = np.unique(list_of[of_row], return_index=True)
    first, last = (np.searchsorted(trial_list[by_list], codes, side) for side in ("left", "right"))
    for mine, start, stop in zip(np.split(of_row, begin[1:]), first, last, strict=False):
        of_list = by_list[start:stop]
        trials = np.searchsorted(known[of_list], time[mine], "right")
        hits = np.concatenate([[0], np.cumsum(hit[of_list])])[trials]
        rate[mine] = np.log((hits + RATE_PRIOR * usual[mine]) / (trials + RATE_PRIOR) / usual[mine])
    return rate
