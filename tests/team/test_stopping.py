"""Real processes stopped at random moments: one line, 130 or 143, leases and claims given back, the store whole.

TRENDSCOUT_CYCLES says at how many moments each command is stopped on each store, 20 in `make torture`. Unless
told, a quarter of the commands are stopped once on one store, and another quarter on the other.
"""

import importlib
import json
import os
import pkgutil
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from trendscout import cli
from trendscout.cli.app import app
from trendscout.demo.market import World
from trendscout.demo.run import run_demo
from trendscout.demo.server import HOSTS, MarketServer
from trendscout.jobs import schedule
from trendscout.store import upkeep
from trendscout.store.address import StoreAddress
from trendscout.store.leases import Leases
from trendscout.store.workspace import Workspace

SHOP = next(host for host, (_, home) in HOSTS.items() if home == "US" and host.endswith(".example"))
CYCLES = int(os.environ.get("TRENDSCOUT_CYCLES", "1"))
ROOT = Path(__file__).parents[2]
JOB = """cron = "30 7 * * *"
timezone = "UTC"
[collect]
sources = ["shopify"]
markets = ["US"]
[report]
formats = ["csv"]
"""
COMMANDS = {
    "collect": ["collect", "shopify", "--market", "US", "--base-url", "{url}"],
    "import": ["import", "{history}"],
    "ingest": ["ingest", "{page}", "--source", "shopify", "--market", "US"],
    "replay": ["replay"],
    "match": ["match"],
    "rank": ["rank"],
    "report": ["report", "--changes"],
    "mark": ["mark", "{product}", "watch"],
    "backtest": ["backtest"],
    "doctor": ["doctor"],
    "db check": ["db", "check"],
    "db compact": ["db", "compact"],
    "db backup": ["db", "backup", "copy{n}.duckdb"],
    "run": ["run", "jobs/daily.toml", "--again"],
    "schedule": ["schedule", "jobs"],
    "demo": ["demo", "--days", "5", "--market", "US", "--out", "demo{n}"],
    "init": ["init", "new{n}", "--yes", "--no-collect"],
    "mcp": ["mcp"],
    "costs": ["costs"],
    "serve": ["serve", "--port", "0"],
    "extension": ["extension"],
    "sources": ["sources"],
    "parse": ["parse", "{page}", "--source", "shopify", "--market", "US"],
    "merge": ["merge", "{product}", "{other}"],
    "split": ["split", "{product}"],
    "variants": ["variants", "{product}", "{other}"],
    "review": ["review"],
    "why": ["why", "{product}"],
    "record": ["record"],
    "db move": ["db", "move", "{db}", "moved{n}.duckdb"],
    "push list": ["push", "list"],
    "push retry": ["push", "retry"],
    "push drop": ["push", "drop"],
    "alert set": ["alert", "set", "top{n}", "rank<=10"],
    "alert list": ["alert", "list"],
    "alert try": ["alert", "try", "top0"],
    "alert remove": ["alert", "remove", "top0"],
    "words": ["words"],
    "jobs list": ["jobs", "list"],
    "jobs runs": ["jobs", "runs", "daily"],
    "jobs try": ["jobs", "try", "daily"],
}
NOT_STOPPED = {
    "db restore": "a copy is put in the place of a file, at once: tests/trouble",
    "source test": "it reads two files and prints",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="there is no SIGTERM"),
    pytest.mark.timeout(120 + 60 * CYCLES),
]


def history(folder: Path) -> Path:
    begin = datetime(2026, 5, 1, 6, tzinfo=UTC)
    lines = ["list_id,snapshot_at,rank,item,item_key,count"]
    for day in range(40):
        at = (begin + timedelta(days=day)).isoformat()
        lines += [f"shop_best/US/bestsellers/x,{at},{rank},Mop {rank},k{rank + day},9" for rank in range(1, 60)]
    file = folder / "history.csv"
    file.write_text("\n".join(lines))
    return file


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A store in a file that holds a few days, its archive beside it."""
    folder = tmp_path_factory.mktemp("stops")
    db = StoreAddress(folder / "s.duckdb")
    run_demo(folder / "played", days=5, markets=("US",), db=db)
    return db


@pytest.fixture(scope="module")
def stores(demo, postgres, tmp_path_factory):
    """`played` by the kind of store, each made once: the cases of the two may come in any order."""
    return cache(lambda kind: play(kind, demo, postgres, tmp_path_factory.mktemp(f"stops_{kind}")))


@pytest.fixture
def played(request, stores):
    """A folder with a store that holds a few days, a job, and things to take in; how it is named."""
    return stores(request.param)


def play(kind, demo, postgres, folder):
    if kind == "file":
        db = StoreAddress(folder / "s.duckdb")
        shutil.copy(demo.file, db.file)
    else:
        server, string = postgres
        server.psql("CREATE DATABASE stops;")
        db = StoreAddress(f"ducklake:postgres:dbname=stops {string}", str(folder / "data"))
        upkeep.move(demo, db)
    shutil.copytree(demo.archive, db.archive)
    (folder / "trendscout.toml").write_text(
        f"contact = 'demo@market.example'\ndata_path = '{db.data_path or folder}'\n"
        "[collect]\nspacing_s = 0.2\n[categories]\nshopify = ['{SHOP}']\n"
    )
    (folder / "jobs").mkdir()
    (folder / "jobs" / "daily.toml").write_text(JOB)
    history(folder)
    page = ROOT / "tests/sources/shopify/ok/page.json"
    (folder / "page.json").write_bytes(page.read_bytes())
    return folder, db


def products(db) -> tuple[str, str]:
    """The keys of two goods."""
    with Workspace.at(db).store() as store:
        rows = store.execute("SELECT item_key FROM listings WHERE title <> '' ORDER BY listing LIMIT 2").fetchall()
    return rows[0][0], rows[1][0]


def commands(group, path=()) -> set[str]:
    """The names of all commands there are."""
    inner = getattr(group, "commands", None)
    if inner is None:
        return {" ".join(path)}
    return {name for part, command in inner.items() for name in commands(command, (*path, part))}


def test_every_command_is_stopped_or_has_a_reason_not_to():
    for part in pkgutil.iter_modules(cli.__path__):
        importlib.import_module(f"{cli.__name__}.{part.name}")
    assert commands(typer.main.get_command(app)) == {*COMMANDS, *NOT_STOPPED}


def start(folder: Path, db, command: list[str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "trendscout", "--lang", "en", "--db", db.for_attach(), *command],
        cwd=folder,
        stdin=subprocess.PIPE,  # what asks or serves waits there
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def held(db) -> list:
    """Leases that somebody still holds."""
    return Leases(db)._found(["write"], "holder <> '' AND until > now()") if db.shared else []


CASES = [
    (store, name)
    for store in ("file", "lake")
    for number, name in enumerate(COMMANDS)
    if "TRENDSCOUT_CYCLES" in os.environ or (number + 2 * (store == "lake")) % 4 == 0
]


@pytest.mark.parametrize(("played", "name"), CASES, indirect=["played"])
def test_a_stopped_command_ends_cleanly(played, name):
    folder, db = played
    chance = random.Random(f"{name} {db.shared}")
    with MarketServer(World(7, 5, ("US",))) as server:
        server.turn(4)
        url = server.base_urls[SHOP]
        words = {"url": url, "history": "history.csv", "page": "page.json", "db": db.for_attach()}
        words["product"], words["other"] = products(db)
        for n in range(CYCLES):
            command = [part.format(**words, n=n) for part in COMMANDS[name]]
            process = start(folder, db, command)
            number = (signal.SIGTERM, signal.SIGINT)[n % 2]
            time.sleep(chance.uniform(0.3, 3.0))
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            case = (name, n, process.returncode, err)
            assert "Traceback" not in err, case
            if process.returncode == 128 + number:
                told = err.strip().splitlines()[-1:]
                assert not told or told[0].startswith("Stopped: "), case
            elif process.returncode == -number:  # on a busy machine Python itself had not begun
                assert (out, err) == ("", ""), case
            else:  # it was done before
                assert process.returncode in (0, 2, 3), case
                json.dumps(out)
            assert held(db) == [], case
            with Workspace.at(db).store() as store:
                assert upkeep.contradictions(store) == [], case
                assert store.execute(
                    "SELECT count(*) FROM runs WHERE state = 'running' AND run_id <> ''"
                ).fetchall() == [(0,)], case


def test_the_first_second_prints_no_traceback(tmp_path):
    for pause in (0.06, 0.1, 0.15, 0.2, 0.3, 0.4):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    "from trendscout.__main__ import main; print('on', flush=True); main()",
                    "doctor",
                ],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert process.stdout.readline() == "on\n"
            time.sleep(pause)
            process.send_signal(number)
            _, err = process.communicate(timeout=30)
            assert "Traceback" not in err
            assert process.returncode in (128 + number, 0), err


class Soon:
    """Due a quarter of a second after the last time, for ever."""

    def next_after(self, moment: datetime) -> datetime:
        return moment + timedelta(seconds=0.25)


def test_a_schedule_runs_each_job_when_it_is_due_and_once_when_it_comes_late():
    jobs = [SimpleNamespace(name=name, due=Soon()) for name in ("hourly", "daily")]
    ran = []

    def work(job):
        ran.append(job.name)
        if job.name == "daily" and ran.count("daily") == 1:
            time.sleep(1)  # four of the hourly job's times pass
        if ran.count("daily") == 2:
            raise KeyboardInterrupt

    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        schedule.work_when_due(jobs, work)
    late = ran[ran.index("daily") + 1 :]
    assert late[: late.index("daily")].count("hourly") <= 2, ran
    assert "hourly" in ran
    assert threading.active_count() <= threads + 1
