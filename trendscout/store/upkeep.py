"""Looking after a store: copy, put back, check, compact."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trendscout.errors import StoreError, UsageError
from trendscout.store.connect import open_store
from trendscout.store.sql import Connection, one

TABLES = (
    "lists",
    "snapshots",
    "observations",
    "listings",
    "pages",
    "rereads",
    "memberships",
    "kinships",
    "match_index",
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
    """What in an open store contradicts itself."""
    counts = ((what, one(connection, query)) for what, query in _CHECKS)
    return [Fault(what, row[0]) for what, row in counts if row and row[0]]


def back_up(db: str, file: Path) -> int:
    """Copy the store into a new file of its own; its size in bytes.

    The copy is made beside its place and renamed, so that a half copy is never found there.
    """
    if file.exists():
        raise UsageError("{file} is there already.", next_step="Name a new file.", file=file)
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        with open_store(db, must_exist=True) as connection:
            _copy_into(connection, part)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
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
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(file, part)
    kept = None
    if target.exists():
        with open_store(target):  # nobody else holds it
            pass
        kept = target.with_name(f"{target.stem}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}{target.suffix}")
        target.replace(kept)
    part.replace(target)
    return kept


def compact(db: str) -> tuple[int, int]:
    """Write the store anew without free space; its size in bytes before and after."""
    path = Path(db)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with open_store(db, must_exist=True) as connection:
            before = path.stat().st_size
            _copy_into(connection, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return before, path.stat().st_size


def _copy_into(connection: Connection, file: Path) -> None:
    """Everything of an open store into a new file, its observations in the order that reports read them."""
    with open_store(file):  # makes the schema
        pass
    connection.execute(f"ATTACH '{str(file).replace(chr(39), chr(39) * 2)}' AS copy (STORAGE_VERSION 'v1.5.0')")
    try:
        for table in TABLES:
            order = "ORDER BY taken_at, list_key, rank" if table == "observations" else ""
            connection.execute(f"INSERT INTO copy.{table} SELECT * FROM {table} {order}")
    finally:
        connection.execute("DETACH copy")
