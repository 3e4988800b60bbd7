"""The crawler against a real server: polite, honest, archived first, and silent about secrets."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fault_server import FaultServer, Play, Visit

from trendscout import __version__
from trendscout.archive import Archive
from trendscout.archive.wire import Received
from trendscout.clock import Clock, SystemClock, VirtualClock
from trendscout.errors import (
    ArchiveError,
    ConfigError,
    Refused,
    TrendscoutError,
    TryLater,
    Unanswered,
    Unreachable,
)
from trendscout.fetch import CrawlTask, Fetched, Fetcher, Limits
from trendscout.fetch.api_keys import PLACE, without_key
from trendscout.fetch.exchange import Exchanger, Rejected, Reply, Route
from trendscout.fetch.post import post_json
from trendscout.findings import Finding, of_error
from trendscout.model import ArchiveRef, HostState, Page, Query, Request
from trendscout.report.absences import unreached
from trendscout.sources.source import Source
from trendscout.sources.walls import Walls

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
Use = Callable[[Fetcher, FaultServer], Awaitable[Any]]


def source(name: str = "shop_list", *, pages: int = 1, **fields: Any) -> Source:
    def requests(query: Query) -> Sequence[Request]:
        host = query.category or f"{name}.example.com"
        return [Request(f"https://{host}/list?page={n}", page=n) for n in range(1, pages + 1)]

    given: dict[str, Any] = {
        "platform": "shop",
        "title": "A list",
        "kinds": ("bestsellers",),
        "markets": ("US",),
        "way_in": ("live",),
        "terms": "",
        "why": "",
        "readers": (),
        "requests": requests,
        "hosts": (".example.com",),
        "spacing_s": 3.0,
    }
    return Source(name=name, **(given | fields))


async def page_of_goods(visit: Visit) -> None:
    await visit.reply(b"<html>goods", "Content-Type: text/html", "Set-Cookie: sid=MARK-COOKIE")


async def captcha(visit: Visit) -> None:
    await visit.reply(b'<form action="/errors/validateCaptcha">', "Content-Type: text/html")


def session(
    use: Use,
    folder: Path,
    *,
    plays: Mapping[str, Play] | None = None,
    clock: Clock | None = None,
    archive: Any = None,
    **options: Any,
) -> Any:
    """What `use` gives, with a fetcher whose every host is a server on loopback."""

    async def run() -> Any:
        keeper = archive or Archive(folder)
        async with FaultServer({"shop": plays or {"list": page_of_goods}}) as server:
            given = {"base_url": server.url("shop"), "seed": 7} | options
            async with Fetcher(keeper, clock or VirtualClock(START), **given) as fetcher:
                return await use(fetcher, server)

    return asyncio.run(run())


async def collected(fetcher: Fetcher, jobs: Sequence[CrawlTask]) -> list[Fetched]:
    return [result async for result in fetcher.crawl(jobs)]


# --- lanes and time ----------------------------------------------------------------------------------------


def crawl_times(folder: Path, seed: int) -> tuple[list[tuple[str, str]], float, float]:
    jobs = [CrawlTask(source(f"list{n}", pages=4 + n), Query(f"list{n}", "US")) for n in range(4)]
    clock = VirtualClock(START)

    async def use(fetcher: Fetcher, _: FaultServer) -> float:
        results = await collected(fetcher, jobs)
        assert all(len(r.pages) == r.expected and r.error is None for r in results)
        times.extend((r.query.source, str(p.fetched_at)) for r in results for p in r.pages)
        return fetcher.drawn_s()

    times: list[tuple[str, str]] = []
    bound = session(use, folder, clock=clock, seed=seed)
    return times, bound, (clock.now() - START).total_seconds()


def test_hosts_are_asked_side_by_side_each_at_its_own_pace(tmp_path: Path) -> None:
    _, bound, lasted = crawl_times(tmp_path, 7)
    assert lasted == pytest.approx(bound)
    assert 7 * 3.0 <= lasted <= 7 * 4.5  # the slowest host: robots.txt and seven pages


def test_the_same_seed_gives_the_same_times(tmp_path: Path) -> None:
    first, again, other = (crawl_times(tmp_path / str(n), seed)[0] for n, seed in enumerate((7, 7, 8)))
    assert first == again
    assert first != other


def test_one_request_at_a_time_to_a_host_and_never_too_early(tmp_path: Path) -> None:
    started: dict[str, list[float]] = {}
    busy: set[str] = set()
    together = 0

    async def slow(visit: Visit) -> None:
        nonlocal together
        lane = visit.path.rpartition("=")[2][:1]
        assert lane not in busy
        busy.add(lane)
        together = max(together, len(busy))
        started.setdefault(lane, []).append(time.monotonic())
        await asyncio.sleep(0.04)
        busy.discard(lane)
        await page_of_goods(visit)

    def asking(lane: str) -> Source:
        return source(
            f"list{lane}",
            requests=lambda _: [
                Request(f"https://{lane}.example.com/list?at={lane}{n}", page=n) for n in range(1, 5)
            ],
            spacing_s=0.05,
        )

    jobs = [
        CrawlTask(asking(lane), Query(f"list{lane}", "US", category=str(n))) for lane in "ab" for n in range(2)
    ]
    results = session(lambda f, _: collected(f, jobs), tmp_path, plays={"list": slow}, clock=SystemClock())
    assert [len(result.pages) for result in results] == [4, 4, 4, 4]
    gaps = [[b - a for a, b in pairwise(times)] for times in started.values()]
    assert [len(of_host) for of_host in gaps] == [7, 7]
    # Measured where requests arrive, in a loop that is busy with both ends: single gaps blur, their sum does not.
    assert min(map(min, gaps)) >= 0.02
    assert min(map(sum, gaps)) >= 7 * 0.05 - 0.02
    assert together == 2


def test_a_reader_who_leaves_early_leaves_nothing_running(tmp_path: Path) -> None:
    async def use(fetcher: Fetcher, _: FaultServer) -> set[Any]:
        before = asyncio.all_tasks()
        crawl = fetcher.crawl([CrawlTask(source(f"l{n}", pages=9), Query("l", "US")) for n in range(3)])
        async for _result in crawl:
            break
        await crawl.aclose()
        return {t for t in asyncio.all_tasks() - before if "FaultServer" not in repr(t.get_coro())}

    assert session(use, tmp_path) == set()


# --- honesty -----------------------------------------------------------------------------------------------


def test_live_hosts_are_not_asked_without_a_contact(tmp_path: Path) -> None:
    async def use(fetcher: Fetcher, _: FaultServer) -> None:
        with pytest.raises(ConfigError, match="contact"):
            await collected(fetcher, [CrawlTask(source(), Query("shop_list", "US"))])
        with pytest.raises(ConfigError, match="contact"):
            await fetcher.fetch(source(), Query("shop_list"), Request("https://a.example.com/list"))

    session(use, tmp_path, base_url=None)


def test_the_user_agent_says_who_asks_and_no_source_can_change_it(tmp_path: Path) -> None:
    asked = Request("https://a.example.com/list", headers=(("user-agent", "Mozilla/5.0"), ("X-Shelf", "小夜灯")))

    async def use(fetcher: Fetcher, server: FaultServer) -> list[Mapping[str, str]]:
        await fetcher.fetch(source(), Query("shop_list"), asked)
        return [headers for _, headers, _ in server.requests]

    headers = session(use, tmp_path, contact="mailto:我@example.org")
    agents = {fields["user-agent"] for fields in headers}
    assert agents == {f"trendscout/{__version__} (+mailto:%E6%88%91@example.org)"}
    assert headers[-1]["x-shelf"].encode("latin-1").decode() == "小夜灯"
    assert headers[-1]["accept-encoding"] == "gzip, br, zstd"


def test_cookies_are_never_sent_back(tmp_path: Path) -> None:
    async def use(fetcher: Fetcher, server: FaultServer) -> list[str]:
        await collected(fetcher, [CrawlTask(source(pages=3), Query("shop_list", "US"))])
        return [headers.get("cookie", "") for _, headers, _ in server.requests]

    assert session(use, tmp_path) == ["", "", "", ""]


def test_robots_are_read_once_a_day(tmp_path: Path) -> None:
    clock = VirtualClock(START)

    async def use(fetcher: Fetcher, server: FaultServer) -> int:
        for hours in (0, 5, 18, 2, 23):
            await clock.sleep(hours * 3600)
            await fetcher.fetch(source(), Query("shop_list"), Request("https://a.example.com/list"))
        return server.hits["/shop/robots.txt"]

    assert session(use, tmp_path, clock=clock) == 2


# --- where requests go ---------------------------------------------------------------------------------------


def test_what_a_robots_txt_says_is_remembered_where_it_is_news(tmp_path: Path) -> None:
    states: list[HostState] = []

    async def robots(visit: Visit) -> None:
        await visit.reply(b"User-agent: *\nDisallow: /closed")

    async def use(fetcher: Fetcher, _: FaultServer) -> list[str | None]:
        for path in ("list", "list", "closed", "closed"):
            with suppress(Refused):
                await fetcher.fetch(source(), Query("shop_list"), Request(f"https://a.example.com/{path}"))
        return [state.robots for state in states]

    found = session(use, tmp_path, plays={"list": page_of_goods, "robots": robots}, on_state=states.append)
    assert found == ["allowed", "refused"]
    assert states[0].robots_at == states[1].robots_at is not None


def test_a_base_address_replaces_the_host_and_keeps_the_rest(tmp_path: Path) -> None:
    asked = Request("https://a.example.com/best?cat=k%C3%BCche&p=2", "POST", (("X-Q", "1"),), b'{"a":1}', page=2)

    async def use(fetcher: Fetcher, server: FaultServer) -> Any:
        page = await fetcher.fetch(source(), Query("shop_list"), asked)
        return page, server.requests[-1], server.port

    page, (path, headers, body), port = session(use, tmp_path)
    assert (path, body) == ("/shop/best?cat=k%C3%BCche&p=2", b'{"a":1}')
    assert headers["host"] == f"127.0.0.1:{port}"
    assert page.url == "https://a.example.com/best?cat=k%C3%BCche&p=2"
    with Archive(tmp_path) as archive:
        assert archive.read(page.ref) == page
    data = gzip.decompress(next(tmp_path.rglob("*.gz")).read_bytes())
    assert f"WARC-Target-URI: http://127.0.0.1:{port}/shop/best".encode() in data  # where it really came from
    assert b'{"a":1}' in data


def test_a_redirect_to_a_declared_host_is_followed_as_a_get(tmp_path: Path) -> None:
    async def play(visit: Visit) -> None:
        if visit.path.endswith("/list"):
            await visit.reply(b"", "Location: https://b.example.com/new?x=1#top", status="302 Found")
        else:
            await page_of_goods(visit)

    async def use(fetcher: Fetcher, server: FaultServer) -> Any:
        asked = Request("https://a.example.com/list", "POST", body=b"q")
        return await fetcher.fetch(source(), Query("shop_list"), asked), server.requests[-1]

    page, (path, _, body) = session(use, tmp_path, plays={"list": play})
    assert page.url == "https://b.example.com/new?x=1"
    assert (path, body) == ("/shop/new?x=1", b"")


class Endless:
    """A reply's body of which so many chunks were read."""

    def __init__(self, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.chunks = 0

    async def aiter_raw(self) -> AsyncIterator[bytes]:
        while self.chunks < 1000:
            self.chunks += 1
            yield b"x" * 1000


def test_of_a_redirect_no_more_than_a_short_body_is_read() -> None:
    """The next request is what is wanted; a body without end ends with its connection."""
    response = Endless()
    asyncio.run(Exchanger._drain(cast("Any", None), cast("Any", response)))
    assert response.chunks == 66, "64 KiB and what came with them"


@pytest.mark.parametrize(
    ("declared", "keep", "read"), [("99999", None, 0), ("10000", None, 11), ("", None, 11), ("99999", 4500, 5)]
)
def test_a_body_is_read_to_its_limit_and_not_begun_where_it_says_more(
    declared: str, keep: int | None, read: int
) -> None:
    response = Endless(content_length=declared)
    exchanger = Exchanger(Limits(body_bytes=10_000), "", cast("Any", None), cast("Any", None))
    body = exchanger._body(cast("Any", response), keep)
    if keep:
        assert len(asyncio.run(body)) == keep
    else:
        with pytest.raises(Rejected, match="a body of more than"):
            asyncio.run(body)
    assert response.chunks == read


def test_the_host_that_a_redirect_leads_to_has_its_own_robots_and_turns(tmp_path: Path) -> None:
    async def play(visit: Visit) -> None:
        await visit.reply(b"", "Location: https://b.example.com/new", status="302 Found")

    async def robots(visit: Visit) -> None:  # read for a.example.com first, then for b.example.com
        await visit.reply(b"" if visit.nth == 1 else b"User-agent: *\nDisallow: /new")

    async def use(fetcher: Fetcher, server: FaultServer) -> list[str]:
        with pytest.raises(Refused, match=r"robots.txt of b\.example\.com does not allow https://b\.example"):
            await fetcher.fetch(source(), Query("shop_list"), Request("https://a.example.com/list"))
        return [path for path, _, _ in server.requests]

    paths = session(use, tmp_path, plays={"list": play, "robots": robots})
    assert paths == ["/shop/robots.txt", "/shop/list", "/shop/robots.txt"]


@pytest.mark.parametrize("hops", [5, 6])
def test_five_redirects_are_followed_and_no_sixth(tmp_path: Path, hops: int) -> None:
    async def play(visit: Visit) -> None:
        number = int(visit.path.rpartition("/")[2])
        if number < hops:
            await visit.reply(b"", f"Location: /list/{number + 1}", status="302 Found")
        else:
            await page_of_goods(visit)

    async def use(fetcher: Fetcher, _: FaultServer) -> str:
        page = await fetcher.fetch(source(), Query("shop_list"), Request("https://a.example.com/list/0"))
        return page.url

    if hops == 5:
        assert session(use, tmp_path, plays={"list": play}).endswith("/list/5")
    else:
        with pytest.raises(Refused, match="more than 5 times"):
            session(use, tmp_path, plays={"list": play})


@pytest.mark.parametrize(
    ("url", "location", "leads"),
    [
        ("https://a.example.com/l", "/m#x", "https://a.example.com/m"),
        ("https://a.example.com/l", "https://b.example.com/m", "https://b.example.com/m"),
        ("http://a.example.com/l", "https://a.example.com/l", "https://a.example.com/l"),
        ("http://a.example.com/l", "http://b.example.com/m", "http://b.example.com/m"),
        ("https://a.example.com/l", "http://a.example.com/l", "from https to http"),
        ("https://a.example.com/l", "ftp://a.example.com/l", "redirects to ftp:"),
        ("https://a.example.com/l", "https://evil.example.org/", "which the source does not declare"),
        ("https://a.example.com/l", "https://xn--ls8h.example/", "redirects to no address"),
    ],
)
def test_where_a_redirect_leads(url: str, location: str, leads: str) -> None:
    route = Route(may_follow=lambda host: host.endswith(".example.com"))
    if leads.startswith("http"):
        assert str(route.next(httpx.URL(url), location)) == leads
    else:
        with pytest.raises(Rejected) as refused:
            route.next(httpx.URL(url), location)
        assert leads in refused.value.what.format(url=url, **refused.value.fields)


def test_two_hosts_that_redirect_to_each_other_are_given_up(tmp_path: Path) -> None:
    async def play(visit: Visit) -> None:
        other = "ab"[visit.nth % 2]
        await visit.reply(b"", f"Location: https://{other}.example.com/list", status="307 Temporary Redirect")

    async def use(fetcher: Fetcher, server: FaultServer) -> int:
        with pytest.raises(Refused, match="more than 5 times"):
            await fetcher.fetch(source(), Query("shop_list"), Request("https://a.example.com/list"))
        return server.hits["/shop/list"]

    assert session(use, tmp_path, plays={"list": play}) <= 8


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.org/list",
        "https://notexample.com/list",
        "https://example.com.evil.org/list",
        "file:///etc/passwd",
        "ftp://a.example.com/list",
        "https:///list",
        "https://[::1",
        "",
    ],
)
def test_requests_go_only_where_the_source_says(tmp_path: Path, url: str) -> None:
    async def use(fetcher: Fetcher, server: FaultServer) -> int:
        with pytest.raises(Refused, match="does not declare"):
            await fetcher.fetch(source(), Query("shop_list"), Request(url))
        return len(server.requests)

    assert session(use, tmp_path) == 0


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:127.0.0.1"]])
def test_a_name_that_points_inside_is_not_asked(tmp_path: Path, addresses: list[str]) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return addresses

    async def use(fetcher: Fetcher, server: FaultServer) -> int:
        asked = Request(f"http://a.example.com:{server.port}/shop/list")
        with pytest.raises(Unreachable, match="private address"):
            await fetcher.fetch(source(), Query("shop_list"), asked)
        return len(server.requests)

    assert session(use, tmp_path, base_url=None, contact="me@example.org", resolve=resolve) == 0


@pytest.mark.parametrize("found", [socket.gaierror(-2, "not known"), UnicodeError("label too long"), []])
def test_a_name_without_an_address_was_not_reached(tmp_path: Path, found: Exception | list[str]) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        if isinstance(found, Exception):
            raise found
        return found

    async def use(fetcher: Fetcher, _: FaultServer) -> tuple[str, bool]:
        with pytest.raises(Unreachable) as error:
            await fetcher.fetch(source(), Query("shop_list"), Request("https://a.example.com/list"))
        return str(error.value), unreached((of_error(error.value),))

    told, down = session(use, tmp_path, base_url=None, contact="me@example.org", resolve=resolve)
    assert ("its name has no address" in told, down) == (True, True), told


def test_a_name_is_resolved_once_so_that_it_cannot_turn_inside_later(tmp_path: Path) -> None:
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async def use(fetcher: Fetcher, server: FaultServer) -> list[str]:
        request = Request(f"http://a.example.com:{server.port}/shop/list")
        for _ in range(3):
            await fetcher.fetch(source(), Query("shop_list"), request)
        return [headers["host"] for _, headers, _ in server.requests]

    hosts = session(use, tmp_path, base_url=None, allow_private=True, resolve=resolve)
    assert asked == ["a.example.com"]
    assert {host.partition(":")[0] for host in hosts} == {"a.example.com"}


def test_the_next_address_is_tried_where_the_first_does_not_answer(tmp_path: Path) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]  # the server listens at the second only

    async def use(fetcher: Fetcher, server: FaultServer) -> int:
        request = Request(f"http://a.example.com:{server.port}/shop/list")
        return (await fetcher.fetch(source(), Query("shop_list"), request)).status

    assert session(use, tmp_path, base_url=None, allow_private=True, resolve=resolve) == 200


# --- the archive comes first -----------------------------------------------------------------------------------


def test_no_page_without_an_archive(tmp_path: Path) -> None:
    class Full:
        def write(self, _: Received) -> ArchiveRef:
            raise ArchiveError("The archive is full.")

    async def use(fetcher: Fetcher, _: FaultServer) -> list[Fetched]:
        return await collected(fetcher, [CrawlTask(source(), Query("shop_list", "US"))])

    (result,) = session(use, tmp_path, archive=Full())
    assert result.pages == ()
    assert str(result.error) == "The archive is full."


def test_replies_that_are_no_pages_are_kept_too(tmp_path: Path) -> None:
    async def busy_then_gone(visit: Visit) -> None:
        await visit.reply(b"", status="503 Busy" if visit.nth == 1 else "404 Not Found")

    async def use(fetcher: Fetcher, _: FaultServer) -> list[Fetched]:
        return await collected(fetcher, [CrawlTask(source(pages=2), Query("shop_list", "US"))])

    (result,) = session(use, tmp_path, plays={"list": busy_then_gone})
    assert [page.status for page in result.pages] == [404]  # the rest of a list that is not there is not asked for
    kept = list(Archive(tmp_path).pages())
    assert [k.page.status for k in kept] == [503, 404]
    assert {(k.taken_at, k.pages, k.page.number, k.page.query.source) for k in kept} == {
        (START, 2, 1, "shop_list")
    }


# --- one query's fault is its own ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("https://a.example.com/list", "redirects to no address"),
        ("https://xn--ls8h.example.com/list", "does not declare"),
    ],
)
def test_a_host_name_that_no_name_can_be_is_no_address(tmp_path: Path, asked: str, why: str) -> None:
    async def play(visit: Visit) -> None:
        await visit.reply(b"", "Location: http://xn--ls8h.example/", status="302 Found")

    async def use(fetcher: Fetcher, _: FaultServer) -> None:
        with pytest.raises(Refused, match=why):
            await fetcher.fetch(source(), Query("shop_list"), Request(asked))

    session(use, tmp_path, plays={"list": play})


def test_a_bug_met_in_one_query_ends_no_other(tmp_path: Path) -> None:
    def broken(_: Query) -> Sequence[Request]:
        raise ZeroDivisionError("MARK")

    class BrokenWalls(Walls):
        def seen_in(self, page: Page) -> Finding | None:
            raise ZeroDivisionError("MARK")

    jobs = [
        CrawlTask(source("list0", requests=broken), Query("list0", "US")),
        CrawlTask(source("list1", walls=BrokenWalls()), Query("list1", "US")),
        CrawlTask(source("list2"), Query("list2", "US")),
    ]
    results = session(lambda f, _: collected(f, jobs), tmp_path)
    by_name = {result.source.name: result for result in results}
    assert [len(by_name[name].pages) for name in ("list0", "list1", "list2")] == [0, 0, 1]
    told = [str(by_name[name].error) for name in ("list0", "list1")]
    assert all("a fault of trendscout itself: ZeroDivisionError at " in text for text in told)
    assert "MARK" not in "".join(told)
    assert by_name["list2"].error is None


# --- every hop of a redirect is a request like any other -----------------------------------------------------


async def around_the_corner(visit: Visit) -> None:
    if visit.path.endswith("/list"):
        await visit.reply(b"", "Location: /private/list2", status="302 Found")
    else:
        await page_of_goods(visit)


def test_a_redirect_on_the_same_host_asks_robots_too(tmp_path: Path) -> None:
    async def robots(visit: Visit) -> None:
        await visit.reply(b"User-agent: *\nDisallow: /private")

    async def use(fetcher: Fetcher, server: FaultServer) -> list[str]:
        with pytest.raises(Refused, match=r"does not allow https://a\.example\.com/private/list2"):
            await fetcher.fetch(source(), Query("shop_list"), Request("https://a.example.com/list"))
        return [path for path, _, _ in server.requests]

    paths = session(use, tmp_path, plays={"list": around_the_corner, "robots": robots})
    assert paths == ["/shop/robots.txt", "/shop/list"]


def test_a_redirect_keeps_the_spacing_for_pages_and_for_robots(tmp_path: Path) -> None:
    async def robots(visit: Visit) -> None:
        await visit.reply(b"", "Location: /rules/robots.txt", status="301 Moved")

    async def play(visit: Visit) -> None:
        await (visit.reply(b"") if "robots" in visit.path else around_the_corner(visit))

    clock = VirtualClock(START)

    async def use(fetcher: Fetcher, server: FaultServer) -> int:
        await fetcher.fetch(source(), Query("shop_list"), Request("https://a.example.com/list"))
        return len(server.requests)

    assert session(use, tmp_path, plays={"list": play, "robots": robots}, clock=clock) == 4
    assert (clock.now() - START).total_seconds() >= 3 * 3.0


# --- what a status says of the host --------------------------------------------------------------------------


def states_after(folder: Path, status: str, *categories: str) -> tuple[list[Fetched], dict[str, HostState]]:
    """A crawl of lists of one host of which the one called "gone" answers with a status."""
    states: dict[str, HostState] = {}

    def requests(query: Query) -> Sequence[Request]:
        return [Request(f"https://a.example.com/{query.category}")]

    async def play(visit: Visit) -> None:
        if visit.path.endswith("/gone"):
            await visit.reply(b"<title>x</title>", status=status)
        else:
            await page_of_goods(visit)

    jobs = [CrawlTask(source(requests=requests), Query("shop_list", "US", category=name)) for name in categories]
    results = session(
        lambda f, _: collected(f, jobs),
        folder,
        plays={"list": play},
        on_state=lambda state: states.update({state.host: state}),
    )
    return results, states


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "400 Bad", "206 Partial Content", "202 Accepted"])
def test_one_missing_list_keeps_nobody_from_the_others(tmp_path: Path, status: str) -> None:
    results, states = states_after(tmp_path, status, "gone", "kitchen", "toys")
    assert [result.error for result in results] == [None, None, None]
    assert [page.status for result in results for page in result.pages] == [int(status[:3]), 200, 200]
    assert states["a.example.com"].trips == 0
    assert states["a.example.com"].misses == 0


@pytest.mark.parametrize(
    ("status", "minutes"), [("403 Forbidden", 30), ("503 Busy", 10), ("429 Too Many", 10), ("500 Oops", 0)]
)
def test_a_block_an_overload_and_a_fault_have_their_own_rests(tmp_path: Path, status: str, minutes: int) -> None:
    results, states = states_after(tmp_path, status, "gone")
    (state,) = states.values()
    rest = state.open_until - results[0].pages[0].fetched_at if state.open_until and results[0].pages else None
    assert (state.trips, state.misses) == ((1, 0) if minutes else (0, 1))
    assert (rest is not None) == (status == "403 Forbidden")
    if state.open_until:
        last = max(kept.page.fetched_at for kept in Archive(tmp_path).pages())
        assert (state.open_until - last).total_seconds() / 60 == pytest.approx(minutes, abs=0.2)


# --- blocks, from run to run -------------------------------------------------------------------------------------


def test_a_host_that_blocks_is_left_alone_longer_each_time_and_then_tried_once(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    states: dict[str, HostState] = {}
    walls = [captcha, captcha, page_of_goods, captcha]

    async def play(visit: Visit) -> None:
        await walls[visit.server.hits["/shop/list"] - 1](visit)

    def run(_: int) -> tuple[str, int, float]:
        async def use(fetcher: Fetcher, server: FaultServer) -> tuple[str, int]:
            server.hits["/shop/list"] = tried
            try:
                await fetcher.fetch(source(), Query("shop_list"), Request("https://a.example.com/list"))
            except TrendscoutError as error:
                return type(error).__name__, server.hits["/shop/list"]
            return "page", server.hits["/shop/list"]

        outcome, hits = session(
            use,
            tmp_path,
            plays={"list": play},
            clock=clock,
            states=states.values(),
            on_state=lambda state: states.update({state.host: state}),
        )
        state = states["a.example.com"]
        left = (state.open_until - clock.now()).total_seconds() / 60 if state.open_until else 0.0
        return outcome, hits, round(left)

    tried = 0
    seen = []
    for minutes in (0, 10, 25, 30, 31, 1):
        asyncio.run(clock.sleep(minutes * 60))
        outcome, tried, left = run(minutes)
        seen.append((outcome, tried, left))
    assert seen == [
        ("page", 1, 30),  # the wall; its reader says what it is
        ("TryLater", 1, 20),
        ("page", 2, 60),  # one try, blocked again
        ("TryLater", 2, 30),
        ("page", 3, 0),  # let in: nothing is held against it
        ("page", 4, 30),
    ]


def test_the_rest_of_a_list_is_not_asked_for_behind_a_wall(tmp_path: Path) -> None:
    async def use(fetcher: Fetcher, server: FaultServer) -> tuple[list[Fetched], int]:
        jobs = [CrawlTask(source(pages=5), Query("shop_list", "US", category="a.example.com")) for _ in range(3)]
        return await collected(fetcher, jobs), sum(count for path, count in server.hits.items() if "list" in path)

    results, hits = session(use, tmp_path, plays={"list": captcha})
    assert hits == 1
    assert [len(result.pages) for result in results] == [1, 0, 0]
    assert [type(result.error) for result in results] == [type(None), TryLater, TryLater]


# --- secrets -----------------------------------------------------------------------------------------------------


def everything(folder: Path) -> str:
    data = b"".join(gzip.decompress(path.read_bytes()) for path in folder.rglob("*.gz"))
    return data.decode("latin-1") + str([str(path) for path in folder.rglob("*")])


@pytest.mark.parametrize("packed", [False, True])
def test_a_key_reaches_the_site_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, packed: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    key = "MARK+KEY/1"

    async def echo(visit: Visit) -> None:
        if "/first" in visit.path:
            await visit.reply(b"", "Location: /second?api=MARK%2BKEY%2F1&x=1", status="302 Found")
            return
        body = b'{"you sent": "MARK+KEY/1"}'
        fields = ["X-Echo: MARK+KEY/1", "Set-Cookie: a=MARK-COOKIE"]
        if packed:
            await visit.reply(gzip.compress(body), "Content-Encoding: gzip", *fields)
        else:
            await visit.reply(body, *fields)

    def sign(request: Request, key: str, now: datetime) -> Request:
        return replace(request, headers=(*request.headers, ("X-Sum", f"MARK-SUM-{key}-{now:%Y}")))

    asked = Request(
        "https://a.example.com/first?api={key}",
        "POST",
        (("Authorization", "Bearer {key}"), ("X-Plain", "{key}"), ("Cookie", "c=MARK-SENT")),
        b'{"key": "{key}"}',
    )

    async def use(fetcher: Fetcher, server: FaultServer) -> Any:
        page = await fetcher.fetch(source(key_env="SHOP_KEY", sign=sign), Query("shop_list"), asked)
        return page, server.requests

    page, requests = session(use, tmp_path, plays={"list": echo}, environ={"SHOP_KEY": key})
    path, headers, body = requests[1]
    assert path == "/shop/first?api=MARK%2BKEY%2F1"
    assert headers["authorization"] == "Bearer MARK+KEY/1"
    assert headers["x-sum"] == "MARK-SUM-MARK+KEY/1-2026"
    assert body == b'{"key": "MARK+KEY/1"}'
    assert page.body == b'{"you sent": "{key}"}'
    assert "MARK" not in repr(page)
    assert "MARK" not in everything(tmp_path)
    assert "MARK" not in caplog.text


def test_a_reply_is_kept_without_the_key_and_as_it_came_for_the_rest() -> None:
    """Where a site moved us the address is its own; where it did not, it is what the source asked for."""
    body = gzip.compress(b"goods of S3CRET-KEY", mtime=0)
    headers = (("Content-Encoding", "gzip"), ("Content-Length", "1"), ("X-Seen", "s3cret-key"), ("Vary", "a"))
    asked = Request(f"https://a.example.com/list?k={PLACE}", headers=(("X-Key", PLACE),))
    there = "https://a.example.com/list?k=s3cret-key"
    reply = Reply(there, there, (("X-Key", "s3cret-key"),), 200, headers, body, "HTTP/1.1")
    kept = without_key(reply, "s3cret-key", asked, 1000, moved=False)
    assert (kept.url, kept.sent_to, kept.sent_headers) == (asked.url, "", asked.headers)
    assert (kept.body, kept.headers) == (f"goods of {PLACE}".encode(), (("X-Seen", PLACE), ("Vary", "a")))
    moved = without_key(reply, "s3cret-key", asked, 1000, moved=True)
    assert (moved.url, moved.sent_to) == (asked.url, asked.url)
    plain = replace(reply, body=gzip.compress(b"goods", mtime=0))
    kept = without_key(plain, "s3cret-key", asked, 1000, moved=False)
    assert (kept.body, kept.header("content-encoding")) == (plain.body, "gzip")
    assert without_key(reply, "", asked, 1000, moved=False) is reply


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "429 Too Many", "500 Oops", "302 Found"])
def test_no_error_and_no_log_tells_a_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture, status: str) -> None:
    caplog.set_level(logging.DEBUG)

    async def play(visit: Visit) -> None:
        await visit.reply(
            b"MARK-BODY", "Set-Cookie: MARK-C", "Location: https://u:MARK-P@x.org/?token=MARK-T", status=status
        )

    asked = Request(
        "https://a.example.com/list?token=MARK-OWN&api={key}",
        headers=(("Cookie", "s=MARK-S"), ("X-Auth", "MARK-A")),
    )
    told: list[str] = []

    async def use(fetcher: Fetcher, _: FaultServer) -> None:
        try:
            told.append(repr(await fetcher.fetch(source(key_env="K"), Query("shop_list"), asked)))
        except TrendscoutError as error:
            told.append(f"{error} {error!r} {error.fields} {error.__cause__!r}")

    session(use, tmp_path, plays={"list": play}, environ={"K": "MARK-KEY"})
    assert len(told) == 1
    assert "MARK" not in told[0].replace("MARK-BODY", "")
    assert "MARK" not in caplog.text
    assert "MARK" not in everything(tmp_path).replace("MARK-BODY", "")


def test_a_key_is_shown_to_no_other_host(tmp_path: Path) -> None:
    async def play(visit: Visit) -> None:
        await visit.reply(b"", "Location: https://b.example.com/list", status="307 Temporary Redirect")

    async def use(fetcher: Fetcher, server: FaultServer) -> int:
        with pytest.raises(Refused):
            await fetcher.fetch(
                source(key_env="K"), Query("shop_list"), Request("https://a.example.com/l?k={key}")
            )
        return len(server.requests)

    assert session(use, tmp_path, plays={"list": play}, environ={"K": "MARK"}) == 2  # robots.txt and one


def test_a_missing_key_is_asked_for(tmp_path: Path) -> None:
    async def use(fetcher: Fetcher, _: FaultServer) -> list[Fetched]:
        return await collected(fetcher, [CrawlTask(source(key_env="SHOP_KEY"), Query("shop_list", "US"))])

    (result,) = session(use, tmp_path, environ={})
    assert isinstance(result.error, ConfigError)
    assert "SHOP_KEY" in str(result.error)


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\x00", "\t", "\u2028"])
def test_a_key_with_a_sign_that_ends_a_line_is_refused_and_not_shown(tmp_path: Path, sign: str) -> None:
    """Such a key would end its header field, and the rest of it stand in an error's text."""

    async def use(fetcher: Fetcher, server: FaultServer) -> tuple[list[Fetched], int]:
        asked = [CrawlTask(source(key_env="SHOP_KEY"), Query("shop_list", "US"))]
        return await collected(fetcher, asked), server.hits["/shop/list"]

    (result,), asked = session(use, tmp_path, environ={"SHOP_KEY": f"MARK{sign}KEY"})
    assert isinstance(result.error, ConfigError)
    assert ("SHOP_KEY" in str(result.error), "MARK" in str(result.error), asked) == (True, False, 0)


# --- long waits ---


def test_a_site_that_wants_hours_is_not_waited_for_but_left_alone_for_them(tmp_path: Path) -> None:
    states: list[HostState] = []

    async def play(visit: Visit) -> None:
        await visit.reply(b"", "Retry-After: 7200", status="429 Too Many Requests")

    async def use(fetcher: Fetcher, _: FaultServer) -> None:
        with pytest.raises(TryLater) as caught:
            await fetcher.fetch(source(), Query("shop_list"), Request("https://a.example.com/list"))
        assert caught.value.after_s == 7200

    session(use, tmp_path, plays={"list": play}, on_state=states.append, limits=Limits(patience_s=60))
    assert states[-1].open_until
    assert states[-1].open_until - START > timedelta(hours=2)


# --- posting ---------------------------------------------------------------------------------------------------


def test_a_channel_that_drips_its_answer_is_given_up(tmp_path: Path) -> None:
    async def drip(visit: Visit) -> None:
        await visit.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(200):
            await visit.send(b"a")
            await asyncio.sleep(0.05)

    async def use(_: Fetcher, server: FaultServer) -> float:
        began = time.monotonic()
        with pytest.raises(Unanswered, match="no answer"):
            await asyncio.to_thread(post_json, server.url("shop") + "/send", b"{}", timeout_s=0.4)
        return time.monotonic() - began

    assert session(use, tmp_path, plays={"list": drip}) < 3.0


def test_a_channel_that_is_not_there_took_no_message() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="cannot be reached") as caught:
            post_json(f"http://127.0.0.1:{free.getsockname()[1]}/?key=MARK", b"{}")
    assert not isinstance(caught.value, Unanswered)
    assert "MARK" not in str(caught.value)
