"""Files that are there whole or not at all, and files that can be read to an end."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def file_size(path: Path) -> int:
    """Bytes of a file that the user named.

    Raises OSError where there is none, and for pipes and devices: reading them could wait, or go on, for ever.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is a folder, a pipe or a device", str(path))
    return found.st_size


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
