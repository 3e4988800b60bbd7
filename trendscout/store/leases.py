"""Who of several machines does what: leases in the PostgreSQL behind a shared store.

A lease has a name, a holder and an end. Whoever works renews it; whoever was killed does not, and after its end
another takes it.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from uuid import uuid4

from trendscout.errors import StoreBusy, StoreError
from trendscout.store.address import StoreAddress
from trendscout.store.lake import attach_catalogue, in_words, prepared, quoted, retried
from trendscout.store.sql import Connection

LEASE_S = 30.0
_POLL_S = 0.1
_LANE_POLL_S = 0.5
_LANES = 8  # hosts that one process has at a time: the others are for others
_FRESH = timedelta(minutes=30)  # a list that somebody collected is not collected again before
Check = Callable[[], None]
_TABLE = """CREATE TABLE IF NOT EXISTS trendscout_leases (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, until TIMESTAMPTZ NOT NULL)"""
# One statement of one row: PostgreSQL lets exactly one of two that try at once have it.
_TAKE = """INSERT INTO trendscout_leases VALUES {rows}
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE trendscout_leases.until < now() OR trendscout_leases.holder = excluded.holder"""


class Leases:
    """The leases of one shared store, as one process sees them."""

    def __init__(self, address: StoreAddress) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._address = address
        self._asking = threading.Lock()
        self._connection: Connection | None = None
        self._run(_TABLE)

    def take(self, names: Iterable[str], seconds: float = LEASE_S) -> set[str]:
        """Those of the names that are ours for the next `seconds`: free, run out, or ours before."""
        names = sorted(names)
        for name in names:
            until = f"now() + interval '{float(seconds)} seconds'"
            self._run(_TAKE.format(rows=f"({quoted(name)}, {quoted(self.holder)}, {until})"))
        return {name for name, holder in self._found(names, "until > now()") if holder == self.holder}

    def free(self, names: Iterable[str], after_s: float = 0.0) -> None:
        """Let others have what is ours, `after_s` seconds from now."""
        until = f"now() + interval '{float(after_s)} seconds'"
        mine = f"holder = {quoted(self.holder)} AND name IN ({_list(names)})"
        self._run(f"UPDATE trendscout_leases SET until = {until}, holder = '' WHERE {mine}")

    def note(self, names: Iterable[str], until: datetime) -> None:
        """Say that these are done until then, whoever asks."""
        rows = ", ".join(f"({quoted(name)}, '', '{until.isoformat()}')" for name in sorted(set(names)))
        if rows:
            self._run(
                f"INSERT INTO trendscout_leases VALUES {rows} "
                "ON CONFLICT (name) DO UPDATE SET until = excluded.until"
            )

    def noted(self, names: Iterable[str], now: datetime) -> set[str]:
        """Those of the names that are done, at a time of the caller's clock."""
        return {name for name, _ in self._found(names, f"until > '{now.isoformat()}'")}

    def _found(self, names: Iterable[str], where: str) -> list[tuple[str, str]]:
        query = f"SELECT name, holder FROM trendscout_leases WHERE name IN ({_list(names)}) AND {where}"
        return retried(lambda: self._ask("SELECT * FROM postgres_query('catalogue', ?)", query))

    def _run(self, statement: str) -> None:
        retried(lambda: self._ask("CALL postgres_execute('catalogue', ?)", statement))

    def close(self) -> None:
        """End the connection; what is held runs out if it was not freed."""
        with self._asking:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _ask(self, call: str, statement: str) -> list[tuple[str, str]]:
        import duckdb

        with self._asking:
            try:
                if self._connection is None:
                    self._connection = _catalogue(self._address)
                return self._connection.execute(call, [statement]).fetchall()
            except duckdb.Error as error:  # the next try begins with a new connection
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
                raise in_words(error) or error from None


@contextmanager
def kept(
    leases: Leases, names: Iterable[str], *, seconds: float = LEASE_S, after_s: float = 0.0
) -> Iterator[Check]:
    """Renew these leases while inside and free them, `after_s` later, at the end.

    Gives a function that raises StoreError once they could not be renewed in time: others may have them.
    """
    names = set(names)
    ended = threading.Event()
    renewed = time.monotonic()
    lost = False

    def renew() -> None:
        nonlocal renewed, lost
        while not ended.wait(seconds / 3):
            with suppress(StoreError):
                at = time.monotonic()
                if leases.take(names, seconds) != names:
                    lost = True
                    return
                renewed = at

    def check() -> None:
        if lost or time.monotonic() - renewed > seconds:
            raise StoreError(
                "The leases in the shared store could not be renewed; another machine may have taken over.",
                next_step="Run it again: what was collected is in the archive.",
            )

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield check
    finally:
        ended.set()
        thread.join()
        with suppress(StoreError):  # they run out
            leases.free(names, after_s)


@contextmanager
def alone(address: StoreAddress, name: str, *, wait_s: float = 120.0, seconds: float = LEASE_S) -> Iterator[Check]:
    """Nobody else is inside under this name. Raises StoreBusy after `wait_s` seconds of waiting."""
    with closing(Leases(address)) as leases:
        deadline = time.monotonic() + wait_s
        while not leases.take([name], seconds):
            if time.monotonic() > deadline:
                raise StoreBusy(
                    "Other machines write into the shared store for {seconds:.0f} seconds now.",
                    next_step="Try again when they have finished; nothing was changed.",
                    seconds=wait_s,
                )
            time.sleep(_POLL_S)
        with kept(leases, [name], seconds=seconds) as check:
            yield check


def in_turns(
    address: StoreAddress,
    lanes: Mapping[str, Sequence[str]],
    *,
    now: Callable[[], datetime],
    after_s: float,
    seconds: float = LEASE_S,
) -> Iterator[tuple[set[str], Callable[[Iterable[str]], None]]]:
    """The lists that are ours to collect, part after part, until every list of `lanes` is collected by somebody.

    A lane is a host with its lists: one process at a time asks it, and the next `after_s` seconds later. Gives
    names of lists and a function to be called with those that are stored. It raises StoreError when the leases
    were lost.
    """
    with closing(Leases(address)) as leases:
        rest = dict(lanes)
        while rest:
            mine: set[str] = set()
            for lane in list(rest):
                mine |= leases.take([f"host {lane}"], seconds)
                if len(mine) == _LANES:
                    break
            if not mine:
                time.sleep(_LANE_POLL_S)
                continue
            with kept(leases, mine, seconds=seconds, after_s=after_s) as check:
                names = {name for lane in mine for name in rest.pop(lane.removeprefix("host "))}
                todo = names - leases.noted(names, now())

                def done(stored: Iterable[str], check: Check = check) -> None:
                    check()
                    leases.note(stored, now() + _FRESH)

                if todo:
                    yield todo, done


def _catalogue(address: StoreAddress) -> Connection:
    import duckdb

    connection = prepared(duckdb.connect())
    try:
        attach_catalogue(connection, address, name="catalogue")
    except BaseException:
        connection.close()
        raise
    return connection


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, sorted(names))) or "''"
