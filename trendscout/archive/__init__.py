"""The archive: everything as it was received, in WARC/1.1 files by day, written before anyone reads it.

`reader.foreign_pages` reads WARC files of other tools. Only the modules that pack and unpack records import
warcio, and they are imported when they are needed.
"""

from __future__ import annotations

from trendscout.archive.archive import Archive
from trendscout.archive.archived import ArchivedPage

__all__ = ["Archive", "ArchivedPage"]
