"""The desk on a large store: what publishing costs, how long pages take, memory, and the size of the read file.

    python benchmarks/desk.py [LISTINGS]     (default 1,000,000)

The store holds a year of looks at lists of 100 places, its listings in turn; the rows of the report are one row of
the demo's kind under many names, since ranking a million goods is measured by benchmarks/ranking.py.
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx

from trendscout.clock import VirtualClock
from trendscout.desk.serve import desk_at
from trendscout.model import Axis, ProductFacts, Row, ScoredItem, Sighting
from trendscout.settings.config import Settings
from trendscout.store.read_file import write_read_file
from trendscout.store.sql import LIST_KEY, LISTING_KEY, Connection
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
DAYS, PLACES = 365, 100
PAGES = ("/", "/products", "/products?q=blender+77", "/products?stage=rising&price_min=20&sort=chance&page=40",
         "/products?tree=shop_US/bestsellers", "/product/{product}", "/lists", "/right")  # fmt: skip


def fill(connection: Connection, listings: int) -> None:
    """A year of looks: each listing stands on its list for a while, and another one follows."""
    lists = max(1, listings // 5_000)
    connection.execute(
        f"""INSERT INTO lists SELECT {LIST_KEY}, list_id, 'shop', 'shop', 'US', 'bestsellers', 'c' || n
        FROM (SELECT n, 'shop_US/bestsellers/c' || n AS list_id FROM range({lists}) t(n))"""
    )
    connection.execute(
        f"""INSERT INTO listings BY NAME SELECT {LISTING_KEY} AS listing, platform, market, item_key,
            'Moonleaf blender ' || n AS title, 'https://shop.example/' || n AS url, 'Seller ' || n % 999 AS seller,
            9.5 + n % 40 AS price, 'USD' AS currency, first AS first_seen, first AS last_seen
        FROM (SELECT n, 'shop' AS platform, 'US' AS market, n::VARCHAR AS item_key,
                     TIMESTAMP '2025-11-01 06:00:00' AS first FROM range({listings}) t(n))"""
    )
    connection.execute(
        f"""INSERT INTO snapshots BY NAME SELECT list_key, 'ok' AS status, 1.0 AS filled,
            {PLACES} AS depth, {PLACES} AS entries,
            TIMESTAMP '2025-11-01 06:00:00' + to_days(day::INTEGER) AS taken_at, 'bench' AS layout, '' AS reason,
            []::VARCHAR[] AS pages, now()::TIMESTAMP AS loaded_at
        FROM lists, range({DAYS}) t(day)"""
    )
    connection.execute(
        f"""INSERT INTO observations SELECT list_key, taken_at, listing, place + 1, 10 * place, 'sold', FALSE,
            9.5 + place % 40, 'USD', 4.5, place
        FROM (SELECT list_key, taken_at, place, {LISTING_KEY} AS listing FROM (
            SELECT list_key, taken_at, place, 'shop' AS platform, 'US' AS market,
                   (substr(category, 2)::BIGINT * 5000
                       + (epoch(taken_at)::BIGINT // 604800 * 96 + place) % 5000)::VARCHAR AS item_key
            FROM snapshots JOIN lists USING (list_key), range({PLACES}) t(place)))"""
    )


def rows(connection: Connection) -> Iterator[list[Row]]:
    """A row for every listing, in batches."""
    names = connection.execute(
        "SELECT 'p:' || lower(to_hex(listing)), item_key, title FROM listings ORDER BY item_key::BIGINT"
    ).fetchall()
    facts = ProductFacts("0", "", "shop", "US", "c0", Axis(50.0), Axis(40.0), Axis(30.0), first_seen=NOW)
    for start in range(0, len(names), 2_000):
        batch = []
        for position, (product, key, title) in enumerate(names[start : start + 2_000], start + 1):
            list_id = f"shop_US/bestsellers/c{int(key) // 5000}"
            scored = ScoredItem(list_id, product, NOW, 5, probability=position % 100 / 100, stage="rising")
            known = replace(
                facts,
                item_key=key,
                title=title,
                price_usd=Decimal(9 + position % 40),
                sightings=(Sighting("shop", "US", NOW, list_id, 5, 3),),
            )
            batch.append(Row(product, position, scored, known))
        yield batch


async def asked(guard: object, address: str, paths: list[str]) -> list[tuple[str, float, int]]:
    """Path, seconds and bytes of each page, the first one with the opening of the read file."""
    transport = httpx.ASGITransport(app=guard)  # type: ignore[arg-type]  # an ASGI application
    root = address.split("/?", maxsplit=1)[0]
    found = []
    async with httpx.AsyncClient(transport=transport, timeout=60) as client:
        await client.get(address)
        for path in paths:
            began = time.perf_counter()
            answer = await client.get(root + path)
            found.append((path, time.perf_counter() - began, len(answer.content)))
            assert answer.status_code == 200, path  # noqa: S101 - a page that failed must not be timed
    return found


def main() -> None:
    """Print what was measured."""
    listings = int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.at(Path(folder) / "bench.duckdb")
        with workspace.store() as connection:
            fill(connection, listings)
            count = connection.execute("SELECT count(*) FROM observations").fetchall()[0][0]
            began = time.perf_counter()
            facts: dict[str, object] = {"coverage": [], "jobs": [], "backtest": {}}
            file = write_read_file(connection, workspace.desk, rows(connection), facts, now=NOW)
            took = time.perf_counter() - began
        product = "p:"
        with workspace.store() as connection:
            product = connection.execute(
                "SELECT 'p:' || lower(to_hex(listing)) FROM observations ORDER BY taken_at DESC LIMIT 1"
            ).fetchall()[0][0]
        size, store = file.stat().st_size if file else 0, workspace.db.file.stat().st_size
        print(f"{listings:,} listings, {count:,} observations; store {store / 1e6:,.0f} MB")
        print(f"read file written in {took:.1f} s (rows included), {size / 1e6:,.0f} MB")
        guard, _, address = desk_at(workspace, Settings(), 8737, lang="en", clock=VirtualClock(NOW))
        for path, seconds, length in asyncio.run(
            asked(guard, address, [p.format(product=product) for p in PAGES])
        ):
            print(f"{path:60} {1000 * seconds:7.0f} ms {length / 1000:7.0f} kB")
        print(f"peak memory, writing included: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f} MB")


if __name__ == "__main__":
    main()
