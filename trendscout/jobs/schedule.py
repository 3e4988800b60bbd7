"""All jobs of a folder by their cron lines, until stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, NoReturn

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

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

_LOOK_AGAIN_S = 60.0  # a wait without an end cannot be stopped everywhere


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
        due = job.due.next_after(clock.now()).astimezone(job.due.zone)
        say("{job}: next at {time:%Y-%m-%d %H:%M %Z}", job=job.name, time=due)
        _attempt(job, workspace, settings, lang=lang, say=say, only_missed=True)
    try:
        work_when_due(jobs, lambda job: _attempt(job, workspace, settings, lang=lang, say=say))
    except KeyboardInterrupt:
        say("The schedule stopped at {time:%Y-%m-%d %H:%M %Z}.", time=clock.now())
        raise


def work_when_due(jobs: Sequence[Job], work: Callable[[Job], None]) -> NoReturn:
    """Call `work` with each job when its timetable says so, one at a time and in this thread, for good.

    The scheduler only waits, in a thread of its own; work is done here, where a stop arrives. A job that came due
    while another ran, or while the machine slept, is run once, as soon as it can be.
    """
    due: Queue[Job] = Queue()
    waiting: set[str] = set()  # a job stands in the queue once

    def tell(job: Job) -> None:
        if job.name not in waiting:
            waiting.add(job.name)
            due.put(job)

    scheduler = scheduler_of(jobs, tell)
    scheduler.start()
    try:
        while True:
            with suppress(Empty):
                job = due.get(timeout=_LOOK_AGAIN_S)
                waiting.discard(job.name)
                work(job)
    finally:
        scheduler.shutdown(wait=False)


def scheduler_of(jobs: Sequence[Job], tell: Callable[[Job], None]) -> BackgroundScheduler:
    """A scheduler that calls `tell` with each job when its own timetable says so.

    APScheduler's own cron trigger reads weekdays and clock changes otherwise than crontab(5), so it is only asked
    to wait; a run that comes late is told once.
    """
    from apscheduler.schedulers.background import BackgroundScheduler
    from apscheduler.triggers.base import BaseTrigger

    class Due(BaseTrigger):  # type: ignore[misc]
        """When a job is due, as its timetable has it."""

        def __init__(self, job: Job) -> None:
            self.job = job

        def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
            """The next time due after the previous one."""
            return self.job.due.next_after(previous_fire_time or now)

    scheduler = BackgroundScheduler(timezone="UTC", daemon=True)
    for job in jobs:
        scheduler.add_job(
            tell, Due(job), args=[job], id=job.name, coalesce=True, max_instances=1, misfire_grace_time=None
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
