"""The crawler: one lane per host, each page archived before it is returned."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

import httpx

from trendscout import __version__
from trendscout.clock import Clock
from trendscout.errors import ConfigError, OurFault, TrendscoutError
from trendscout.fetch import connection
from trendscout.fetch.exchange import Exchanger
from trendscout.fetch.limits import Limits
from trendscout.fetch.visit import Asked, Keeper, Visitor
from trendscout.model import HostState, Page, Query, Request
from trendscout.sources.source import Source, wall_before

# Whatever the settings say, a host that is not the user's own gets this much time between requests.
_LEAST_SPACING_S = 1.0
_WAITING = 4  # results that may lie ready before the crawl waits for whoever takes them


@dataclass(frozen=True, slots=True)
class CrawlTask:
    """One list, or the set of lists that one query shows, to be collected."""

    source: Source
    query: Query


@dataclass(frozen=True, slots=True)
class Fetched:
    """How one job went: the pages that came, and why the rest did not."""

    source: Source
    query: Query
    taken_at: datetime  # when its first page was asked for
    pages: tuple[Page, ...]
    expected: int  # pages that the query asks for
    error: TrendscoutError | None = None


class Fetcher:
    """A polite crawler; use it as an async context manager.

    contact: mail or web address of the user, sent with every request; live hosts are not asked without.
    base_url: stands in for scheme, host and port of every request, for all sources, by source name or by host;
        what it names may be at a private address. Pages keep the address that their source asked for.
    spacing_s: seconds between two requests to a host; None means each source's own.
    seed: makes the jitter repeatable.
    states: what earlier runs remember of hosts; `on_state` gets every change.
    """

    def __init__(
        self,
        archive: Keeper,
        clock: Clock,
        contact: str = "",
        *,
        base_url: str | Mapping[str, str] | None = None,
        allow_private: bool = False,
        limits: Limits | None = None,
        spacing_s: float | None = None,
        seed: int | str | None = None,
        states: Iterable[HostState] = (),
        on_state: Callable[[HostState], None] | None = None,
        resolve: connection.Resolve = connection.resolve,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        limits = limits or Limits()
        self._clock = clock
        self._contact = contact.strip()
        self._base = base_url or {}
        self._allow_private = allow_private
        self._spacing_s = spacing_s
        agent = f"trendscout/{__version__}"
        if self._contact:
            agent += f" (+{quote(self._contact, safe='@:/.+-_~?=&')})"
        self._exchanger = Exchanger(limits, agent, resolve, self._may_be_private)
        self._visitor = Visitor(
            archive,
            clock,
            self._exchanger,
            limits,
            seed=seed,
            states=states,
            on_state=on_state,
            environ=os.environ if environ is None else environ,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._exchanger.aclose()

    def drawn_s(self) -> float:
        """Seconds that the most patient host's spacings add up to: no polite crawl can be shorter."""
        return self._visitor.drawn_s()

    async def crawl(self, jobs: Iterable[CrawlTask]) -> AsyncIterator[Fetched]:
        """Every job's result as it is ready; hosts side by side, one request at a time to each.

        Raises ConfigError before the first request if a live host would be asked without a contact.
        """
        lanes: dict[str, list[CrawlTask]] = {}
        for job in jobs:
            self._require_contact(job.source)
            lanes.setdefault(lane_of(job), []).append(job)
        ready: asyncio.Queue[Fetched] = asyncio.Queue(maxsize=_WAITING)

        async def lane(jobs: list[CrawlTask]) -> None:
            for job in jobs:
                await ready.put(await self._collect(job))

        work = asyncio.create_task(self._clock.together([lane(part) for part in lanes.values()]))
        try:
            while not work.done() or not ready.empty():
                take = asyncio.ensure_future(ready.get())
                await asyncio.wait((take, work), return_when=asyncio.FIRST_COMPLETED)
                if take.done():
                    yield take.result()
                else:
                    take.cancel()
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def fetch(
        self, source: Source, query: Query, request: Request, *, taken_at: datetime | None = None, pages: int = 1
    ) -> Page:
        """The page, archived.

        `taken_at` and `pages` say which snapshot it belongs to and how many pages that should have. A page that is
        a wall, or an error of the site's, is returned too: its reader says what it is. Raises Refused, TryLater or
        Unreachable.
        """
        self._require_contact(source)
        base = self._base_of(source, request.url)
        return await self._visitor.visit(
            Asked(
                source=source,
                query=query,
                request=request,
                taken_at=taken_at or self._clock.now(),
                pages=pages,
                spacing_s=self._own_spacing(source, base),
                base=httpx.URL(base) if base else None,
            )
        )

    async def _collect(self, job: CrawlTask) -> Fetched:
        taken_at = self._clock.now()
        pages: list[Page] = []
        expected = 0
        error: TrendscoutError | None = None
        try:
            requests = list(job.source.requests(job.query)) if job.source.requests else []
            expected = len(requests)
            for request in requests:
                page = await self.fetch(job.source, job.query, request, taken_at=taken_at, pages=expected)
                pages.append(page)
                if wall_before(job.source, page):
                    break
        except TrendscoutError as fault:
            error = fault
        except Exception as fault:  # noqa: BLE001 - a bug met in one query must not end the others
            error = OurFault(job.source.name, fault)
        return Fetched(job.source, job.query, taken_at, tuple(pages), expected, error)

    def _base_of(self, source: Source, url: str = "") -> str:
        if isinstance(self._base, str):
            return self._base
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:  # not an address: refused where it is sent
            host = ""
        return self._base.get(source.name) or self._base.get(host, "")

    def _may_be_private(self, url: httpx.URL) -> bool:
        bases = (self._base,) if isinstance(self._base, str) else self._base.values()
        return self._allow_private or any(httpx.URL(base).netloc == url.netloc for base in bases)

    def _own_spacing(self, source: Source, base: str) -> float:
        if base or self._allow_private:
            return source.spacing_s if self._spacing_s is None else self._spacing_s
        return max(_LEAST_SPACING_S, source.spacing_s, self._spacing_s or 0.0)

    def _require_contact(self, source: Source) -> None:
        if not (self._contact or self._base_of(source) or self._allow_private):
            raise ConfigError(
                "Live lists are asked only with a contact, so that a site can reach you.",
                next_step='Put contact = "you@example.com" into trendscout.toml.',
            )


def lane_of(job: CrawlTask) -> str:
    """Jobs of one lane wait for each other: those of one host, else of one source."""
    try:
        requests = job.source.requests(job.query) if job.source.requests else ()
        return urlsplit(requests[0].url).netloc if requests else job.source.name
    except Exception:  # noqa: BLE001 - it is met again, and told, when the query is collected
        return job.source.name
