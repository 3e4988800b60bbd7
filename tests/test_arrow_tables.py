"""Columns of each kind come out of DuckDB as they went in, and what has no room is refused."""

from datetime import datetime
from decimal import Decimal

import duckdb
import numpy as np
import pytest

from trendscout.store import sql
from trendscout.tables import MONEY, Table, column, joined, known, lists_of, table, taken, texts_of

COLUMNS = {
    "text": ("VARCHAR", ["灯", None, ""]),
    "bytes": ("BLOB", [b"\x00\xff", None, b""]),
    "yes": ("BOOLEAN", [True, None, False]),
    "whole": ("INTEGER", [-5, None, 2**31 - 1]),
    "long": ("BIGINT", [2**40, None, -1]),
    "code": ("UINTEGER", [2**32 - 1, None, 0]),
    "number": ("DOUBLE", [1.5, None, -0.1]),
    "at": ("TIMESTAMP", [datetime(2026, 5, 1, 6, 0, 0, 123456), None, datetime(1969, 12, 31, 23, 59, 59, 999999)]),  # noqa: DTZ001  # as a store keeps them
    "price": (MONEY, [Decimal("99999999999999.9999"), None, Decimal("1E+3")]),
    "texts": ("VARCHAR[]", [["a", "b"], None, []]),
    "numbers": ("UINTEGER[]", [[1], None, [2, 3]]),
}


def rows(of: Table) -> list[tuple[object, ...]]:
    connection = duckdb.connect()
    with sql.registered(connection, given=of):
        return connection.execute("FROM given_view").fetchall()


def test_what_goes_in_comes_out() -> None:
    given = table(COLUMNS)
    assert rows(given) == list(zip(*(values for _, values in COLUMNS.values()), strict=True))
    connection = duckdb.connect()
    with sql.registered(connection, given=given):
        kinds = {name: kind for name, kind, *_ in connection.execute("DESCRIBE FROM given_view").fetchall()}
        back = sql.arrow(connection, "FROM given_view")
        none = sql.arrow(connection, "FROM given_view WHERE false")
    assert kinds == {name: kind for name, (kind, _) in COLUMNS.items()}
    assert rows(back) == rows(given)
    assert rows(joined([none, back, given])) == [*rows(given), *rows(given)]
    assert rows(joined([none, none])) == []
    assert rows(taken(given, np.array([2, 0]))) == [rows(given)[2], rows(given)[0]]
    assert texts_of(given["text"]) == ["灯", "", ""]
    assert [part.tolist() for part in lists_of(given["numbers"])] == [[0, 1, 1, 3], [1, 2, 3]]
    assert [part.tolist() for part in lists_of(none["numbers"])] == [[0], []]


def test_what_is_not_finite_is_null() -> None:
    assert known(np.array([0.5, np.nan, -1.0, np.inf])).to_pylist() == [0.5, None, -1.0, None]


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        (MONEY, Decimal("1E+14"), OverflowError),
        ("INTEGER", 2**31, OverflowError),
        ("UINTEGER", -1, OverflowError),
        ("VARCHAR", 5, TypeError),
        ("INTEGER", 1.5, TypeError),
    ],
)
def test_what_has_no_room_is_refused(kind: str, value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        column(kind, [value])


def test_a_fault_while_an_answer_is_read_is_duckdbs() -> None:
    """It comes through Arrow as a bare Exception, which nobody who opens a store waits for."""
    late = "SELECT if(i = 1_500_000, error('{}'), i) AS i FROM range(2_000_000) t(i)"
    kinds = {
        "gone": duckdb.OperationalError,
        "Out of Memory": duckdb.OutOfMemoryException,
        "INTERRUPT Error": duckdb.InterruptException,  # of several threads one may be told of another's fault so
    }
    for fault, kind in kinds.items():
        with pytest.raises(kind, match=fault):
            sql.arrow(duckdb.connect(config={"threads": 1}), late.format(fault))
    with pytest.raises(ValueError, match="ours"), sql.answer(duckdb.connect(), "SELECT 1"):
        raise ValueError("ours")
