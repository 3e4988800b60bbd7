"""A store of every released schema comes up to date, and what is in it stays."""

from datetime import UTC, datetime

import pytest

from trendscout.store import migrate
from trendscout.store.connect import open_store
from trendscout.store.histories import import_history
from trendscout.store.upkeep import contradictions

STEPS = migrate.steps()
HISTORY = """list_id,snapshot_at,rank,item,item_key,count
shop_best/US/bestsellers/x,2026-05-01T06:00:00Z,1,Mop,a,
shop_best/US/bestsellers/x,2026-05-01T06:00:00Z,2,Broom,b,
"""


@pytest.mark.parametrize("released", [number for number, _ in STEPS])
def test_a_store_of_every_schema_comes_up_to_date(tmp_path, monkeypatch, released):
    path = tmp_path / "s.duckdb"
    monkeypatch.setattr(migrate, "steps", lambda: tuple(step for step in STEPS if step[0] <= released))
    with open_store(path) as connection:
        assert migrate.version(connection) == released
    monkeypatch.undo()
    with open_store(path) as connection:
        assert migrate.version(connection) == STEPS[-1][0]
        assert contradictions(connection) == []


def test_a_step_keeps_what_is_in_the_store_and_is_taken_once(tmp_path, monkeypatch):
    path, file = tmp_path / "s.duckdb", tmp_path / "h.csv"
    file.write_text(HISTORY)
    with open_store(path) as connection:
        import_history(connection, file, loaded_at=datetime(2026, 5, 2, tzinfo=UTC))
        before = connection.execute("FROM observations ORDER BY ALL").fetchall()
    later = tmp_path / "9000_later.sql"
    later.write_text("ALTER TABLE observations ADD COLUMN seen_by VARCHAR DEFAULT 'us';")
    monkeypatch.setattr(migrate, "steps", lambda: (*STEPS, (9000, later)))
    for _ in range(2):
        with open_store(path) as connection:
            assert migrate.version(connection) == 9000
            found = connection.execute("SELECT * EXCLUDE (seen_by) FROM observations ORDER BY ALL").fetchall()
            steps = connection.execute("SELECT version FROM migrations ORDER BY ALL").fetchall()
        assert found == before
        assert steps == [(number,) for number, _ in (*STEPS, (9000, later))]
