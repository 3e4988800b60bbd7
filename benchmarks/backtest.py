"""CPU of `trendscout backtest`, refits included, against the pass of the script that judges rankings.

    python benchmarks/backtest.py [--history bilibili_popular]

Both read one history of TRENDSCOUT_SHARED (default ../shared), replay it and judge the same seven simple rules on
the same queries; ours also makes all signals, fits its models on the way and judges what they say. Each is a
process of its own with one thread of linear algebra: threads that wait for each other burn CPU. Exits with 1
beyond twice the CPU of the script.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

TARGET = 2.0
SHARED = Path(os.environ.get("TRENDSCOUT_SHARED", "../shared"))
JUDGE = SHARED / "eval" / "judge_ranking.py"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def cost(*command: str) -> tuple[float, float]:
    """Seconds of CPU and megabytes at most of a Python process."""
    environment = {**os.environ, **ONE_THREAD}
    child = subprocess.Popen([sys.executable, *command], env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)} failed.")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def main() -> int:
    """Print the figures; 0 if the target is met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--history", default="bilibili_popular")
    history = SHARED / "series" / f"{parser.parse_args().history}.parquet"
    if not (JUDGE.exists() and history.exists()):
        sys.exit(f"needs {JUDGE.name} and {history.name} in TRENDSCOUT_SHARED")
    theirs_s, theirs_mb = cost(str(JUDGE), str(history), "--baselines-only")
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "store.duckdb")
        ours_s, ours_mb = cost("-m", "trendscout", "--db", store, "backtest", str(history))
    print(f"{history.stem}: {pq.read_metadata(history).num_rows:,} rows")
    print(f"  {'judge':12}{theirs_s:8.1f} s CPU {theirs_mb:7.0f} MB at most")
    print(f"  {'trendscout':12}{ours_s:8.1f} s CPU {ours_mb:7.0f} MB at most")
    print(f"  CPU {ours_s / theirs_s:.2f} of the judge's own pass, refits included (target {TARGET:g})")
    return 0 if ours_s <= TARGET * theirs_s else 1


if __name__ == "__main__":
    sys.exit(main())
