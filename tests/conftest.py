"""Settings that all tests share."""

import os

import pytest
from hypothesis import settings

# TRENDSCOUT_FUZZ=long asks for twenty times the usual examples: `make torture`.
settings.register_profile("long", max_examples=2000, deadline=None)
if chosen := os.environ.get("TRENDSCOUT_FUZZ"):
    settings.load_profile(chosen)


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
