"""The ranking beside the baselines, percent growth and three other tools' formulas, on histories of ranked lists.

    python benchmarks/ranking_quality.py FOLDER [--only NAME,NAME] [--from-middle]

FOLDER holds Parquet histories; those named as in trendscout.ranking.rules.PRESETS are judged by its rules, others
by derived ones. A second table judges the rows that a report would have shown: the first 20 of each moment. A
third sets the order by chance beside chance times gain, a fourth says what was reached of what is asked. The
formulas of other tools are put again from their descriptions, on what a history has: ranks, and counts where it
shows them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import numpy as np

from trendscout.errors import UsageError
from trendscout.history import History
from trendscout.ranking.arrays import Floats, Ints
from trendscout.ranking.backtest import Backtest, GroupReport, backtest, counting
from trendscout.ranking.metrics import quality
from trendscout.ranking.rules import PRESETS
from trendscout.ranking.shown import first_items
from trendscout.ranking.targets import Figure
from trendscout.ranking.walk_forward import WalkForward
from trendscout.store.histories import read_history


def by_item(history: History) -> tuple[Ints, Ints]:
    """Observations sorted by list, item and time, and where each item's begin, for every observation."""
    slot = history.snap_list[history.obs_snap].astype(np.int64) * len(history.items) + history.obs_item
    line = np.argsort(slot, kind="stable")
    new = np.append(True, np.diff(slot[line]) != 0)
    first = np.flatnonzero(new)[np.cumsum(new) - 1]
    return line, first


def percent_growth(history: History, line: Ints, first: Ints) -> Floats:
    """(now - before) / before of the share, 1/rank; an item seen for the first time grew without bound."""
    share = 1 / history.obs_rank[line]
    before = np.append(np.nan, share[:-1])
    growth = np.where(np.arange(len(line)) == first, 1e3, share / before - 1)
    return np.asarray(growth)


def rank_weight(history: History, line: Ints, first: Ints) -> Floats:
    """A news ranker's weight: 0.6 × mean of 11 - min(rank, 10), 3 × min(times seen, 10), 0.1 × % in the top 5."""
    rank = history.obs_rank[line]
    times = np.arange(len(line)) - first + 1

    def so_far(values: Floats) -> Floats:
        sums = np.append(0.0, np.cumsum(values))
        return np.asarray(sums[1:] - sums[first])

    place = so_far(11.0 - np.minimum(rank, 10)) / times
    return np.asarray(0.6 * place + 3 * np.minimum(times, 10) + 10 * so_far((rank <= 5).astype(float)) / times)


def growth_steps(history: History, line: Ints, first: Ints) -> Floats:
    """A product scout's velocity: steps of growth within three days, however long it took; else 50."""
    growth = percent_growth(history, line, first)
    time_of = history.snap_time[history.obs_snap[line]]
    recent = (np.arange(len(line)) > first) & (np.append(0, np.diff(time_of)) <= 72 * 3600)
    step = np.select([growth >= 0.9, growth >= 0.5, growth >= 0.2, growth >= 0], [80.0, 65.0, 55.0, 40.0], 20.0)
    return np.where(recent, step, 50.0)


def always_peak(history: History, line: Ints, first: Ints) -> Floats:
    """A trend tool's life cycle: at its highest so far it is at its peak, then by how far the last step rose."""
    share = 1 / history.obs_rank[line]
    item = np.cumsum(np.arange(len(line)) == first)
    highest = np.maximum.accumulate(item * 10.0 + share) - item * 10.0  # starts anew with each item
    rise = np.where(np.arange(len(line)) == first, 0.0, np.append(0.0, np.diff(share)))
    return np.asarray((share >= highest) + rise)


OTHERS: dict[str, Callable[[History, Ints, Ints], Floats]] = {
    "percent growth": percent_growth,
    "rank weight": rank_weight,
    "growth steps": growth_steps,
    "always peak": always_peak,
}


def other_orders(judged: Backtest, one: WalkForward, since: datetime | None) -> dict[str, float | None]:
    """AP of the other formulas over the trials of a backtest."""
    history, material = judged.history, one.material
    tried, _ = counting(material.trials, material.trials.rank > material.rules.r0, since)
    line, first = by_item(history)
    item = history.obs_item[tried.row].astype(np.int64)
    found = {}
    for name, formula in OTHERS.items():
        score = np.empty(len(line))
        score[line] = formula(history, line, first)
        ap = quality(tried, score[tried.row], item, item)[1]
        found[name] = float(np.nanmean(ap)) if np.isfinite(ap).any() else None
    return found


def order_rows(name: str, judged: Backtest, one: WalkForward, since: datetime | None) -> list[str]:
    """What the first 20 of each moment come to by chance, and by chance times gain."""
    history, material = judged.history, one.material
    tried, kept = counting(material.trials, np.ones(len(material.trials.row), bool), since)
    row, item = material.of_trial[kept], history.obs_item[tried.row].astype(np.int64)
    rules, rank = material.rules, tried.rank.astype(float)
    gain = 100 / (rules.top if rules.label == "top" else rank / 2) - 100 / rank
    chance = np.nan_to_num(one.probability[row])
    told = []
    for order, score in (("chance", one.score[row]), ("chance × gain", np.where(chance, chance * gain, -1e3))):
        shown = first_items(tried.query, item, score)
        came = shown[tried.hit[shown]]
        _, first = np.unique(tried.breakout[came], return_index=True)  # rows are in the order of time
        cells = [
            name,
            order,
            f"{len(came) / len(tried.query_time):.2f}",
            f"{len(first)} of {len(np.unique(tried.breakout[tried.hit]))}",
            f"{np.median(tried.lead_h[came[first]]) if len(first) else 0:.0f}",
            f"{np.median(rank[shown]):.0f}",
        ]
        told.append("| " + " | ".join(cells) + " |")
    return told


def shown_row(name: str, report: GroupReport) -> str:
    """One line of the table of shown rows."""
    shown = report.shown
    if shown is None:
        return ""
    low, high = shown.said_less_came_95 or (np.nan, np.nan)
    cells = [
        name,
        f"{shown.named:.0f}",
        f"{shown.said or 0:.2f}",
        f"{shown.came:.2f}",
        f"{low:+.3f} to {high:+.3f}",
        f"{shown.rules['SigniTrend']:.2f}",
        f"{shown.rules[shown.best_rule]:.2f} {shown.best_rule}",
        f"{shown.luck:.2f}",
        "–" if shown.bands_hold is None else f"{shown.bands_hold:.2f}",
        "–" if shown.width is None else f"{shown.width:.2f}",
    ]
    return "| " + " | ".join(cells) + " |"


def target_row(name: str, report: GroupReport) -> str:
    """One line of the table of what is asked: AP over the best rule, or over SigniTrend on few breakouts."""
    reached = {one.figure: one.reached for one in report.targets}
    ends = reached.get("said less came") or (np.nan, np.nan)
    others = [figure for figure in get_args(Figure) if figure != "said less came"]
    cells = [f"{report.breakouts}", f"{ends[0]:+.3f} to {ends[1]:+.3f}"]
    cells += [f"{its[0]:.3f}" if (its := reached.get(figure)) else "–" for figure in others]
    return f"| {name} | " + " | ".join(cells) + " |"


def row(path: Path, from_middle: bool) -> tuple[str, tuple[str, str], list[str], float | None]:
    """The lines of each table, and the ratio."""
    began = time.process_time()
    history = read_history(path)
    middle = datetime.fromtimestamp(float(np.median(np.unique(history.snap_time))), UTC) if from_middle else None
    judged = backtest(history, name=path.stem, since=middle)
    report = judged.reports[0]
    best = report.baselines[report.best_baseline].ap or 0.0
    others = other_orders(judged, judged.walks[0], middle)
    cells = [
        path.stem,
        f"{report.rules.label}",
        f"{report.hits}",
        f"{report.base or 0:.4f}",
        f"{report.ranker.p10 or 0:.3f}",
        f"{report.ranker.ap or 0:.3f}",
        f"{best:.3f} {report.best_baseline}",
        f"{report.ratio or 0:.3f}",
        f"{report.ece or 0:.4f}",
        *(f"{ap or 0:.3f}" for ap in others.values()),
        f"{time.process_time() - began:.1f}",
    ]
    orders = order_rows(path.stem, judged, judged.walks[0], middle)
    of_shown = shown_row(path.stem, report), target_row(path.stem, report)
    return "| " + " | ".join(cells) + " |", of_shown, orders, report.ratio


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only")
    parser.add_argument("--from-middle", action="store_true", help="judge the second half; the first only trains")
    asked = parser.parse_args()
    names = [
        "history",
        "event",
        "breakouts",
        "base",
        "P@10",
        "AP",
        "best baseline",
        "ratio",
        "ECE",
        *OTHERS,
        "CPU s",
    ]
    print("| " + " | ".join(names) + " |")
    print("|" + "---|" * len(names))
    ratios, shown, ordered = [], [], []
    for path in sorted(asked.folder.glob("*.parquet")):
        if asked.only and path.stem not in asked.only.split(","):
            continue
        try:
            line, of_shown, orders, ratio = row(path, asked.from_middle)
        except UsageError as error:
            print(f"{path.stem}: {error}", file=sys.stderr)
            continue
        print(line, flush=True)
        shown.append(of_shown)
        ordered += orders
        if path.stem in PRESETS:
            ratios.append(ratio or np.nan)
    print(f"geometric mean of the ratios of PRESETS: {np.exp(np.nanmean(np.log(ratios))):.3f}\n")
    head = (
        "history",
        "named",
        "said",
        "came",
        "said - came a row, 95 %",
        "SigniTrend",
        "best rule",
        "luck",
        "hold",
        "width",
    )
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    print("\n".join(line for line, _ in shown))
    print("\n| history | order | came | distinct | lead, h | rank |\n|---|---|---|---|---|---|")
    print("\n".join(ordered))
    print(
        "\n| history | distinct | said - came, 95 % | came / SigniTrend | hold | width | fallen | AP / best "
        "| AP / SigniTrend, few | ECE below 10 | first 14 days |\n" + "|---" * 11 + "|"
    )
    print("\n".join(line for _, line in shown))


if __name__ == "__main__":
    main()
