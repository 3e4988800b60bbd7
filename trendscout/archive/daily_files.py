"""The archive's files: `2026/2026-11-23-001.warc.gz`, one writer each, deleted whole and oldest first."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

from trendscout.files import keep_names

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-(\d{3,6})\.warc\.gz")


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of the archive."""

    path: Path
    day: date  # UTC day of the pages in it
    number: int  # 1 is the first of its day

    @property
    def name(self) -> str:
        """The path relative to the archive folder, as an ArchiveRef gives it."""
        return f"{self.path.parent.name}/{self.path.name}"


@dataclass(frozen=True, slots=True)
class Pruned:
    """One file that was deleted."""

    name: str
    day: date
    size: int  # bytes


def files_of(folder: Path) -> list[ArchiveFile]:
    """The archive's files, oldest first. Other files in the folder are not ours and left out."""
    found = (
        ArchiveFile(path, date.fromisoformat(match[1]), int(match[2]))
        for path in folder.glob("[0-9][0-9][0-9][0-9]/*.warc.gz")
        if (match := _NAME.fullmatch(path.name))
    )
    return sorted(found, key=lambda file: (file.day, file.number))


def gaps_in(files: list[ArchiveFile]) -> Iterator[str]:
    """Names of files that are missing between two of the same day; pruning leaves no such gap."""
    for day, group in groupby(files, key=lambda file: file.day):
        numbers = [file.number for file in group]
        for number in sorted(set(range(numbers[0], numbers[-1])) - set(numbers)):
            yield _name(day, number)


def create_file(folder: Path, day: date) -> tuple[int, str]:
    """A file descriptor and the name of a new file of that day, which no other process has."""
    home = folder / f"{day:%Y}"
    home.mkdir(parents=True, exist_ok=True)
    number = max((file.number for file in files_of(folder) if file.day == day), default=0)
    while True:
        number += 1
        name = _name(day, number)
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            file = os.open(folder / name, flags, 0o644)
        except FileExistsError:  # another process took it between the look and the opening
            continue
        for place in (home, folder, folder.parent):
            keep_names(place)
        return file, name


def prune(
    folder: Path, *, older_than: datetime | None, max_bytes: int | None, dry_run: bool = False
) -> tuple[Pruned, ...]:
    """What was deleted, or would be: files before `older_than`, then the oldest until `max_bytes` are kept.

    Files of the newest day stay: someone may be writing them.
    """
    files = [(file, file.path.stat().st_size) for file in files_of(folder)]
    total = sum(size for _, size in files)
    deleted = []
    for file, size in files:
        too_old = older_than is not None and file.day < older_than.date()
        too_many = max_bytes is not None and total > max_bytes
        if file.day == files[-1][0].day or not (too_old or too_many):
            break
        if not dry_run:
            file.path.unlink()
        total -= size
        deleted.append(Pruned(file.name, file.day, size))
    return tuple(deleted)


def _name(day: date, number: int) -> str:
    return f"{day:%Y}/{day.isoformat()}-{number:03d}.warc.gz"
