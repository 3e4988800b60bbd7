"""Copies of a store: made beside their place, put back whole, and nothing lost where that cannot be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from trendscout.errors import StoreError, UsageError
from trendscout.model import Entry, Snapshot
from trendscout.store.address import StoreAddress
from trendscout.store.connect import open_store
from trendscout.store.load import load_snapshots
from trendscout.store.upkeep import back_up, check, restore

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LOOK = Snapshot("a_US/x/y", NOW, "ok", (Entry("a_US/x/y", 1, "k1", title="Owl"),), depth=1)


def days(file) -> list[int]:
    with open_store(file) as connection:
        rows = connection.execute("SELECT day(taken_at) FROM snapshots ORDER BY 1").fetchall()
    return [row[0] for row in rows]


@pytest.fixture
def store(tmp_path):
    address = StoreAddress(tmp_path / "s.duckdb")
    with open_store(address) as connection:
        load_snapshots(connection, [LOOK], loaded_at=NOW)
    return address


def test_a_copy_has_what_the_store_has_and_takes_no_other_files_place(store, tmp_path):
    copy = tmp_path / "new" / "copy.duckdb"
    assert back_up(store, copy) == copy.stat().st_size
    assert check(copy) == []
    assert days(copy) == [1]
    before = copy.read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        back_up(store, copy)
    assert copy.read_bytes() == before
    assert [path.name for path in copy.parent.iterdir()] == ["copy.duckdb"]


def test_a_copy_is_put_back_and_the_former_store_kept(store, tmp_path):
    copy = tmp_path / "copy.duckdb"
    back_up(store, copy)
    with open_store(store) as connection:
        load_snapshots(connection, [replace(LOOK, taken_at=NOW + timedelta(days=1))], loaded_at=NOW)
    kept = restore(copy, store)
    assert (days(store.file), days(kept), days(copy)) == ([1], [1, 2], [1])
    store.file.unlink()
    assert restore(copy, store) is None
    assert days(store.file) == [1]


def test_a_copy_that_contradicts_itself_or_is_none_is_not_put_back(store, tmp_path):
    copy = tmp_path / "copy.duckdb"
    with pytest.raises(UsageError, match="is not there"):
        restore(copy, store)
    back_up(store, copy)
    with open_store(copy) as connection:
        connection.execute("DELETE FROM lists")
    with pytest.raises(StoreError, match="is damaged: 1 snapshots are of an unknown list"):
        restore(copy, store)
    assert days(store.file) == [1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.duckdb", "s.duckdb"]
