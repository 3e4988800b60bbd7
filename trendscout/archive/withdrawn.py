"""Records that the user took back, a line each in `taken-back.txt`: a store built anew leaves them out too."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from trendscout.errors import ArchiveError
from trendscout.model import ArchiveRef

_FILE = "taken-back.txt"
_LINE = re.compile(r"(\d{4}/[\w.-]{1,60})@(\d{1,18})")


def withdraw(folder: Path, refs: Iterable[ArchiveRef]) -> None:
    """Note on the disk that these records count no more; they stay in the archive.

    Raises ArchiveError if it cannot be written.
    """
    lines = "".join(f"{ref.file}@{ref.offset}\n" for ref in refs)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _FILE).open("a", encoding="ascii") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ArchiveError(
            "The archive {folder} cannot be written: {why}.",
            next_step="Make room or give write access there; nothing is read that is not archived first.",
            folder=str(folder),
            why=error.strerror or str(error),
        ) from None


def withdrawn(folder: Path) -> frozenset[ArchiveRef]:
    """The records that were taken back; a line that a kill cut off says nothing."""
    with suppress(FileNotFoundError):
        found = map(_LINE.fullmatch, (folder / _FILE).read_text(encoding="ascii", errors="replace").splitlines())
        return frozenset(ArchiveRef(line[1], int(line[2])) for line in found if line)
    return frozenset()
