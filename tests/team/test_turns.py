"""Leases and turns when machines are killed, stand still, or have a wrong clock; readers beside writers."""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trendscout import pipeline
from trendscout.clock import SystemClock, VirtualClock
from trendscout.demo.market import World, morning_of
from trendscout.demo.server import HOSTS, MarketServer
from trendscout.jobs import run as jobs
from trendscout.model import Entry, Outcome, Query, Snapshot
from trendscout.settings.config import Settings
from trendscout.store import upkeep
from trendscout.store.lake import server_time
from trendscout.store.leases import Leases, in_turns
from trendscout.store.load import load_snapshots
from trendscout.store.workspace import Workspace

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LIST = "amazon_bestsellers_US/bestsellers/kitchen"
SHOP = next(host for host, (_, home) in HOSTS.items() if home == "US" and host.endswith(".example"))
HOLDER = """
import sys, time
from trendscout.errors import StoreError
from trendscout.store.address import StoreAddress
from trendscout.store.leases import alone
with alone(StoreAddress(sys.argv[1]), "write", seconds=float(sys.argv[2])) as check:
    print("held", flush=True)
    sys.stdin.readline()
    try:
        check()
        print("still held", flush=True)
    except StoreError as error:
        print("lost", flush=True)
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def look(number, rows=30):
    entries = tuple(Entry(LIST, rank, f"B{rank:09}", title=f"Kettle {rank}") for rank in range(1, rows + 1))
    return Snapshot(LIST, NOW + timedelta(hours=number), status="ok", entries=entries, depth=rows, layout="grid")


def holder(lake, seconds):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, lake.for_attach(), str(seconds)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    return process


def seconds_until_taken(lake, within) -> float:
    other, begin = Leases(lake), time.monotonic()
    while not other.take(["write"], 5):
        assert time.monotonic() - begin < within
        time.sleep(0.1)
    return time.monotonic() - begin


def test_a_killed_holder_costs_the_next_a_few_seconds(lake):
    process = holder(lake, 30)
    process.kill()
    process.communicate()
    assert seconds_until_taken(lake, 20) < 15  # 6 s without a heartbeat; 30 s without the look at its connection


def test_a_holder_that_lives_keeps_its_lease_without_a_beat(lake):
    first, second = Leases(lake), Leases(lake)
    assert first.take(["write"], 30) == {"write"}
    time.sleep(1.5)
    assert second.take(["write"], 30, dead_s=0.5) == set()  # late, but its connection is there
    first.close()
    time.sleep(0.5)
    assert second.take(["write"], 30, dead_s=0.5) == {"write"}


def test_a_holder_that_stands_still_past_its_lease_is_told_that_it_lost_it(lake):
    process = holder(lake, 4)
    process.send_signal(signal.SIGSTOP)
    took = seconds_until_taken(lake, 20)
    process.send_signal(signal.SIGCONT)
    out, _ = process.communicate("\n", timeout=30)
    assert took > 1
    assert out == "lost\n"


@pytest.mark.parametrize(
    "wrong", [timedelta(days=400), timedelta(days=-400), timedelta(minutes=40), timedelta(minutes=-40)]
)
def test_a_wrong_clock_keeps_nobody_from_a_list(lake, wrong):
    class Wrong(SystemClock):
        def now(self):
            return datetime.now(UTC) + wrong

    query = [Query("shopify", "US", "new_arrivals", SHOP)]
    workspace = Workspace.at(lake)
    with MarketServer(World(7, 5, ("US",))) as server:
        server.turn(4)
        manner = {"settings": Settings(contact="t@market.example", spacing_s=0.0), "base_url": server.base_urls}
        (first,) = pipeline.collect(workspace, query, clock=Wrong(), **manner)
        (second,) = pipeline.collect(workspace, query, clock=SystemClock(), **manner)
        leases = Leases(workspace.db)
        leases._run("UPDATE trendscout_leases SET until = now() - interval '1 s' WHERE holder = ''")
        (third,) = pipeline.collect(workspace, query, clock=SystemClock(), **manner)
        # A note of a version that wrote its own clock's times.
        leases._run("UPDATE trendscout_leases SET until = now() + interval '400 days' WHERE name LIKE 'shopify%'")
        (fourth,) = pipeline.collect(workspace, query, clock=SystemClock(), **manner)
    assert [one.status for one in (first, second, third, fourth)] == ["ok", "left", "ok", "ok"]


def test_each_morning_of_a_simulated_clock_is_a_turn_of_its_own(lake):
    query = [Query("shopify", "US", "new_arrivals", SHOP)]
    workspace = Workspace.at(lake)
    said = []
    with MarketServer(World(7, 5, ("US",))) as server:
        for day in (0, 0, 1):
            server.turn(day)
            clock = VirtualClock(morning_of(day))
            settings = Settings(contact="t@market.example")
            said += pipeline.collect(workspace, query, settings, clock=clock, base_url=server.base_urls)
    assert Counter(one.status for one in said)["left"] == 1
    assert said[1].status == "left"


def test_only_left_lists_are_a_run_in_part():
    left, ok = (Outcome(Query("shopify", "US"), status) for status in ("left", "ok"))
    assert [jobs._state(some) for some in ([], [left], [left, ok], [ok])] == ["done", "partial", "done", "done"]


def test_the_server_says_its_time(lake):
    with Workspace.at(lake).store() as store:
        assert abs(server_time(store) - datetime.now(UTC)) < timedelta(seconds=30)


def test_what_was_taken_is_not_given_twice_when_a_lane_is_freed(lake):
    got = []
    for _ in range(2):
        for mine, others, done in in_turns(lake, {"host": ["a", "b"]}, after_s=0):
            got.append((mine, others))
            done(["a"])
    assert got == [({"a", "b"}, set()), ({"b"}, {"a"})]


def test_a_reader_sees_whole_loads_only_and_its_moment_over_expiry(lake):
    workspace = Workspace.at(lake)
    with workspace.writing() as store:
        load_snapshots(store, [look(0)], loaded_at=NOW)
    ended = threading.Event()

    def write():
        try:
            for number in range(1, 9):
                with workspace.writing() as store:
                    load_snapshots(store, [look(number)], loaded_at=NOW)
        finally:
            ended.set()

    with workspace.store() as reader, workspace.store() as other:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM observations").fetchall() == [(30,)]
        thread = threading.Thread(target=write)
        thread.start()
        seen = set()
        while not ended.is_set():
            row = other.execute(
                "SELECT (SELECT count(*) FROM observations), (SELECT count(*) FROM snapshots)"
            ).fetchone()
            assert row[0] == 30 * row[1]
            seen.add(row)
        thread.join()
        assert len(seen) > 2
        other.execute("SELECT count(*) FROM ducklake_expire_snapshots('lake', older_than => now()::TIMESTAMP)")
        upkeep.compact(workspace.db)
        assert reader.execute("SELECT count(*), count(DISTINCT listing) FROM observations").fetchall() == [
            (30, 30)
        ]
        reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM observations").fetchall() == [(270,)]
    assert upkeep.check(workspace.db) == []
