"""What the ranking learned: models by group of lists, and backtests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trendscout.store.sql import Connection, naive, transaction


def latest_models(connection: Connection, *, until: datetime) -> Mapping[str, Mapping[str, Any]]:
    """Scope → the model fitted last, not later than `until`, as plain values."""
    rows = connection.execute(
        "SELECT scope, arg_max(model, fitted_at) FROM models WHERE fitted_at <= ? GROUP BY scope", [naive(until)]
    ).fetchall()
    return {scope: json.loads(model) for scope, model in rows}


def save_models(connection: Connection, models: Mapping[str, Mapping[str, Any]], fitted_at: datetime) -> None:
    """Keep models by scope; earlier ones stay, so that an old report can be made again."""
    with transaction(connection):
        for scope, model in sorted(models.items()):
            connection.execute("DELETE FROM models WHERE scope = ? AND fitted_at = ?", [scope, naive(fitted_at)])
            connection.execute(
                "INSERT INTO models VALUES (?, ?, ?, ?)",
                [scope, str(model.get("label", "")), naive(fitted_at), json.dumps(model)],
            )


def save_backtest(connection: Connection, report: Mapping[str, Any], made_at: datetime) -> None:
    """Keep a backtest of the store's own history."""
    connection.execute("INSERT INTO backtests VALUES (?, ?)", [naive(made_at), json.dumps(report)])


def last_backtest(connection: Connection, *, until: datetime) -> Mapping[str, Any] | None:
    """The newest backtest made by `until`."""
    row = connection.execute(
        "SELECT arg_max(report, made_at) FROM backtests WHERE made_at <= ?", [naive(until)]
    ).fetchone()
    return json.loads(row[0]) if row and row[0] else None
