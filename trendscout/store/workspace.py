"""Where a user's store and archive are, and how the store is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from trendscout.store.connect import is_shared, open_store
from trendscout.store.sql import Connection


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the store and the archive are."""

    db: str
    archive: Path
    data_path: str = ""  # of a shared store that is to be made

    def store(self, *, must_exist: bool = False) -> AbstractContextManager[Connection]:
        """A connection to the store, to be used as a context manager."""
        return open_store(self.db, must_exist=must_exist, data_path=self.data_path)

    @contextmanager
    def writing(self, *, must_exist: bool = False) -> Iterator[Connection]:
        """As `store`; a shared store is written by one process at a time, as a file is anyway."""
        with ExitStack() as held:
            if is_shared(self.db):
                from trendscout.store.leases import alone

                held.enter_context(alone(self.db, "write"))
            yield held.enter_context(self.store(must_exist=must_exist))
