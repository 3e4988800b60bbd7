"""What a file of jobs/ says, and which days' reports it owes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from trendscout.errors import ConfigError
from trendscout.settings.config import Settings, load_toml
from trendscout.settings.timetable import Timetable, timetable

CatchUp = Literal["latest", "all", "none"]
_MISSED_SPAN = timedelta(days=31)  # how far back missed days are made up for


@dataclass(frozen=True, slots=True)
class Job:
    """One file of jobs/."""

    name: str  # the file's name without .toml
    path: Path
    due: Timetable
    catch_up: CatchUp = "latest"
    collect: Mapping[str, Any] | None = None  # None: nothing is collected
    report: Mapping[str, Any] | None = None  # None: nothing is reported
    channels: tuple[str, ...] = ()
    reader: str = ""  # whose marks, costs and packs it takes; "": everyone's

    @property
    def formats(self) -> Sequence[str]:
        """The kinds of files that its report is dropped as."""
        formats: Sequence[str] = (self.report or {}).get("formats", ("csv", "xlsx", "html"))
        return formats


def load_job(path: Path, settings: Settings, *, allow_outside: bool = False) -> Job:
    """The job in a file.

    Raises ConfigError naming file, line and key; also for a folder of drops outside of the configuration's own,
    unless `allow_outside`: a job may come from somebody else.
    """
    table = load_toml(path, "job")
    try:
        due = timetable(table["cron"], table.get("timezone") or settings.timezone)
    except ConfigError as error:
        fault = error.what.format(**error.fields)
        raise ConfigError("{path}: {fault}", next_step=error.next_step, path=path, fault=fault) from error
    channels = tuple(table.get("push", {}).get("channels", ()))
    unknown = set(channels) - {channel.name for channel in settings.channels}
    if unknown:
        raise ConfigError(
            "{path}: push.channels: {names} stands in no [push.…] of trendscout.toml.",
            next_step="Add it there, or take it out here.",
            path=path,
            names=", ".join(sorted(unknown)),
        )
    folder = (table.get("report") or {}).get("folder")
    home = settings.home.resolve()
    if folder and not allow_outside and not (home / folder).resolve().is_relative_to(home):
        raise ConfigError(
            "{path}: report.folder: {folder} lies outside of {home}.",
            next_step="Name a folder below it, or allow it with --allow-outside.",
            path=path,
            folder=folder,
            home=home,
        )
    return Job(
        name=path.stem,
        path=path,
        due=due,
        catch_up=table.get("catch_up", "latest"),
        collect=table.get("collect"),
        report=table.get("report"),
        channels=channels,
        reader=settings.read_by(table.get("reader", "")).reader,
    )


def load_jobs(
    folder: Path,
    settings: Settings,
    *,
    tell: Callable[[ConfigError], object] | None = None,
    allow_outside: bool = False,
) -> list[Job]:
    """Every job of a folder, by name; one that is wrong is told and left out.

    Raises ConfigError if there is none, and without `tell` if one is wrong.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise ConfigError("{folder} has no job.", next_step="`trendscout init` writes some.", folder=folder)
    jobs: list[Job] = []
    for file in files:
        try:
            jobs.append(load_job(file, settings, allow_outside=allow_outside))
        except ConfigError as fault:
            if tell is None or (file is files[-1] and not jobs):  # nothing is left to do
                raise
            tell(fault)
    return jobs


def days_to_do(job: Job, last: date | None, now: datetime) -> list[date]:
    """The local dates whose report is due at `now` and was not made, oldest first, as `catch_up` has it.

    `last` is the date of the last report; without one nothing was missed, and only today can be due.
    """
    due = job.due.due_between(now - _MISSED_SPAN, now)
    dates = list(dict.fromkeys(job.due.local_date(moment) for moment in due))
    today = job.due.local_date(now)
    if last is None or job.catch_up == "none":
        return [day for day in dates if day == today and day != last]
    missed = [day for day in dates if day > last]
    return missed if job.catch_up == "all" else missed[-1:]
