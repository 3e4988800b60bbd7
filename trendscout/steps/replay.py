"""What lies in the archive into the store: what a killed run left unread, and all of it with today's readers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trendscout.archive import Archive, ArchivedPage
from trendscout.archive.withdrawn import withdrawn
from trendscout.findings import Finding, finding, of_error
from trendscout.intake.saved import FILE_ID
from trendscout.sources.source import sources
from trendscout.steps.ingest import repeat_import
from trendscout.steps.load import FILE, crawls_of, load_crawls
from trendscout.store.brought import Brought, body_digest, note_brought, taken_back
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
        gone = taken_back(connection) | withdrawn(workspace.archive)
    brought: list[Brought] = []
    known, unknown = sources(), Counter[str]()

    def pages() -> Iterator[ArchivedPage]:
        nonlocal total
        for record in kept:
            if record.page.ref in gone:  # a file that was taken back
                continue
            if record.role != "crawl":
                brought.append(_brought(record))
            if record.role == "import":
                total += repeat_import(workspace.writing, record, now=now)
            elif record.page.query.source in known:
                yield record
            else:  # declared by the user once, in a file that is wrong today, or gone
                unknown[record.page.query.source] += 1

    for _, loaded in load_crawls(
        workspace.writing, crawls_of(pages(), archive.read), loaded_at=now, replace_changed=replace_changed
    ):
        crawls += 1
        total += loaded
    with workspace.writing() as connection:  # in a store built anew a file is still no second look
        note_brought(connection, brought)
    unread = [finding("source_unknown", source=source, count=count) for source, count in sorted(unknown.items())]
    return Replayed(crawls, total, (*unread, *(of_error(error) for error in archive.findings)))


def _brought(kept: ArchivedPage) -> Brought:
    """What the store remembers of a file's record; records of before the archive said the file are files alone."""
    assert kept.page.ref  # noqa: S101 - what the archive gives has its place
    body = body_digest(kept.page.body)
    file_id = kept.extra.get(FILE, body[:FILE_ID])
    return Brought(
        file_id, kept.extra.get("name", "").partition("#")[0], kept.page.ref, body, kept.page.fetched_at
    )
