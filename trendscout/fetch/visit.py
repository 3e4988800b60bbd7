"""One page politely: breaker, robots.txt, its host's turn, retries; archived before it is looked at."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import httpx

from trendscout.archive.decoding import BodyTooLarge, BrokenBody, decode_start
from trendscout.archive.wire import Received, public_url
from trendscout.clock import Clock
from trendscout.errors import FetchError, Refused, TryLater, Unreachable
from trendscout.fetch import breaker, robots
from trendscout.fetch.api_keys import hidden, key_of, with_key, without_key
from trendscout.fetch.exchange import (
    Broken,
    Elsewhere,
    Exchanger,
    Rejected,
    Reply,
    Route,
    address_of,
)
from trendscout.fetch.host import Host
from trendscout.fetch.limits import Limits
from trendscout.fetch.retry import Again, require_answer, tried
from trendscout.findings import Finding, words
from trendscout.model import ArchiveRef, HostState, Page, Query, Request
from trendscout.sources.source import Source, is_declared, wall_before
from trendscout.sources.walls import stands_for

_IT = words("it")  # robots.txt, where the sentence names it already


class Keeper(Protocol):
    """What keeps replies: the archive."""

    def write(self, received: Received) -> ArchiveRef:
        """Where the reply now lies, safe on the disk. Called from several threads."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One page of one list, and how it is to be fetched."""

    source: Source
    query: Query
    request: Request
    taken_at: datetime  # of the snapshot that the page belongs to
    pages: int  # that the snapshot should have
    spacing_s: float
    base: httpx.URL | None = None  # --base-url

    @property
    def url(self) -> str:
        """The address, fit to be shown."""
        return public_url(self.request.url)[:300]

    def received(self, reply: Reply, now: datetime) -> Received:
        """The reply as the archive keeps it."""
        return Received(
            query=self.query,
            request=self.request,
            url=reply.url,
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            fetched_at=now,
            taken_at=self.taken_at,
            pages=self.pages,
            sent_to=reply.sent_to,
            sent_headers=reply.sent_headers,
            protocol=reply.protocol,
        )


class Visitor:
    """Knows the hosts: their turns, rules and blocks."""

    def __init__(
        self,
        archive: Keeper,
        clock: Clock,
        exchanger: Exchanger,
        limits: Limits,
        *,
        seed: int | str | None,
        states: Iterable[HostState],
        on_state: Callable[[HostState], None] | None,
        environ: Mapping[str, str],
    ) -> None:
        self._archive = archive
        self._clock = clock
        self._exchanger = exchanger
        self._limits = limits
        self._seed = seed
        self._states = {state.host: state for state in states}
        self._on_state = on_state
        self._environ = environ
        self._hosts: dict[str, Host] = {}

    def drawn_s(self) -> float:
        """The longest sum of spacings that any host drew, in seconds."""
        return max((host.drawn_s for host in self._hosts.values()), default=0.0)

    async def visit(self, asked: Asked) -> Page:
        """The page, archived; walls are pages too.

        Raises Refused, TryLater or Unreachable.
        """
        request = asked.request
        for _ in range(self._limits.redirects + 1):
            try:
                return await self._visit_at(asked, request)
            except Elsewhere as moved:
                request = moved.request
        raise Refused(
            "{url} redirects more than {limit} times.",
            next_step="If the list moved, its source needs a new address; else try again later.",
            url=asked.url,
            limit=self._limits.redirects,
        )

    async def _visit_at(self, asked: Asked, request: Request) -> Page:
        """The page that `request` gives: what was asked, or where it was redirected to."""
        host, route = self._host_of(asked, request)
        self._require_closed(host)
        spacing_s = await self._admitted(asked, request, host, route)
        try:
            page = await tried(
                lambda: self._once(asked, request, route), host, spacing_s, self._clock, self._limits
            )
        except Again as fault:
            raise self._given_up(asked, host, fault) from None
        self._note_answer(host, wall_before(asked.source, page))
        return page

    def _note_answer(self, host: Host, wall: Finding | None) -> None:
        """What the answer means for the host; a missing page means nothing, for others are there."""
        state, now = self._state(host), self._clock.now()
        answer = stands_for(wall) if wall else "page"
        if wall and answer == "block":
            self._remember(breaker.after_block(state, now, wall))
        elif wall and answer == "fault":
            self._remember(breaker.after_fault(state, now, wall))
        elif answer == "page" and (state.trips or state.misses or state.open_until):
            self._remember(HostState(host.name, robots=state.robots, robots_at=state.robots_at))

    async def _once(self, asked: Asked, request: Request, route: Route) -> Page:
        key = key_of(asked.source, self._environ)
        moved = request is not asked.request  # ... by a site, which saw the key
        sent = request if moved else with_key(request, asked.source, key, self._clock.now())
        try:
            reply = await self._exchanger.exchange(sent, route)
            # In a thread: what unpacks slowly, and a busy disk (13 ms), hold up no other lane.
            page = await asyncio.to_thread(self._kept, asked, reply, key, self._clock.now(), moved=moved)
        except Rejected as error:
            fields = _without(key, error.fields)
            raise Refused(error.what, next_step=error.next_step, url=asked.url, **fields) from None
        except BodyTooLarge:
            raise Refused(
                "{url} sends a body that unpacks to more than {limit} bytes.",
                next_step="No list page is that large; open it in a browser to see what it is.",
                url=asked.url,
                limit=self._limits.decoded_bytes,
            ) from None
        except (Broken, BrokenBody) as error:
            raise Again(replace(error.why, fields=_without(key, error.why.fields))) from None
        require_answer(page.status, page.headers.get("retry-after", ""), page.fetched_at)
        return page

    def _kept(self, asked: Asked, reply: Reply, key: str, now: datetime, *, moved: bool) -> Page:
        """The reply as a page, in the archive."""
        limit = self._limits.decoded_bytes
        received = asked.received(without_key(reply, key, asked.request, limit, moved=moved), now)
        return received.page(self._archive.write(received), limit)

    async def _admitted(self, asked: Asked, request: Request, host: Host, route: Route) -> float:
        """Seconds between requests to the host. Raises Refused or Unreachable if its robots.txt says no."""
        if host.robots is None or not host.robots.is_fresh(self._clock.now()):
            host.robots = await self._read_robots(host, route, asked.spacing_s)
        self._note_robots(host, host.robots, request.url)
        if host.robots.why:
            self._remember(breaker.after_fault(self._state(host), self._clock.now(), host.robots.why))
            raise Unreachable(
                "The robots.txt of {host} did not come ({why}), which means no.",
                next_step="The next run tries again.",
                host=host.name,
                why=host.robots.why,
                **_reach(host.robots.why),
            )
        if not host.robots.allows(request.url):
            raise Refused(
                "The robots.txt of {host} does not allow {url}.",
                next_step="Save the page in your browser and `trendscout ingest` it.",
                host=host.name,
                url=asked.url if asked.source.key_env else public_url(request.url)[:300],
            )
        delay_s = host.robots.delay_s()
        if delay_s > self._limits.crawl_delay_s:
            raise Refused(
                "The robots.txt of {host} asks for {delay_s:.0f} s between requests.",
                next_step="That is too slow for a list; save the page in your browser and `trendscout ingest` it.",
                host=host.name,
                delay_s=delay_s,
            )
        return max(asked.spacing_s, delay_s)

    def _note_robots(self, host: Host, rules: robots.Robots, url: str) -> None:
        """Remember what the host's robots.txt says of the address, where that is news."""
        verdict = "unreachable" if rules.why else "allowed" if rules.allows(url) else "refused"
        state = self._state(host)
        if (state.robots, state.robots_at) != (verdict, rules.read_at):
            self._remember(replace(state, robots=verdict, robots_at=rules.read_at))

    async def _read_robots(self, host: Host, route: Route, spacing_s: float) -> robots.Robots:
        request = Request(host.origin + "/robots.txt", headers=(("Accept", "text/plain,*/*;q=0.5"),))

        async def once() -> robots.Robots:
            try:
                reply = await self._exchanger.exchange(request, route, keep_bytes=robots.MAX_BYTES)
                encoding = reply.header("content-encoding")
                body = await asyncio.to_thread(decode_start, reply.body, encoding, robots.MAX_BYTES)
            except (Broken, BrokenBody) as error:
                raise Again(error.why) from None
            now = self._clock.now()
            require_answer(reply.status, reply.header("retry-after"), now)
            return robots.read_robots(reply.status, body, now)

        turn = host
        try:
            for _ in range(self._limits.redirects + 1):
                try:
                    return await tried(once, turn, spacing_s, self._clock, self._limits)
                except Elsewhere as moved:
                    request = moved.request
                    turn = self._host_at(httpx.URL(request.url))
        except Again as fault:
            return robots.unreachable(self._clock.now(), fault.why)
        except (Rejected, FetchError) as fault:
            return robots.unreachable(self._clock.now(), words(fault.what, **({"url": _IT} | fault.fields)))
        why = words("{url} redirects more than {limit} times.", url=_IT, limit=self._limits.redirects)
        return robots.unreachable(self._clock.now(), why)

    def _host_of(self, asked: Asked, request: Request) -> tuple[Host, Route]:
        source = asked.source
        url = address_of(request.url) or httpx.URL()
        if url.scheme not in ("http", "https") or not url.host or not _declares(source, url.host, url.host):
            raise Refused(
                "{source} does not declare {url}.",
                next_step="Requests go only to the hosts that a source declares.",
                source=source.name,
                url=asked.url,
            )
        # A key is shown to no other host, declared or not.
        may_follow = url.host.__eq__ if source.key_env else lambda host: _declares(source, host, url.host)
        return self._host_at(url), Route(may_follow, asked.base)

    def _host_at(self, url: httpx.URL) -> Host:
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        if origin not in self._hosts:
            chance = random.Random(None if self._seed is None else f"{self._seed}:{origin}")  # noqa: S311
            self._hosts[origin] = Host(origin, url.host, chance)
        return self._hosts[origin]

    def _require_closed(self, host: Host) -> None:
        state = self._state(host)
        wait = breaker.waits(state, self._clock.now())
        if wait:
            raise TryLater(
                "{host} gave no list ({reason}; {trips}× in a row) and is being left alone.",
                next_step="It is tried once after {until:%Y-%m-%d %H:%M} UTC. Until then, save the page and "
                "`trendscout ingest` it.",
                after_s=wait,
                host=host.name,
                trips=state.trips,
                reason=state.reason,
                until=state.open_until,
                **_reach(state.reason),
            )

    def _given_up(self, asked: Asked, host: Host, fault: Again) -> FetchError:
        now = self._clock.now()
        if fault.try_later:
            state = breaker.after_overload(self._state(host), now, fault.why, at_least_s=fault.after_s)
            self._remember(state)
            return TryLater(
                "{url}: the site asks for time ({why}).",
                next_step="It is left alone until {until:%Y-%m-%d %H:%M} UTC, then tried again.",
                after_s=breaker.waits(state, now),
                url=asked.url,
                why=fault.why,
                until=state.open_until,
            )
        self._remember(breaker.after_fault(self._state(host), now, fault.why))
        return Unreachable(
            "{url} did not come: {why}.",
            next_step="It was tried {attempts} times; the next run tries again.",
            url=asked.url,
            why=fault.why,
            attempts=fault.attempts,
            **_reach(fault.why),
        )

    def _state(self, host: Host) -> HostState:
        kept = self._states.get(host.name) or HostState(host.name)
        state = breaker.plausible(kept, self._clock.now())
        if state != kept:
            self._remember(state)
        return state

    def _remember(self, state: HostState) -> None:
        self._states[state.host] = state
        if self._on_state:
            self._on_state(state)


def _without(key: str, fields: Mapping[str, object]) -> dict[str, object]:
    """The fields of what is said, without the user's key: a site may repeat it."""
    return {name: hidden(value, key) if isinstance(value, str) else value for name, value in fields.items()}


def _reach(why: Finding | None) -> dict[str, bool]:
    """A field that says that a host was not even reached: where none is, it is the network that is down."""
    return {"reached": False} if why and why.fields.get("reached") is False else {}


def _declares(source: Source, host: str, asked: str) -> bool:
    """Whether requests of the source may go to `host`; a source that declares none may go to the host asked."""
    if not source.hosts:
        return host == asked
    return is_declared(source, host)
