"""Imports, exports and the inbox killed at random moments: after another try all is there once, and replay agrees.

TRENDSCOUT_CYCLES says how many kills each gets (2 unless told).
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trendscout.store.connect import open_store
from trendscout.store.upkeep import contradictions

CYCLES = int(os.environ.get("TRENDSCOUT_CYCLES", "2"))
ROOT = Path(__file__).parents[2]
COLUMNS = "list_key, taken_at, listing, rank, count, count_kind, count_floor, price, currency, rating, reviews"
START = datetime(2026, 5, 1, 6, tzinfo=UTC)
COMMANDS = {
    "history": ["import", "history.csv"],
    "export": ["import", "export.csv", "--at", "2026-06-20T08:00:00Z", "--market", "US"],
    "inbox": ["run", "jobs/in.toml"],
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL"),
    pytest.mark.timeout(240 + 60 * CYCLES),
]


def history(name: str) -> str:
    lines = ["list_id,snapshot_at,rank,item,item_key,count"]
    for day in range(30):
        at = (START + timedelta(days=day)).isoformat()
        lines += [f"{name}_best/US/bestsellers/x,{at},{rank},Mop {rank},k{rank + day},9" for rank in range(1, 100)]
    return "\n".join(lines)


def export(first: int) -> str:
    rows = [f"{rank},捏捏乐 {rank},{first + rank},4.99,1.2万\n" for rank in range(1, 300)]
    return "排名,商品名称,商品ID,平均单价($),销量\n" + "".join(rows)


def home(folder: Path) -> Path:
    """A folder with what is to be brought."""
    (folder / "inbox").mkdir(parents=True)
    (folder / "jobs").mkdir()
    (folder / "trendscout.toml").write_text("contact = 'me@market.example'\n")
    (folder / "jobs" / "in.toml").write_text('cron = "0 0 * * *"\n[collect]\ninbox = "inbox"\n')
    files = {"history.csv": history("a"), "export.csv": export(1729384756102938475)}
    files |= {"inbox/history.csv": history("b"), "inbox/kalodata 20260620.csv": export(1729384756102999000)}
    for name, text in files.items():
        (folder / name).write_text(text)
        os.utime(folder / name, (START.timestamp(), START.timestamp()))
    return folder


def start(folder: Path, *command: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "trendscout", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(folder: Path, *command: str) -> None:
    process = start(folder, *command)
    _, said = process.communicate(timeout=200)
    assert process.returncode == 0, said.decode()


def rows(store: Path) -> list:
    with open_store(store) as connection:
        assert contradictions(connection) == []
        return connection.execute(f"SELECT {COLUMNS} FROM observations ORDER BY ALL").fetchall()


@pytest.mark.long
def test_kills_of_what_the_user_brings_lose_and_double_nothing(tmp_path):
    whole, killed = home(tmp_path / "whole"), home(tmp_path / "killed")
    chance, kills = random.Random(8), 0
    for command in COMMANDS.values():
        began = time.monotonic()
        finish(whole, *command)
        lasts = time.monotonic() - began
        for _ in range(CYCLES):
            process = start(killed, *command)
            try:
                process.communicate(timeout=chance.uniform(0.3, 1.0) * lasts)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
        finish(killed, *command)
        assert rows(killed / "trendscout.duckdb") == rows(whole / "trendscout.duckdb")
    assert kills
    left = [path.name for path in (killed / "inbox").rglob("*.csv") if "done" not in path.parts]
    assert left == []
    again = tmp_path / "again"
    again.mkdir()
    shutil.copytree(killed / "archive", again / "archive")
    finish(again, "replay")
    assert rows(again / "trendscout.duckdb") == rows(whole / "trendscout.duckdb")
