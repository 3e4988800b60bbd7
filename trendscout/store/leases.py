"""Who of several machines does what: leases in the PostgreSQL behind a shared store.

A lease has a name, a holder and an end. Whoever works renews it every two seconds; whoever was killed does not,
and another takes it: after its end, or when the holder's connection is gone and it was not renewed for seconds.
All times are the server's: a machine whose clock is wrong keeps nobody from anything.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from uuid import uuid4

from trendscout.errors import StoreBusy, StoreError
from trendscout.store.address import StoreAddress
from trendscout.store.lake import attach_catalogue, in_words, prepared, quoted, retried
from trendscout.store.sql import Connection

LEASE_S = 30.0
_BEAT_S = 2.0  # between two renewals
_DEAD_S = 6.0  # without one, and without a connection: the holder was killed
_POLL_S = 0.1
_LANE_POLL_S = 0.5
_LANES = 8  # hosts that one process has at a time: the others are for others
_FRESH_S = 1800.0  # a list that somebody collected is not collected again before
Check = Callable[[], None]
_TABLE = """CREATE TABLE IF NOT EXISTS trendscout_leases (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, until TIMESTAMPTZ NOT NULL, beat TIMESTAMPTZ, backend INTEGER)"""
# A table of before heartbeats.
_COLUMNS = """ALTER TABLE trendscout_leases
    ADD COLUMN IF NOT EXISTS beat TIMESTAMPTZ, ADD COLUMN IF NOT EXISTS backend INTEGER"""
# One statement of one row: PostgreSQL lets exactly one of two that try at once have it.
_TAKE = """INSERT INTO trendscout_leases (name, holder, until, beat, backend)
    VALUES ({name}, {holder}, {until}, now(), pg_backend_pid())
    ON CONFLICT (name) DO UPDATE SET (holder, until, beat, backend)
        = (excluded.holder, excluded.until, excluded.beat, excluded.backend)
    WHERE trendscout_leases.until < now() OR trendscout_leases.holder = excluded.holder
        OR trendscout_leases.holder <> '' AND trendscout_leases.beat < now() - {dead}
            AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = trendscout_leases.backend)"""


class Leases:
    """The leases of one shared store, as one process sees them."""

    def __init__(self, address: StoreAddress) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._address = address
        self._asking = threading.Lock()
        self._connection: Connection | None = None
        known = retried(
            lambda: self._query(
                "SELECT 1 FROM information_schema.columns "
                "WHERE table_name = 'trendscout_leases' AND column_name = 'backend'"
            )
        )
        if not known:
            self._run(_TABLE)
            self._run(_COLUMNS)

    def take(self, names: Iterable[str], seconds: float = LEASE_S, dead_s: float = _DEAD_S) -> set[str]:
        """Those of the names that are ours for the next `seconds`: free, run out, ours, or of a dead holder.

        A holder is dead whose connection is gone and who did not renew the lease for `dead_s` seconds.
        """
        names = sorted(names)
        for name in names:
            self._run(
                _TAKE.format(
                    name=quoted(name), holder=quoted(self.holder), until=_in(seconds), dead=_interval(dead_s)
                )
            )
        return {name for name, holder in self._found(names, "until > now()") if holder == self.holder}

    def free(self, names: Iterable[str], after_s: float = 0.0) -> None:
        """Let others have what is ours, `after_s` seconds from now."""
        mine = f"holder = {quoted(self.holder)} AND name IN ({_list(names)})"
        self._run(f"UPDATE trendscout_leases SET until = {_in(after_s)}, holder = '' WHERE {mine}")

    def note(self, names: Iterable[str], seconds: float) -> None:
        """Say that these are done for the next `seconds`, whoever asks."""
        rows = ", ".join(f"({quoted(name)}, '', {_in(seconds)})" for name in sorted(set(names)))
        if rows:
            self._run(
                f"INSERT INTO trendscout_leases (name, holder, until) VALUES {rows} "
                "ON CONFLICT (name) DO UPDATE SET until = excluded.until"
            )

    def noted(self, names: Iterable[str], seconds: float) -> set[str]:
        """Those of the names that are done; a note for longer than `seconds` is none, but a wrong clock's."""
        return {name for name, _ in self._found(names, f"until > now() AND until <= {_in(seconds)}")}

    def _found(self, names: Iterable[str], where: str) -> list[tuple[str, str]]:
        query = f"SELECT name, holder FROM trendscout_leases WHERE name IN ({_list(names)}) AND {where}"
        return retried(lambda: self._query(query))

    def _query(self, query: str) -> list[tuple[str, str]]:
        return self._ask("SELECT * FROM postgres_query('catalogue', ?)", query)

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
        while not ended.wait(min(_BEAT_S, seconds / 3)):
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
    after_s: float,
    fresh_s: float = _FRESH_S,
    seconds: float = LEASE_S,
) -> Iterator[tuple[set[str], set[str], Callable[[Iterable[str]], None]]]:
    """The lists that are ours to collect, part after part, until every list of `lanes` is collected by somebody.

    A lane is a host with its lists: one process at a time asks it, and the next `after_s` seconds later. Gives
    names of lists, those that another machine collected in the last `fresh_s` seconds, and a function to be called
    with those that are stored. It raises StoreError when the leases were lost.
    """
    with closing(Leases(address)) as leases:
        rest = dict(lanes)
        while rest:
            mine: set[str] = set()
            for lane in list(rest):
                mine |= leases.take([f"host {lane}"], seconds, max(_DEAD_S, after_s))
                if len(mine) == _LANES:
                    break
            if not mine:
                time.sleep(_LANE_POLL_S)
                continue
            with kept(leases, mine, seconds=seconds, after_s=after_s) as check:
                names = {name for lane in mine for name in rest.pop(lane.removeprefix("host "))}
                others = leases.noted(names, fresh_s)

                def done(stored: Iterable[str], check: Check = check) -> None:
                    check()
                    leases.note(stored, fresh_s)

                yield names - others, others, done


def _interval(seconds: float) -> str:
    return f"interval '{float(seconds)} seconds'"


def _in(seconds: float) -> str:
    """A moment on the server's clock, so many seconds from now."""
    return f"now() + {_interval(seconds)}"


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
