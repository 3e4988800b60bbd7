"""Real processes killed at random moments: the store opens, nothing is half, nothing doubled, nothing lost.

TRENDSCOUT_CYCLES says how many kills, over six days of the demo; 3 over five unless told (`make crash`: 200).
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from trendscout.archive import Archive
from trendscout.demo.market import morning_of
from trendscout.steps.replay import read_unread
from trendscout.store.connect import open_store
from trendscout.store.load import noted_pages
from trendscout.store.upkeep import contradictions
from trendscout.store.workspace import Workspace

CYCLES = int(os.environ.get("TRENDSCOUT_CYCLES", "3"))
DAYS = 6 if "TRENDSCOUT_CYCLES" in os.environ else 5
ROOT = Path(__file__).parents[2]
COLUMNS = "list_key, taken_at, listing, rank, count, count_kind, count_floor, price, currency, rating, reviews"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL"),
    pytest.mark.timeout(120 + 30 * CYCLES),
]


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "trendscout", "--quiet", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def finish(process: subprocess.Popen, *, codes: tuple[int, ...] = (0,)) -> None:
    _, said = process.communicate(timeout=300)
    assert process.returncode in codes, said.decode()


def demo(folder: Path) -> subprocess.Popen:
    return start(folder, "demo", "--days", str(DAYS), "--market", "US", "--out", ".")


def rows(store: Path, query: str) -> list:
    with open_store(store) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a demo that nobody kills leaves behind, and how long it took."""
    folder = tmp_path_factory.mktemp("undisturbed")
    began = time.monotonic()
    finish(demo(folder))
    return folder, time.monotonic() - began


def test_kills_lose_and_double_nothing(undisturbed, tmp_path):
    whole, lasts = undisturbed
    chance = random.Random(5)
    store, kills, rounds = tmp_path / "0" / "demo.duckdb", 0, 0
    while kills < CYCLES:
        process = demo(store.parent)
        try:
            process.communicate(timeout=chance.uniform(0.2, lasts))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
            if store.exists():
                with open_store(store) as connection:
                    assert contradictions(connection) == []
        else:
            assert process.returncode == 0
            same(whole, store.parent)
            rounds += 1
            store = tmp_path / str(rounds) / "demo.duckdb"
    finish(demo(store.parent))
    same(whole, store.parent)


def same(whole: Path, killed: Path) -> None:
    """Every observation of the undisturbed run, every archived page dealt with, and the same report."""
    query = f"SELECT {COLUMNS} FROM observations ORDER BY ALL"
    assert rows(killed / "demo.duckdb", query) == rows(whole / "demo.duckdb", query)
    now = morning_of(DAYS) + timedelta(days=1)
    read_unread(Workspace.at(killed / "demo.duckdb"), now=now)
    with open_store(killed / "demo.duckdb") as connection:
        noted = noted_pages(connection, since=morning_of(0) - timedelta(days=1))
    assert {kept.page.ref for kept in Archive(killed / "archive").pages()} <= noted
    made = [path.relative_to(whole) for path in sorted(whole.glob("*/report*"))]
    assert made
    for path in made:
        assert (killed / path).read_bytes() == (whole / path).read_bytes()


def test_the_report_of_the_day_exists_once(undisturbed, tmp_path):
    whole, _ = undisturbed
    job = tmp_path / "daily.toml"
    job.write_text('cron = "0 0 * * *"\n[report]\nformats = ["csv", "xlsx"]\n')
    chance = random.Random(6)
    store = str(whole / "demo.duckdb")
    for _ in range(max(3, CYCLES // 4)):
        process = start(tmp_path, "--db", store, "run", str(job))
        try:
            process.communicate(timeout=chance.uniform(0.2, 2.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
    # 3: it took over from one that was killed at work, and said so.
    finish(start(tmp_path, "--db", store, "run", str(job)), codes=(0, 3))
    states = rows(Path(store), "SELECT job, count(*), any_value(state) FROM runs GROUP BY job, local_date")
    assert states == [("daily", 1, "done")]
    dated, latest = sorted((tmp_path / "drops").iterdir())
    assert latest.name == "latest"
    assert whole_drop(latest / "daily") == whole_drop(dated)


def whole_drop(folder: Path) -> dict[str, bytes]:
    """The files of a drop, which are those that its marker names, each as it was written."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    listed = json.loads(files.pop("_SUCCESS"))["files"]
    assert {one["path"]: one["sha256"] for one in listed} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    return files
