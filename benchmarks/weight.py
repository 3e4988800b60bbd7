"""What the program weighs once installed, by package, and what its Arrow tables are worth.

    python benchmarks/weight.py [--rows 100000]

MB (10^6 bytes, without bytecode) of every package that requirements/run.txt pins and that is installed here; then
CPU seconds in which DuckDB takes in rows as a crawl gives them, and gives out token lists as matching asks for
them, by Arrow, by NumPy and by what Python has; one thread, the best of three.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from trendscout.__main__ import LeftOut
from trendscout.store.sql import arrow
from trendscout.tables import table

TARGET_MB = 300
PINS = Path(__file__).parent.parent / "requirements" / "run.txt"
TYPES = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE"}
Row = dict[str, Any]


def weights() -> dict[str, float]:
    """MB of each pinned package that is installed, the heaviest first."""
    found = {}
    for name in set(re.findall(r"(?m)^([\w.-]+)==", PINS.read_text(encoding="utf-8"))):
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:  # a pin for another system or an older Python
            continue
        paths = (Path(str(file.locate())) for file in files if file.suffix != ".pyc")
        found[name] = sum(path.stat().st_size for path in paths if path.exists()) / 1e6
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def rows(count: int) -> list[Row]:
    """Rows as a reader of a list gives them."""
    return [
        {
            "list_id": f"shop_US/bestsellers/c{number % 50}",
            "rank": number % 100 + 1,
            "item_key": f"B{number:09}",
            "title": f"Moss lamp 折叠 {number} with some more words",
            "count": number * 3,
            "price": number % 500 / 7,
            "currency": "USD",
            "url": f"https://shop.example/dp/B{number:09}",
        }
        for number in range(count)
    ]


def opened() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory, of one thread."""
    return duckdb.connect(config={"threads": 1})


def by_arrow(given: Sequence[Row]) -> duckdb.DuckDBPyConnection:
    """The rows in a table, by an Arrow table."""
    connection = opened()
    columns = {name: (TYPES[type(value)], [row[name] for row in given]) for name, value in given[0].items()}
    connection.register("given", table(columns))
    connection.execute("CREATE TABLE taken AS FROM given")
    return connection


def by_numpy(given: Sequence[Row]) -> duckdb.DuckDBPyConnection:
    """The rows in a table, by a dict of arrays, text as objects."""
    connection = opened()
    columns = {
        name: np.array([row[name] for row in given], dtype=object if isinstance(value, str) else None)
        for name, value in given[0].items()
    }
    connection.register("given", columns)
    connection.execute("CREATE TABLE taken AS FROM given")
    return connection


def by_json(given: Sequence[Row]) -> duckdb.DuckDBPyConnection:
    """The rows in a table, by a file of JSON lines."""
    connection = opened()
    columns = ", ".join(f"{name}: '{TYPES[type(value)]}'" for name, value in given[0].items())
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in given)
        file.flush()
        connection.execute(f"CREATE TABLE taken AS FROM read_ndjson('{file.name}', columns = {{{columns}}})")
    return connection


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of the quickest of three."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def main() -> int:
    """Print both tables; 0 if the target is met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    count = parser.parse_args().rows
    sys.meta_path.insert(0, LeftOut())
    found = weights()
    whole = sum(found.values())
    heaviest = ", ".join(f"{name} {mb:.0f}" for name, mb in list(found.items())[:8])
    print(f"{whole:.0f} MB (target {TARGET_MB}): {heaviest}")
    given = rows(count)
    for name, way in (("Arrow", by_arrow), ("NumPy", by_numpy), ("JSON", by_json)):
        taken = cpu_s(partial(way, given))
        print(f"{count:,} rows of {len(given[0])} columns in, {name}: {taken:.2f} CPU s")
    connection = by_arrow(given)
    connection.execute("CREATE TABLE told AS SELECT item_key, string_split(title, ' ') AS tokens FROM taken")
    ways: dict[str, Callable[[], object]] = {
        "Arrow": lambda: arrow(connection, "FROM told"),
        "NumPy": lambda: connection.execute("FROM told").fetchnumpy(),
        "rows": lambda: connection.execute("FROM told").fetchall(),
    }
    for name, read in ways.items():
        print(f"{count:,} token lists out, {name}: {cpu_s(read):.2f} CPU s")
    return 0 if whole <= TARGET_MB else 1


if __name__ == "__main__":
    sys.exit(main())
