"""Writing snapshots: in bulk, in one transaction, and only once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from datetime import datetime
from typing import TYPE_CHECKING

from trendscout.findings import Finding, to_json
from trendscout.model import ArchiveRef, Page, Snapshot
from trendscout.store.door import plausible
from trendscout.store.rates import keep_staged_rates
from trendscout.store.sql import (
    LIST_KEY,
    LISTING_KEY,
    affected,
    count,
    lists_table,
    naive,
    registered,
    transaction,
)

if TYPE_CHECKING:
    import duckdb

    from trendscout.tables import Table


_FILE = "page[: -instr(reverse(page), '@') - 1]"  # of a page's name, see page_name


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load changed."""

    snapshots: int
    observations: int
    listings: int  # not known before
    known: int = 0  # snapshots that the store had already
    findings: tuple[Finding, ...] = ()  # what of the offered was refused

    def __add__(self, other: Loaded) -> Loaded:
        """Both changes together."""
        return Loaded(
            self.snapshots + other.snapshots,
            self.observations + other.observations,
            self.listings + other.listings,
            self.known + other.known,
            self.findings + other.findings,
        )


def page_name(ref: ArchiveRef) -> str:
    """An archive record as the store names it."""
    return f"{ref.file}@{ref.offset}"


def load_snapshots(
    connection: duckdb.DuckDBPyConnection,
    snapshots: Sequence[Snapshot],
    *,
    loaded_at: datetime,
    replace: bool = False,
) -> Loaded:
    """Store the snapshots whose (list, time) is new, or of which less was known: a killed run left a part.

    With `replace`, those whose content changed as well. Each snapshot is whole or not there; what is replaced is
    recorded in `rereads`. What no list can show, such as an infinite count, is refused and told.
    """
    snapshots, refused = plausible(snapshots)
    if not snapshots:
        return Loaded(0, 0, 0, findings=refused)
    with transaction(connection):
        _stage(connection, snapshots, naive(loaded_at))
        _forget(connection, _CHANGED if replace else _COMPLETED, naive(loaded_at))
        loaded = replaced(_insert_staged(connection, offered=len(snapshots)), findings=refused)
        keep_staged_rates(connection, loaded_at)
        if replace:
            _say_anew(connection)
        for table in ("staged_lists", "staged_snapshots", "staged_rows"):
            connection.execute(f"DROP TABLE {table}")
    return loaded


def note_pages(connection: duckdb.DuckDBPyConnection, pages: Sequence[tuple[Page, str]]) -> None:
    """Remember that these archived pages, each with its source's name, were dealt with."""
    from trendscout.tables import table

    rows = [(page_name(page.ref), source, naive(page.fetched_at)) for page, source in pages if page.ref]
    if not rows:
        return
    names, sources, times = zip(*rows, strict=True)
    noted = table(
        {
            "page": ("VARCHAR", names),
            "source": ("VARCHAR", sources),
            "fetched_at": ("TIMESTAMP", times),
            "outcome": ("VARCHAR", ["read"] * len(rows)),
        }
    )
    with registered(connection, noted=noted):
        connection.execute("INSERT INTO pages BY NAME FROM noted_view ANTI JOIN pages USING (page)")


def noted_pages(connection: duckdb.DuckDBPyConnection, *, since: datetime) -> set[ArchiveRef]:
    """The archived pages fetched from `since` on that were dealt with."""
    rows = connection.execute("SELECT page FROM pages WHERE fetched_at >= ?", [naive(since)]).fetchall()
    parts = (name.rpartition("@") for (name,) in rows)
    return {ArchiveRef(file, int(offset)) for file, _, offset in parts}


def noted_files(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The archive's files that pages were read from."""
    rows = connection.execute(
        "SELECT DISTINCT page[: -instr(reverse(page), '@') - 1] FROM pages ORDER BY 1"
    ).fetchall()
    return [row[0] for row in rows]


def forget_files(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    """Forget pages whose files were deleted on purpose."""
    connection.execute(f"DELETE FROM pages WHERE list_contains(?, {_FILE})", [list(files)])


def _stage(connection: duckdb.DuckDBPyConnection, snapshots: Sequence[Snapshot], loaded_at: datetime) -> None:
    """Temporary tables with what is offered, keys computed."""
    with registered(connection, lists=lists_table({s.list_id for s in snapshots}), rows=_rows_table(snapshots)):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE staged_lists AS SELECT {LIST_KEY} AS list_key, * FROM lists_view"
        )
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE staged_rows AS
            SELECT {LISTING_KEY} AS listing, *
            FROM rows_view JOIN (SELECT list_key, list_id, platform, market FROM staged_lists) USING (list_id)"""
        )
    with registered(connection, snapshots=_snapshots_table(snapshots, loaded_at)):
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE staged_snapshots AS
            SELECT l.list_key, s.* EXCLUDE (list_id) FROM snapshots_view s JOIN staged_lists l USING (list_id)"""
        )


_COMPLETED = """SELECT list_key, taken_at FROM staged_snapshots o JOIN snapshots s USING (list_key, taken_at)
    WHERE s.status <> 'ok' AND o.entries > s.entries"""
_COLUMNS = "list_key, taken_at, listing, rank, count, count_kind, count_floor, price, currency, rating, reviews"
_CHANGED = f"""WITH offered AS (SELECT {_COLUMNS} FROM staged_rows),
    stored AS (SELECT {_COLUMNS} FROM observations SEMI JOIN staged_snapshots USING (list_key, taken_at))
    SELECT DISTINCT list_key, taken_at FROM (
        (FROM offered EXCEPT ALL FROM stored) UNION ALL (FROM stored EXCEPT ALL FROM offered))
    UNION SELECT s.list_key, s.taken_at FROM staged_snapshots o JOIN snapshots s USING (list_key, taken_at)
    WHERE (o.status, o.depth, o.layout) IS DISTINCT FROM (s.status, s.depth, s.layout)"""


def _forget(connection: duckdb.DuckDBPyConnection, which: str, reread_at: datetime) -> None:
    """Remove the stored snapshots that `which` selects, since they are offered otherwise, and record that."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE outdated AS {which}")
    connection.execute(
        """INSERT INTO rereads SELECT s.list_key, s.taken_at, ?, s.layout, o.layout, s.entries, o.entries
        FROM outdated JOIN snapshots s USING (list_key, taken_at)
        JOIN staged_snapshots o USING (list_key, taken_at)""",
        [reread_at],
    )
    for table in ("observations", "snapshots"):
        connection.execute(f"DELETE FROM {table} WHERE (list_key, taken_at) IN (FROM outdated)")
    connection.execute("DROP TABLE outdated")


def _say_anew(connection: duckdb.DuckDBPyConnection) -> None:
    """Let stored snapshots that read as before say why in today's codes: older versions kept sentences.

    Of a whole look a note may be gone: the looks before it read otherwise by now.
    """
    connection.execute(
        """UPDATE snapshots SET reason = o.reason, shares = o.shares FROM staged_snapshots o
        WHERE snapshots.list_key = o.list_key AND snapshots.taken_at = o.taken_at
          AND (snapshots.reason <> o.reason AND (o.reason <> '' OR o.status = 'ok')
               OR snapshots.shares IS NULL AND o.shares IS NOT NULL)"""
    )


def _insert_staged(connection: duckdb.DuckDBPyConnection, *, offered: int) -> Loaded:
    connection.execute("INSERT INTO lists SELECT DISTINCT * FROM staged_lists ANTI JOIN lists USING (list_key)")
    new = "(FROM staged_snapshots ANTI JOIN snapshots USING (list_key, taken_at))"
    observations = affected(
        connection,
        f"""INSERT INTO observations SELECT list_key, taken_at, listing, rank, count, count_kind, count_floor,
        price, currency, rating, reviews FROM staged_rows SEMI JOIN {new} USING (list_key, taken_at)""",
    )
    listings = _merge_listings(connection)
    snapshots = affected(connection, f"INSERT INTO snapshots BY NAME SELECT * FROM {new}")
    return Loaded(snapshots, observations, listings, known=offered - snapshots)


# The title that a listing was first seen with, and when that was: of staged rows, and beside what is known (l, o).
EARLIEST_TITLE = """arg_min(title, taken_at) FILTER (title <> '') AS first_title,
    min(taken_at) FILTER (title <> '') AS first_titled_at"""
EARLIER_TITLE = """first_title = CASE WHEN l.first_titled_at <= o.first_titled_at OR o.first_titled_at IS NULL
        THEN l.first_title ELSE o.first_title END,
    first_titled_at = least(l.first_titled_at, o.first_titled_at)"""


def _merge_listings(connection: duckdb.DuckDBPyConnection) -> int:
    """Bring `listings` up to date with the staged rows; the number of new ones.

    The latest non-empty title, address, image and price stand, whatever the order in which snapshots arrive; the
    earliest title is kept beside.
    """
    before = count(connection, "listings")
    latest = ", ".join(
        f"arg_max({name}, taken_at) FILTER ({name} IS NOT NULL) AS {name}"
        for name in ("title", "url", "image", "seller", "listed_at", "price", "currency")
    )
    newest = ", ".join(
        f"{name} = CASE WHEN o.{name} IS NULL OR (l.{name} IS NOT NULL AND o.last_seen < l.last_seen) "
        f"THEN l.{name} ELSE o.{name} END"
        for name in ("title", "url", "image", "seller", "listed_at", "price", "currency")
    )
    connection.execute(
        f"""MERGE INTO listings l USING (
            SELECT listing, any_value(platform) AS platform, any_value(market) AS market,
                   any_value(item_key) AS item_key, {latest}, {EARLIEST_TITLE},
                   min(taken_at) AS first_seen, max(taken_at) AS last_seen
            FROM staged_rows GROUP BY listing) o ON l.listing = o.listing
        WHEN MATCHED THEN UPDATE SET {newest}, {EARLIER_TITLE},
            first_seen = least(l.first_seen, o.first_seen), last_seen = greatest(l.last_seen, o.last_seen)
        WHEN NOT MATCHED THEN INSERT BY NAME"""
    )
    return count(connection, "listings") - before


def _snapshots_table(snapshots: Sequence[Snapshot], loaded_at: datetime) -> Table:
    from trendscout.tables import table

    return table(
        {
            "list_id": ("VARCHAR", [s.list_id for s in snapshots]),
            "taken_at": ("TIMESTAMP", [naive(s.taken_at) for s in snapshots]),
            "status": ("VARCHAR", [s.status for s in snapshots]),
            "depth": ("INTEGER", [s.depth for s in snapshots]),
            "length": ("INTEGER", [s.length for s in snapshots]),
            "entries": ("INTEGER", [len(s.counted) for s in snapshots]),
            "filled": ("DOUBLE", [s.filled for s in snapshots]),
            "shares": ("REAL[]", [s.shares or None for s in snapshots]),
            "layout": ("VARCHAR", [s.layout for s in snapshots]),
            "reason": ("VARCHAR", [to_json(s.findings) for s in snapshots]),
            "pages": ("VARCHAR[]", [[page_name(ref) for ref in s.pages] for s in snapshots]),
            "loaded_at": ("TIMESTAMP", [loaded_at] * len(snapshots)),
        }
    )


def _rows_table(snapshots: Sequence[Snapshot]) -> Table:
    from trendscout.tables import MONEY, table

    pairs = [(s, e) for s in snapshots for e in s.counted]
    entries = [e for _, e in pairs]
    return table(
        {
            "list_id": ("VARCHAR", [s.list_id for s, _ in pairs]),
            "taken_at": ("TIMESTAMP", [naive(s.taken_at) for s, _ in pairs]),
            "item_key": ("VARCHAR", [e.item_key for e in entries]),
            "rank": ("INTEGER", [e.rank for e in entries]),
            "count": ("DOUBLE", [e.count for e in entries]),
            "count_kind": ("VARCHAR", [e.count_kind for e in entries]),
            "count_floor": ("BOOLEAN", [e.count_floor for e in entries]),
            "price": (MONEY, [None if e.price is None else round(e.price, 4) for e in entries]),
            "currency": ("VARCHAR", [e.currency for e in entries]),
            "rating": ("REAL", [e.rating for e in entries]),
            "reviews": ("INTEGER", [e.reviews for e in entries]),
            "title": ("VARCHAR", [e.title for e in entries]),
            "url": ("VARCHAR", [e.url for e in entries]),
            "image": ("VARCHAR", [e.image for e in entries]),
            "seller": ("VARCHAR", [e.seller for e in entries]),
            "listed_at": ("TIMESTAMP", [e.listed_at and naive(e.listed_at) for e in entries]),
        }
    )
