"""A folder is a test: tests/sources/<source>/<case>/ holds one page and what it should give.

`page.*` is the reply, written by hand with invented goods. `meta.toml` says how it came:

    url = "https://..."      the page's address; the source's `query_of` reads the query out of it
    market = "US"            if the address does not tell; also kind, category, and params as a table
    at = 2026-07-19T05:32:00Z
    status = 200             the HTTP status, 200 if left out
    layout = "..."           which reader must have read it
    reading = "partial"      the reading's status, "ok" if left out
    finding = "..."          the code of one of its findings
    raises = "Blocked"       or "LayoutChanged"; then `says` is a part of the message, and nothing is expected
    [[notes]]                the list notes: list, length, complete

`expected.jsonl` holds one JSON object per entry, in the order of the page. A field that is not named there must
have its default. `make update` writes it anew from what is read; then read every line of it.
"""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from trendscout import errors
from trendscout.model import Entry, Page
from trendscout.sources.source import get_source, query_for, read_page, sources

HERE = Path(__file__).parent
CASES = sorted(meta.parent for meta in HERE.glob("*/*/meta.toml"))
USUAL_CASES = ("ok", "empty", "changed", "blocked")


def page_of(folder: Path, meta: dict[str, Any]) -> Page:
    """The fixture's page as fetch or ingest would hand it on."""
    source = get_source(folder.parent.name)
    (file,) = folder.glob("page.*")
    query = query_for(
        source,
        url=meta.get("url", ""),
        market=meta.get("market"),
        kind=meta.get("kind", ""),
        category=meta.get("category", ""),
        params=tuple((key, str(value)) for key, value in meta.get("params", {}).items()),
    )
    return Page(
        url=meta.get("url", ""),
        fetched_at=meta.get("at", datetime(2026, 7, 19, 6, tzinfo=UTC)),
        status=meta.get("status", 200),
        headers={},
        body=file.read_bytes(),
        query=query,
    )


def plain(entry: Entry) -> dict[str, Any]:
    """The fields that are not at their default, as JSON can say them."""
    row: dict[str, Any] = {}
    for field in fields(entry):
        value = getattr(entry, field.name)
        default = {} if field.default is MISSING and field.name == "extra" else field.default
        if value == default:
            continue
        if isinstance(value, Decimal):
            value = str(value)
        elif isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        elif field.name == "extra":
            value = dict(value)
        row[field.name] = value
    return row


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_fixture(folder: Path) -> None:
    meta = tomllib.loads((folder / "meta.toml").read_text(encoding="utf-8"))
    source = get_source(folder.parent.name)
    page = page_of(folder, meta)
    if "raises" in meta:
        with pytest.raises(getattr(errors, meta["raises"])) as caught:
            read_page(source, page)
        assert meta.get("says", "") in str(caught.value)
        return
    reading = read_page(source, page)
    expected = folder / "expected.jsonl"
    if os.environ.get("TRENDSCOUT_UPDATE"):
        lines = (json.dumps(plain(entry), ensure_ascii=False) + "\n" for entry in reading.entries)
        expected.write_text("".join(lines), encoding="utf-8")
    wanted = [json.loads(line) for line in expected.read_text(encoding="utf-8").splitlines()]
    assert [plain(entry) for entry in reading.entries] == wanted
    assert reading.layout == meta.get("layout", reading.layout)
    assert reading.status == meta.get("reading", "ok"), reading.findings
    assert "finding" not in meta or meta["finding"] in {one.code for one in reading.findings}
    if "notes" in meta:
        notes = [{"list": note.list, "length": note.length, "complete": note.complete} for note in reading.notes]
        assert notes == [{"length": None, "complete": True, **note} for note in meta["notes"]]


@pytest.mark.parametrize("name", sources())
def test_every_source_has_the_usual_cases(name: str) -> None:
    cases = {folder.name for folder in CASES if folder.parent.name == name}
    missing = [usual for usual in USUAL_CASES if not any(case.startswith(usual) for case in cases)]
    assert not missing
