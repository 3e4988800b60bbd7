"""The read file: what the desk shows, copied out of the store, so that nobody who looks waits for who writes.

Each is a DuckDB file of its own, written under another name and renamed; `current` names the newest. It holds the
tables that the store's own questions need (a year of them), the report's rows of all products with the columns
that filters ask for, and a few facts as JSON.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from trendscout.errors import StoreError
from trendscout.files import whole_file
from trendscout.model import Coverage, JobState, Row
from trendscout.store.lake import prepared, quoted
from trendscout.store.query import PRODUCT
from trendscout.store.row_text import coverage_of, job_state_of, packed, row_of
from trendscout.store.said import is_tip
from trendscout.store.sql import Connection, naive, one, registered, transaction
from trendscout.text.gloss import english_words

_NAME = "read-2-"  # and a number: the format of the file, so that one of another format is made anew
KEPT = timedelta(days=400)  # of looks: a year and what came before it
_CURRENT = "current"
# Of a product's listings everything lies together, so that its page reads a few blocks of the file.
_COPIES = {
    "lists": "FROM lists",
    "snapshots": "FROM snapshots WHERE taken_at > $since",
    "listings": "FROM listings ORDER BY listing",
    "memberships": "FROM memberships ORDER BY listing",
    "kinships": "FROM kinships",
    "suspects": "FROM suspects",
    "decisions": "FROM decisions",
    "labels": "FROM labels",
    "marks": "FROM marks",
    "runs": "FROM runs",
    "hosts": "FROM hosts",
    "said": "FROM said WHERE as_of > $since",
    "observations": "FROM observations WHERE taken_at > $since ORDER BY listing, taken_at",
    "members": f"""SELECT {PRODUCT} AS product_id, l.listing
        FROM listings l LEFT JOIN memberships m USING (listing) ORDER BY ALL""",
}


def current_file(folder: Path) -> Path | None:
    """The newest read file of a folder, if there is one of this format."""
    try:
        found = folder / (folder / _CURRENT).read_text(encoding="utf-8").split()[0]
    except (OSError, IndexError):
        return None
    return found if found.parent == folder and found.name.startswith(_NAME) and found.is_file() else None


def published_at(folder: Path) -> datetime | None:
    """The time that the newest read file shows."""
    try:
        return datetime.fromisoformat((folder / _CURRENT).read_text(encoding="utf-8").split()[1])
    except (OSError, IndexError, ValueError):
        return None


def write_read_file(
    connection: Connection,
    folder: Path,
    parts: Iterable[Sequence[Row]],
    facts: Mapping[str, Any],
    *,
    now: datetime,
) -> Path | None:
    """Write a read file from an open store and make it the current one; the one before stays for who reads it.

    `parts` are the rows of all products, in batches; `facts` plain values by name. None if one of a later time was
    made meanwhile: that stays the current one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{_NAME}{time.time_ns()}.duckdb"
    part = folder / f".{target.name}.part"
    connection.execute(f"ATTACH {quoted(str(part))} AS desk")
    try:
        with transaction(connection):
            for name, query in _COPIES.items():
                values = {"since": naive(now - KEPT)} if "$since" in query else None
                connection.execute(f"CREATE TABLE desk.{name} AS {query}", values)
        _write_rows(connection, parts)
        connection.execute("CREATE TABLE desk.facts (name VARCHAR, value VARCHAR)")
        all_facts = {"as_of": now.isoformat(), **facts}
        connection.executemany(
            "INSERT INTO desk.facts VALUES (?, ?)", [[k, json.dumps(v)] for k, v in all_facts.items()]
        )
        connection.execute("DETACH desk")
        part.replace(target)
    except BaseException:
        with contextlib.suppress(Exception):
            connection.execute("DETACH DATABASE IF EXISTS desk")
        part.unlink(missing_ok=True)
        part.with_name(f"{part.name}.wal").unlink(missing_ok=True)
        raise
    before = current_file(folder)
    if before and (later := published_at(folder)) and later > now:
        target.unlink()
        return None
    whole_file(folder / _CURRENT, lambda path: path.write_text(f"{target.name}\n{now.isoformat()}\n", "utf-8"))
    for old in folder.glob("*read-*.duckdb*"):
        if old not in (before, target):
            with contextlib.suppress(OSError):  # on Windows, somebody still reads it: the next writer removes it
                old.unlink()
    return target


def _write_rows(connection: Connection, parts: Iterable[Sequence[Row]]) -> None:
    from trendscout.tables import table

    columns = ", ".join(f"{name} {kind}" for name, kind in _FIELDS.items())
    connection.execute(f"CREATE TABLE desk.products ({columns})")
    for part in parts:
        rows = [_flat(row) for row in part]
        products = table({name: (kind, [row[name] for row in rows]) for name, kind in _FIELDS.items()})
        with registered(connection, products=products):
            connection.execute("INSERT INTO desk.products FROM products_view")


_FIELDS = {
    "position": "INTEGER",
    "product_id": "VARCHAR",
    "words": "VARCHAR",  # what a search looks in, lower case
    "platform": "VARCHAR",
    "market": "VARCHAR",
    "lists": "VARCHAR[]",  # list ids on which it was seen
    "kinds": "VARCHAR[]",
    "places": "VARCHAR[]",  # "amazon US"
    "stage": "VARCHAR",
    "flags": "VARCHAR[]",
    "packs": "VARCHAR[]",
    "mark": "VARCHAR",
    "tip": "BOOLEAN",  # whether a report shows it
    "rank": "INTEGER",
    "probability": "DOUBLE",
    "velocity": "DOUBLE",
    "newness": "DOUBLE",
    "oddness": "DOUBLE",
    "specialness": "DOUBLE",
    "price_usd": "DOUBLE",
    "count": "DOUBLE",
    "rating": "DOUBLE",
    "reviews": "DOUBLE",
    "margin": "DOUBLE",
    "first_seen": "TIMESTAMP",
    "listed_at": "TIMESTAMP",
    "row": "VARCHAR",  # the whole row as JSON, without its curves
}


def _flat(row: Row) -> dict[str, Any]:
    facts, scored = row.facts, row.scored
    bare = replace(facts, sightings=tuple(replace(one, curve=()) for one in facts.sightings))
    lists = sorted({scored.list_id, *(one.list_id for one in facts.sightings)})
    glosses = (facts.gloss_zh or "", english_words(facts.title))
    words = (facts.title, *glosses, facts.category, facts.item_key, row.product_id, row.own.note)
    every = row.flat()
    numbers = {name: _number(every[name]) for name in ("price_usd", "count", "rating", "reviews", "margin")}
    return {
        "position": row.position,
        "product_id": row.product_id,
        "words": " ".join(words).lower(),
        "platform": facts.platform,
        "market": facts.market,
        "lists": lists,
        "kinds": sorted({name.split("/")[1] for name in lists if name.count("/") > 1}),
        "places": sorted({f"{one.platform} {one.market or ''}".strip() for one in facts.sightings}),
        "stage": scored.stage,
        "flags": [flag.code for flag in row.checks.flags],
        "packs": list(row.checks.packs),
        "mark": row.own.mark,
        "tip": is_tip(row),
        "rank": scored.rank,
        "probability": scored.probability,
        **{name: axis.value for name, axis in row.axes.items()},
        **numbers,
        "first_seen": facts.first_seen and naive(facts.first_seen),
        "listed_at": facts.listed_at and naive(facts.listed_at),
        "row": packed(replace(row, facts=bare)),
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


# --- reading ---------------------------------------------------------------------------------------------------

SORTS = {
    "score": "position",
    "chance": "probability DESC NULLS LAST",
    "velocity": "velocity DESC NULLS LAST",
    "new": "newness DESC NULLS LAST",
    "odd": "oddness DESC NULLS LAST",
    "special": "specialness DESC NULLS LAST",
    "rank": "rank NULLS LAST",
    "price": "price_usd NULLS LAST",
    "count": "count DESC NULLS LAST",
    "margin": "margin DESC NULLS LAST",
    "since": "first_seen DESC NULLS LAST",
}
_HELD = {  # filters whose value is one of a list's, or the value itself
    "kind": "list_contains(kinds, ?)",
    "place": "list_contains(places, ?)",
    "market": "len(list_filter(places, lambda x: ends_with(x, ' ' || ?))) > 0",
    "platform": "len(list_filter(places, lambda x: x = ? OR starts_with(x, ? || ' '))) > 0",
    "source": "len(list_filter(lists, lambda x: starts_with(x, ? || '_') OR starts_with(x, ? || '/'))) > 0",
    "category": "len(list_filter(lists, lambda x: ends_with(x, '/' || ?))) > 0",
    "stage": "stage = ?",
    "flag": "list_contains(flags, ?)",
    "pack": "list_contains(packs, ?)",
    "mark": "mark = ?",
}
_BOUNDS = {
    "price_min": "price_usd >= ?",
    "price_max": "price_usd <= ?",
    "count_min": "count >= ?",
    "rating_min": "rating >= ?",
    "chance_min": "probability >= ?",
}
_OLDEST_DAYS = 36_500
_AGES = {"age_max": "listed_at", "seen_max": "first_seen"}  # in days before the file's time


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which products are asked for; what is not named is not asked for."""

    words: tuple[str, ...] = ()  # all of them in title, gloss, category, item key or note
    tree: str = ""  # the beginning of a list id: "amazon_bestsellers_US/bestsellers"
    held: tuple[tuple[str, str], ...] = ()  # (filter, value)
    bounds: tuple[tuple[str, float], ...] = ()
    sort: str = "score"
    tips: bool = False  # only what a report shows

    def where(self, as_of: datetime) -> tuple[str, list[object]]:
        """A condition on the columns of `products`, and its parameters."""
        parts: list[str] = ["mark <> 'ignore'"] if ("mark", "ignore") not in self.held else []
        values: list[object] = []
        if self.tips:
            parts.append("tip")
        for word in self.words:
            parts.append("contains(words, ?)")
            values.append(word.lower())
        if self.tree:
            parts.append("len(list_filter(lists, lambda x: x = ? OR starts_with(x, ? || '/'))) > 0")
            values += [self.tree, self.tree]
        for name, value in self.held:
            parts.append(_HELD[name])
            values += [value] * _HELD[name].count("?")
        for name, bound in self.bounds:
            parts.append(f"{_AGES[name]} >= ?" if name in _AGES else _BOUNDS[name])
            values.append(naive(as_of - timedelta(days=min(bound, _OLDEST_DAYS))) if name in _AGES else bound)
        return " AND ".join(parts or ["TRUE"]), values


class ReadFile:
    """An open read file. Every question has a cursor of its own, so that threads may ask at once.

    Raises StoreError if it is gone, since a newer one took its place, or damaged.
    """

    def __init__(self, path: Path) -> None:
        import duckdb

        self.path = path
        self._lock = Lock()
        self._connection = prepared(duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "1GB"}))
        try:
            self._connection.execute(f"ATTACH {quoted(str(path))} AS desk (READ_ONLY)")
        except duckdb.Error as error:
            self.close()
            raise StoreError("{file} cannot be read.", next_step="Ask again in a moment.", file=path) from error
        self._connection.execute("USE desk")
        rows = self._connection.execute("SELECT name, value FROM facts").fetchall()
        self.facts: Mapping[str, Any] = {name: json.loads(value) for name, value in rows}
        self.as_of = datetime.fromisoformat(self.facts["as_of"])

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def cursor(self) -> Connection:
        """A connection of one's own to the file."""
        with self._lock:
            cursor = self._connection.cursor()
        cursor.execute("USE desk")
        return cursor

    def products(self, wanted: Wanted, *, limit: int, offset: int = 0) -> tuple[list[Row], int]:
        """A page of the products asked for, and how many there are in all."""
        where, values = wanted.where(self.as_of)
        order = SORTS[wanted.sort]
        with contextlib.closing(self.cursor()) as cursor:
            total = one(cursor, f"SELECT count(*) FROM products WHERE {where}", values)
            places = [
                place
                for (place,) in cursor.execute(
                    f"SELECT position FROM products WHERE {where} ORDER BY {order}, position LIMIT ? OFFSET ?",
                    [*values, limit, offset],
                ).fetchall()
            ]
            # The file lies in the order of positions: of the long texts only those few blocks are read.
            known = ", ".join(map(str, places)) or "NULL"
            rows = dict(
                cursor.execute(f"SELECT position, row FROM products WHERE position IN ({known})").fetchall()
            )
        return [row_of(rows[place]) for place in places], total[0] if total else 0

    def product(self, product_id: str) -> Row | None:
        """The row of a scored product."""
        with contextlib.closing(self.cursor()) as cursor:
            found = one(cursor, "SELECT row FROM products WHERE product_id = ?", [product_id])
        return row_of(found[0]) if found else None

    def product_with(self, product_id: str) -> str | None:
        """The product that has the listing by which a product of before was named: a merge may have renamed it."""
        with contextlib.closing(self.cursor()) as cursor:
            found = one(
                cursor, "SELECT product_id FROM members WHERE 'p:' || lower(to_hex(listing)) = ?", [product_id]
            )
        return found[0] if found and found[0] != product_id else None

    @cached_property
    def coverage(self) -> Sequence[Coverage]:
        """The state of every list."""
        return [coverage_of(text) for text in self.facts.get("coverage", ())]

    @cached_property
    def jobs(self) -> Sequence[JobState]:
        """The state of every job."""
        return [job_state_of(text) for text in self.facts.get("jobs", ())]

    @cached_property
    def choices(self) -> Mapping[str, list[tuple[str, int]]]:
        """For each filter that has values, those that occur with the number of their products."""
        columns = {"stage": "stage", "mark": "mark", "flag": "unnest(flags)", "pack": "unnest(packs)"}
        columns |= {"place": "unnest(places)", "kind": "unnest(kinds)", "tree": "unnest(lists)"}
        for number, name in enumerate(("platform", "market"), 1):
            columns[name] = (
                f"unnest(list_distinct(list_transform(places, lambda x: split_part(x, ' ', {number}))))"
            )
        choices = {}
        with contextlib.closing(self.cursor()) as cursor:
            for name, column in columns.items():
                choices[name] = cursor.execute(
                    f"""SELECT value, count(*) FROM (SELECT {column} AS value FROM products)
                    WHERE value <> '' GROUP BY 1 ORDER BY 1"""
                ).fetchall()
        return choices

    def listings(self, products: Sequence[str]) -> list[int]:
        """The keys of the listings of these products."""
        with contextlib.closing(self.cursor()) as cursor:
            return _listings(cursor, products)

    @contextmanager
    def about(self, products: Sequence[str]) -> Iterator[Connection]:
        """A connection on which the store's tables hold these products alone: there its questions are quick."""
        cursor = self.cursor()
        try:
            keys = ", ".join(map(str, _listings(cursor, products))) or "NULL"
            for table in ("observations", "listings", "memberships"):
                cursor.execute(f"CREATE TEMP VIEW {table} AS FROM desk.{table} WHERE listing IN ({keys})")
            yield cursor
        finally:
            cursor.close()


def _listings(cursor: Connection, products: Sequence[str]) -> list[int]:
    marks = ", ".join("?" for _ in products)
    if not products:
        return []
    rows = cursor.execute(f"SELECT listing FROM members WHERE product_id IN ({marks})", list(products)).fetchall()
    return [row[0] for row in rows]
