"""Pictures of goods for a workbook: few, small, from the open internet only, where robots.txt allows them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

import httpx

from trendscout import __version__
from trendscout.clock import SystemClock
from trendscout.errors import TrendscoutError
from trendscout.fetch import connection, robots
from trendscout.fetch.exchange import Broken, Elsewhere, Exchanger, Rejected, Reply, Route
from trendscout.fetch.limits import Limits
from trendscout.findings import words
from trendscout.model import Request

_LIMITS = Limits(silence_s=5.0, total_s=10.0, body_bytes=512 * 1024)
_IN_ALL_S = 60.0  # a morning's workbook is not held up for longer
_SPACING_S = 1.0  # between two requests to one host
_OK = 200
MOST = 50  # pictures of one report


def pictures(
    urls: Sequence[str],
    *,
    base: str = "",
    resolve: connection.Resolve = connection.resolve,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> dict[str, bytes]:
    """The bodies of these https addresses, those that came; what is too large, slow, moved or private is left out.

    `base` is a server of the user's own that plays all hosts. Whether a body is a picture is for the caller.
    """
    bodies: dict[str, bytes] = {}

    async def collect() -> None:
        try:
            async with asyncio.timeout(_IN_ALL_S):
                await _collect(urls, bodies, base, resolve, sleep)
        except TimeoutError:
            return

    asyncio.run(collect())
    return bodies


async def _collect(
    urls: Sequence[str],
    bodies: dict[str, bytes],
    base: str,
    resolve: connection.Resolve,
    sleep: Callable[[float], Awaitable[object]],
) -> None:
    exchanger = Exchanger(_LIMITS, f"trendscout/{__version__}", resolve, private=lambda _: bool(base))
    route = Route(may_follow=lambda _: False, base=httpx.URL(base) if base else None)
    rules: dict[str, robots.Robots] = {}

    async def reply(url: str, keep_bytes: int | None = None) -> Reply | None:
        try:
            return await exchanger.exchange(Request(url), route, keep_bytes=keep_bytes)
        except (Broken, Elsewhere, Rejected, TrendscoutError):
            return None

    try:
        for url in dict.fromkeys(urls):
            parts = urlsplit(url)
            if parts.scheme != "https":
                continue
            origin = f"https://{parts.netloc}"
            if origin not in rules:
                said = await reply(f"{origin}/robots.txt", robots.MAX_BYTES)
                now = SystemClock().now()
                rules[origin] = (
                    robots.read_robots(said.status, said.body, now)
                    if said
                    else robots.unreachable(now, words("no reply"))
                )
            if not rules[origin].allows(url) or rules[origin].delay_s() > _SPACING_S:
                continue
            await sleep(_SPACING_S)
            answer = await reply(url)
            if answer and answer.status == _OK and answer.body and not answer.header("content-encoding"):
                bodies[url] = answer.body
    finally:
        await exchanger.aclose()
