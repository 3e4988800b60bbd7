"""Mutants of the program's own code: how many of them the tests kill, of the parts on which all else rests.

    .venv-mutants/bin/python benchmarks/code_mutants.py [--each 25] [--part NAME]... [--seed 20] [--python PYTHON]

`make mutants` makes that venv. A part's modules are copied, one change is made in the copy, and the part's tests
run there until the first fails. Of all changes a seeded sample is tried; the survivors are printed as diffs: each
is a missing test, or says the same in other words. Exits with 1 if a smaller share of all is killed than FLOOR.

The changes are Cosmic Ray's: it is kept, changes one file by one operator, and is called as a library. Its own
sessions try every mutant, which is weeks. mutmut 3 makes all mutants at once and chooses tests by the functions
that they ran, which is quicker; but it runs the tests in forks of a process that has DuckDB's threads. Operators
of ours would be longer than this file, for the same changes.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_and_test, mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome

ROOT = Path(__file__).parent.parent
FLOOR = 0.8  # of all mutants tried; docs/reliability.md has what was measured
# By part: its modules, and the tests that are to kill their mutants.
PARTS = {
    "archive": (
        "trendscout/archive/*.py",
        (
            "tests/archive tests/net/test_decoding.py tests/net/test_rules.py tests/trouble/test_lost_power.py "
            "tests/trouble/test_limits.py"
        ),
    ),
    "store": (
        "trendscout/store/*.py",
        (
            "tests/store tests/trouble/test_limits.py tests/jobs/test_once.py tests/matching/test_match.py "
            "tests/desk/test_read_file.py tests/cli/test_review.py tests/pipeline"
        ),
    ),
    "fetch": (
        "trendscout/fetch/*.py",
        "tests/net tests/trouble/test_wrong_clock.py tests/trouble/test_limits.py tests/report/test_pictures.py",
    ),
    "clean": (
        "trendscout/report/clean.py",
        "tests/report/test_report_words.py tests/report/test_report_page.py tests/report/test_report_push.py",
    ),
}
_TESTED = "not shared and not browser"
# Types are not run: `int | None` in an annotation is text, and no test sees it changed.
_NOT_RUN = ("BitOr",)
# Of a store that machines share: their tests start PostgreSQL and take minutes.
_SHARED_STORE = frozenset(("lake.py", "leases.py", "moved.py"))
_AT_LEAST_S = 180  # for the tests of a mutant; more where they take long as they are


def mutants(pattern: str, workplace: Path) -> list[MutationSpec]:
    """Every change that Cosmic Ray knows for the modules, in a fixed order."""
    modules = sorted(path for path in Path().glob(pattern) if path.name not in _SHARED_STORE)
    with use_db(str(workplace / "session.sqlite")) as session:
        init(modules, session, {})
        found = [item.mutations[0] for item in session.work_items]
    return sorted(
        (one for one in found if not any(name in one.operator_name for name in _NOT_RUN)),
        key=lambda one: (str(one.module_path), one.operator_name, one.occurrence),
    )


def is_program(one: MutationSpec) -> bool:
    """Whether the change can be made and gives Python: what no compiler takes needs no test to be seen."""
    source = Path(one.module_path).read_bytes()
    operator = get_operator(one.operator_name)(**dict(one.operator_args))
    try:
        changed = mutate_code(source, operator, one.occurrence)
        with warnings.catch_warnings(action="ignore"):
            return changed is not None and bool(compile(changed, str(one.module_path), "exec"))
    except (AttributeError, SyntaxError):  # the operator's own, where it meets `except a.B`
        return False


def tried(
    sample: Sequence[MutationSpec], command: Callable[[Path], str], timeout: float
) -> Iterator[tuple[str, str]]:
    """How each mutant ended, and its diff where it lives; `command` runs the tests of a module."""
    for one in filter(is_program, sample):
        result = mutate_and_test([one], command(Path(one.module_path)), timeout)
        late = result.output == "timeout"
        state = "late" if late else "lives" if result.test_outcome is TestOutcome.SURVIVED else "killed"
        print(f"  {state}: {one.module_path}:{one.start_pos[0]} {one.operator_name}", flush=True)
        yield state, str(result.diff)


def command_of(part: str, python: Path, module: Path | None = None) -> str:
    """The command that runs a part's tests until one fails, those first that import the module."""
    named = [Path(one) for one in PARTS[part][1].split()]
    files = [file for one in named for file in (sorted(one.rglob("test_*.py")) if one.is_dir() else [one])]
    if module:
        package = re.escape(".".join(module.parent.parts))
        imports = re.compile(rf"from {package}(?:\.| import .*\b){module.stem}\b")
        files.sort(key=lambda file: not imports.search(file.read_text(encoding="utf-8")))
    tests = " ".join(map(str, files))
    return f'{shlex.quote(str(python))} -m pytest -q -x -p no:randomly -m "{_TESTED}" {tests}'


def main() -> int:
    """Try the samples and say what lives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=25, help="mutants a part")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part; several may be given")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--python", type=Path, default=ROOT / ".venv" / "bin" / "python", help="runs the tests")
    asked = parser.parse_args()
    total: Counter[str] = Counter()
    lives: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        workplace = Path(folder)
        copy = workplace / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "demo-out"))
        os.chdir(copy)
        os.environ["PYTHONPATH"] = str(copy)  # before the installed package, for the processes of tests too
        for part in asked.part or PARTS:
            command = partial(command_of, part, asked.python.absolute())
            began = time.monotonic()
            if subprocess.run(shlex.split(command()), check=False).returncode:
                print(f"{part}: its tests fail as they are.", file=sys.stderr)
                return 2
            timeout = max(_AT_LEAST_S, 4 * (time.monotonic() - began))
            every = mutants(PARTS[part][0], workplace)
            sample = Random(f"{asked.seed} {part}").sample(every, min(asked.each, len(every)))
            states = list(tried(sample, command, timeout))
            total.update(state for state, _ in states)
            lives += [diff for state, diff in states if state == "lives"]
            killed = sum(state != "lives" for state, _ in states)
            print(f"{part}: {killed} of {len(states)} killed; there are {len(every):,}", flush=True)
    for diff in lives:
        print(f"\n{diff}")
    every_one = sum(total.values())
    share = 1 - total["lives"] / max(1, every_one)
    print(f"\nkilled: {every_one - total['lives']} of {every_one} ({share:.0%}, {total['late']} of them by time)")
    print(f"target: at least {FLOOR:.0%}: {'met' if share >= FLOOR else 'MISSED'}")
    return 0 if share >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
