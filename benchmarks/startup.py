"""CPU of starting: `--help`, `sources` and `report` on the demo's store, against `python -c "import typer"`.

    python benchmarks/startup.py [--store DEMO.duckdb] [--rounds 11]

Every command runs in a process of its own, in turns, from compiled bytecode as an installed program does; the
median counts. Without --store, 45 days of the demo are simulated first. Exits with 1 if a target is missed:
`--help` at most 2.3, `sources` 3 and `report --top 20` 9 times the import.

Where the time goes that is not ours, in shares of `import typer`: pydantic, which Typer 0.29 imports for any typed
option, 0.9; NumPy 1.2; DuckDB 0.8; rich 0.5.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from trendscout.store.connect import open_store

TARGETS = {"--help": 2.3, "sources": 3.0, "report --top 20": 9.0}  # times the import
OURS = [sys.executable, "-m", "trendscout"]
# Else every start of ours would compile our modules, while those of Typer lie compiled in site-packages.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def cpu_s(command: Sequence[str]) -> float:
    """Seconds of CPU that the command takes, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=_ENVIRONMENT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def last_look(store: Path) -> str:
    """When the store was last fed, as `--as-of` takes it."""
    with open_store(store, must_exist=True) as connection:
        found = connection.execute("SELECT max(taken_at) FROM snapshots").fetchone()
    if not found or found[0] is None:
        sys.exit(f"{store} holds no look.")
    return f"{found[0].isoformat()}Z"


def measure(store: Path, rounds: int) -> dict[str, float]:
    """Median seconds of CPU of each command."""
    report = ["--db", str(store), "report", "--top", "20", "--as-of", last_look(store)]
    commands = {
        "import typer": [sys.executable, "-c", "import typer"],
        "--help": [*OURS, "--help"],
        "sources": [*OURS, "sources"],
        "report --top 20": [*OURS, *report],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(cpu_s(command))
    return {name: median(its) for name, its in taken.items()}


def main() -> int:
    """Print the figures; 0 if the targets are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", type=Path)
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = options.store
        if store is None:
            store = Path(folder) / "demo.duckdb"
            demo = [*OURS, "demo", "--days", "45", "--out", folder]
            subprocess.run(demo, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken = measure(store, options.rounds)
    base = taken["import typer"]
    print(f"import typer: {base * 1000:.0f} ms CPU")
    for name, target in TARGETS.items():
        print(f"{name}: {taken[name] * 1000:.0f} ms CPU, ratio {taken[name] / base:.2f} (target {target:g})")
    return 0 if all(taken[name] <= target * base for name, target in TARGETS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
