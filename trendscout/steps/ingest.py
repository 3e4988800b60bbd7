"""What the user brings, into archive and store: saved pages, histories of ranked lists, exports."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from trendscout.archive import Archive, ArchivedPage
from trendscout.errors import ArchiveError
from trendscout.intake import Profile, SavedPage, load_profile, read_export
from trendscout.model import Page, Query
from trendscout.steps.load import Crawl, load_crawls
from trendscout.store.histories import import_history
from trendscout.store.load import Loaded, load_snapshots
from trendscout.store.sql import Connection
from trendscout.store.stock import save_stock

Opener = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import gave."""

    kind: str  # "history", or the profile's name
    loaded: Loaded
    stock: int = 0  # goods of the seller's own
    findings: tuple[str, ...] = ()  # rows left out and why


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of one saved page."""

    name: str  # the file, and behind "#" the reply in it
    source: str
    status: str  # a snapshot's, or "left"
    entries: int = 0
    reason: str = ""


def import_ranked(
    open_store: Opener, archive: Path, file: Path, *, market: str | None, now: datetime
) -> ImportResult:
    """Load a history of ranked lists and keep the file in the archive.

    Raises UsageError, loading and keeping nothing, if the file is not one.
    """
    with open_store() as connection:
        loaded = import_history(connection, file, loaded_at=now, market=market)
    if loaded.snapshots:
        _keep(archive, file, Query("import", market), now, now, kind="history")
    return ImportResult("history", loaded)


def import_export(
    open_store: Opener,
    archive: Path,
    file: Path,
    *,
    profile: Profile | None,
    market: str | None,
    at: datetime,
    now: datetime,
) -> ImportResult:
    """Load an export by `profile`, or by the shipped one that fits, and keep the file in the archive.

    Raises UsageError, with a draft of a profile, if none fits.
    """
    export = read_export(file, at=at, profile=profile, market=market)
    with open_store() as connection:
        loaded = load_snapshots(connection, export.snapshots, loaded_at=now)
        save_stock(connection, export.stock, now)
    if loaded.snapshots or export.stock:
        _keep(archive, file, Query("import", market), now, at, kind="export", profile=export.profile)
    return ImportResult(export.profile, loaded, len(export.stock), export.findings)


def repeat_import(open_store: Opener, kept: ArchivedPage, *, now: datetime) -> Loaded:
    """Load an archived import again.

    Raises UsageError if it was read by a profile of the user's own, which the archive does not hold.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"import{Path(kept.extra.get('name', '')).suffix}"
        file.write_bytes(kept.page.body)
        with open_store() as connection:
            if kept.extra.get("kind") != "export":
                return import_history(connection, file, loaded_at=now, market=kept.page.query.market)
            profile = load_profile(kept.extra.get("profile", ""))
            export = read_export(file, at=kept.taken_at, profile=profile, market=kept.page.query.market)
            save_stock(connection, export.stock, now)
            return load_snapshots(connection, export.snapshots, loaded_at=now)


def _keep(archive: Path, file: Path, query: Query, now: datetime, at: datetime, **extra: str) -> None:
    with Archive(archive) as kept:
        kept.write_file(
            file.name, file.read_bytes(), query, at=now, taken_at=at, role="import", extra=tuple(extra.items())
        )


def ingest_pages(
    open_store: Opener, archive: Path, found: Iterable[SavedPage], *, now: datetime
) -> list[IngestResult]:
    """Archive and load what was found; what was left is told with its reason."""
    taken: list[IngestResult] = []
    crawls: list[Crawl] = []
    positions: list[int] = []
    with Archive(archive) as kept:
        for one in found:
            if one.page is None or one.status == "left":
                taken.append(IngestResult(one.file, one.source, "left", reason=one.reason))
                continue
            ref = kept.write_file(
                one.file,
                one.page.body,
                one.page.query,
                at=now,
                taken_at=one.page.fetched_at,
                url=one.page.url,
                content_type=one.page.headers.get("content-type", "application/octet-stream"),
                number=one.page.number,
            )
            crawls.append(Crawl(one.page.query, one.page.fetched_at, (replace(one.page, ref=ref),)))
            positions.append(len(taken))
            taken.append(IngestResult(one.file, one.source, "ok", reason=one.reason))
    for position, (outcome, _) in zip(positions, load_crawls(open_store, crawls, loaded_at=now), strict=True):
        reason = " ".join(dict.fromkeys(text for text in (outcome.reason, taken[position].reason) if text))
        taken[position] = replace(taken[position], status=outcome.status, entries=outcome.entries, reason=reason)
    return taken


def warc_pages(path: Path) -> Iterator[Page]:
    """The pages of a WARC file of the user's.

    Raises ArchiveError, after the last page, for what in it cannot be read.
    """
    from trendscout.archive.reader import foreign_pages

    faults: list[ArchiveError] = []
    yield from foreign_pages(path, faults.append)
    if faults:
        raise faults[0]
