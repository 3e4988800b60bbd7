"""Opening the store: one connection a job, bounded waiting, plain words when it cannot be had."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from trendscout.errors import StoreBusy, StoreDamaged, StoreError, reason
from trendscout.stopping import is_stop
from trendscout.store.address import StoreAddress
from trendscout.store.lake import in_words, open_lake, prepared, retried
from trendscout.store.migrate import migrate
from trendscout.store.sql import own_spill

if TYPE_CHECKING:
    import duckdb

WAIT_S = 10.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.1  # a busy writer lets go for a moment only
_LONGEST_WAIT_S = 600.0  # a writer waits for others as long as they work, but no longer than this
_BEGUN_S = 1.0  # for so long a file without a header may be one that another process just began
_TICKS = 25  # a quarter of a second of CPU time: what a holder that only stands there does not use within the wait
# 1.5 and 2.0 both open this format; 2.0's own does not open in 1.5.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": "v1.5.0"}
_HELD = re.compile(r"Could not set lock|being used by another process")
_UNWRITTEN = re.compile(
    r"Could not write|Could not truncate|Could not sync|No space left|File too large|Disk full"
)
_NO_HEADER = re.compile(r"not a valid DuckDB database file")
_DAMAGED = re.compile(rf"{_NO_HEADER.pattern}|[Cc]orrupt|Serialization|checksum|INTERNAL Error|FATAL Error")
# Faults of the file itself, among all that a statement may raise.
_OF_THE_FILE = re.compile(f"IO Error|read-only mode|{_UNWRITTEN.pattern}|{_DAMAGED.pattern}")
_HOLDER = re.compile(r"held in (?P<program>\S+)(?: \(PID (?P<pid>\d+)\))")


@contextmanager
def open_store(
    address: StoreAddress | str | Path,
    *,
    wait_s: float = WAIT_S,
    must_exist: bool = False,
    only_read: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the store at `address`, its schema up to date, closed on leaving.

    With `only_read` a file that cannot be written, or that others read, is opened for reading. Who wants to write
    waits as long as whoever holds the file works. Raises StoreBusy if another process holds the file and did
    nothing for `wait_s` seconds, StoreDamaged if it is not a store,
    StoreTooNew if a newer trendscout wrote it, StoreError if it cannot be reached or written, also later, while
    the connection is used.
    """
    import duckdb

    address = StoreAddress.of(address)
    opened = (
        open_lake(address)
        if address.shared
        else closing(_open_file(address.file, wait_s, sleep, must_exist=must_exist, only_read=only_read))
    )
    try:
        with opened as connection:
            retried(lambda: migrate(connection, address))  # two may meet a new lake at once
            yield connection
    except RuntimeError as error:  # no duckdb.Error: so it says that a query was stopped
        if is_stop(error):
            raise KeyboardInterrupt from None
        raise
    except duckdb.Error as error:
        fault = in_words(error) if address.shared else _of_the_file(error, address.file)
        if fault is None:
            raise
        raise fault from error


def _open_file(
    path: Path, wait_s: float, sleep: Callable[[float], None], *, must_exist: bool, only_read: bool
) -> duckdb.DuckDBPyConnection:
    if must_exist and not path.exists():
        raise StoreError(
            "There is no store at {path}.",
            next_step="`trendscout collect`, `ingest`, `import` or `demo` makes one; `--db` names another.",
            path=path,
        )
    return _connect(path, wait_s, sleep, only_read=only_read)


def _connect(
    path: Path, wait_s: float, sleep: Callable[[float], None], *, only_read: bool
) -> duckdb.DuckDBPyConnection:
    import duckdb

    made_here = not path.exists()
    began = time.monotonic()
    deadline = began + wait_s
    work: object = None
    pause = _FIRST_PAUSE_S
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = duckdb.connect(str(path), config=_CONFIG)
        except (duckdb.Error, OSError) as error:
            if only_read and not made_here and (reading := _to_read(path)):
                return prepared(reading)
            if _is_begun(error, path) and time.monotonic() < deadline:
                sleep(pause)
                continue
            if isinstance(error, OSError) or not _HELD.search(str(error)):
                if made_here and _UNWRITTEN.search(str(error)):
                    path.unlink(missing_ok=True)  # the beginning of a store is none, and would stay in the way
                raise _plain(error, path) from error
            if not only_read and (done := _work_of(error, path)) != work:
                work, deadline = done, min(time.monotonic() + wait_s, began + max(wait_s, _LONGEST_WAIT_S))
            if time.monotonic() >= deadline:
                raise _busy(error, path) from error
            sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        else:
            return prepared(connection)


def _is_begun(error: Exception, path: Path) -> bool:
    """Whether this file may be a store that another process makes at this moment: it has no header yet."""
    if not _NO_HEADER.search(str(error)):
        return False
    with suppress(OSError):
        return abs(time.time() - path.stat().st_mtime) < _BEGUN_S
    return True  # gone again: what made it has failed, and it is ours to make


def _to_read(path: Path) -> duckdb.DuckDBPyConnection | None:
    """A connection that only reads, where that can be had: on read-only media, beside others that read."""
    import duckdb

    try:
        return duckdb.connect(str(path), read_only=True, config={**_CONFIG, **own_spill()})
    except (duckdb.Error, OSError):
        return None


def _work_of(error: Exception, path: Path) -> object:
    """What tells whether the holder works: who it is, what CPU time it used, when it wrote last."""
    match = _HOLDER.search(str(error))
    pid = match["pid"] if match else None
    ticks = 0
    with suppress(OSError, ValueError, IndexError):  # not every system tells
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        ticks = sum(map(int, stat.rpartition(")")[2].split()[11:13]))
    written = []
    for file in (path, path.with_name(f"{path.name}.wal")):
        with suppress(OSError):
            written.append((file.stat().st_size, file.stat().st_mtime_ns))
    return pid, ticks // _TICKS, written


def _busy(error: Exception, path: Path) -> StoreBusy:
    match = _HOLDER.search(str(error))
    holder = f"{Path(match['program']).name} (process {match['pid']})" if match else "another process"
    return StoreBusy(
        "The store {path} is in use by {holder}.",
        next_step="Try again when it has finished; nothing was changed.",
        path=path,
        holder=holder,
    )


def _of_the_file(error: Exception, path: Path) -> StoreError | None:
    """A fault of the file as its user is told it; None for any other fault of a statement."""
    return _plain(error, path) if _OF_THE_FILE.search(str(error)) else None


def _plain(error: Exception, path: Path) -> StoreError:
    text = str(error)
    if isinstance(error, PermissionError) or "Permission denied" in text or "ead-only" in text:
        return StoreError(
            "The store {path} cannot be written.",
            next_step="Check the folder's permissions or name another with --db.",
            path=path,
        )
    if _UNWRITTEN.search(text):
        return StoreError(
            "The store {path} has no room to be written.",
            next_step="Make room on that disk and run it again; what was stored before is whole.",
            path=path,
        )
    if _DAMAGED.search(text):
        return StoreDamaged(
            "{path} is not a readable store.",
            next_step="Restore a backup (`trendscout db restore`) or move it away and run `trendscout replay`.",
            path=path,
        )
    return StoreError(
        "The store {path} cannot be opened: {text}.",
        next_step="`trendscout doctor` looks closer.",
        path=path,
        text=reason(error),
    )
