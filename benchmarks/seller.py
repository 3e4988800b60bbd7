"""What a seller waits for: every command run daily, on stores of 12, 48 and 192 lists × 90 days, and of 50 × 365.

    python benchmarks/seller.py [--team] [--lists 12 48 192] [--days 90] [--keep FOLDER]

Each list shows 100 places a day; goods come, walk up and down and go, about 3 a day; titles, shops and prices are
invented (market.py). The last morning is loaded, matched and not yet looked at. Every command runs in a process of
its own, from the command line, on its own copy of the store: CPU (user + system, all threads), wall and peak
memory. `again` is a second view of a state that one report was made of. The bounds beside them: one pass of DuckDB
with 13 aggregates over the observations, and one that writes as many rows as the command does. The exponent is
that of the CPU's growth from the smallest store to the largest. --team adds 5,000
lists × 40 days × 50 places, 10 million in all. Exits with 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from market import World, records
from pyarrow import parquet

from trendscout.steps.match import match_store
from trendscout.store.connect import open_store
from trendscout.store.histories import import_history

SHOPS = ("amazon_bestsellers_US", "amazon_bestsellers_UK", "amazon_bestsellers_DE", "shopee_TW", "shopee_SG",
         "tiktok_shop_US")  # fmt: skip
FRESH_A_DAY, STAY_DAYS = 3.25, 40
NEW = 50  # listings of the page that is ingested
MORNING = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)  # of the last looks
OURS = [sys.executable, "-m", "trendscout"]
_START = """
import os, sys
pid = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
print()
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""
# Compiled bytecode, as an installed program has it.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
_SCAN = """SELECT listing, count(*), min(rank), max(rank), avg(rank), sum(1 / rank), min(taken_at), max(taken_at),
    stddev_pop(rank), avg(ln(rank)), arg_min(rank, taken_at), arg_max(rank, taken_at), sum(rank * 2),
    count(*) FILTER (rank <= 10) FROM observations GROUP BY listing"""


class Size(NamedTuple):
    """A store's lists, days and places a list."""

    lists: int
    days: int
    places: int = 100

    def __str__(self) -> str:
        return f"{self.lists} × {self.days}"


class Cost(NamedTuple):
    """What one process took."""

    cpu_s: float
    wall_s: float
    peak_mb: float


class Command(NamedTuple):
    """A command, what is done before it on the same copy of the store, and its bound."""

    name: str
    words: Sequence[str]
    before: Sequence[Sequence[str]] = ()
    bound: str = "scan"


_PAGE = ("ingest", "page.json", "--url", "https://pebble.example/products.json?limit=250")
_REPORT = ("report", "--top", "20")
COMMANDS = (
    Command("rank", ("rank",)),
    Command("again: rank", ("rank",), (("rank",),)),
    Command("report --top 20", _REPORT),
    Command("report, html", (*_REPORT, "--format", "html", "--out", "drops/a.html")),
    Command("report, xlsx", (*_REPORT, "--format", "xlsx", "--out", "drops/a.xlsx")),
    Command("report --sort new", (*_REPORT, "--sort", "new")),
    Command("report --sort velocity", (*_REPORT, "--sort", "velocity")),
    Command("report --pack impulse", (*_REPORT, "--pack", "impulse")),
    Command("again: why", ("why", "1"), (_REPORT,)),
    Command("again: report --market US", (*_REPORT, "--market", "US"), (_REPORT,)),
    Command("again: report, html", (*_REPORT, "--format", "html", "--out", "drops/a.html"), (_REPORT,)),
    Command("match, nothing new", ("match",)),
    Command("ingest a page", _PAGE, bound="write"),
    Command(f"match, {NEW} new listings", ("match",), (_PAGE,), bound="write"),
    Command("run a job", ("run", "jobs/daily.toml")),
)
# By store and command, in CPU seconds.
TARGETS = {
    ("192 × 90", "report --sort new"): 10.0,
    ("192 × 90", "again: why"): 1.2,
    ("192 × 90", "again: report --market US"): 1.2,
    ("192 × 90", "again: report, html"): 1.2,
    ("192 × 90", "match, nothing new"): 0.5,
    ("50 × 365", "report --top 20"): 2.5,
    ("50 × 365", "again: why"): 1.2,
    ("50 × 365", "again: report --market US"): 1.2,
    ("50 × 365", "again: report, html"): 1.2,
}
EXPONENT, PAGE_S, PAGE_MB, TEAM_GB = 1.05, 1.0, 5.0, 1.0


# --- stores --------------------------------------------------------------------------------------------------


def looks(size: Size, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Day, rank and item of every place of one list; the strength of a good walks, and it stays some weeks."""
    fresh = FRESH_A_DAY * size.places / 100
    count = round(fresh * (size.days + STAY_DAYS))
    begin = np.arange(count) / fresh - STAY_DAYS
    there = np.arange(size.days)[:, None]
    gone = (there < begin) | (there >= begin + STAY_DAYS * random.uniform(0.6, 1.4, count))
    strength = np.cumsum(random.normal(0, 0.35, (size.days, count)), axis=0) + random.normal(0, 1, count)
    order = np.argsort(np.where(gone, -np.inf, strength), axis=1)[:, ::-1][:, : size.places]
    day, place = np.nonzero(~np.take_along_axis(gone, order, axis=1))
    return day, place + 1, order[day, place]


def history(size: Size) -> Iterator[pa.Table]:
    """The looks of each list as a file of ranked lists has them; the last day is MORNING."""
    random = np.random.default_rng(5)
    each = round(FRESH_A_DAY * size.places / 100 * (size.days + STAY_DAYS))
    titles = records(World("", products=round(size.lists * each / 2 + 1000)))[0]["title"].to_pylist()
    days = pa.array([MORNING - timedelta(days=size.days - 1 - day) for day in range(size.days)])
    for number in range(size.lists):
        day, rank, item = looks(size, random)
        shop = SHOPS[number % len(SHOPS)]
        mine = [titles[code % len(titles)] for code in range(number * each, (number + 1) * each)]
        yield pa.table(
            {
                "list_id": pa.array([f"{shop}/bestsellers/c{number // len(SHOPS)}"] * len(day)),
                "snapshot_at": days.take(pa.array(day)),
                "rank": rank,
                "item_key": pa.array([f"B{number:05}{code:05}" for code in range(each)]).take(pa.array(item)),
                "item": pa.array(mine).take(pa.array(item)),
            }
        )


def make_store(folder: Path, size: Size) -> list[tuple[str, Cost]]:
    """A store as it lies before its last morning is reported, and what import and match took."""
    folder.mkdir(parents=True)
    whole, eve = folder / "whole.parquet", folder / "eve.parquet"
    tables = list(history(size))
    table = pa.concat_tables(tables)
    parquet.write_table(table, whole)
    parquet.write_table(table.filter(pa.compute.less(table["snapshot_at"], pa.scalar(MORNING))), eve)
    (folder / "page.json").write_text(json.dumps(page()), encoding="utf-8")
    (folder / "jobs").mkdir()
    (folder / "jobs" / "daily.toml").write_text(
        'cron = "0 0 * * *"\ntimezone = "UTC"\n[collect]\ninbox = "inbox"\n[report]\ntop = 20\n', encoding="utf-8"
    )
    (folder / "trendscout.toml").write_text('markets = ["US", "UK"]\n', encoding="utf-8")
    costs = [("import", run(folder, ("import", "eve.parquet")))]
    with open_store(folder / "trendscout.duckdb") as store:
        store.execute("UPDATE listings SET price = 3 + hash(item_key) % 9000 / 100, currency = 'USD', seller = "
                      "'Shop ' || hash(title) % 400")  # fmt: skip
        store.execute("UPDATE observations SET price = 3 + hash(listing) % 9000 / 100, currency = 'USD'")
    costs.append(("match, all new", run(folder, ("match",))))
    run(folder, ("report",))  # so that what is measured has its models: fits are due on some mornings only
    with open_store(folder / "trendscout.duckdb") as store:
        import_history(store, whole, loaded_at=MORNING)
        match_store(store)
    whole.unlink()
    eve.unlink()
    return costs


def page() -> dict[str, object]:
    """A saved page of a shop with goods that the store does not know."""
    titles = records(World("new", seed=9, products=NEW))[0]["title"].to_pylist()
    return {
        "products": [
            {
                "id": 7_000_000_000 + number,
                "title": title,
                "handle": f"good-{number}",
                "vendor": "Pebble Works",
                "published_at": MORNING.isoformat(),
                "variants": [{"id": number, "price": "12.50", "available": True}],
                "images": [],
            }
            for number, title in islice(enumerate(titles), NEW)
        ]
    }


# --- measuring -----------------------------------------------------------------------------------------------


def run(folder: Path, words: Sequence[str]) -> Cost:
    """What a command takes in this folder."""
    home = {**_ENVIRONMENT, "TRENDSCOUT_HOME": str(folder), "PYTHONPATH": str(Path(__file__).parents[1])}
    home.pop("TRENDSCOUT_DB", None)
    began = time.perf_counter()
    # A small process starts it: a child's peak is at least the memory of who started it.
    done = subprocess.run(
        [sys.executable, "-S", "-c", _START, *OURS, *words],
        cwd=folder,
        env=home,
        capture_output=True,
        text=True,
        check=False,
    )
    *_, last = done.stdout.splitlines() or [""]
    code, *used = map(float, last.split() or ["1"])
    if int(code) not in (0, 3):  # 3: something of it is missing, such as pages that did not come
        sys.exit(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return Cost(used[0], time.perf_counter() - began, used[1])


@contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """A copy of the store and what lies beside it."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as at:
        copy = Path(at) / "copy"
        shutil.copytree(folder, copy)
        (copy / "inbox").mkdir()
        shutil.copy(copy / "page.json", copy / "inbox" / "pebble.json")
        yield copy


def measure(folder: Path, command: Command) -> Cost:
    """What a command takes on a copy of a store."""
    with copied(folder) as copy:
        for words in command.before:
            run(copy, words)
        return run(copy, command.words)


def bound_s(folder: Path, bound: str) -> float:
    """CPU seconds of a bare pass over the observations, or of writing a page's rows."""
    work = {
        "scan": f"s.execute({_SCAN!r}).fetchnumpy()",
        "write": f"s.execute('INSERT INTO observations SELECT * FROM observations LIMIT {NEW}')",
    }[bound]
    code = (
        "import duckdb, time; s = duckdb.connect('trendscout.duckdb'); b = time.process_time(); "
        f"{work}; s.close(); print(time.process_time() - b)"
    )
    with copied(folder) as copy:
        done = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True, check=True)
    return float(done.stdout)


def page_cost(folder: Path) -> tuple[float, float]:
    """CPU seconds of rendering 1,000 rows as a page, and its megabytes."""
    code = (
        "import time; from datetime import UTC, datetime; from trendscout import pipeline; "
        "from trendscout.model import ReportQuery; from trendscout.report import page; "
        "from trendscout.settings.config import load_settings; from trendscout.store.workspace import Workspace; "
        "made = pipeline.report(Workspace.at('trendscout.duckdb'), ReportQuery(top=1000), now=datetime.now(UTC), "
        "settings=load_settings(None)); b = time.process_time(); text = page.render(made, lang='en'); "
        "print(len(made.rows), time.process_time() - b, len(text.encode()) / 1e6)"
    )
    with copied(folder) as copy:
        home = {**_ENVIRONMENT, "TRENDSCOUT_HOME": str(copy), "PYTHONPATH": str(Path(__file__).parents[1])}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=copy, env=home, capture_output=True, text=True, check=True)
    rows, cpu, size = map(float, done.stdout.split())
    if rows < 1000:
        sys.exit(f"The page has {rows:.0f} rows only.")
    return cpu, size


def exponent(sizes: Sequence[Size], costs: Sequence[Cost]) -> float:
    """Of the growth of the CPU from the first size to the last, in rows."""
    rows = [size.lists * size.days for size in (sizes[0], sizes[-1])]
    return math.log(costs[-1].cpu_s / costs[0].cpu_s) / math.log(rows[1] / rows[0])


def judged(what: str, value: float, target: float, unit: str) -> tuple[str, bool]:
    """A line of the verdict."""
    return f"{what}: {value:.2f}{unit} (target {target:g}{unit})", value <= target


def main() -> int:
    """Print the tables; 0 if the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=int, nargs="+", default=[12, 48, 192])
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--team", action="store_true", help="5,000 lists × 40 days × 50 places as well")
    parser.add_argument("--keep", type=Path, help="make the stores here, or take those that are there")
    asked = parser.parse_args()
    growing = [Size(lists, asked.days) for lists in asked.lists]
    sizes = [*growing, Size(50, 365), *([Size(5000, 40, 50)] if asked.team else [])]
    verdicts: list[tuple[str, bool]] = []
    found: dict[str, dict[Size, Cost]] = {}
    with tempfile.TemporaryDirectory() as place:
        print("CPU s / wall s / peak MB\n| command | " + " | ".join(map(str, sizes)) + " | exponent |")
        print("|---" * (len(sizes) + 2) + "|", flush=True)
        folders = {size: (asked.keep or Path(place)) / f"{size.lists}x{size.days}" for size in sizes}
        for size, folder in folders.items():
            for name, cost in make_store(folder, size) if not folder.exists() else ():
                found.setdefault(name, {})[size] = cost
        for command in COMMANDS:
            found[command.name] = {size: measure(folder, command) for size, folder in folders.items()}
        for name, costs in found.items():
            cells = [f"{cost.cpu_s:.2f} / {cost.wall_s:.2f} / {cost.peak_mb:.0f}" for cost in costs.values()]
            grown = exponent(growing, [costs[size] for size in growing]) if len(growing) > 1 else 0.0
            print(f"| {name} | {' | '.join(cells)} | {grown:.2f} |")
            verdicts.append(judged(f"exponent of {name}", grown, EXPONENT, ""))
            verdicts += [
                judged(f"{name}, {size}", cost.cpu_s, TARGETS[str(size), name], " CPU s")
                for size, cost in costs.items()
                if (str(size), name) in TARGETS
            ]
        for bound in ("scan", "write"):
            cells = [f"{bound_s(folder, bound):.2f}" for folder in folders.values()]
            print(f"| bare {bound} | {' | '.join(cells)} | |", flush=True)
        cpu, megabytes = page_cost(folders[growing[-1]])
        verdicts.append(judged("page of 1,000 rows", cpu, PAGE_S, " CPU s"))
        verdicts.append(judged("page of 1,000 rows", megabytes, PAGE_MB, " MB"))
    if asked.team:
        peak = found["report --top 20"][sizes[-1]].peak_mb / 1024
        verdicts.append(judged(f"peak of a report, {sizes[-1]}", peak, TEAM_GB, " GB"))
    print("\n".join(f"{line}{'' if met else ': missed'}" for line, met in verdicts))
    return 0 if all(met for _, met in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
