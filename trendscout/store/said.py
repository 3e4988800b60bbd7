"""What the ranking said of products, day by day, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trendscout.model import Row
from trendscout.store.sql import LISTING_KEY, Connection, aware, naive, registered, transaction

_KINDS = {
    **dict.fromkeys(("platform", "market", "item_key", "list_id", "label"), "VARCHAR"),
    **dict.fromkeys(("position", "rank"), "INTEGER"),
    **dict.fromkeys(("probability", "goal", "horizon_h"), "DOUBLE"),
}
KEPT = 5_000  # products a day: two million rows a year, about 60 MB
_COLUMNS = "as_of, listing, list_id, position, rank, probability, label, goal, horizon_h"


@dataclass(frozen=True, slots=True)
class Said:
    """One chance as it was given, and whether it came true."""

    as_of: datetime
    product_id: str
    title: str
    list_id: str
    position: int
    rank: int | None
    probability: float | None
    label: str
    horizon_h: float | None
    came: bool | None  # None: its time is not over, or the list was never looked at in it
    best_rank: int | None  # reached within the horizon


def save_said(connection: Connection, rows: Iterable[Row], as_of: datetime) -> None:
    """Keep what is said of these rows at `as_of` in place of what was said earlier on that day (UTC)."""
    from trendscout.tables import table

    kept = [
        {
            "platform": row.facts.platform,
            "market": row.facts.market,
            "item_key": row.facts.item_key,
            "list_id": row.scored.list_id,
            "position": position,
            "rank": row.scored.rank,
            "probability": row.scored.probability,
            "label": row.scored.label,
            "goal": goal_of(row),
            "horizon_h": row.scored.horizon_h,
        }
        for position, row in enumerate((row for row in rows if is_tip(row)), 1)
        if row.scored.probability is not None and position <= KEPT
    ]
    with transaction(connection):
        connection.execute("DELETE FROM said WHERE as_of::DATE = ?", [naive(as_of).date()])
        if kept:
            told = table({name: (kind, [one[name] for one in kept]) for name, kind in _KINDS.items()})
            with registered(connection, said=told):
                connection.execute(
                    f"""INSERT INTO said SELECT ?, {LISTING_KEY}, list_id, position, rank, probability, label,
                    goal, horizon_h FROM said_view""",
                    [naive(as_of)],
                )


def is_tip(row: Row) -> bool:
    """Whether a report shows the row: of what falls, only what the seller has marked."""
    return row.own.mark != "ignore" and not (row.scored.falling and not row.own.mark)


def goal_of(row: Row) -> float | None:
    """The rank that the row's event asks for: `gain` is 100 / goal - 100 / rank."""
    gain, rank = row.scored.gain, row.scored.rank
    if gain is None or not rank or gain + 100 / rank <= 0:
        return None
    return 100 / (gain + 100 / rank)


# The listings are named one by one ({keys}): of a large table that lies in their order few blocks are read.
_JUDGED = """
    WITH theirs AS (SELECT * FROM observations WHERE listing IN ({keys})),
    chosen AS (SELECT * FROM said WHERE {where}),
    judged AS (
        SELECT c.as_of, c.listing, min(o.rank) AS best_rank, count(s.taken_at) AS looks
        FROM chosen c JOIN lists l USING (list_id)
        JOIN snapshots s ON s.list_key = l.list_key AND s.taken_at > c.as_of
             AND s.taken_at <= c.as_of + to_hours(c.horizon_h::INTEGER) AND s.status IN ('ok', 'partial')
        LEFT JOIN theirs o ON o.list_key = s.list_key AND o.taken_at = s.taken_at AND o.listing = c.listing
        GROUP BY ALL)
    SELECT c.as_of, coalesce(m.product_id, 'p:' || lower(to_hex(c.listing))), coalesce(l.title, l.item_key, ''),
           c.list_id, c.position, c.rank, c.probability, c.label, c.horizon_h, c.goal, j.best_rank, j.looks
    FROM chosen c LEFT JOIN judged j USING (as_of, listing)
    LEFT JOIN (FROM listings WHERE listing IN ({keys})) l USING (listing)
    LEFT JOIN (FROM memberships WHERE listing IN ({keys})) m USING (listing)
    ORDER BY {order}
"""


def said_of(connection: Connection, listings: Sequence[int], *, now: datetime) -> list[Said]:
    """What was said of a product by its listings, the oldest first."""
    return _judged(connection, "list_contains(?, listing) AND as_of <= ?", [list(listings), naive(now)], now)


def said_on(connection: Connection, *, days_ago: int, now: datetime, top: int = 20) -> list[Said]:
    """The top of what was said `days_ago` days before `now`, or on the last day before that; by position."""
    return _judged(
        connection,
        "position <= ? AND as_of = (SELECT max(as_of) FROM said WHERE as_of <= ?)",
        [top, naive(now - timedelta(days=days_ago) + timedelta(hours=12))],
        now,
        order="position",
    )


def _judged(
    connection: Connection, where: str, values: Sequence[object], now: datetime, order: str = "c.as_of, c.list_id"
) -> list[Said]:
    about = connection.execute(f"SELECT DISTINCT listing FROM said WHERE {where}", list(values)).fetchall()
    keys = ", ".join(str(key) for (key,) in about) or "NULL"
    rows = connection.execute(_JUDGED.format(where=where, order=order, keys=keys), list(values)).fetchall()
    said = []
    for as_of, product, title, list_id, position, rank, probability, label, horizon, goal, best, looks in rows:
        given = aware(as_of)
        over = horizon is not None and given + timedelta(hours=horizon) <= now
        reached = best is not None and goal is not None and best <= goal + 1e-6
        came = True if reached else (False if over and looks and goal is not None else None)
        said.append(Said(given, product, title, list_id, position, rank, probability, label, horizon, came, best))
    return said
