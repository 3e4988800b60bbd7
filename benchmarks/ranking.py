"""CPU and memory of ranking, against a bare DuckDB scan-and-group of the same columns, and against pandas.

    python benchmarks/ranking.py [--rows 1000000 10000000 100000000] [--pandas 10000000]

Each size is lists of 100 places, 30 snapshots each, half of a list replaced over them: 5 million items at 100
million observations. Each figure is of a process of its own, which makes its market first; the market counts for
memory only. The model is given: refits are apart. Targets: at most 15 times the bare scan, at most 8 GB, growth no
steeper than linear; at most 1/5 of the same signals in pandas (requirements/bench.in).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from trendscout.history import History
from trendscout.ranking.scoring import refit, rules_of, score
from trendscout.ranking.surroundings import Surroundings

PLACES, LOOKS, DAY_S = 100, 30, 86_400
NOW = datetime(2026, 12, 1, tzinfo=UTC)
START_S = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
SCAN_TARGET, PANDAS_TARGET, PEAK_TARGET_GB = 15, 5, 8


class Cost(NamedTuple):
    """What one piece of work took."""

    cpu_s: float
    peak_gb: float


def market(rows: int, looks: int = LOOKS, replaced: int = PLACES // 2) -> History:
    """Lists whose places are shuffled a little from day to day and some of whose items are replaced one by one."""
    lists = max(1, rows // (PLACES * looks))
    random = np.random.default_rng(1)
    first = np.arange(lists, dtype=np.int32)[:, None, None] * (PLACES + replaced)
    fresh = np.linspace(0, replaced, looks).astype(np.int32)[None, :, None]
    items = first + (np.arange(PLACES, dtype=np.int32)[None, None, :] + fresh)
    for look in range(looks):
        swap = random.integers(0, PLACES - 1, 10)
        items[:, look, swap], items[:, look, swap + 1] = items[:, look, swap + 1], items[:, look, swap]
    snaps = lists * looks
    return History(
        lists=tuple(f"shop_US/bestsellers/{number:06}" for number in range(lists)),
        items=np.array([f"B{number:09}" for number in range(lists * (PLACES + replaced))], object),
        snap_list=np.repeat(np.arange(lists, dtype=np.int32), looks),
        snap_time=np.tile(START_S + DAY_S * np.arange(looks), lists),
        snap_depth=np.full(snaps, PLACES, np.int32),
        snap_length=np.full(snaps, PLACES, np.int32),
        obs_snap=np.repeat(np.arange(snaps, dtype=np.int32), PLACES),
        obs_item=items.reshape(-1),
        obs_rank=np.tile(np.arange(1, PLACES + 1, dtype=np.int32), snaps),
        obs_count=np.full(snaps * PLACES, np.nan),
        obs_floor=np.zeros(snaps * PLACES, bool),
    )


def scan_s(history: History) -> float:
    """CPU seconds of 13 aggregates an item in one pass of DuckDB over the columns used."""
    import duckdb
    import pyarrow as pa

    table = pa.table({"snap": history.obs_snap, "item": history.obs_item, "rank": history.obs_rank})
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.register("arrow", table)
    connection.execute("CREATE TABLE observations AS SELECT * FROM arrow")
    began = time.process_time()
    connection.execute(
        "SELECT item, count(*), min(rank), max(rank), avg(rank), sum(1 / rank), min(snap), max(snap),"
        " stddev_pop(rank), avg(ln(rank)), arg_min(rank, snap), arg_max(rank, snap), sum(rank * snap),"
        " count(*) FILTER (rank <= 10) FROM observations GROUP BY item"
    ).arrow()
    return time.process_time() - began


def rank_s(history: History) -> float:
    """CPU seconds of scoring every item that stands on a list."""
    climbing = market(60_000, replaced=PLACES)  # so fast that there are breakouts to be learned from
    models = refit(climbing, int(NOW.timestamp()), rules_of(climbing), Surroundings(climbing))
    if not models:
        sys.exit("There is no model to rank with.")
    began = time.process_time()
    score(history, NOW, models=models, fit=False)
    return time.process_time() - began


def pandas_s(history: History) -> float:
    """CPU seconds of the same signals in pandas."""
    from ranking_pandas import signals

    began = time.process_time()
    signals(history)
    return time.process_time() - began


WORK = {"scan": scan_s, "rank": rank_s, "pandas": pandas_s}


def measure(work: str, rows: int) -> Cost:
    """What a piece of work takes on a market of so many observations, in a process of its own."""
    command = [sys.executable, __file__, "--child", work, str(rows)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Cost(*map(float, done.stdout.split()))


def growth(sizes: list[int], costs: list[Cost]) -> float:
    """The exponent of the cost's growth from the smallest size to the largest; 1 for a single size."""
    if len(sizes) < 2:
        return 1.0
    return float(np.log(costs[-1].cpu_s / costs[0].cpu_s) / np.log(sizes[-1] / sizes[0]))


def main() -> int:
    """Print the table; 0 if the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000, 100_000_000])
    parser.add_argument("--pandas", type=int, default=10_000_000, help="observations; 0: leave it out")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        work, rows = asked.child
        spent = WORK[work](market(int(rows)))
        print(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
        return 0
    met, ranks = [], []
    print("| observations | scan s | rank s | ratio | peak GB |\n|---|---|---|---|---|")
    for rows in asked.rows:
        scan, ours = measure("scan", rows), measure("rank", rows)
        ranks.append(ours)
        ratio = ours.cpu_s / scan.cpu_s
        print(f"| {rows:,} | {scan.cpu_s:.2f} | {ours.cpu_s:.2f} | {ratio:.1f} | {ours.peak_gb:.1f} |", flush=True)
    peak = ranks[-1].peak_gb
    print(f"ratio {ratio:.1f} (target {SCAN_TARGET}), peak {peak:.1f} GB (target {PEAK_TARGET_GB}) at {rows:,}")
    met += [ratio <= SCAN_TARGET, peak <= PEAK_TARGET_GB]
    exponent = growth(asked.rows, ranks)
    print(f"exponent of growth: {exponent:.2f} (target 1, noise of 0.05 let pass)")
    met.append(exponent <= 1.05)
    if asked.pandas:
        theirs, ours = measure("pandas", asked.pandas), measure("rank", asked.pandas)
        share = theirs.cpu_s / ours.cpu_s
        print(
            f"pandas at {asked.pandas:,}: {theirs.cpu_s:.1f} s, {theirs.peak_gb:.1f} GB; "
            f"ours is 1/{share:.1f} of it (target 1/{PANDAS_TARGET})"
        )
        met.append(share >= PANDAS_TARGET)
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
