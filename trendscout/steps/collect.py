"""A polite crawl of the queries into archive and store, shared out among the machines of a team."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from trendscout.archive import Archive
from trendscout.clock import Clock, SystemClock
from trendscout.fetch import CrawlTask, Fetched, Fetcher, Limits, lane_of
from trendscout.findings import Finding, finding
from trendscout.model import HostState, Outcome, Query
from trendscout.report.absences import unreached
from trendscout.settings.config import Settings
from trendscout.sources.source import get_source
from trendscout.steps.load import Crawl, load_crawls
from trendscout.store.hosts import host_states, save_host_states
from trendscout.store.workspace import Workspace

_HANDOVER_S = 15.0  # between one machine's last request to a host and another's first
_LOAD_EVERY = 50  # crawls between two loads: what a kill can cost is read from the archive by the next run


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """How a crawl goes about it; `base_url` is a stand-in for all sites, or for some by host."""

    settings: Settings
    clock: Clock
    base_url: str | Mapping[str, str] | None = None
    seed: int | str | None = None


def crawl(
    workspace: Workspace,
    queries: Sequence[Query],
    options: CrawlOptions,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Crawl the queries and load what came; an outcome for each that this machine asked."""
    if not workspace.db.shared:
        return _crawl(workspace, queries, options, on_outcome)
    return _crawl_in_turns(workspace, queries, options, on_outcome)


def lost(outcomes: Sequence[Outcome]) -> tuple[Finding, ...]:
    """Why lists did not come: that the network is down, or by source what its first lost list says."""
    by_source: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.status in ("failed", "blocked"):
            by_source.setdefault(outcome.query.source, []).append(outcome)
    asked = {outcome.query.source for outcome in outcomes}
    if by_source.keys() == asked and all(unreached(one.findings) for one in outcomes):
        return (finding("no_network", count=len(asked), sources=", ".join(sorted(asked))),) if asked else ()
    return tuple(
        finding("lists_lost", source=source, count=len(its), why=its[0].findings)
        for source, its in by_source.items()
    )


def _crawl_in_turns(
    workspace: Workspace, queries: Sequence[Query], options: CrawlOptions, on_outcome: Callable[[Outcome], None]
) -> list[Outcome]:
    """The queries that no other machine collects meanwhile, host by host; the others are told as left to it."""
    from trendscout.store.leases import in_turns

    # The demo's mornings, minutes apart on the server's clock, are turns of their own.
    turn = "" if isinstance(options.clock, SystemClock) else f" {options.clock.now():%Y-%m-%dT%H}"
    by_name = {" ".join(map(str, (q.source, q.market, q.kind, q.category))) + turn: q for q in queries}
    lanes: dict[str, list[str]] = {}
    for name, query in by_name.items():
        lanes.setdefault(lane_of(CrawlTask(get_source(query.source), query)), []).append(name)
    outcomes = []
    name_of = {query: name for name, query in by_name.items()}
    after_s = 0.0 if options.base_url else _HANDOVER_S
    for names, others, done in in_turns(workspace.db, lanes, after_s=after_s):
        part = [query for query in queries if name_of[query] in names]
        for query in (query for query in queries if name_of[query] in others):
            left = Outcome(query, "left", findings=(finding("left_to_another"),))
            on_outcome(left)
            outcomes.append(left)

        def stored(part: Iterable[Query], done: Callable[[Iterable[str]], None] = done) -> None:
            done(name_of[query] for query in part)

        if part:
            outcomes += _crawl(workspace, part, options, on_outcome, stored)
    return outcomes


def _crawl(
    workspace: Workspace,
    queries: Sequence[Query],
    options: CrawlOptions,
    on_outcome: Callable[[Outcome], None],
    stored: Callable[[Iterable[Query]], None] = lambda _: None,
) -> list[Outcome]:
    with workspace.store() as connection:
        known = host_states(connection)
    changed: dict[str, HostState] = {}

    def load(crawls: list[Crawl]) -> list[Outcome]:
        outcomes = _loaded(workspace, crawls, options.clock.now(), on_outcome)
        stored(crawl.query for crawl in crawls)
        return outcomes

    fetched = asyncio.run(
        _fetch_all(
            workspace,
            queries,
            options,
            known=known,
            on_state=lambda state: changed.__setitem__(state.host, state),
            load=load,
        )
    )
    if changed:
        with workspace.writing() as connection:
            save_host_states(connection, changed.values())
    return fetched


async def _fetch_all(
    workspace: Workspace,
    queries: Sequence[Query],
    options: CrawlOptions,
    *,
    known: Sequence[HostState],
    on_state: Callable[[HostState], None],
    load: Callable[[list[Crawl]], list[Outcome]],
) -> list[Outcome]:
    jobs = [CrawlTask(get_source(query.source), query) for query in queries]
    outcomes: list[Outcome] = []
    waiting: list[Crawl] = []
    with Archive(workspace.archive) as archive:
        async with Fetcher(
            archive,
            options.clock,
            options.settings.contact,
            base_url=options.base_url,
            limits=Limits(silence_s=options.settings.timeout_s),
            spacing_s=options.settings.spacing_s,
            seed=options.seed,
            states=known,
            on_state=on_state,
        ) as fetcher:
            async for fetched in fetcher.crawl(jobs):
                waiting.append(_crawl_of(fetched))
                if len(waiting) >= _LOAD_EVERY:
                    outcomes += load(waiting)
                    waiting = []
    return outcomes + (load(waiting) if waiting else [])


def _crawl_of(fetched: Fetched) -> Crawl:
    missing = (fetched.error,) if fetched.error else ()
    return Crawl(fetched.query, fetched.taken_at, fetched.pages, missing)


def _loaded(
    workspace: Workspace, crawls: Iterable[Crawl], now: datetime, on_outcome: Callable[[Outcome], None]
) -> list[Outcome]:
    outcomes = []
    for outcome, _ in load_crawls(workspace.writing, crawls, loaded_at=now):
        on_outcome(outcome)
        outcomes.append(outcome)
    return outcomes
