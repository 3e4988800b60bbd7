"""Tables that the user brings, into archive and store: histories of ranked lists, exports of tools."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trendscout.archive import Archive, ArchivedPage
from trendscout.findings import Finding, text
from trendscout.intake import Profile, load_profile, read_export
from trendscout.model import Query
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
    findings: tuple[Finding, ...] = ()  # rows left out and why


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
    return ImportResult(
        export.profile, loaded, len(export.stock), tuple(text(f"{one}.") for one in export.findings)
    )


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
