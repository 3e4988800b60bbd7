"""The archive folder: pages written durably, read back one by one or all, and deleted by age and size."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from trendscout.archive import daily_files
from trendscout.archive.archived import ArchivedPage
from trendscout.archive.wire import Received, Role
from trendscout.errors import ArchiveError
from trendscout.model import ArchiveRef, Page, Query, Request

_FILE_BYTES = 1 << 30  # a new file is begun after this many


class Archive:
    """Everything that was received, in `folder`.

    Each object writes files of its own, so that several processes never share one; threads may share an object. A
    record is on the disk before `write` returns.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.findings: list[ArchiveError] = []  # what the last `pages` or `check` could not use
        self._file: int | None = None
        self._name = ""
        self._day: date | None = None
        self._end = 0
        self._written = 0
        self._writing = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the file being written; the next `write` begins another."""
        if self._file is None:
            return
        from trendscout.archive.records import closing_member

        with suppress(OSError):  # no room: the file is whole without it, and is read through next time
            self._append(self._file, closing_member(self._written))
        os.close(self._file)
        self._file = None

    def write(self, received: Received) -> ArchiveRef:
        """Where the reply now lies, safe on the disk.

        Raises ArchiveError if it cannot be written; then nothing of it is left behind.
        """
        from trendscout.archive.records import members

        packed = members(received)
        try:
            with self._writing:
                ref = self._append(self._open(received.fetched_at.date()), packed)
                self._written += 1
        except OSError as error:
            raise ArchiveError(
                "The archive {folder} cannot be written: {why}.",
                next_step="Make room or give write access there; nothing is read that is not archived first.",
                folder=str(self.folder),
                why=error.strerror or str(error),
            ) from None
        return ref

    def write_file(
        self,
        name: str,
        data: bytes,
        query: Query,
        *,
        at: datetime,
        taken_at: datetime | None = None,
        url: str = "",
        content_type: str = "application/octet-stream",
        role: Role = "ingest",
        number: int = 1,
        pages: int = 1,
        extra: tuple[tuple[str, str], ...] = (),
    ) -> ArchiveRef:
        """Where a file of the user's now lies: a saved page, a history, an export.

        `at` is now, `taken_at` when the page was saved (default: now), `url` its address if known.
        """
        address = url or f"file:///{Path(name).name}"
        return self.write(
            Received(
                query=query,
                request=Request(url=address, page=number),
                url=address,
                status=200,
                headers=(("Content-Type", content_type),),
                body=data,
                fetched_at=at,
                taken_at=taken_at or at,
                pages=pages,
                role=role,
                extra=(*extra, ("name", Path(name).name)),
            )
        )

    def read(self, ref: ArchiveRef) -> Page:
        """The page at `ref`.

        Raises ArchiveError if the file is missing, or the record torn or altered.
        """
        return self.archived(ref).page

    def archived(self, ref: ArchiveRef) -> ArchivedPage:
        """The page at `ref` with what was told of it; raises ArchiveError as `read` does."""
        from trendscout.archive.reader import kept_of, read_at

        return kept_of(read_at(self._path(ref.file), ref), ref)

    def pages(
        self, since: datetime | None = None, *, known: Collection[ArchiveRef] = ()
    ) -> Iterator[ArchivedPage]:
        """Every whole page in the order of writing, from `since` on, without those that are `known`.

        Replies with an error status are among them (see `page.status`). Files of which all pages are known are
        not read. What cannot be used stands in `findings` once the iteration is over.
        """
        from trendscout.archive.reader import kept_of, pages_in, read_all

        known_in = Counter(ref.file for ref in known)
        self.findings = []
        files = daily_files.files_of(self.folder)
        for name in daily_files.gaps_in(files):
            self.findings.append(
                ArchiveError("{file} of the archive is missing.", next_step="The other files are used.", file=name)
            )
        for file in files:
            if since is not None and file.day < since.date():
                continue
            if known_in[file.name] and pages_in(file.path) == known_in[file.name]:
                continue
            for ref, received in read_all(file.path, file.name, self.findings.append):
                if ref in known or (since is not None and received.fetched_at < since):
                    continue
                try:
                    yield kept_of(received, ref)
                except ArchiveError as error:
                    self.findings.append(error)

    def check(self) -> list[ArchiveError]:
        """What is wrong with the archive; every record is read."""
        for _ in self.pages():
            pass
        return self.findings

    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.path.stat().st_size for file in daily_files.files_of(self.folder))

    def prune(
        self, *, older_than: datetime | None = None, max_bytes: int | None = None, dry_run: bool = False
    ) -> tuple[daily_files.Pruned, ...]:
        """What was deleted, or would be: whole files, oldest first, never those of the newest day."""
        return daily_files.prune(self.folder, older_than=older_than, max_bytes=max_bytes, dry_run=dry_run)

    def _path(self, name: str) -> Path:
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise ArchiveError("{file} lies outside the archive.", file=name)
        return path

    def _open(self, day: date) -> int:
        if self._file is not None and (day != self._day or self._end >= _FILE_BYTES):
            self.close()
        if self._file is None:
            from trendscout.archive.records import info_member

            self._file, self._name = daily_files.create_file(self.folder, day)
            self._day, self._end, self._written = day, 0, 0
            self._append(self._file, info_member(Path(self._name).name))
        return self._file

    def _append(self, file: int, packed: bytes) -> ArchiveRef:
        ref = ArchiveRef(self._name, self._end)
        rest = memoryview(packed)
        try:
            while rest:
                rest = rest[os.write(file, rest) :]
            os.fsync(file)
        except OSError:
            os.ftruncate(file, self._end)
            raise
        self._end += len(packed)
        return ref
