"""Looks that today's readers file under other lists move, and what the user said of their goods with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trendscout.findings import Finding, finding
from trendscout.model import Snapshot
from trendscout.store.brought import forget_looks
from trendscout.store.load import page_name
from trendscout.store.sql import Connection, naive, registered, transaction

_SHOWN = 60  # characters of list names


def move_looks(connection: Connection, offered: Sequence[Snapshot], *, at: datetime) -> tuple[Finding, ...]:
    """Take out looks of the store that stand on pages which now show other lists; what moved, by its old list.

    `offered` are the looks that were just stored. A look goes if all its pages are among those that an offered one
    with rows shows at that time, and no offered look has its list. Marks, notes, decisions and labels of its goods
    go over to the same item keys of the new list's market. What went is recorded in `rereads`.
    """
    from trendscout.tables import table

    rows = [
        (snapshot.list_id, naive(snapshot.taken_at), snapshot.layout, page_name(page))
        for snapshot in offered
        if snapshot.entries
        for page in snapshot.pages
    ]
    if not rows:
        return ()
    kinds = {"list_id": "VARCHAR", "taken_at": "TIMESTAMP", "layout": "VARCHAR", "page": "VARCHAR"}
    columns = zip(kinds.values(), zip(*rows, strict=True), strict=True)
    shown = table(dict(zip(kinds, columns, strict=True)))
    with transaction(connection), registered(connection, offered=shown):
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE strays AS
            WITH shown AS (SELECT taken_at, list(DISTINCT page) AS pages, list(DISTINCT list_id) AS lists,
                    any_value(layout) AS layout FROM offered_view GROUP BY taken_at)
            SELECT s.list_key, s.taken_at, s.layout, s.entries, l.list_id, o.layout AS layout_after,
                (SELECT list(DISTINCT list_id ORDER BY list_id) FROM offered_view v
                 WHERE v.taken_at = s.taken_at AND list_contains(s.pages, v.page)) AS now_in
            FROM snapshots s JOIN lists l USING (list_key) JOIN shown o USING (taken_at)
            WHERE len(s.pages) > 0 AND list_has_all(o.pages, s.pages) AND NOT list_contains(o.lists, l.list_id)"""
        )
        moved = connection.execute(
            """SELECT list_id, array_to_string(list_distinct(flatten(list(now_in))), ', '), count(*)
            FROM strays GROUP BY list_id ORDER BY list_id"""
        ).fetchall()
        if moved:
            _carry_words(connection)
            connection.execute(
                "INSERT INTO rereads SELECT list_key, taken_at, ?, layout, layout_after, entries, 0 FROM strays",
                [naive(at)],
            )
            forget_looks(connection, "strays")
        connection.execute("DROP TABLE strays")
    return tuple(
        finding("list_moved", before=before, after=after[:_SHOWN], count=count) for before, after, count in moved
    )


def _carry_words(connection: Connection) -> None:
    """Marks, decisions and labels of listings that are elsewhere now, to the listing with the same item key."""
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE carried AS
        SELECT old.listing AS old, min(new.listing) AS new
        FROM strays s JOIN observations o USING (list_key, taken_at) JOIN listings old ON old.listing = o.listing
        JOIN lists l ON list_contains(s.now_in, l.list_id)
        JOIN observations n ON n.list_key = l.list_key AND n.taken_at = s.taken_at
        JOIN listings new ON new.listing = n.listing AND new.item_key = old.item_key
        WHERE new.listing <> old.listing GROUP BY old.listing"""
    )
    for table, column in (
        ("marks", "listing"),
        ("decisions", "listing_a"),
        ("decisions", "listing_b"),
        ("labels", "listing_a"),
        ("labels", "listing_b"),
    ):
        connection.execute(f"UPDATE {table} SET {column} = c.new FROM carried c WHERE {table}.{column} = c.old")
    connection.execute("DROP TABLE carried")
