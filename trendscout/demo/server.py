"""The simulated sites behind real HTTP on loopback: one port for each site and market, as each is its own host."""

from __future__ import annotations

import gzip
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from trendscout.demo import faults
from trendscout.demo.market import World, morning_of, number_of
from trendscout.demo.sites import aliexpress, amazon, shopify, tiktok, trends

PLATFORMS = ("amazon", "aliexpress", "tiktok", "google_trends", "shopify")
_SLOWEST_MS = 3  # a real site takes longer; waiting would prove nothing more
_HTML, _JSON, _XML = "text/html; charset=utf-8", "application/json; charset=utf-8", "application/rss+xml"
ROBOTS = """User-agent: *
Disallow: /wishlist/
Disallow: /gp/cart
Disallow: /collections/*sort_by*
Disallow: /checkout

User-agent: GPTBot
Disallow: /
"""
_PUNISH = """<!DOCTYPE html><html><body><script>window.location="/_____tmd_____/punish?x5secdata=1"</script>
<div class="x5secdata">Please slide to verify</div></body></html>
"""


class Reply(NamedTuple):
    """What a site answers."""

    status: int
    body: str
    kind: str = _HTML
    headers: Mapping[str, str] = {}


@dataclass
class Site:
    """One site in one market: the world's view of it, and how often it was asked today."""

    world: World
    platform: str
    market: str
    day: int = 0
    asked: int = field(default=0)

    def turn(self, day: int) -> None:
        """Go on to a day."""
        self.day, self.asked = day, 0

    def answer(self, target: str, body: bytes = b"") -> Reply:
        """The reply to a request for `target` (path and query), with the day's fault."""
        fault = faults.fault_of(self.world.seed, self.platform, self.market, self.day)
        if fault == "down":
            return Reply(503, "Service unavailable")
        parts = urlsplit(target)
        if parts.path == "/robots.txt":
            return Reply(200, ROBOTS, "text/plain; charset=utf-8")
        self.asked += 1
        if self.asked == 1 and fault == "busy":
            return Reply(429, "Too many requests", headers={"Retry-After": str(faults.RETRY_AFTER_S)})
        if self.asked == 1 and fault == "overload":
            return Reply(503, "Service unavailable")
        if fault == "captcha":
            return Reply(200, amazon.CAPTCHA if self.platform == "amazon" else _PUNISH)
        return self._page(parts.path, {key: value[0] for key, value in parse_qs(parts.query).items()}, body)

    def _page(self, path: str, asked: Mapping[str, str], body: bytes) -> Reply:
        world, market, day = self.world, self.market, self.day
        missing = Reply(404, "Not found")
        try:
            if self.platform == "amazon" and path.startswith("/gp/bestsellers/"):
                shelf = world.shelf("amazon", market, path.removeprefix("/gp/bestsellers/"))
                return Reply(200, amazon.grid(shelf, day, int(asked.get("pg", "1"))))
            if self.platform == "aliexpress" and path.startswith("/w/wholesale-"):
                category = path.removeprefix("/w/wholesale-").removesuffix(".html").lower()
                shelf = world.shelf("aliexpress", market, category)
                return Reply(200, aliexpress.search(shelf, day, int(asked.get("page", "1"))))
            if self.platform == "tiktok" and path == "/CreativeOne/KnowledgeAPI/GetHashtagList":
                return Reply(200, tiktok.hashtag_list(world.shelf("tiktok", market), day, body), _JSON)
        except (KeyError, ValueError):  # no such list, or a page that is no number
            return missing
        if self.platform == "google_trends" and path == "/trending/rss":
            return Reply(200, trends.feed(world, market, day), _XML)
        if self.platform == "shopify" and path == "/products.json":
            return Reply(200, shopify.products(world, market, day, int(asked.get("page", "1"))), _JSON)
        return missing


class MarketServer:
    """The running sites; use as a context manager."""

    def __init__(self, world: World) -> None:
        pairs = [
            (platform, market)
            for market in world.markets
            for platform in PLATFORMS
            if platform != "amazon" or market in amazon.HOST
        ]
        self.sites = {pair: Site(world, *pair) for pair in pairs}
        self._servers: dict[tuple[str, str], ThreadingHTTPServer] = {}

    def __enter__(self) -> Self:
        for pair, site in self.sites.items():
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(site))
            server.daemon_threads = True
            self._servers[pair] = server
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def turn(self, day: int) -> None:
        """Go on to a day, on every site."""
        for site in self.sites.values():
            site.turn(day)

    def base_url(self, platform: str, market: str) -> str:
        """Where the site can be asked.

        Raises KeyError if the market has no such site.
        """
        host, port = self._servers[(platform, market)].server_address[:2]
        return f"http://{host!s}:{port}"


def _handler_of(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "market"
        sys_version = ""
        disable_nagle_algorithm = True
        wbufsize = -1  # headers and body leave in one packet

        def do_GET(self) -> None:
            self._send(site.answer(self.path))

        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), 1 << 16)
            self._send(site.answer(self.path, self.rfile.read(length)))

        def _send(self, reply: Reply) -> None:
            time.sleep(number_of("latency", self.path, site.day) % (_SLOWEST_MS + 1) / 1000)
            body = reply.body.encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                body = gzip.compress(body, 1, mtime=0)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 - the base's signature
            """The virtual morning: replies are the same in every run."""
            return format_datetime(morning_of(site.day), usegmt=True)

        def log_message(self, *_: object) -> None:
            """Nothing: the archive keeps what was asked and answered."""

    return Handler
