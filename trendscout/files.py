"""Files that are there whole or not at all, and files that can be read to an end."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_MAX_BYTES = 262_144  # thousands of categories; a parser of TOML takes seconds for megabytes
_MAX_DOTS = 500  # in a line: 32,000 names in one dotted key take ten seconds and 4 GB


class TooLarge(ValueError):
    """A file is larger, or nested deeper, than anybody writes one by hand."""


def file_size(path: Path) -> int:
    """Bytes of a file that the user named.

    Raises OSError where there is none, and for pipes and devices: reading them could wait, or go on, for ever.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is a folder, a pipe or a device", str(path))
    return found.st_size


def written_text(file: Path | Traversable, most: int = _MAX_BYTES) -> str:
    """The text of a TOML file, for a parser: small and flat enough for it, and without a byte order mark.

    Raises TooLarge if it is not, OSError if it cannot be read, and ValueError if it is no UTF-8.
    """
    small = not isinstance(file, Path) or file_size(file) <= most
    text = file.read_text(encoding="utf-8").removeprefix("\ufeff") if small else ""
    if small and all(line.count(".") <= _MAX_DOTS for line in text.splitlines()):
        return text
    raise TooLarge("it is larger, or nested deeper, than any such file")


def shown_name(path: Path) -> str:
    """The file's name as text: bytes of it that are no UTF-8 become U+FFFD, so that it can be told and kept."""
    return path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def whole_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under another name, flush and rename it: it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        write(part)
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        part.replace(path)
        keep_names(path.parent)
    finally:
        part.unlink(missing_ok=True)


def keep_names(folder: Path) -> None:
    """Have the disk know the names in a folder: a file's own flush says nothing of where it is to be found."""
    with suppress(OSError):  # not everywhere can a folder be opened; there, renaming alone has to do
        names = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(names)
        finally:
            os.close(names)
