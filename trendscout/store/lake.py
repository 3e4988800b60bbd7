"""A store that a team shares: DuckLake, its catalogue in PostgreSQL and its data in open Parquet files."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from trendscout.errors import StoreError

if TYPE_CHECKING:
    import duckdb

LAKE = "ducklake:"
_POSTGRES = "postgres:"
_EXTENSIONS = ("postgres_scanner", "ducklake")
T = TypeVar("T")
# What a shared store says when another machine was quicker, or PostgreSQL went away for a moment.
_PASSING = re.compile(
    r"conflict|could not serialize|deadlock|connection|server closed|starting up|shutting down|terminating"
    r"|already exists|duplicate key",  # two made the same thing at once
    re.IGNORECASE,
)
_TRIES = 6
_FIRST_PAUSE_S = 0.2
_SECRET = re.compile(r"(password=)('[^']*'|\S+)", re.IGNORECASE)


def open_lake(address: str, data_path: str) -> duckdb.DuckDBPyConnection:
    """A connection whose current catalogue is the lake at `address` ("ducklake:postgres:dbname=... host=...").

    Raises StoreError, without the password, if it cannot be reached or the extensions are missing.
    """
    import duckdb

    connection = prepared(duckdb.connect())
    try:
        attach_lake(connection, address, data_path, name="lake")
        connection.execute("USE lake")
    except BaseException:
        connection.close()
        raise
    return connection


def attach_lake(connection: duckdb.DuckDBPyConnection, address: str, data_path: str = "", *, name: str) -> None:
    """Make the lake at `address` known to an open connection as `name`; raises as `open_lake`."""
    options = f" (DATA_PATH {quoted(data_path)})" if data_path else ""
    _attach(connection, address, f"ATTACH {quoted(address)} AS {name}{options}")


def attach_catalogue(connection: duckdb.DuckDBPyConnection, address: str, *, name: str) -> None:
    """Make the PostgreSQL database behind the lake known as `name`; raises as `open_lake`."""
    database = address.removeprefix(LAKE).removeprefix(_POSTGRES)
    _attach(connection, address, f"ATTACH {quoted(database)} AS {name} (TYPE postgres)")


def retried(work: Callable[[], T], *, sleep: Callable[[float], None] = time.sleep) -> T:
    """What `work` gives, tried again (6 times in 6 s) while a shared store has conflicts or cannot be reached.

    `work` changes the store in one transaction, or so that a second time changes nothing. Raises StoreError if
    the conflict or the fault of the connection lasts; what else goes wrong is not tried again.
    """
    import duckdb

    pause = _FIRST_PAUSE_S
    for tries_left in reversed(range(_TRIES)):
        try:
            return work()
        except duckdb.Error as error:
            if not _PASSING.search(str(error)):
                raise
            if not tries_left:
                raise StoreError(
                    "The shared store cannot be reached, or does not take the change: {why}.",
                    next_step="Look whether PostgreSQL answers; what was collected is in the archive.",
                    why=without_password(str(error).splitlines()[0].rstrip(".")),
                ) from None
        sleep(pause)
        pause *= 2
    raise AssertionError  # the last try returns or raises


def quoted(text: str) -> str:
    """The text as a literal of SQL, for the statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def _attach(connection: duckdb.DuckDBPyConnection, address: str, statement: str) -> None:
    import duckdb

    try:
        for extension in _EXTENSIONS:
            _load(connection, extension)
        retried(lambda: connection.execute(statement))
    except duckdb.Error as error:
        raise StoreError(
            "The shared store {address} cannot be opened: {why}.",
            next_step="Look whether PostgreSQL answers, and whether data_path is the folder it was made with.",
            address=without_password(address),
            why=without_password(str(error).splitlines()[0].rstrip(".")),
        ) from None


def prepared(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The connection with the settings that all stores share."""
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET TimeZone = 'UTC'")  # times without a zone in imported files are UTC
    return connection


def without_password(text: str) -> str:
    """The text with the value of `password=` taken out."""
    return _SECRET.sub(r"\1...", text)


def _load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension, installed or from the wheels of `trendscout[team]`; nothing is downloaded."""
    import duckdb

    try:
        connection.execute(f"LOAD {name}")
    except duckdb.Error:
        try:
            from duckdb_extensions import import_extension
        except ImportError:
            raise StoreError(
                "A shared store needs the DuckDB extension {name}, which is not installed.",
                next_step="Install it with: pip install 'trendscout[team]'",
                name=name,
            ) from None
        import_extension(name)
        connection.execute(f"LOAD {name}")
