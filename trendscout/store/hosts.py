"""What is remembered of hosts from run to run: the circuit breaker's state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from trendscout.findings import Finding, from_json, to_json, words
from trendscout.model import HostState
from trendscout.store.sql import aware, naive, transaction

if TYPE_CHECKING:
    import duckdb


def host_states(connection: duckdb.DuckDBPyConnection) -> tuple[HostState, ...]:
    """The state of every host that has one."""
    rows = connection.execute(
        "SELECT host, trips, misses, open_until, reason, robots, robots_at FROM hosts ORDER BY host"
    ).fetchall()
    return tuple(
        HostState(host, trips, misses, until and aware(until), _reason(reason), robots, read_at and aware(read_at))
        for host, trips, misses, until, reason, robots, read_at in rows
    )


def _reason(kept: str) -> Finding | None:
    """The reason as it was kept; one of an older version is words of ours, mostly with a translation."""
    found = from_json(kept)
    return (words(kept) if found[0].code == "text" else found[0]) if found else None


def _kept(reason: Finding | None) -> str:
    return to_json((reason,)) if reason else ""


def save_host_states(connection: duckdb.DuckDBPyConnection, states: Iterable[HostState]) -> None:
    """Remember these states in place of what was known of their hosts."""
    with transaction(connection):
        for state in states:
            connection.execute("DELETE FROM hosts WHERE host = ?", [state.host])
            times = [moment and naive(moment) for moment in (state.open_until, state.robots_at)]
            connection.execute(
                "INSERT INTO hosts VALUES (?, ?, ?, ?, ?, ?, ?)",
                [state.host, state.trips, state.misses, times[0], _kept(state.reason), state.robots, times[1]],
            )


def reopen_hosts(connection: duckdb.DuckDBPyConnection, hosts: Iterable[str]) -> None:
    """Let these hosts be asked again at once, their robots.txt too."""
    connection.execute(
        """UPDATE hosts SET open_until = NULL, trips = 0, misses = 0, robots = '', robots_at = NULL
        WHERE list_contains(?, host)""",
        [list(hosts)],
    )
