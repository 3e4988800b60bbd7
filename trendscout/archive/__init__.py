"""The archive: everything as it was received, in WARC/1.1 files by day, written before anyone reads it."""

from __future__ import annotations

from trendscout.archive.archive import Archive
from trendscout.archive.reader import Kept, foreign_pages

__all__ = ["Archive", "Kept", "foreign_pages"]
