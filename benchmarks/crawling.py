"""CPU and memory of a crawl: trendscout, archiving and storing included, against Scrapy writing JSON lines.

    python benchmarks/crawling.py [--pages 2000]

A local server gives grid pages of 570 kB, gzipped. Both read every item of every page; Scrapy with its cache,
cookies and delays off. Needs `pip install -r requirements/bench.in`. Exits with 1 if a target is missed: at most
0.8 of Scrapy's CPU, at most its memory, and no growth of memory over pages.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_lists import PAGES_OF_A_LIST

HERE = Path(__file__).parent
CPU_TARGET = 0.8
GROWTH_TARGET = 1.1  # memory after the last page over memory after a quarter of them


@dataclass(frozen=True)
class Cost:
    """What one crawl took."""

    name: str
    cpu_s: float
    wall_s: float
    peak_mb: float
    rows: int
    memory: tuple[float, ...] = ()  # MB after each tenth of the pages


def ours(port: str, lists: int, folder: Path) -> None:
    """The production path: fetch, archive, read, store. Prints rows and the course of its memory."""
    from trendscout.clock import SystemClock
    from trendscout.model import Outcome, Query
    from trendscout.pipeline import collect
    from trendscout.settings.config import Settings
    from trendscout.store.workspace import Workspace

    queries = [Query("amazon_bestsellers", "US", "bestsellers", f"list-{n}") for n in range(lists)]
    memory: list[float] = []
    done = 0

    def note(_: Outcome) -> None:
        nonlocal done
        done += 1
        if done % max(1, lists // 10) == 0:
            memory.append(resident_mb())

    outcomes = collect(
        Workspace.at(folder / "bench.duckdb"),
        queries,
        Settings(contact="bench@example.com", spacing_s=0.0),
        clock=SystemClock(),
        base_url=f"http://127.0.0.1:{port}",
        on_outcome=note,
    )
    bad = [outcome for outcome in outcomes if outcome.status != "ok"]
    if bad:
        sys.exit(f"{len(bad)} lists failed: {bad[0]}")
    print(json.dumps({"rows": sum(outcome.entries for outcome in outcomes), "memory": memory}))


def scrapy(port: str, lists: int, folder: Path) -> None:
    """The same items by Scrapy and parsel, to JSON lines."""
    from scrapy import Spider
    from scrapy.crawler import CrawlerProcess

    start = f"http://127.0.0.1:{port}/gp/bestsellers/list-"
    addresses = [f"{start}{n}{end}" for n in range(lists) for end in ("", "?pg=2")]

    class Grid(Spider):
        name = "grid"
        start_urls = addresses

        def parse(self, response: Any) -> Iterator[dict[str, object]]:
            cards = {
                card.css("[data-asin]::attr(data-asin)").get(): card for card in response.css("#gridItemRoot")
            }
            grid = response.css("[data-client-recs-list]::attr(data-client-recs-list)").get()
            for row in json.loads(grid):
                asin = row["id"]
                item: dict[str, object] = {
                    "list": response.url,
                    "rank": int(row["metadataMap"]["render.zg.rank"]),
                    "item_key": asin,
                    "url": f"https://www.amazon.com/dp/{asin}",
                }
                card = cards.get(asin)
                if card is not None:
                    titles = card.css("a.a-link-normal[href*='/dp/'] ::text").getall()
                    item["title"] = next((text.strip() for text in titles if text.strip()), None)
                    item["image"] = card.css("img::attr(src)").get()
                    item["rating"] = card.css(".a-icon-alt::text").get()
                    item["reviews"] = card.css("a[href*='/product-reviews/'] span.a-size-small::text").get()
                    item["price"] = card.css("span[class*='p13n-sc-price']::text").get()
                yield item

    out = folder / "items.jsonl"
    process = CrawlerProcess(
        {
            "FEEDS": {str(out): {"format": "jsonlines"}},
            "HTTPCACHE_ENABLED": False,
            "COOKIES_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "ROBOTSTXT_OBEY": True,
            "DOWNLOAD_DELAY": 0,
            "CONCURRENT_REQUESTS": 16,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
            "LOG_LEVEL": "ERROR",
        }
    )
    process.crawl(Grid)
    process.start()
    with out.open("rb") as lines:
        print(json.dumps({"rows": sum(1 for _ in lines)}))


def resident_mb() -> float:
    """Memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(name: str, port: str, lists: int) -> Cost:
    """Run one crawler in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, __file__, "--child", name, port, str(lists), folder],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout  # noqa: S101 - stdout=PIPE above
        told = json.loads(child.stdout.read())
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
    return Cost(
        name,
        cpu_s=used.ru_utime + used.ru_stime,
        wall_s=wall,
        peak_mb=used.ru_maxrss / 1000,
        rows=told["rows"],
        memory=tuple(told.get("memory", ())),
    )


def main() -> int:
    """Print the table; 0 if the targets are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, port, lists, folder = options.child
        {"trendscout": ours, "scrapy": scrapy}[name](port, int(lists), Path(folder))
        return 0
    lists = options.pages // PAGES_OF_A_LIST
    with subprocess.Popen(
        [sys.executable, str(HERE / "local_lists.py"), str(lists)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout  # noqa: S101 - stdout=PIPE above
        port = server.stdout.readline().strip()
        costs = [measure(name, port, lists) for name in ("scrapy", "trendscout")]
        server.communicate()
    theirs, our = costs
    if theirs.rows != our.rows:
        sys.exit(f"{theirs.rows} rows against {our.rows}: not the same work.")
    print(f"{lists * PAGES_OF_A_LIST} pages of 570 kB, gzipped; {our.rows} rows")
    for cost in costs:
        print(f"  {cost.name:12}{cost.cpu_s:8.2f} s CPU {cost.wall_s:8.1f} s {cost.peak_mb:7.0f} MB at most")
    growth = our.memory[-1] / our.memory[len(our.memory) // 4]
    ratio, memory = our.cpu_s / theirs.cpu_s, our.peak_mb / theirs.peak_mb
    print(f"  CPU {ratio:.2f} of Scrapy's (target {CPU_TARGET}), memory {memory:.2f} (target 1)")
    print(f"  memory by tenths of the pages: {' '.join(f'{mb:.0f}' for mb in our.memory)} MB, growth {growth:.2f}")
    return 0 if ratio <= CPU_TARGET and memory <= 1 and growth <= GROWTH_TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
