"""What the ranking learned and need not do again: models by group of lists, states of lists, backtests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trendscout.history import StateRow
from trendscout.store.sql import Connection, naive, one, registered, transaction

_STATE = ("list_id", "snapshots", "digest", "items", "item", "list")


@dataclass(frozen=True, slots=True)
class StoredModel:
    """The last fit of a group of lists."""

    fitted_at: datetime
    model: Mapping[str, Any] | None  # plain values; None: there were too few outcomes


def latest_models(connection: Connection, *, until: datetime) -> Mapping[str, StoredModel]:
    """Group of lists → its last fit, not later than `until`."""
    rows = connection.execute(
        "SELECT scope, max(fitted_at), arg_max(model, fitted_at) FROM models WHERE fitted_at <= ? GROUP BY scope",
        [naive(until)],
    ).fetchall()
    return {scope: StoredModel(at.replace(tzinfo=UTC), json.loads(model)) for scope, at, model in rows}


def save_models(
    connection: Connection, models: Mapping[str, Mapping[str, Any] | None], fitted_at: datetime
) -> None:
    """Keep fits by group; earlier ones stay, so that an old report can be made again."""
    with transaction(connection):
        for scope, model in sorted(models.items()):
            connection.execute("DELETE FROM models WHERE scope = ? AND fitted_at = ?", [scope, naive(fitted_at)])
            label = str(model.get("label", "")) if model else ""
            connection.execute(
                "INSERT INTO models VALUES (?, ?, ?, ?)", [scope, label, naive(fitted_at), json.dumps(model)]
            )


def kept_states(connection: Connection, lists: Sequence[str]) -> Mapping[str, StateRow]:
    """List id → the state its first snapshots came to."""
    rows = connection.execute(
        f"SELECT {', '.join(_STATE)} FROM folds WHERE list_contains(?, list_id)", [list(lists)]
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def save_states(connection: Connection, states: Mapping[str, StateRow]) -> None:
    """Keep these states in place of those that their lists had."""
    import pyarrow as pa

    rows = [dict(zip(_STATE, (name, *state), strict=True)) for name, state in sorted(states.items())]
    if not rows:
        return
    with transaction(connection), registered(connection, folds=pa.Table.from_pylist(rows)):
        connection.execute("DELETE FROM folds WHERE list_id IN (SELECT list_id FROM folds_view)")
        connection.execute("INSERT INTO folds BY NAME FROM folds_view")


def save_backtest(connection: Connection, report: Mapping[str, Any], made_at: datetime) -> None:
    """Keep a backtest of the store's own history."""
    connection.execute("INSERT INTO backtests VALUES (?, ?)", [naive(made_at), json.dumps(report)])


def last_backtest(connection: Connection, *, until: datetime) -> Mapping[str, Any] | None:
    """The newest backtest made by `until`."""
    row = one(connection, "SELECT arg_max(report, made_at) FROM backtests WHERE made_at <= ?", [naive(until)])
    return json.loads(row[0]) if row and row[0] else None
