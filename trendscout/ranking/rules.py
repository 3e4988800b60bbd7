"""What counts as a breakout on a kind of list: the event, its horizon, and how a list is sampled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trendscout.history import History
from trendscout.ranking.arrays import Ints

Label = Literal["top", "halve"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The event and the sampling of one kind of list. Times in hours.

    `top`: the item is seen at rank <= `top` in at least `hold` snapshots within the horizon, and has not been
    there in its present episode. `halve`: the same for half its present rank. An episode ends after `gap_h` off
    the list.
    """

    cadence_h: float  # between two snapshots
    every: int  # every n-th snapshot is an evaluation time
    horizon_h: float
    back_h: float  # this much before an evaluation time must have been collected too
    r0: int  # candidates stand below this rank
    hold: int  # snapshots in which the event must be seen
    gap_h: float
    pooled: bool  # lists of one platform and market are ranked together
    label: Label
    top: int = 10

    @property
    def key(self) -> str:
        """What a model must have been fitted for to be asked under these rules."""
        times = f"{self.horizon_h:g} {self.gap_h:g} {self.cadence_h:g} {self.every}"
        return f"{self.label} {self.top} {self.hold} {times} {self.pooled:d}"

    @property
    def overlap(self) -> float:
        """How many evaluation times look into one and the same horizon: neighbouring trials repeat each other."""
        return max(1.0, self.horizon_h / (self.cadence_h * self.every))

    @property
    def known_after_s(self) -> int:
        """Seconds after which it is known what came of a trial, and whether its list was looked at till then."""
        return int(self.horizon_h * 3600 + self.cadence_h * 1800)

    @property
    def query_s(self) -> int:
        """Pooled lists that were seen within one such span, in seconds, are ranked together."""
        return int(self.cadence_h * 1800)


# The kinds of list on which the ranking was studied, by the name of their history.
PRESETS = {
    "amazon_us": Rules(6, 1, 120, 24, 30, 2, 240, True, "halve"),
    "billboard_hot100": Rules(168, 1, 1344, 336, 20, 2, 4368, False, "top"),
    "bilibili_popular": Rules(1, 3, 36, 6, 30, 2, 72, False, "halve"),
    "douyin_hot": Rules(1, 2, 12, 6, 20, 2, 72, False, "top"),
    "twitter_trends": Rules(8, 1, 48, 16, 20, 2, 168, True, "top"),
    "weibo_hot": Rules(1, 2, 12, 6, 20, 2, 72, False, "top"),
    "youtube_trending_jp": Rules(24, 1, 168, 48, 20, 2, 720, False, "halve"),
    "zhihu_hot": Rules(1, 3, 12, 6, 20, 2, 72, False, "top"),
}

# Lists of topics turn over whole; on lists of goods and videos a place is climbed to.
_TOPICS = re.compile(r"hot|trend|hashtag|search|topic|music|chart|billboard")
_GOODS = re.compile(r"popular|youtube|bestseller|best_seller|amazon|shop")


def group_of(list_id: str) -> str:
    """The platform and market of a list: lists of one group share one model."""
    return list_id.partition("/")[0]


def groups_of(history: History) -> Ints:
    """The group of lists of each item, as a code."""
    group = np.zeros(len(history.items), np.int64)
    codes = {name: code for code, name in enumerate(dict.fromkeys(map(group_of, history.lists)))}
    of_list = np.array([codes[group_of(name)] for name in history.lists], np.int32)
    group[history.obs_item] = of_list[history.snap_list][history.obs_snap]
    return group


def label_of(group: str) -> Label:
    """The event that suits a list by its name; `halve` where the name says nothing."""
    name = group.lower()
    return "top" if _TOPICS.search(name) and not _GOODS.search(name) else "halve"


def derive_rules(history: History, group: str, *, label: Label | None = None) -> Rules:
    """Rules for a group of lists from their cadence, their length and their number.

    The horizon is what a list of that cadence can show and a seller can use: half a day on hourly topics, a week
    on daily lists, eight weeks on weekly charts.
    """
    codes = [code for code, name in enumerate(history.lists) if group_of(name) == group]
    cadence = cadence_h(history, codes)
    label = label or label_of(group)
    rows = np.isin(history.snap_list, codes)
    depth = int(np.median(history.snap_depth[rows])) if rows.any() else 0
    fast = cadence < 3
    if fast:
        every, horizon, back, gap = 3, 12.0 if label == "top" else 36.0, 6.0, 72.0
    elif cadence < 12:
        every, horizon, back, gap = 1, 48.0 if label == "top" else 120.0, 4 * cadence, 240.0
    elif cadence < 96:
        every, horizon, back, gap = 1, 7 * cadence, 2 * cadence, 30 * cadence
    else:
        every, horizon, back, gap = 1, 8 * cadence, 2 * cadence, 26 * cadence
    r0 = 30 if depth >= 100 and label == "halve" else 20
    return Rules(cadence, every, horizon, back, min(r0, max(1, depth // 2)), 2, gap, len(codes) > 1, label)


def cadence_h(history: History, codes: list[int]) -> float:
    """The usual time between two snapshots of these lists, in hours; 24 where there are too few to tell."""
    of_one_list = (np.diff(history.snap_list) == 0) & np.isin(history.snap_list[1:], codes)
    gaps = np.diff(history.snap_time)[of_one_list]
    if not len(gaps):
        return 24.0
    hours = float(np.median(gaps)) / 3600
    usual = (0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 24, 48, 168, 336, 720)
    nearest = min(usual, key=lambda step: abs(np.log(step / max(hours, 0.05))))
    return nearest if abs(np.log(nearest / max(hours, 0.05))) < 0.2 else round(hours, 2)
