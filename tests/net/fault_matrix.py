"""The net at its worst, case by case: what each fault comes to, and what it costs at most.

Run as a script (`make faults`) it prints the matrix and exits 1 if a case went wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import sys
import tempfile
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import brotli
from fault_server import FaultServer, Play, Visit

from trendscout.archive import Archive
from trendscout.archive.decoding import zstd_library
from trendscout.clock import VirtualClock
from trendscout.errors import TrendscoutError
from trendscout.fetch import Fetcher, Limits
from trendscout.model import Entry, Page, Query, Request
from trendscout.sources.source import Reader, Source, read_page
from trendscout.text.jsontext import parse_json
from trendscout.text.markup import all_of, parse_html, text_of

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
MB = 1_000_000
# A tenth of a real crawl's times, so that the whole matrix takes seconds.
LIMITS = Limits(
    connect_s=0.5, silence_s=0.15, total_s=0.4, body_bytes=2 * MB, decoded_bytes=6 * MB, header_bytes=64 * 1024
)
MAX_BYTES = 20 * MB  # sent by the server: the limit, three attempts, and what the receiving sockets hold
MAX_MEMORY = 40 * MB  # the packed body, the decoded one and its pieces, the parser's tree
MAX_SECONDS = 3.0  # of CPU, the server's too
MAX_LASTED = 25.0  # by the clock on the wall, of a busy machine: a play that stalls does so for 30
_TRIES = 5  # of a case that went wrong: the limits are real time, which a busy machine does not give

TITLES = ("Glow Moss Lamp", "藍色小夜燈", "折りたたみ傘")
JSON = json.dumps(
    {"items": [{"id": str(7 * n), "title": title} for n, title in enumerate(TITLES, 1)]}, ensure_ascii=False
)
HTML = "<html><head>{meta}<title>list</title></head><body><ol>{rows}</ol></body></html>"
ROWS = "".join(f'<li data-id="{7 * n}"><b>{title}</b></li>' for n, title in enumerate(TITLES, 1))


def _read_json(page: Page) -> Iterator[Entry]:
    data = parse_json(page)
    items = data.get("items") if isinstance(data, dict) else None
    for rank, item in enumerate(items if isinstance(items, list) else (), 1):
        if isinstance(item, dict):
            yield Entry("faults_XX/bestsellers/all", rank, str(item.get("id", "")), str(item.get("title")))


def _read_html(page: Page) -> Iterator[Entry]:
    for rank, node in enumerate(all_of(parse_html(page).root, "li[data-id]"), 1):
        yield Entry("faults_XX/bestsellers/all", rank, node.attributes.get("data-id") or "", text_of(node, "b"))


SOURCE = Source(
    name="faults",
    platform="faults",
    title="A list that goes wrong",
    kinds=("bestsellers",),
    markets=("US",),
    way_in=("live",),
    terms="",
    why="",
    hosts=("list.example.com", ".example.net"),
    readers=(
        Reader("html", lambda page: page.body.lstrip(b"\xef\xbb\xbf\0 ")[:1] == b"<", _read_html),
        Reader("json", lambda page: page.body.lstrip(b"\xef\xbb\xbf\0 ")[:1] in (b"{", b"["), _read_json),
    ),
    spacing_s=1.0,
)
ASKED = Request("https://list.example.com/list")


# --- plays -------------------------------------------------------------------------------------------------


async def good(visit: Visit) -> None:
    await visit.reply(JSON.encode(), "Content-Type: application/json")


def body(data: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Play:
    async def play(visit: Visit) -> None:
        await visit.reply(data, *headers, status=status, length=length)
        if length is not None:
            visit.writer.close()

    return play


def first_then_good(status: str, *headers: str) -> Play:
    async def play(visit: Visit) -> None:
        if visit.nth == 1:
            await visit.reply(b"later", *headers, status=status)
        else:
            await good(visit)

    return play


def redirect(location: str) -> Play:
    return body(b"", f"Location: {location}", status="302 Found")


def chain(hops: int) -> Play:
    async def play(visit: Visit) -> None:
        hop = int(visit.path.rpartition("hop")[2] or 0) if "hop" in visit.path else 0
        if hop < hops:
            await visit.reply(b"", f"Location: /hop{hop + 1}", status="301 Moved Permanently")
        else:
            await good(visit)

    return play


async def reset_mid_body(visit: Visit) -> None:
    await visit.reply(b"{" * 100, length=10_000)
    await asyncio.sleep(0.02)
    visit.reset()


async def hang_up(visit: Visit) -> None:
    visit.writer.close()


async def stall_headers(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Ty")
    await asyncio.sleep(30)


async def stall_body(visit: Visit) -> None:
    await visit.reply(b"{", length=1000)
    await asyncio.sleep(30)


async def drip(visit: Visit) -> None:
    await visit.reply(b"", length=100_000)
    while True:
        await visit.send(b" ")
        await asyncio.sleep(0.05)


async def drip_headers(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        await visit.send(b"a")
        await asyncio.sleep(0.05)


async def drip_packed(visit: Visit) -> None:
    """Empty members of gzip, one at a time: bytes that are no text."""
    await visit.reply(b"", "Content-Encoding: gzip", length=100_000)
    while True:
        await visit.send(_EMPTY_GZ)
        await asyncio.sleep(0.05)


def missing_but_the_list(status: str) -> Play:
    """Every page but the list answers so."""

    async def play(visit: Visit) -> None:
        if visit.path.endswith("/list"):
            await good(visit)
        else:
            await visit.reply(b"gone", status=status)

    return play


async def continues(visit: Visit) -> None:
    while True:
        await visit.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.01)


async def not_http(visit: Visit) -> None:
    await visit.send(b"SSH-2.0-OpenSSH_9.6\r\n")
    visit.writer.close()


async def endless_header(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\n")
    for n in range(100_000):
        await visit.send(b"X-%d: " % n + b"a" * 1000 + b"\r\n")


async def big_header(visit: Visit) -> None:
    await visit.reply(JSON.encode(), *(f"X-{n}: {'a' * 1000}" for n in range(80)))


async def gigabyte(visit: Visit) -> None:
    await visit.reply(b"", "Content-Type: application/json", length=10**9)
    for _ in range(10_000):
        await visit.send(b" " * 100_000)


async def endless_chunks(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await visit.send(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


async def bad_chunks(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")
    visit.writer.close()


def packed(data: bytes, encoding: str) -> Play:
    return body(data, f"Content-Encoding: {encoding}", "Content-Type: application/json")


def html(text: str, charset: str, *, header: str = "", meta: str = "") -> Play:
    data = HTML.format(meta=meta, rows=text).encode(charset)
    return body(data, f"Content-Type: text/html{header}")


def robots(text: str | bytes, *headers: str, status: str = "200 OK") -> Play:
    return body(text.encode() if isinstance(text, str) else text, *headers, status=status)


# --- cases -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One fault and what it must come to."""

    name: str
    outcomes: tuple[str, ...]  # "ok", or the name of the error
    requests: int  # for the list itself
    play: Play
    robots: Play | None = None
    waits: tuple[float, float] = (0.0, 40.0)  # seconds on the virtual clock
    before: int = 0  # other pages of the host that are asked for first


def case(
    name: str,
    outcome: str,
    requests: int,
    play: Play = good,
    *,
    robots: Play | None = None,
    waits: float = 0.0,
    before: int = 0,
) -> Case:
    return Case(name, tuple(outcome.split("|")), requests, play, robots, (waits, waits + 40.0), before)


_BOMB = b"\0" * (60 * MB)
_GZ = gzip.compress(JSON.encode())
_EMPTY_GZ = gzip.compress(b"")
_BR = brotli.compress(JSON.encode())
_ZSTD = zstd_library().compress(JSON.encode())
GIANT = JSON[:-1] + ', "n": 1e999999, "m": ' + "9" * 100_000 + ', "k": -0.' + "0" * 5000 + "1}"
_RANGE = "Content-Range: bytes 0-99/5000"
_RULE = "User-agent: *\nDisallow: /list\n"
_CROWD = "".join(f"User-agent: *bot{n}\n" for n in range(9000)) + "Disallow: /\n" * 9000
_SLOW = "User-agent: *\nCrawl-delay: {}"
_LONG_ROBOTS = "# " + "x" * 100 + "\n"


async def robots_503_once(visit: Visit) -> None:
    await visit.reply(b"", status="503 Busy" if visit.nth == 1 else "200 OK")


def robots_behind(hops: int) -> dict[str, Play]:
    """robots.txt `hops` redirects away, where it allows everything."""

    async def play(visit: Visit) -> None:
        hop = int(visit.path.rpartition("hop")[2]) if "hop" in visit.path else 0
        if visit.path.endswith("/list"):
            await good(visit)
        elif hop < hops:
            await visit.reply(b"", f"Location: /hop{hop + 1}", status="301 Moved Permanently")
        else:
            await visit.reply(b"")

    return {"play": play, "robots": play}


def cases() -> list[Case]:
    in_30_s = format_datetime(START + timedelta(seconds=30), usegmt=True)
    return [
        case("a good list", "ok", 1),
        # the connection
        case("reset in the middle of the body", "Unreachable", 3, reset_mid_body),
        case("hangs up without an answer", "Unreachable", 3, hang_up),
        case("headers stall", "Unreachable", 3, stall_headers),
        case("body stalls", "Unreachable", 3, stall_body),
        case("a byte now and then", "Unreachable", 3, drip),
        case("a header byte now and then", "Unreachable", 3, drip_headers),
        case("an empty member of gzip now and then", "Unreachable", 3, drip_packed),
        case("100 Continue for ever", "Unreachable", 3, continues),
        case("not HTTP", "Unreachable", 3, not_http),
        case("endless header", "Unreachable|Refused", 3, endless_header),
        case("80 kB of header", "Refused", 1, big_header),
        # statuses
        case("429, 30 s", "ok", 2, first_then_good("429 Too Many", "Retry-After: 30"), waits=30.0),
        case("429, a date", "ok", 2, first_then_good("429 Too Many", f"Retry-After: {in_30_s}"), waits=25.0),
        case("429, nonsense", "ok", 2, first_then_good("429 Too Many", "Retry-After: soon"), waits=2.0),
        case("429 without end", "TryLater", 3, body(b"", "Retry-After: 5", status="429 Too Many"), waits=10.0),
        case("429, a day", "TryLater", 1, body(b"", "Retry-After: 86400", status="429 Too Many")),
        case("503 once", "ok", 2, first_then_good("503 Busy"), waits=2.0),
        case("503 without end", "TryLater", 3, body(b"", status="503 Busy"), waits=6.0),
        case("500 without end", "Unreachable", 3, body(b"", status="500 Oops"), waits=6.0),
        case("404", "NoPage", 1, body(b"gone", status="404 Not Found")),
        case("403", "Blocked", 1, body(b"no", status="403 Forbidden")),
        case("204", "NoPage", 1, body(b"", status="204 No Content")),
        # a success that is not the whole page
        *(
            case(f"{status} with a list", "NoPage|partial", 1, body(JSON.encode(), status=status))
            for status in ("202 Accepted", "205 Reset Content", "226 IM Used", "299 Perhaps")
        ),
        case("206 with a list", "NoPage|partial", 1, body(JSON.encode(), _RANGE, status="206 Partial Content")),
        case("203, whole by way of a proxy", "ok", 1, body(JSON.encode(), status="203 Non-Authoritative")),
        # what others of the host's pages come to
        case("ten other lists are 404", "ok", 1, missing_but_the_list("404 Not Found"), before=10),
        case("ten other lists are 410", "ok", 1, missing_but_the_list("410 Gone"), before=10),
        case("ten other lists are 403", "TryLater", 0, missing_but_the_list("403 Forbidden"), before=10),
        case("ten other lists are 500", "TryLater", 0, missing_but_the_list("500 Oops"), before=10),
        # redirects
        case("redirect to a name that is no IDN", "Refused", 1, redirect("http://xn--ls8h.example/")),
        case("redirect to a name in Chinese", "Refused", 1, redirect("https://列表.example/")),
        case("redirect to a name of 300 letters", "Refused", 1, redirect(f"https://{'a' * 300}.example.net/")),
        case("redirect to a name that looks like ours", "Refused", 1, redirect("https://lіst.example.com/list")),
        case("redirect to ours in full-width letters", "Refused|ok", 1, redirect("https://ｌist.example.com/hop")),
        case("5 redirects", "ok", 1, chain(5)),
        case("6 redirects", "Refused", 1, chain(6)),
        case("redirect loop", "Refused", 6, redirect("/list")),
        case("redirect to another host", "Refused", 1, redirect("https://evil.example.org/")),
        case("redirect to a private address", "Refused", 1, redirect("http://10.0.0.1/list")),
        case("redirect to a link-local address", "Refused", 1, redirect("http://169.254.169.254/latest/")),
        case("redirect to a declared host by its number", "Refused", 1, redirect("https://2130706433/")),
        case("redirect to file:", "Refused", 1, redirect("file:///etc/passwd")),
        case("redirect to javascript:", "Refused", 1, redirect("javascript:alert(1)")),
        case("redirect to no address", "Refused", 1, redirect("https://[::1")),
        case("redirect to nowhere", "NoPage", 1, body(b"", status="302 Found")),
        case("redirect from https to http", "Refused", 1, redirect("http://list.example.com/list")),
        # lengths and encodings
        case("shorter than promised", "Unreachable", 3, body(JSON.encode(), length=5000)),
        case("longer than promised", "LayoutChanged", 1, body(JSON.encode(), length=40)),
        case("bad chunks", "Unreachable", 3, bad_chunks),
        case("gzip", "ok", 1, packed(_GZ, "gzip")),
        case("gzip in two members", "ok", 1, packed(gzip.compress(b" ") + _GZ, "gzip")),
        case("gzip with a tail", "ok", 1, packed(_GZ + b"\0\0tail", "gzip")),
        case("gzip cut", "Unreachable", 3, packed(_GZ[:-20], "gzip")),
        case("gzip damaged", "Unreachable", 3, packed(_GZ[:20] + b"\xff" * 9 + _GZ[29:], "gzip")),
        case("gzip that is none", "Unreachable", 3, packed(JSON.encode(), "gzip")),
        case("deflate", "ok", 1, packed(zlib.compress(JSON.encode()), "deflate")),
        case("deflate without its frame", "ok", 1, packed(zlib.compress(JSON.encode())[2:-4], "deflate")),
        case("brotli", "ok", 1, packed(_BR, "br")),
        case("brotli cut", "Unreachable", 3, packed(_BR[:-10], "br")),
        case("brotli damaged", "Unreachable", 3, packed(b"\xff" * 50, "br")),
        case("zstd", "ok", 1, packed(_ZSTD, "zstd")),
        case("zstd cut", "Unreachable", 3, packed(_ZSTD[:-10], "zstd")),
        case("zstd damaged", "Unreachable", 3, packed(_ZSTD[:6] + b"\xff" * 40, "zstd")),
        *(
            case(f"Content-Encoding: {name}, which is none", "ok", 1, packed(JSON.encode(), name))
            for name in ("UTF-8", "utf8", "identity", "none", "binary", "8bit")
        ),
        case("GZIP, X-Gzip", "ok", 1, packed(gzip.compress(_GZ), "GZIP, X-Gzip")),
        case("gzip, then empty members", "ok", 1, packed(_GZ + _EMPTY_GZ * 900, "gzip")),
        case("gzip, 50,000 empty members", "Unreachable", 3, packed(_EMPTY_GZ * 50_000 + _GZ, "gzip")),
        case("two encodings", "ok", 1, packed(gzip.compress(_BR), "br, gzip")),
        case("an unknown encoding", "Unreachable", 3, packed(b"x", "rot13")),
        case("nine encodings", "Unreachable", 3, packed(_GZ, ",".join(["gzip"] * 9))),
        case("gzip bomb", "Refused", 1, packed(gzip.compress(_BOMB), "gzip")),
        case("gzip bomb in a gzip bomb", "Refused", 1, packed(gzip.compress(gzip.compress(_BOMB)), "gzip, gzip")),
        case("brotli bomb", "Refused", 1, packed(brotli.compress(_BOMB, quality=5), "br")),
        case("zstd bomb", "Refused", 1, packed(zstd_library().compress(_BOMB), "zstd")),
        case("1 GB, announced", "Refused", 1, gigabyte),
        case("1 GB, not announced", "Refused", 1, endless_chunks),
        # text
        case("GB18030, declared", "ok", 1, html(ROWS, "gb18030", header="; charset=GB18030")),
        case("Shift-JIS, in the page", "ok", 1, html(ROWS, "shift_jis", meta='<meta charset="Shift_JIS">')),
        case("UTF-8 declared as Latin-1", "ok", 1, html(ROWS, "utf-8", header="; charset=ISO-8859-1")),
        case("GB18030 declared as UTF-8", "partial", 1, html(ROWS, "gb18030", header="; charset=utf-8")),
        case("an unknown charset", "ok", 1, html(ROWS, "utf-8", header="; charset=klingon")),
        case("UTF-8 with a BOM", "ok", 1, body(b"\xef\xbb\xbf" + JSON.encode(), "Content-Type: application/json")),
        case("NULs between the tags", "ok", 1, html("\0" + ROWS.replace("><", ">\0<"), "utf-8")),
        case("NULs only", "LayoutChanged", 1, body(b"\0" * 100_000, "Content-Type: text/html")),
        # JSON
        case("HTML for JSON", "LayoutChanged", 1, html("<p>Welcome</p>", "utf-8")),
        case("JSON cut short", "LayoutChanged", 1, body(JSON.encode()[:60], "Content-Type: application/json")),
        case("deep nesting", "LayoutChanged", 1, body(b"[" * 500_000, "Content-Type: application/json")),
        case("deep objects", "LayoutChanged", 1, body(b'{"a":' * 200_000 + b"1" + b"}" * 200_000)),
        case("deep tags", "LayoutChanged", 1, html("<div>" * 100_000, "utf-8")),
        case("giant numbers", "ok", 1, body(GIANT.encode(), "Content-Type: application/json")),
        # walls
        case("captcha", "Blocked", 1, html('<form action="/errors/validateCaptcha">', "utf-8")),
        case("browser check", "Blocked", 1, html("", "utf-8", meta="<title>Just a moment...</title>")),
        case("login", "LayoutChanged", 1, html('<form id="login"><input type="password">', "utf-8")),
        case("consent", "LayoutChanged", 1, html('<form action="/save">Before you continue', "utf-8")),
        case("empty shell", "LayoutChanged", 1, html('<div id="root"></div>', "utf-8")),
        # robots.txt
        case("robots 404", "ok", 1, robots=robots("", status="404 Not Found")),
        case("robots 403", "ok", 1, robots=robots("", status="403 Forbidden")),
        case("robots 429", "Unreachable", 0, robots=robots("", status="429 Too Many")),
        case("robots 500", "Unreachable", 0, robots=robots("", status="500 Oops")),
        case("robots 503, then there", "ok", 1, robots=robots_503_once),
        case("robots reset", "Unreachable", 0, robots=reset_mid_body),
        case("robots, a byte now and then", "Unreachable", 0, robots=drip),
        case("robots 206", "Unreachable|Refused", 0, robots=robots(_RULE, status="206 Partial Content")),
        case("robots stalls", "Unreachable", 0, robots=stall_body),
        case("robots disallows", "Refused", 0, robots=robots("User-agent: *\nDisallow: /list")),
        case("robots for us", "Refused", 0, robots=robots("User-agent: trendscout\nDisallow: /\nUser-agent: *")),
        case("robots for others", "ok", 1, robots=robots("User-agent: badbot\nDisallow: /")),
        case("robots, the longer rule", "ok", 1, robots=robots("User-agent: *\nDisallow: /\nAllow: /list")),
        case("robots, wildcards", "Refused", 0, robots=robots("User-agent: *\nDisallow: /*st$")),
        case("robots, wildcards that miss", "ok", 1, robots=robots("User-agent: *\nDisallow: /*.json$")),
        case("robots, evil wildcards", "ok", 1, robots=robots("User-agent: *\nDisallow: " + "/*l*i*s*t*" * 50)),
        case("robots, 9,000 agents and rules", "ok", 1, robots=robots(_CROWD)),
        case("robots with a BOM", "Refused", 0, robots=robots(b"\xef\xbb\xbfUser-agent: *\nDisallow: /")),
        case("robots, a rule within 500 KiB", "Refused", 0, robots=robots(_RULE + _LONG_ROBOTS * 5000)),
        case("robots, a rule beyond 500 KiB", "ok", 1, robots=robots(_LONG_ROBOTS * 5000 + _RULE)),
        case("robots in gzip", "Refused", 0, robots=packed(gzip.compress(_RULE.encode()), "gzip")),
        case("robots, a bomb", "ok", 1, robots=packed(gzip.compress(_BOMB), "gzip")),
        case("robots, junk", "ok", 1, robots=robots(bytes(range(256)) * 100)),
        case("robots, 5 redirects", "ok", 1, **robots_behind(5)),
        case("robots, 6 redirects", "Unreachable", 0, **robots_behind(6)),
        case("robots at another host", "Unreachable", 0, robots=redirect("https://evil.example.org/robots.txt")),
        case("robots, 20 s between requests", "ok", 1, robots=robots(_SLOW.format(20)), waits=20.0),
        case("robots, a year between requests", "Refused", 0, robots=robots(_SLOW.format(31536000))),
    ]


# --- measuring ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """What a case came to and what it cost."""

    outcome: str
    requests: int  # for the list itself
    sent: int  # bytes that the server got rid of
    waited_s: float  # on the virtual clock
    seconds: float  # of CPU
    lasted: float  # seconds by the clock on the wall
    peak: int  # bytes of memory above the start
    error: str  # what the user is told

    def faults(self, case: Case) -> list[str]:
        """What is not as it must be."""
        found = []
        if self.outcome not in case.outcomes:
            found.append(f"{self.outcome} instead of {'|'.join(case.outcomes)}: {self.error}")
        if self.requests != case.requests:
            found.append(f"{self.requests} requests instead of {case.requests}")
        if not case.waits[0] <= self.waited_s <= case.waits[1]:
            found.append(f"waited {self.waited_s:.1f} s, not {case.waits[0]:.0f} to {case.waits[1]:.0f}")
        if self.sent > MAX_BYTES:
            found.append(f"{self.sent} bytes")
        if self.seconds > MAX_SECONDS:
            found.append(f"{self.seconds:.1f} s of CPU")
        if self.lasted > MAX_LASTED:
            found.append(f"lasted {self.lasted:.1f} s")
        if self.peak > MAX_MEMORY:
            found.append(f"{self.peak} bytes of memory")
        return found


async def measure(case: Case) -> Result:
    """Fetch and read the case's list once. Memory is measured if tracemalloc runs."""
    play = {"list": case.play, **({"robots": case.robots} if case.robots else {})}
    clock = VirtualClock(START)
    outcome, error = "ok", ""
    with tempfile.TemporaryDirectory() as folder, Archive(Path(folder)) as archive:
        async with FaultServer({"case": play}) as server:
            began, cpu = time.perf_counter(), time.process_time()
            base = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            async with Fetcher(archive, clock, base_url=server.url("case"), limits=LIMITS, seed=1) as fetcher:
                for number in range(case.before):
                    with contextlib.suppress(TrendscoutError):
                        other = Request(f"https://list.example.com/other{number}")
                        await fetcher.fetch(SOURCE, Query("faults", "US"), other)
                try:
                    page = await fetcher.fetch(SOURCE, Query("faults", "US"), ASKED)
                    reading = read_page(SOURCE, page)
                    if reading.status != "ok":
                        outcome = reading.status
                    elif [entry.title for entry in reading.entries] != list(TITLES):
                        outcome = "wrong"
                except TrendscoutError as fault:
                    outcome, error = type(fault).__name__, str(fault)
            peak = tracemalloc.get_traced_memory()[1] - base
            seconds, lasted = time.process_time() - cpu, time.perf_counter() - began
        return Result(
            outcome=outcome,
            requests=server.hits["/case/list"],
            sent=server.sent,
            waited_s=(clock.now() - START).total_seconds(),
            seconds=seconds,
            lasted=lasted,
            peak=peak,
            error=error,
        )


async def refused_connection() -> Result:
    """The same for a port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clock = VirtualClock(START)
    began, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder, Archive(Path(folder)) as archive:
        async with Fetcher(archive, clock, base_url=f"http://127.0.0.1:{port}", limits=LIMITS, seed=1) as fetcher:
            try:
                await fetcher.fetch(SOURCE, Query("faults", "US"), ASKED)
            except TrendscoutError as fault:
                waited = (clock.now() - START).total_seconds()
                seconds, lasted = time.process_time() - cpu, time.perf_counter() - began
                return Result(type(fault).__name__, 0, 0, waited, seconds, lasted, 0, str(fault))
    raise AssertionError("a page came from nobody")


def main() -> int:
    """Print the matrix; 1 if a case went wrong."""
    tracemalloc.start()
    write = sys.stdout.write
    write(f"{'case':<42}{'outcome':<15}{'requests':>9}{'sent kB':>9}{'waited s':>9}{'s':>6}{'peak MB':>9}\n")
    wrong = 0
    everything = cases()
    for case in [*everything, None]:
        for _ in range(_TRIES):
            result = asyncio.run(measure(case) if case else refused_connection())
            faults = result.faults(case) if case else []
            if case is None and result.outcome != "Unreachable":
                faults = [result.error]
            if not faults:
                break
        wrong += bool(faults)
        write(
            f"{case.name if case else 'connection refused':<42}{result.outcome:<15}{result.requests:>9}"
            f"{result.sent / 1000:>9.0f}{result.waited_s:>9.1f}{result.seconds:>6.2f}{result.peak / MB:>9.1f}"
            f"{'  WRONG: ' + '; '.join(faults) if faults else ''}\n"
        )
    write(f"{len(everything) + 1} cases, {wrong} wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
