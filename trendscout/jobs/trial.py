"""A job tried: what it would ask, show and tell now, without asking, sending or counting as today's run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from trendscout import pipeline
from trendscout.errors import TrendscoutError
from trendscout.findings import Finding, of_error
from trendscout.jobs.notify import digest_for, unset
from trendscout.jobs.run import queries_of, report_query
from trendscout.lang import Lang
from trendscout.model import Query
from trendscout.report.digest import Digest
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import Job
from trendscout.store.workspace import Workspace

FOLDER = "try"  # in the folder of drops: no caller of drops looks there


@dataclass(frozen=True, slots=True)
class Message:
    """What one channel would be told, and why it could not be."""

    channel: str
    digest: Digest
    faults: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """What a job would do at a moment."""

    job: str
    due: datetime  # the next time by its cron line
    queries: tuple[Query, ...] = ()
    faults: tuple[Finding, ...] = ()  # why it would ask nothing
    paths: tuple[str, ...] = ()  # the files of the report from what the store holds now
    messages: tuple[Message, ...] = field(default=())


def try_job(job: Job, workspace: Workspace, settings: Settings, *, lang: Lang, now: datetime) -> Trial:
    """The lists that a job would ask, its report from what is stored, and its messages.

    No site is asked, nothing is sent, and the report of the day is still to be made. The files lie in `try/` in
    the folder of drops. Raises TrendscoutError if the store or the report cannot be had.
    """
    faults: tuple[Finding, ...] = ()
    queries: list[Query] = []
    settings = settings.read_by(job.reader) if job.reader else settings
    try:
        queries = queries_of(job, settings)
    except TrendscoutError as error:
        faults = (of_error(error),)
    due = job.due.next_after(now).astimezone(job.due.zone)
    if job.report is None:
        return Trial(job.name, due, tuple(queries), faults)
    wanted = job.report
    lang = cast("Lang", wanted.get("lang") or lang)
    made = pipeline.report(workspace, report_query(job, settings), now=now, settings=settings)
    paths = pipeline.drop(
        made,
        job.formats,
        folder=settings.home / wanted.get("folder", settings.drop_folder) / FOLDER,
        pattern="{name}.{ext}",
        name=job.name,
        lang=lang,
        zone=job.due.zone,
        machine=wanted.get("machine", False),
    )
    messages = tuple(
        Message(
            channel.name,
            digest_for(
                channel,
                workspace,
                made,
                settings,
                key=f"{job.name}/{job.due.local_date(now)}",
                lang=lang,
                zone=job.due.zone,
                files=[str(Path(one)) for one in paths],
            )[1],
            unset(channel),
        )
        for channel in settings.channels
        if channel.name in job.channels
    )
    return Trial(job.name, due, tuple(queries), faults, paths, messages)
