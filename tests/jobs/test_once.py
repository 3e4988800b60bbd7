"""Exactly one report per job and local date: late and double starts, kills, missed days, overlapping runs."""

import os
import random
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from trendscout import pipeline
from trendscout.jobs import run
from trendscout.jobs.run import run_job
from trendscout.jobs.schedule import work_off
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import days_to_do, load_job
from trendscout.store import runs
from trendscout.store.address import StoreAddress
from trendscout.store.connect import open_store
from trendscout.store.workspace import Workspace


class Killed(BaseException):
    """The process ends here, without a chance to clean up."""


@dataclass
class Hands:
    """A clock set by hand."""

    at: datetime

    def now(self):
        return self.at


@dataclass(frozen=True)
class OpenPlace(Workspace):
    """A workspace whose store stays open: a thousand days in seconds."""

    connection: Any = None

    def store(self, *, must_exist=False, only_read=True):
        return nullcontext(self.connection)


def job_file(folder: Path, catch_up="latest", cron="30 7 * * *") -> Path:
    path = folder / "daily.toml"
    path.write_text(
        f'cron = "{cron}"\ntimezone = "America/New_York"\ncatch_up = "{catch_up}"\n[report]\nformats = ["csv"]\n'
    )
    return path


@pytest.fixture
def workspace(tmp_path):
    with open_store(tmp_path / "s.duckdb") as connection:
        connection.execute("INSERT INTO facts VALUES ('purpose', 'test')")
        yield OpenPlace(StoreAddress(tmp_path / "s.duckdb"), tmp_path / "archive", connection=connection)


@pytest.mark.slow
def test_a_thousand_days_with_faults_give_one_report_a_date(workspace, tmp_path, monkeypatch):
    chance = random.Random(11)
    written: list[date] = []
    monkeypatch.setattr(pipeline, "report", lambda *_, **__: type("Made", (), {"rows": ()})())

    def drop(*_, day, **__):
        if chance.random() < 0.1:
            raise Killed
        written.append(day)
        return (f"{day}.csv",)

    advance = runs.advance

    def killed_now_and_then(*arguments):
        if chance.random() < 0.1:
            raise Killed
        return advance(*arguments)

    monkeypatch.setattr(pipeline, "drop", drop)
    monkeypatch.setattr(runs, "advance", killed_now_and_then)
    settings = Settings(path=tmp_path / "trendscout.toml")
    job = load_job(job_file(tmp_path), settings)
    start = datetime(2024, 1, 1, 13, tzinfo=UTC)
    for number in range(1000):
        due = start + timedelta(days=number)
        while True:
            starts = chance.choice((1, 1, 1, 2, 3))  # cron and a person, or two machines
            late = timedelta(minutes=chance.randrange(0, 240))
            try:
                for _ in range(starts):
                    work_off(job, workspace, settings, lang="en", clock=Hands(due + late))
            except Killed:
                continue
            break
    done = workspace.connection.execute(
        "SELECT local_date, count(*) FROM runs WHERE state = 'done' GROUP BY 1"
    ).fetchall()
    assert len(done) == 1000
    assert {count for _, count in done} == {1}
    assert set(written) == {day for day, _ in done}


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        ("latest", [date(2026, 11, 9)]),
        ("all", [date(2026, 11, day) for day in (6, 7, 8, 9)]),
        ("none", [date(2026, 11, 9)]),
    ],
)
def test_missed_days(tmp_path, catch_up, expected):
    job = load_job(job_file(tmp_path, catch_up), Settings())
    now = datetime(2026, 11, 9, 20, tzinfo=UTC)
    assert days_to_do(job, date(2026, 11, 5), now) == expected


def test_nothing_is_due_before_its_time(tmp_path):
    job = load_job(job_file(tmp_path), Settings())
    assert days_to_do(job, date(2026, 11, 8), datetime(2026, 11, 9, 12, 29, tzinfo=UTC)) == []


def begin(workspace, run_id, at, *, alive=lambda _: True):
    return runs.claim(
        workspace.connection, runs.Run(run_id, "daily", date(2026, 11, 9), at, None, "running", {}), alive=alive
    )


def test_of_two_that_start_together_one_works(workspace):
    at = datetime(2026, 11, 9, 13, tzinfo=UTC)
    assert begin(workspace, "here:1", at) is not None
    assert begin(workspace, "there:2", at) is None


def test_a_claim_that_breaks_off_leaves_the_former_one(workspace):
    at = datetime(2026, 11, 9, 13, tzinfo=UTC)
    begin(workspace, "here:1", at)

    class Breaks:
        """A connection that is lost before the new claim is written."""

        def execute(self, query, *values):
            if query.startswith("INSERT"):
                raise Killed
            return workspace.connection.execute(query, *values)

    late = runs.Run("here:2", "daily", date(2026, 11, 9), at + timedelta(hours=1), None, "running", {})
    with pytest.raises(Killed):
        runs.claim(Breaks(), late, alive=lambda _: False)
    assert runs.run_of(workspace.connection, "daily", date(2026, 11, 9)).run_id == "here:1"


@pytest.mark.parametrize("off", [timedelta(days=400), timedelta(days=-400), timedelta(minutes=40)])
def test_a_claim_of_a_clock_that_is_off_is_taken_over_all_the_same(workspace, off):
    at = datetime(2026, 11, 9, 13, tzinfo=UTC)
    assert begin(workspace, "here:1", at + off) is not None
    assert begin(workspace, "here:2", at, alive=lambda _: False) is not None
    assert runs.run_of(workspace.connection, "daily", date(2026, 11, 9)).run_id == "here:2"


def test_a_killed_run_is_taken_over_at_once_on_its_own_machine_and_after_a_silence_from_another(workspace):
    at = datetime(2026, 11, 9, 13, tzinfo=UTC)
    begin(workspace, "here:1", at)
    second = begin(workspace, "here:2", at + timedelta(minutes=1), alive=lambda _: False)
    assert second is not None
    assert begin(workspace, "there:3", at + timedelta(minutes=20)) is None
    runs.note_at_work(workspace.connection, second, at + timedelta(minutes=20))
    assert begin(workspace, "there:3", at + timedelta(minutes=39)) is None, "it says that it is at work"
    third = begin(workspace, "there:3", at + timedelta(minutes=41))
    assert third is not None
    runs.note_at_work(workspace.connection, second, at + timedelta(minutes=42))  # it comes to life: too late
    assert runs.run_of(workspace.connection, "daily", date(2026, 11, 9)).run_id == "there:3"


def test_a_run_that_leaves_another_alone_or_takes_over_says_so(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "report", lambda *_, **__: type("Made", (), {"rows": ()})())
    monkeypatch.setattr(pipeline, "drop", lambda *_, day, **__: (f"{day}.csv",))
    settings = Settings(path=tmp_path / "trendscout.toml")
    job = load_job(job_file(tmp_path), settings)
    at = datetime(2026, 11, 9, 13, tzinfo=UTC)
    begin(workspace, "elsewhere:1", at)

    def work(minutes):
        clock = Hands(at + timedelta(minutes=minutes))
        return run_job(job, workspace, settings, lang="en", clock=clock, day=date(2026, 11, 9))

    done = work(5)
    assert (done.state, [one.code for one in done.detail]) == ("partial", ["run_is_at_work"])
    done = work(25)
    assert done.state == "partial"
    assert done.detail[0].code == "took_over"
    assert done.paths
    assert work(30).state == "skipped", "once it is made, that is no news"


def test_a_run_that_lost_its_claim_does_not_finish(workspace):
    at = datetime(2026, 11, 9, 13, tzinfo=UTC)
    slow = begin(workspace, "here:1", at)
    begin(workspace, "there:2", at + timedelta(hours=5))
    assert not runs.advance(workspace.connection, slow, "done", {}, at + timedelta(hours=6))


def test_a_run_found_dropped_only_pushes(workspace):
    at = datetime(2026, 11, 9, 13, tzinfo=UTC)
    first = begin(workspace, "here:1", at)
    runs.advance(workspace.connection, first, "dropped", {"paths": ["a.csv"]}, at)
    second = begin(workspace, "here:2", at, alive=lambda _: False)
    assert (second.state, second.detail) == ("dropped", {"paths": ["a.csv"]})


def test_a_channel_that_was_not_reached_is_told_by_the_next_run_without_a_second_report(workspace):
    at = datetime(2026, 11, 9, 13, tzinfo=UTC)
    detail = {"paths": ["a.csv"], "pushes": {"team": "", "boss": "HTTP 502"}}
    first = begin(workspace, "here:1", at)
    runs.advance(workspace.connection, first, "partial", detail, at)
    second = begin(workspace, "here:2", at + timedelta(hours=1))
    assert (second.state, second.detail) == ("dropped", detail)
    runs.advance(workspace.connection, second, "done", {"pushes": {"team": "", "boss": ""}}, at)
    assert begin(workspace, "here:3", at + timedelta(hours=2)) is None


def test_a_fault_of_ours_is_kept_as_failed_and_tried_again(workspace, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("a bug")

    settings = Settings(path=tmp_path / "trendscout.toml")
    job = load_job(job_file(tmp_path), settings)
    clock = Hands(datetime(2026, 11, 9, 13, tzinfo=UTC))
    monkeypatch.setattr(pipeline, "report", broken)
    with pytest.raises(RuntimeError):
        run_job(job, workspace, settings, lang="en", clock=clock)
    assert runs.run_of(workspace.connection, "daily", date(2026, 11, 9)).state == "failed"
    monkeypatch.setattr(pipeline, "report", lambda *_, **__: type("Made", (), {"rows": ()})())
    monkeypatch.setattr(pipeline, "drop", lambda *_, **__: ())
    assert run_job(job, workspace, settings, lang="en", clock=clock).state == "done"


def test_this_process_is_not_taken_for_a_dead_one_by_others():
    assert run.alive("elsewhere:1")
    assert run.alive(f"{run.socket.gethostname()}:1")
    assert not run.alive(run.run_id())
    parent = os.getppid()
    host = run.socket.gethostname()
    assert run.alive(f"{host}:{parent}:{run._began(parent)}")
    if run._began(parent):
        assert not run.alive(f"{host}:{parent}:1"), "another process has the number now"
