"""What a file of the user's is, by its first bytes."""

from __future__ import annotations

import re
from os import SEEK_END
from pathlib import Path
from typing import Literal

from trendscout.errors import UsageError
from trendscout.files import file_size
from trendscout.history import COLUMNS
from trendscout.intake.sheets import SPREADSHEET_XML
from trendscout.text.charset import decode

_PARQUET = b"PAR1"
_HEAD = 4000
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
        if not _has_footer(path):
            raise UsageError("{path} is a damaged Parquet file.", next_step="Export it again.", path=path)
        return "history"  # no profile reads Parquet: what lacks a column is told which
    if _first_names(path) >= set(COLUMNS):
        return "history"
    if path.suffix.lower() == ".xml":
        with path.open("rb") as file:
            return "export" if SPREADSHEET_XML in file.read(_HEAD) else "page"
    return "export" if path.name.lower().endswith(_TABLE_ENDINGS) else "page"


def _has_footer(path: Path) -> bool:
    """Whether a Parquet file ends as one does, with the length of what says where everything lies: not cut off."""
    with path.open("rb") as file:
        size = file.seek(0, SEEK_END)
        file.seek(max(0, size - 8))
        length, magic = int.from_bytes(file.read(4), "little"), file.read(4)
    return magic == _PARQUET and length <= size - 12


def _first_names(path: Path) -> set[str]:
    """The column names of a CSV in any charset: they are ASCII in all of them, or UTF-16."""
    with path.open("rb") as file:
        text = decode(file.read(_HEAD), fallback="cp1252")
    return {name.strip(" \"'").lower() for name in re.split(r"[,;\t]", text.partition("\n")[0].rstrip("\r"))}
