"""What the archive gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from trendscout.archive.wire import Role
from trendscout.model import Page


@dataclass(frozen=True, slots=True)
class ArchivedPage:
    """A page of the archive, and the snapshot that it belongs to."""

    page: Page
    taken_at: datetime
    pages: int  # how many the snapshot should have
    role: Role  # "crawl"; "ingest" for what the user saved; "import" for a history or an export
    extra: Mapping[str, str]  # what an import needs to be repeated
