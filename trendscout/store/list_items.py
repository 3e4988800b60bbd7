"""What lists list, in the user's word: for histories, whose names say nothing of it."""

from __future__ import annotations

from typing import cast

from trendscout.model import ItemKind
from trendscout.store.sql import Connection


def say_items(connection: Connection, items: ItemKind) -> None:
    """Keep what the lists of `staged_lists` list; the latest word holds."""
    connection.execute("DELETE FROM list_items WHERE list_key IN (SELECT list_key FROM staged_lists)")
    connection.execute("INSERT INTO list_items SELECT list_key, ? FROM staged_lists", [items])


def list_items(connection: Connection) -> dict[str, tuple[str, ItemKind | None]]:
    """Each list's platform, and what it lists in the user's word; None without one."""
    rows = connection.execute("SELECT list_id, platform, items FROM lists LEFT JOIN list_items USING (list_key)")
    return {list_id: (platform, cast("ItemKind | None", items)) for list_id, platform, items in rows.fetchall()}
