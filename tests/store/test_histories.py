"""ImportResult histories: verbatim ids, no doubles, refused whole when a row is bad."""

from datetime import UTC, datetime

import numpy as np
import pytest

from trendscout.errors import UsageError
from trendscout.intake.histories import history_file
from trendscout.intake.kinds import kind_of
from trendscout.store.connect import open_store
from trendscout.store.histories import import_history, read_history

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HEAD = "list_id,snapshot_at,rank,item,item_key,count\n"


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "s.duckdb") as connection:
        yield connection


def write(tmp_path, *rows):
    path = tmp_path / "history.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("list_id", "source", "market", "kind", "category"),
    [
        ("amazon_US/bestsellers/anime", "amazon", "US", "bestsellers", "anime"),
        ("billboard_hot100/US", "billboard_hot100", "US", "", ""),
        ("twitter_trends/Chennai", "twitter_trends", None, "", "Chennai"),
        ("shop_UK/new/toys/wooden", "shop", "UK", "new", "toys/wooden"),
        ("何处/榜单", "何处", None, "", "榜单"),
        ("x_QQ/a", "x_QQ", None, "", "a"),
    ],
)
def test_list_ids_are_kept_and_taken_apart(store, tmp_path, list_id, source, market, kind, category):
    import_history(store, write(tmp_path, f"{list_id},2026-10-01T00:00:00,1,a,k1,"), loaded_at=NOW)
    found = store.execute("SELECT list_id, source, market, kind, category FROM lists").fetchall()
    assert found == [(list_id, source, market, kind, category)]


def test_a_market_is_given_to_lists_that_name_none(store, tmp_path):
    path = write(tmp_path, "toplist,2026-10-01,1,a,k1,", "toplist_ID,2026-10-01,1,a,k1,")
    import_history(store, path, loaded_at=NOW, market="MY")
    assert store.execute("SELECT market FROM lists ORDER BY list_id").fetchall() == [("MY",), ("ID",)]


def test_the_same_file_twice_changes_nothing(store, tmp_path):
    path = write(tmp_path, "a_US/x/y,2026-10-01,1,one,k1,5", "a_US/x/y,2026-10-01,2,two,k2,")
    first, again = (import_history(store, path, loaded_at=NOW) for _ in range(2))
    assert (first.snapshots, first.observations, first.listings, first.known) == (1, 2, 2, 0)
    assert (again.snapshots, again.observations, again.listings, again.known) == (0, 0, 0, 1)


def test_what_is_new_in_a_longer_history_is_counted(store, tmp_path):
    def day(number, goods):
        return [f"a_US/x/y,2026-10-0{number},{rank},good {rank},k{rank}," for rank in range(1, goods + 1)]

    import_history(store, write(tmp_path, *day(1, 5)), loaded_at=NOW)
    more = import_history(store, write(tmp_path, *day(1, 5), *day(2, 7), *day(3, 8)), loaded_at=NOW)
    assert (more.snapshots, more.observations, more.listings, more.known) == (2, 15, 3, 1)


def test_a_doubled_row_counts_once_at_its_best_place(store, tmp_path):
    path = write(tmp_path, "a_US/x/y,2026-10-01,3,one,k1,", "a_US/x/y,2026-10-01,2,one,k1,7")
    import_history(store, path, loaded_at=NOW)
    assert store.execute("SELECT rank, count FROM observations").fetchall() == [(2, 7.0)]


def test_times_with_a_zone_become_utc(store, tmp_path):
    import_history(store, write(tmp_path, "a_US/x/y,2026-10-01T08:00:00+08:00,1,one,k1,"), loaded_at=NOW)
    assert store.execute("SELECT taken_at::VARCHAR FROM snapshots").fetchall() == [("2026-10-01 00:00:00",)]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("a_US/x/y,yesterday,1,one,k1,", "snapshot_at"),
        ("a_US/x/y,2026-10-01,first,one,k1,", "rank"),
        ("a_US/x/y,2026-10-01,0,one,k1,", "rank"),
        ("a_US/x/y,2026-10-01,1,one,,", "item_key"),
        (",2026-10-01,1,one,k1,", "list_id"),
    ],
)
def test_a_bad_row_is_left_out_and_told_and_nobody_is_absent_for_it(store, tmp_path, row, column):
    path = write(tmp_path, "a_US/x/y,2026-10-01,2,good,k0,", "a_US/x/y,2026-10-02,1,good,k0,", row)
    loaded = import_history(store, path, loaded_at=NOW)
    assert tuple(map(str, loaded.findings)) == (f"1 of 3 rows were left out: missing or impossible 1 × {column}.",)
    found = store.execute("SELECT depth, status FROM snapshots ORDER BY taken_at").fetchall()
    torn = column not in ("list_id", "snapshot_at")  # else nobody knows of which look the row was
    assert found == [(0, "partial") if torn else (2, "ok"), (1, "ok")]


@pytest.mark.parametrize("row", [",2026-10-01,1,one,k1,", "a_US/x/y,0001-01-01,1,one,k1,"])
def test_a_file_of_bad_rows_only_is_refused(store, tmp_path, row):
    kept = []
    with pytest.raises(UsageError, match="1 × "):
        import_history(store, write(tmp_path, row), loaded_at=NOW, keep=lambda: kept.append(1))
    assert kept == []
    assert store.execute("SELECT count(*) FROM lists").fetchall() == [(0,)]


@pytest.mark.parametrize("count", ["inf", "NaN", "-1", "1e300", "1.2万"])
def test_a_count_that_cannot_be_is_left_out_and_told(store, tmp_path, count):
    loaded = import_history(store, write(tmp_path, f"a_US/x/y,2026-10-01,1,one,k1,{count}"), loaded_at=NOW)
    assert tuple(map(str, loaded.findings)) == ("count: 1 cell holds no number that can be.",)
    assert store.execute("SELECT count FROM observations").fetchall() == [(None,)]


@pytest.mark.parametrize("time", ["0001-01-01", "1970-01-01", "2126-10-01"])
def test_a_time_without_shops_is_no_time(store, tmp_path, time):
    path = write(tmp_path, "a_US/x/y,2026-10-01,1,one,k1,", f"a_US/x/y,{time},1,one,k1,")
    assert import_history(store, path, loaded_at=NOW).snapshots == 1


@pytest.mark.parametrize("encoding", ["gbk", "utf-16", "utf-8-sig"])
def test_a_history_that_a_spreadsheet_saved_is_read(store, tmp_path, encoding):
    path = tmp_path / "history.csv"
    path.write_bytes((HEAD.title() + "a_US/x/y,2026-10-01,1,会唱歌的仙人掌,k1,5\n").encode(encoding))
    assert kind_of(path) == "history"
    with history_file(path) as plain:
        import_history(store, plain, loaded_at=NOW)
    assert store.execute("SELECT title FROM listings").fetchall() == [("会唱歌的仙人掌",)]


def test_a_file_that_is_no_history_is_told(store, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match=r"export\.csv has no column list_id, snapshot_at, rank, item_key"):
        import_history(store, path, loaded_at=NOW)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and no more")
    with pytest.raises(UsageError, match="is not a ranked-list history"):
        import_history(store, broken, loaded_at=NOW)


def test_titles_and_counts_may_be_missing(store, tmp_path):
    path = tmp_path / "bare.csv"
    path.write_text("rank,item_key,snapshot_at,list_id\n1,k1,2026-10-01,a_US/x/y\n")
    assert kind_of(path) == "history"
    import_history(store, path, loaded_at=NOW)
    assert store.execute("SELECT rank, count FROM observations").fetchall() == [(1, None)]
    assert store.execute("SELECT title FROM listings").fetchall() == [(None,)]


def test_an_item_key_keeps_its_leading_zeros(store, tmp_path):
    path = write(tmp_path, "007,2026-10-01,1,0x1F,0012,", "007,2026-10-01,2,1e5,12,")
    import_history(store, path, loaded_at=NOW)
    assert store.execute("SELECT item_key FROM listings ORDER BY 1").fetchall() == [("0012",), ("12",)]
    past = read_history(path)
    assert (past.lists, past.items.tolist(), past.titles.tolist()) == (("007",), ["0012", "12"], ["0x1F", "1e5"])


def test_a_history_as_arrays_says_what_the_file_says(tmp_path):
    path = tmp_path / "h.csv"
    path.write_text(
        "Rank,item_key,snapshot_at,list_id,count,count_floor,depth,length,item\n"
        "2,b,2026-10-01T00:00:00.9Z,x_US/a/b,7,True,50,,Mop\n"
        "1,a,2026-10-01 02:00:00.1+02:00,x_US/a/b,,,50,,\n"
        "3,b,2026-10-01,x_US/a/b,9,,50,,Broom\n"  # again, at a worse rank
        ",c,2026-10-01,x_US/a/b,1,,,,\n"  # without one
        "4.0,a,2026-10-02,x_US/a/b,1.5,0.0,,200,Lamp\n"
    )
    past = read_history(path)
    assert (past.lists, past.items.tolist()) == (("x_US/a/b",), ["a", "b"])
    assert (past.snap_time % 86_400).tolist() == [0, 0], "whole seconds, cut off, in UTC"
    assert (past.snap_depth.tolist(), past.snap_length.tolist()) == ([50, 4], [-1, 200])
    assert (past.obs_snap.tolist(), past.obs_item.tolist()) == ([0, 0, 1], [0, 1, 0])
    assert past.obs_rank.tolist() == [1, 2, 4]
    assert np.array_equal(past.obs_count, [np.nan, 7.0, 1.5], equal_nan=True)
    assert past.obs_floor.tolist() == [False, True, False]
    assert past.titles.tolist() == ["", "Broom"], "of one moment the first in order"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("x_US/a/b,2026-10-01,first,a,k,", "'first'"),
        ("x_US/a/b,soon,1,a,k,", '"soon"'),
        ("x_US/a/b,,1,a,k,", "a row has no snapshot_at"),
        ("x_US/a/b,2026-10-01,1,a,k,many", "'many'"),
        ("x_US/a/b,2026-10-01,99999999999,a,k,", "99999999999"),
        ("x_US/a/b,2026-10-01,0,a,k,", "below 1"),
    ],
)
def test_a_value_that_is_none_is_told_and_not_left_out(tmp_path, row, fault):
    with pytest.raises(UsageError, match=fault):
        read_history(write(tmp_path, "x_US/a/b,2026-10-01,1,a,k,5", row))
