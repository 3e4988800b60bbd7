"""Bringing a store's schema up to date: schemas/NNNN_*.sql, each in one transaction with its record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from trendscout.errors import StoreError, StoreForbidden, StoreLost, StoreTooNew, reason
from trendscout.resources import folder
from trendscout.store.address import StoreAddress
from trendscout.store.lake import derived, in_words

if TYPE_CHECKING:
    import duckdb

_TOLD = 5  # columns that an error names


@cache
def steps() -> tuple[tuple[int, Path], ...]:
    """Every migration as (number, file), in order."""
    return tuple(sorted((int(file.name[:4]), file) for file in folder("schemas").glob("[0-9]*.sql")))


def digest(file: Path) -> str:
    """What the text of a step is known by: a released one is never edited."""
    text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
    return hashlib.sha256(text.encode()).hexdigest()


def version(connection: duckdb.DuckDBPyConnection) -> int:
    """The schema version of an open store; 0 for an empty one."""
    return max(_taken(connection), default=0)


def _taken(connection: duckdb.DuckDBPyConnection) -> dict[int, str | None]:
    """The steps that the store has taken, each with the digest of its text then, if that was kept."""
    import duckdb

    # Asked of the table itself: a first statement on information_schema costs 8 ms, and every opening begins here.
    try:
        return dict(connection.execute("SELECT version, digest FROM migrations").fetchall())
    except duckdb.CatalogException:
        return {}
    except duckdb.BinderException:  # it kept no digests
        return dict(connection.execute("SELECT version, NULL FROM migrations").fetchall())


def migrate(connection: duckdb.DuckDBPyConnection, address: StoreAddress) -> int:
    """Run the missing steps and return the version reached.

    Raises StoreTooNew, touching nothing, if the store knows a step that this program does not; StoreError if a
    step fails, with the store as the step before left it: StoreLost if another machine takes it at this moment.
    """
    import duckdb

    taken = _taken(connection)
    have = max(taken, default=0)
    newest = steps()[-1][0]
    if have > newest:
        raise StoreTooNew(
            "The store {path} has schema {have}; this trendscout knows {newest}.",
            next_step="Update trendscout; nothing was changed.",
            path=address,
            have=have,
            newest=newest,
        )
    if have:
        _recognise(connection, address, taken)
    missing = [(number, file) for number, file in steps() if number > have]
    for number, file in missing:
        connection.execute("BEGIN")
        try:
            if number == missing[0][0]:
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS migrations "
                    "(version INTEGER, name VARCHAR, applied_at TIMESTAMP, digest VARCHAR)"
                )
                connection.execute("ALTER TABLE migrations ADD COLUMN IF NOT EXISTS digest VARCHAR")
            connection.execute(file.read_text(encoding="utf-8"))
            connection.execute(
                "INSERT INTO migrations (version, name, applied_at, digest) VALUES (?, ?, ?, ?)",
                [number, file.name, datetime.now(UTC).replace(tzinfo=None), digest(file)],
            )
            connection.execute("COMMIT")
        except duckdb.Error as error:
            with suppress(duckdb.Error):  # a fault in COMMIT has rolled back already
                connection.execute("ROLLBACK")
            fault = in_words(error) if address.shared else None
            if isinstance(fault, StoreLost | StoreForbidden):  # another machine may be at the same step
                raise fault from error
            raise StoreError(
                "The store {path} cannot be brought to schema {number}: {why}.",
                next_step="It is as it was. Make room if the disk is full; else report this.",
                path=address,
                number=number,
                why=reason(error),
            ) from error
    return newest


def _recognise(
    connection: duckdb.DuckDBPyConnection, address: StoreAddress, taken: Mapping[int, str | None]
) -> None:
    """Raise StoreError if the store's steps were not those of this program.

    One that kept no digests is recognised by its tables, and keeps them from then on.
    """
    known = {number: digest(file) for number, file in steps() if number in taken}
    if taken == known:
        return
    other = [f"{number:04}" for number, kept in taken.items() if kept is not None and kept != known.get(number)]
    differences = other or _differences(connection, max(taken))
    if differences:
        raise StoreError(
            "The store {path} was made by a version that was never released: {differences} differ.",
            next_step="Move it away and run `trendscout replay`: the archive gives a store anew.",
            path=address,
            differences=", ".join(differences[:_TOLD]) + (", ..." if len(differences) > _TOLD else ""),
        )
    derived(lambda: _keep_digests(connection, known))


def _keep_digests(connection: duckdb.DuckDBPyConnection, known: Mapping[int, str]) -> None:
    connection.execute("ALTER TABLE migrations ADD COLUMN IF NOT EXISTS digest VARCHAR")
    for number, kept in known.items():
        connection.execute("UPDATE migrations SET digest = ? WHERE version = ?", [kept, number])


def _differences(connection: duckdb.DuckDBPyConnection, reached: int) -> list[str]:
    """The columns that a store of that version should have and has not, or has and should not have."""
    import duckdb

    with duckdb.connect() as fresh:
        for number, file in steps():
            if number <= reached:
                fresh.execute(file.read_text(encoding="utf-8"))
        wanted = _columns(fresh)
    return sorted(f"{table}.{column}" for table, column, _ in wanted ^ _columns(connection))


def _columns(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    """Table, name and type of every column, but of `migrations` and of what the matcher writes anew."""
    rows = connection.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_catalog = current_database() AND table_schema = current_schema() "
        "AND table_name NOT IN ('migrations', 'match_index')"
    )
    return set(rows.fetchall())
