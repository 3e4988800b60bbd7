"""Many snapshots of ranked lists as arrays: what the store gives and the ranking reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trendscout.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Coded = tuple[NDArray[np.object_], NDArray[np.integer[Any]]]  # sorted distinct texts, each row's place in them

COLUMNS = ("list_id", "snapshot_at", "rank", "item_key")  # of a history in a file, at least
StateRow = tuple[int, str, int, bytes, bytes]  # a list's `ranking.signal_replay.KeptState` as it is stored
NEEDS = "A history needs the columns list_id, snapshot_at, rank and item_key."

# What others call these columns.
_ALIKE = {
    "list_id": ("list", "list_name", "chart", "category_id"),
    "snapshot_at": ("observed_at", "taken_at", "scraped_at", "collected_at", "timestamp", "time", "date"),
    "rank": ("position", "place", "ranking", "bsr"),
    "item_key": ("item_id", "product_id", "asin", "sku", "key", "id"),
}


def is_parquet(file: Path) -> bool:
    """Whether a file is Parquet by its first bytes, whatever it is called. Raises OSError if it cannot be read."""
    with file.open("rb") as opened:
        return opened.read(4) == b"PAR1"


def refuse_incomplete(file: Path | str, names: Sequence[str]) -> None:
    """Raise UsageError if a column that a history needs is not among these, with those that are like it."""
    import difflib

    missing = [name for name in COLUMNS if name not in names]
    if not missing:
        return
    alike = {
        name: next((other for other in names if other.lower() in _ALIKE[name]), None)
        or next(iter(difflib.get_close_matches(name, names, 1)), None)
        for name in missing
    }
    hint = ", ".join(f"{other} → {name}" for name, other in alike.items() if other)
    raise UsageError(
        "{file} has no column {names}.",
        next_step="Rename what it has: {alike}. " + NEEDS if hint else NEEDS,
        file=file,
        names=", ".join(missing),
        alike=hint,
    )


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Snapshots sorted by (list, time); observations sorted by (snapshot, rank, item).

    A missed, blocked or failed look is no snapshot at all, so nothing can be read out of it. Items are coded per
    (platform, market, item_key): one item may stand on several lists.
    """

    lists: tuple[str, ...]  # list ids; a list code is an index into this
    items: NDArray[np.object_]  # item keys; an item code is an index into this
    snap_list: NDArray[np.int32]  # list code
    snap_time: NDArray[np.int64]  # seconds since 1970, UTC
    snap_depth: NDArray[np.int32]  # every place from 1 to depth was looked at; 0: nothing is known of absent items
    snap_length: NDArray[np.int32]  # how long the site says the list is; -1: it does not say
    obs_snap: NDArray[np.int32]  # index into the snapshots
    obs_item: NDArray[np.int32]  # item code
    obs_rank: NDArray[np.int32]  # 1 is the top of the list
    obs_count: NDArray[np.float64]  # NaN: not shown
    obs_floor: NDArray[np.bool_]  # True: the count is a lower bound
    titles: NDArray[np.object_] | None = None  # of the items, "" where there is none; None: not known at all


def cut(history: History, until_s: int) -> History:
    """The history as it was at a moment: snapshots taken at or before `until_s` (seconds since 1970)."""
    return only(history, history.snap_time <= until_s)


def only(history: History, keep: NDArray[np.bool_]) -> History:
    """The history with some of its snapshots."""
    import numpy as np

    if keep.all():
        return history
    rows = keep[history.obs_snap]
    return History(
        lists=history.lists,
        items=history.items,
        snap_list=history.snap_list[keep],
        snap_time=history.snap_time[keep],
        snap_depth=history.snap_depth[keep],
        snap_length=history.snap_length[keep],
        obs_snap=(np.cumsum(keep) - 1).astype(np.int32)[history.obs_snap[rows]],
        obs_item=history.obs_item[rows],
        obs_rank=history.obs_rank[rows],
        obs_count=history.obs_count[rows],
        obs_floor=history.obs_floor[rows],
        titles=history.titles,
    )


def first_rows(history: History) -> NDArray[np.int64]:
    """Where the observations of each snapshot begin, and behind these, where the last one's end."""
    import numpy as np

    snaps = np.arange(len(history.snap_list) + 1, dtype=history.obs_snap.dtype)  # of another type all were copied
    return np.searchsorted(history.obs_snap, snaps)


def slices(count: int, at_once: int = 1_000_000) -> Iterator[slice]:
    """`count` rows part by part, for what would else be made of all of them at once."""
    return (slice(begin, min(begin + at_once, count)) for begin in range(0, count, at_once))


def latest(history: History) -> NDArray[np.bool_]:
    """Which snapshots are the last of their list."""
    import numpy as np

    last: NDArray[np.bool_] = np.diff(history.snap_list, append=-1) != 0
    return last


def history_of(
    list_id: Coded,
    item_key: Coded,
    seconds: NDArray[np.int64],
    rank: NDArray[np.int32],
    *,
    title: Coded | None = None,
    **others: NDArray[Any],
) -> History:
    """A history from rows in any order: whose list and item, when (seconds since 1970, UTC) and at which rank.

    `others` are count (NaN: not shown), count_floor, depth and length (-1: not said). Without depth a list was
    looked at down to the lowest place it showed. A row given twice counts once, at its best rank. Raises
    UsageError if a rank is not 1 or more.
    """
    import numpy as np

    lists, list_code = list_id[0], list_id[1].astype(np.int64)
    keys, key_code = item_key[0], item_key[1].astype(np.int64)
    if len(rank) and rank.min() < 1:
        raise UsageError("A rank in this history is below 1.", next_step="1 is the top of a list.")

    homes, home_of_list = np.unique(
        np.array([name.partition("/")[0] for name in lists], object), return_inverse=True
    )
    # Item codes follow the order of the keys, so that ties broken by code are broken by key.
    items, item = np.unique(key_code * max(1, len(homes)) + home_of_list[list_code], return_inverse=True)
    item_keys = keys[items // max(1, len(homes))]

    as_given = item, seconds
    order = np.lexsort((rank, item, seconds, list_code))
    order = order[
        _changes(item[order], seconds[order], list_code[order])
    ]  # of an item's rows in one snapshot, the best
    order = order[np.lexsort((item[order], rank[order], seconds[order], list_code[order]))]

    list_code, seconds, rank, item = list_code[order], seconds[order], rank[order], item[order]
    new = _changes(list_code, seconds)
    starts = np.flatnonzero(new)
    deepest = np.maximum.reduceat(rank, starts) if len(starts) else rank[:0]

    def optional(name: str, fill: float) -> NDArray[np.float64]:
        return np.asarray(others[name], np.float64)[order] if name in others else np.full(len(order), fill)

    depth = optional("depth", -1.0)[starts].astype(np.int32)
    return History(
        lists=tuple(lists),
        items=item_keys,
        snap_list=list_code[starts].astype(np.int32),
        snap_time=seconds[starts],
        snap_depth=np.where(depth < 0, deepest, depth).astype(np.int32),
        snap_length=optional("length", -1.0)[starts].astype(np.int32),
        obs_snap=(np.cumsum(new) - 1).astype(np.int32),
        obs_item=item.astype(np.int32),
        obs_rank=rank,
        obs_count=optional("count", float("nan")),
        obs_floor=optional("count_floor", 0.0) > 0,
        titles=_titles(title, *as_given, item_keys) if title else None,
    )


def _titles(
    title: Coded, item: NDArray[np.int64], seconds: NDArray[np.int64], keys: NDArray[np.object_]
) -> NDArray[np.object_] | None:
    """One title an item: the one it was first seen with, so that a later change of title changes no past."""
    import numpy as np

    texts, code = title
    of_item = np.zeros(len(keys), np.int64)
    latest_first = np.lexsort((-code, -seconds))
    of_item[item[latest_first]] = code[latest_first]
    return texts[of_item] if len(texts) else None


def _changes(*columns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True where a row differs from the row before it; the first row always does."""
    import numpy as np

    new = np.ones(len(columns[0]), bool)
    new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return new
