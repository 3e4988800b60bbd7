"""Small helpers that the modules of the store share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeAlias, TypeVar
from uuid import uuid4

from trendscout.sources.source import platform_of
from trendscout.text.markets import split_list_id

if TYPE_CHECKING:
    import duckdb

    from trendscout.tables import RecordBatchReader, Table

Connection: TypeAlias = "duckdb.DuckDBPyConnection"
Asked = ParamSpec("Asked")
Done = TypeVar("Done")
_LARGE = 2_000_000  # places in a store; less is read within half a gigabyte anyway
_LEFT_MB = 16  # what DuckDB may keep of a large read; a statement needs some itself
Reader: TypeAlias = "Callable[Concatenate[Connection, Asked], Done]"

# 63 bits of MD5: about one collision in 10^6 stores of five million listings, and the same on every machine.
_KEY = "(md5_number_lower({}) >> 1)::BIGINT"
LIST_KEY = _KEY.format("list_id")
LISTING_KEY = _KEY.format("concat_ws(chr(31), platform, coalesce(market, ''), item_key)")


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Everything inside happens, or nothing."""
    import duckdb

    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # a lost connection has nothing to take back, and the first fault is told
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def bounded(megabytes: int) -> Callable[[Reader[Asked, Done]], Reader[Asked, Done]]:
    """For what reads much of a large store: DuckDB holds so many megabytes at most, next to nothing afterwards.

    What sorting and joining need beyond that lies in the store's temporary folder. What cannot be read so is read
    again without the bound. Nothing is to be written inside: a commit that finds no memory ends the connection.
    The bound is one of all threads that have the store open, so there is none where it is not needed.
    """

    def around(read: Reader[Asked, Done]) -> Reader[Asked, Done]:
        @wraps(read)
        def within(connection: Connection, /, *args: Asked.args, **named: Asked.kwargs) -> Done:
            import duckdb

            if count(connection, "observations") < _LARGE:
                return read(connection, *args, **named)
            usual = _usual_limit(connection)
            try:
                connection.execute(f"SET memory_limit = '{megabytes}MB'")
                return read(connection, *args, **named)
            except (duckdb.OutOfMemoryException, duckdb.InterruptException):  # one thread's fault stops the others
                connection.execute(f"SET memory_limit = '{usual}'")
                return read(connection, *args, **named)
            finally:
                _shrink(connection, usual)

        return within

    return around


def give_back(connection: Connection) -> None:
    """What DuckDB holds of a large store in memory goes: a commit of some megabytes leaves a hundred behind."""
    if count(connection, "observations") >= _LARGE:
        _shrink(connection, _usual_limit(connection))


def _shrink(connection: Connection, usual: str) -> None:
    """What DuckDB can do without goes, and what was freed here and there goes back to the system.

    glibc keeps it: 140 of 820 MB, once the titles of ten million places are counted. Elsewhere nothing is trimmed.
    """
    import ctypes

    import duckdb

    with suppress(duckdb.Error):  # what is in use stays
        connection.execute(f"SET memory_limit = '{_LEFT_MB}MB'")
    connection.execute(f"SET memory_limit = '{usual}'")
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _usual_limit(connection: Connection) -> str:
    """DuckDB's limit without a word of ours; to be SET: what holds the memory does not hear of a RESET (1.5)."""
    connection.execute("RESET memory_limit")  # a limit told back as it is shown loses up to a tenth a time
    (usual,) = one(connection, "SELECT current_setting('memory_limit')") or ("",)
    return str(usual)


def own_spill() -> dict[str, str | bool | int | float | list[str]]:
    """The setting of a temporary folder of this connection's own, made when needed and gone with it.

    DuckDB's default is one folder a file, where two that read would write over each other's, and one in the
    current folder for what has no file.
    """
    return {"temp_directory": str(Path(gettempdir()) / f"trendscout-{uuid4().hex}")}


def one_file(path: Path) -> str:
    """The path as DuckDB's readers take it, which else read a pattern: browsers name downloads `list[1].csv`."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path))


def aware(moment: datetime) -> datetime:
    """A moment that the store kept, with its zone."""
    return moment.replace(tzinfo=UTC)


def naive(moment: datetime) -> datetime:
    """The moment as the store keeps it: UTC without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def lists_table(ids: Iterable[str], market: str | None = None) -> Table:
    """The rows of `lists` for these ids, without keys; `market` for ids that name none."""
    from trendscout.tables import table

    names = ("list_id", "source", "platform", "market", "kind", "category")
    rows = []
    for list_id in sorted(ids):
        source, own_market, kind, category = split_list_id(list_id)
        rows.append((list_id, source, platform_of(source), own_market or market, kind, category))
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return table({name: ("VARCHAR", column) for name, column in zip(names, columns, strict=True)})


@contextmanager
def registered(connection: duckdb.DuckDBPyConnection, **tables: Table) -> Iterator[None]:
    """Arrow tables visible to SQL as `<name>_view` while inside."""
    for name, table in tables.items():
        connection.register(f"{name}_view", table)
    try:
        yield
    finally:
        for name in tables:
            connection.unregister(f"{name}_view")


def one(connection: Connection, query: str, values: Sequence[object] = ()) -> tuple[Any, ...] | None:
    """The first row of an answer, read to its end: DuckDB 2.0 does no other work before that."""
    return next(iter(connection.execute(query, list(values)).fetchall()), None)


@contextmanager
def answer(connection: Connection, query: str, **values: object) -> Iterator[RecordBatchReader]:
    """The answer, read as it comes, a million rows at a time; the query has `values` by getvariable('name').

    With parameters instead DuckDB (1.5) would work out the whole answer at once, as Python's objects.
    """
    import duckdb

    from trendscout.tables import RecordBatchReader

    for name, value in values.items():
        connection.execute(f"SET VARIABLE {name} = ?", [value])
    try:
        yield RecordBatchReader.from_stream(connection.sql(query))
    except Exception as error:
        if type(error) is not Exception:
            raise
        # What befalls DuckDB while it is read comes as a bare text.
        kinds = {"Out of Memory": duckdb.OutOfMemoryException, "INTERRUPT": duckdb.InterruptException}
        kind = next((kind for text, kind in kinds.items() if text in str(error)), duckdb.OperationalError)
        raise kind(str(error)) from error


def arrow(connection: Connection, query: str, **values: object) -> Table:
    """The whole `answer` as an Arrow table."""
    with answer(connection, query, **values) as reader:
        return reader.read_all()


def arrays(connection: Connection, query: str, **values: object) -> dict[str, Any]:
    """The columns of an `answer` without NULL, read batch by batch and never twice in memory; nor is a text."""
    import numpy as np

    from trendscout.tables import Array

    with answer(connection, query, **values) as reader:
        fields = zip(reader.schema.names, reader.schema.types, strict=True)
        kinds = {name: Array([], kind).to_numpy().dtype for name, kind in fields}
        numbers = {name: bytearray() for name, kind in kinds.items() if not kind.hasobject}
        texts: dict[str, list[str]] = {name: [] for name in kinds if name not in numbers}
        seen: dict[str, str] = {}
        for batch in reader:
            for name in kinds:
                if name in texts:
                    texts[name] += [seen.setdefault(one, one) for one in batch[name].to_pylist()]
                else:
                    numbers[name] += batch[name].to_numpy().data
    return {
        name: np.array(texts[name], object) if name in texts else np.frombuffer(numbers[name], kind)
        for name, kind in kinds.items()
    }


def affected(connection: Connection, statement: str, parameters: Sequence[object] = ()) -> int:
    """How many rows an INSERT, UPDATE or DELETE changed."""
    row = one(connection, statement, parameters)
    return int(row[0]) if row else 0


def count(connection: Connection, table: str) -> int:
    """The number of rows in a table of ours."""
    row = one(connection, f"SELECT count(*) FROM {table}")
    return int(row[0]) if row else 0
