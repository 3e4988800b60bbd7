"""The demo's lists beside real ones: how ranks move, who comes and goes, and how the plain rankings do.

    python benchmarks/demo_market.py [SHARED] [--seed 7] [--days 45]

SHARED is a folder with series/*.parquet (default: TRENDSCOUT_SHARED or ../shared); without it only the
demo's lists are printed. Real snapshots are thinned to one a day, as the demo collects. Breakouts of the last two
blocks are `halve` within 5 days, lists of one kind pooled, as eval/judge_ranking.py counts them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trendscout.demo.market import World, morning_of
from trendscout.history import History
from trendscout.ranking.metrics import quality
from trendscout.ranking.rules import Rules
from trendscout.ranking.signal_replay import replay
from trendscout.ranking.trials import evaluation_snapshots, trials
from trendscout.store.histories import read_history

DAILY = Rules(24, 1, 120, 48, 30, 2, 240, pooled=True, label="halve")
BASELINES = ("rank", "delta", "recency", "slope_naive", "signitrend_naive", "poisson_naive", "cusum_naive")
NAMES = ("current rank", "rank change", "first seen", "log slope", "SigniTrend", "Poisson", "burst CUSUM")


def demo_lists(world: World, platform: str) -> pa.Table:
    """Every day of the platform's lists, as a reader who sees all of them would note them."""
    rows = [
        (f"{platform}_{shelf.market}/{shelf.category or 'tags'}", morning_of(day), rank, shelf.keys[position])
        for shelf in world.shelves
        if shelf.platform == platform
        for day in range(world.days)
        for rank, position in enumerate(shelf.ranking(day), start=1)
    ]
    return pa.table(
        dict(zip(("list_id", "snapshot_at", "rank", "item_key"), zip(*rows, strict=True), strict=True))
    )


def one_a_day(table: pa.Table) -> pa.Table:
    """The first snapshot of each list on each day, from 06:00 UTC on."""
    shifted = pc.subtract(pc.cast(table["snapshot_at"], pa.timestamp("s"), safe=False).cast("int64"), 6 * 3600)
    table = table.append_column("day", pc.divide(shifted, 86_400))
    first = table.group_by(["list_id", "day"]).aggregate([("snapshot_at", "min")])
    table = table.join(first, ["list_id", "day"])
    return table.filter(pc.equal(table["snapshot_at"], table["snapshot_at_min"]))


def history_of_table(table: pa.Table) -> History:
    """The rows as the program reads them from a file."""
    with TemporaryDirectory() as folder:
        pq.write_table(table, Path(folder) / "history.parquet")
        return read_history(Path(folder) / "history.parquet")


def looks(history: History) -> Iterator[list[tuple[int, dict[int, int]]]]:
    """For each list its days, each with the rank of every item."""
    bounds = np.searchsorted(history.obs_snap, np.arange(len(history.snap_time) + 1))
    for code in range(len(history.lists)):
        yield [
            (
                int(history.snap_time[snap] // 86_400),
                dict(
                    zip(
                        history.obs_item[bounds[snap] : bounds[snap + 1]].tolist(),
                        history.obs_rank[bounds[snap] : bounds[snap + 1]].tolist(),
                        strict=True,
                    )
                ),
            )
            for snap in np.flatnonzero(history.snap_list == code)
        ]


def movement(history: History) -> dict[str, str]:
    """How ranks move from day to day, and how goods come and go."""
    moves: dict[str, list[float]] = {"2-10": [], "11-30": [], "31-60": [], "61-100": []}
    gone, debuts, short, leads, beyond = [], [], [], [], 0
    for days in looks(history):
        for (day, before), (next_day, after) in pairwise(days):
            if next_day - day != 1:
                continue
            gone.append(np.mean([item not in after for item in before]))
            for item in before.keys() & after.keys():
                band = next((name for name in moves if before[item] <= int(name.split("-")[1])), None)
                if band and before[item] > 1:
                    moves[band].append(np.log(after[item] / before[item]))
        first: dict[int, tuple[int, int]] = {}
        last: dict[int, int] = {}
        top: dict[int, int] = {}
        for at, (_, ranks) in enumerate(days):
            for item, rank in ranks.items():
                first.setdefault(item, (at, rank))
                last[item] = at
                if rank <= 10:
                    top.setdefault(item, at)
        new = {item for item, (at, _) in first.items() if at >= 2}
        debuts += [first[item][1] for item in new]
        short += [last[item] - first[item][0] < 7 for item in new if first[item][0] < len(days) - 8]
        climbers = [item for item, (_, rank) in first.items() if rank > 30]
        beyond += len(climbers)
        leads += [top[item] - first[item][0] for item in climbers if item in top]
    quartiles = np.quantile(leads, [0.25, 0.5, 0.75]) if leads else (np.nan,) * 3
    days_seen = len({int(t) // 86_400 for t in history.snap_time})
    return {
        "lists × days": f"{len(history.lists)} × {days_seen}",
        "goods gone from the list next day": f"{np.mean(gone):.3f}",
        **{
            f"sd of log rank, day to day, places {band}": f"{np.std(values):.2f}" if values else "–"
            for band, values in moves.items()
        },
        "debut rank of newcomers, median": f"{np.median(debuts):.0f}",
        "newcomers gone within a week": f"{np.mean(short):.2f}",
        "first seen beyond 30, later in the top 10 (in 17 days)": f"{len(leads) / beyond * 17 / days_seen:.3f}",
        "days between the two, quartiles": " / ".join(f"{value:.1f}" for value in quartiles),
    }


def rankings(history: History) -> dict[str, str]:
    """P@10 and AP over the base rate, of the plain rankings."""
    every = np.arange(len(history.lists))
    wanted = np.zeros(len(history.snap_time), bool)
    wanted[evaluation_snapshots(history, DAILY, every)] = True
    done = replay(history, np.full(len(every), DAILY.gap_h * 3600), wanted)
    found = trials(history, DAILY, done.signals["best_so_far"], -done.signals["recency"], done.rows)
    row = np.searchsorted(done.rows, found.row)
    base = np.mean([found.hit[found.query == query].mean() for query in np.unique(found.query)])
    item = history.obs_item[found.row].astype(np.int64)
    slot = history.snap_list[history.obs_snap[found.row]].astype(np.int64) * len(history.items) + item
    shown = {"breakouts among candidates (base rate)": f"{base:.3f}"}
    for name, signal in zip(NAMES, BASELINES, strict=True):
        score = done.signals[signal][row] * (-1 if signal == "rank" else 1)
        worth, _ = quality(found, score, item, slot)
        ap, p10 = worth.ap or 0.0, worth.p10 or 0.0
        shown[f"{name}: P@10, AP / base"] = f"{p10:.2f}, {ap / base:.1f}"
    return shown


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", nargs="?", default=os.environ.get("TRENDSCOUT_SHARED", "../shared"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--days", type=int, default=45)
    asked = parser.parse_args()
    columns: dict[str, History] = {}
    series = Path(asked.shared) / "series"
    if series.exists():
        daily = one_a_day(pq.read_table(series / "amazon_us.parquet"))
        for kind in ("bestsellers", "new-releases"):
            columns[f"real {kind}"] = history_of_table(
                daily.filter(pc.match_substring(daily["list_id"], f"/{kind}/"))
            )
        columns["real videos by views"] = history_of_table(
            one_a_day(pq.read_table(series / "youtube_trending_jp.parquet"))
        )
    world = World(asked.seed, asked.days, ("US", "UK", "ID"))
    for platform in ("amazon", "aliexpress", "tiktok"):
        columns[f"demo {platform}"] = history_of_table(demo_lists(world, platform))
    table = {name: movement(history) | rankings(history) for name, history in columns.items()}
    print("| | " + " | ".join(table) + " |")
    print("|---" * (len(table) + 1) + "|")
    for fact in next(iter(table.values())):
        print(f"| {fact} | " + " | ".join(values[fact] for values in table.values()) + " |")


if __name__ == "__main__":
    main()
