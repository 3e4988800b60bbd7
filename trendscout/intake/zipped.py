"""Zip archives of the user's: unpacked for as long as they are read, within bounds."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from trendscout.errors import UsageError

_MAX_BYTES = 1 << 30  # of all that one archive unpacks to
_MAX_FILES = 5_000
_CHUNK = 1 << 20


@contextmanager
def unpacked(path: Path, *, endings: tuple[str, ...] = ()) -> Iterator[list[Path]]:
    """The files of an archive whose names end so, in a folder of their own that is gone afterwards.

    Names of folders and hidden files are passed over. Raises UsageError for what is no archive, is encrypted, or
    unpacks to more than a gigabyte.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield _unpack(path, Path(folder), endings)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise UsageError(
                "{file} cannot be unpacked: {why}.",
                next_step="Unpack it yourself and bring the files in it.",
                file=path.name,
                why=error,
            ) from error


def _unpack(path: Path, folder: Path, endings: tuple[str, ...]) -> list[Path]:
    files: list[Path] = []
    left = _MAX_BYTES
    with zipfile.ZipFile(path) as archive:
        members = [one for one in archive.infolist() if _is_wanted(one, endings)]
        for number, member in enumerate(members[:_MAX_FILES]):
            name = PurePosixPath(member.filename.replace("\\", "/")).name
            file = folder / str(number) / ("".join(sign for sign in name if sign.isprintable())[-100:] or "file")
            file.parent.mkdir()
            with archive.open(member) as packed, file.open("wb") as plain:
                while chunk := packed.read(min(_CHUNK, left + 1)):
                    left -= len(chunk)
                    if left < 0:
                        raise zipfile.BadZipFile("it unpacks to more than a gigabyte")
                    plain.write(chunk)
            _date(file, member)
            files.append(file)
    return files


def _is_wanted(member: zipfile.ZipInfo, endings: tuple[str, ...]) -> bool:
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    hidden = not parts or parts[0] == "__MACOSX" or any(part.startswith(".") for part in parts)
    return not (member.is_dir() or hidden) and (not endings or parts[-1].lower().endswith(endings))


def _date(file: Path, member: zipfile.ZipInfo) -> None:
    """The file's time as the archive has it; it names no zone, and is taken as UTC."""
    try:
        when = datetime(*member.date_time, tzinfo=UTC).timestamp()
        os.utime(file, (when, when))
    except (ValueError, OSError, OverflowError):
        return
