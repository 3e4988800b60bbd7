"""The report's record: what was shown, what was said of it, what came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from trendscout.model import ShownRow
from trendscout.store.sql import Connection, aware, naive, transaction

SAME_MORNING = timedelta(hours=12)  # a product that is shown again within this time is the same tip


_COLUMNS = tuple(one.name for one in fields(ShownRow))
_NAMES = ", ".join(_COLUMNS)


@dataclass(frozen=True, slots=True)
class RecordGroup:
    """What was said and what came of some rows: a list's, a band's, a week's."""

    name: str
    rows: int  # whose outcome is known
    said: float  # mean chance
    came: float  # share that broke out
    not_looked: int  # rows of which nobody can know
    replayed: int  # of `rows`


def keep(connection: Connection, rows: Iterable[ShownRow]) -> None:
    """Keep what a report shows; a product that was kept for the same morning stays as it was said first."""
    with transaction(connection):
        for row in rows:
            again = connection.execute(
                """SELECT 1 FROM track_record WHERE product_id = ? AND list_id = ? AND chosen_by = ?
                AND shown_at > ? AND shown_at <= ?""",
                [row.product_id, row.list_id, row.chosen_by, naive(row.shown_at - SAME_MORNING),
                 naive(row.shown_at)],
            ).fetchone()  # fmt: skip
            if again is None:
                places = ", ".join("?" * len(_COLUMNS))
                connection.execute(f"INSERT INTO track_record ({_NAMES}) VALUES ({places})", _values(row))


def unsettled(connection: Connection, *, now: datetime) -> list[ShownRow]:
    """Rows whose horizon has passed and whose outcome is not filled in yet."""
    return _rows(connection, "outcome IS NULL AND due_at <= ?", [naive(now)])


def settle(connection: Connection, rows: Sequence[ShownRow], outcomes: Sequence[str]) -> None:
    """Fill in what came of some rows."""
    with transaction(connection):
        for row, outcome in zip(rows, outcomes, strict=True):
            connection.execute(
                """UPDATE track_record SET outcome = ?
                WHERE shown_at = ? AND chosen_by = ? AND product_id = ? AND list_id = ?""",
                [outcome, naive(row.shown_at), row.chosen_by, row.product_id, row.list_id],
            )


def of_product(connection: Connection, product: str, *, until: datetime) -> list[ShownRow]:
    """When the report showed a product, with what chance, and what came; the latest first."""
    found = _rows(connection, "product_id = ? AND chosen_by = 'chance' AND shown_at <= ?", [product, naive(until)])
    return sorted(found, key=lambda row: row.shown_at, reverse=True)


def known(connection: Connection, *, since: datetime, until: datetime) -> list[ShownRow]:
    """Rows whose outcome became known in that time, by whomever they were chosen."""
    return _rows(connection, "outcome IS NOT NULL AND due_at > ? AND due_at <= ?", [naive(since), naive(until)])


def kept_since(connection: Connection, *, since: datetime, until: datetime) -> list[ShownRow]:
    """All that was kept in that time, by whomever it was chosen."""
    return _rows(connection, "shown_at > ? AND shown_at <= ?", [naive(since), naive(until)])


def kept_mornings(connection: Connection) -> set[datetime]:
    """The moments of which rows are kept."""
    rows = connection.execute("SELECT DISTINCT shown_at FROM track_record WHERE chosen_by = 'chance'").fetchall()
    return {aware(row[0]) for row in rows}


def _rows(connection: Connection, where: str, values: list[object]) -> list[ShownRow]:
    found = connection.execute(
        f"SELECT {_NAMES} FROM track_record WHERE {where} ORDER BY shown_at, chosen_by, position, product_id",
        values,
    ).fetchall()
    named = (dict(zip(_COLUMNS, row, strict=True)) for row in found)
    times = ("shown_at", "due_at")
    return [ShownRow(**{**row, **{name: aware(row[name]) for name in times}}) for row in named]


def _values(row: ShownRow) -> list[object]:
    values = (getattr(row, name) for name in _COLUMNS)
    return [naive(value) if isinstance(value, datetime) else value for value in values]
