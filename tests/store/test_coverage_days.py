"""The strip of looks by day: the best of each day, and days on which nobody looked."""

from datetime import UTC, datetime, timedelta

from trendscout.model import Entry, Snapshot
from trendscout.store.connect import open_store
from trendscout.store.coverage import coverage
from trendscout.store.load import load_snapshots

NOW = datetime(2026, 11, 15, 8, tzinfo=UTC)
LIST = "amazon_bestsellers_US/bestsellers/kitchen"


def test_days_show_the_best_look_of_each(tmp_path):
    looks = [(0, "blocked"), (1, "ok"), (1.1, "failed"), (3, "partial"), (13, "ok"), (30, "ok")]
    found = [
        Snapshot(
            LIST, NOW - timedelta(days=back), status, (Entry(LIST, 1, "B1", "Foldable kettle"),) * (status == "ok")
        )
        for back, status in looks
    ]
    with open_store(tmp_path / "s.duckdb") as connection:
        load_snapshots(connection, found, loaded_at=NOW)
        (one,) = coverage(connection, now=NOW)
    assert [status for _, status in one.days] == ["ok", *["none"] * 9, "partial", "none", "ok", "blocked"]
    assert [day for day, _ in one.days][::13] == ["2026-11-02", "2026-11-15"]
