"""The desk on a large store: what publishing costs, how long pages take, memory, and the size of the read file.

    python benchmarks/desk.py [--listings 1000000] [--times 1] [--store FILE]

The store holds a year of looks at lists of 100 places, whose listings take turns, one in ten of them joined to
another by a likely verdict, and the best 5,000 chances of every day. A row stands for each place of today's lists,
as a ranking gives them: those of one list, ranked and published, again under other names, since ranking a million
goods is measured by benchmarks/ranking.py. With `--times` pages are asked once more with so many times
the rows. `--store` publishes and asks the copy of a store that is there, such as the demo's.
"""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from trendscout.clock import VirtualClock
from trendscout.desk.serve import desk_at
from trendscout.model import Row
from trendscout.settings.config import Settings
from trendscout.steps.publish import publish
from trendscout.store.coverage import coverage
from trendscout.store.read_file import ReadFile, Wanted, current_file, write_read_file
from trendscout.store.row_text import packed
from trendscout.store.sql import LIST_KEY, LISTING_KEY, Connection
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
DAYS, PLACES, SAID = 365, 100, 5_000
PAGES = ("/", "/products", "/products?q=blender+77", "/products?stage=rising&price_min=20&sort=chance&page=40",
         "/products?tree={tree}", "/product/{product}", "/lists", "/right")  # fmt: skip


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
            []::VARCHAR[] AS pages, TIMESTAMP '2025-11-01 07:00:00' + to_days(day::INTEGER) AS loaded_at
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
    connection.execute(
        """INSERT INTO memberships BY NAME SELECT listing,
            'p:' || lower(to_hex(if(n % 10 = 1, before, listing))) AS product_id,
            if(n % 10 < 2, 'likely', 'alone') AS verdict, if(n % 10 < 2, 0.5, NULL) AS probability,
            'words' AS reason
        FROM (SELECT listing, item_key::BIGINT AS n, lag(listing) OVER (ORDER BY item_key::BIGINT) AS before
              FROM listings)"""
    )
    connection.execute(
        f"""INSERT INTO said SELECT taken_at, listing, list_id, row_number() OVER (PARTITION BY taken_at), rank,
            rank / 200, 'top', 10, 168
        FROM observations JOIN lists USING (list_key)
        QUALIFY row_number() OVER (PARTITION BY taken_at ORDER BY rank, listing) <= {SAID}"""
    )


def published(workspace: Workspace, now: datetime) -> None:
    """Publish as each command does, twice: the first time all models are fitted."""
    workspace.desk.mkdir()
    for name in ("first", "next"):
        with _measured(f"publication, {name}"):
            publish(workspace, now=now)


def written(workspace: Workspace, rows: Sequence[Row], facts: Mapping[str, Any]) -> None:
    """Write the read file of a large store, with the rows of a small one again and again."""

    def batches(names: list[str]) -> Iterator[list[Row]]:
        for start in range(0, len(names), 2_000):
            places = enumerate(names[start : start + 2_000], start)
            yield [replace(rows[at % len(rows)], product_id=name, position=at + 1) for at, name in places]

    with workspace.writing() as connection:
        looked = {"coverage": [packed(one) for one in coverage(connection, now=NOW)]}
        found = connection.execute(
            """SELECT DISTINCT product_id FROM memberships SEMI JOIN (FROM observations
                WHERE taken_at = (SELECT max(taken_at) FROM snapshots)) USING (listing) ORDER BY ALL"""
        ).fetchall()
        names = [name for (name,) in found]
        with _measured(f"read file with {len(names):,} rows"):
            write_read_file(connection, workspace.desk, batches(names), {**facts, **looked}, now=NOW)


def multiplied(workspace: Workspace, times: int) -> None:
    """Put each row into the read file so many times, under other names."""
    path = current_file(workspace.desk)
    with workspace.store() as connection:
        connection.execute(f"ATTACH '{path}' AS more")
        connection.execute(
            f"""INSERT INTO more.products
            SELECT p.* REPLACE (position + n * size AS position, product_id || n AS product_id)
            FROM more.products p, range(1, {times}) t(n), (SELECT count(*) AS size FROM more.products)
            ORDER BY position"""
        )
        connection.execute("DETACH more")


@contextmanager
def _measured(what: str) -> Iterator[None]:
    began, cpu = time.perf_counter(), time.process_time()
    yield
    took = f"{time.process_time() - cpu:,.1f} s of CPU ({time.perf_counter() - began:,.1f} s)"
    print(f"{what}: {took}, {_peak()}", flush=True)


Asked = tuple[float, float]  # seconds on the wall and of CPU


async def asked(guard: object, address: str, paths: list[str]) -> list[tuple[str, list[Asked], int]]:
    """Path, what each of three askings took and bytes of each page."""
    transport = httpx.ASGITransport(app=guard)  # type: ignore[arg-type]  # an ASGI application
    root = address.split("/?", maxsplit=1)[0]
    found = []
    async with httpx.AsyncClient(transport=transport, timeout=60) as client:
        await client.get(address)
        for path in paths:
            times = []
            for _ in range(3):
                began, cpu = time.perf_counter(), time.process_time()
                answer = await client.get(root + path)
                times.append((time.perf_counter() - began, time.process_time() - cpu))
                assert answer.status_code == 200, path  # noqa: S101 - a page that failed must not be timed
            found.append((path, times, len(answer.content)))
    return found


def show_pages(workspace: Workspace) -> None:
    """Open the desk and ask for each page, in a process of its own: its memory is what a user's desk takes."""
    began, cpu = time.perf_counter(), time.process_time()
    guard, _, address = desk_at(workspace, Settings(), 8737, lang="en", clock=VirtualClock(NOW))
    opened = f"{1000 * (time.perf_counter() - began):,.0f} ms ({1000 * (time.process_time() - cpu):,.0f} of CPU)"
    file = _read_file(workspace)
    rows, total = file.products(Wanted(), limit=1)
    size = file.path.stat().st_size / 1e6
    file.close()
    print(f"{total:,} rows in a read file of {size:,.1f} MB; the desk opens in {opened}, {_peak()}")
    tree = rows[0].scored.list_id.rpartition("/")[0]
    paths = [path.format(product=rows[0].product_id, tree=tree) for path in PAGES]
    for path, times, length in asyncio.run(asked(guard, address, paths)):
        first, *others = (f"{1000 * wall:,.0f} ({1000 * cpu:,.0f})" for wall, cpu in times)
        print(f"{path:60} {first:>13}, then {', '.join(others)} ms (of CPU) {length / 1000:5.0f} kB")
    print(f"the desk with all these pages shown: {_peak()}")


def _peak() -> str:
    """The peak of this process; getrusage would give its parent's, where that was larger."""
    high = next(line for line in Path("/proc/self/status").read_text("ascii").splitlines() if "VmHWM" in line)
    return f"peak memory {int(high.split()[1]) / 1e3:,.0f} MB"


_COUNTED = ("listings", "observations", "said")


def _counted(workspace: Workspace) -> str:
    with workspace.store() as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in _COUNTED]
    size = workspace.db.file.stat().st_size / 1e6
    return ", ".join(
        [*(f"{count:,} {name}" for count, name in zip(counts, _COUNTED, strict=True)), f"{size:,.1f} MB"]
    )


def _read_file(workspace: Workspace) -> ReadFile:
    path = current_file(workspace.desk)
    assert path is not None  # noqa: S101 - it was just published
    return ReadFile(path)


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listings", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--pages", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pages:
        show_pages(Workspace.at(options.pages))
        return
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.at(Path(folder) / "small.duckdb")
        if options.store:
            shutil.copyfile(options.store, workspace.db.file)
            with workspace.store() as connection:
                newest = connection.execute("SELECT max(loaded_at) FROM snapshots").fetchall()[0][0]
            now = newest.replace(tzinfo=UTC) + timedelta(hours=1)
        else:
            now = NOW
            with workspace.writing() as connection:
                fill(connection, 5_000)
        print(_counted(workspace), flush=True)
        published(workspace, now)
        if not options.store:
            small = _read_file(workspace)
            rows, _ = small.products(Wanted(), limit=20_000)
            print(f"of {len(rows):,} rows")
            workspace = Workspace.at(Path(folder) / "large.duckdb")
            with workspace.writing() as connection:
                fill(connection, options.listings)
            print(_counted(workspace), flush=True)
            written(workspace, rows, small.facts)
            small.close()
        subprocess.run([sys.executable, __file__, "--pages", str(workspace.db.file)], check=True)
        if options.times > 1:
            multiplied(workspace, options.times)
            subprocess.run([sys.executable, __file__, "--pages", str(workspace.db.file)], check=True)


if __name__ == "__main__":
    main()
