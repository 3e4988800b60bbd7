"""Parquet files that are no history: listings to be matched, and results for others to read."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from trendscout.errors import UsageError
from trendscout.files import file_size
from trendscout.store.lake import prepared, quoted
from trendscout.store.sql import arrow, one_file, own_spill, registered

if TYPE_CHECKING:
    from trendscout.tables import Table

_RECORDS = {"id": "VARCHAR", "title": "VARCHAR", "source": "VARCHAR", "brand": "VARCHAR", "price": "DOUBLE"}
_RECORDS |= dict.fromkeys(("currency", "image", "text"), "VARCHAR")


def read_records(file: Path) -> Table:
    """Listings for the matcher: id, title and what else it reads of source, brand, price, currency, image, text.

    Raises UsageError if the file cannot be read or lacks id or title.
    """
    import duckdb

    try:
        file_size(file)
        with closing(prepared(duckdb.connect(config=own_spill()))) as connection:
            connection.execute("SET VARIABLE file = ?", [one_file(file)])
            scan = "read_parquet(getvariable('file'), hive_partitioning = false)"
            names = {name for name, *_ in connection.execute(f"DESCRIBE FROM {scan}").fetchall()}
            if lacking := [name for name in ("id", "title") if name not in names]:
                raise UsageError(
                    "{file} has no column {names}.",
                    next_step=(
                        "It needs id and title; source, brand, price, currency, image and text are used if there."
                    ),
                    file=file,
                    names=", ".join(lacking),
                )
            wanted = ", ".join(f"{name}::{kind} AS {name}" for name, kind in _RECORDS.items() if name in names)
            return arrow(connection, f"SELECT {wanted} FROM {scan}")
    except (OSError, duckdb.Error) as error:
        raise UsageError(
            "{file} is not a readable Parquet file.", next_step="Check the path.", file=file
        ) from error


def write_parquet(table: Table, file: Path) -> None:
    """Write a table as a Parquet file, in the place of what is there."""
    import duckdb

    with closing(prepared(duckdb.connect(config=own_spill()))) as connection, registered(connection, given=table):
        connection.execute(f"COPY (FROM given_view) TO {quoted(str(file))} (FORMAT parquet)")
