"""What is remembered of hosts from run to run: the circuit breaker's state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

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
        HostState(host, trips, misses, until and aware(until), reason, robots, robots_at and aware(robots_at))
        for host, trips, misses, until, reason, robots, robots_at in rows
    )


def save_host_states(connection: duckdb.DuckDBPyConnection, states: Iterable[HostState]) -> None:
    """Remember these states in place of what was known of their hosts."""
    with transaction(connection):
        for state in states:
            connection.execute("DELETE FROM hosts WHERE host = ?", [state.host])
            times = [moment and naive(moment) for moment in (state.open_until, state.robots_at)]
            connection.execute(
                "INSERT INTO hosts VALUES (?, ?, ?, ?, ?, ?, ?)",
                [state.host, state.trips, state.misses, times[0], state.reason, state.robots, times[1]],
            )


def reopen_hosts(connection: duckdb.DuckDBPyConnection, hosts: Iterable[str]) -> None:
    """Let these hosts be asked again at once, their robots.txt too."""
    connection.execute(
        """UPDATE hosts SET open_until = NULL, trips = 0, misses = 0, robots = '', robots_at = NULL
        WHERE list_contains(?, host)""",
        [list(hosts)],
    )
