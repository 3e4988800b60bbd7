"""All jobs of a folder by their cron lines, until stopped: the only user of APScheduler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trendscout.clock import Clock, SystemClock
from trendscout.errors import TrendscoutError
from trendscout.findings import said
from trendscout.jobs.run import Done, run_job
from trendscout.lang import Lang
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import Job, days_to_do, load_jobs
from trendscout.store import runs
from trendscout.store.workspace import Workspace

if TYPE_CHECKING:
    from apscheduler.schedulers.blocking import BlockingScheduler


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
    scheduler = scheduler_of(jobs, lambda job: _attempt(job, workspace, settings, lang=lang, say=say))
    for job in jobs:
        say("{job}: next at {time:%Y-%m-%d %H:%M %Z}", job=job.name, time=job.due.next_after(SystemClock().now()))
        _attempt(job, workspace, settings, lang=lang, say=say, only_missed=True)
    try:
        scheduler.start()
    except (KeyboardInterrupt, SystemExit):
        say("Stopped.")


def scheduler_of(jobs: list[Job], work: Callable[[Job], None]) -> BlockingScheduler:
    """A scheduler that calls `work` with each job when its own timetable says so.

    APScheduler's own cron trigger reads weekdays and clock changes otherwise than crontab(5), so it is only asked
    to wait; one worker means that jobs never overlap, and a run that comes late is made once.
    """
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.blocking import BlockingScheduler
    from apscheduler.triggers.base import BaseTrigger

    class Due(BaseTrigger):  # type: ignore[misc]
        """When a job is due, as its timetable has it."""

        def __init__(self, job: Job) -> None:
            self.job = job

        def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
            """The next time due after the previous one."""
            return self.job.due.next_after(previous_fire_time or now)

    scheduler = BlockingScheduler(executors={"default": ThreadPoolExecutor(1)}, timezone="UTC")
    for job in jobs:
        scheduler.add_job(
            work, Due(job), args=[job], id=job.name, coalesce=True, max_instances=1, misfire_grace_time=None
        )
    return scheduler


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


def _missed(job: Job, workspace: Workspace) -> bool:
    """Whether a report of the job is due that was not made while nobody ran the schedule."""
    if job.report is None or job.catch_up == "none":
        return False
    with workspace.store() as connection:
        last = runs.last_date(connection, job.name)
    return last is not None and bool(days_to_do(job, last, SystemClock().now()))
