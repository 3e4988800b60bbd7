"""What is told of the jobs' last runs: by the store and the files, in words, by doctor and the report."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from trendscout.findings import said
from trendscout.jobs.doctor import examine
from trendscout.report import job_lines
from trendscout.settings.config import Settings
from trendscout.steps.job_states import job_states
from trendscout.store import runs
from trendscout.store.connect import open_store
from trendscout.store.workspace import Workspace

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 9, 12, tzinfo=UTC)


def run(connection, job: str, day: int, state: str, detail: dict[str, object]) -> None:
    begun = runs.Run(f"host:{day}", job, date(2026, 11, day), NOW.replace(day=day), None, "running", {})
    runs.claim(connection, begun, alive=lambda _: True)
    runs.advance(connection, begun, state, detail, NOW.replace(day=day))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "jobs"
    folder.mkdir()
    (folder / "daily.toml").write_text('cron = "30 7 * * *"\ntimezone = "Asia/Shanghai"\n[report]\ntop = 5\n')
    (folder / "new.toml").write_text('cron = "0 9 * * 1"\n[report]\ntop = 5\n')
    (folder / "hourly.toml").write_text('cron = "0 * * * *"\n[collect]\nsources = ["ebay"]\n')  # makes no report
    (folder / "broken.toml").write_text("cron = 7\n")
    return Settings(path=tmp_path / "trendscout.toml")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "s.duckdb"
    with open_store(path) as connection:
        run(connection, "daily", 7, "partial", {"pushes": {"team": "refused", "mail": ""}})
        run(connection, "daily", 8, "failed", {"why": "StoreBusy"})
        run(connection, "gone", 2, "done", {})
    return path


@pytest.mark.parametrize("state", ["running", "dropped", "done", "partial", "failed"])
def test_a_run_has_finished_unless_something_of_it_is_still_to_do(tmp_path, state):
    with open_store(tmp_path / "s.duckdb") as connection:
        run(connection, "daily", 7, state, {})
        found = runs.run_of(connection, "daily", date(2026, 11, 7))
    assert found.finished_at == (None if state in ("running", "dropped") else NOW.replace(day=7))


def test_last_run_last_success_and_next_of_every_job_that_reports(store, settings):
    with open_store(store) as connection:
        daily, gone, new = job_states(connection, settings, now=NOW)
    assert (daily.name, daily.state, said(daily.why, "en")) == ("daily", "failed", "StoreBusy")
    assert (daily.last_run, daily.last_success) == (NOW.replace(day=8), NOW.replace(day=7))
    assert daily.due == datetime(2026, 11, 9, 23, 30, tzinfo=UTC)
    assert (gone.name, gone.state, gone.due) == ("gone", "done", None)
    assert (new.name, new.state, new.last_run) == ("new", "", None)


def test_who_could_not_be_told_is_named(store, settings):
    with open_store(store) as connection:
        connection.execute("DELETE FROM runs WHERE state = 'failed'")
        daily, *_ = job_states(connection, settings, now=NOW)
    assert said(daily.why, "en") == "team was not reached: refused"


def test_sentences(store, settings):
    with open_store(store) as connection:
        daily, gone, new = job_states(connection, settings, now=NOW)
    said = job_lines.sentence(daily, "en", now=NOW)
    assert said == "Job daily: failed 11-08 12:00 (StoreBusy); last success 11-07 12:00, next 11-09 23:30 (UTC)."
    assert job_lines.sentence(gone, "en", now=NOW) == "Job gone: done 11-02 12:00; next – (UTC)."
    assert job_lines.sentence(new, "zh", now=NOW) == "任务 new：还没有运行过；下次 11-16 09:00（UTC）。"
    at_work = job_lines.sentence(
        replace(daily, state="running", why=""), "zh", now=NOW.replace(year=2027), zone=SHANGHAI
    )
    assert at_work.startswith("任务 daily：2026-11-08 20:00 起运行中；上次成功 2026-11-07 20:00，")


def test_doctor_shows_every_job_and_warns_of_the_failed(store, settings, tmp_path):
    found = examine(Workspace.at(store, tmp_path / "archive"), settings, now=NOW)
    told = {one.fields["job"]: one.level for one in found if "job" in one.fields}
    assert told == {"daily": "warn", "gone": "ok", "new": "ok"}
    assert any("broken.toml" in str(one.fields.get("path")) for one in found)
