"""What lies in the archive into the store: what a killed run left unread, and all of it with today's readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trendscout.archive import Archive, ArchivedPage
from trendscout.findings import Finding, finding, of_error
from trendscout.steps.ingest import repeat_import
from trendscout.steps.load import crawls_of, load_crawls
from trendscout.store.brought import taken_back
from trendscout.store.load import Loaded, noted_files, noted_pages
from trendscout.store.workspace import Workspace

# Pages that a killed run left unread are looked for this far back.
_UNREAD_SPAN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What reading the archive again gave."""

    crawls: int
    loaded: Loaded
    findings: tuple[Finding, ...]  # what of the archive could not be used


def read_unread(workspace: Workspace, *, now: datetime) -> Replayed:
    """Load what lies in the archive and never reached the store: a run was killed between the two."""
    if not workspace.archive.exists():
        return Replayed(0, Loaded(0, 0, 0), ())
    since = now - _UNREAD_SPAN
    with workspace.store() as connection:
        noted = noted_pages(connection, since=since)
    archive = Archive(workspace.archive)
    return _read_again(workspace, archive, archive.pages(since, known=noted), now=now, replace_changed=False)


def read_archive(workspace: Workspace, *, since: datetime | None, now: datetime) -> Replayed:
    """Read the archive with today's readers; what reads differently is replaced, and that is recorded."""
    archive = Archive(workspace.archive)
    with workspace.store() as connection:
        lost = [file for file in noted_files(connection) if not (workspace.archive / file).exists()]
    done = _read_again(workspace, archive, archive.pages(since), now=now, replace_changed=True)
    told = tuple(finding("archive_file_missing", file=file) for file in lost)
    return replace(done, findings=(*told, *done.findings))


def _read_again(
    workspace: Workspace, archive: Archive, kept: Iterable[ArchivedPage], *, now: datetime, replace_changed: bool
) -> Replayed:
    total, crawls = Loaded(0, 0, 0), 0
    with workspace.store() as connection:
        gone = taken_back(connection)

    def pages() -> Iterator[ArchivedPage]:
        nonlocal total
        for one in kept:
            if one.page.ref in gone:  # a file that was taken back
                continue
            if one.role == "import":
                total += repeat_import(workspace.writing, one, now=now)
            else:
                yield one

    for _, loaded in load_crawls(
        workspace.writing, crawls_of(pages(), archive.read), loaded_at=now, replace_changed=replace_changed
    ):
        crawls += 1
        total += loaded
    return Replayed(crawls, total, tuple(of_error(error) for error in archive.findings))
