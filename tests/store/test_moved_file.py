"""What was moved into a file is in that file: a copy of it alone is whole."""

import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from trendscout.model import Entry, Snapshot
from trendscout.store import upkeep
from trendscout.store.address import StoreAddress
from trendscout.store.connect import open_store
from trendscout.store.load import load_snapshots

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LIST = "amazon_bestsellers_US/bestsellers/kitchen"


def test_a_copy_of_the_one_file_is_whole(tmp_path, monkeypatch):
    """Also before the connection is closed, which might write the rest of the log into the file, or be killed."""
    source, target = StoreAddress(tmp_path / "from.duckdb"), StoreAddress(tmp_path / "to.duckdb")
    looks = [
        Snapshot(
            LIST,
            NOW + timedelta(days=day),
            status="ok",
            entries=tuple(Entry(LIST, rank, f"B{rank:09}", title=f"Kettle {rank}") for rank in range(1, 31)),
            depth=30,
            layout="grid",
        )
        for day in range(5)
    ]
    with open_store(source) as store:
        load_snapshots(store, looks, loaded_at=NOW)
    with open_store(target):
        pass

    @contextmanager
    def copied_at_the_end(address, **given):
        with open_store(address, **given) as connection:
            yield connection
            if address == source:
                shutil.copyfile(tmp_path / "to.duckdb", tmp_path / "copy.duckdb")

    monkeypatch.setattr(upkeep, "open_store", copied_at_the_end)
    assert upkeep.move(source, target) > 150
    assert not (tmp_path / "to.duckdb.wal").exists()
    with open_store(StoreAddress(tmp_path / "copy.duckdb")) as copy:
        assert copy.execute("SELECT count(*) FROM observations").fetchone() == (150,)
        assert upkeep.contradictions(copy) == []
