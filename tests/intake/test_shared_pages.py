"""Every page and reply of the shared captures: read right, or left with the true reason.

The table says for each file what it gives without a word of the user's: status, source, market and kind of its
list, entries, advertisements, prices, counts, first and last place. Files that are tables are tested as such.
"""

import csv
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trendscout.findings import said
from trendscout.intake import SavedPage, pages_in
from trendscout.intake.looks import places_of

NOW = datetime(2026, 11, 29, 18, tzinfo=UTC)
SHARED = Path(os.environ.get("TRENDSCOUT_SHARED", "../shared"))
TABLE = Path(__file__).with_name("shared_pages.csv")
COLUMNS = ("file", "status", "source", "list", "entries", "ads", "prices", "counts", "first", "last", "why")
FOLDERS = ("captures", "captures_2")
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="no shared files: set TRENDSCOUT_SHARED"),
]


def told(found: SavedPage) -> dict[str, str]:
    """A row of the table. The name of a list may be somebody's words: only market and kind are kept."""
    entries = found.reading.entries if found.reading else ()
    places = places_of(entries)
    lists = Counter(entry.list.rpartition("/")[0] for entry in entries).most_common(1)
    return {
        "file": str(Path(found.file).relative_to(SHARED)),
        "status": found.status,
        "source": found.source,
        "list": lists[0][0] if lists else "",
        "entries": str(len(entries)),
        "ads": str(sum(entry.is_ad for entry in entries)),
        "prices": str(sum(entry.price is not None for entry in entries)),
        "counts": str(sum(entry.count is not None for entry in entries)),
        "first": str(places[0]) if places else "",
        "last": str(places[1]) if places else "",
        "why": "" if entries else found.findings[0].code,
    }


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files() -> list[Path]:
    return sorted(
        path
        for folder in FOLDERS
        for path in (SHARED / folder).rglob("*")
        if path.is_file() and path.suffix != ".csv"
    )


def test_the_table_names_every_file() -> None:
    if os.environ.get("TRENDSCOUT_UPDATE"):
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(told(found) for found in pages_in(files(), now=NOW))
    assert [row["file"] for row in rows()] == [str(path.relative_to(SHARED)) for path in files()]


@pytest.mark.parametrize("row", rows() if TABLE.exists() else [], ids=lambda row: row["file"])
def test_a_file_gives_what_the_table_says(row: dict[str, str]) -> None:
    (found,) = pages_in([SHARED / row["file"]], now=NOW)
    assert told(found) == row, said(found.findings, "en")
