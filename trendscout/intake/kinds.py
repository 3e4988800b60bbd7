"""What a file of the user's is, by its first bytes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from trendscout.errors import UsageError
from trendscout.files import file_size
from trendscout.history import COLUMNS

_PARQUET = b"PAR1"
_TABLE_ENDINGS = (".csv", ".tsv", ".xlsx", ".xls")


def kind_of(path: Path) -> Literal["history", "export", "page"]:
    """What a file of the user's is: a ranked-list history, a table to be read by a profile, or a saved page.

    Raises UsageError if it cannot be read.
    """
    try:
        file_size(path)
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise UsageError("{path} cannot be read.", next_step="Check the path.", path=path) from error
    if head == _PARQUET:
        import pyarrow.parquet as pq

        try:
            names = set(pq.read_schema(path).names)
        except (OSError, ValueError) as error:
            raise UsageError(
                "{path} is a damaged Parquet file.", next_step="Export it again.", path=path
            ) from error
        return "history" if names >= set(COLUMNS) else "export"
    if not path.name.lower().endswith(_TABLE_ENDINGS):
        return "page"
    return "history" if set(_first_line(path)) >= set(COLUMNS) else "export"


def _first_line(path: Path) -> list[str]:
    with path.open("rb") as file:
        line = file.readline(4000).decode("utf-8-sig", "replace")
    return [name.strip(" \"'\r\n") for name in re.split(r"[,;\t]", line)]
