"""Looking after a store: copy, put back, check, compact."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trendscout.errors import StoreDamaged, StoreError, UsageError
from trendscout.store.connect import is_shared, open_store
from trendscout.store.lake import attach_lake, quoted, retried
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
    "marks",
    "stock",
    "models",
    "backtests",
    "runs",
    "deliveries",
    "waiting",
    "calls",
    "shown",
    "hosts",
    "facts",
)


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
    (
        "{count} listings are in the store twice.",
        "SELECT count(*) FROM (SELECT 1 FROM listings GROUP BY listing HAVING count(*) > 1)",
    ),
    (
        "{count} listings belong to two products.",
        "SELECT count(*) FROM (SELECT 1 FROM memberships GROUP BY listing HAVING count(*) > 1)",
    ),
)


def check(db: str) -> list[Fault]:
    """What in the store contradicts itself; nothing if it is sound.

    Raises StoreError if it cannot be opened.
    """
    with open_store(db, must_exist=True) as connection:
        return contradictions(connection)


def contradictions(connection: Connection) -> list[Fault]:
    """What in an open store contradicts itself; every value is read once.

    Raises duckdb.Error, which `open_store` puts into words, for what cannot be read.
    """
    for table in TABLES:
        one(connection, f"SELECT bit_xor(hash({table})) FROM {table}")
    counts = ((what, one(connection, query)) for what, query in _CHECKS)
    return [Fault(what, row[0]) for what, row in counts if row and row[0]]


def back_up(db: str, file: Path) -> int:
    """Copy the store into a new file of its own; its size in bytes.

    The copy is made beside its place and renamed, so that a half copy is never found there.
    """
    if file.exists():
        raise UsageError("{file} is there already.", next_step="Name a new file.", file=file)
    with _whole(file) as part, open_store(db, must_exist=True) as connection:
        _copy_into(connection, part)
    return file.stat().st_size


def restore(file: Path, db: str) -> Path | None:
    """Put a copy in the store's place; where the former store is kept now, if there was one.

    Raises StoreError, changing nothing, if the copy is not a sound store.
    """
    if not file.is_file():
        raise UsageError(
            "{file} is not there.", next_step="Name a copy made by `trendscout db backup`.", file=file
        )
    faults = check(str(file))
    if faults:
        fault = faults[0].what.format(count=faults[0].count)
        raise StoreError("{file} is damaged: {fault}", next_step="Use another copy.", file=file, fault=fault)
    target = Path(db)
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


def compact(db: str) -> tuple[int, int]:
    """Write the store anew without free space; its size in bytes before and after.

    Of a shared store the small files are joined, versions older than a week forgotten, and files that nothing
    names any more deleted a day later: whoever reads them has finished by then.
    """
    if is_shared(db):
        return retried(lambda: _compact_lake(db))
    path = Path(db)
    with _whole(path) as part, open_store(db, must_exist=True) as connection:
        before = path.stat().st_size
        _copy_into(connection, part)
    return before, path.stat().st_size


def _compact_lake(db: str) -> tuple[int, int]:
    with open_store(db) as connection:
        before = _lake_bytes(connection)
        for call in (
            "ducklake_expire_snapshots('lake', older_than => now()::TIMESTAMP - INTERVAL 7 DAY)",
            "ducklake_merge_adjacent_files('lake')",
            "ducklake_rewrite_data_files('lake')",
            "ducklake_cleanup_old_files('lake', older_than => now()::TIMESTAMP - INTERVAL 1 DAY)",
            "ducklake_delete_orphaned_files('lake', older_than => now()::TIMESTAMP - INTERVAL 1 DAY)",
        ):
            connection.execute(f"CALL {call}").fetchall()
        return before, _lake_bytes(connection)


def _lake_bytes(connection: Connection) -> int:
    row = one(
        connection,
        "SELECT coalesce(sum(file_size_bytes + coalesce(delete_file_size_bytes, 0)), 0) "
        "FROM ducklake_table_info('lake')",
    )
    return int(row[0]) if row else 0


def move(source: str, target: str, data_path: str = "") -> int:
    """Copy a store, file or shared, to another place and compare; the number of rows, the same in both.

    A move that was stopped goes on: tables that are equal already are left. `data_path` is where a shared store
    keeps its files. Raises UsageError, changing nothing, if the target holds snapshots that the source has not,
    StoreError if the two differ at the end or one cannot be opened.
    """
    if source == target:
        raise UsageError("{db} is both source and target.", next_step="Name another place.", db=target)
    with open_store(target, data_path=data_path):  # makes the schema, and says in plain words what hinders
        pass
    with open_store(source, must_exist=True, data_path=data_path) as connection:
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
        return sum(_move_table(connection, table) for table in TABLES)


def _attach(connection: Connection, store: str) -> None:
    """Make another store known to the connection as `target`."""
    if is_shared(store):
        attach_lake(connection, store, name="target")
    else:
        connection.execute(f"ATTACH {quoted(store)} AS target")


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
