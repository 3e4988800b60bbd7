"""Taking out of a store what no list can show, and what a wrong clock left: asked for, never by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from trendscout.findings import finding, to_json
from trendscout.store.door import IMPOSSIBLE, IMPOSSIBLE_VALUES
from trendscout.store.sql import Connection, one, transaction


def mend(connection: Connection) -> Mapping[str, int]:
    """How many rows of each kind were mended, as the door would have it had they come today.

    A look of an impossible time goes whole, an observation of an impossible rank as well; of the others only the
    value. Such a look is no longer "ok", and says why.
    """
    with transaction(connection):
        counts = {"looks": _count(connection, "snapshots", IMPOSSIBLE["snapshots"])}
        for table in ("observations", "snapshots"):
            connection.execute(f"DELETE FROM {table} WHERE {IMPOSSIBLE['snapshots']}")
        touched: dict[tuple[int, datetime], list[tuple[str, int]]] = {}
        for name, wrong in IMPOSSIBLE_VALUES.items():
            for list_key, taken_at, count in connection.execute(
                f"SELECT list_key, taken_at, count(*) FROM observations WHERE {wrong} GROUP BY ALL ORDER BY ALL"
            ).fetchall():
                touched.setdefault((list_key, taken_at), []).append((name, count))
                counts[name] = counts.get(name, 0) + count
            connection.execute(_CHANGES[name].format(wrong=wrong))
        connection.execute(f"UPDATE listings SET price = NULL, currency = NULL WHERE {IMPOSSIBLE['listings']}")
        for (list_key, taken_at), names in touched.items():
            _note(connection, list_key, taken_at, names)
        if touched or counts["looks"]:  # made anew from what is there now
            connection.execute("DELETE FROM folds")
    return {name: count for name, count in counts.items() if count}


_CHANGES = {
    "rank": "DELETE FROM observations WHERE {wrong}",
    "count": "UPDATE observations SET count = NULL, count_kind = NULL, count_floor = NULL WHERE {wrong}",
    "reviews": "UPDATE observations SET reviews = NULL WHERE {wrong}",
    "price": "UPDATE observations SET price = NULL, currency = NULL WHERE {wrong}",
    "rating": "UPDATE observations SET rating = NULL WHERE {wrong}",
}


def _note(connection: Connection, list_key: int, taken_at: datetime, names: list[tuple[str, int]]) -> None:
    """The look says what it lost: how many entries it has, that it is partial, and why."""
    named = one(connection, "SELECT list_id FROM lists WHERE list_key = ?", [list_key])
    list_id = named[0] if named else ""
    reason = to_json(
        [finding("values_impossible", list_id=list_id, name=name, count=count) for name, count in names]
    )
    connection.execute(
        """UPDATE snapshots SET
            entries = (SELECT count(*) FROM observations WHERE list_key = $key AND taken_at = $at),
            status = CASE status WHEN 'ok' THEN 'partial' ELSE status END,
            depth = CASE WHEN $ranks THEN 0 ELSE depth END,
            reason = $told
        WHERE list_key = $key AND taken_at = $at""",
        {"key": list_key, "at": taken_at, "ranks": any(name == "rank" for name, _ in names), "told": reason},
    )


def _count(connection: Connection, table: str, wrong: str) -> int:
    row = one(connection, f"SELECT count(*) FROM {table} WHERE {wrong}")
    return int(row[0]) if row else 0
