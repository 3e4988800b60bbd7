"""Saved pages become looks: pages of one list together, a file once under any name, and back again."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trendscout import pipeline
from trendscout.findings import said
from trendscout.steps.saved_pages import IngestResult
from trendscout.store.workspace import Workspace

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
ADDRESS = "https://www.lazada.vn/catalog/?ajax=true&page={page}&q=lamp&sort=order"


def reply(page: int, *, start: int | None = None, rows: int = 4, size: int = 4) -> str:
    start = (page - 1) * size if start is None else start
    items = [
        {"itemId": str(7001 + start + n), "name": f"Moon lamp {start + n}", "price": "19.90"} for n in range(rows)
    ]
    about = {"page": page, "pageSize": size, "totalResults": "400"}
    return json.dumps({"mods": {"listItems": items}, "mainInfo": about})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "store.duckdb", tmp_path / "archive")


def saved(folder: Path, name: str, text: str, *, at: datetime) -> Path:
    path = folder / name
    path.write_text(text)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def recorded(folder: Path, name: str, *pages: tuple[datetime, int]) -> Path:
    entries = [
        {
            "startedDateTime": at.isoformat(),
            "request": {"url": ADDRESS.format(page=page)},
            "response": {"status": 200, "content": {"mimeType": "application/json", "text": reply(page)}},
        }
        for at, page in pages
    ]
    return saved(folder, name, json.dumps({"log": {"creator": {}, "entries": entries}}), at=NOW)


def ingest(
    workspace: Workspace, *paths: Path, at: datetime | None = None, category: str = "lamp"
) -> list[IngestResult]:
    return pipeline.ingest(
        workspace, paths, source="lazada", market="VN", url=None, at=at, now=NOW, category=category
    )


def looks(workspace: Workspace) -> list[tuple[str, str, int, int]]:
    with workspace.store() as connection:
        return connection.execute(
            "SELECT strftime(taken_at, '%d %H:%M'), status, depth, entries FROM snapshots ORDER BY 1"
        ).fetchall()


def test_pages_given_with_one_time_are_one_look(workspace: Workspace, tmp_path: Path) -> None:
    pages = [saved(tmp_path, f"pg{n}.json", reply(n), at=NOW) for n in (2, 1)]
    assert [one.status for one in ingest(workspace, *pages, at=NOW)] == ["ok", "ok"]
    assert looks(workspace) == [("20 08:00", "ok", 8, 8)]


def test_ten_recorded_days_of_two_pages_are_ten_looks(workspace: Workspace, tmp_path: Path) -> None:
    days = [NOW - timedelta(days=back) for back in range(10)]
    path = recorded(tmp_path, "a.har", *((day + timedelta(minutes=3 * n), n) for day in days for n in (1, 2)))
    ingest(workspace, path)
    found = looks(workspace)
    assert len(found) == 10
    assert {look[1:] for look in found} == {("ok", 8, 8)}


def test_a_second_page_alone_says_nothing_of_what_stands_above(workspace: Workspace, tmp_path: Path) -> None:
    (taken,) = ingest(workspace, saved(tmp_path, "pg3.json", reply(3, size=40, rows=40), at=NOW))
    assert (taken.status, taken.entries) == ("partial", 40)
    assert "page 1 did not come" in said(taken.findings, "en")
    assert looks(workspace) == [("20 08:00", "partial", 0, 40)]


def test_a_page_between_that_is_missing_is_told(workspace: Workspace, tmp_path: Path) -> None:
    pages = [saved(tmp_path, f"pg{n}.json", reply(n, size=40, rows=40), at=NOW) for n in (1, 3)]
    ingest(workspace, *pages)
    assert looks(workspace) == [("20 08:00", "partial", 40, 80)]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_pages_brought_one_by_one_grow_into_one_look(
    workspace: Workspace, tmp_path: Path, order: tuple[int, ...]
) -> None:
    for number in order:
        ingest(workspace, saved(tmp_path, f"pg{number}.json", reply(number, size=40, rows=40), at=NOW))
    assert looks(workspace) == [("20 08:00", "ok", 80, 80)]
    anew = Workspace.at(tmp_path / "anew.duckdb", workspace.archive)
    pipeline.replay(anew, since=None, now=NOW)
    assert looks(anew) == looks(workspace), "the archive alone gives the same"


def test_pages_hours_apart_are_looks_of_their_own(workspace: Workspace, tmp_path: Path) -> None:
    early = saved(tmp_path, "a.json", reply(1), at=NOW - timedelta(hours=3))
    ingest(workspace, early, saved(tmp_path, "b.json", reply(1, rows=3), at=NOW))
    assert [look[0] for look in looks(workspace)] == ["20 05:00", "20 08:00"]


def test_two_pages_that_claim_the_same_places_are_not_mixed(workspace: Workspace, tmp_path: Path) -> None:
    one = saved(tmp_path, "a.json", reply(1), at=NOW)
    other = saved(tmp_path, "b.json", reply(1, start=50), at=NOW)
    first, second = ingest(workspace, one, other, at=NOW)
    assert (first.status, second.status) == ("ok", "left")
    assert "same places of this list" in said(second.findings, "en")
    assert ingest(workspace, saved(tmp_path, "c.json", reply(1, start=90), at=NOW), at=NOW)[0].status == "left"
    assert looks(workspace) == [("20 08:00", "ok", 4, 4)]


def test_a_file_under_another_name_is_no_second_look(workspace: Workspace, tmp_path: Path) -> None:
    one = saved(tmp_path, "a.json", reply(1), at=NOW - timedelta(days=2))
    copy = saved(tmp_path, "a (1).json", reply(1), at=NOW - timedelta(days=1))
    _, again = ingest(workspace, one, copy)
    assert said(again.findings, "en") == f"It is known: the same as {one}."
    (again,) = ingest(workspace, saved(tmp_path, "c.json", reply(1), at=NOW))
    assert (again.status, again.entries) == ("ok", 4)
    assert len(looks(workspace)) == 1
    ingest(workspace, copy, at=NOW)  # the user says that it is a look of this time
    assert len(looks(workspace)) == 2


def test_what_a_file_brought_is_taken_back(workspace: Workspace, tmp_path: Path) -> None:
    pages = [saved(tmp_path, f"pg{n}.json", reply(n, size=40, rows=40), at=NOW) for n in (1, 2)]
    first, second = ingest(workspace, *pages)
    old = recorded(tmp_path, "b.har", (NOW - timedelta(days=3), 1))
    ingest(workspace, old)
    assert pipeline.undo(workspace, second.file_id, now=NOW) == (str(pages[1]), 1)
    assert looks(workspace) == [("17 08:00", "ok", 4, 4), ("20 08:00", "ok", 40, 40)]
    pipeline.replay(workspace, since=None, now=NOW)
    assert looks(workspace) == [("17 08:00", "ok", 4, 4), ("20 08:00", "ok", 40, 40)], (
        "replay does not bring it back"
    )
    pipeline.undo(workspace, first.file_id, now=NOW)
    with workspace.store() as connection:
        keys = connection.execute("SELECT count(*), min(last_seen) FROM listings").fetchall()
    assert keys == [(4, datetime(2026, 11, 17, 8))]  # noqa: DTZ001 - as the store keeps it
    anew = Workspace.at(str(tmp_path / "anew.duckdb"), workspace.archive)
    pipeline.replay(anew, since=None, now=NOW)
    assert looks(anew) == looks(workspace), "nor does a store built anew"
    assert {name for _, name, _, _ in pipeline.brought_files(anew)} == {"b.har"}
    ingest(workspace, pages[0])
    assert len(looks(workspace)) == 2, "brought again it counts again"
