"""How long a polite crawl of many hosts takes, against the shortest that politeness allows.

    python benchmarks/politeness.py [--hosts 50] [--pages 40]

On a clock that runs 20 times as fast: every host has its own spacing (2 to 10 s), every fifth robots.txt asks for
4 s, every reply takes 0.05 to 1.5 s. The bound is the largest sum, over hosts, of the jittered spacings drawn:
nobody who keeps them is done earlier. Exits with 1 beyond 1.05 of the bound.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trendscout.archive import Archive
from trendscout.clock import SystemClock
from trendscout.fetch import CrawlTask, Fetcher
from trendscout.model import Query, Request
from trendscout.sources.source import Source

TARGET = 1.05
START = datetime(2026, 3, 1, 6, tzinfo=UTC)


def source(host: int, pages: int, spacing_s: float) -> Source:
    """A list of `pages` pages at a host of its own."""

    def requests(_: Query) -> Sequence[Request]:
        return [Request(f"https://shop{host}.example.com/list?page={n}", page=n) for n in range(1, pages + 1)]

    return Source(
        name=f"shop{host}",
        platform="shop",
        title="",
        kinds=("bestsellers",),
        markets=("US",),
        way_in=("live",),
        terms="",
        why="",
        readers=(),
        requests=requests,
        spacing_s=spacing_s,
    )


class FastClock(SystemClock):
    """The machine's clock, sped up."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._began = time.monotonic()

    def now(self) -> datetime:
        """The time, `speed` times as far from the start."""
        return START + timedelta(seconds=(time.monotonic() - self._began) * self.speed)

    async def sleep(self, seconds: float) -> None:
        """Return `seconds` later on this clock."""
        await super().sleep(seconds / self.speed)


class SlowServer:
    """Answers after a while, and says in every fifth robots.txt how much time it wants."""

    def __init__(self, clock: FastClock, seed: int) -> None:
        self.clock = clock
        self.rng = random.Random(seed)
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                body = b"<html>a list"
                if b"robots.txt" in head.split(b"\r\n", 1)[0]:
                    body = b"User-agent: *\nCrawl-delay: 4\n" if self.rng.random() < 0.2 else b""
                await self.clock.sleep(self.rng.uniform(0.05, 1.5))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def crawl(hosts: int, pages: int, speed: float, folder: Path) -> tuple[float, float, int]:
    """Seconds of the crawl on its clock, the bound, and how many requests were made."""
    clock = FastClock(speed)
    rng = random.Random(1)
    slow = SlowServer(clock, 2)
    server = await asyncio.start_server(slow.serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    lists = [source(host, pages, rng.uniform(2.0, 10.0)) for host in range(hosts)]
    with Archive(folder) as archive:
        async with Fetcher(archive, clock, base_url=base, seed=3) as fetcher:
            results = [
                result async for result in fetcher.crawl(CrawlTask(one, Query(one.name, "US")) for one in lists)
            ]
            lasted, bound = (clock.now() - START).total_seconds(), fetcher.drawn_s()
        await asyncio.sleep(0.05)  # the server sees the connections end
    server.close()
    if any(result.error or len(result.pages) != pages for result in results):
        sys.exit("Some pages did not come.")
    return lasted, bound, slow.requests


def main() -> int:
    """Print the figure; 0 if the target is met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--speed", type=float, default=20.0)
    options = parser.parse_args()
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        lasted, bound, requests = asyncio.run(crawl(options.hosts, options.pages, options.speed, Path(folder)))
    print(
        f"{options.hosts} hosts x {options.pages} pages, {requests} requests: {lasted:.1f} s, "
        f"bound {bound:.1f} s, ratio {lasted / bound:.3f} (target {TARGET}); "
        f"{time.process_time() - began:.1f} s CPU, server included"
    )
    return 0 if lasted <= TARGET * bound else 1


if __name__ == "__main__":
    sys.exit(main())
