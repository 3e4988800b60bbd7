"""A store that a team shares: DuckLake, its catalogue in PostgreSQL and its data in open Parquet files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trendscout.errors import StoreError

if TYPE_CHECKING:
    import duckdb

LAKE = "ducklake:"
_POSTGRES = "postgres:"
_EXTENSIONS = ("postgres_scanner", "ducklake")
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


def quoted(text: str) -> str:
    """The text as a literal of SQL, for the statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def _attach(connection: duckdb.DuckDBPyConnection, address: str, statement: str) -> None:
    import duckdb

    try:
        for extension in _EXTENSIONS:
            _load(connection, extension)
        connection.execute(statement)
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
