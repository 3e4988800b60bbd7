"""The signals of the ranking as one would write them in pandas: whole columns, grouped by item and by snapshot.

Simpler than ours where that is cheaper: an item's rows stand for consecutive snapshots, no episodes are told
apart, and nothing is read from counts. Used by benchmarks/ranking.py.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from trendscout.history import History
from trendscout.ranking.model_features import PLACED
from trendscout.ranking.snapshot_features import LAGS


def signals(history: History) -> pd.DataFrame:
    """Signals and places of the items on each list's last snapshot."""
    rows = pd.DataFrame({"snap": history.obs_snap, "item": history.obs_item, "rank": history.obs_rank})
    rows["hour"] = history.snap_time[history.obs_snap] / 3600
    rows["list"] = history.snap_list[history.obs_snap]
    weight = 1 / rows["rank"]
    rows["share"] = weight / weight.groupby(rows["snap"]).transform("sum")
    rows["x"] = np.log(rows["share"])
    rows["log_rank"] = np.log(rows["rank"])
    rows = rows.sort_values(["item", "snap"], kind="stable")
    _of_items(rows)
    rows = rows.sort_values(["snap", "rank"], kind="stable")
    _of_snapshots(rows)
    last = rows[rows["snap"].isin(rows.groupby("list")["snap"].max())].copy()
    for name in PLACED:
        if name in last:
            last[f"{name}_place"] = last.groupby("snap")[name].rank(pct=True)
    return last


def _of_items(rows: pd.DataFrame) -> None:
    """Lags, running means and bests of each item; rows sorted by item and snapshot."""
    item = rows["item"]
    by_item = rows.groupby("item", sort=False)
    for lag in range(1, LAGS + 1):
        rows[f"r{lag}"] = by_item["log_rank"].shift(lag)
    x = [rows["x"], *(by_item["x"].shift(lag) for lag in range(1, 5))]
    rows["slope"] = (2 * (x[0] - x[4]) + x[1] - x[3]) / 10
    for lag in (1, 2, 4, 8):
        rows[f"move{lag}"] = rows[f"r{lag}"] - rows["log_rank"]
    rows["accel"] = rows["move1"] - (rows["r2"] - rows["r1"])
    rows["climb"] = (rows[[f"r{lag}" for lag in range(1, LAGS + 1)]].ffill(axis=1).iloc[:, -1]) - rows["log_rank"]
    for name, half_life in (("signitrend", 12), ("sig_fast", 3), ("sig_slow", 48)):
        running = by_item["share"].ewm(halflife=half_life, adjust=False)
        mean = running.mean().droplevel(0).groupby(item, sort=False).shift()
        deviation = running.std(bias=True).droplevel(0).groupby(item, sort=False).shift()
        rows[name] = (rows["share"] - mean) / (deviation + 1e-4)
        if name == "signitrend":
            usual = np.maximum(1000 * mean, 0.1)
    surprise = 1000 * rows["share"] * np.log(1000 * rows["share"] / usual) - (1000 * rows["share"] - usual)
    rows["poisson"] = np.where(1000 * rows["share"] > usual, surprise, -surprise)
    burst = (1000 * rows["share"] * np.log(2) - usual).fillna(0).groupby(item, sort=False).cumsum()
    rows["cusum"] = burst - np.minimum(burst.groupby(item, sort=False).cummin(), 0)
    rows["best"] = by_item["log_rank"].cummin()
    rows["gap_best"] = rows["log_rank"] - rows["best"]
    new_best = rows["hour"].where(rows["gap_best"] == 0)
    rows["since_best"] = np.log1p(rows["hour"] - new_best.groupby(item, sort=False).ffill())
    rows["age"] = np.log1p(rows["hour"] - by_item["hour"].transform("first"))
    rows["debut_gain"] = by_item["log_rank"].transform("first") - rows["log_rank"]
    rows["seen"] = np.log1p(by_item.cumcount())
    rows["roam"] = rows["move1"].abs().fillna(0).groupby(item, sort=False).ewm(alpha=0.15).mean().droplevel(0)
    rows["drift"] = by_item["log_rank"].ewm(alpha=0.2).mean().droplevel(0) - rows["log_rank"]


def _of_snapshots(rows: pd.DataFrame) -> None:
    """Means over the rows above, and how lists move; rows sorted by snapshot and rank."""
    by_snap = rows.groupby("snap", sort=False)
    position = by_snap.cumcount().clip(lower=1)
    for name, values in (
        ("move", rows["move1"].fillna(0)),
        ("slope", rows["slope"].fillna(0)),
        ("age", rows["age"]),
        ("sig", np.log1p(rows["signitrend"].clip(lower=-0.9).fillna(0))),
    ):
        rows[f"above_{name}"] = (values.groupby(rows["snap"], sort=False).cumsum() - values) / position
    top = rows["rank"] <= 10
    came = (top & ~(np.exp(rows["r1"]) <= 10)).groupby(rows["snap"], sort=False).sum() / 10
    new = rows["r1"].isna().groupby(rows["snap"], sort=False).mean()
    list_of = rows.groupby("snap", sort=False)["list"].first()
    for name, share in (("turnover", came), ("entry", new)):
        running = share.groupby(list_of).ewm(alpha=0.1).mean().droplevel(0)
        rows[name] = rows["snap"].map(running)
    rows["heat"] = by_snap["move1"].transform("mean")
