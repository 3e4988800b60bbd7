"""How each job last went, from the store, and when it is due, from its file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from trendscout.errors import ConfigError
from trendscout.findings import Finding, finding, from_json
from trendscout.model import JobState
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import Job, load_job
from trendscout.store import runs
from trendscout.store.sql import Connection


def job_states(connection: Connection, settings: Settings, *, now: datetime) -> tuple[JobState, ...]:
    """Every job that makes reports, by name: those with a file here, and those that the store remembers."""
    files = {job.name: job for job in _readable(settings) if job.report is not None}
    last, good = runs.last_runs(connection), runs.last_runs(connection, finished=True)
    return tuple(
        JobState(
            name=name,
            state=last[name].state if name in last else "",
            last_run=last[name].started_at if name in last else None,
            last_success=good[name].started_at if name in good else None,
            due=files[name].due.next_after(now) if name in files else None,
            why=_why(last[name]) if name in last else (),
        )
        for name in sorted({*files, *last})
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
