"""Large reads: within a bound of memory, batch by batch, and the same as without."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from pyarrow import parquet

from tests.pipeline.test_rank import rows_of
from tests.ranking.histories import market
from trendscout import tables
from trendscout.history import History
from trendscout.ranking.title_priors import _Counter
from trendscout.steps import rank as ranking
from trendscout.store import query, sql
from trendscout.store.connect import _to_read, open_store
from trendscout.store.histories import import_history
from trendscout.store.sql import Connection, bounded, count

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    file, path = tmp_path / "history.parquet", tmp_path / "s.duckdb"
    parquet.write_table(rows_of(market(4, days=6, lists=5, length=20)), file)
    with open_store(path) as connection:
        import_history(connection, file, loaded_at=NOW)
    return path


@pytest.fixture(autouse=True)
def _any_store_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "_LARGE", 0)


def limit(connection: Connection) -> float:
    """In megabytes."""
    number, unit = str(connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]).split()
    return float(number) * {"MiB": 2**20, "GiB": 2**30}[unit] / 1e6


def test_the_bound_holds_inside_and_is_gone_afterwards(store: Path) -> None:
    with open_store(store) as connection:
        usual = limit(connection)
        for _ in range(30):  # told back as it is shown, it would lose a tenth a time
            assert bounded(150)(limit)(connection) == pytest.approx(150, abs=0.1)
        assert limit(connection) == pytest.approx(usual, rel=0.01)
        # What holds the memory knows it too: the setting alone may say so.
        connection.execute("CREATE TEMP TABLE t AS SELECT hash(range) AS a FROM range(1_000_000)")


def test_a_small_store_knows_no_bound(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be one of all threads that have the store open."""
    monkeypatch.setattr(sql, "_LARGE", 601)
    with open_store(store) as connection:
        assert bounded(150)(limit)(connection) == limit(connection) > 200


@pytest.mark.parametrize("fault", [duckdb.OutOfMemoryException, duckdb.InterruptException])
def test_what_cannot_be_read_within_the_bound_is_read_without(store: Path, fault: type[duckdb.Error]) -> None:
    limits = []

    @bounded(100)
    def greedy(connection: Connection, asked: int) -> int:
        limits.append(limit(connection))
        if len(limits) == 1:
            raise fault("no room")
        return asked

    with open_store(store) as connection:
        usual = limit(connection)
        assert greedy(connection, 7) == 7
    assert limits == [pytest.approx(100, abs=0.1), pytest.approx(usual, rel=0.01)]


def test_a_history_is_the_same_in_batches_of_any_size(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> History:
        with open_store(store) as connection:
            connection.execute("UPDATE observations SET count = 12, count_floor = TRUE WHERE rank = 3")
            return query.history(connection, until=datetime(2100, 1, 1, tzinfo=UTC))

    sizes: list[int] = []

    class Sevens:
        """A stream in batches of seven rows; DuckDB's own have a million."""

        @staticmethod
        def from_stream(relation: Any) -> Any:
            parts = tables.Table(relation).rechunk(max_chunksize=7)
            sizes.extend(parts.chunk_lengths)
            return parts.to_reader()

    whole = read()
    monkeypatch.setattr(tables, "RecordBatchReader", Sevens)
    parts = read()
    assert max(sizes) == 7
    assert sum(sizes) > len(whole.obs_rank)
    assert len(whole.obs_rank) == 600
    assert np.isnan(whole.obs_count).sum() == 570
    for field in fields(History):
        one, other = getattr(whole, field.name), getattr(parts, field.name)
        if isinstance(one, np.ndarray):
            assert one.dtype == other.dtype, field.name
            assert one.flags.writeable
        np.testing.assert_array_equal(one, other)


def test_two_that_read_one_file_spill_into_folders_of_their_own(store: Path) -> None:
    places = []
    for _ in range(2):
        reading = _to_read(store)
        assert reading is not None
        places.append(reading.execute("SELECT current_setting('temp_directory')").fetchall()[0][0])
        reading.close()
    assert places[0] != places[1]
    assert not any(str(store) in place for place in places)


def test_states_are_kept_of_every_list_and_read_some_lists_at_a_time(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Watched(ranking._StoredStates):
        def of(self, lists):  # type: ignore[no-untyped-def]
            asked.append(len(lists))
            return super().of(lists)

    monkeypatch.setattr(ranking, "_StoredStates", Watched)
    monkeypatch.setattr("trendscout.ranking.signal_replay.BATCH_ROWS", 40)
    with open_store(store) as connection:
        ranking.rank(connection, query.ANYWHERE, now=datetime(2100, 1, 1, tzinfo=UTC))
        assert count(connection, "folds") == 5
    assert max(asked) == 2


@pytest.mark.parametrize("marks", [3, 2**20])
def test_marks_and_times_are_counted_alike_in_few_bits_and_in_many(marks: int) -> None:
    random = np.random.default_rng(1)
    size = random.integers(0, 4, 5000)
    mark = random.integers(0, marks, size.sum()).astype(np.int32)
    when = random.integers(0, 10**9, 5000)
    counter = _Counter(mark, marks, when, size)
    assert counter.line.dtype == (np.uint16 if marks == 3 else np.uint64)
    asked, at = random.choice(mark, 50), random.integers(0, 10**9, 50)
    of_mark = np.repeat(when, size)
    naive = [int(((mark == one) & (of_mark <= time)).sum()) for one, time in zip(asked, at, strict=True)]
    assert counter.up_to(asked, at).tolist() == naive
