"""CPU and memory of importing a ranked-list history, against DuckDB's own COPY of the same rows.

    python benchmarks/loading.py [--rows 10000000]

The history is generated: 100 lists of 100 ranks, looked at hourly; an item holds its rank for 20 looks. Both read
one Parquet file into a new database file, each in a process of its own. trendscout also checks every row and makes
lists, snapshots and listings. Exits with 1 beyond 2.5 times the CPU of COPY.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TARGET = 2.5
LISTS, RANKS = 100, 100
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cost:
    """What one way of loading took."""

    cpu_s: float
    peak_mb: float
    rows: int


def generate(path: Path, rows: int) -> None:
    """Write the history: the same rows for the same number of them."""
    import duckdb

    looks = rows // (LISTS * RANKS)
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (
                SELECT 'shop_US/bestsellers/c' || list AS list_id,
                       TIMESTAMP '2024-01-01' + to_hours(look::INTEGER) AS snapshot_at,
                       rank::INTEGER AS rank, 'Product ' || key AS item, key AS item_key,
                       (hash(key, look) % 10000)::DOUBLE AS count
                FROM (
                    SELECT list, look, rank,
                           upper(to_hex(hash(list, rank, (look + hash(list, rank) % 20) // 20))) AS key
                    FROM range({LISTS}) a(list), range({looks}) b(look), range(1, {RANKS + 1}) c(rank)
                ) ORDER BY look, list, rank
            ) TO '{path}' (FORMAT parquet)"""
        )


def ours(path: Path, store: Path) -> int:
    """Import into a store; the number of observations."""
    from trendscout.store.connect import open_store
    from trendscout.store.histories import import_history

    with open_store(store) as connection:
        return import_history(connection, path, loaded_at=NOW).observations


def copy(path: Path, store: Path) -> int:
    """Copy into a plain table; the number of its rows."""
    import duckdb

    with duckdb.connect(str(store)) as connection:
        connection.execute(
            """CREATE TABLE history (list_id VARCHAR, snapshot_at TIMESTAMP, rank INTEGER, item VARCHAR,
            item_key VARCHAR, count DOUBLE)"""
        )
        connection.execute(f"COPY history FROM '{path}' (FORMAT parquet)")
        found = connection.execute("SELECT count(*) FROM history").fetchone()
    return int(found[0]) if found else 0


def measure(name: str, path: Path) -> Cost:
    """Load in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--child", name, str(path), str(Path(folder) / "store.duckdb")]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout  # noqa: S101 - stdout=PIPE above
        told = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{name} failed.")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, int(told))


def main() -> int:
    """Print the figures; 0 if the target is met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, path, store = options.child
        print({"trendscout": ours, "COPY": copy}[name](Path(path), Path(store)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.parquet"
        generate(path, options.rows)
        costs = {name: measure(name, path) for name in ("COPY", "trendscout")}
    theirs, our = costs["COPY"], costs["trendscout"]
    if theirs.rows != our.rows:
        sys.exit(f"{theirs.rows} rows against {our.rows}: not the same work.")
    print(f"{our.rows} observations from Parquet")
    for name, cost in costs.items():
        print(f"  {name:12}{cost.cpu_s:8.2f} s CPU {cost.peak_mb:7.0f} MB at most")
    print(f"  CPU {our.cpu_s / theirs.cpu_s:.2f} of COPY's (target {TARGET})")
    return 0 if our.cpu_s <= TARGET * theirs.cpu_s else 1


if __name__ == "__main__":
    sys.exit(main())
