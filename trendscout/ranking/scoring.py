"""Every item that stands on a list now, scored: the columns of a report before products are put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from trendscout.history import History, cut
from trendscout.model import Axis, Reason, Stage
from trendscout.ranking.arrays import Floats, Ints
from trendscout.ranking.replay import replay
from trendscout.ranking.rules import Rules, derive_rules, group_of
from trendscout.ranking.stage import STAGES

FAST_TURNOVER_DAYS = 90.0  # a list whose top 10 is replaced within months is fast: its goods are not stocked deep


@dataclass(frozen=True, slots=True)
class Scored:
    """One item on one list, as of its list's last snapshot."""

    list_id: str
    item_key: str
    seen_at: datetime
    rank: int
    rank_before: int | None
    rank_span_days: float | None  # between rank_before and rank
    score: (
        float  # probability × gain where there is a probability; else the start's order, below all that have one
    )
    probability: float | None  # that it breaks out within horizon_h; None: not enough data
    low: float | None  # 90 % interval of the probability
    high: float | None
    horizon_h: float
    label: str  # which event: "top" or "halve"
    gain: float  # log2(rank / goal); 0 at or above the goal
    velocity: Axis
    stage: Stage
    stage_since: datetime | None
    list_pace: str  # "fast", or "" where it is not or cannot be known
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scored items as columns, one value an item on a list; `at(i)` gives one as a record."""

    history: History
    rules: Mapping[str, Rules]  # by group
    row: Ints  # index into the history's observations
    list: Ints  # list code
    item: Ints  # item code
    score: Floats
    probability: Floats  # NaN: not enough data
    low: Floats
    high: Floats
    gain: Floats
    velocity: Floats  # 0-100; NaN: not enough data
    stage: Ints  # index into STAGES
    signals: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.row)

    def at(self, i: int) -> Scored:
        """The i-th as a record."""
        history, rules = self.history, self.rules[group_of(self.history.lists[self.list[i]])]
        signal = {name: float(values[i]) for name, values in self.signals.items()}
        moved = np.isfinite(signal["came_from"])
        return Scored(
            list_id=history.lists[self.list[i]],
            item_key=str(history.items[self.item[i]]),
            seen_at=_time(history.snap_time[history.obs_snap[self.row[i]]]),
            rank=int(signal["rank"]),
            rank_before=int(signal["came_from"]) if moved else None,
            rank_span_days=signal["climb_days"] if moved else None,
            score=float(self.score[i]),
            probability=_number(self.probability[i]),
            low=_number(self.low[i]),
            high=_number(self.high[i]),
            horizon_h=rules.horizon_h,
            label=rules.label,
            gain=float(self.gain[i]),
            velocity=velocity_axis(self.velocity[i], signal),
            stage=STAGES[self.stage[i]],
            stage_since=_time(signal["stage_at"]) if signal["stage_at"] else None,
            list_pace=pace(signal["turnover"], rules),
            reasons=(),
        )

    def __iter__(self) -> Iterator[Scored]:
        return (self.at(i) for i in range(len(self)))

    def order(self) -> Ints:
        """Positions from the highest score to the lowest; ties by item, then list."""
        return np.lexsort((self.list, self.item, -self.score))


def score(history: History, now: datetime, *, rules: Mapping[str, Rules] | None = None) -> Scores:
    """Scores of all items on the last snapshot of each list at or before `now`.

    `rules` by group (see `rules.group_of`); groups without are given derived rules. A time without a zone is UTC.
    """
    history = cut(history, _seconds(now))
    groups = sorted({group_of(name) for name in history.lists})
    by_group = {group: (rules or {}).get(group) or derive_rules(history, group) for group in groups}
    gap_s = np.array([by_group[group_of(name)].gap_h * 3600 for name in history.lists])
    latest = np.zeros(len(history.snap_list), bool)
    latest[np.flatnonzero(np.diff(history.snap_list, append=-1))] = True
    now_on = replay(history, gap_s, latest)
    rows, signals = now_on.rows, now_on.signals
    snap = history.obs_snap[rows]
    list_code = history.snap_list[snap].astype(np.int64)
    rank = history.obs_rank[rows].astype(float)
    halve = np.array([by_group[group_of(name)].label == "halve" for name in history.lists], bool)[list_code]
    top = np.array([by_group[group_of(name)].top for name in history.lists], float)[list_code]
    unknown = np.full(len(rows), np.nan)
    return Scores(
        history=history,
        rules=by_group,
        row=rows,
        list=list_code,
        item=history.obs_item[rows].astype(np.int64),
        score=-1 / (1 + np.maximum(signals["signitrend"], 0)) if len(rows) else unknown,
        probability=unknown,
        low=unknown,
        high=unknown,
        gain=np.maximum(np.log2(rank / np.where(halve, np.maximum(rank / 2, 1), top)), 0),
        velocity=velocity(signals) if len(rows) else unknown,
        stage=signals["stage"].astype(np.int64) if len(rows) else np.empty(0, np.int64),
        signals=signals,
    )


def velocity(signals: Mapping[str, Floats]) -> Floats:
    """0-100: 50 stands still, 75 halves its rank in a day, below 50 falls; NaN where no earlier place is known."""
    a_day: Floats = signals["climb"] / np.maximum(signals["climb_days"], 1 / 1440)
    speed: Floats = 50 + 50 * a_day / (1 + np.abs(a_day))
    return speed


def velocity_axis(value: float, signal: Mapping[str, float]) -> Axis:
    """Velocity with the sentence that is its evidence."""
    if not np.isfinite(value):
        return Axis(None, "not enough data: no earlier place is known")
    fields = {"before": int(signal["came_from"]), "rank": int(signal["rank"])}
    days = signal["climb_days"]
    if days < 2:
        return Axis(
            round(float(value), 1), "rank {before} → {rank} in {hours} h", {**fields, "hours": round(days * 24)}
        )
    return Axis(round(float(value), 1), "rank {before} → {rank} in {days} days", {**fields, "days": round(days)})


def pace(turnover: float, rules: Rules) -> str:
    """Says "fast" for a list whose top 10 is replaced within months at the rate of its last snapshots."""
    days = rules.cadence_h / 24 / turnover if turnover > 0 else np.inf
    return "fast" if days < FAST_TURNOVER_DAYS else ""


def _seconds(now: datetime) -> int:
    return int((now if now.tzinfo else now.replace(tzinfo=UTC)).timestamp())


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
