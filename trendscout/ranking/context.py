"""Signals from beyond an item's own list: other lists, the words of its title, how its list behaved before."""

from __future__ import annotations

import numpy as np

from trendscout.history import History
from trendscout.ranking.arrays import Columns, Flags, Floats, Ints
from trendscout.ranking.elsewhere import Sightings
from trendscout.ranking.rules import Rules, group_of
from trendscout.ranking.words import words_of

KIN_PRIOR = 20.0  # items: words seen on fewer say little
RATE_PRIOR = 200.0  # trials: the same for a list's own rate of breakouts


class Surroundings:
    """What lies beyond the lists of a history's items: made once, asked chunk by chunk."""

    def __init__(self, history: History) -> None:
        self.kin = Kin(history)
        self.elsewhere = Sightings(history)


class Kin:
    """How items with the same words fared before, for all items of a history."""

    def __init__(self, history: History, top: int = 10) -> None:
        self.history = history
        self.begin, self.words = _word_table(history)
        if not len(self.words):
            return
        time = history.snap_time[history.obs_snap]
        far = np.iinfo(np.int64).max
        self.first, self.reached = np.full(len(history.items), far), np.full(len(history.items), far)
        np.minimum.at(self.first, history.obs_item, time)
        there = history.obs_rank <= top
        np.minimum.at(self.reached, history.obs_item[there], time[there])
        self.seen = _Counter(self.words, self.begin, self.first)
        self.made = _Counter(self.words, self.begin, self.reached)
        self.firsts, self.tops = np.sort(self.first), np.sort(self.reached)

    def of(self, rows: Ints) -> Floats:
        """Summed log ratios of the words' shares of items that reached the top, beside the share of all items.

        A word's share is of the items seen with it up to the row's time, the row's own left out, drawn to the
        share of all items as by KIN_PRIOR items more. 0 where a history has no titles.
        """
        if not len(self.words) or not len(rows):
            return np.zeros(len(rows))
        pairs = np.stack([self.history.obs_item[rows], self.history.snap_time[self.history.obs_snap[rows]]])
        (item, at), inverse = np.unique(pairs, axis=1, return_inverse=True)
        sizes = self.begin[item + 1] - self.begin[item]
        which = np.repeat(np.arange(len(item)), sizes)
        word = self.words[np.arange(sizes.sum()) + np.repeat(self.begin[item] - np.cumsum(sizes) + sizes, sizes)]
        share = (1 + np.searchsorted(self.tops, at, "right")) / (1 + np.searchsorted(self.firsts, at, "right"))
        others = self.seen.up_to(word, at[which]) - 1
        hits = self.made.up_to(word, at[which]) - (self.reached[item] <= at)[which]
        ratio = np.log((hits + KIN_PRIOR * share[which]) / (others + KIN_PRIOR) / share[which])
        summed: Floats = np.bincount(which, ratio, len(item)).astype(float)
        return summed[inverse.ravel()]


def _word_table(history: History) -> tuple[Ints, Ints]:
    """Where each item's words begin, and the words of all items as codes; each group of lists has its own."""
    if history.titles is None:
        return np.zeros(len(history.items) + 1, np.int64), np.empty(0, np.int64)
    group = np.zeros(len(history.items), np.int64)
    groups = {name: code for code, name in enumerate(dict.fromkeys(map(group_of, history.lists)))}
    of_list = np.array([groups[group_of(name)] for name in history.lists])
    group[history.obs_item] = of_list[history.snap_list[history.obs_snap]]
    codes: dict[tuple[int, str], int] = {}
    listed = [
        [codes.setdefault((place, word), len(codes)) for word in words_of(title)]
        for place, title in zip(group.tolist(), history.titles, strict=True)
    ]
    return np.cumsum([0, *map(len, listed)]), np.array([code for words in listed for code in words], np.int64)


class _Counter:
    """How many items with a word had something happen to them up to a time."""

    def __init__(self, words: Ints, begin: Ints, when: Ints) -> None:
        when = np.repeat(when, np.diff(begin))
        happened = when < np.iinfo(np.int64).max
        self.start = int(when[happened].min(initial=0))
        self.span = int(when[happened].max(initial=0)) - self.start + 2
        self.line = np.sort(words[happened] * self.span + when[happened] - self.start)

    def up_to(self, word: Ints, time: Ints) -> Ints:
        until = np.clip(time - self.start, -1, self.span - 2)
        return np.searchsorted(self.line, word * self.span + until, "right") - np.searchsorted(
            self.line, word * self.span, "left"
        )


def context_of(history: History, rules: Rules, rows: Ints, around: Surroundings, rate: Floats) -> Columns:
    """All signals of this module for some rows; `rate` is each row's `list_rate`, 0 where it is not known."""
    context = {"kin": around.kin.of(rows), "key": history.obs_item[rows].astype(float)}
    if rules.pooled:
        context |= around.elsewhere.spread(rules, rows) | {"list_rate": rate}
    return context


def list_rate(list_of: Ints, time: Ints, *, trial_list: Ints, known_at: Ints, hit: Flags) -> Floats:
    """How often items of each row's list broke out, beside all lists: a log ratio from outcomes known by then."""
    order = np.argsort(known_at, kind="stable")
    known, trial_list, hit = known_at[order], trial_list[order], hit[order]
    all_trials = np.searchsorted(known, time, "right")
    all_hits = np.concatenate([[0], np.cumsum(hit)])[all_trials]
    usual = (all_hits + 1) / (all_trials + RATE_PRIOR)
    rate = np.zeros(len(list_of))
    for code in np.unique(list_of):
        mine, of_list = list_of == code, trial_list == code
        trials = np.searchsorted(known[of_list], time[mine], "right")
        hits = np.concatenate([[0], np.cumsum(hit[of_list])])[trials]
        rate[mine] = np.log((hits + RATE_PRIOR * usual[mine]) / (trials + RATE_PRIOR) / usual[mine])
    return rate
