"""Today and yesterday: which rows are new, which run on since when, and which left, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trendscout.model import Coverage, Left, LeftWhy, Row, Run, ShownRow
from trendscout.store import products
from trendscout.store.sql import Connection
from trendscout.store.track_record import SAME_MORNING

if TYPE_CHECKING:
    from trendscout.ranking.scoring import Scores

NEXT_MORNING = timedelta(hours=36)  # to the report before: a day, and half a one of slack


def earlier_reports(record: Sequence[ShownRow], *, now: datetime) -> list[ShownRow]:
    """The rows of reports that people saw before this morning, in the order of time."""
    until = now - SAME_MORNING
    return [row for row in record if row.chosen_by == "chance" and not row.replayed and row.shown_at <= until]


def with_runs(rows: Sequence[Row], before: Sequence[ShownRow], *, now: datetime) -> tuple[Row, ...]:
    """The rows, each with how long it is shown already; nothing where no earlier report is known."""
    if not before:
        return tuple(rows)
    shown: defaultdict[str, list[ShownRow]] = defaultdict(list)
    for row in before:
        shown[row.product_id].append(row)
    return tuple(replace(row, run=_run(shown[row.product_id], now)) for row in rows)


def _run(shown: Sequence[ShownRow], now: datetime) -> Run:
    days, later = 1, now
    for row in reversed(shown):
        if later - row.shown_at > NEXT_MORNING:
            break
        days, later = days + 1, row.shown_at
    return Run(days, shown[-1].probability if days > 1 else None)


def left(
    connection: Connection,
    rows: Sequence[Row],
    before: Sequence[ShownRow],
    scores: Scores,
    looked: Sequence[Coverage],
    *,
    now: datetime,
    top: int,
    reader: str,
) -> tuple[Left, ...]:
    """What the first `top` rows of the last report showed of these lists, and this one does not, and why."""
    latest = max((row.shown_at for row in before), default=now)
    if not before or now - latest > NEXT_MORNING:
        return ()
    status = {one.list_id: one.status for one in looked}
    report_ids = {row.product_id for row in rows}
    gone = [
        row
        for row in before
        if latest - row.shown_at < SAME_MORNING
        and row.position <= top
        and row.list_id in status
        and row.product_id not in report_ids
    ]
    ignored = products.ignored(connection, reader=reader)
    place = {scores.key(at): at for at in scores.best()}
    departures = [
        _left(row, scores, place, status[row.list_id], ignored)
        for row in sorted(gone, key=lambda row: row.position)
    ]
    return tuple({one.product_id: one for one in departures}.values())


def _left(row: ShownRow, scores: Scores, place: Mapping[str, int], status: str, ignored: Collection[str]) -> Left:
    at = place.get(row.product_id)
    scored = None if at is None else scores.at(at)
    why: LeftWhy = "overtaken"
    if row.product_id in ignored:
        why = "ignored"
    elif scored is None:
        why = "off" if status in ("ok", "partial") else "not_read"
    elif scored.probability is None:
        why = "arrived"
    elif scored.falling:
        why = "falling"
    title = "" if at is None else scores.title(at)
    return Left(
        row.product_id,
        title or row.product_id,
        why,
        row.probability or 0.0,
        None if scored is None else scored.probability,
    )
