"""Candidate pairs: listings that share a rare key, joined in DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_JOIN = """
    with pair as (
        select x."row" as a, y."row" as b, sum(x.weight) as overlap
        from keys x join keys y on x.key = y.key and x."row" < y."row"
        where y."row" >= $first_new
        group by all
    )
    select a, b, overlap
    from pair
    qualify row_number() over (partition by a order by overlap desc, b) <= $most
        or row_number() over (partition by b order by overlap desc, a) <= $most
"""


def candidate_pairs(keys: pa.Table, *, first_new: int = 0, most: int = 30) -> pa.Table:
    """Pairs (a, b, overlap) of rows a < b that share a key, of which b is new.

    `keys` has a row per listing and key: row (int32), key (int64), weight (float32). Rows from `first_new` on are
    new. Of each listing the `most` pairs with the greatest shared weight stay, from either side.
    """
    import duckdb

    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.register("keys", keys)
        return connection.execute(_JOIN, {"first_new": first_new, "most": most}).to_arrow_table()
