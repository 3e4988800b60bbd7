"""A ranked-list history in CSV as the store can read it: UTF-8, whatever a spreadsheet made of it."""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trendscout.errors import UsageError
from trendscout.history import is_parquet
from trendscout.intake.lettering import table_text
from trendscout.intake.sheets import MAX_FILE

_CHUNK = 1 << 20


@contextmanager
def history_file(path: Path) -> Iterator[Path]:
    """The file itself, or where its text is not UTF-8 a copy that is, for as long as the context lasts.

    Raises UsageError if it cannot be read, or has to be copied and has more than 256 MiB.
    """
    if is_parquet(path) or _is_utf8(path):
        yield path
        return
    if path.stat().st_size > MAX_FILE:
        raise UsageError(
            "{path} was not read: {why}.",
            next_step="Save it as UTF-8 or Parquet.",
            path=path,
            why=f"it is not UTF-8 and has more than {MAX_FILE >> 20} MiB",
        )
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "history.csv"
        copy.write_text(table_text(path.read_bytes()), encoding="utf-8", newline="")
        yield copy


def _is_utf8(path: Path) -> bool:
    """Whether the whole file is UTF-8 text: a byte-order mark of UTF-16, or zeros, are not."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if b"\0" in chunk:
                    return False
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    except OSError as error:
        raise UsageError("{path} cannot be read.", next_step="Check the path.", path=path) from error
    return True
