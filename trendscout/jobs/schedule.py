"""All jobs of a folder by their cron lines, until stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from trendscout.clock import Clock, SystemClock
from trendscout.errors import TrendscoutError, reason
from trendscout.findings import said
from trendscout.jobs.run import Done, run_job
from trendscout.lang import Lang
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import Job, days_to_do, load_jobs
from trendscout.stopping import is_stop
from trendscout.store import runs
from trendscout.store.workspace import Workspace

_LOOK_AGAIN_S = 60.0  # a clock may be set, or the machine sleep, while nothing is due


def work_off(
    job: Job,
    workspace: Workspace,
    settings: Settings,
    *,
    lang: Lang,
    clock: Clock,
    base_url: str | Mapping[str, str] | None = None,
) -> list[Done]:
    """Do what of a job is due now: today's run, and missed dates as its `catch_up` has it."""
    now = clock.now()
    with workspace.store() as connection:
        last = runs.last_date(connection, job.name)
    days = days_to_do(job, last, now) if job.report is not None else []
    today = job.due.local_date(now)
    return [
        run_job(job, workspace, settings, lang=lang, clock=clock, day=day, base_url=base_url)
        for day in days or [today]
    ]


def serve(
    folder: Path,
    workspace: Workspace,
    settings: Settings,
    *,
    lang: Lang,
    say: Callable[..., None],
    allow_outside: bool = False,
) -> None:
    """Run every job when it is due, one at a time, until the process is stopped; one that is wrong is told.

    Raises ConfigError before the first wait if there is no job to run.
    """
    jobs = load_jobs(folder, settings, tell=lambda fault: say("{error}", error=fault), allow_outside=allow_outside)
    clock = SystemClock()
    for job in jobs:
        say("{job}: next at {time:%Y-%m-%d %H:%M %Z}", job=job.name, time=job.due.next_after(clock.now()))
        _attempt(job, workspace, settings, lang=lang, say=say, only_missed=True)
    try:
        work_when_due(
            jobs,
            lambda job: _attempt(job, workspace, settings, lang=lang, say=say),
            now=clock.now,
            sleep=time.sleep,
        )
    except KeyboardInterrupt:
        say("The schedule stopped at {time:%Y-%m-%d %H:%M %Z}.", time=clock.now())
        raise


def work_when_due(
    jobs: Sequence[Job],
    work: Callable[[Job], None],
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> NoReturn:
    """Call `work` with each job when its timetable says so, one at a time, for good.

    A job that came due while another ran, or while the machine slept, is run once, as soon as it can be.
    """
    due = {job.name: job.due.next_after(now()) for job in jobs}
    while True:
        job = min(jobs, key=lambda job: due[job.name])
        pause = (due[job.name] - now()).total_seconds()
        if pause > 0:
            sleep(min(pause, _LOOK_AGAIN_S))
        else:
            work(job)
            due[job.name] = job.due.next_after(now())


def _attempt(
    job: Job,
    workspace: Workspace,
    settings: Settings,
    *,
    lang: Lang,
    say: Callable[..., None],
    only_missed: bool = False,
) -> None:
    """One try at a job; what goes wrong is told, and the other jobs go on."""
    try:
        if only_missed and not _missed(job, workspace):
            return
        for done in work_off(job, workspace, settings, lang=lang, clock=SystemClock()):
            say(
                "{job} {date}: {state}. {detail}",
                job=job.name,
                date=done.local_date,
                state=done.state,
                detail=said(done.detail, lang),
            )
    except TrendscoutError as error:
        say("{job}: {error}", job=job.name, error=error)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one job; the others are to go on
        if is_stop(error):
            raise KeyboardInterrupt from None
        say("{job}: {error}", job=job.name, error=f"{type(error).__name__}: {reason(error)}")


def _missed(job: Job, workspace: Workspace) -> bool:
    """Whether a report of the job is due that was not made while nobody ran the schedule."""
    if job.report is None or job.catch_up == "none":
        return False
    with workspace.store() as connection:
        last = runs.last_date(connection, job.name)
    return last is not None and bool(days_to_do(job, last, SystemClock().now()))
