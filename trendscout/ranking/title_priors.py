"""How items with titles of the same kind fared before: the same words, characters, form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trendscout.history import History, slices
from trendscout.ranking.arrays import Columns, Floats, Ints, number
from trendscout.ranking.rules import groups_of
from trendscout.ranking.title_marks import READINGS, TitleMarks, ragged

if TYPE_CHECKING:
    from numpy.typing import NDArray

TITLE_PRIOR = 20.0  # items: what was seen on fewer says little
_FAR = np.iinfo(np.int64).max
_AT_ONCE = 16_384  # items whose marks are looked up together


class TitlePriors:
    """The signals of READINGS for all items of a history; each item's own fate is left out of them."""

    def __init__(self, history: History, read: TitleMarks | None = None, top: int = 10) -> None:
        """Of the titles of a history; those that were `read` before are not read again."""
        self.history = history
        self.marks: dict[str, _Marks] = {}
        if history.titles is None:
            return
        self.first, self.reached = (np.full(len(history.items), _FAR) for _ in range(2))
        for part in slices(len(history.obs_item)):
            item, time = history.obs_item[part], history.snap_time[history.obs_snap[part]]
            there = history.obs_rank[part] <= top
            np.minimum.at(self.first, item, time)
            np.minimum.at(self.reached, item[there], time[there])
        self.firsts, self.tops = np.sort(self.first), np.sort(self.reached)
        once, read = read is None, read or TitleMarks()
        group = groups_of(history)
        order = np.argsort(group, kind="stable")
        groups = np.flatnonzero(np.diff(group[order])) + 1  # where each but the first begins
        places = read.places_of(history.titles[order])
        for name in READINGS:
            marks, sizes = read.of(name, places)
            if once:
                read.forget(name)
            self.marks[name] = _Marks(marks, sizes, order, groups, self.first, self.reached)

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
        parts = list(slices(len(item), _AT_ONCE))
        return {
            name: np.concatenate(
                [marks.ratio(item[part], at[part], share[part], own[part]) for part in parts] or [np.empty(0)]
            )[inverse.ravel()]
            for name, marks in self.marks.items()
        }


class _Marks:
    """What the titles of a history have in common by one reading, and what became of the items that have it."""

    def __init__(
        self, marks: NDArray[np.int32], sizes: Ints, order: Ints, groups: Ints, first: Ints, reached: Ints
    ) -> None:
        """`marks` of the items in `order`, `sizes` of them each; each group of items has marks of its own."""
        ends = np.cumsum(sizes)
        count = 0
        for its in np.split(marks, np.append(0, ends)[groups]):
            its[:], distinct = number(its)
            its += count
            count += distinct
        self.marks = marks
        self.begin, self.size = np.empty(len(order), np.int64), np.empty(len(order), np.int32)
        self.begin[order], self.size[order] = ends - sizes, sizes
        self.seen, self.made = (_Counter(marks, count, when[order], sizes) for when in (first, reached))

    def ratio(self, item: Ints, at: Ints, share: Floats, own: Ints) -> Floats:
        """The summed log ratios of items at times, beside `share`; `own`: the item itself had reached the top."""
        sizes = self.size[item]
        which = np.repeat(np.arange(len(item)), sizes)
        mark = self.marks[ragged(self.begin[item], sizes)]
        others = self.seen.up_to(mark, at[which]) - 1
        hits = self.made.up_to(mark, at[which]) - own[which]
        ratio = np.log((hits + TITLE_PRIOR * share[which]) / (others + TITLE_PRIOR) / share[which])
        return np.bincount(which, ratio, len(item)).astype(float)


class _Counter:
    """How many items with a mark had something happen to them up to a time."""

    def __init__(self, marks: NDArray[np.int32], count: int, when: Ints, size: Ints) -> None:
        happened = when < _FAR
        self.times = np.unique(when[happened])
        # A mark and the place of its time are one number; most fit into half the memory.
        kind = np.min_scalar_type(max(1, count) * (len(self.times) + 1))
        marks = marks[np.repeat(happened, size)]
        self.line = np.multiply(marks, len(self.times) + 1, dtype=kind, casting="unsafe")
        self.line += np.repeat(np.searchsorted(self.times, when[happened]).astype(kind), size[happened])
        self.line.sort()
        self.begin = np.append(0, np.cumsum(np.bincount(marks, minlength=count))).astype(np.int32)

    def up_to(self, mark: NDArray[np.int32], time: Ints) -> Any:
        until = np.searchsorted(self.times, time, "right").astype(self.line.dtype)
        until += np.multiply(mark, len(self.times) + 1, dtype=self.line.dtype, casting="unsafe")
        return np.searchsorted(self.line, until, "left") - self.begin[mark]
