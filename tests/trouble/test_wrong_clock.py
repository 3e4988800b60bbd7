"""What a clock that was ahead left in a store is told, and taken back when asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from trendscout.findings import words
from trendscout.jobs.doctor import examine, mend
from trendscout.model import HostState
from trendscout.settings.config import Settings
from trendscout.store.hosts import host_states, save_host_states
from trendscout.store.workspace import Workspace


def test_doctor_reopens_what_a_wrong_clock_closed_and_nothing_else(tmp_path: Path) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    workspace = Workspace.at(tmp_path / "s.duckdb")
    closed = HostState("wrong.example", 1, 0, now + timedelta(days=400), words("a captcha"))
    ahead = HostState("ahead.example", 0, 0, None, None, "200 ", now + timedelta(days=400))
    resting = HostState("resting.example", 3, 0, now + timedelta(hours=4), words("a captcha"), "200 ", now)
    with workspace.store() as store:
        save_host_states(store, [closed, ahead, resting])
    steps = [one.next_step for one in examine(workspace, Settings(), now=now)]
    assert sum("doctor --mend" in step for step in steps) == 2
    assert mend(workspace, now=now) == ["ahead.example", "wrong.example"]
    with workspace.store() as store:
        states = {state.host: state for state in host_states(store)}
    assert states["resting.example"] == resting
    assert {states[name].open_until for name in ("wrong.example", "ahead.example")} == {None}
    assert mend(workspace, now=now) == []
