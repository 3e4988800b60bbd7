"""Scores that are kept with a state of the store are those of that state, to the last bit, whatever changed."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.pipeline.test_rank import equal, morning, rows_of
from tests.ranking.histories import START, market
from trendscout.model import Entry, Snapshot
from trendscout.ranking.scoring import Scores
from trendscout.ranking.title_marks import READINGS
from trendscout.steps import rank as ranking
from trendscout.steps.match import decide_match, match_store
from trendscout.steps.rank import rank
from trendscout.store.connect import open_store
from trendscout.store.histories import import_history
from trendscout.store.load import load_snapshots
from trendscout.store.query import ANYWHERE, Scope
from trendscout.store.sql import Connection

pytestmark = pytest.mark.slow

DAYS = 25
NOW = morning(DAYS)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    file, path = tmp_path / "history.parquet", tmp_path / "s.duckdb"
    parquet.write_table(rows_of(market(4, days=DAYS, lists=2, length=30)), file)
    with open_store(path) as connection:
        import_history(connection, file, loaded_at=NOW)
    return path


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The states whose scores were computed, not read."""
    states: list[str] = []
    compute = ranking._ranked

    def counted(connection: Connection, state: str, now: object) -> Scores:
        states.append(state)
        return compute(connection, state, now)  # type: ignore[arg-type]

    monkeypatch.setattr(ranking, "_ranked", counted)
    return states


def fresh(connection: Connection) -> Scores:
    connection.execute("DELETE FROM kept")
    connection.execute("DELETE FROM title_marks")
    return rank(connection, ANYWHERE, now=NOW)


def look(connection: Connection, day: float, *titles: str) -> Snapshot:
    """A look at the first list, of goods that it knows and others."""
    (list_id,) = connection.execute("SELECT min(list_id) FROM lists").fetchall()[0]
    known = [row[0] for row in connection.execute("SELECT item_key FROM listings ORDER BY 1 LIMIT 20").fetchall()]
    entries = [Entry(list_id, rank, key, title=f"Mop {key}") for rank, key in enumerate(known, 1)]
    more = [Entry(list_id, 21 + at, f"new{at}", title=title) for at, title in enumerate(titles)]
    return Snapshot(
        list_id,
        START + timedelta(days=day, hours=3),
        status="ok",
        entries=(*entries, *more),
        depth=20 + len(titles),
        layout="grid",
    )


def kept_days(connection: Connection) -> list[int]:
    """The days of the mornings whose scores are kept."""
    rows = connection.execute("SELECT as_of FROM kept WHERE name = 'scores' ORDER BY as_of").fetchall()
    return [row[0].day for row in rows]


def load(connection: Connection, *looks: Snapshot, anew: bool = False) -> None:
    load_snapshots(connection, looks, loaded_at=NOW, replace=anew)


def two_products(connection: Connection) -> list[str]:
    rows = connection.execute("SELECT item_key FROM listings WHERE title <> '' ORDER BY 1 LIMIT 2").fetchall()
    return [row[0] for row in rows]


def take_back(connection: Connection) -> None:
    for table in ("observations", "snapshots"):
        connection.execute(f"DELETE FROM {table} WHERE taken_at = (SELECT max(taken_at) FROM snapshots)")


def merge(connection: Connection) -> None:
    decide_match(connection, "merge", *two_products(connection), now=NOW)


def split(connection: Connection) -> None:
    decide_match(connection, "split", two_products(connection)[0], None, now=NOW)


def replay(connection: Connection) -> None:
    """Today's reader finds one place more in a look that was stored."""
    load(connection, look(connection, 20, "Lamp"))
    rank(connection, ANYWHERE, now=NOW)
    load(connection, look(connection, 20, "Lamp", "Fan"), anew=True)


CHANGES: dict[str, tuple[Callable[[Connection], object], ...]] = {
    "a new page": (lambda store: load(store, look(store, DAYS, "Lamp")),),
    "a late page": (lambda store: load(store, look(store, 10, "Lamp")),),
    "a match, a merge and its split": (match_store, merge, split),
    "a look taken back": (take_back,),
    "a look that reads differently": (replay,),
    "a title corrected": (
        lambda store: store.execute("UPDATE listings SET first_title = 'Gadget' WHERE item_key = 'i3'"),
    ),
    "models taken away": (lambda store: store.execute("DELETE FROM models"),),
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_after_a_change_scores_are_those_of_the_new_state(store, computed, changes) -> None:
    with open_store(store) as connection:
        rank(connection, ANYWHERE, now=NOW)
        for change in changes:
            change(connection)
            kept = rank(connection, ANYWHERE, now=NOW)
            again = rank(connection, ANYWHERE, now=NOW)
            assert equal(again, kept)
            assert equal(again, fresh(connection))


def test_a_second_view_of_a_state_computes_nothing(store, computed) -> None:
    with open_store(store) as connection:
        first = rank(connection, ANYWHERE, now=NOW)
        later = rank(connection, ANYWHERE, now=NOW + timedelta(minutes=5))
        list_id, category = connection.execute("SELECT list_id, category FROM lists ORDER BY 1").fetchall()[0]
        part = rank(connection, Scope(category=category), now=NOW)
    assert len(computed) == 1
    assert equal(first, later)
    assert list(part) == [one for one in first if one.list_id.endswith(f"/{category}")]
    assert list_id in {one.list_id for one in part}


def test_an_earlier_morning_is_a_state_of_its_own(store, computed) -> None:
    with open_store(store) as connection:
        rank(connection, ANYWHERE, now=NOW)
        old = rank(connection, ANYWHERE, now=morning(20))
        assert len(computed) == 2
        assert equal(old, rank(connection, ANYWHERE, now=morning(20)))
        assert len(computed) == 2
        assert kept_days(connection) == [morning(20).day, morning(DAYS).day]
        for day in (10, 11, 12, 22):
            rank(connection, ANYWHERE, now=morning(day))
        assert kept_days(connection) == [morning(day).day for day in (20, 22, DAYS)]  # the last ones


def test_a_fit_that_falls_due_is_not_missed(store, computed) -> None:
    """The same looks a week later: what is known has not changed, but the models' moment has."""
    with open_store(store) as connection:
        rank(connection, ANYWHERE, now=NOW)
        late = NOW + timedelta(days=7)
        found = rank(connection, ANYWHERE, now=late)
        assert len(computed) == 2
        connection.execute("DELETE FROM kept")
        assert equal(found, rank(connection, ANYWHERE, now=late))


def test_scores_of_other_code_are_not_taken(store, computed, monkeypatch) -> None:
    with open_store(store) as connection:
        rank(connection, ANYWHERE, now=NOW)
        monkeypatch.setattr(ranking, "made_by", lambda: "the next release")
        rank(connection, ANYWHERE, now=NOW)
    assert len(computed) == 2


def test_a_title_is_read_on_its_first_morning_only(store, monkeypatch) -> None:
    read: list[str] = []
    kinds = {name: lambda title, kind=kind: read.append(title) or kind(title) for name, kind in READINGS.items()}
    monkeypatch.setattr("trendscout.ranking.title_marks.READINGS", kinds)
    with open_store(store) as connection:
        load(connection, look(connection, 20, "Lamp"))
        rank(connection, ANYWHERE, now=NOW)
        assert len(read) == len(READINGS) * len(set(read)) > 0
        read.clear()
        load(connection, look(connection, DAYS, "Lamp", "Folding fan"))
        found = rank(connection, ANYWHERE, now=NOW)
        assert read == ["Folding fan"] * len(READINGS)
        assert equal(found, fresh(connection))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever runs this may write everything")
def test_a_store_that_cannot_be_written_is_ranked_and_keeps_nothing(store, computed) -> None:
    store.chmod(0o444)
    store.parent.chmod(0o555)
    try:
        with open_store(store, only_read=True) as connection:
            assert equal(rank(connection, ANYWHERE, now=NOW), rank(connection, ANYWHERE, now=NOW))
    finally:
        store.parent.chmod(0o755)
    assert len(computed) == 2


def test_a_kept_score_is_as_it_was_to_the_last_bit(store) -> None:
    with open_store(store) as connection:
        first = rank(connection, ANYWHERE, now=NOW)
        value, about = ranking.to_bytes(first, {"a": 1}), {"a": 1}
    back = ranking.from_bytes(value)
    assert back[1] == about
    assert equal(back[0], first)
    assert list(back[0]) == list(first)
    assert not equal(replace(first, score=first.score + 1e-15), back[0])
