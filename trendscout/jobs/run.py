"""Jobs at work: collect, report, drop, tell; one report per job and local date."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from time import sleep
from typing import Literal, cast

from trendscout import pipeline
from trendscout.clock import Clock
from trendscout.errors import StoreError, TrendscoutError
from trendscout.findings import Finding, finding, of_error, to_json
from trendscout.jobs.notify import notify
from trendscout.lang import Lang
from trendscout.model import Outcome, Query, ReportQuery
from trendscout.report import changes
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import Job
from trendscout.sources.queries import queries_for
from trendscout.sources.source import is_left_out
from trendscout.steps.collect import lost
from trendscout.store import runs
from trendscout.store.sql import Connection
from trendscout.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Done:
    """How a job went."""

    job: str
    local_date: date
    state: Literal["done", "partial", "failed", "skipped"]
    detail: tuple[Finding, ...] = ()
    paths: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = field(default=())


def run_job(
    job: Job,
    workspace: Workspace,
    settings: Settings,
    *,
    lang: Lang,
    clock: Clock,
    day: date | None = None,
    again: bool = False,
    base_url: str | Mapping[str, str] | None = None,
) -> Done:
    """Collect, then make the report of `day` (default: today where the job lives), drop it, push it: once.

    A second run on the same date collects and leaves the report as it is, unless `again`; channels that the first
    did not reach are told. A run that takes over from a killed one goes on where that stopped.
    """
    try:
        return _run(job, workspace, settings, lang=lang, clock=clock, day=day, again=again, base_url=base_url)
    finally:
        pipeline.publish(workspace, now=clock.now())


def _run(
    job: Job,
    workspace: Workspace,
    settings: Settings,
    *,
    lang: Lang,
    clock: Clock,
    day: date | None,
    again: bool,
    base_url: str | Mapping[str, str] | None,
) -> Done:
    day = day or job.due.local_date(clock.now())
    settings = settings.read_by(job.reader) if job.reader else settings
    outcomes, notes = _collect(job, workspace, settings, clock, base_url, lang)
    if job.report is None:
        return Done(
            job.name,
            day,
            _state(outcomes),
            (finding("lists_asked", count=len(outcomes)), *lost(outcomes)),
            outcomes=outcomes,
        )
    # Begun when all is collected: the report looks from here, and what came in this run is part of it.
    begun = runs.Run(run_id(), job.name, day, clock.now(), None, "running", {})

    def claim(connection: Connection) -> tuple[runs.Run | None, runs.Run | None]:
        return runs.run_of(connection, job.name, day), runs.claim(connection, begun, alive=alive, again=again)

    before, run = workspace.write(claim)
    if run is None and before and before.is_open:
        note = finding("run_is_at_work", run=before.run_id, since=f"{before.seen_at:%Y-%m-%d %H:%M}")
        return Done(job.name, day, "partial", (note,), outcomes=outcomes)
    if run is None:
        return Done(job.name, day, "skipped", (finding("report_is_made"),), outcomes=outcomes)
    try:
        done = _deliver(job, run, workspace, settings, lang=lang, clock=clock, outcomes=outcomes, notes=notes)
    except Exception as error:
        ours = finding("fault_of_ours", kind=type(error).__name__)
        why = of_error(error) if isinstance(error, TrendscoutError) else ours
        with suppress(StoreError), workspace.writing() as connection:
            runs.advance(connection, run, "failed", {"why": to_json((why,))}, clock.now())
        raise
    except BaseException:  # it is stopped: whoever comes next goes on where this one was
        with suppress(StoreError), workspace.writing() as connection:
            runs.give_back(connection, run)
        raise
    if before and before.is_open and before.run_id not in (run.run_id, runs.NOBODY):
        note = finding("took_over", run=before.run_id, since=f"{before.seen_at:%Y-%m-%d %H:%M}")
        done = replace(done, state="partial", detail=(note, *done.detail))
    return done


def _collect(
    job: Job,
    workspace: Workspace,
    settings: Settings,
    clock: Clock,
    base_url: str | Mapping[str, str] | None,
    lang: Lang,
) -> tuple[tuple[Outcome, ...], Sequence[Finding]]:
    """How each list went, and what the report is to say of the inbox."""
    if job.collect is None:
        return (), ()
    wanted = job.collect
    brought: tuple[Outcome, ...] = ()
    notes: list[Finding] = []
    if inbox := wanted.get("inbox"):
        files = pipeline.ingest_inbox(
            workspace, settings.home / inbox, market=None, now=clock.now(), lang=lang, wait=sleep
        )
        brought = tuple(outcome for one in files for outcome in one.outcomes())
        notes = pipeline.inbox_notes(workspace, files, now=clock.now())
    queries = queries_of(job, settings)
    asked = pipeline.collect(workspace, queries, settings, clock=clock, base_url=base_url) if queries else ()
    return (*brought, *asked), notes


def queries_of(job: Job, settings: Settings) -> list[Query]:
    """The lists that a job asks sites for, in their order; none for a job of what is brought alone."""
    wanted = job.collect
    if wanted is None or wanted.keys() == {"inbox"}:
        return []
    named = wanted.get("sources") or settings.sources
    usable = [name for name in named if not is_left_out(name)]
    if named and not usable:
        return []  # the report tells why
    return queries_for(
        settings,
        usable,
        markets=wanted.get("markets"),
        categories=wanted.get("categories"),
        kind=wanted.get("kind", ""),
    )


def _deliver(
    job: Job,
    run: runs.Run,
    workspace: Workspace,
    settings: Settings,
    *,
    lang: Lang,
    clock: Clock,
    outcomes: tuple[Outcome, ...],
    notes: Sequence[Finding] = (),
) -> Done:
    wanted = job.report or {}
    lang = cast("Lang", wanted.get("lang") or lang)
    if outcomes:
        notes = (*notes, *pipeline.match(workspace).findings)
    made = pipeline.report(
        workspace, report_query(job, settings), now=run.started_at, settings=settings, keep=True
    )
    if notes:
        made = replace(made, notes=(*made.notes, *notes))
    paths: Sequence[str] = run.detail.get("paths", ())
    if run.state != "dropped":
        feed = f"{job.name}:feed"
        before = (
            workspace.read(lambda connection: runs.remembered(connection, feed)) if "atom" in job.formats else None
        )
        paths = pipeline.drop(
            made,
            job.formats,
            folder=settings.home / wanted.get("folder", settings.drop_folder),
            pattern=wanted.get("out", "{date}/{name}.{ext}"),
            name=job.name,
            lang=lang,
            zone=job.due.zone,
            day=run.local_date,
            machine=wanted.get("machine", False),
            latest=True,
            changed=changes.since(made, before) if "atom" in job.formats else None,
        )
        with workspace.writing() as connection:
            if "atom" in job.formats:
                runs.remember(connection, feed, changes.memory(made), made.as_of)
            if not runs.advance(connection, run, "dropped", {"paths": list(paths)}, clock.now()):
                return Done(
                    job.name, run.local_date, "partial", (finding("another_run_took_over"),), outcomes=outcomes
                )
    reasons: dict[str, tuple[Finding, ...]] = {}
    if job.channels:
        reasons = notify(
            workspace,
            made,
            settings,
            job.channels,
            key=f"{job.name}/{run.local_date}",
            lang=lang,
            zone=job.due.zone,
            now=clock.now(),
            notes=_silence(job, workspace, run.local_date),
            files=paths,
            at_work=lambda connection: runs.note_at_work(connection, run, clock.now()),
        )
    unheard = {channel: why for channel, why in reasons.items() if why}
    state = "partial" if unheard or settings.left_out else _state(outcomes)
    missed = (finding("channel_unreached", channel=name, why=why) for name, why in unheard.items())
    detail = (finding("report_holds", count=len(made.rows)), *lost(outcomes), *missed)
    end = {"paths": list(paths), "pushes": {name: to_json(why) for name, why in reasons.items()}}
    workspace.write(lambda connection: runs.advance(connection, run, state, end, clock.now()))
    return Done(job.name, run.local_date, state, detail, tuple(paths), outcomes)


def report_query(job: Job, settings: Settings) -> ReportQuery:
    """What the job's file says that its report is to show."""
    wanted = job.report or {}
    named = ("market", "source", "category", "top", "sort", "pack")
    return ReportQuery(**{"top": settings.top, **{name: wanted[name] for name in named if name in wanted}})


def _silence(job: Job, workspace: Workspace, day: date) -> list[Finding]:
    """A finding for the digest if the job made no report for more than one of its periods."""
    with workspace.store() as connection:
        last = runs.last_date(connection, job.name)
    if last is None:
        return []
    start, end = datetime.combine(last, time.max, job.due.zone), datetime.combine(day, time.min, job.due.zone)
    missed = len({job.due.local_date(moment) for moment in job.due.due_between(start, end)})
    return [finding("no_report_for_days", count=missed, last=last)] if missed else []


def _state(outcomes: Sequence[Outcome]) -> Literal["done", "partial", "failed"]:
    """How the collecting went: lists that another machine collected are no fault, unless there are no others."""
    mine = {outcome.status for outcome in outcomes} - {"left"}
    return "done" if not outcomes or mine == {"ok"} else "partial"


def run_id() -> str:
    """Who is running: host, process, and when that began, for numbers of processes come again."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def _began(process: object) -> str:
    """When a process of this machine began, in ticks since its start; "" where the system does not say."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def alive(name: str) -> bool:
    """Whether the run of that id may still be at work; one on another machine, or on Windows, may.

    Nobody is at work on a claim that was given back.
    """
    if name == runs.NOBODY:
        return False
    host, process, *began = name.split(":")
    if host != socket.gethostname():
        return True
    if process == str(os.getpid()):
        return False
    if began and began[0] and began[0] != _began(process):
        return False
    if os.name == "nt":  # there, signal 0 is Ctrl-C
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError, OSError):
        return True
    return True
