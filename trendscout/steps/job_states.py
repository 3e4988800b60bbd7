"""How each job last went, from the store, and when it is due, from its file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from trendscout.errors import ConfigError
from trendscout.findings import Finding, finding, from_json
from trendscout.model import JobRun, JobState
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import Job, load_job
from trendscout.store import runs
from trendscout.store.sql import Connection
from trendscout.store.workspace import Workspace


def job_states(connection: Connection, settings: Settings, *, now: datetime) -> tuple[JobState, ...]:
    """Every job that makes reports, by name: those with a file here, and those that the store remembers."""
    files = {job.name: job for job in _readable(settings) if job.report is not None}
    last, good = runs.last_runs(connection), runs.last_runs(connection, finished=True)
    return tuple(
        _state(name, last.get(name), good.get(name), files[name].due.next_after(now) if name in files else None)
        for name in sorted({*files, *last})
    )


def last_and_next(workspace: Workspace, jobs: Sequence[Job], *, now: datetime) -> list[JobState]:
    """How each of the jobs last went and when it is due; one that makes no report leaves no run behind."""
    known: dict[str, runs.Run] = {}
    good: dict[str, runs.Run] = {}
    if workspace.db.exists():
        with workspace.store() as connection:
            known, good = runs.last_runs(connection), runs.last_runs(connection, finished=True)
    return [_state(job.name, known.get(job.name), good.get(job.name), job.due.next_after(now)) for job in jobs]


def runs_so_far(workspace: Workspace, job: str, *, most: int) -> list[JobRun]:
    """A job's last runs, the latest first."""
    if not workspace.db.exists():
        return []
    with workspace.store() as connection:
        last_runs = runs.runs_of(connection, job, most=most)
    return [
        JobRun(
            run.local_date,
            run.started_at,
            run.finished_at,
            run.state,
            tuple(map(str, run.detail.get("paths", ()))),
            _why(run),
        )
        for run in last_runs
    ]


def _state(name: str, last: runs.Run | None, good: runs.Run | None, due: datetime | None) -> JobState:
    return JobState(
        name=name,
        state=last.state if last else "",
        last_run=last.started_at if last else None,
        last_success=good.started_at if good else None,
        due=due,
        why=_why(last) if last else (),
    )


def _readable(settings: Settings) -> Iterator[Job]:
    """The jobs beside the configuration; a file that is wrong is told by `doctor`."""
    folder = settings.home / "jobs"
    for file in folder.glob("*.toml") if settings.path else ():
        try:
            yield load_job(file, settings, allow_outside=True)
        except ConfigError:
            continue


def _why(run: runs.Run) -> tuple[Finding, ...]:
    if run.state == "failed":
        return from_json(str(run.detail.get("why", "")))
    unheard = ((channel, from_json(str(why))) for channel, why in run.detail.get("pushes", {}).items() if why)
    return tuple(finding("channel_unreached", channel=channel, why=why) for channel, why in unheard)
