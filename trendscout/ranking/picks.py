"""What came of rows that were shown: by the same events that the chances were of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np

from trendscout.history import History
from trendscout.ranking.arrays import Ints
from trendscout.ranking.rules import Label, Rules, derive_rules, group_of
from trendscout.ranking.trials import covered, outcomes

CameOf = Literal["came", "not", "not_looked"]


@dataclass(frozen=True, slots=True)
class Pick:
    """A row that was shown."""

    at_s: int  # seconds since 1970
    list_id: str
    item: str
    label: str
    horizon_h: float


def what_came(history: History, picks: Sequence[Pick]) -> list[CameOf]:
    """What became of each pick; `not_looked` where its list was watched too seldom after it, or it is gone."""
    came_of: list[CameOf] = ["not_looked"] * len(picks)
    rows = np.array([_row_of(history, pick) for pick in picks], np.int64)
    kinds = [(group_of(pick.list_id), pick.label, pick.horizon_h) for pick in picks]
    for kind in dict.fromkeys(kinds):
        mine = np.flatnonzero([kind == one for one in kinds] & (rows >= 0))
        if not len(mine):
            continue
        rules = _rules(history, *kind)
        hit, _ = outcomes(history, rules, rows[mine])
        seen = covered(history, rules, history.obs_snap[rows[mine]], behind=False)
        for place, came, looked in zip(mine.tolist(), hit, seen, strict=True):
            came_of[place] = ("came" if came else "not") if looked or came else "not_looked"
    return came_of


def largest_changes(history: History, at_s: int, count: int, top: int = 10) -> Ints:
    """The rows that a list of the largest rank changes shows: below the top, each item once."""
    rows: list[Ints] = []
    changes: list[Ints] = []
    for code in range(len(history.lists)):
        snaps = np.flatnonzero((history.snap_list == code) & (history.snap_time <= at_s))
        if len(snaps) < 2:
            continue
        latest, before = (_rows_of(history, int(snap)) for snap in (snaps[-1], snaps[-2]))
        if not len(latest):
            continue
        was = np.full(len(history.items), int(history.obs_rank[latest].max()) + 1)
        was[history.obs_item[before]] = history.obs_rank[before]
        below = latest[history.obs_rank[latest] > top]
        rows.append(below)
        changes.append(was[history.obs_item[below]] - history.obs_rank[below])
    if not rows:
        return np.empty(0, np.int64)
    row, change = np.concatenate(rows), np.concatenate(changes)
    row = row[np.lexsort((history.obs_item[row], -change))]
    _, first = np.unique(history.obs_item[row], return_index=True)
    return row[np.sort(first)][:count]


def _rules(history: History, group: str, label: str, horizon_h: float) -> Rules:
    return replace(derive_rules(history, group, label=cast("Label", label)), horizon_h=horizon_h)


def _row_of(history: History, pick: Pick) -> int:
    """The observation that a pick was made of; -1 if it is not there any more."""
    if pick.list_id not in history.lists:
        return -1
    code = history.lists.index(pick.list_id)
    snaps = np.flatnonzero((history.snap_list == code) & (history.snap_time <= pick.at_s))
    if not len(snaps):
        return -1
    rows = _rows_of(history, int(snaps[-1]))
    there = rows[history.items[history.obs_item[rows]] == pick.item]
    return int(there[0]) if len(there) else -1


def _rows_of(history: History, snap: int) -> Ints:
    return np.arange(*np.searchsorted(history.obs_snap, [snap, snap + 1]))
