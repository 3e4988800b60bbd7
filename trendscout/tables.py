"""Arrow tables: columns on their way between DuckDB, arrays and Python. A kind is DuckDB's name of a type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

from arro3.core import (
    Array,
    ChunkedArray,
    DataType,
    RecordBatchReader,
    Table,
    list_array,
    list_flatten,
    list_offsets,
)

if TYPE_CHECKING:
    import numpy as np
    from arro3.core.types import ArrowStreamExportable as ArrowStreamExportable  # noqa: PLC0414  # shown to others
    from numpy.typing import NDArray

__all__ = ["MONEY", "Array", "RecordBatchReader", "Table", "arrays", "changed", "coded", "column", "joined"]
__all__ += ["known", "lists_of", "moments", "numbers_of", "table", "taken", "texts_of", "whole"]

_KINDS = {
    "VARCHAR": DataType.string(),
    "BLOB": DataType.binary(),
    "BOOLEAN": DataType.bool(),
    "INTEGER": DataType.int32(),
    "BIGINT": DataType.int64(),
    "UINTEGER": DataType.uint32(),
    "REAL": DataType.float32(),
    "DOUBLE": DataType.float64(),
}
MONEY = "DECIMAL(18,4)"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # as what is counted from it: UTC without a zone
_MICROSECOND = timedelta(microseconds=1)


def table(columns: Mapping[str, tuple[str, Sequence[Any]]]) -> Table:
    """The columns, each a kind and its values, as a table. Raises what `column` raises."""
    return Table.from_pydict({name: column(kind, values) for name, (kind, values) in columns.items()})


def column(kind: str, values: Sequence[Any]) -> Array:
    """Python's values as a column; None is NULL, a TIMESTAMP is given in UTC without a zone.

    Raises TypeError for a value of another kind and OverflowError for a number that the kind has no room for.
    """
    if kind.endswith("[]"):
        lists = [one or () for one in values]
        ends = Array([0, *accumulate(map(len, lists))], DataType.int32())
        absent = Array([one is None for one in values], DataType.bool())
        return list_array(ends, column(kind.removesuffix("[]"), list(chain.from_iterable(lists))), mask=absent)
    if kind == "TIMESTAMP":
        since = [None if one is None else (one - _EPOCH) // _MICROSECOND for one in values]
        return Array(since, DataType.int64()).cast(DataType.timestamp("us"))
    if kind == MONEY:  # of decimals a column is made by way of texts, exactly
        texts = Array([None if one is None else f"{one:f}" for one in values], DataType.string())
        money = texts.cast(DataType.decimal128(18, 4))
        if money.null_count > texts.null_count:
            raise OverflowError(f"a sum has no place in {MONEY}")
        return money
    return Array(values, _KINDS[kind])


def arrays(**columns: NDArray[Any] | Array) -> Table:
    """NumPy's arrays as the columns of a table; texts are given as a `column`."""
    return Table.from_pydict(
        {name: one if isinstance(one, Array) else Array.from_numpy(one) for name, one in columns.items()}
    )


def coded(texts: Sequence[str], code: NDArray[np.integer[Any]]) -> Array:
    """Texts of which few are distinct: each row's place among them, a byte or four of it."""
    place = DataType.int8() if len(texts) < 128 else DataType.int32()
    return Array(texts, DataType.string()).cast(DataType.dictionary(place, DataType.string())).take(code)


def moments(seconds: NDArray[np.int64]) -> Array:
    """Seconds since 1970 as a column of times."""
    return Array.from_numpy(seconds * 1_000_000).cast(DataType.timestamp("us"))


def known(numbers: NDArray[np.float64]) -> Array:
    """Numbers as a column; what is not finite is NULL."""
    import numpy as np

    place = np.where(np.isfinite(numbers), np.arange(len(numbers)), np.nan)
    return Array.from_numpy(numbers).take(Array.from_numpy(place).cast(DataType.int64()))  # a cast NaN is NULL


def whole(given: ChunkedArray) -> Array:
    """A column in one piece."""
    return given.combine_chunks() if given.num_chunks else Array([], DataType.string()).cast(given.type)


def texts_of(given: ChunkedArray) -> list[str]:
    """A column's values as texts, NULL as an empty one."""
    return [one or "" for one in given.cast(DataType.string()).to_pylist()]


def numbers_of(given: ChunkedArray) -> list[float | None]:
    """A column's values as numbers; NULL, and a text that is no number, as None."""
    return list(given.cast(DataType.float64()).to_pylist())


def lists_of(given: ChunkedArray) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """A column of lists: where each begins, and the last one ends, among the values of all."""
    lists = whole(given)
    return list_offsets(lists).to_numpy(), list_flatten(lists).to_numpy()


def taken(given: Table, rows: NDArray[np.integer[Any]]) -> Table:
    """Some rows of a table, in this order."""
    return Table.from_pydict({name: whole(given[name]).take(rows) for name in given.column_names})


def changed(given: Table, **columns: Array) -> Table:
    """The table with these columns beside its own, or in place of those of the same name."""
    return arrays(**{name: whole(given[name]) for name in given.column_names} | columns)


def joined(tables: Sequence[Table]) -> Table:
    """The rows of tables with the same columns, one table after the other; kinds are the last one's."""
    kinds = zip(tables[-1].column_names, tables[-1].schema.types, strict=True)
    return Table.from_pydict(
        {name: whole(ChunkedArray([whole(one[name]).cast(kind) for one in tables])) for name, kind in kinds}
    )
