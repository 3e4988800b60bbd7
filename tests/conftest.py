"""Settings that all tests share."""

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest
from hypothesis import settings

from trendscout.__main__ import LeftOut

# No deadline: a busy machine is no fault of the code. TRENDSCOUT_FUZZ=long asks for twenty times the usual
# examples: `make torture`.
settings.register_profile("usual", deadline=None)
settings.register_profile("long", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("TRENDSCOUT_FUZZ") or "usual")

sys.meta_path.insert(0, LeftOut())  # as in the command's own process

# Folders of tests that start servers, browsers or whole months: `make quick` leaves them to `make test`.
_SLOW = frozenset(("crash", "demo", "desk", "secrets", "team", "trouble"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow by its folder; what takes minutes is left to `make gate`."""
    left = pytest.mark.skip(reason="takes minutes: make gate")
    for item in items:
        if item.get_closest_marker("long") and "TRENDSCOUT_GATE" not in os.environ:
            item.add_marker(left)
        if item.path.parent.name in _SLOW:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _secrets_of_one_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's store address calls a secret (a password "p") hides nothing in the next test's texts."""
    from trendscout import errors

    monkeypatch.setattr(errors, "_secrets", set())


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each step that a replay takes."""
    from trendscout.ranking import signal_replay as replay

    taken: list[int] = []
    step = replay.step

    def counting(*values: object, **more: object) -> object:
        taken.append(1)
        return step(*values, **more)  # type: ignore[arg-type]  # whatever it was called with

    monkeypatch.setattr(replay, "step", counting)
    return taken


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs `trendscout ARGUMENTS` in an empty folder and says how it ended."""
    monkeypatch.chdir(tmp_path)
    for name in ("TRENDSCOUT_DB", "TRENDSCOUT_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")

    def ran(*arguments) -> Ended:
        from trendscout.cli import run as main
        from trendscout.cli.language import help_lang

        help_lang.cache_clear()
        monkeypatch.setattr(sys, "argv", ["trendscout", *map(str, arguments)])
        out, err = io.StringIO(), io.StringIO()
        code = 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
        return Ended(code, out.getvalue(), err.getvalue())

    return ran
