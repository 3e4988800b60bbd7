"""Candidate pairs: listings that share rare keys, joined in DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trendscout.tables import Table

BLOCK = 5_000  # listings joined at a time: the join of a million at once would not fit into memory
WAITING = 2_000_000  # pairs that are held before the weaker ones are dropped

_JOIN = """
    select x."row" as a, y."row" as b, sum(x.weight)::float as overlap
    from keys x join keys y on x.key = y.key and x."row" < y."row"
    where x."row" >= $start and x."row" < $stop and y."row" >= $first_new
    group by all
"""


def candidate_pairs(
    keys: Table, most: NDArray[np.int64], *, first_new: int = 0
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pairs of rows a < b that share a key, of which b is new, sorted: all a, and all b.

    `keys` has a row per listing and key: row (int32), key (int64), weight (float32). Rows from `first_new` on are
    new. Of each new listing the pairs with the greatest shared weight stay, from either side: as many as `most`
    says for its row.
    """
    import duckdb
    import numpy as np

    rows = int(keys["row"].to_numpy().max()) + 1 if len(keys) else 0
    from_lower, from_higher = [], _Pairs.empty()
    waiting: list[_Pairs] = []
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.register("given", keys)
        connection.execute('create temp table keys as select "row", key, weight from given')
        block = BLOCK * max(1, rows) // max(1, rows - first_new)  # known listings are joined to the new ones only
        for start in range(0, rows, block):
            span = {"start": start, "stop": min(start + block, rows), "first_new": first_new}
            pairs = _Pairs(**connection.execute(_JOIN, span).fetchnumpy())
            new = pairs.where(pairs.a >= first_new)
            from_lower.append(new.where(_strongest(new.a, new.b, new.overlap, most)))
            waiting.append(pairs)
            if sum(len(part.a) for part in waiting) > max(WAITING, len(from_higher.a)):
                from_higher, waiting = _kept(from_higher, waiting, most), []
    from_higher = _kept(from_higher, waiting, most)
    a, b = (
        np.concatenate([*(getattr(part, name) for part in from_lower), getattr(from_higher, name)])
        for name in ("a", "b")
    )
    both = np.sort(a.astype(np.int64) << 32 | b)
    both = both[np.diff(both, prepend=-1) != 0]
    return (both >> 32).astype(np.int32), (both & 0xFFFFFFFF).astype(np.int32)


def _kept(before: _Pairs, waiting: list[_Pairs], most: NDArray[np.int64]) -> _Pairs:
    """Of the pairs found so far, each higher row's strongest."""
    import numpy as np

    pairs = _Pairs(*(np.concatenate(column) for column in zip(before, *waiting, strict=True)))
    return pairs.where(_strongest(pairs.b, pairs.a, pairs.overlap, most))


class _Pairs(NamedTuple):
    """Pairs of rows and the weight that they share: three columns of one length."""

    a: NDArray[np.int32]
    b: NDArray[np.int32]
    overlap: NDArray[np.float32]

    @classmethod
    def empty(cls) -> _Pairs:
        import numpy as np

        return cls(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))

    def where(self, kept: NDArray[np.bool_]) -> _Pairs:
        return _Pairs(self.a[kept], self.b[kept], self.overlap[kept])


def _strongest(
    group: NDArray[np.int32], other: NDArray[np.int32], overlap: NDArray[np.float32], most: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which pairs are among their group's `most` with the greatest overlap; ties go to the smaller row.

    Sorting bare numbers takes a fifth of the time that sorting places by three columns does: the bits of positive
    floats sort as the floats do, so a group and its overlap are one number.
    """
    import numpy as np

    if not len(group):
        return np.empty(0, bool)
    key = group.astype(np.uint64) << np.uint64(32) | ~overlap.view(np.uint32)
    last = _last_kept(key, most)
    limit = last[group]
    kept = key < limit
    tied = np.flatnonzero(key == limit)
    tied = tied[np.lexsort((other[tied], group[tied]))]
    first = np.flatnonzero(np.diff(group[tied], prepend=-1))
    place = np.arange(len(tied)) - np.repeat(first, np.diff(first, append=len(tied)))
    room = most[: len(last)] - np.bincount(group[kept], minlength=len(last))
    kept[tied[place < room[group[tied]]]] = True
    return kept


def _last_kept(key: NDArray[np.uint64], most: NDArray[np.int64]) -> NDArray[np.uint64]:
    """By group, the greatest of its `most` smallest keys; a key's upper half is its group."""
    import numpy as np

    ordered = np.sort(key)
    group = (ordered >> np.uint64(32)).astype(np.int32)
    start = np.flatnonzero(np.diff(group, prepend=-1))
    size = np.diff(start, append=len(group))
    last = np.zeros(int(group[-1]) + 1, np.uint64)
    last[group[start]] = ordered[start + np.minimum(size, most[group[start]]) - 1]
    return last
