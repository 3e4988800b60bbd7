"""Candidate pairs: listings that share rare keys, joined in DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

BLOCK = 10_000  # listings joined at a time: the join of a million at once would not fit into memory

_JOIN = """
    select x."row" as a, y."row" as b, sum(x.weight)::float as overlap
    from keys x join keys y on x.key = y.key and x."row" < y."row"
    where x."row" >= $start and x."row" < $stop and y."row" >= $first_new
    group by all
"""


def candidate_pairs(keys: pa.Table, *, first_new: int = 0, most: int = 20) -> pa.Table:
    """Pairs (a, b) of rows a < b that share a key, of which b is new, sorted.

    `keys` has a row per listing and key: row (int32), key (int64), weight (float32). Rows from `first_new` on are
    new. Of each new listing the `most` pairs with the greatest shared weight stay, from either side.
    """
    import duckdb
    import numpy as np
    import pyarrow as pa

    rows = int(keys["row"].to_numpy().max()) + 1 if len(keys) else 0
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.register("given", keys)
        connection.execute('create temp table keys as select "row", key, weight from given')
        blocks = [
            connection.execute(
                _JOIN, {"start": start, "stop": min(start + BLOCK, rows), "first_new": first_new}
            ).fetchnumpy()
            for start in range(0, rows, BLOCK)
        ]
    if not blocks:
        return pa.table({"a": np.empty(0, np.int32), "b": np.empty(0, np.int32)})
    a, b, overlap = (np.concatenate([block[name] for block in blocks]) for name in ("a", "b", "overlap"))
    kept = _first(b, a, overlap, most)
    new = a >= first_new
    kept[new] |= _first(a[new], b[new], overlap[new], most)
    a, b = a[kept], b[kept]
    order = np.lexsort((b, a))
    return pa.table({"a": a[order], "b": b[order]})


def _first(group: NDArray[Any], other: NDArray[Any], overlap: NDArray[Any], most: int) -> NDArray[np.bool_]:
    """Which pairs are among their group's `most` with the greatest overlap; ties go to the smaller row."""
    import numpy as np

    order = np.lexsort((other, -overlap, group))
    ordered = group[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.empty(0, np.int64)
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    kept = np.zeros(len(order), bool)
    kept[order[place < most]] = True
    return kept
