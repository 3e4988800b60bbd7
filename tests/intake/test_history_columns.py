"""A history that lacks a column is told which, and which of its own is like it; Parquet is known by its bytes."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

NOW = datetime(2026, 5, 1, 6, tzinfo=UTC)
WHOLE = {"list_id": ["shop_US/bestsellers/x"], "snapshot_at": [NOW], "rank": [1], "item_key": ["B1"]}


@pytest.mark.parametrize("name", ["h.parquet", "h.PARQUET", "h.csv", "h"])
@pytest.mark.parametrize("theirs", ["observed_at", "taken_at", "snapshot_time"])
def test_a_column_of_another_name_is_proposed(run, tmp_path, name, theirs):
    table = {theirs if column == "snapshot_at" else column: values for column, values in WHOLE.items()}
    pq.write_table(pa.table(table), tmp_path / name)
    ended = run("import", name)
    assert ended.code == 2
    assert ended.err == (
        f"{name} has no column snapshot_at. Rename what it has: {theirs} → snapshot_at. "
        "A history needs the columns list_id, snapshot_at, rank and item_key.\n"
    )


def test_a_column_that_nothing_is_like_is_named(run, tmp_path):
    pq.write_table(
        pa.table({"list_id": ["a"], "snapshot_at": [NOW], "rank": [1], "q": ["x"]}), tmp_path / "h.parquet"
    )
    ended = run("import", "h.parquet")
    assert ended.err.startswith("h.parquet has no column item_key. A history needs")


@pytest.mark.parametrize("name", ["h.PARQUET", "history.bin"])
def test_parquet_is_known_by_its_bytes(run, tmp_path, name):
    pq.write_table(pa.table(WHOLE), tmp_path / name)
    assert run("import", name).code == 0
    assert run("backtest", name).code == 2  # read, and too short
