"""Run every benchmark and keep what they print in benchmarks/RESULTS.md.

    python benchmarks/run_all.py [NAME]...

NAMEs run only these; the others keep what they had on the same machine and versions, which the file names. Exits
with 1 if a target is missed or a benchmark could not run.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
# In the order of the way of the data.
ALL = (
    "reading",
    "crawling",
    "politeness",
    "loading",
    "ranking",
    "daily",
    "backtest",
    "matching",
    "seller",
    "startup",
    "weight",
)


@dataclass(frozen=True)
class Run:
    """What one benchmark printed, and how it ended."""

    name: str
    code: int
    printed: str
    fault: str  # the last line of its stderr

    @property
    def figures(self) -> str:
        """The lines that name a target, for one cell of a table; else why there is none."""
        lines = [line.strip() for line in self.printed.splitlines() if "target" in line]
        return "<br>".join(lines).replace("|", "/") or f"did not run: {self.fault}"

    @property
    def verdict(self) -> str:
        """Whether all its targets are met."""
        return "met" if self.code == 0 else "missed" if "target" in self.printed else "not run"


def run(name: str) -> Run:
    """Run one benchmark from the root of the repository."""
    done = subprocess.run(
        [sys.executable, f"benchmarks/{name}.py"],
        cwd=HERE.parent,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"{name}\n{done.stdout}{done.stderr if done.returncode else ''}", flush=True)
    return Run(name, done.returncode, done.stdout, (done.stderr.strip().splitlines() or [""])[-1])


def machine() -> str:
    """The machine and the versions, in one line."""
    import duckdb

    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB of memory, {platform.system()}, "
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    )


def row(one: Run) -> str:
    """The row of the table."""
    return f"| {one.name} | {one.figures} | {one.verdict} | `python benchmarks/{one.name}.py` |"


def section(one: Run) -> str:
    """All that it printed."""
    return f"## {one.name}\n\n```text\n{one.printed.rstrip()}\n```\n"


def kept(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Rows and sections of an earlier file by name; none if it is of another machine or of other versions."""
    if machine() not in text:
        return {}, {}
    table, *sections = text.split("\n## ")
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in table.splitlines() if "`python " in line}
    told = {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in sections}
    return {name: rows[name] for name in ALL if name in rows}, told


def page(rows: dict[str, str], sections: dict[str, str]) -> str:
    """The text of RESULTS.md."""
    table = "\n".join(rows[name] for name in ALL if name in rows)
    printed = "\n".join(sections[name] for name in ALL if name in sections)
    return (
        f"# Benchmarks\n\nWritten by `make bench` (`python benchmarks/run_all.py`). {machine()}.\n\n"
        f"| what | figures | targets | command |\n|---|---|---|---|\n{table}\n\n{printed}"
    )


def main() -> int:
    """Run, write the file; 0 if every target is met."""
    file = HERE / "RESULTS.md"
    rows, sections = kept(file.read_text(encoding="utf-8") if file.exists() else "")
    met = True
    for name in sys.argv[1:] or ALL:
        one = run(name)
        rows[name], sections[name] = row(one), section(one)
        file.write_text(page(rows, sections), encoding="utf-8")  # what is measured stays, should the next one hang
        met = met and one.code == 0
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
