"""What the user brings: exports of paid tools, saved pages, HAR files, and lists declared in TOML."""

from __future__ import annotations

from trendscout.intake.declarative import load_source, load_sources
from trendscout.intake.exports import Export, propose, read_export
from trendscout.intake.histories import history_file
from trendscout.intake.kinds import kind_of
from trendscout.intake.looks import Look, looks_of
from trendscout.intake.profiles import Profile, load_profile, profiles
from trendscout.intake.saved import SavedPage, pages_in, saved_page

__all__ = [
    "Export",
    "Look",
    "Profile",
    "SavedPage",
    "history_file",
    "kind_of",
    "load_profile",
    "load_source",
    "load_sources",
    "looks_of",
    "pages_in",
    "profiles",
    "propose",
    "read_export",
    "saved_page",
]
