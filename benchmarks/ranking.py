"""CPU and memory of ranking, against a bare DuckDB scan-and-group of the same columns; and one more day.

    python benchmarks/ranking.py [--rows 1000000 10000000]

Each size is lists of 100 places, 20 snapshots each; half of a list is replaced over them. The model is given:
refits are apart. Targets: at most 15 times the bare scan, at most 8 GB, growth no steeper than linear; one more
snapshot of every list at most 1/20 of the whole.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from datetime import UTC, datetime

import duckdb
import numpy as np
import pyarrow as pa

from trendscout.history import History
from trendscout.ranking.arrays import Ints
from trendscout.ranking.fold import State, step
from trendscout.ranking.look import Batch
from trendscout.ranking.scoring import refit, rules_of, score

PLACES, LOOKS, DAY_S = 100, 20, 86_400
TWO_YEARS = 730
NOW = datetime(2026, 12, 1, tzinfo=UTC)
START_S = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


def market(rows: int, looks: int = LOOKS) -> History:
    """Lists whose places are shuffled a little from day to day and whose items are replaced one by one."""
    lists = max(1, rows // (PLACES * looks))
    random = np.random.default_rng(1)
    first = np.arange(lists)[:, None, None] * (PLACES + PLACES // 2)
    fresh = np.linspace(0, PLACES // 2, looks).astype(int)[None, :, None]
    items = first + (np.arange(PLACES)[None, None, :] + fresh)
    for look in range(looks):
        swap = random.integers(0, PLACES - 1, 10)
        items[:, look, swap], items[:, look, swap + 1] = items[:, look, swap + 1], items[:, look, swap]
    snaps = lists * looks
    return History(
        lists=tuple(f"shop_US/bestsellers/{number:06}" for number in range(lists)),
        items=np.arange(lists * (PLACES + PLACES // 2)).astype(object),
        snap_list=np.repeat(np.arange(lists), looks).astype(np.int32),
        snap_time=np.tile(START_S + DAY_S * np.arange(looks), lists),
        snap_depth=np.full(snaps, PLACES, np.int32),
        snap_length=np.full(snaps, PLACES, np.int32),
        obs_snap=np.repeat(np.arange(snaps), PLACES).astype(np.int32),
        obs_item=items.reshape(-1).astype(np.int32),
        obs_rank=np.tile(np.arange(1, PLACES + 1), snaps).astype(np.int32),
        obs_count=np.full(snaps * PLACES, np.nan),
        obs_floor=np.zeros(snaps * PLACES, bool),
    )


def scan_s(history: History) -> float:
    """CPU seconds of 13 aggregates an item in one pass of DuckDB over the columns used."""
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


def last_day_s(history: History) -> float:
    """CPU seconds of one more snapshot of every list on a state that is there."""
    rows = _last_rows(history)
    lists = len(history.lists)
    state = State.empty(len(history.items), lists)
    batch = Batch(
        lists=np.arange(lists),
        times=np.full(lists, float(START_S + LOOKS * DAY_S)),
        depths=np.full(lists, float(PLACES)),
        gaps_s=np.full(lists, 30.0 * DAY_S),
        starts=np.arange(lists) * PLACES,
        slots=history.obs_item[rows],
        ranks=history.obs_rank[rows].astype(float),
        counts=history.obs_count[rows],
    )
    began = time.process_time()
    step(state, batch)
    return time.process_time() - began


def _last_rows(history: History) -> Ints:
    last = np.flatnonzero(np.diff(history.snap_list, append=-1))
    return np.flatnonzero(np.isin(history.obs_snap, last))


def main() -> int:
    """Print the table; 0 if the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    print("| observations | scan s | rank s | ratio | peak GB |")
    print("|---|---|---|---|---|")
    small_market = market(40_000)
    models = refit(small_market, int(NOW.timestamp()), rules_of(small_market))
    costs = []
    for rows in parser.parse_args().rows:
        history = market(rows)
        bare = scan_s(history)
        began = time.process_time()
        score(history, NOW, models=models)
        whole = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        costs.append((rows, whole))
        ratio = whole / bare
        cells = (f"{rows:,}", f"{bare:.2f}", f"{whole:.2f}", f"{ratio:.1f}", f"{peak:.1f}")
        print("| " + " | ".join(cells) + " |", flush=True)
    print(f"ratio {ratio:.1f} (target 15), peak {peak:.1f} GB (target 8) at {rows:,} observations")
    exponent = 1.0
    if len(costs) > 1:
        (small, few), (large, many) = costs[0], costs[-1]
        exponent = float(np.log(many / few) / np.log(large / small))
        print(f"exponent of growth: {exponent:.2f} (target 1, noise of 0.05 let pass)")
    history = market(50 * PLACES * TWO_YEARS, TWO_YEARS)
    began = time.process_time()
    score(history, datetime(2028, 12, 1, tzinfo=UTC), models=models)
    whole, day = time.process_time() - began, last_day_s(history)
    print(f"one more day on two years: {day:.3f} s, 1/{whole / day:.0f} of the {whole:.1f} s of all (target 1/20)")
    return 0 if ratio <= 15 and peak <= 8 and exponent <= 1.05 and 20 * day <= whole else 1


if __name__ == "__main__":
    sys.exit(main())
