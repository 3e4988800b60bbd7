"""Where a user's store and archive are, and how the store is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from trendscout.settings.config import Settings
from trendscout.store.address import StoreAddress
from trendscout.store.connect import open_store
from trendscout.store.lake import retried
from trendscout.store.sql import Connection

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the store and the archive are.

    `read` and `write` are the doors for what is done in one go: where a shared store goes away, or another machine
    was quicker, it is done again, six times within about 6 s.
    """

    db: StoreAddress
    archive: Path

    @classmethod
    def at(cls, db: StoreAddress | str | Path, archive: Path | None = None) -> Workspace:
        """The store of that address, and the archive beside it where no other folder is named."""
        address = StoreAddress.of(db)
        return cls(address, archive or address.archive)

    def read(self, work: Callable[[Connection], T], *, must_exist: bool = False) -> T:
        """What `work` finds in the store."""

        def once() -> T:
            with self.store(must_exist=must_exist) as connection:
                return work(connection)

        return retried(once)

    def write(self, work: Callable[[Connection], T], *, must_exist: bool = False) -> T:
        """What `work` gives; it changes the store at once, or so that a second time changes nothing."""

        def once() -> T:
            with self.writing(must_exist=must_exist) as connection:
                return work(connection)

        return retried(once)

    def store(self, *, must_exist: bool = False, only_read: bool = True) -> AbstractContextManager[Connection]:
        """A connection to the store, to be used as a context manager; of one that cannot be written, to read."""
        return open_store(self.db, must_exist=must_exist, only_read=only_read)

    @property
    def desk(self) -> Path:
        """The folder of the desk: read files, queue, inbox. It is there once a desk was opened on this store."""
        if self.db.shared:
            name = hashlib.sha256(str(self.db).encode()).hexdigest()[:16]
            return Path.home() / ".cache" / "trendscout" / f"desk-{name}"
        return self.db.file.with_name(f"{self.db.file.name}.desk")

    @contextmanager
    def writing(self, *, must_exist: bool = False) -> Iterator[Connection]:
        """As `store`; a shared store is written by one process at a time, as a file is anyway."""
        with ExitStack() as held:
            if self.db.shared:
                from trendscout.store.leases import alone

                held.enter_context(alone(self.db, "write"))
            yield held.enter_context(self.store(must_exist=must_exist, only_read=False))


def address_of(settings: Settings, given: str | None = None) -> StoreAddress:
    """The store that the command line or the configuration names; the latter's paths start beside its file."""
    data_path = str(settings.home / settings.data_path) if settings.data_path else ""
    named = StoreAddress(given or settings.db, data_path)
    return named if given or named.shared else StoreAddress(settings.home / settings.db)
