"""A store there and back: the same rows, and a move that stopped goes on."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from trendscout.errors import StoreError, UsageError
from trendscout.model import Entry, Snapshot
from trendscout.store import upkeep
from trendscout.store.address import StoreAddress
from trendscout.store.connect import open_store
from trendscout.store.load import load_snapshots

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LIST = "amazon_bestsellers_US/bestsellers/kitchen"


def look(day):
    rows = tuple(
        Entry(LIST, rank, f"B{rank + day:09}", title=f"Kettle 保温 {rank}", price=Decimal("12.5"), currency="USD")
        for rank in range(1, 31)
    )
    return Snapshot(LIST, NOW + timedelta(days=day), status="ok", entries=rows, depth=30, layout="grid")


@pytest.fixture
def file(tmp_path):
    path = StoreAddress(tmp_path / "from.duckdb")
    with open_store(path) as store:
        load_snapshots(store, [look(day) for day in range(5)], loaded_at=NOW)
    return path


def rows(db):
    with open_store(db) as store:
        return {
            table: sorted(store.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in upkeep.TABLES
        }


def test_there_and_back_is_the_same(file, new_lake, tmp_path):
    lake = new_lake()
    back = StoreAddress(tmp_path / "back.duckdb")
    moved = upkeep.move(file, lake)
    assert upkeep.move(lake, back) == moved == sum(map(len, rows(file).values())) > 150
    assert rows(lake) == rows(back) == rows(file)
    assert upkeep.check(lake) == []


def test_a_move_that_stopped_goes_on(file, lake, monkeypatch):
    order = upkeep._order

    def stops(table):
        if table == "listings":
            raise RuntimeError("the machine stops here")
        return order(table)

    monkeypatch.setattr(upkeep, "_order", stops)
    with pytest.raises(RuntimeError):
        upkeep.move(file, lake)
    monkeypatch.undo()
    upkeep.move(file, lake)
    assert rows(lake) == rows(file)


def test_a_store_with_other_data_is_left(file, lake):
    with open_store(lake) as store:
        load_snapshots(store, [look(77)], loaded_at=NOW)
    before = rows(lake)
    with pytest.raises(UsageError, match="1 snapshots"):
        upkeep.move(file, lake)
    assert rows(lake) == before


def test_what_cannot_be_reached_is_said_without_the_password(tmp_path):
    pytest.importorskip("duckdb_extensions", reason="duckdb_extensions is not installed", exc_type=ImportError)
    with (
        pytest.raises(StoreError) as caught,
        open_store(f"ducklake:postgres:dbname=x host={tmp_path} password=hunter2"),
    ):
        pass
    assert "hunter2" not in str(caught.value)


@pytest.mark.long
def test_compacting_a_lake_changes_no_row(lake):
    for day in range(6):
        with open_store(lake) as store:
            load_snapshots(store, [look(day)], loaded_at=NOW)
    before = rows(lake)
    done = upkeep.compact(lake)
    assert 0 <= done.after <= done.before
    assert rows(lake) == before
