"""Which file brought what: so that a file counts once under any name, and can be taken back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trendscout.errors import UsageError
from trendscout.model import ArchiveRef
from trendscout.store.load import page_name
from trendscout.store.sql import Connection, aware, naive, registered, transaction

_MOST_NAMED = 5
_DIGITS = 32  # of a body's SHA-256
_LATELY = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Brought:
    """One record of the archive, and the file that it is of."""

    file_id: str
    name: str
    ref: ArchiveRef
    body: str  # digest of what it holds
    at: datetime  # when it came


@dataclass(frozen=True, slots=True)
class Near:
    """A look of the store, and the records that it was read from."""

    taken_at: datetime
    pages: tuple[ArchiveRef, ...]


def body_digest(body: bytes) -> str:
    """By which a body is known again."""
    return hashlib.sha256(body).hexdigest()[:_DIGITS]


def note_brought(connection: Connection, brought: Iterable[Brought]) -> None:
    """Remember the records; one that is known stays as it is, unless it was taken back: then it counts again."""
    from trendscout.tables import table

    rows = [(one.file_id, one.name, page_name(one.ref), one.body, naive(one.at)) for one in brought]
    if not rows:
        return
    kinds = {**dict.fromkeys(("file_id", "name", "page", "body"), "VARCHAR"), "brought_at": "TIMESTAMP"}
    columns = zip(kinds.values(), zip(*rows, strict=True), strict=True)
    news = table(dict(zip(kinds, columns, strict=True)))
    with registered(connection, news=news):
        connection.execute("INSERT INTO brought BY NAME FROM news_view ANTI JOIN brought USING (page)")


def known_bodies(connection: Connection, digests: Sequence[str]) -> dict[str, str]:
    """By digest, the name under which a body came that still counts."""
    rows = connection.execute(
        """SELECT body, arg_min(name, brought_at) FROM brought
        WHERE taken_back_at IS NULL AND list_contains(?, body) GROUP BY body""",
        [list(digests)],
    ).fetchall()
    return dict(rows)


def records_of(connection: Connection, digest: str) -> list[ArchiveRef]:
    """The records with that body that still count, the first brought first."""
    rows = connection.execute(
        "SELECT page FROM brought WHERE taken_back_at IS NULL AND body = ? ORDER BY brought_at", [digest]
    ).fetchall()
    return [_ref(page) for (page,) in rows]


def looks_near(connection: Connection, list_id: str, at: datetime, span: timedelta) -> list[Near]:
    """The store's looks at a list within `span` before or after a time, the nearest first."""
    rows = connection.execute(
        """SELECT taken_at, pages FROM snapshots JOIN lists USING (list_key)
        WHERE list_id = $1 AND taken_at BETWEEN $2 AND $3 AND len(pages) > 0
        ORDER BY abs(epoch(taken_at) - epoch($4::TIMESTAMP))""",
        [list_id, naive(at - span), naive(at + span), naive(at)],
    ).fetchall()
    return [Near(aware(taken_at), tuple(map(_ref, pages))) for taken_at, pages in rows]


def taken_back(connection: Connection) -> frozenset[ArchiveRef]:
    """The records of files that were taken back."""
    rows = connection.execute("SELECT page FROM brought WHERE taken_back_at IS NOT NULL").fetchall()
    return frozenset(_ref(page) for (page,) in rows)


def find_brought(connection: Connection, wanted: str) -> tuple[str, str]:
    """The id and the name of the one file whose id begins so, or that is called so.

    Raises UsageError if there is none, or more than one.
    """
    rows = connection.execute(
        """SELECT file_id, arg_min(name, brought_at), max(brought_at) FROM brought
        WHERE taken_back_at IS NULL AND (starts_with(file_id, $1) OR name = $1 OR ends_with(name, '/' || $1))
        GROUP BY file_id ORDER BY 3 DESC""",
        [wanted],
    ).fetchall()
    if len(rows) == 1:
        return str(rows[0][0]), str(rows[0][1])
    named = ", ".join(f"{file_id} ({name})" for file_id, name, _ in rows[:_MOST_NAMED])
    raise UsageError(
        "{count} files are called {wanted!r}: {named}." if rows else "No file that counts is called {wanted!r}.",
        next_step="`trendscout ingest` shows the id of each file that it takes; so does `--undo list`.",
        count=len(rows),
        wanted=wanted,
        named=named,
    )


def all_brought(connection: Connection) -> list[tuple[str, str, datetime, int]]:
    """The files that count, the latest first: id, name, time, and how many looks stand on them."""
    rows = connection.execute(
        """SELECT file_id, arg_min(name, brought_at), max(brought_at),
            count(DISTINCT (list_key, taken_at)) FILTER (list_key IS NOT NULL)
        FROM brought LEFT JOIN (SELECT list_key, taken_at, unnest(pages) AS page FROM snapshots) USING (page)
        WHERE taken_back_at IS NULL GROUP BY file_id ORDER BY 3 DESC, 1"""
    ).fetchall()
    return [(file_id, name, aware(at), looks) for file_id, name, at, looks in rows]


def brought_lists(connection: Connection, *, now: datetime) -> dict[str, datetime]:
    """Lists that files of the user's showed on two days of the last two weeks or more, and when they last did."""
    rows = connection.execute(
        """SELECT list_id, max(taken_at) FROM lists JOIN snapshots USING (list_key)
        WHERE taken_at > $1 AND taken_at <= $2
            AND list_has_any(pages, (SELECT list(page) FROM brought WHERE taken_back_at IS NULL))
        GROUP BY list_id HAVING count(DISTINCT taken_at::DATE) > 1 ORDER BY list_id""",
        [naive(now - _LATELY), naive(now)],
    ).fetchall()
    return {list_id: aware(last) for list_id, last in rows}


def records_of_file(connection: Connection, file_id: str) -> list[ArchiveRef]:
    """The records of a file that still count, the first brought first."""
    rows = connection.execute(
        "SELECT page FROM brought WHERE taken_back_at IS NULL AND file_id = ? ORDER BY brought_at", [file_id]
    ).fetchall()
    return [_ref(page) for (page,) in rows]


def all_records(connection: Connection) -> list[ArchiveRef]:
    """The records of all files that still count, the first brought first."""
    rows = connection.execute(
        "SELECT page FROM brought WHERE taken_back_at IS NULL ORDER BY brought_at, page"
    ).fetchall()
    return [_ref(page) for (page,) in rows]


def take_back(connection: Connection, file_id: str, *, at: datetime) -> tuple[int, list[Near]]:
    """Forget the looks that stand on a file: how many, and of those that stood on others too what is left of each.

    The records stay in the archive and are not read again.
    """
    with transaction(connection):
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE gone AS
            SELECT list_key, taken_at, list_filter(pages, lambda page: NOT list_contains(own, page)) AS rest
            FROM snapshots, (SELECT list(page) AS own FROM brought WHERE file_id = $1 AND taken_back_at IS NULL)
            WHERE list_has_any(pages, own)""",
            [file_id],
        )
        rests = connection.execute("SELECT DISTINCT taken_at, rest FROM gone WHERE len(rest) > 0").fetchall()
        count = connection.execute("SELECT count(*) FROM gone").fetchall()[0][0]
        forget_looks(connection, "gone")
        connection.execute(
            "UPDATE brought SET taken_back_at = $2 WHERE file_id = $1 AND taken_back_at IS NULL",
            [file_id, naive(at)],
        )
        connection.execute("DROP TABLE gone")
    return int(count), [Near(aware(taken_at), tuple(map(_ref, rest))) for taken_at, rest in rests]


def forget_looks(connection: Connection, gone: str) -> None:
    """Take out the looks (list_key, taken_at) of a table, and the listings that no other look shows.

    Those that others show were first and last seen otherwise then.
    """
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE touched AS
        SELECT DISTINCT listing FROM observations SEMI JOIN {gone} USING (list_key, taken_at)"""
    )
    for table in ("observations", "snapshots"):
        connection.execute(
            f"DELETE FROM {table} WHERE (list_key, taken_at) IN (SELECT list_key, taken_at FROM {gone})"
        )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE unseen AS FROM touched EXCEPT (
            SELECT listing FROM observations UNION ALL SELECT listing FROM marks
            UNION ALL SELECT listing_a FROM decisions UNION ALL SELECT listing_b FROM decisions)"""
    )
    for table in ("listings", "memberships", "suspects"):
        connection.execute(f"DELETE FROM {table} WHERE listing IN (FROM unseen)")
    connection.execute("DELETE FROM kinships WHERE listing_a IN (FROM unseen) OR listing_b IN (FROM unseen)")
    connection.execute(
        """UPDATE listings SET first_seen = o.first_seen, last_seen = o.last_seen FROM (
            SELECT listing, min(taken_at) AS first_seen, max(taken_at) AS last_seen
            FROM observations SEMI JOIN touched USING (listing) GROUP BY listing) o
        WHERE listings.listing = o.listing"""
    )
    for table in ("unseen", "touched"):
        connection.execute(f"DROP TABLE {table}")


def _ref(page: str) -> ArchiveRef:
    file, _, offset = page.rpartition("@")
    return ArchiveRef(file, int(offset))
