"""Several machines on one store: nothing lost, nothing doubled, each list once, one report a date."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from trendscout.demo.market import World
from trendscout.demo.run import queries, run_demo
from trendscout.demo.server import MarketServer
from trendscout.model import Entry, Snapshot
from trendscout.store import runs, upkeep
from trendscout.store.leases import Leases, in_turns, kept
from trendscout.store.load import load_snapshots
from trendscout.store.query import history
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LIST = "amazon_bestsellers_US/bestsellers/kitchen"
ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).parent / "worker.py"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def look(day=0, count=5, **changes):
    rows = tuple(Entry(LIST, rank, f"B{rank:09}", title=f"Foldable kettle {rank}") for rank in range(1, count + 1))
    return replace(
        Snapshot(LIST, NOW + timedelta(days=day), status="ok", entries=rows, depth=count, layout="grid"), **changes
    )


def test_loads_are_idempotent_replaced_when_asked_and_read_back(workspace):
    with workspace.writing() as store:
        first = load_snapshots(store, [look()], loaded_at=NOW)
        again = load_snapshots(store, [look()], loaded_at=NOW)
        assert (first.snapshots, first.observations, first.listings) == (1, 5, 5)
        assert (again.snapshots, again.observations, again.listings, again.known) == (0, 0, 0, 1)
        load_snapshots(store, [look(1, 2, status="partial")], loaded_at=NOW)
        load_snapshots(store, [look(1), look(2, 0, status="blocked")], loaded_at=NOW)
        load_snapshots(store, [look(0, 3, layout="other")], loaded_at=NOW, replace=True)
        reread = store.execute("SELECT layout_before, layout_after, entries_before, entries_after FROM rereads")
        assert sorted(reread.fetchall()) == [("grid", "grid", 2, 5), ("grid", "other", 5, 3)]
        found = history(store, until=NOW + timedelta(days=3))
        assert found.obs_rank.tolist() == [1, 2, 3, 1, 2, 3, 4, 5]
        assert upkeep.contradictions(store) == []


def test_a_load_that_fails_leaves_nothing(workspace, monkeypatch):
    from trendscout.store import load

    def broken(*_):
        raise RuntimeError("the machine stops here")

    with workspace.writing() as store:
        load_snapshots(store, [look()], loaded_at=NOW)
        monkeypatch.setattr(load, "_merge_listings", broken)
        with pytest.raises(RuntimeError):
            load_snapshots(store, [look(1)], loaded_at=NOW)
        assert store.execute("SELECT count(*) FROM snapshots").fetchall() == [(1,)]
        assert upkeep.contradictions(store) == []


def test_two_reporters_give_one_report_a_date(lake):
    workspace = Workspace.at(lake)
    got = []

    def report(name):
        run = runs.Run(name, "daily", date(2026, 11, 1), NOW, None, "running", {})
        with workspace.writing() as store:
            got.append(runs.claim(store, run, alive=lambda _: True))

    threads = [threading.Thread(target=report, args=(f"machine{number}:1",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(run is not None for run in got) == 1
    with workspace.store() as store:
        assert store.execute("SELECT count(*) FROM runs").fetchall() == [(1,)]


def test_a_lease_is_one_holders_until_it_runs_out(lake):
    first, second = Leases(lake), Leases(lake)
    assert first.take(["a", "it's"], 30) == {"a", "it's"}
    assert second.take(["a", "b"], 30) == {"b"}
    first.free(["a"])
    assert second.take(["a"], 0.3) == {"a"}
    time.sleep(0.5)  # second was killed
    assert first.take(["a"], 30) == {"a"}


def test_a_lease_is_renewed_while_its_holder_works(lake):
    first, second = Leases(lake), Leases(lake)
    assert first.take(["a"], 1.5)
    with kept(first, ["a"], seconds=1.5) as check:
        time.sleep(2.5)
        check()
        assert second.take(["a"], 1) == set()
    assert second.take(["a"], 1) == {"a"}


def test_each_list_goes_to_one_of_two(lake):
    lanes = {f"host{number}": [f"list{number}a", f"list{number}b"] for number in range(4)}
    got = []

    def collect():
        for names, _, done in in_turns(lake, lanes, after_s=0):
            got.extend(names)
            done(names)

    threads = [threading.Thread(target=collect) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(name for names in lanes.values() for name in names)


def machine(address, server):
    command = [
        sys.executable,
        str(WORKER),
        address.for_attach(),
        address.data_path,
        json.dumps(dict(server.base_urls)),
    ]
    return subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_four_collectors_of_which_one_is_killed_lose_and_double_nothing(lake):
    with MarketServer(World(7, 5, ("US",))) as server:
        server.turn(0)
        machines = [machine(lake, server) for _ in range(5)]
        time.sleep(4.0)
        machines[0].kill()
        said = [one.communicate(timeout=120) for one in machines]
    assert [one.returncode for one in machines[1:]] == [0] * 4, said[1:]
    with Workspace.at(lake).store() as store:
        assert upkeep.contradictions(store) == []
        looks = store.execute(
            "SELECT source, category, count(*) FROM lists JOIN snapshots USING (list_key) GROUP BY ALL"
        )
        found = looks.fetchall()
    killed_late = machines[0].returncode == 0
    collected = [source for out, _ in said[0 if killed_late else 1 :] for source in json.loads(out)]
    assert len(collected) <= len(queries(("US",)))
    assert {source for source, *_ in found} >= {"amazon_bestsellers", "aliexpress", "tiktok_hashtags", "shopify"}
    # The killed one's list may have been collected a second time by whoever took over.
    assert sum(count > 1 for *_, count in found) <= 8


@pytest.mark.long
def test_the_demo_gives_the_same_report_on_both(new_lake, tmp_path):
    made = {}
    for name, db in (("file", None), ("lake", new_lake())):
        run_demo(tmp_path / name, days=3, markets=("US",), db=db)
        made[name] = sorted((tmp_path / name).glob("*/report*"))
    assert {"report.csv", "report.json"} <= {file.name for file in made["file"]}
    for one, other in zip(made["file"], made["lake"], strict=True):
        assert one.read_bytes() == other.read_bytes()
