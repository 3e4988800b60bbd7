"""What the store keeps of earlier mornings changes no score."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.ranking.histories import START, market
from trendscout.history import History
from trendscout.ranking import scoring
from trendscout.ranking.scoring import Scores
from trendscout.steps.rank import rank
from trendscout.store.connect import open_store
from trendscout.store.histories import import_history
from trendscout.store.query import ANYWHERE
from trendscout.store.sql import Connection, arrow, count, registered

pytestmark = pytest.mark.slow

DAYS = 60


def rows_of(history: History) -> pa.Table:
    return pa.table(
        {
            "list_id": [history.lists[code] for code in history.snap_list[history.obs_snap]],
            "snapshot_at": [
                datetime.fromtimestamp(at, UTC) for at in history.snap_time[history.obs_snap].tolist()
            ],
            "rank": history.obs_rank,
            "item_key": [history.items[code] for code in history.obs_item],
            "count": pa.nulls(len(history.obs_rank), pa.float64()),
            "item": [f"Mop {history.items[code]}" for code in history.obs_item],
        }
    )


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of two lists over DAYS days, in which models are fitted on the last days only."""
    monkeypatch.setattr(scoring, "TRAINING_ROWS", 2000)
    file, path = tmp_path / "history.parquet", tmp_path / "s.duckdb"
    parquet.write_table(rows_of(market(4, days=DAYS, lists=2)), file)
    with open_store(path) as connection:
        import_history(connection, file, loaded_at=START + timedelta(days=DAYS))
    return path


def morning(day: float) -> datetime:
    return START + timedelta(days=day, hours=7)


def without_states(connection: Connection, day: float) -> Scores:
    """The same morning's scores where nothing was kept but the models."""
    states, models = arrow(connection, "FROM folds"), count(connection, "models")
    connection.execute("DELETE FROM folds")
    connection.execute("DELETE FROM kept")
    connection.execute("DELETE FROM title_marks")
    scores = rank(connection, ANYWHERE, now=morning(day))
    assert count(connection, "models") == models  # no fit was due
    connection.execute("DELETE FROM folds")
    with registered(connection, kept=states):
        connection.execute("INSERT INTO folds FROM kept_view")
    return scores


def kept_snapshots(connection: Connection) -> list[int]:
    """Of how many snapshots each kept state is."""
    return [row[0] for row in connection.execute("SELECT snapshots FROM folds ORDER BY 1").fetchall()]


def equal(one: Scores, other: Scores) -> bool:
    """Whether two scores are the same, to the last bit."""
    return (
        (one.lists, one.items.tolist(), one.titles.tolist(), one.rules)
        == (other.lists, other.items.tolist(), other.titles.tolist(), other.rules)
        and {group: model.to_dict() for group, model in one.models.items()}
        == {group: model.to_dict() for group, model in other.models.items()}
        and all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in scoring.COLUMNS)
        and all(one.signals[name].tobytes() == other.signals[name].tobytes() for name in scoring.KEPT)
    )


def test_mornings_go_on_from_what_earlier_ones_left(store: Path, steps: list[int]) -> None:
    taken = []
    with open_store(store) as connection:
        for day in (40, 41, 46, 50, 51, 59):
            steps.clear()
            scores = rank(connection, ANYWHERE, now=morning(day))
            taken.append(len(steps))
            assert np.isfinite(scores.probability).any()
            assert equal(scores, without_states(connection, day))
        assert kept_snapshots(connection) == [40, 40]
    # The first folds all for the fit and goes on from there; the others step through the days of training at most.
    assert taken[0] > 40
    assert max(taken[1:]) <= 2 * 20 + 10


def test_the_second_scores_of_a_morning_step_through_its_last_looks_only(
    store: Path, steps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "STEPS", 3)
    with open_store(store) as connection:
        first = rank(connection, ANYWHERE, now=morning(57))
        assert kept_snapshots(connection) == [38, 38, 57, 57]
        connection.execute("DELETE FROM kept")
        steps.clear()
        assert equal(rank(connection, ANYWHERE, now=morning(57)), first)
        assert len(steps) == 1
        assert kept_snapshots(connection) == [38, 38, 57, 57]
        for day in (59, 30, 58):
            assert equal(rank(connection, ANYWHERE, now=morning(day)), without_states(connection, day))
            assert len(kept_snapshots(connection)) == 4


def test_lists_that_show_more_than_is_fitted_on_within_a_horizon_have_a_model(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is known of none of the latest rows what came: those before them are fitted on."""
    monkeypatch.setattr(scoring, "TRAINING_ROWS", 500)  # two lists of 50 show 700 in the seven days of a horizon
    with open_store(store) as connection:
        scores = rank(connection, ANYWHERE, now=morning(59))
    assert all(model.trials for model in scores.models.values())
    assert np.isfinite(scores.probability).any()


def test_an_older_morning_and_other_products_are_ranked_as_if_nothing_were_kept(store: Path) -> None:
    with open_store(store) as connection:
        rank(connection, ANYWHERE, now=morning(59))
        assert equal(rank(connection, ANYWHERE, now=morning(59)), without_states(connection, 59))
        connection.execute(
            """INSERT INTO memberships SELECT listing, 'one', 'same', 1.0, '' FROM (
                SELECT listing FROM observations WHERE rank BETWEEN 5 AND 12 AND list_key = (
                    SELECT min(list_key) FROM lists) GROUP BY ALL ORDER BY count(*) DESC LIMIT 2)"""
        )
        merged = rank(connection, ANYWHERE, now=morning(59))
        assert equal(merged, without_states(connection, 59))
        assert "one" in set(merged.items)
        rank(connection, ANYWHERE, now=morning(30))  # fits anew, since that morning knew no model
        assert equal(rank(connection, ANYWHERE, now=morning(31)), without_states(connection, 31))
        assert equal(rank(connection, ANYWHERE, now=morning(59)), without_states(connection, 59))


def test_a_look_that_was_taken_back_is_ranked_without(store: Path) -> None:
    with open_store(store) as connection:
        before = rank(connection, ANYWHERE, now=morning(59))
        for table in ("observations", "snapshots"):
            connection.execute(f"DELETE FROM {table} WHERE taken_at = ?", [START + timedelta(days=30)])
        after = rank(connection, ANYWHERE, now=morning(59))
        assert equal(after, without_states(connection, 59))
        assert not equal(before, after)
