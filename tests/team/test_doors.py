"""Who may only read reports all the same; what can be made again is left to others; a lost server is told."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trendscout.model import ReportQuery
from trendscout.pipeline import import_file, report
from trendscout.settings.config import Settings
from trendscout.store import histories, learned, products, runs, upkeep
from trendscout.store import lake as lakes
from trendscout.store.address import StoreAddress
from trendscout.store.workspace import Workspace

ROOT = Path(__file__).parents[2]
BEGIN = datetime(2026, 5, 1, 6, tzinfo=UTC)
NOW = BEGIN + timedelta(days=40)


def history(file: Path, days=40, lists="xy") -> Path:
    """Goods that climb a place a day, on some lists."""
    lines = ["list_id,snapshot_at,rank,item,item_key,count"]
    for name in lists:
        for day in range(days):
            at = (BEGIN + timedelta(days=day)).isoformat()
            lines += [
                f"shop_best/US/bestsellers/{name},{at},{rank},Mop {rank + day},k{rank + day},9"
                for rank in range(1, 40)
            ]
    file.write_text("\n".join(lines))
    return file


@pytest.fixture
def shared(lake, tmp_path):
    workspace = Workspace.at(lake)
    import_file(workspace, history(tmp_path / "h.csv"), profile=None, market=None, at=None, now=NOW)
    return workspace


def of_role(workspace, role) -> Workspace:
    """The same store as another role sees it."""
    text = workspace.db.for_attach().replace("user=postgres", f"user={role}")
    return Workspace.at(StoreAddress(text, workspace.db.data_path))


def rows(workspace):
    return report(workspace, ReportQuery(top=50), now=NOW, settings=Settings()).rows


@pytest.mark.long
def test_a_role_that_may_only_read_reports(postgres, shared, run):
    server, _ = postgres
    database = shared.db.catalogue().split("dbname=")[1].split()[0]
    server.psql("DO $$ BEGIN CREATE ROLE onlooker LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;")
    server.psql(f"\\c {database}\nGRANT SELECT ON ALL TABLES IN SCHEMA public TO onlooker;")
    onlooker = of_role(shared, "onlooker")
    assert rows(onlooker) == rows(shared)
    given = ["--db", onlooker.db.for_attach()]
    for command in (["report", "--changes", "--json"], ["rank"], ["doctor"], ["db", "check"], ["sources"]):
        ended = run(*given, *command)
        assert ended.code in (0, 3), ended
    ended = run(*given, "mark", "k20", "mine")
    assert ended.code == 4
    assert "does not let this role" in ended.err
    with shared.store() as store:
        assert store.execute("SELECT count(*) FROM marks").fetchall() == [(0,)]


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_six_at_once_all_rank(shared):
    command = [
        sys.executable,
        "-m",
        "trendscout",
        "--db",
        shared.db.for_attach(),
        "rank",
        "--as-of",
        NOW.isoformat(),
    ]
    six = [
        subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(6)
    ]
    said = [one.communicate(timeout=150) for one in six]
    assert [one.returncode for one in six] == [0] * 6, said
    assert len({out for out, _ in said}) == 1
    assert upkeep.check(shared.db) == []


@pytest.mark.long
def test_what_another_keeps_at_the_same_moment_is_left_to_it(shared, monkeypatch):
    """A conflict in what can be made again ends no report."""
    before = rows(shared)
    save = learned.save_models
    with shared.store() as store:
        store.execute("DELETE FROM models")

    def beside(connection, fits):
        """Between this transaction's begin and its end, another machine keeps its own."""
        with shared.store() as other:
            save(other, fits)
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM models").fetchall()
        with shared.store() as other:
            other.execute("DELETE FROM models")
        connection.execute("DELETE FROM models")
        connection.execute("COMMIT")

    monkeypatch.setattr(learned, "save_models", beside)
    assert rows(shared) == before


MOMENTS = {
    "mark": (products, "find_product", ["mark", "k20", "mine"]),
    "import": (histories, "_insert_history", ["import", "more.csv"]),
    "report": (learned, "models", ["report", "--json"]),
    "check": (upkeep, "contradictions", ["db", "check"]),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_a_server_that_goes_in_the_middle_is_told_in_a_line(shared, go_down, run, tmp_path, monkeypatch, name):
    monkeypatch.setattr(lakes, "_FIRST_PAUSE_S", 0.0)
    history(tmp_path / "more.csv", lists="z")
    module, function, command = MOMENTS[name]
    real = getattr(module, function)

    def gone(*args, **kwargs):
        go_down()
        return real(*args, **kwargs)

    monkeypatch.setattr(module, function, gone)
    ended = run("--db", shared.db.for_attach(), *command)
    assert ended.code == 4, ended
    assert len(ended.err.strip().splitlines()) == 1, ended.err
    assert "cannot be" in ended.err
    assert ended.out == ""


def test_a_server_that_comes_back_is_used(shared, go_down, come_up, monkeypatch):
    real = products.find_product
    calls = []

    def gone_once(*args):
        calls.append(1)
        if len(calls) == 1:
            go_down()
            come_up()
        return real(*args)

    monkeypatch.setattr(products, "find_product", gone_once)
    from trendscout.pipeline import mark

    assert mark(shared, "k20", "mine", "", now=NOW) == "Mop 20"
    with shared.store() as store:
        assert store.execute("SELECT mark FROM marks").fetchall() == [("mine",)]


def test_the_last_report_is_the_one_shown_last(new_lake):
    workspace = Workspace.at(new_lake())
    for number, (reader, days) in enumerate((("a", 0), ("b", 0), ("c", -9), ("a", -9), ("b", 0), ("a", -1))):
        rows = json.dumps({f"p{number}": {"position": 1}})
        workspace.write(
            lambda store, r=reader, d=days, t=rows: runs.remember(store, r, t, NOW + timedelta(days=d))
        )
        assert list(workspace.read(products.last_shown)) == [f"p{number}"]
