"""A table on its way: archived before it is loaded, once under any name, repaired, taken back, read again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trendscout import pipeline
from trendscout.errors import ArchiveError
from trendscout.store.workspace import Workspace

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
HEAD = "Rank,Product ID,Product Title,Price,Item Sold,Country/Region\n"
ROW = "{0},172938475610293847{0},Moss lantern {0},$12.9{0},{0}00,US\n"
TABLE = HEAD + "".join(ROW.format(n) for n in (1, 2, 3))
HISTORY = "list_id,snapshot_at,rank,item_key\na_US/x/y,2026-10-01,1,k1\na_US/x/y,2026-10-02,1,k1\n"


@pytest.fixture
def here(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "s.duckdb", tmp_path / "archive")


def brought(here: Workspace, file: Path, *, days: int = 0, **options):
    told = {"profile": None, "market": None, "at": None} | options
    return pipeline.import_file(here, file, now=NOW + timedelta(days=days), **told)


def rows(here: Workspace, query: str):
    with here.store() as connection:
        return connection.execute(query).fetchall()


def written(tmp_path: Path, text: str, name: str = "kalodata.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


LOOKS = "SELECT taken_at, entries, len(pages) FROM snapshots ORDER BY 1"


@pytest.mark.parametrize(("text", "looks"), [(TABLE, 1), (HISTORY, 2)])
def test_a_file_counts_once_under_any_name_and_on_any_day(tmp_path: Path, here: Workspace, text: str, looks: int):
    first = brought(here, written(tmp_path, text))
    found = rows(here, LOOKS)
    again = brought(here, written(tmp_path, text, "other.csv"), days=3)
    assert (first.loaded.snapshots, again.loaded.snapshots, again.loaded.known) == (looks, 0, looks)
    assert rows(here, LOOKS) == found
    assert {pages for _, _, pages in found} == {1}
    assert rows(here, "SELECT count(*) FROM brought") == [(1,)]


def test_another_market_or_time_is_another_look(tmp_path: Path, here: Workspace):
    path = written(tmp_path, TABLE.replace("US", ""))
    brought(here, path, market="US")
    assert brought(here, path, market="UK").loaded.snapshots == 1
    assert brought(here, path, market="US", at=NOW - timedelta(days=1)).loaded.snapshots == 1


@pytest.mark.parametrize("text", [TABLE, HISTORY])
def test_an_archive_that_cannot_be_written_leaves_no_rows(tmp_path: Path, here: Workspace, text: str):
    (tmp_path / "archive").write_text("a file where the folder should be")
    with pytest.raises((ArchiveError, OSError)):
        brought(here, written(tmp_path, text))
    assert rows(here, "SELECT count(*) FROM snapshots") == [(0,)]


@pytest.mark.parametrize("text", [TABLE, HISTORY])
def test_a_kill_between_archive_and_store_is_mended_by_the_next_import_and_by_replay(
    tmp_path: Path, here: Workspace, text: str, monkeypatch: pytest.MonkeyPatch
):
    def killed(*_, **__):
        raise KeyboardInterrupt

    path = written(tmp_path, text)
    with monkeypatch.context() as patched:
        patched.setattr("trendscout.steps.ingest.load_snapshots", killed)
        patched.setattr("trendscout.store.histories._insert_history", killed)
        with pytest.raises(KeyboardInterrupt):
            brought(here, path)
    assert rows(here, "SELECT count(*) FROM snapshots") == [(0,)]
    pipeline.replay(here, since=None, now=NOW)
    found = rows(here, LOOKS)
    assert found
    assert brought(here, path, days=1, at=NOW).loaded.snapshots == 0
    assert rows(here, LOOKS) == found


@pytest.mark.parametrize("text", [TABLE, HISTORY])
def test_what_a_file_brought_is_taken_back_and_stays_away(tmp_path: Path, here: Workspace, text: str):
    brought(here, written(tmp_path, text))
    name, looks = pipeline.undo(here, "kalodata.csv", now=NOW)
    assert (name, looks) == ("kalodata.csv", 1 if text is TABLE else 2)
    pipeline.replay(here, since=None, now=NOW)
    assert rows(here, "SELECT count(*) FROM observations") == [(0,)]
    assert brought(here, written(tmp_path, text), days=1).loaded.snapshots == looks


def test_goods_of_ones_own_are_taken_back_and_what_others_told_of_them_stays(tmp_path: Path, here: Workspace):
    brought(here, written(tmp_path, "SKU,采购成本,可用库存\nL-1,3.5,20\nL-2,4,7\n", "erp.csv"))
    brought(here, written(tmp_path, "SKU,采购成本,可用库存\nL-1,9,99\nL-3,1,1\n", "wrong.csv"), days=1)
    assert pipeline.undo(here, "wrong.csv", now=NOW) == ("wrong.csv", 0)
    found = rows(here, "SELECT sku, stock, cost::DOUBLE FROM stock ORDER BY sku")
    assert found == [("L-1", 20.0, 3.5), ("L-2", 7.0, 4.0)]
    anew = Workspace.at(str(tmp_path / "anew.duckdb"), here.archive)
    pipeline.replay(anew, since=None, now=NOW)
    assert rows(anew, "SELECT sku, stock, cost::DOUBLE FROM stock ORDER BY sku") == found


@pytest.mark.parametrize("text", [TABLE, HISTORY])
def test_a_store_built_anew_knows_what_was_brought_and_what_was_taken_back(
    tmp_path: Path, here: Workspace, text: str
):
    kept = brought(here, written(tmp_path, text, "kept.csv")).loaded.snapshots
    brought(here, written(tmp_path, text.replace("k1", "k9").replace("Moss", "Odd"), "wrong.csv"), days=1)
    pipeline.undo(here, "wrong.csv", now=NOW)
    before = rows(here, LOOKS)
    anew = Workspace.at(str(tmp_path / "anew.duckdb"), here.archive)
    pipeline.replay(anew, since=None, now=NOW)
    assert rows(anew, LOOKS) == before
    assert brought(anew, written(tmp_path, text, "again.csv"), days=2).loaded.snapshots == 0, "no second look"
    assert pipeline.undo(anew, "kept.csv", now=NOW) == ("kept.csv", kept)


def test_an_import_by_a_profile_of_ones_own_is_read_again_without_it(tmp_path: Path, here: Workspace):
    path = written(
        tmp_path, "Nr,Ding,Wo\n1,Owl,https://nova.example/owl\n2,Lamp,https://nova.example/lamp\n", "x.csv"
    )
    mine = written(
        tmp_path,
        'name = "mine"\nrole = "list"\nsource = "nova"\nkey_in_url = "example/(.+)"\n'
        '[columns]\nrank = ["Nr"]\ntitle = ["Ding"]\nurl = ["Wo"]\n',
        "mine.toml",
    )
    brought(here, path, profile=str(mine), market="DE")
    before = rows(here, "SELECT listing, rank FROM observations ORDER BY 2")
    mine.unlink()
    for table in ("snapshots", "observations", "lists", "pages"):
        with here.store() as connection:
            connection.execute(f"DELETE FROM {table}")
    pipeline.replay(here, since=None, now=NOW)
    assert rows(here, "SELECT listing, rank FROM observations ORDER BY 2") == before


def test_what_one_report_does_not_say_of_a_sku_stays_as_another_said_it(tmp_path: Path, here: Workspace):
    brought(here, written(tmp_path, "SKU,采购成本,可用库存\nL-1,3.5,20\nL-2,4,7\n", "erp.csv"))
    report = "(Child) ASIN,Title,SKU,Sessions - Total,Units Ordered\nB0TESTAAA1,Lantern,L-1,50,683\n"
    assert brought(here, written(tmp_path, report, "business.csv")).stock == 1
    found = rows(here, "SELECT sku, item_key, sales, stock, cost::DOUBLE FROM stock ORDER BY sku")
    assert found == [("L-1", "B0TESTAAA1", 683.0, 20.0, 3.5), ("L-2", None, None, 7.0, 4.0)]


def test_a_file_name_that_is_no_text_is_kept_and_told(tmp_path: Path, here: Workspace):
    import os

    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xc9\xcc\xc6\xb7.csv"))
    path.write_text(TABLE, encoding="utf-8")
    assert brought(here, path).loaded.snapshots == 1
    assert rows(here, "SELECT name FROM brought WHERE name LIKE '%�%.csv'") != []


def test_a_match_with_nothing_new_writes_nothing(tmp_path: Path, here: Workspace, monkeypatch: pytest.MonkeyPatch):
    from trendscout.store import products

    saved: list[bool] = []
    save = products.save_matches

    def counting(*values: object, **more: object) -> None:
        saved.append(True)
        save(*values, **more)  # type: ignore[arg-type]  # whatever it was called with

    monkeypatch.setattr(products, "save_matches", counting)
    brought(here, written(tmp_path, TABLE))
    first = pipeline.match(here)
    assert pipeline.match(here) == first
    assert len(saved) == 1
    before = rows(here, "SELECT * FROM memberships ORDER BY ALL")
    (one,), (other,), *_ = rows(here, "SELECT product_id FROM memberships ORDER BY ALL")
    pipeline.decide(here, "merge", one, other, now=NOW)
    assert pipeline.match(here).products == first.products - 1
    assert len(saved) == 2, "a word of the user's is news, once"
    assert rows(here, "SELECT * FROM memberships ORDER BY ALL") != before
    brought(here, written(tmp_path, TABLE.replace("Moss", "Odd").replace("17293", "19293"), "new.csv"), days=1)
    pipeline.match(here)
    assert len(saved) == 3
