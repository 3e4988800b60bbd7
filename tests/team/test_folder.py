"""The lake has a folder of its own: what lies beside it stays, a second lake and a missing mount are told."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from trendscout.errors import StoreError
from trendscout.model import Entry, Snapshot
from trendscout.store import upkeep
from trendscout.store.address import StoreAddress
from trendscout.store.connect import open_store
from trendscout.store.lake import _OF_A_LAKE, _load_extensions
from trendscout.store.load import load_snapshots

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LIST = "amazon_bestsellers_US/bestsellers/kitchen"
LONG_AGO = (0, 0)


def fill(lake, day=0):
    rows = tuple(Entry(LIST, rank, f"B{rank:09}", title=f"Kettle {rank}") for rank in range(1, 31))
    look = Snapshot(LIST, NOW + timedelta(days=day), status="ok", entries=rows, depth=30, layout="grid")
    with open_store(lake) as store:
        load_snapshots(store, [look], loaded_at=NOW)


def old_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    os.utime(path, LONG_AGO)
    return path


def test_compacting_deletes_only_what_ducklake_wrote_and_nothing_names(new_lake):
    lake = new_lake()
    fill(lake)
    home = Path(lake.data_path)
    mine = [
        old_file(home / name)
        for name in ("prices.parquet", "archive/2026/a.parquet", "drops/x.parquet", "lake/main/y.parquet")
    ]
    orphan = old_file(home / "lake/main/observations/ducklake-0000.parquet")
    assert upkeep.would_go(lake) == (str(orphan),)
    done = upkeep.compact(lake)
    assert done.deleted == (str(orphan),)
    assert done.left is None
    assert not orphan.exists()
    assert all(file.exists() for file in mine)
    assert upkeep.check(lake) == []


def test_a_lake_that_shares_its_folder_keeps_all_and_is_told(new_lake):
    lake = new_lake()
    connection = duckdb.connect()
    _load_extensions(connection, _OF_A_LAKE)
    connection.execute(f"ATTACH '{lake.for_attach()}' AS early (DATA_PATH '{lake.data_path}/')")
    connection.close()
    fill(lake)
    mine = old_file(Path(lake.data_path) / "main/observations/ducklake-0000.parquet")
    done = upkeep.compact(lake)
    assert (done.deleted, done.left) == ((), Path(lake.data_path))
    assert mine.exists()


def test_a_second_lake_in_one_folder_is_refused(new_lake):
    first, second = new_lake(), new_lake()
    fill(first)
    with (
        pytest.raises(StoreError, match="another store"),
        open_store(StoreAddress(second.for_attach(), first.data_path)),
    ):
        pass
    fill(second)  # and it was not made
    assert upkeep.check(first) == upkeep.check(second) == []


def test_a_folder_that_is_not_mounted_or_not_the_lakes_is_told(new_lake):
    lake, other = new_lake(), new_lake()
    fill(lake)
    fill(other)
    away = Path(lake.data_path).rename(lake.data_path + ".away")
    with pytest.raises(StoreError, match="Mount"):
        fill(lake, 1)
    shutil.copytree(other.data_path, lake.data_path)
    with pytest.raises(StoreError, match="another store"):
        fill(lake, 1)
    shutil.rmtree(lake.data_path)
    away.rename(lake.data_path)
    fill(lake, 1)
    with pytest.raises(StoreError, match="data_path is"):
        fill(StoreAddress(lake.for_attach(), other.data_path))
    fill(StoreAddress(lake.for_attach()), 2)  # the catalogue knows the folder
    assert upkeep.check(lake) == []


def test_a_new_lake_needs_a_folder(new_lake):
    with pytest.raises(StoreError, match="data_path"), open_store(StoreAddress(new_lake().for_attach())):
        pass
