"""Bringing a store's schema up to date: schemas/NNNN_*.sql, each in one transaction with its record."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from trendscout.errors import StoreError, StoreForbidden, StoreLost, StoreTooNew, reason
from trendscout.resources import folder
from trendscout.store.address import StoreAddress
from trendscout.store.lake import in_words
from trendscout.store.sql import one

if TYPE_CHECKING:
    import duckdb


@cache
def steps() -> tuple[tuple[int, Path], ...]:
    """Every migration as (number, file), in order."""
    return tuple(sorted((int(file.name[:4]), file) for file in folder("schemas").glob("[0-9]*.sql")))


def version(connection: duckdb.DuckDBPyConnection) -> int:
    """The schema version of an open store; 0 for an empty one."""
    found = one(
        connection,
        "SELECT count(*) FROM information_schema.tables WHERE table_catalog = current_database() "
        "AND table_schema = current_schema() AND table_name = 'migrations'",
    )
    if not found or not found[0]:
        return 0
    row = one(connection, "SELECT max(version) FROM migrations")
    return int(row[0]) if row and row[0] is not None else 0


def migrate(connection: duckdb.DuckDBPyConnection, address: StoreAddress) -> int:
    """Run the missing steps and return the version reached.

    Raises StoreTooNew, touching nothing, if the store knows a step that this program does not; StoreError if a
    step fails, with the store as the step before left it: StoreLost if another machine takes it at this moment.
    """
    import duckdb

    have = version(connection)
    newest = steps()[-1][0]
    if have > newest:
        raise StoreTooNew(
            "The store {path} has schema {have}; this trendscout knows {newest}.",
            next_step="Update trendscout; nothing was changed.",
            path=address,
            have=have,
            newest=newest,
        )
    for number, file in steps():
        if number <= have:
            continue
        connection.execute("BEGIN")
        try:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS migrations (version INTEGER, name VARCHAR, applied_at TIMESTAMP)"
            )
            connection.execute(file.read_text(encoding="utf-8"))
            connection.execute(
                "INSERT INTO migrations VALUES (?, ?, ?)",
                [number, file.name, datetime.now(UTC).replace(tzinfo=None)],
            )
            connection.execute("COMMIT")
        except duckdb.Error as error:
            with suppress(duckdb.Error):  # a fault in COMMIT has rolled back already
                connection.execute("ROLLBACK")
            told = in_words(error) if address.shared else None
            if isinstance(told, StoreLost | StoreForbidden):  # another machine may be at the same step
                raise told from error
            raise StoreError(
                "The store {path} cannot be brought to schema {number}: {why}.",
                next_step="It is as it was. Make room if the disk is full; else report this.",
                path=address,
                number=number,
                why=reason(error),
            ) from error
    return newest
