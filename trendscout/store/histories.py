"""Loading a ranked-list history, Parquet or CSV, straight through DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trendscout.bounds import FIRST_SHOP, LAST_LOOK, MAX_COUNT, MAX_RANK
from trendscout.errors import UsageError, reason
from trendscout.files import file_size
from trendscout.findings import Finding, finding, to_json
from trendscout.history import NEEDS, History, history_of, is_parquet, refuse_incomplete
from trendscout.model import ArchiveRef, ItemKind
from trendscout.store.lake import prepared
from trendscout.store.list_items import say_items
from trendscout.store.load import EARLIER_TITLE, EARLIEST_TITLE, Loaded, page_name
from trendscout.store.sql import (
    LIST_KEY,
    LISTING_KEY,
    Connection,
    affected,
    arrays,
    aware,
    count,
    lists_table,
    naive,
    one,
    one_file,
    own_spill,
    registered,
    transaction,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH = 10_000  # rows at a time
_NONE = {"count": "'NaN'", "depth": -1, "length": -1}  # what stands for a number that is not said


def import_history(
    connection: Connection,
    path: Path,
    *,
    loaded_at: datetime,
    market: str | None = None,
    keep: Callable[[], ArchiveRef | None] = lambda: None,
    called: Path | None = None,
    items: ItemKind | None = None,
) -> Loaded:
    """Load a ranked-list history, a Parquet or CSV file, straight through DuckDB.

    It has at least the columns `trendscout.history.COLUMNS`; `item` (a title) and `count` are read where they are
    there. Ids and keys stay as they are. A row without a list, a time, a rank or a key that can be is left out and
    told, and its snapshot is partial. `keep` archives the file once it is known to be a history and before
    anything is stored; errors name the file as it is `called`; its lists list `items`. Raises UsageError, loading
    and keeping nothing, when a column is missing or no row is whole.
    """
    with transaction(connection):
        _read_rows(connection, path, called or path)
        findings = _leave_bad_rows(connection, called or path)
        ref = keep()
        ids = [row[0] for row in connection.execute("SELECT DISTINCT list_id FROM history").fetchall()]
        with registered(connection, lists=lists_table(ids, market)):
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE staged_lists AS SELECT {LIST_KEY} AS list_key, * FROM lists_view"
            )
        if items:
            say_items(connection, items)
        loaded = _insert_history(connection, naive(loaded_at), [page_name(ref)] if ref else [])
        for table in ("history", "torn", "staged_lists", "staged_items", "staged_snapshots"):
            connection.execute(f"DROP TABLE {table}")
    return replace(loaded, findings=findings)


def parse_history(path: Path, *, called: Path) -> tuple[tuple[Finding, ...], Iterator[dict[str, object]]]:
    """What of a history is left out, and each row of it as `import_history` would load it.

    Raises UsageError as `import_history` does.
    """
    import duckdb

    connection = prepared(duckdb.connect())
    _read_rows(connection, path, called)
    findings = _leave_bad_rows(connection, called)
    rows = connection.execute(
        """SELECT list_id, taken_at, min(rank), item_key, max(title), max(count) FROM history
        GROUP BY list_id, taken_at, item_key ORDER BY list_id, taken_at, 3, item_key"""
    )

    def each() -> Iterator[dict[str, object]]:
        names = ("list", "taken_at", "rank", "item_key", "title", "count")
        while some := rows.fetchmany(_BATCH):
            for list_id, taken_at, *rest in some:
                yield dict(zip(names, (list_id, aware(taken_at), *rest), strict=True))

    return findings, each()


def read_history(file: Path) -> History:
    """A ranked-list history from a Parquet or CSV file, as arrays; rows without a rank are left out.

    `item` (a title), `count`, `count_floor`, `depth` and `length` are read where the file has them. Raises
    UsageError if it cannot be read, lacks a column, or has a row with what is no rank, time or number.
    """
    import duckdb

    try:
        file_size(file)
        is_parquet(file)
    except OSError as error:
        raise UsageError("{file} is no readable history.", next_step="Check the path.", file=file) from error
    with closing(prepared(duckdb.connect(config=own_spill()))) as connection, _told(file):
        texts = _keep_rows(connection, file)
        known = {name: _keep_distinct(connection, name) for name in texts}
        codes = ", ".join(f"{name}s.code AS {name}" for name in texts)
        joins = " ".join(f"JOIN {name}s USING ({name})" for name in texts)
        # In the file's order: of rows that are alike the first counts.
        rows = arrays(
            connection,
            f"SELECT history.* EXCLUDE ({', '.join(texts)}), {codes} FROM history {joins} ORDER BY history.rowid",
        )
    coded = {name: (known[name], rows.pop(name)) for name in texts}
    seconds = rows.pop("at") // 1_000_000
    return history_of(coded["list_id"], coded["item_key"], seconds, title=coded.get("item"), **rows)


def _keep_rows(connection: Connection, file: Path) -> list[str]:
    """The rows that have a rank as the temporary table `history`, as `history_of` takes them; its texts' names."""
    scan, kinds = _scanned(connection, file, file)
    texts: list[str] = [name for name in ("list_id", "item_key", "item") if name in kinds]
    said = {name: f"nullif(trim({name}), '')" if kind == "VARCHAR" else name for name, kind in kinds.items()}
    columns = [
        *(f"coalesce({name}::VARCHAR, '') AS {name}" for name in texts),
        f"epoch_us(coalesce({_time(kinds, 'CAST')}::TIMESTAMP, error('a row has no snapshot_at'))) AS at",
        f"{said['rank']}::INTEGER AS rank",
        *(f"coalesce({said[name]}::DOUBLE, {_NONE[name]}) AS {name}" for name in _NONE if name in kinds),
    ]
    if floor := said.get("count_floor"):
        columns.append(f"coalesce(TRY_CAST({floor} AS BOOLEAN), {floor}::DOUBLE > 0, false) AS count_floor")
    connection.execute(
        f"CREATE TEMP TABLE history AS SELECT {', '.join(columns)} FROM {scan} WHERE {said['rank']} IS NOT NULL",
        [one_file(file)],
    )
    return texts


def _keep_distinct(connection: Connection, name: str) -> NDArray[np.object_]:
    """The distinct texts of a column of `history`, sorted; kept with their codes as a table of its plural."""
    connection.execute(
        f"""CREATE TEMP TABLE {name}s AS
        SELECT {name}, (row_number() OVER (ORDER BY {name}) - 1)::INTEGER AS code
        FROM (SELECT DISTINCT {name} FROM history)"""
    )
    found: NDArray[np.object_] = arrays(connection, f"SELECT {name} FROM {name}s ORDER BY code")[name]
    return found


def _read_rows(connection: Connection, path: Path, called: Path) -> None:
    """The file as the temporary table `history`; what cannot be read in it is NULL there."""
    with _told(called):
        scan, kinds = _scanned(connection, path, called)
        title, number = (name if name in kinds else "NULL" for name in ("item", "count"))
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE history AS
            SELECT list_id::VARCHAR AS list_id, {_time(kinds, "TRY_CAST")}::TIMESTAMP AS taken_at,
                   TRY_CAST(rank AS BIGINT) AS rank, ({title})::VARCHAR AS title, item_key::VARCHAR AS item_key,
                   TRY_CAST(({number}) AS DOUBLE) AS count,
                   coalesce(trim(({number})::VARCHAR), '') <> '' AS has_count
            FROM {scan}""",
            [one_file(path)],
        )


@contextmanager
def _told(called: Path) -> Iterator[None]:
    """What DuckDB says of a file, told of the file."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise UsageError(
            "{path} is not a ranked-list history: {fault}.",
            next_step=NEEDS,
            path=called,
            fault=reason(error),
        ) from error


def _scanned(connection: Connection, path: Path, called: Path) -> tuple[str, dict[str, str]]:
    """What SQL is to read FROM, with the file as its parameter, and the kind of each column.

    Raises UsageError if one that a history needs is missing.
    """
    # A folder called rank=9 is no column: it would take the place of the file's own.
    reader, options = ("read_parquet", "") if is_parquet(path) else ("read_csv", "all_varchar = true, ")
    scan = f"{reader}(?, {options}hive_partitioning = false)"
    described = connection.execute(
        f"SELECT column_name, column_type FROM (DESCRIBE FROM {scan})", [one_file(path)]
    )
    kinds = {name.lower(): kind for name, kind in described.fetchall()}  # SQL finds names in any case
    refuse_incomplete(called, list(kinds))
    return scan, kinds


def _time(kinds: Mapping[str, str], cast: str) -> str:
    # A zone is worked out only where there may be one: for each row it costs more than reading the row.
    plain = kinds["snapshot_at"] in {"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"}
    return "snapshot_at" if plain else f"{cast}(snapshot_at AS TIMESTAMPTZ)"


# What a row cannot do without, and by which it is told.
_GOOD = {
    "list_id": "list_id <> ''",
    "snapshot_at": "taken_at BETWEEN $first AND $last",
    "rank": f"rank BETWEEN 1 AND {MAX_RANK}",
    "item_key": "item_key <> ''",
}
_COUNTS = f"(NOT has_count OR count BETWEEN 0 AND {MAX_COUNT})"  # infinite and NaN are not


def _leave_bad_rows(connection: Connection, path: Path) -> tuple[Finding, ...]:
    """Delete rows that are none and counts that are none; what was left out."""
    span = {"first": naive(FIRST_SHOP), "last": naive(LAST_LOOK)}
    tests = ", ".join(f"count(*) FILTER (NOT coalesce({test}, false))" for test in (*_GOOD.values(), _COUNTS))
    rows, *bad, counts = connection.execute(f"SELECT count(*), {tests} FROM history", span).fetchall()[0]
    faults = ", ".join(f"{n} × {name}" for name, n in zip(_GOOD, bad, strict=True) if n)
    every = " AND ".join(_GOOD.values())
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE torn AS SELECT DISTINCT list_id, taken_at, true AS is_torn FROM history
        WHERE NOT coalesce({every}, false)""",
        span,
    )
    connection.execute(f"DELETE FROM history WHERE NOT coalesce({every}, false)", span)
    left = count(connection, "history")
    if not left:
        raise UsageError(
            "{path} was not imported: {faults}.",
            next_step="Each row needs list_id, snapshot_at (UTC), rank (1 or more) and item_key.",
            path=path,
            faults=f"missing or unreadable {faults}" if faults else "it has no rows",
        )
    connection.execute(f"UPDATE history SET count = NULL WHERE NOT coalesce({_COUNTS}, false)")
    findings = []
    if rows > left:
        findings.append(finding("history_rows_left", lost=rows - left, rows=rows, faults=faults))
    if counts:
        findings.append(finding("history_counts_lost", lost=counts))
    return tuple(findings)


def _insert_history(connection: Connection, loaded_at: datetime, pages: list[str]) -> Loaded:
    connection.execute("INSERT INTO lists SELECT * FROM staged_lists ANTI JOIN lists USING (list_key)")
    # Hashes of 64 bits in a list: half the cost of count(DISTINCT); two of 1,000 keys share one in 10^13 looks.
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE staged_snapshots AS
        SELECT list_key, list_id, taken_at,
               if(bool_or(torn.is_torn), 0, max(rank))::INTEGER AS depth,
               list_unique(list(hash(item_key)))::INTEGER AS entries, count(*) AS lines
        FROM history JOIN staged_lists USING (list_id) LEFT JOIN torn USING (list_id, taken_at) GROUP BY ALL"""
    )
    offered = count(connection, "staged_snapshots")
    doubled = one(connection, "SELECT 1 FROM staged_snapshots WHERE lines > entries LIMIT 1")
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE staged_snapshots AS
        FROM staged_snapshots ANTI JOIN snapshots USING (list_key, taken_at)"""
    )
    # Each distinct item is hashed once, not each row.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE staged_items AS
        SELECT {LISTING_KEY} AS listing, * FROM (
            SELECT list_id, list_key, platform, market, item_key, arg_max(title, taken_at) AS title,
                   {EARLIEST_TITLE}, min(taken_at) AS first_seen, max(taken_at) AS last_seen
            FROM history JOIN staged_lists USING (list_id) GROUP BY ALL)"""
    )
    # Materialised, since joining snapshots to items first would pair each with each.
    rows = """WITH h AS MATERIALIZED (SELECT list_key, taken_at, item_key, rank, count
                                      FROM history JOIN staged_snapshots USING (list_id, taken_at))
        SELECT list_key, taken_at, listing, rank, count FROM h JOIN staged_items USING (list_key, item_key)"""
    if doubled:
        rows = f"""SELECT list_key, taken_at, listing, min(rank) AS rank, max(count) AS count
            FROM ({rows}) GROUP BY ALL"""
    observations = affected(connection, f"INSERT INTO observations BY NAME {rows}")
    before = count(connection, "listings")
    connection.execute(
        f"""MERGE INTO listings l USING (
            SELECT listing, platform, market, item_key, arg_max(title, last_seen) AS title,
                   arg_min(first_title, first_titled_at) AS first_title, min(first_titled_at) AS first_titled_at,
                   min(first_seen) AS first_seen, max(last_seen) AS last_seen FROM staged_items GROUP BY ALL
        ) o ON l.listing = o.listing
        WHEN MATCHED THEN UPDATE SET title = coalesce(l.title, o.title), {EARLIER_TITLE},
            first_seen = least(l.first_seen, o.first_seen), last_seen = greatest(l.last_seen, o.last_seen)
        WHEN NOT MATCHED THEN INSERT BY NAME"""
    )
    snapshots = affected(
        connection,
        """INSERT INTO snapshots BY NAME
        SELECT list_key, taken_at, if(depth > 0, 'ok', 'partial') AS status, depth, entries, 0.0 AS filled,
               'import' AS layout, ?::VARCHAR[] AS pages, ?::TIMESTAMP AS loaded_at,
               if(depth > 0, '', ?) AS reason
        FROM staged_snapshots""",
        [pages, loaded_at, to_json([finding("history_look_torn")])],
    )
    return Loaded(snapshots, observations, count(connection, "listings") - before, known=offered - snapshots)
