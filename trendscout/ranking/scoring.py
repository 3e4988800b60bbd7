"""Every item that stands on a list now, scored: the columns of a report before products are put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from trendscout.errors import UsageError
from trendscout.history import History, cut, first_rows, latest
from trendscout.model import Axis, Reason, ScoredItem
from trendscout.ranking.arrays import Columns, Flags, Floats, Ints
from trendscout.ranking.breakout_model import Fitted
from trendscout.ranking.model_features import features_of
from trendscout.ranking.rules import Rules, derive_rules, group_of
from trendscout.ranking.signal_replay import FAR, KeptStates, Replay, replay, replays, watch_began
from trendscout.ranking.snapshot_features import DAY_S
from trendscout.ranking.stage import STAGES
from trendscout.ranking.surroundings import Surroundings, context_of
from trendscout.ranking.trials import evaluation_snapshots, scored
from trendscout.ranking.walk_forward import Material, fit_checked, gather, refit_s, start_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAST_TURNOVER_DAYS = 90.0  # a list whose top 10 is replaced within months is fast: its goods are not stocked deep
REASONS = 6  # signals kept a row, the strongest first
TRAINING_ROWS = 150_000  # of a group's most recent evaluation snapshots
STEPS = 32  # snapshots of a list: fewer are sooner stepped through than kept
FALLEN_TO = 1.5  # times the rank of a day before: sellers call it falling from about there on
# Signals that a record shows.
KEPT = ("rank", "came_from", "from_below", "climb", "climb_days", "stage", "stage_at", "turnover")
# The columns of Scores beside these.
COLUMNS = (
    "seen_at", "list", "item", "score", "probability", "low", "high", "early", "falling", "gain", "velocity",
    "reason", "reason_value", "reason_part",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scored items as columns, one value an item on a list; `at(i)` gives one as a record."""

    lists: tuple[str, ...]  # of the history; a list code is an index into this
    items: NDArray[np.object_]  # keys of the scored items, in order; an item code is an index into this
    titles: NDArray[np.object_]  # theirs; "": none
    rules: Mapping[str, Rules]  # by group
    models: Mapping[str, Fitted]  # by group: those that were used, to be kept
    seen_at: Ints  # seconds: the snapshot that an item stands on
    list: Ints  # list code
    item: Ints  # item code
    score: Floats
    probability: Floats  # NaN: no outcome is known, or already there
    low: Floats
    high: Floats
    early: Flags
    falling: Flags
    gain: Floats
    velocity: Floats  # 0-100; NaN: not enough data
    signals: Columns  # KEPT
    reason: Ints  # which of the model's signals, REASONS a row; -1: none
    reason_value: Floats
    reason_part: Floats  # log-odds
    state: str = ""  # of the store that they were made of, as it names them; "": of no store

    def __len__(self) -> int:
        return len(self.item)

    def key(self, i: int) -> str:
        """The item key of the i-th."""
        return str(self.items[self.item[i]])

    def title(self, i: int) -> str:
        """The title of the i-th, "" without one."""
        return str(self.titles[self.item[i]])

    def at(self, i: int) -> ScoredItem:
        """The i-th as a record."""
        list_id = self.lists[self.list[i]]
        group = group_of(list_id)
        rules = self.rules[group]
        signal = {name: float(values[i]) for name, values in self.signals.items()}
        moved = np.isfinite(signal["came_from"])
        return ScoredItem(
            list_id=list_id,
            item_key=self.key(i),
            seen_at=_time(self.seen_at[i]),
            rank=int(signal["rank"]),
            rank_before=int(signal["came_from"]) if moved and not signal["from_below"] else None,
            rank_span_days=signal["climb_days"] if moved else None,
            score=float(self.score[i]),
            probability=_number(self.probability[i]),
            probability_low=_number(self.low[i]),
            probability_high=_number(self.high[i]),
            early=bool(self.early[i]),
            falling=bool(self.falling[i]),
            horizon_h=rules.horizon_h,
            label=rules.label,
            gain=float(self.gain[i]),
            velocity=velocity_axis(self.velocity[i], signal),
            stage=STAGES[int(signal["stage"])],
            stage_since=_time(signal["stage_at"]) if signal["stage_at"] else None,
            list_pace=pace(signal["turnover"], rules),
            reasons=self._reasons(i, self.models.get(group)),
        )

    def _reasons(self, i: int, model: Fitted | None) -> tuple[Reason, ...]:
        if model is None:
            return ()
        found = zip(self.reason[i], self.reason_value[i], self.reason_part[i], strict=True)
        return tuple(
            Reason(model.names[code], float(value), float(part)) for code, value, part in found if code >= 0
        )

    def __iter__(self) -> Iterator[ScoredItem]:
        return (self.at(i) for i in range(len(self)))

    def of_lists(self, wanted: AbstractSet[str], now: datetime) -> Scores:
        """The same scores of some lists only; UsageError where these have none."""
        keep = np.isin(self.list, [code for code, name in enumerate(self.lists) if name in wanted])
        if not keep.any():
            raise nothing_to_rank(self.lists, wanted, now)
        kept: dict[str, Any] = {name: getattr(self, name)[keep] for name in COLUMNS}
        return replace(self, **kept, signals={name: values[keep] for name, values in self.signals.items()})

    def stands(self, item: str, list_id: str) -> bool:
        """Whether an item is scored on a list."""
        (its,) = np.nonzero(self.items == item)
        return list_id in self.lists and bool(
            (self.list[np.isin(self.item, its)] == self.lists.index(list_id)).any()
        )

    def best(self) -> Sequence[int]:
        """Positions of each item's best place, the highest score first."""
        order = self.order()
        _, first = np.unique(self.item[order], return_index=True)
        found: Sequence[int] = order[np.sort(first)].tolist()
        return found

    def order(self) -> Ints:
        """Positions from the highest score to the lowest; ties by item, then list."""
        return np.lexsort((self.list, self.item, -self.score))


def score(
    history: History,
    now: datetime,
    *,
    rules: Mapping[str, Rules] | None = None,
    models: Mapping[str, Fitted] | None = None,
    fit: bool = True,
    around: Surroundings | None = None,
    states: KeptStates | None = None,
) -> Scores:
    """Scores of all items on the last snapshot of each list at or before `now`.

    `rules` and `models` by group (see `rules.group_of`): a group without rules is given derived ones; a model is
    used as it is, and a group without one is fitted on its own past, if `fit`. `around` is this history's, where
    it is at hand; `states` are of earlier replays of its lists, and given what these come to before their last
    snapshots. A time without a zone is UTC.
    """
    until_s = _seconds(now)
    history = cut(history, until_s)
    by_group = rules_of(history, rules)
    kept = dict(models or {})
    around = around or Surroundings(history)
    least = STEPS if states else FAR
    states = states or KeptStates()
    if fit:
        unfitted = {group: its for group, its in by_group.items() if group not in kept}
        kept |= refit(history, until_s, unfitted, around, states)
    gap_s = np.array([by_group[group_of(name)].gap_h * 3600 for name in history.lists])
    parts = [
        columns
        for part in replays(history, gap_s, latest(history), states=states, least=least)
        for columns in _score_part(history, part, around, by_group, kept)
    ]
    if not parts:
        lists = [history.lists[code] for code in np.unique(history.snap_list)]
        raise nothing_to_rank(lists, {*lists}, datetime.fromtimestamp(until_s, UTC))
    columns = _joined(parts)
    there, columns["item"] = np.unique(columns["item"], return_inverse=True)
    return Scores(
        lists=history.lists,
        items=history.items[there],
        titles=np.full(len(there), "", object) if history.titles is None else history.titles[there],
        rules=by_group,
        models=kept,
        **columns,
    )


def nothing_to_rank(lists: Iterable[str], wanted: AbstractSet[str], until: datetime) -> UsageError:
    """Why none of the wanted lists can be ranked: none is among the `lists` read, or the goods have no places."""
    read = [name for name in lists if name in wanted]
    if read:
        return UsageError(
            "Nothing to rank: what was read by {until:%Y-%m-%d %H:%M} UTC shows goods without places ({lists}).",
            next_step="Collect a list with ranks as well; its products are then joined with these.",
            until=until,
            lists=", ".join(read[:3]) + (", …" if len(read) > 3 else ""),
        )
    return UsageError(
        "No such list was read by {until:%Y-%m-%d %H:%M} UTC.",
        next_step="Collect first, or ask for another --market, --source, --category or --as-of.",
        until=until,
    )


def refit(
    history: History,
    now_s: int,
    rules: Mapping[str, Rules],
    around: Surroundings,
    states: KeptStates | None = None,
) -> dict[str, Fitted]:
    """Models of these groups from outcomes known at their last `fit_moment`; a group without any has none.

    Only the most recent evaluation snapshots are used, up to TRAINING_ROWS rows a group; where so many show within
    one horizon, those before it: only of these it is known what came. `states` are given what the groups' lists
    come to before the training.
    """
    fitted: dict[str, Fitted] = {}
    states = states or KeptStates()
    group_of_list = np.array([group_of(name) for name in history.lists], object)
    rows_of_snap = np.diff(first_rows(history))
    training = {
        group: _training(
            history, its, np.flatnonzero(group_of_list == group), fit_moment(its, now_s), rows_of_snap
        )
        for group, its in rules.items()
    }
    for groups in _replayed_together(training, rows_of_snap):
        its = {group: rules[group] for group in groups}
        snaps = np.concatenate([training[group] for group in groups])
        models = {
            material.group: fit_checked(material, fit_moment(material.rules, now_s))
            for material in _materials(history, its, snaps, around, states)
        }
        fitted |= {group: model for group, model in models.items() if model is not None}
    return fitted


def _materials(
    history: History, rules: Mapping[str, Rules], snaps: Ints, around: Surroundings, states: KeptStates
) -> list[Material]:
    """What the models of some groups are fitted on: their rows in these snapshots, as replayed.

    The replay of all groups goes before a fit begins; a group of lists without an order has no rows.
    """
    group_of_list = np.array([group_of(name) for name in history.lists], object)
    gaps = np.array([rules[name].gap_h * 3600 if name in rules else 0.0 for name in group_of_list])
    evaluated = np.zeros(len(history.snap_list), bool)
    evaluated[snaps] = True
    whole = replay(history, gaps, evaluated, np.flatnonzero(np.isin(group_of_list, list(rules))), states)
    of_row = group_of_list[history.snap_list[history.obs_snap[whole.rows]]]
    parts = ((group, whole.where(of_row == group) if len(rules) > 1 else whole) for group in rules)
    return [
        gather(history, rules[group], group, part, evaluated, around) for group, part in parts if len(part.rows)
    ]


def _training(history: History, rules: Rules, lists: Ints, moment: int, rows_of_snap: Ints) -> Ints:
    """The evaluation snapshots of a group's lists that its model of a moment is fitted on."""
    snaps = evaluation_snapshots(history, rules, lists)
    snaps = snaps[history.snap_time[snaps] <= moment]
    recent = snaps[np.argsort(-history.snap_time[snaps], kind="stable")]
    open_ = history.snap_time[recent] > moment - rules.known_after_s
    if rows_of_snap[recent[open_]].sum() >= TRAINING_ROWS:
        recent = recent[~open_]
    return recent[np.cumsum(rows_of_snap[recent]) <= TRAINING_ROWS]


def _replayed_together(training: Mapping[str, Ints], rows_of_snap: Ints) -> Iterator[list[str]]:
    """The groups that have something to be fitted on, several small ones at a time.

    Stepping through a list costs the same for 100 rows as for some thousands; together, and with a copy of one of
    them, they take no more room than the largest group alone may.
    """
    together: list[str] = []
    room = 0
    for group, snaps in training.items():
        if not len(snaps):
            continue
        rows = int(rows_of_snap[snaps].sum())
        if together and room + rows > TRAINING_ROWS // 2:
            yield together
            together, room = [], 0
        together.append(group)
        room += rows
    if together:
        yield together


def fit_moment(rules: Rules, now_s: int) -> int:
    """As of when a group's model is fitted, in seconds: a grid of times, so that a morning always has one model.

    A report of a morning is then the same whenever it is asked for, and whatever was asked for before.
    """
    step = refit_s(rules)
    return now_s // step * step


def rules_of(history: History, given: Mapping[str, Rules] | None = None) -> dict[str, Rules]:
    """The rules of every group of the history's lists: the given ones, else derived."""
    groups = sorted({group_of(name) for name in history.lists})
    return {group: (given or {}).get(group) or derive_rules(history, group) for group in groups}


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
    if signal["from_below"]:
        fields = {"rank": int(signal["rank"])}
        if days < 2:
            hours = {**fields, "hours": round(days * 24)}
            return Axis(round(float(value), 1), "off the list → {rank} in {hours} h", hours)
        text = "off the list → {rank} in {days} days"
        return Axis(round(float(value), 1), text, {**fields, "days": round(days)})
    if days < 2:
        hours = {**fields, "hours": round(days * 24)}
        return Axis(round(float(value), 1), "rank {before} → {rank} in {hours} h", hours)
    return Axis(round(float(value), 1), "rank {before} → {rank} in {days} days", {**fields, "days": round(days)})


def pace(turnover: float, rules: Rules) -> str:
    """Says "fast" for a list whose top 10 is replaced within months at the rate of its last snapshots."""
    days = rules.cadence_h / 24 / turnover if turnover > 0 else np.inf
    return "fast" if days < FAST_TURNOVER_DAYS else ""


def _score_part(
    history: History, part: Replay, around: Surroundings, rules: Mapping[str, Rules], models: Mapping[str, Fitted]
) -> list[Columns]:
    """The columns of Scores for the rows of a replay, group by group."""
    lists, place = np.unique(history.snap_list[history.obs_snap[part.rows]], return_inverse=True)
    group = np.array([group_of(history.lists[code]) for code in lists], object)[place]
    return [
        _score_rows(history, part.where(group == name), around, rules[name], models.get(name))
        for name in dict.fromkeys(group)
    ]


def _score_rows(
    history: History, part: Replay, around: Surroundings, rules: Rules, model: Fitted | None
) -> Columns:
    rows, signals = part.rows, part.signals
    snapshot = history.obs_snap[rows]
    rank = signals["rank"]
    goal = np.full(len(rows), float(rules.top)) if rules.label == "top" else np.maximum(rank / 2, 1)
    known_rates = model.list_rates if model else {}
    lists, place = np.unique(history.snap_list[snapshot], return_inverse=True)
    rate = np.array([known_rates.get(history.lists[code], 0.0) for code in lists])[place]
    features = features_of(signals, snapshot, context_of(history, rules, rows, around, rate))
    columns = {
        "seen_at": history.snap_time[snapshot],
        "list": history.snap_list[snapshot].astype(np.int64),
        "item": history.obs_item[rows].astype(np.int64),
        "score": start_score(features),
        "gain": np.maximum(100 / goal - 100 / rank, 0),
        "velocity": velocity(signals),
        "falling": falling(history, rows, signals, rules),
        "early": np.ones(len(rows), bool),
        **{name: np.full(len(rows), np.nan) for name in ("probability", "low", "high")},
        **{f"signals.{name}": signals[name] for name in KEPT},
        "reason": np.full((len(rows), REASONS), -1),
        **{name: np.zeros((len(rows), REASONS), np.float32) for name in ("reason_value", "reason_part")},
    }
    open_ = np.flatnonzero(scored(rules, rank, signals["best_so_far"]))
    if model is None or not len(open_):
        return columns
    watched_h = (history.snap_time[snapshot] - watch_began(history)[history.snap_list[snapshot]]) / 3600
    # A list watched for less than a model's trials were has no past that the model could read: its base rate.
    settled = open_[(watched_h[open_] >= 0.8 * rules.back_h) & (not model.early)]
    base = model.as_base_rate()
    for asked_of, asked in ((base, np.setdiff1d(open_, settled)), (model, settled)):
        if len(asked):
            _put(columns, asked_of, asked, {name: values[asked] for name, values in features.items()})
    return columns


def _put(columns: Columns, model: Fitted, rows: Ints, features: Columns) -> None:
    """Write what a model says of some rows into the columns of Scores."""
    parts, base = model.parts(features)
    score = parts.sum(axis=1) + base
    probability = model.probability(score)
    columns["score"][rows], columns["probability"][rows] = score, probability
    columns["low"][rows], columns["high"][rows] = model.interval(probability)
    columns["early"][rows] = model.early
    if model.early:
        return
    strongest = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :REASONS]
    value = np.stack([features[name] for name in model.names], axis=1)
    columns["reason"][rows] = strongest
    columns["reason_value"][rows] = np.take_along_axis(value, strongest, axis=1)
    columns["reason_part"][rows] = np.take_along_axis(parts, strongest, axis=1)


def falling(history: History, rows: Ints, signals: Mapping[str, Floats], rules: Rules) -> Flags:
    """Whether each row fades, or stands at FALLEN_TO times its rank of a day before or lower."""
    before = rank_a_day_ago(history, rows, rules)
    fades = signals["stage"] == STAGES.index("fading")
    return np.asarray(fades | (signals["rank"] >= FALLEN_TO * before))


def rank_a_day_ago(history: History, rows: Ints, rules: Rules, *, at_most_s: int = DAY_S) -> Floats:
    """The rank of each row's item on its list a day before, or at most `at_most_s` before that; else NaN."""
    snap_list, snap_time = history.snap_list, history.snap_time
    slack = min(
        DAY_S, int(rules.cadence_h * 1800)
    )  # half a cadence, for jittered schedules; never what comes later
    until = snap_time[history.obs_snap[rows]] - DAY_S + slack
    first, last = np.full(len(history.lists), np.iinfo(np.int64).max), np.zeros(len(history.lists), np.int64)
    of = snap_list[history.obs_snap[rows]]
    np.minimum.at(first, of, until - at_most_s)
    np.maximum.at(last, of, until)
    near = (snap_time >= first[snap_list]) & (snap_time <= last[snap_list])
    earlier = np.flatnonzero(near[history.obs_snap])  # in the order of list, then time
    slot = snap_list[history.obs_snap[earlier]].astype(np.int64) * len(history.items) + history.obs_item[earlier]
    known, code = np.unique(of.astype(np.int64) * len(history.items) + history.obs_item[rows], return_inverse=True)
    ranks = np.full(len(rows), np.nan)
    if not len(earlier):
        return ranks
    place = np.minimum(np.searchsorted(known, slot), len(known) - 1)
    same = known[place] == slot
    earlier, place = earlier[same], place[same]
    by_item = np.argsort(place, kind="stable")
    earlier, place = earlier[by_item], place[by_item]
    begin = int(snap_time.min())
    span = int(snap_time.max()) - begin + DAY_S
    line = place * span + snap_time[history.obs_snap[earlier]] - begin
    at = np.searchsorted(line, code * span + until - begin, "right") - 1
    there = at >= 0
    there[there] = place[at[there]] == code[there]
    there[there] = snap_time[history.obs_snap[earlier[at[there]]]] >= until[there] - at_most_s
    ranks[there] = history.obs_rank[earlier[at[there]]]
    return ranks


def _joined(parts: list[Columns]) -> dict[str, Any]:
    """The parts of all groups as the columns of Scores."""
    together = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    signals = {name: together.pop(f"signals.{name}") for name in KEPT}
    return {**together, "signals": signals}


def _seconds(now: datetime) -> int:
    return int((now if now.tzinfo else now.replace(tzinfo=UTC)).timestamp())


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
