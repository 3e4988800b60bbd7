"""How items with titles of the same kind fared before: the same words, characters, form."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import count

import numpy as np

from trendscout.history import History
from trendscout.ranking.arrays import Columns, Floats, Ints
from trendscout.ranking.rules import groups_of
from trendscout.ranking.title_words import characters_of, form_of, words_of

TITLE_PRIOR = 20.0  # items: what was seen on fewer says little
READINGS: dict[str, Callable[[str], Sequence[str]]] = {  # signal -> what its items have in common
    "title_words": words_of,
    "title_characters": characters_of,
    "title_form": form_of,
}
_FAR = np.iinfo(np.int64).max


class TitlePriors:
    """The signals of READINGS for all items of a history; each item's own fate is left out of them."""

    def __init__(self, history: History, top: int = 10) -> None:
        self.history = history
        self.marks: dict[str, _Marks] = {}
        if history.titles is None:
            return
        time = history.snap_time[history.obs_snap]
        self.first, self.reached = (np.full(len(history.items), _FAR) for _ in range(2))
        np.minimum.at(self.first, history.obs_item, time)
        there = history.obs_rank <= top
        np.minimum.at(self.reached, history.obs_item[there], time[there])
        self.firsts, self.tops = np.sort(self.first), np.sort(self.reached)
        group = groups_of(history)
        for name, read in READINGS.items():
            self.marks[name] = _Marks(history.titles, group, read, self.first, self.reached)

    def of(self, rows: Ints) -> Columns:
        """Summed log ratios of the marks' shares of items that reached the top, beside the share of all items.

        A mark (a word, a character, a property of form) has the share of the items seen with it up to the row's
        time, the row's own left out, drawn to the share of all items as by TITLE_PRIOR items more. 0 where a
        history has no titles.
        """
        if not self.marks:
            return {name: np.zeros(len(rows)) for name in READINGS}
        pairs = np.stack([self.history.obs_item[rows], self.history.snap_time[self.history.obs_snap[rows]]])
        (item, at), inverse = np.unique(pairs, axis=1, return_inverse=True)
        share = (1 + np.searchsorted(self.tops, at, "right")) / (1 + np.searchsorted(self.firsts, at, "right"))
        own = self.reached[item] <= at
        return {name: marks.ratio(item, at, share, own)[inverse.ravel()] for name, marks in self.marks.items()}


class _Marks:
    """What the titles of a history have in common by one reading, and what became of the items that have it."""

    def __init__(
        self, titles: Iterable[str], group: Ints, read: Callable[[str], Sequence[str]], first: Ints, reached: Ints
    ) -> None:
        codes = defaultdict[str, int](count().__next__)  # of marks, in the order in which they come
        coded, lengths = array("q"), array("q")  # as numbers at once: the texts of millions of marks fill memory
        for title in titles:
            its = read(title)
            coded.extend(map(codes.__getitem__, its))
            lengths.append(len(its))
        sizes, marks = np.array(lengths), np.array(coded)
        self.begin = np.append(0, np.cumsum(sizes))
        self.marks = np.repeat(group, sizes) * len(codes) + marks
        self.seen, self.made = (_Counter(self.marks, self.begin, when) for when in (first, reached))

    def ratio(self, item: Ints, at: Ints, share: Floats, own: Ints) -> Floats:
        """The summed log ratios of items at times, beside `share`; `own`: the item itself had reached the top."""
        sizes = self.begin[item + 1] - self.begin[item]
        which = np.repeat(np.arange(len(item)), sizes)
        mark = self.marks[np.arange(sizes.sum()) + np.repeat(self.begin[item] - np.cumsum(sizes) + sizes, sizes)]
        others = self.seen.up_to(mark, at[which]) - 1
        hits = self.made.up_to(mark, at[which]) - own[which]
        ratio = np.log((hits + TITLE_PRIOR * share[which]) / (others + TITLE_PRIOR) / share[which])
        return np.bincount(which, ratio, len(item)).astype(float)


class _Counter:
    """How many items with a mark had something happen to them up to a time."""

    def __init__(self, marks: Ints, begin: Ints, when: Ints) -> None:
        when = np.repeat(when, np.diff(begin))
        happened = when < np.iinfo(np.int64).max
        self.start = int(when[happened].min(initial=0))
        self.span = int(when[happened].max(initial=0)) - self.start + 2
        self.line = np.sort(marks[happened] * self.span + when[happened] - self.start)

    def up_to(self, mark: Ints, time: Ints) -> Ints:
        until = np.clip(time - self.start, -1, self.span - 2)
        return np.searchsorted(self.line, mark * self.span + until, "right") - np.searchsorted(
            self.line, mark * self.span, "left"
        )
