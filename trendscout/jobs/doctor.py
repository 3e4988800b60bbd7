"""What is wrong and what to do: configuration, store, archive, clock, sources, jobs. Needs no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from trendscout.archive import Archive
from trendscout.errors import StoreError, TrendscoutError
from trendscout.jobs.notify import undelivered
from trendscout.model import Coverage, HostState, JobState
from trendscout.money import OLD_DAYS
from trendscout.report import costs, job_lines, packs
from trendscout.report.absences import changed, network_down, unreached
from trendscout.report.phrases import RATES
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import Job, load_job
from trendscout.sources.source import is_left_out, sources
from trendscout.steps.costs import OWN_FILE as COSTS_FILE
from trendscout.steps.costs import written_costs
from trendscout.steps.job_states import job_states
from trendscout.steps.publish import last_fault
from trendscout.steps.rates import OWN_FILE as RATES_FILE
from trendscout.steps.rates import own_rates, rates_of
from trendscout.steps.red_ocean import red_ocean
from trendscout.store import runs
from trendscout.store.address import StoreAddress
from trendscout.store.coverage import coverage
from trendscout.store.hosts import host_states, reopen_hosts
from trendscout.store.lake import server_time
from trendscout.store.rates import currencies_of
from trendscout.store.read_file import ReadFile
from trendscout.store.sql import Connection, one
from trendscout.store.upkeep import contradictions
from trendscout.store.workspace import Workspace

_SILENT_PERIODS = 2  # a job that missed this many of its times is called silent
_FUTURE = timedelta(minutes=10)
_SOON_DAYS = 14
_LATELY = timedelta(days=30)
_SKEW = timedelta(minutes=2)  # between this machine's clock and the server's


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing looked at."""

    level: Literal["ok", "warn", "bad"]
    what: str  # English template
    next_step: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """What `doctor` exits with for this alone."""
        return {"ok": 0, "warn": 3, "bad": 4}[self.level]


def examine(workspace: Workspace, settings: Settings, *, now: datetime) -> list[Diagnosis]:
    """Everything looked at, the worst last to be forgotten; "bad" means that the store is unusable."""
    diagnoses = [
        *_configuration(settings, now),
        *_store(workspace, now),
        *_rates(workspace, settings, now),
        *_archive(workspace.archive),
        *_jobs(workspace, settings, now),
    ]
    return sorted(diagnoses, key=lambda one: -one.exit_code)


def mend(workspace: Workspace, *, now: datetime) -> list[str]:
    """The hosts that a wrong clock had closed, or whose robots.txt it had dated ahead: they are asked again."""
    if not workspace.db.exists():
        return []

    def work(connection: Connection) -> list[str]:
        wrong = [state.host for state in host_states(connection) if _is_misdated(state, now)]
        if wrong:
            reopen_hosts(connection, wrong)
        return wrong

    return workspace.write(work)


def _is_misdated(state: HostState, now: datetime) -> bool:
    """Whether a clock that was ahead wrote this state: nothing rests a host so long, no file was read tomorrow."""
    from trendscout.fetch.breaker import plausible

    return plausible(state, now) != state or bool(state.robots_at and state.robots_at > now + _FUTURE)


def examine_published(file: ReadFile, folder: Path, settings: Settings, *, now: datetime) -> list[Diagnosis]:
    """The same as far as the read file of `folder` tells it: the store is not opened, so nobody waits."""
    cursor = file.cursor()
    try:
        resting = list(_hosts(cursor, now))
    finally:
        cursor.close()
    diagnoses = [
        *_configuration(settings, now),
        *_unpublished(folder),
        *_lists(file.coverage),
        *resting,
        *_states(file.jobs, settings, now),
    ]
    return sorted(diagnoses, key=lambda one: -one.exit_code)


def _unpublished(folder: Path) -> Iterator[Diagnosis]:
    if why := last_fault(folder):
        yield Diagnosis(
            "warn",
            "What is shown could not be brought up to date: {reason}",
            "`trendscout doctor` looks closer.",
            {"reason": why},
        )


def _configuration(settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    left_out: list[TrendscoutError] = [*settings.left_out]
    packs.load(settings.own("packs"), tell=left_out.append)
    book = costs.CostBook()
    try:
        book = written_costs(settings, own_rates(settings), now=now)
    except TrendscoutError as fault:
        left_out.append(fault)
    yield from _rules(book, settings, now)
    for wrong in left_out:
        yield Diagnosis("warn", wrong.what, wrong.next_step, wrong.fields)
    if settings.path is None:
        yield Diagnosis("ok", "No trendscout.toml here: the defaults are used.", "`trendscout init` writes one.")
        return
    yield Diagnosis("ok", "The configuration {path} is sound.", fields={"path": settings.path})
    named = (*settings.sources, *settings.categories)
    unknown = [name for name in named if name not in sources() and not is_left_out(name)]
    if unknown:
        yield Diagnosis(
            "warn",
            "The configuration names sources that do not exist: {names}.",
            "`trendscout sources` lists them.",
            {"names": ", ".join(dict.fromkeys(unknown))},
        )
    if not settings.contact:
        yield Diagnosis(
            "warn",
            "No contact is set: live lists are not asked without one.",
            'Put contact = "you@example.com" into {path}.',
            {"path": settings.path},
        )


def _store(workspace: Workspace, now: datetime) -> Iterator[Diagnosis]:
    if not workspace.db.exists():
        yield Diagnosis("ok", "There is no store yet.", "`trendscout collect`, `ingest` or `import` makes one.")
        return
    try:
        with workspace.store() as connection:
            yield from _inside(connection, workspace.db, now)
    except StoreError as error:
        yield Diagnosis("bad", error.what, error.next_step, error.fields)


def _inside(connection: Connection, db: StoreAddress, now: datetime) -> Iterator[Diagnosis]:
    faults = contradictions(connection)
    for fault in faults:
        yield Diagnosis(
            "bad",
            fault.what,
            "`trendscout db check --mend`, `trendscout db restore`, or `trendscout replay` into a new store.",
            {"count": fault.count},
        )
    if not faults:
        yield Diagnosis("ok", "The store {db} is sound.", fields={"db": db})
    yield from _lists(coverage(connection, now=now))
    row = one(connection, "SELECT max(taken_at) FROM snapshots")
    newest = row[0] if row else None
    if newest and newest > (now + _FUTURE).replace(tzinfo=None):
        yield Diagnosis(
            "warn",
            "The newest look is from {newest} UTC, which has not come yet.",
            "Set this machine's clock, or the clock of the one that collected.",
            {"newest": newest},
        )
    for channel, messages in undelivered(connection).items():
        aside = [one for one in messages if one.state == "aside"]
        yield Diagnosis(
            "warn",
            "{count} messages for the channel {channel} did not arrive, {aside} of them are set aside. {why}",
            "`trendscout push list` shows them; `push retry` and `push drop` settle them.",
            {"count": len(messages), "channel": channel, "aside": len(aside), "why": (aside or messages)[0].why},
        )
    if db.shared and abs(ahead := now - server_time(connection)) > _SKEW:
        yield Diagnosis(
            "warn",
            "This machine's clock and that of the shared store's PostgreSQL are {minutes} minutes apart.",
            "Set the one that is wrong: times of looks are this machine's.",
            {"minutes": round(abs(ahead).total_seconds() / 60)},
        )
    yield from _hosts(connection, now)


def _hosts(connection: Connection, now: datetime) -> Iterator[Diagnosis]:
    for state in host_states(connection):
        if _is_misdated(state, now):
            yield Diagnosis(
                "warn",
                "{host} was closed, or its robots.txt read, by a clock that was ahead.",
                "`trendscout doctor --mend` lets it be asked again.",
                {"host": state.host},
            )
        elif state.open_until and state.open_until > now:
            yield Diagnosis(
                "warn",
                "{host} is left alone until {until:%Y-%m-%d %H:%M} UTC: {reason}.",
                "It is tried again after that by itself.",
                {"host": state.host, "until": state.open_until, "reason": state.reason},
            )


def _rules(book: costs.CostBook, settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    """Rules of costs.toml that have ended, or soon will, with none in their place."""
    for rule in costs.last_of_their_kind(book.rules):
        if (rule.valid_until - now.date()).days < _SOON_DAYS:
            yield Diagnosis(
                "warn",
                "Costs: of {part} in {market} the last rule ends on {until} ({source}); no rule follows it.",
                "Write the one that follows into {file}: without it that part of the cost is unknown.",
                {
                    "part": rule.part,
                    "market": rule.market,
                    "until": rule.valid_until,
                    "source": rule.source,
                    "file": settings.own(COSTS_FILE),
                },
            )


def _rates(workspace: Workspace, settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    """Of the currencies of prices seen lately: which have no rate, and how old the others are."""
    if not workspace.db.exists():
        return
    try:
        with workspace.store() as connection:
            rates, _ = rates_of(connection, settings, now=now)
            used = currencies_of(connection, since=now - _LATELY, until=now)
            returned = red_ocean(connection, settings)
    except StoreError:
        return  # told above
    for note in returned.notes:
        yield Diagnosis("warn" if returned.unmatched else "ok", "{note}", fields={"note": note})
    for fault in returned.faults:
        yield Diagnosis("warn", fault.what, fault.next_step, fault.fields)
    known = {currency: rates.rate(currency, now.date()) for currency in used}
    if unknown := [currency for currency, rate in known.items() if rate is None]:
        yield Diagnosis(
            "warn",
            "No exchange rate is known for {currencies}: prices in them have no dollars.",
            "Write {file}: a line [ARS], below it 2026-11-01 = 1480, units for one dollar from a day on.",
            {"currencies": ", ".join(unknown), "file": settings.home / RATES_FILE},
        )
    days: dict[tuple[date, str], list[str]] = {}
    for currency, rate in known.items():
        if rate and rate.day:
            days.setdefault((rate.day, rate.origin), []).append(currency)
    for (day, origin), currencies in sorted(days.items()):
        age = (now.date() - day).days
        old = age > OLD_DAYS
        step = (
            "`trendscout collect ecb_rates` asks for today's." if origin == "ecb" else "Write today's into {file}."
        )
        yield Diagnosis(
            "warn" if old else "ok",
            "Exchange rates of {currencies} are {age} days old: of {day}, from {origin}.",
            step if old else "",
            {
                "currencies": ", ".join(currencies),
                "age": age,
                "day": day,
                "origin": RATES[origin],
                "file": settings.home / RATES_FILE,
            },
        )


def _lists(lists: Sequence[Coverage]) -> Iterator[Diagnosis]:
    """The lists that did not come whole, by source; the network in one sentence where it is that."""
    by_source: dict[tuple[str, str], list[Coverage]] = {}
    for each in lists:
        if each.status != "ok":
            by_source.setdefault((each.source, each.status), []).append(each)
    down = network_down(lists)
    if down:
        yield Diagnosis(
            "warn", "{why}", "Look to the network or a proxy; the next run tries again.", {"why": down}
        )
    for (source, status), some in by_source.items():
        if not (down and unreached(some[0].findings)):
            yield _uncovered(source, status, some)
    for why in changed(lists):
        yield Diagnosis("warn", "{why}", "If the site shows as many, there is nothing to do.", {"why": why})
    whole = sum(each.status == "ok" for each in lists)
    if whole:
        yield Diagnosis("ok", "{whole} of {all} lists came whole.", fields={"whole": whole, "all": len(lists)})


def _uncovered(source: str, status: str, lists: list[Coverage]) -> Diagnosis:
    example = lists[0]
    what = "{source}: {count} × {status}, such as {list}, last complete {last}"
    return Diagnosis(
        "warn",
        what + (": {reason}" if example.findings else ""),
        "`trendscout sources {source}` shows how it is collected.",
        {
            "source": source,
            "count": len(lists),
            "status": status,
            "list": example.list_id,
            "last": f"{example.last_ok:%Y-%m-%d %H:%M} UTC" if example.last_ok else "never",
            "reason": example.findings,
        },
    )


def _archive(folder: Path) -> Iterator[Diagnosis]:
    if not folder.exists():
        return
    archive = Archive(folder)
    faults = archive.check()
    for fault in faults[:20]:
        yield Diagnosis("warn", fault.what, fault.next_step, fault.fields)
    if not faults:
        yield Diagnosis(
            "ok", "The archive {folder} is whole ({size:,} bytes).", "", {"folder": folder, "size": archive.size()}
        )


def _jobs(workspace: Workspace, settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    jobs: list[Job] = []
    for file in sorted((settings.home / "jobs").glob("*.toml")) if settings.path else ():
        try:
            jobs.append(load_job(file, settings, allow_outside=True))
        except TrendscoutError as error:
            yield Diagnosis("warn", error.what, error.next_step, error.fields)
    if not workspace.db.exists():
        return
    try:
        with workspace.store() as connection:
            states = job_states(connection, settings, now=now)
            dates = [(job, runs.last_date(connection, job.name)) for job in jobs if job.report is not None]
    except StoreError:
        return  # told above
    yield from _states(states, settings, now)
    for job, last in dates:
        due = job.due.due_between(now - timedelta(days=31), now)
        missed = [moment for moment in due if last and job.due.local_date(moment) > last]
        if len(missed) >= _SILENT_PERIODS:
            yield Diagnosis(
                "warn",
                "The job {job} has made no report since {last}.",
                "`trendscout run {file}` shows why; look whether cron or the schedule runs.",
                {"job": job.name, "last": last, "file": job.path},
            )


def _states(states: Sequence[JobState], settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    zone = ZoneInfo(settings.timezone) if settings.timezone else UTC
    for state in states:
        level: Literal["ok", "warn"] = "warn" if state.state == "failed" else "ok"
        yield Diagnosis(level, job_lines.template(state), fields=job_lines.fields(state, now=now, zone=zone))
