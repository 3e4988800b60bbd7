"""A store in trouble: held by another, not a store, too new; each told in plain words, nothing lost."""

import os
import subprocess
import sys
import textwrap
import time

import duckdb
import pytest

from trendscout.errors import StoreBusy, StoreDamaged, StoreError, StoreTooNew
from trendscout.store.connect import open_store
from trendscout.store.migrate import steps, version


def test_a_new_store_has_the_newest_schema(tmp_path):
    with open_store(tmp_path / "s.duckdb") as connection:
        assert version(connection) == steps()[-1][0]


def test_a_store_held_by_another_process_is_waited_for_and_then_named(tmp_path):
    path = tmp_path / "s.duckdb"
    script = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreBusy, match=str(holder.pid)), open_store(path, wait_s=0.2):
            pass
    finally:
        holder.communicate()
    with open_store(path):
        pass


def test_waiting_ends_when_the_other_lets_go(tmp_path):
    path = tmp_path / "s.duckdb"
    script = textwrap.dedent(f"""
        import duckdb, time
        c = duckdb.connect({str(path)!r})
        print("held", flush=True)
        time.sleep(0.5)
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with open_store(path, wait_s=10) as connection:
            assert version(connection) == steps()[-1][0]


def test_what_is_no_store_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, not a store\n" * 1000)
    os.utime(path, (0, 0))
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="restore"), open_store(path, sleep=pytest.fail):
        pass
    assert path.read_bytes() == before


def test_a_store_that_another_process_begins_at_this_moment_is_waited_for(tmp_path):
    """Between making a file and locking it DuckDB has written no header: that is no damage."""
    path = tmp_path / "s.duckdb"
    path.touch()
    began: list[float] = []

    def made_meanwhile(_):
        if not began:
            path.unlink()
            duckdb.connect(str(path)).close()
        began.append(time.monotonic())

    with open_store(path, sleep=made_meanwhile) as connection:
        assert version(connection) == steps()[-1][0]
    assert len(began) == 1
    path.write_bytes(b"")
    with pytest.raises(StoreDamaged), open_store(path):
        pass
    assert time.monotonic() - began[0] < 10


def test_a_newer_store_is_refused_with_a_clear_word(tmp_path):
    path = tmp_path / "s.duckdb"
    with open_store(path) as connection:
        connection.execute("INSERT INTO migrations (version) VALUES (9999)")
    with pytest.raises(StoreTooNew, match="9999"), open_store(path):
        pass


def test_a_failed_migration_leaves_the_store_untouched(tmp_path, monkeypatch):
    path = tmp_path / "s.duckdb"
    with open_store(path):
        pass
    broken = tmp_path / "9998_broken.sql"
    broken.write_text("CREATE TABLE half (a INTEGER); SELECT no_such_function();")
    from trendscout.store import migrate

    monkeypatch.setattr(migrate, "steps", lambda: (*steps(), (9998, broken)))
    with pytest.raises(StoreError, match="schema 9998"), open_store(path):
        pass
    monkeypatch.undo()
    with open_store(path) as connection:
        assert version(connection) == steps()[-1][0]
        tables = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert "half" not in tables


def test_a_missing_store_is_told(tmp_path):
    with pytest.raises(StoreError, match="There is no store"), open_store(tmp_path / "no.duckdb", must_exist=True):
        pass
