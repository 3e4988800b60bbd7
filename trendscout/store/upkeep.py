"""Looking after a store: copy, put back, check, compact."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trendscout.errors import StoreDamaged, StoreError, UsageError
from trendscout.store.address import StoreAddress
from trendscout.store.connect import open_store
from trendscout.store.door import IMPOSSIBLE, IMPOSSIBLE_VALUES
from trendscout.store.lake import attach_lake, home_of, quoted, retried
from trendscout.store.leases import alone
from trendscout.store.sql import Connection, one, transaction

TABLES = (
    "lists",
    "snapshots",
    "observations",
    "listings",
    "pages",
    "brought",
    "rereads",
    "memberships",
    "kinships",
    "suspects",
    "decisions",
    "labels",
    "marks",
    "stock",
    "rates",
    "models",
    "backtests",
    "said",
    "runs",
    "deliveries",
    "waiting",
    "calls",
    "shown",
    "hosts",
    "facts",
    "track_record",
    "list_items",
)
# What is made anew where it is missing: not copied.
MADE_ANEW = ("folds", "match_index", "kept", "title_marks")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the store that cannot be."""

    what: str  # English template with {count}
    count: int


_CHECKS = (
    (
        "{count} snapshots are in the store twice.",
        "SELECT count(*) FROM (SELECT 1 FROM snapshots GROUP BY list_key, taken_at HAVING count(*) > 1)",
    ),
    (
        "{count} snapshots hold another number of observations than they say.",
        """SELECT count(*) FROM snapshots s LEFT JOIN (
            SELECT list_key, taken_at, count(*) AS rows FROM observations GROUP BY ALL) o
            USING (list_key, taken_at)
        WHERE s.entries <> coalesce(o.rows, 0)""",
    ),
    (
        "{count} observations belong to no snapshot.",
        "SELECT count(*) FROM observations ANTI JOIN snapshots USING (list_key, taken_at)",
    ),
    (
        "{count} observations are of an unknown listing.",
        "SELECT count(*) FROM observations ANTI JOIN listings USING (listing)",
    ),
    (
        "{count} snapshots are of an unknown list.",
        "SELECT count(*) FROM snapshots ANTI JOIN lists USING (list_key)",
    ),
    *(
        (f"{{count}} observations hold an impossible {name}.", f"SELECT count(*) FROM observations WHERE {wrong}")
        for name, wrong in IMPOSSIBLE_VALUES.items()
    ),
    (
        "{count} listings hold an impossible price.",
        f"SELECT count(*) FROM listings WHERE {IMPOSSIBLE['listings']}",
    ),
    (
        "{count} snapshots are of a time at which no list was looked at.",
        f"SELECT count(*) FROM snapshots WHERE {IMPOSSIBLE['snapshots']}",
    ),
    (
        "{count} listings are in the store twice.",
        "SELECT count(*) FROM (SELECT 1 FROM listings GROUP BY listing HAVING count(*) > 1)",
    ),
    (
        "{count} listings belong to two products.",
        "SELECT count(*) FROM (SELECT 1 FROM memberships GROUP BY listing HAVING count(*) > 1)",
    ),
)


def check(db: StoreAddress | Path) -> list[Fault]:
    """What in the store contradicts itself; nothing if it is sound.

    Raises StoreError if it cannot be opened.
    """

    def once() -> list[Fault]:
        with open_store(db, must_exist=True, only_read=True) as connection:
            return contradictions(connection)

    return retried(once)


def contradictions(connection: Connection) -> list[Fault]:
    """What in an open store contradicts itself; every value is read once.

    Raises duckdb.Error, which `open_store` puts into words, for what cannot be read.
    """
    for table in TABLES:
        one(connection, f"SELECT bit_xor(hash({table})) FROM {table}")
    counts = ((what, one(connection, query)) for what, query in _CHECKS)
    return [Fault(what, row[0]) for what, row in counts if row and row[0]]


def back_up(db: StoreAddress, file: Path) -> int:
    """Copy the store into a new file of its own; its size in bytes.

    The copy is made beside its place and renamed, so that a half copy is never found there.
    """
    if file.exists():
        raise UsageError("{file} is there already.", next_step="Name a new file.", file=file)
    with _whole(file) as part, open_store(db, must_exist=True, only_read=True) as connection:
        _copy_into(connection, part)
    return file.stat().st_size


def restore(file: Path, db: StoreAddress) -> Path | None:
    """Put a copy in the store's place; where the former store is kept now, if there was one.

    Raises StoreError, changing nothing, if the copy is not a sound store.
    """
    if not file.is_file():
        raise UsageError(
            "{file} is not there.", next_step="Name a copy made by `trendscout db backup`.", file=file
        )
    faults = check(file)
    if faults:
        fault = faults[0].what.format(count=faults[0].count)
        raise StoreError("{file} is damaged: {fault}", next_step="Use another copy.", file=file, fault=fault)
    if db.shared:
        raise UsageError(
            "A copy cannot be put in the place of a shared store.",
            next_step="Use `trendscout db move` to a new one.",
        )
    target = db.file
    kept = None
    with _whole(target) as part:
        shutil.copyfile(file, part)
        if target.exists():
            kept = _set_aside(target)
    return kept


def _set_aside(store: Path) -> Path:
    """Where the store is now, renamed with what it has not checkpointed; a damaged one may be set aside as well.

    Raises StoreBusy if another process holds it.
    """
    with suppress(StoreDamaged), open_store(store):
        pass
    kept = store.with_name(f"{store.stem}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}{store.suffix}")
    log = _log_of(store)
    if log.exists():
        log.replace(_log_of(kept))
    return store.replace(kept)


def _log_of(store: Path) -> Path:
    """DuckDB's write-ahead log of a store: what belongs to it and is not in its file yet."""
    return store.with_name(f"{store.name}.wal")


@contextmanager
def _whole(file: Path) -> Iterator[Path]:
    """A name beside `file` to write under; renamed to `file` at the end, removed with its log if that fails.

    Raises StoreError if it cannot be written.
    """
    part = file.with_name(f".{file.name}.part")
    _remove(part)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(file)
    except OSError as error:
        raise StoreError(
            "{file} cannot be written: {why}.",
            next_step="Make room or give write access there, or name another place; nothing was changed.",
            file=file,
            why=error.strerror or type(error).__name__,
        ) from error
    finally:
        _remove(part)


def _remove(store: Path) -> None:
    # A log left behind would be replayed into the next file of that name.
    for path in (store, _log_of(store)):
        with suppress(OSError):
            path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Compacted:
    """What compacting a store gave."""

    before: int  # bytes
    after: int
    deleted: tuple[str, ...] = ()  # files of a shared store that nothing named any more
    left: Path | None = None  # a folder that the lake does not have to itself: what nothing names stays there


def compact(db: StoreAddress) -> Compacted:
    """Write the store anew without free space.

    Of a shared store the small files are joined, versions older than a week forgotten, and files that nothing
    names any more deleted a day later: whoever reads them has finished by then. Nothing outside the folder that
    the lake has to itself is deleted.
    """
    if db.shared:
        return retried(lambda: _compact_lake(db))
    path = db.file
    with _whole(path) as part, open_store(db, must_exist=True) as connection:
        before = path.stat().st_size
        _copy_into(connection, part)
    return Compacted(before, path.stat().st_size)


def would_go(db: StoreAddress) -> tuple[str, ...]:
    """The files that `compact` would delete now."""
    if not db.shared:
        return ()
    with open_store(db) as connection:
        return tuple(map(str, (*_old_files(connection), *_orphans(connection))))


def _compact_lake(db: StoreAddress) -> Compacted:
    with alone(db, "write"), open_store(db) as connection:
        before = _lake_bytes(connection)
        # Counted, not fetched: its times with a zone need a library that DuckDB does not bring.
        connection.execute(f"SELECT count(*) FROM {_EXPIRY}").fetchall()
        for call in (
            "ducklake_merge_adjacent_files('lake')",
            "ducklake_rewrite_data_files('lake')",
        ):
            connection.execute(f"CALL {call}").fetchall()
        old, orphans = _old_files(connection), _orphans(connection)
        connection.execute(f"CALL {_CLEAN_UP}").fetchall()
        for file in orphans:
            file.unlink(missing_ok=True)
        home = home_of(connection, "lake")
        return Compacted(
            before,
            _lake_bytes(connection),
            tuple(map(str, (*old, *orphans))),
            None if home.is_own else home.folder,
        )


_EXPIRY = "ducklake_expire_snapshots('lake', older_than => now()::TIMESTAMP - INTERVAL 7 DAY)"
_DAY_AGO = "older_than => now()::TIMESTAMP - INTERVAL 1 DAY"
_CLEAN_UP = f"ducklake_cleanup_old_files('lake', {_DAY_AGO})"


def _old_files(connection: Connection) -> list[Path]:
    """Files that the catalogue itself has given up, a day ago or longer."""
    rows = connection.execute(f"CALL {_CLEAN_UP.replace(_DAY_AGO, f'{_DAY_AGO}, dry_run => true')}").fetchall()
    return [Path(row[0]) for row in rows]


def _orphans(connection: Connection) -> list[Path]:
    """Files of DuckLake's own, a day old, that its catalogue does not name: who wrote them was stopped.

    None in a folder that the lake shares with others: a file there may be anybody's.
    """
    home = home_of(connection, "lake")
    if not home.is_own:
        return []
    call = f"CALL ducklake_delete_orphaned_files('lake', {_DAY_AGO}, dry_run => true)"
    found = (Path(row[0]) for row in connection.execute(call).fetchall())
    inside = home.folder.resolve()
    return [file for file in found if file.name.startswith("ducklake-") and file.resolve().is_relative_to(inside)]


def _lake_bytes(connection: Connection) -> int:
    row = one(
        connection,
        "SELECT coalesce(sum(file_size_bytes + coalesce(delete_file_size_bytes, 0)), 0) "
        "FROM ducklake_table_info('lake')",
    )
    return int(row[0]) if row else 0


def move(source: StoreAddress, target: StoreAddress) -> int:
    """Copy a store, file or shared, to another place and compare; the number of rows, the same in both.

    A move that was stopped goes on: tables that are equal already are left. Nobody else writes into a shared end
    meanwhile. Raises UsageError, changing nothing, if the target holds snapshots that the source has not,
    StoreError if the two differ at the end or one cannot be opened.
    """
    if source == target:
        raise UsageError("{db} is both source and target.", next_step="Name another place.", db=target)
    with ExitStack() as held:
        for end in sorted((end for end in (source, target) if end.shared), key=str):  # two moves: no deadlock
            held.enter_context(alone(end, "write"))
        with open_store(target):  # makes the schema, and says in plain words what hinders
            pass
        connection = held.enter_context(open_store(source, must_exist=True))
        _attach(connection, target)
        strange = one(
            connection, "SELECT count(*) FROM target.snapshots ANTI JOIN snapshots USING (list_key, taken_at)"
        )
        if strange and strange[0]:
            raise UsageError(
                "The target holds {count} snapshots that the source has not.",
                next_step="Move to a new store, or to one that a move of the same source began.",
                count=strange[0],
            )
        rows = sum(_move_table(connection, table) for table in TABLES)
        if not target.shared:  # else what was moved may lie in the log beside the file, which nobody copies
            connection.execute("CHECKPOINT target")
        return rows


def _attach(connection: Connection, store: StoreAddress) -> None:
    """Make another store known to the connection as `target`."""
    if store.shared:
        attach_lake(connection, store, name="target")
    else:
        connection.execute(f"ATTACH {quoted(str(store.file))} AS target")


def _move_table(connection: Connection, table: str) -> int:
    """Make the target's table equal to the source's; its rows."""
    there = f"target.{table}"
    wanted = _fingerprint(connection, table)
    if _fingerprint(connection, there) != wanted:
        with transaction(connection):
            connection.execute(f"DELETE FROM {there}")
            connection.execute(f"INSERT INTO {there} SELECT * FROM {table} {_order(table)}")
        if _fingerprint(connection, there) != wanted:
            raise StoreError(
                "{table} is not the same in both stores after the copy.",
                next_step="Let nobody write while it is moved, and run it again.",
                table=table,
            )
    return wanted[0]


def _fingerprint(connection: Connection, table: str) -> tuple[int, int]:
    """Rows, and the sum of their hashes: the same for the same rows in any order."""
    row = one(connection, f"SELECT count(*), coalesce(sum(hash(t)), 0)::HUGEINT FROM {table} t")
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _copy_into(connection: Connection, file: Path) -> None:
    """Everything of an open store into a new file, its observations in the order that reports read them."""
    with open_store(file):  # makes the schema
        pass
    connection.execute(f"ATTACH {quoted(str(file))} AS copy (STORAGE_VERSION 'v1.5.0')")
    try:
        for table in TABLES:
            connection.execute(f"INSERT INTO copy.{table} SELECT * FROM {table} {_order(table)}")
    finally:
        connection.execute("DETACH copy")


def _order(table: str) -> str:
    """The order of rows that reports read fastest."""
    return "ORDER BY taken_at, list_key, rank" if table == "observations" else ""
