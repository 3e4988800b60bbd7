"""Many snapshots of ranked lists as arrays: what the store gives and the ranking reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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
