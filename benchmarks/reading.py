"""CPU time of reading one Amazon grid page into entries: trendscout, parsel, BeautifulSoup with lxml.

    python benchmarks/reading.py [PAGE.html] [--rounds 20]

All three make the same entries of the same page (that is asserted), with the same number parsing; only finding
the values differs. Needs `pip install -r requirements/bench.in`. PAGE is by default the real grid of
TRENDSCOUT_SHARED (default ../shared), else a small page of ours, on which ratios say little. Exits with 1 if the
target is missed: at most 1/3 of parsel and 1/25 of BeautifulSoup.

The second is met with nothing to spare: 1/24.8 to 1/25.4 in seven runs. Of 2.0 ms on the real grid lexbor takes
0.4 for the grid alone, the guards against hostile pages 0.15, links, titles and ratings of 30 cards 0.37, prices
0.12, places 0.07, JSON 0.06, the checks of the whole reading 0.04; the rest makes 50 entries.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from trendscout.model import Entry, Page, Query
from trendscout.sources import _amazon as amazon
from trendscout.sources._fields import grouped, shown_price, web_url
from trendscout.sources.source import get_source, list_id, query_for, read_page

ROOT = Path(__file__).parents[1]
REAL = Path(os.environ.get("TRENDSCOUT_SHARED", "../shared")) / "captures/amazon/us_category_grid_2026-07-19.html"
OURS = ROOT / "tests/sources/amazon_bestsellers/ok_grid/page.html"
TARGETS = {"parsel": 1 / 3, "BeautifulSoup + lxml": 1 / 25}
_PROCESSES = 5
BASE = "https://www.amazon.com"


def query_of(address: str) -> Query | None:
    """The list that an address stands for, as our source says: the same for all peers."""
    asked = get_source("amazon_bestsellers").query_of
    return asked(address) if asked else None


Seen = dict[str, str | None]  # what a card shows, as text


def entry_of(name: str, row: dict[str, Any], seen: Seen | None) -> Entry:
    """The entry of a row of the attribute and the texts of its card, the same for all peers."""
    asin, rank = row["id"], int(row["metadataMap"]["render.zg.rank"])
    url = f"{BASE}/dp/{asin}"
    if seen is None:
        return Entry(name, rank, asin, url=url)
    return Entry(
        name,
        rank,
        asin,
        title=seen["title"],
        url=url,
        image=web_url(seen["image"]),
        rating=amazon.rating_in(seen["stars"]),
        reviews=grouped(seen["reviews"], "US"),
        **shown_price(seen["price"], "US"),
    )


def squeezed(text: str | None) -> str | None:
    """The text with runs of white space as one space."""
    return " ".join((text or "").split()) or None


def with_parsel(page: Page) -> list[Entry]:
    """The entries by parsel."""
    from parsel import Selector

    tree = Selector(body=page.body, type="html")
    query = query_of(tree.css("link[rel=canonical]::attr(href)").get() or "") or page.query
    rows = json.loads(tree.css("[data-client-recs-list]::attr(data-client-recs-list)").get() or "[]")
    cards: dict[str, Seen] = {}
    for card in tree.css("#gridItemRoot"):
        titles = (
            squeezed(" ".join(link.css("::text").getall())) for link in card.css("a.a-link-normal[href*='/dp/']")
        )
        prices = card.css("span[class*='p13n-sc-price']")
        cards[card.css("[data-asin]::attr(data-asin)").get() or ""] = {
            "title": next((title for title in titles if title), None),
            "image": card.css("img::attr(src)").get(),
            "stars": card.css(".a-icon-alt::text").get(),
            "reviews": card.css("a[href*='/product-reviews/'] span.a-size-small::text").get(),
            "price": squeezed(" - ".join(price.css("::text").get() or "" for price in prices)),
        }
    return [entry_of(list_id(query), row, cards.get(row["id"])) for row in rows]


def with_soup(page: Page) -> list[Entry]:
    """The entries by BeautifulSoup on lxml."""
    from bs4 import BeautifulSoup, Tag

    tree = BeautifulSoup(page.body, "lxml")

    def attribute(node: Tag, css: str, name: str) -> str | None:
        found = node.select_one(css)
        return str(found[name]) if found is not None else None

    def text(node: Tag, css: str) -> str | None:
        found = node.select_one(css)
        return squeezed(found.get_text(" ")) if found is not None else None

    query = query_of(attribute(tree, "link[rel=canonical]", "href") or "") or page.query
    rows = json.loads(attribute(tree, "[data-client-recs-list]", "data-client-recs-list") or "[]")
    cards: dict[str, Seen] = {}
    for card in tree.select("#gridItemRoot"):
        titles = (squeezed(link.get_text(" ")) for link in card.select("a.a-link-normal[href*='/dp/']"))
        prices = card.select("span[class*='p13n-sc-price']")
        cards[attribute(card, "[data-asin]", "data-asin") or ""] = {
            "title": next((title for title in titles if title), None),
            "image": attribute(card, "img", "src"),
            "stars": text(card, ".a-icon-alt"),
            "reviews": text(card, "a[href*='/product-reviews/'] span.a-size-small"),
            "price": squeezed(" - ".join(price.get_text(" ") for price in prices)),
        }
    return [entry_of(list_id(query), row, cards.get(row["id"])) for row in rows]


def with_trendscout(page: Page) -> list[Entry]:
    """The entries by our own reader; this includes looking for walls and checking the list."""
    return list(read_page(get_source("amazon_bestsellers"), page).entries)


PEERS: dict[str, Callable[[Page], list[Entry]]] = {
    "trendscout": with_trendscout,
    "parsel": with_parsel,
    "BeautifulSoup + lxml": with_soup,
}


def cpu_ms(name: str, page: Page, rounds: int) -> list[float]:
    """Milliseconds of CPU of each of `rounds` readings, after one that warms up."""
    taken = []
    for _ in range(rounds + 1):
        fresh = replace(page, body=bytes(bytearray(page.body)))  # pages come and go, as in a crawl
        start = time.process_time()
        PEERS[name](fresh)
        taken.append((time.process_time() - start) * 1000)
    return taken[1:]


def in_own_process(name: str, path: Path, rounds: int) -> float:
    """The median in a process of its own: what one peer leaves of the heap costs the next one up to a third."""
    command = [sys.executable, __file__, str(path), "--rounds", str(rounds), "--only", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    taken: list[float] = json.loads(done.stdout)
    return median(taken)


def main() -> int:
    """Print the table; 0 if the targets are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("page", nargs="?", type=Path, default=REAL if REAL.exists() else OURS)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", choices=PEERS, help="measure one peer here and print its times as JSON")
    options = parser.parse_args()
    query = query_for(get_source("amazon_bestsellers"))
    page = Page("", datetime.now(UTC), 200, {}, options.page.read_bytes(), query)
    if options.only:
        print(json.dumps(cpu_ms(options.only, page, options.rounds)))
        return 0
    results = {name: read(page) for name, read in PEERS.items()}
    if any(entries != results["trendscout"] for entries in results.values()):
        sys.exit("The peers do not read the same entries.")
    times: dict[str, list[float]] = {name: [] for name in PEERS}
    for _ in range(_PROCESSES):  # in turn, so that a busy machine is busy for all
        for name in PEERS:
            times[name].append(in_own_process(name, options.page, options.rounds))
    ours = min(times["trendscout"])  # as timeit does: what is above the least is the machine, not the work
    missed = False
    print(
        f"{options.page.name}: {len(page.body):,} bytes, {len(results['trendscout'])} entries, CPU of one reading"
    )
    for name, taken in times.items():
        ratio, target = ours / min(taken), TARGETS.get(name)
        missed |= target is not None and ratio > target
        told = f"   ours is 1/{1 / ratio:.1f} of it, target 1/{1 / target:.0f}" if target else ""
        print(f"  {name:22} {min(taken):8.2f} ms{told}")
    return 1 if missed and options.page != OURS else 0


if __name__ == "__main__":
    sys.exit(main())
