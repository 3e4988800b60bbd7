"""What each list gave lately: the third state, "not looked", told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from trendscout.findings import from_json
from trendscout.model import Coverage
from trendscout.sources.snapshots import Usual, usual_of
from trendscout.store.query import ANYWHERE, Scope
from trendscout.store.sql import naive

if TYPE_CHECKING:
    import duckdb

_WEEK = timedelta(days=7)
# A list is late when its last look is older than this many of its own usual intervals.
_LATE_INTERVALS = 2.5
_USUAL_LOOKS = 60  # two months of mornings: what has been so for so long is usual
_TODAY = timedelta(hours=20)  # a second look of a day does not hide what the first one noted
_STRIP_DAYS = 14  # of looks that a report shows day by day
_BEST_FIRST = ("ok", "partial", "blocked", "failed")


def coverage(
    connection: duckdb.DuckDBPyConnection, *, now: datetime, scope: Scope = ANYWHERE
) -> tuple[Coverage, ...]:
    """The state of every list in `scope` at `now`: what its last look gave, and how the week's looks went."""
    where, values = scope.where()
    rows = connection.execute(
        f"""SELECT list_id, source, market,
            arg_max(status, taken_at), max(taken_at), max(taken_at) FILTER (status = 'ok'),
            count(*) FILTER (taken_at > $1), count(*) FILTER (taken_at > $1 AND status = 'ok'),
            arg_max(entries, taken_at),
            if(arg_max(status, taken_at) = 'ok',
               coalesce(arg_max(reason, taken_at) FILTER (status = 'ok' AND reason <> '' AND taken_at > $3), ''),
               arg_max(reason, taken_at)),
            median(gap_s), min(taken_at) FILTER (whole_at IS NULL OR taken_at > whole_at)
        FROM (SELECT *, epoch(taken_at) - epoch(lag(taken_at) OVER by_list) AS gap_s,
                     max(taken_at) FILTER (status = 'ok') OVER (PARTITION BY list_key) AS whole_at
              FROM snapshots JOIN lists USING (list_key) WHERE taken_at <= $2
              WINDOW by_list AS (PARTITION BY list_key ORDER BY taken_at))
        WHERE {_numbered(where, 4)} GROUP BY ALL ORDER BY list_id""",
        [naive(now - _WEEK), naive(now), naive(now - _TODAY), *values],
    ).fetchall()
    days = _days(connection, now=now, where=where, values=values)
    states = []
    for list_id, source, market, status, last, last_ok, looked, ok, entries, reason, gap_s, lost in rows:
        late = gap_s is not None and (naive(now) - last).total_seconds() > _LATE_INTERVALS * gap_s
        states.append(
            Coverage(
                list_id=list_id,
                source=source,
                market=market,
                status="late" if late and status == "ok" else status,
                last_ok=last_ok and last_ok.replace(tzinfo=UTC),
                looked=looked,
                ok=ok,
                entries=entries,
                findings=from_json(reason),
                days=days.get(list_id, ()),
                lost_since=lost and lost.replace(tzinfo=UTC),
            )
        )
    return tuple(states)


def _days(
    connection: duckdb.DuckDBPyConnection, *, now: datetime, where: str, values: Sequence[object]
) -> dict[str, tuple[tuple[str, Any], ...]]:
    """By list, how the best look of each of the last days (UTC) went; "none" where nobody looked."""
    rows = connection.execute(
        f"""SELECT list_id, taken_at::DATE, min(list_position({list(_BEST_FIRST)}, status))
        FROM snapshots JOIN lists USING (list_key) WHERE taken_at > $1 AND taken_at <= $2 AND {_numbered(where, 3)}
        GROUP BY ALL""",
        [naive(now - timedelta(days=_STRIP_DAYS)), naive(now), *values],
    ).fetchall()
    best = {(list_id, day): _BEST_FIRST[place - 1] for list_id, day, place in rows}
    strip = [naive(now).date() - timedelta(days=back) for back in reversed(range(_STRIP_DAYS))]
    lists = {list_id for list_id, _, _ in rows}
    return {one: tuple((day.isoformat(), best.get((one, day), "none")) for day in strip) for one in lists}


def _numbered(condition: str, first: int) -> str:
    """The condition with its `?` numbered on from `first`."""
    parts = condition.split("?")
    return parts[0] + "".join(f"${first + i}{part}" for i, part in enumerate(parts[1:]))


def usual(
    connection: duckdb.DuckDBPyConnection, list_ids: Sequence[str], *, before: datetime
) -> Mapping[str, Usual]:
    """What each list's last good snapshots before a time gave.

    A list that has been otherwise for all of its last looks is taken as it is: then nothing is known of it here.
    """
    columns = ", ".join(f"list({name} ORDER BY age)" for name in ("entries", "filled", "shares"))
    rows = connection.execute(
        f"""SELECT list_id, {columns} FROM (
            SELECT list_id, status, entries, filled, shares,
                   row_number() OVER (PARTITION BY list_key ORDER BY taken_at DESC) AS age
            FROM snapshots JOIN lists USING (list_key)
            WHERE status IN ('ok', 'partial') AND layout <> 'import' AND taken_at < ?
              AND list_contains(?, list_id))
        WHERE age <= ? AND status = 'ok' GROUP BY list_id""",
        [naive(before), list(list_ids), _USUAL_LOOKS],
    ).fetchall()
    return {list_id: usual_of(*columns) for list_id, *columns in rows}


def active_places(connection: duckdb.DuckDBPyConnection, *, now: datetime) -> frozenset[tuple[str, str | None]]:
    """The (platform, market) pairs of which a whole list was seen in the week before `now`."""
    rows = connection.execute(
        """SELECT DISTINCT platform, market FROM snapshots JOIN lists USING (list_key)
        WHERE status = 'ok' AND depth > 0 AND taken_at > ? AND taken_at <= ?""",
        [naive(now - _WEEK), naive(now)],
    ).fetchall()
    return frozenset((platform, market) for platform, market in rows)
