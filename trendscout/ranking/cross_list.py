"""Where else an item stands: its sightings on other lists of the group."""

from __future__ import annotations

import numpy as np

from trendscout.history import History
from trendscout.ranking.arrays import Columns, Ints
from trendscout.ranking.rules import Rules

SPREAD_CADENCES = 1.5  # what was seen on another list within this many cadences stands there now
SPREAD_LONG_CADENCES = 28.0
NEVER = 110.0  # the rank of what was not seen on another list


class CrossList:
    """The sightings of all items of a history that were seen on more than one list, by item and time.

    Made once for a history and asked chunk by chunk: most items stand on one list only and need no looking up.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        list_of = history.snap_list[history.obs_snap]
        home = np.zeros(len(history.items), list_of.dtype)
        home[history.obs_item] = list_of  # one of the lists that show it
        self.shared = np.zeros(len(history.items), bool)
        self.shared[history.obs_item[home[history.obs_item] != list_of]] = True
        rows = np.flatnonzero(self.shared[history.obs_item])
        order = np.lexsort((history.snap_time[history.obs_snap[rows]], history.obs_item[rows]))
        rows = rows[order]
        self.item, self.list_of = history.obs_item[rows], list_of[rows]
        self.rank = history.obs_rank[rows].astype(float)
        self.time = history.snap_time[history.obs_snap[rows]]
        self.start = int(self.time.min(initial=0))
        self.span = int(self.time.max(initial=0)) - self.start + 2
        self.line = self.item.astype(np.int64) * self.span + self.time - self.start
        self.next_time = _next_sighting(self.item, self.list_of, self.time)

    def spread(self, rules: Rules, rows: Ints) -> Columns:
        """Where else each row's item stands: lists holding it now, lists holding it higher, best ranks there."""
        history = self.history
        holding, higher = np.zeros(len(rows)), np.zeros(len(rows))
        best, best_long = np.full(len(rows), NEVER), np.full(len(rows), NEVER)
        item, snap = history.obs_item[rows], history.obs_snap[rows]
        time, list_of, rank = history.snap_time[snap], history.snap_list[snap], history.obs_rank[rows]
        now, long = SPREAD_CADENCES * rules.cadence_h * 3600, SPREAD_LONG_CADENCES * rules.cadence_h * 3600
        open_ = np.flatnonzero(self.shared[item])
        # Back in time from the last sighting that is not later, one a turn.
        other = (
            np.searchsorted(self.line, item[open_] * np.int64(self.span) + time[open_] - self.start, "right") - 1
        )
        while len(open_):
            going = (other >= 0) & (self.item[other] == item[open_]) & (self.time[other] >= time[open_] - long)
            open_, other = open_[going], other[going]
            elsewhere = self.list_of[other] != list_of[open_]
            there = np.where(elsewhere, self.rank[other], NEVER)
            recent = elsewhere & (self.time[other] >= time[open_] - now)
            standing = recent & (self.next_time[other] > time[open_])
            holding[open_] += standing
            higher[open_] += standing & (there < rank[open_])
            best[open_] = np.where(recent, np.minimum(best[open_], there), best[open_])
            best_long[open_] = np.minimum(best_long[open_], there)
            other = other - 1
        return {
            "lists": np.log1p(holding),
            "lists_higher": np.log1p(higher),
            "best_elsewhere": np.log(best),
            "best_elsewhere_long": np.log(best_long),
        }


def _next_sighting(item: Ints, list_of: Ints, time: Ints) -> Ints:
    """When each sighting's item is next seen on the same list; far away if it is not."""
    order = np.lexsort((time, item, list_of))
    later = np.full(len(item), np.iinfo(np.int64).max)
    same = (item[order][1:] == item[order][:-1]) & (list_of[order][1:] == list_of[order][:-1])
    later[order[:-1][same]] = time[order[1:][same]]
    return later
