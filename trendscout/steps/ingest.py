"""Tables that the user brings, into archive and store: histories of ranked lists, exports of tools."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import cast

from trendscout.archive import Archive, ArchivedPage
from trendscout.errors import ArchiveError, TrendscoutError
from trendscout.files import shown_name
from trendscout.findings import Finding
from trendscout.intake import Export, Profile, history_file, load_profile, read_export
from trendscout.intake.exports import GUESSED, PLAIN, TRENDS
from trendscout.intake.saved import FILE_ID
from trendscout.model import ArchiveRef, ItemKind, Page, Query, StockRow
from trendscout.store.brought import Brought, all_records, body_digest, note_brought, records_of
from trendscout.store.histories import import_history
from trendscout.store.load import Loaded, load_snapshots, note_pages
from trendscout.store.sql import Connection
from trendscout.store.stock import forget_stock, save_stock

Opener = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import gave."""

    kind: str  # "history", or the profile's name
    loaded: Loaded
    stock: int = 0  # goods of the seller's own
    findings: tuple[Finding, ...] = ()  # rows left out and why


def import_ranked(
    open_store: Opener,
    archive: Path,
    file: Path,
    *,
    market: str | None,
    now: datetime,
    items: ItemKind | None = None,
) -> ImportResult:
    """Archive and load a history of ranked lists, which list `items`.

    Raises UsageError, loading and keeping nothing, if the file is not one.
    """
    brought = _Brought(
        archive, file, Query("import", market), {"kind": "history", **({"items": items} if items else {})}
    )
    with history_file(file) as plain, open_store() as connection:
        loaded = import_history(
            connection,
            plain,
            loaded_at=now,
            market=market,
            keep=lambda: _ref(brought.keep(connection, now, None)),
            called=file,
            items=items,
        )
        brought.note(connection, now)
    return ImportResult("history", loaded, findings=loaded.findings)


def import_export(
    open_store: Opener, archive: Path, file: Path, export: Export, *, market: str | None, now: datetime
) -> ImportResult:
    """Archive and load an export that was read; brought again, under any name, it is no second look."""
    if not export.snapshots and not export.stock:
        return ImportResult(export.profile, Loaded(0, 0, 0), findings=export.findings)
    used = export.used
    extra = {
        "kind": "export",
        "profile": export.profile,
        "profile_toml": used.text if used and not used.shipped else "",
        "sheet": export.sheet,
        "order": export.order,
        "category": export.category,
    }
    brought = _Brought(
        archive, file, Query("import", market), {name: text for name, text in extra.items() if text}
    )
    with open_store() as connection:
        kept = brought.keep(connection, now, export.taken_at if export.is_dated else None)
        if kept.extra.get("profile_toml", "") != extra["profile_toml"]:  # a plain list is called by its first file
            with tempfile.TemporaryDirectory() as folder:
                export = _read_again(kept, Path(folder))
        loaded = _load(connection, _dated(export, kept.taken_at), _ref(kept), now)
        brought.note(connection, now)
    return ImportResult(export.profile, loaded, len(export.stock), export.findings + loaded.findings)


def _dated(export: Export, taken_at: datetime) -> Export:
    """The export as one of that time, if neither the file nor the user says another."""
    if export.is_dated or export.taken_at == taken_at:
        return export
    same = (
        replace(one, taken_at=taken_at) if one.taken_at == export.taken_at else one for one in export.snapshots
    )
    return replace(export, snapshots=tuple(same), taken_at=taken_at)


class _Brought:
    """A file of the user's on its way into the archive: once, however often and under whatever name it comes."""

    def __init__(self, archive: Path, file: Path, query: Query, told: Mapping[str, str]) -> None:
        self._archive = archive
        self._file = file
        self._query = query
        self._told = told
        self._body = file.read_bytes()
        self._digest = body_digest(self._body)
        self._page: Page | None = None

    def keep(self, connection: Connection, now: datetime, at: datetime | None) -> ArchivedPage:
        """The file's record in the archive, of a look taken `at`, else when the file first came, else now.

        Raises ArchiveError if it cannot be written.
        """
        with Archive(self._archive) as kept:
            record = self._known(connection, kept, at)
            if record is None:
                ref = kept.write_file(
                    shown_name(self._file),
                    self._body,
                    self._query,
                    at=now,
                    taken_at=at or now,
                    role="import",
                    extra=tuple(self._told.items()),
                )
                record = kept.archived(ref)
        self._page = record.page
        return record

    def _known(self, connection: Connection, kept: Archive, at: datetime | None) -> ArchivedPage | None:
        """The record of the same bytes, told the same of, if the archive still has one."""
        for ref in records_of(connection, self._digest):
            try:
                record = kept.archived(ref)
            except ArchiveError:  # pruned
                continue
            if (
                _same(record.extra, self._told)
                and record.page.query == self._query
                and at in (None, record.taken_at)
            ):
                return record
        return None

    def note(self, connection: Connection, now: datetime) -> None:
        """Remember that the file is in archive and store."""
        page = self._page
        if page is not None and page.ref is not None:
            note_pages(connection, [(page, "import")])
            record = Brought(self._digest[:FILE_ID], shown_name(self._file), page.ref, self._digest, now)
            note_brought(connection, [record])


def _same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two imports were told the same; what the program guessed of a plain list is not told."""
    plain = one.get("profile") == other.get("profile") == PLAIN and GUESSED in one.get("profile_toml", "")
    skipped = {"name", "profile_toml"} if plain else {"name"}
    return all(one.get(name) == other.get(name) for name in {*one, *other} - skipped)


def _ref(kept: ArchivedPage) -> ArchiveRef:
    assert kept.page.ref  # noqa: S101 - what the archive gives has its place
    return kept.page.ref


def _load(connection: Connection, export: Export, ref: ArchiveRef, now: datetime) -> Loaded:
    save_stock(connection, export.stock, now)
    snapshots = [replace(snapshot, pages=(ref,)) for snapshot in export.snapshots]
    return load_snapshots(connection, snapshots, loaded_at=now)


def repeat_import(open_store: Opener, kept: ArchivedPage, *, now: datetime) -> Loaded:
    """Load an archived import again."""
    extra, ref = kept.extra, _ref(kept)
    with tempfile.TemporaryDirectory() as folder:
        if extra.get("kind") == "export":
            export = _read_again(kept, Path(folder))
            with open_store() as connection:
                return _load(connection, export, ref, now)
        with history_file(_unpacked(kept, Path(folder))) as plain, open_store() as connection:
            return import_history(
                connection,
                plain,
                loaded_at=now,
                market=kept.page.query.market,
                keep=lambda: ref,
                items=cast("ItemKind | None", extra.get("items")),
            )


def take_stock_back(open_store: Opener, archive: Archive, gone: Sequence[ArchiveRef], *, at: datetime) -> None:
    """Forget what records told of the seller's own goods; what other files told of the same goods stays."""
    skus = {row.sku for ref in gone for row in _stock_of(archive, ref)}
    if not skus:
        return
    with open_store() as connection:
        forget_stock(connection, skus)
        for ref in all_records(connection):
            save_stock(connection, [row for row in _stock_of(archive, ref) if row.sku in skus], at)


def _stock_of(archive: Archive, ref: ArchiveRef) -> tuple[StockRow, ...]:
    """The seller's own goods that a record tells of; none if it is no export, or cannot be read any more."""
    with suppress(TrendscoutError), tempfile.TemporaryDirectory() as folder:
        kept = archive.archived(ref)
        if kept.role == "import" and kept.extra.get("kind") == "export":
            return _read_again(kept, Path(folder)).stock
    return ()


def _read_again(kept: ArchivedPage, folder: Path) -> Export:
    """The export of an archived file, by what was told of it then."""
    extra = kept.extra
    return read_export(
        _unpacked(kept, folder),
        at=kept.taken_at,
        profile=None if extra.get("profile") == TRENDS else _profile_again(folder, extra),
        market=kept.page.query.market,
        sheet=extra.get("sheet"),
        order=extra.get("order", ""),
        category=extra.get("category", ""),
    )


def _unpacked(kept: ArchivedPage, folder: Path) -> Path:
    file = folder / (Path(kept.extra.get("name", "")).name or "import")
    file.write_bytes(kept.page.body)
    return file


def _profile_again(folder: Path, told: Mapping[str, str]) -> Profile:
    """The profile by which an import was read: the archive keeps the user's own with the file."""
    text = told.get("profile_toml")
    if not text:
        return load_profile(told.get("profile", ""))
    own = folder / "profile.toml"
    own.write_text(text, encoding="utf-8")
    return load_profile(str(own))
