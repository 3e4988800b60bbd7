"""What the ranking learned and need not do again: models by group of lists, states of lists, backtests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from trendscout.history import StateRow
from trendscout.store.sql import (
    Connection,
    bounded,
    give_back,
    naive,
    one,
    registered,
    transaction,
)

_KEPT = 3  # states of the store of which something is kept: today's, and earlier ones that are asked for
_STATES_MB, _KEPT_MB = 64, 200  # states come some hundred lists at a time; the scores of 250,000 goods are 70 MB
_STATE = {  # see history.StateRow
    "list_id": "VARCHAR",
    "snapshots": "BIGINT",
    "digest": "VARCHAR",
    "items": "BIGINT",
    "item": "BLOB",
    "list": "BLOB",
}


def models(connection: Connection, moments: Mapping[str, int]) -> Mapping[str, Mapping[str, Any] | None]:
    """Group of lists → its fit as of its moment (seconds), where one is kept; None: there were no outcomes."""
    rows = connection.execute(
        "SELECT scope, epoch(fitted_at)::BIGINT, model FROM models WHERE list_contains(?, scope)", [list(moments)]
    ).fetchall()
    return {scope: json.loads(model) for scope, at, model in rows if at == moments[scope]}


def save_models(connection: Connection, fits: Mapping[tuple[str, int], Mapping[str, Any] | None]) -> None:
    """Keep fits by group and moment (seconds); earlier ones stay, so that an old report can be made again."""
    with transaction(connection):
        for (scope, moment), model in sorted(fits.items()):
            at = naive(datetime.fromtimestamp(moment, UTC))
            connection.execute("DELETE FROM models WHERE scope = ? AND fitted_at = ?", [scope, at])
            label = str(model.get("rules", "")).partition(" ")[0] if model else ""
            connection.execute("INSERT INTO models VALUES (?, ?, ?, ?)", [scope, label, at, json.dumps(model)])


@bounded(_STATES_MB)
def kept_states(connection: Connection, lists: Sequence[str]) -> Mapping[str, Sequence[StateRow]]:
    """List id → the states that its first snapshots came to."""
    rows = connection.execute(
        f"SELECT {', '.join(_STATE)} FROM folds WHERE list_id IN (SELECT unnest(string_split(?, chr(31))))",
        [chr(31).join(lists)],  # one text: see store/details.py
    ).fetchall()
    found: dict[str, list[StateRow]] = {}
    for list_id, *state in rows:
        found.setdefault(list_id, []).append(tuple(state))
    return found


def save_states(connection: Connection, states: Mapping[str, StateRow], *, latest: bool) -> None:
    """Keep these states, the `latest` of their lists or those before the training; a list has one of each.

    The state before the training is the one of the fewest snapshots.
    """
    from trendscout.tables import table

    if not states:
        return
    columns = zip(*((name, *state) for name, state in sorted(states.items())), strict=True)
    rows = table({name: (kind, column) for (name, kind), column in zip(_STATE.items(), columns, strict=True)})
    with transaction(connection), registered(connection, folds=rows):
        stays = "snapshots = least" if latest else "snapshots = most AND snapshots > made"
        connection.execute(
            f"""DELETE FROM folds USING (
                SELECT list_id, min(folds.snapshots) AS least, max(folds.snapshots) AS most,
                       any_value(folds_view.snapshots) AS made
                FROM folds JOIN folds_view USING (list_id) GROUP BY list_id) AS known
            WHERE folds.list_id = known.list_id AND NOT ({stays})"""
        )
        connection.execute("INSERT INTO folds BY NAME FROM folds_view")
    give_back(connection)


def fits_seen(connection: Connection, moments: Mapping[str, int]) -> Mapping[str, str]:
    """Group of lists → a digest of its kept fit as of its moment (seconds)."""
    rows = connection.execute(
        "SELECT scope, epoch(fitted_at)::BIGINT, md5(model) FROM models WHERE list_contains(?, scope)",
        [list(moments)],
    ).fetchall()
    return {scope: digest for scope, at, digest in rows if at == moments[scope]}


_STATE_OF = """SELECT md5(concat_ws(' ', version(),
    (SELECT (count(*), sum(hash(list_key, list_id)))::VARCHAR FROM lists),
    (SELECT (count(*), sum(hash(list_key, taken_at, status, entries, depth, length)))::VARCHAR
     FROM snapshots WHERE taken_at <= $1),
    (SELECT (count(*), sum(hash(list_key, taken_at, listing, rank, count, count_floor)))::VARCHAR
     FROM observations WHERE taken_at <= $1),
    (SELECT (count(*), sum(hash(listing, title, seller, first_seen, if(first_titled_at <= $1, first_title, NULL),
                                if(first_titled_at <= $1, first_titled_at, NULL))))::VARCHAR
     FROM listings WHERE first_seen <= $1),
    (SELECT (count(*), sum(hash(listing, product_id)))::VARCHAR FROM memberships)))"""


def state(connection: Connection, *, until: datetime) -> str:
    """A digest of all that scores at a time and the words of titles stand on; it costs a pass over the looks.

    Sums of 64-bit hashes of the rows: whoever changed them, and however, another state has another digest.
    """
    (digest,) = one(connection, _STATE_OF, [naive(until)]) or ("",)
    return str(digest)


@bounded(_KEPT_MB)
def kept(connection: Connection, state: str, name: str) -> bytes | None:
    """What was kept by that name of a state of the store."""
    row = one(connection, "SELECT value FROM kept WHERE state = ? AND name = ?", [state, name])
    return row[0] if row else None


def keep(connection: Connection, state: str, name: str, value: bytes, as_of: datetime) -> None:
    """Keep a value of a state, in place of what it had by that name; of each name the last few are kept."""
    later = "SELECT count(*) FROM kept WHERE name = ? AND as_of > ? AND state <> ?"
    if (one(connection, later, [name, naive(as_of), state]) or (0,))[0] >= _KEPT:
        return
    give_back(connection)
    with transaction(connection):
        connection.execute("DELETE FROM kept WHERE name = ? AND state = ?", [name, state])
        connection.execute("INSERT INTO kept VALUES (?, ?, ?, ?)", [state, name, naive(as_of), value])
        connection.execute(
            """DELETE FROM kept WHERE name = $1 AND state NOT IN (
                SELECT state FROM kept WHERE name = $1 ORDER BY as_of DESC, state LIMIT $2)""",
            [name, _KEPT],
        )
    give_back(connection)


@bounded(_KEPT_MB)
def title_marks(connection: Connection, made_by: str) -> bytes | None:
    """What titles have in common as this code read them, where it is kept."""
    row = one(connection, "SELECT value FROM title_marks WHERE made_by = ?", [made_by])
    return row[0] if row else None


def save_title_marks(connection: Connection, made_by: str, value: bytes) -> None:
    """Keep what titles have in common, in place of what was kept."""
    with transaction(connection):
        connection.execute("DELETE FROM title_marks")
        connection.execute("INSERT INTO title_marks VALUES (?, ?)", [made_by, value])


def save_backtest(connection: Connection, report: Mapping[str, Any], made_at: datetime) -> None:
    """Keep a backtest of the store's own history."""
    connection.execute("INSERT INTO backtests VALUES (?, ?)", [naive(made_at), json.dumps(report)])


def last_backtest(connection: Connection, *, until: datetime) -> Mapping[str, Any] | None:
    """The newest backtest made by `until`."""
    row = one(connection, "SELECT arg_max(report, made_at) FROM backtests WHERE made_at <= ?", [naive(until)])
    return json.loads(row[0]) if row and row[0] else None
