"""A store that a team shares: DuckLake, its catalogue in PostgreSQL and its data in open Parquet files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trendscout.errors import StoreError

if TYPE_CHECKING:
    import duckdb

LAKE = "ducklake:"
_EXTENSIONS = ("postgres_scanner", "ducklake")
_SECRET = re.compile(r"(password=)('[^']*'|\S+)", re.IGNORECASE)


def open_lake(address: str, data_path: str) -> duckdb.DuckDBPyConnection:
    """A connection whose current catalogue is the lake at `address` ("ducklake:postgres:dbname=... host=...").

    Raises StoreError, without the password, if it cannot be reached or the extensions are missing.
    """
    import duckdb

    connection = prepared(duckdb.connect())
    try:
        for name in _EXTENSIONS:
            _load(connection, name)
        options = f" (DATA_PATH {_quoted(data_path)})" if data_path else ""
        connection.execute(f"ATTACH {_quoted(address)} AS lake{options}")
        connection.execute("USE lake")
    except duckdb.Error as error:
        connection.close()
        raise StoreError(
            "The shared store {address} cannot be opened: {why}.",
            next_step="Look whether PostgreSQL answers, and whether data_path is the folder it was made with.",
            address=without_password(address),
            why=without_password(str(error).splitlines()[0].rstrip(".")),
        ) from None
    return connection


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


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
