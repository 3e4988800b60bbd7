"""The newest read file of a store: what answers are made of, so that no question waits for who writes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock, Thread

from trendscout.clock import Clock
from trendscout.errors import StoreError, TrendscoutError
from trendscout.steps.publish import is_published, publish_aside, remember_config
from trendscout.store.read_file import ReadFile, current_file, published_at
from trendscout.store.workspace import Workspace

_SHARED_AGE = timedelta(minutes=15)  # of a shared store, which others change unseen


class Published:
    """The read file in `folder` as of now, or as of one past moment; it may be asked by threads."""

    def __init__(
        self,
        workspace: Workspace,
        folder: Path,
        clock: Clock,
        *,
        config: Path | None = None,
        as_of: datetime | None = None,
    ) -> None:
        self.workspace, self.folder, self.clock, self.as_of = workspace, folder, clock, as_of
        self._file: ReadFile | None = None
        self._opening, self._making = Lock(), Lock()
        self._refresh: Thread | None = None
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if config is not None:
            remember_config(folder, config)

    def file(self) -> ReadFile:
        """The newest read file; where there is none, it is made first, from a copy of the store.

        Raises StoreError where there is no store, or where it cannot be had for the copy.
        """
        if current_file(self.folder) is None:
            self._make(unless=lambda: current_file(self.folder) is not None)
        return self._opened()

    def freshen(self) -> None:
        """Make a newer read file in the background where the store may hold more than the one there is."""
        if self.as_of is None and self._is_old() and not (self._refresh and self._refresh.is_alive()):
            self._refresh = Thread(target=self._try_to_make, name="read file", daemon=True)
            self._refresh.start()

    def _is_old(self) -> bool:
        if not self.workspace.db.shared:
            return self.workspace.db.exists() and not is_published(self.workspace)
        made = published_at(self.folder)
        return made is None or self.clock.now() - made > _SHARED_AGE

    def _try_to_make(self) -> None:
        with suppress(TrendscoutError, OSError):  # the file of before stays, and says of when it is
            self._make(unless=lambda: not self._is_old())

    def _make(self, *, unless: Callable[[], bool]) -> None:
        with self._making:
            if not unless():
                publish_aside(self.workspace, self.folder, now=self.as_of or self.clock.now())

    def _opened(self) -> ReadFile:
        path = current_file(self.folder)
        with self._opening:
            if path is None:
                raise StoreError("Nothing is published yet.", next_step="Ask again in a moment.")
            if self._file is None or self._file.path != path:
                self._file = ReadFile(path)
            return self._file
