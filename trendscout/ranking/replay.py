"""A history folded into signals: which rows make the k-th batch, and the signals of the rows asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from trendscout.history import History
from trendscout.ranking.arrays import Columns, Flags, Floats, Ints
from trendscout.ranking.fold import State, step
from trendscout.ranking.look import Batch

BATCH_ROWS = (
    16_384  # lists are folded together until a batch has about this many rows: larger ones leave the cache
)


@dataclass(frozen=True, slots=True)
class Replay:
    """Signals of the wanted rows, in the order of the history, and the state after the last snapshot."""

    rows: Ints  # index into the observations
    signals: Columns

    def where(self, keep: Flags) -> Replay:
        """Only some of the rows."""
        return Replay(self.rows[keep], {name: values[keep] for name, values in self.signals.items()})


def replay(history: History, gap_s: Floats, wanted: Flags, lists: Ints | None = None) -> Replay:
    """The signals of every row of the `wanted` snapshots, each from snapshots up to its own.

    `gap_s` is how long an item of a list may be away before a new episode begins, in seconds, one a list. Only
    `lists` are folded where they are given.
    """
    return _together([(part.rows, part.signals) for part in replays(history, gap_s, wanted, lists)])


def replays(history: History, gap_s: Floats, wanted: Flags, lists: Ints | None = None) -> Iterator[Replay]:
    """The same, a chunk of lists at a time: for histories whose signals are larger than memory."""
    sizes = np.bincount(history.obs_snap, minlength=len(history.snap_list))
    first_row = np.append(0, np.cumsum(sizes))  # of each snapshot
    for chunk in _chunks(history, sizes, lists):
        yield _together(list(_fold(history, chunk, gap_s, wanted, first_row)))


def _together(parts: list[tuple[Ints, Columns]]) -> Replay:
    parts = [part for part in parts if len(part[0])]
    if not parts:
        return Replay(np.empty(0, np.int64), {})
    rows = np.concatenate([rows for rows, _ in parts])
    order = np.argsort(rows, kind="stable")
    signals = {name: np.concatenate([part[name] for _, part in parts])[order] for name in parts[0][1]}
    return Replay(rows[order], signals)


def _chunks(history: History, sizes: Ints, lists: Ints | None) -> Iterator[Ints]:
    """Lists in groups whose snapshots together have about BATCH_ROWS rows; `sizes` are a snapshot's rows."""
    if not len(history.snap_list):
        return
    rows = np.bincount(history.snap_list, sizes, len(history.lists))
    looks = np.bincount(history.snap_list, minlength=len(history.lists))
    # Lists of one length together: a batch thins out as its shorter lists end.
    by_length = np.argsort(-looks, kind="stable")
    usual = (rows / np.maximum(looks, 1))[by_length]
    chunk = (np.cumsum(usual) / BATCH_ROWS).astype(np.int64)
    asked = looks > 0 if lists is None else (looks > 0) & np.isin(np.arange(len(looks)), lists)
    for group in np.split(by_length, np.flatnonzero(np.diff(chunk)) + 1):
        if asked[group].any():
            yield np.sort(group[asked[group]])


def _fold(
    history: History, lists: Ints, gap_s: Floats, wanted: Flags, first_row: Ints
) -> Iterator[tuple[Ints, Columns]]:
    snapshots = (
        np.searchsorted(history.snap_list, lists, "left"),
        np.searchsorted(history.snap_list, lists, "right"),
    )
    slots, base = [], 0
    for first, last in zip(*snapshots, strict=True):
        items = history.obs_item[first_row[first] : first_row[last]]
        slot, count = number(items)
        slots.append(slot + base)
        base += count
    slot_of = np.concatenate(slots)
    # Rows of a chunk's lists lie together in `slot_of`; this is where each list's begin.
    shift = np.cumsum([0, *(len(slot) for slot in slots[:-1])]) - first_row[snapshots[0]]
    state = State.empty(base, len(lists))
    for k in range(int((snapshots[1] - snapshots[0]).max())):
        live = np.flatnonzero(snapshots[0] + k < snapshots[1])
        snaps = snapshots[0][live] + k
        sizes = first_row[snaps + 1] - first_row[snaps]
        live, snaps, sizes = live[sizes > 0], snaps[sizes > 0], sizes[sizes > 0]
        if not len(live):
            continue
        starts = np.cumsum(sizes) - sizes
        rows = np.arange(sizes.sum()) + np.repeat(first_row[snaps] - starts, sizes)
        batch = Batch(
            lists=live,
            times=history.snap_time[snaps].astype(float),
            depths=history.snap_depth[snaps].astype(float),
            gaps_s=gap_s[lists[live]],
            starts=starts,
            slots=slot_of[rows + np.repeat(shift[live], sizes)],
            ranks=history.obs_rank[rows].astype(float),
            counts=np.where(history.obs_floor[rows], np.nan, history.obs_count[rows]),  # a floor is no amount
        )
        want = wanted[snaps]
        signals = step(state, batch, want=bool(want.any()))
        if signals is not None:
            keep = np.repeat(want, sizes)
            yield rows[keep], {name: values[keep] for name, values in signals.items()}


def number(items: Ints) -> tuple[Ints, int]:
    """A number from 0 for each distinct item code, and how many there are; linear in the rows."""
    if not len(items):
        return np.empty(0, np.int64), 0
    low = int(items.min())
    seen_at = np.empty(int(items.max()) - low + 1, np.int64)
    position = np.arange(len(items))
    seen_at[items - low] = position
    last = seen_at[items - low]
    is_last = last == position
    numbered = np.cumsum(is_last) - 1
    return numbered[last], int(numbered[-1]) + 1
