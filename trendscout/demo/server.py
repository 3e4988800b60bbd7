"""The simulated sites behind real HTTP on loopback, one port for each host."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from trendscout.demo import faults
from trendscout.demo.market import World, morning_of, number_of
from trendscout.demo.sites import aliexpress, amazon, shopify, tiktok, trends
from trendscout.text.markets import market_in

# Each host with the site it plays and, where the request does not name it, the market.
HOSTS: dict[str, tuple[str, str]] = {
    "www.amazon.com": ("amazon", "US"),
    "www.amazon.co.uk": ("amazon", "UK"),
    "www.aliexpress.com": ("aliexpress", ""),  # the cookie says the region
    "ads.tiktok.com": ("tiktok", ""),  # the body says the country
    "trends.google.com": ("google_trends", ""),  # the address says the country
    "corner-us.example": ("shopify", "US"),
    "corner-uk.example": ("shopify", "UK"),
    "corner-id.example": ("shopify", "ID"),
}
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


class SiteReply(NamedTuple):
    """What a site answers."""

    status: int
    body: str
    kind: str = _HTML
    headers: Mapping[str, str] = {}


@dataclass
class Site:
    """One host: the world's view of it, and how often it was asked today."""

    world: World
    host: str
    day: int = 0
    asked: int = 0

    @property
    def platform(self) -> str:
        """Which of the five sites it plays."""
        return HOSTS[self.host][0]

    def turn(self, day: int) -> None:
        """Go on to a day."""
        self.day, self.asked = day, 0

    def answer(self, target: str, body: bytes = b"", cookie: str = "") -> SiteReply:
        """The reply to a request for `target` (path and query), with the day's fault."""
        fault = faults.fault_of(self.world.seed, self.host, self.day)
        if fault == "down":
            return SiteReply(503, "Service unavailable")
        if target == "/robots.txt":
            return SiteReply(200, ROBOTS, "text/plain; charset=utf-8")
        self.asked += 1
        if self.asked == 1 and fault == "busy":
            return SiteReply(429, "Too many requests", headers={"Retry-After": str(faults.RETRY_AFTER_S)})
        if self.asked == 1 and fault == "overload":
            return SiteReply(503, "Service unavailable")
        if fault == "captcha":
            return SiteReply(200, amazon.CAPTCHA if self.platform == "amazon" else _PUNISH)
        parts = urlsplit(target)
        asked = {key: value[0] for key, value in parse_qs(parts.query).items()}
        try:
            return self._page(parts.path, asked, body, cookie)
        except (KeyError, ValueError):  # no such list or market, or a number that is none
            return SiteReply(404, "Not found")

    def _page(self, path: str, asked: Mapping[str, str], body: bytes, cookie: str) -> SiteReply:
        """The page. Raises KeyError or ValueError where there is none."""
        world, day = self.world, self.day
        platform, market = HOSTS[self.host]
        if platform == "amazon":
            shelf = world.shelf("amazon", market, _after(path, "/gp/bestsellers/"))
            return SiteReply(200, amazon.grid(shelf, day, int(asked.get("pg", "1"))))
        if platform == "aliexpress":
            shelf = world.shelf(
                "aliexpress", market_in(_region(cookie)), _after(path, "/w/wholesale-").removesuffix(".html")
            )
            return SiteReply(200, aliexpress.search(shelf, day, int(asked.get("page", "1"))))
        if platform == "tiktok":
            _after(path, "/CreativeOne/KnowledgeAPI/GetHashtagList")
            shelf = world.shelf("tiktok", market_in(json.loads(body)["countryCode"]))
            return SiteReply(200, tiktok.hashtag_list(shelf, day, body), _JSON)
        if platform == "google_trends":
            _after(path, "/trending/rss")
            return SiteReply(200, trends.feed(world, market_in(asked["geo"]), day), _XML)
        _after(path, "/products.json")
        return SiteReply(200, shopify.products(world, market, day, int(asked.get("page", "1"))), _JSON)


def _after(path: str, start: str) -> str:
    """What follows `start` in the path. Raises KeyError if it does not begin so."""
    if not path.startswith(start):
        raise KeyError(path)
    return path.removeprefix(start)


def _region(cookie: str) -> str:
    """The region in AliExpress' cookie, `aep_usuc_f=site=glo&region=GB&...`; US where it says none."""
    return parse_qs(cookie.partition("aep_usuc_f=")[2]).get("region", ["US"])[0]


class MarketServer:
    """The running sites; use as a context manager."""

    def __init__(self, world: World) -> None:
        here = [host for host, (_, market) in HOSTS.items() if market in ("", *world.markets)]
        self.sites = {host: Site(world, host) for host in here}
        self._servers: dict[str, ThreadingHTTPServer] = {}

    def __enter__(self) -> Self:
        for host, site in self.sites.items():
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(site))
            server.daemon_threads = True
            self._servers[host] = server
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

    @property
    def base_urls(self) -> dict[str, str]:
        """Where each host can be asked."""
        return {host: "http://{}:{}".format(*server.server_address[:2]) for host, server in self._servers.items()}


def _handler_of(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "market"
        sys_version = ""
        disable_nagle_algorithm = True
        wbufsize = -1  # headers and body leave in one packet

        def do_GET(self) -> None:
            self._send(site.answer(self.path, cookie=self.headers.get("Cookie") or ""))

        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), 1 << 16)
            self._send(site.answer(self.path, self.rfile.read(length)))

        def _send(self, reply: SiteReply) -> None:
            time.sleep(number_of("latency", self.path, site.day) % (_SLOWEST_MS * 10 + 1) / 10_000)
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
