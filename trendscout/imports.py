"""What the user exported or kept elsewhere: histories of ranked lists, archived and loaded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from trendscout.archive import Archive, Kept
from trendscout.errors import UsageError
from trendscout.model import Query
from trendscout.store.histories import import_history
from trendscout.store.load import Loaded
from trendscout.store.sql import Connection

Opener = Callable[[], AbstractContextManager[Connection]]


def import_ranked(open_store: Opener, archive: Path, file: Path, *, market: str | None, now: datetime) -> Loaded:
    """Load a history of ranked lists and keep the file in the archive.

    Raises UsageError, loading and keeping nothing, if the file is not one.
    """
    if not file.is_file():
        raise UsageError("{file} is not there.", next_step="Check the path.", file=file)
    with open_store() as connection:
        loaded = import_history(connection, file, loaded_at=now, market=market)
    if loaded.snapshots:
        with Archive(archive) as kept:
            kept.write_file(
                file.name,
                file.read_bytes(),
                Query("import", market),
                at=now,
                role="import",
                extra=(("kind", "history"),),
            )
    return loaded


def repeat_import(open_store: Opener, kept: Kept, *, now: datetime) -> Loaded:
    """Load an archived import again."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"import{Path(kept.extra.get('name', '')).suffix}"
        file.write_bytes(kept.page.body)
        with open_store() as connection:
            return import_history(connection, file, loaded_at=now, market=kept.page.query.market)
