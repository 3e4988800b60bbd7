"""The report's record of itself: what it showed is kept, and set beside what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from trendscout.model import RecordLine, Report, Row, ShownRow
from trendscout.ranking.picks import Pick, largest_changes, what_came
from trendscout.store import track_record
from trendscout.store.query import history
from trendscout.store.sql import Connection
from trendscout.store.track_record import RecordGroup

WEEK = timedelta(days=7)
FILE_SPAN = timedelta(days=90)  # of the record's own file: 40 rows a morning
BANDS = (0.05, 0.1, 0.2, 0.4)  # where bands of chance end; the last is beyond
RIVAL = "rank change"  # the list of largest rank changes: what most tools show


def keep_shown(connection: Connection, made: Report, *, replayed: bool = False) -> None:
    """Keep the rows of a report in its usual order.

    Rows without a chance promise nothing and are left out, as are those that lead for their words alone.
    """
    if made.sort == "score":
        chosen = [row for row in made.rows if not row.checks.words]
        led = len(made.rows) - len(chosen)
        ranked = [replace(row, position=row.position - led) for row in chosen if _promises(row)]
        track_record.keep(connection, [_shown(row, made.as_of, replayed) for row in ranked])


def _promises(row: Row) -> bool:
    return row.scored.probability is not None and row.scored.rank is not None


def _shown(row: Row, at: datetime, replayed: bool) -> ShownRow:
    scored = row.scored
    horizon_h = scored.horizon_h or 0.0
    return ShownRow(
        shown_at=at,
        chosen_by="chance",
        position=row.position,
        product_id=row.product_id,
        list_id=scored.list_id,
        rank=scored.rank or 0,
        probability=scored.probability,
        low=scored.probability_low,
        high=scored.probability_high,
        early=scored.early,
        label=scored.label,
        horizon_h=horizon_h,
        due_at=at + timedelta(hours=horizon_h),
        replayed=replayed,
    )


def settle(connection: Connection, *, now: datetime) -> None:
    """Fill in what came of rows whose horizon has passed, and what the rival had shown on the same mornings."""
    due = track_record.unsettled(connection, now=now)
    if not due:
        return
    past = history(connection, until=now)
    track_record.settle(connection, due, what_came(past, [_pick(row) for row in due]))
    mornings: defaultdict[datetime, list[ShownRow]] = defaultdict(list)
    for row in due:
        mornings[row.shown_at].append(row)
    for at, ours in mornings.items():
        rows = largest_changes(past, int(at.timestamp()), len(ours))
        first = ours[0]
        theirs = [
            ShownRow(
                at, RIVAL, place, str(past.items[past.obs_item[row]]),
                past.lists[past.snap_list[past.obs_snap[row]]], int(past.obs_rank[row]), None, None, None, False,
                first.label, first.horizon_h, first.due_at, first.replayed,
            )
            for place, row in enumerate(rows.tolist(), 1)
        ]  # fmt: skip
        came = what_came(past, [_pick(row) for row in theirs])
        track_record.keep(connection, theirs)
        track_record.settle(connection, theirs, came)


def _pick(row: ShownRow) -> Pick:
    return Pick(int(row.shown_at.timestamp()), row.list_id, row.product_id, row.label, row.horizon_h)


def missing_mornings(connection: Connection, *, days: int, now: datetime) -> list[datetime]:
    """The mornings of the last days, at the hour of `now`, of which nothing is kept; the earliest first."""
    kept = {at.date() for at in track_record.kept_mornings(connection)}
    mornings = [now - timedelta(days=back) for back in range(days, 0, -1)]
    return [at for at in mornings if at.date() not in kept]


def last_week(connection: Connection, *, now: datetime) -> RecordLine | None:
    """What was said and what came of the rows whose outcome became known in the last week; None without one."""
    rows = [
        row for row in track_record.known(connection, since=now - WEEK, until=now) if row.outcome != "not_looked"
    ]
    ours = [row for row in rows if row.chosen_by == "chance" and row.probability is not None]
    theirs = [row for row in rows if row.chosen_by == RIVAL]
    if not ours:
        return None
    return RecordLine(
        rows=len(ours),
        said=sum(row.probability or 0.0 for row in ours) / len(ours),
        came=_came(ours),
        rival=_came(theirs) if theirs else None,
        replayed=sum(row.replayed for row in ours),
    )


def lately(connection: Connection, *, now: datetime) -> tuple[ShownRow, ...]:
    """The record of the last months, row by row."""
    return tuple(track_record.kept_since(connection, since=now - FILE_SPAN, until=now))


def record(connection: Connection, *, now: datetime) -> dict[str, list[RecordGroup]]:
    """The whole record, grouped three ways: by list, by band of chance, by week."""
    settle(connection, now=now)
    rows = [
        row
        for row in track_record.known(connection, since=datetime.min.replace(tzinfo=now.tzinfo), until=now)
        if row.chosen_by == "chance"
    ]
    ways: dict[str, Callable[[ShownRow], str]] = {
        "list": lambda row: row.list_id,
        "chance": lambda row: _band(row.probability or 0.0),
        "week": lambda row: f"{row.shown_at:%G-W%V}",
    }
    return {name: _grouped(rows, way) for name, way in ways.items()}


def _grouped(rows: Sequence[ShownRow], way: Callable[[ShownRow], str]) -> list[RecordGroup]:
    groups: defaultdict[str, list[ShownRow]] = defaultdict(list)
    for row in rows:
        groups[way(row)].append(row)
    record_groups = []
    for name, its in sorted(groups.items()):
        known = [row for row in its if row.outcome != "not_looked"]
        said = sum(row.probability or 0.0 for row in known) / max(1, len(known))
        lost, replayed = len(its) - len(known), sum(row.replayed for row in known)
        record_groups.append(RecordGroup(name, len(known), said, _came(known), lost, replayed))
    return record_groups


def _came(rows: Sequence[ShownRow]) -> float:
    return sum(row.outcome == "came" for row in rows) / max(1, len(rows))


def _band(chance: float) -> str:
    low, high = next(band for band in pairwise((0.0, *BANDS, 1.0)) if chance <= band[1])
    return f"{100 * low:02.0f}-{100 * high:.0f} %"
