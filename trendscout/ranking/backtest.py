"""The backtest: a history replayed, each snapshot ranked from its past alone, and judged by what came after."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from trendscout.errors import UsageError
from trendscout.history import History
from trendscout.ranking.arrays import Flags, Floats, Ints
from trendscout.ranking.baselines import BASELINES
from trendscout.ranking.metrics import (
    Bin,
    Interval,
    Quality,
    block_interval,
    calibration,
    calibration_error,
    mean,
    quality,
)
from trendscout.ranking.rules import PRESETS, Label, Rules, derive_rules, group_of
from trendscout.ranking.scoring import FALLEN_TO, falling, rank_a_day_ago
from trendscout.ranking.shown import FirstDay, ShownRows, judge_first_days, judge_shown
from trendscout.ranking.signal_replay import replay
from trendscout.ranking.targets import Target, targets_of
from trendscout.ranking.trials import Trials, evaluation_snapshots
from trendscout.ranking.walk_forward import WalkForward, gather, walk_forward

if TYPE_CHECKING:
    from trendscout.tables import Table

MIN_LOOKS = 12  # a list with fewer snapshots is ranked but not judged
VISIBLE_H = (1.0, 3.0, 24.0, 168.0)


@dataclass(frozen=True, slots=True)
class Refit:
    """A model that the backtest fitted on its way."""

    at: datetime
    hits: int
    trials: int


@dataclass(frozen=True, slots=True)
class GroupReport:
    """How the ranking of one group of lists did, beside the baselines on the same queries."""

    group: str
    rules: Rules
    shown: ShownRows | None  # the rows that a report would have shown: None without a moment to judge
    first_days: tuple[FirstDay, ...]  # of the store, whatever is judged: empty where nothing of them can be
    breakouts: int  # distinct (list, item, episode) among all rows that are scored
    since: datetime | None  # of the first query that counts
    until: datetime | None
    queries: int
    trials: int
    hits: int
    base: float | None  # share of candidates that broke out, by query
    oracle10: float | None  # the best possible P@10
    ranker: Quality
    baselines: Mapping[str, Quality]
    best_baseline: str  # by AP, picked afterwards
    ratio: float | None  # the ranker's AP over the best baseline's
    gain_95: Interval | None  # of the difference between the two APs
    curve: tuple[Bin, ...]  # of the rows that had a probability
    ece: float | None
    ece_scored: float | None  # the same over all rows that are scored, those near the goal too
    brier: float | None
    visible: Mapping[float, float]  # hours -> share of items at the top that were on the list so long before
    refits: tuple[Refit, ...]

    @property
    def targets(self) -> tuple[Target, ...]:
        """What is asked of a ranking, and whether this one reached it."""
        plain = self.baselines["SigniTrend"].ap
        few = self.ranker.ap / plain if self.ranker.ap and plain else None
        return targets_of(
            self.shown,
            self.first_days,
            breakouts=self.breakouts,
            over_best=self.ratio,
            over_plain=few,
            ece=self.ece_scored,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts, for JSON."""
        return {
            **asdict(self),
            "targets": [asdict(target) for target in self.targets],
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "visible": {f"{hours:g}": share for hours, share in self.visible.items()},
            "refits": [{**asdict(refit), "at": refit.at.isoformat()} for refit in self.refits],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """The reports of all groups, and what each row of the history was given."""

    history: History
    reports: tuple[GroupReport, ...]
    walks: tuple[WalkForward, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts, for JSON."""
        return {"groups": [report.to_dict() for report in self.reports]}

    def scores_table(self) -> Table:
        """Arrow columns list_id, snapshot_at, item_key, score, probability (null: no model yet), by row."""
        from trendscout.tables import arrays, coded, known, moments

        history = self.history
        rows = np.concatenate([one.material.rows for one in self.walks] or [np.empty(0, np.int64)])
        snap = history.obs_snap[rows]
        probability = np.concatenate([one.probability for one in self.walks] or [np.empty(0)])
        return arrays(
            list_id=coded(history.lists, history.snap_list[snap]),
            snapshot_at=moments(history.snap_time[snap]),
            item_key=coded(history.items.tolist(), history.obs_item[rows]),
            score=np.concatenate([one.score for one in self.walks] or [np.empty(0)]),
            probability=known(probability),
        )


def backtest(
    history: History,
    *,
    name: str = "",
    label: Label | None = None,
    horizon_h: float | None = None,
    since: datetime | None = None,
    all_snapshots: bool = False,
) -> Backtest:
    """Replays a history snapshot by snapshot and judges the ranking.

    `name` of a known history (see `rules.PRESETS`) brings its rules; others are derived from cadence and length.
    Queries before `since` train but do not count. Scores are given at evaluation times, or at `all_snapshots`.
    Raises UsageError if no list has enough snapshots to be ranked.
    """
    looks = np.bincount(history.snap_list, minlength=len(history.lists))
    groups: dict[str, list[int]] = {}
    for code, list_id in enumerate(history.lists):
        groups.setdefault(group_of(list_id), []).append(code)
    groups = {group: codes for group, codes in groups.items() if looks[codes].max() >= MIN_LOOKS}
    if not groups:
        raise UsageError(
            "No list of this history has {least} snapshots.",
            next_step="Collect for longer, or give a history that is.",
            least=MIN_LOOKS,
        )
    reports, walks, horizons = [], [], []
    for group, codes in groups.items():
        rules = PRESETS.get(name) or derive_rules(history, group, label=label)
        rules = replace(rules, label=label or rules.label, horizon_h=horizon_h or rules.horizon_h)
        judged = _walk_group(history, rules, group, np.array(codes), all_snapshots)
        if judged is not None:
            walks.append(judged[0])
            reports.append(_report(history, *judged, since))
        elif _has_order(history, codes, rules.top):
            horizons.append(rules.horizon_h)
    if not reports and horizons:
        raise UsageError(
            "Nothing of this history can be judged: after none of its moments were its lists looked at for "
            "{hours:g} h without long gaps.",
            next_step="Collect for longer, or give a shorter --horizon.",
            hours=min(horizons),
        )
    if not reports:
        raise UsageError(
            "No list of this history has an order in which anything could break out.",
            next_step="Give one whose goods have ranks, and more places than the goal.",
        )
    return Backtest(history, tuple(reports), tuple(walks))


def _has_order(history: History, codes: list[int], top: int) -> bool:
    """Whether any good stands below the top of these lists, so that it could break out."""
    return bool((history.obs_rank[np.isin(history.snap_list[history.obs_snap], codes)] > top).any())


def _walk_group(
    history: History, rules: Rules, group: str, lists: Ints, all_snapshots: bool
) -> tuple[WalkForward, Mapping[str, Floats]] | None:
    """A group's walk and signals; None where no item could break out: a list without ranks, or a short one."""
    evaluated = np.zeros(len(history.snap_list), bool)
    evaluated[evaluation_snapshots(history, rules, lists)] = True
    wanted = np.isin(history.snap_list, lists) if all_snapshots else evaluated
    if not evaluated[history.obs_snap].any():
        return None
    part = replay(history, np.full(len(history.lists), rules.gap_h * 3600), wanted, lists)
    material = gather(history, rules, group, part, evaluated)
    return (walk_forward(material), part.signals) if len(material.trials.row) else None


def _report(
    history: History, walk: WalkForward, signals: Mapping[str, Floats], since: datetime | None
) -> GroupReport:
    material = walk.material
    looks = np.bincount(history.snap_list, minlength=len(history.lists))
    long_watched = looks[material.list_of] >= MIN_LOOKS
    rows_shown = _Shown.of(history, walk, signals)
    shown = rows_shown.judged(long_watched, since)
    judged_rows = long_watched & (material.trials.rank > material.rules.r0)
    tried, kept = counting(material.trials, judged_rows, since)
    row = material.of_trial[kept]
    item = history.obs_item[tried.row].astype(np.int64)
    slot = history.snap_list[history.obs_snap[tried.row]].astype(np.int64) * len(history.items) + item
    block = math.ceil(material.rules.overlap)  # queries that look into one horizon
    ranker, ap = quality(tried, walk.score[row], item, slot, block=block)
    judged = {
        name: quality(tried, order({key: values[row] for key, values in signals.items()}), item, slot, block=block)
        for name, order in BASELINES.items()
    }
    best = max(judged, key=lambda name: judged[name][0].ap or -1.0)
    best_ap = judged[best][0].ap
    difference = ap - judged[best][1]
    probability = walk.probability[row]
    said = np.isfinite(probability)
    curve = calibration(probability[said], tried.hit[said])
    sizes = np.bincount(tried.query, minlength=len(tried.query_time))
    hits = np.bincount(tried.query, tried.hit, len(tried.query_time))
    every, scored = counting(material.trials, long_watched, since)
    chances = walk.probability[material.of_trial[scored]]
    return GroupReport(
        group=material.group,
        rules=material.rules,
        shown=shown,
        first_days=rows_shown.first_days(long_watched, block),
        breakouts=len(np.unique(every.breakout[every.hit])),
        since=_time(tried.query_time[0]) if len(tried.query_time) else None,
        until=_time(tried.query_time[-1]) if len(tried.query_time) else None,
        queries=len(tried.query_time),
        trials=len(tried.row),
        hits=int(tried.hit.sum()),
        base=mean(hits / np.maximum(sizes, 1)),
        oracle10=mean(np.minimum(10, hits[sizes >= 10]) / 10),
        ranker=ranker,
        baselines={name: its for name, (its, _) in judged.items()},
        best_baseline=best,
        ratio=ranker.ap / best_ap if ranker.ap and best_ap else None,
        gain_95=block_interval(difference[np.isfinite(difference)], block),
        curve=curve,
        ece=calibration_error(curve),
        ece_scored=calibration_error(calibration(chances[np.isfinite(chances)], every.hit[np.isfinite(chances)])),
        brier=mean((probability[said] - tried.hit[said]) ** 2),
        visible=visibility(history, material.rules, np.unique(history.snap_list[history.obs_snap[material.rows]])),
        refits=tuple(Refit(_time(model.fitted_at), model.hits, model.trials) for model in walk.models),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """The rows of a group that a report would have shown: of all that it scores, those that do not fall."""

    history: History
    one: WalkForward
    tips: Flags  # of each trial
    fallen: Flags
    rules: Mapping[str, Floats]  # the scores of simple rules

    @classmethod
    def of(cls, history: History, one: WalkForward, signals: Mapping[str, Floats]) -> _Shown:
        """From a group's walk and signals."""
        material = one.material
        rules, row = material.rules, material.of_trial
        known = {key: values[row] for key, values in signals.items()}
        falls = falling(history, material.trials.row, known, rules)
        before = rank_a_day_ago(history, material.trials.row, rules, at_most_s=int(3600 * rules.gap_h))
        return cls(
            history,
            one,
            ~falls,
            material.trials.rank >= FALLEN_TO * before,
            {name: order(known) for name, order in BASELINES.items()},
        )

    def judged(self, rows: Flags, since: datetime | None) -> ShownRows | None:
        """What became of them from `since` on."""
        walk = self.one
        tried, kept = counting(walk.material.trials, rows, since)
        row = walk.material.of_trial[kept]
        return judge_shown(
            tried,
            self._items(tried),
            walk.score[row],
            (walk.probability[row], walk.low[row], walk.high[row]),
            self.tips[kept],
            self.fallen[kept],
            {name: score[kept] for name, score in self.rules.items()},
        )

    def first_days(self, rows: Flags, block: int) -> tuple[FirstDay, ...]:
        """What became of them on the first days of the group's lists."""
        walk = self.one
        tried, kept = counting(walk.material.trials, rows, None)
        row, item = walk.material.of_trial[kept], self._items(tried)
        list_of = walk.material.list_of[kept].astype(np.int64)
        slot = list_of * len(self.history.items) + item
        score = walk.score[row], self.rules["SigniTrend"][kept]
        ap = tuple(quality(tried, by, item, slot, block=block)[1] for by in score)
        watched = np.isin(self.history.snap_list, walk.material.list_of)
        began = int(self.history.snap_time[watched].min()) if watched.any() else 0
        return judge_first_days(tried, item, score, walk.probability[row], self.tips[kept], (ap[0], ap[1]), began)

    def _items(self, tried: Trials) -> Ints:
        return self.history.obs_item[tried.row].astype(np.int64)


def counting(tried: Trials, judged: Flags, since: datetime | None) -> tuple[Trials, Flags]:
    """The judged trials of queries from `since` on, numbered anew, and which trials they are."""
    begin = int((since if since.tzinfo else since.replace(tzinfo=UTC)).timestamp()) if since else 0
    kept = judged & (tried.query_time >= begin)[tried.query]
    counts = np.bincount(tried.query[kept], minlength=len(tried.query_time)) > 0
    number = np.cumsum(counts) - 1
    return Trials(
        row=tried.row[kept],
        query=number[tried.query[kept]],
        time=tried.time[kept],
        hit=tried.hit[kept],
        known_at=tried.known_at[kept],
        lead_h=tried.lead_h[kept],
        rank=tried.rank[kept],
        breakout=tried.breakout[kept],
        query_time=tried.query_time[counts],
    ), kept


def visibility(history: History, rules: Rules, lists: Ints) -> dict[float, float]:
    """What any ranking of these lists can see: the share of items at the top that stood on the list hours before.

    Of all first arrivals at rank <= `top` in an episode, debuts excluded from none.
    """
    rows = np.flatnonzero(np.isin(history.snap_list[history.obs_snap], lists))
    slot = history.snap_list[history.obs_snap[rows]].astype(np.int64) * len(history.items) + history.obs_item[rows]
    rows = rows[np.argsort(slot, kind="stable")]
    slot = np.sort(slot)
    time = history.snap_time[history.obs_snap[rows]]
    new = np.ones(len(rows), bool)
    new[1:] = (slot[1:] != slot[:-1]) | (np.diff(time) > rules.gap_h * 3600)
    episode = np.cumsum(new) - 1
    there = np.flatnonzero(history.obs_rank[rows] <= rules.top)
    arrived, first = np.unique(episode[there], return_index=True)
    before_h = (time[there[first]] - time[np.flatnonzero(new)[arrived]]) / 3600
    return {hours: float((before_h >= hours).mean()) for hours in VISIBLE_H} if len(before_h) else {}


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
