"""A history brought to signals: which rows make a batch, the signals of rows asked for, states to go on from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType
from zlib import compress, decompressobj

import numpy as np

from trendscout.history import History, StateRow, first_rows
from trendscout.ranking.arrays import Columns, Flags, Floats, Ints, number
from trendscout.ranking.online_state import ITEM, LIST, VERSION, OnlineState, step
from trendscout.ranking.rules import group_of
from trendscout.ranking.snapshot_features import Batch

# Lists are stepped through together until a batch has about this many rows: larger ones leave the cache.
BATCH_ROWS = 16_384
NEAR = 0.1  # a state is not made anew while at most this share of the snapshots came after it
LATE_S = 86_400  # the lists of one job are first seen within a day
FAR = np.iinfo(np.int64).max // 2


@dataclass(frozen=True, slots=True, eq=False)
class KeptState:
    """What a list's first snapshots came to: a replay goes on from there while these are the same."""

    snapshots: int
    digest: str  # of what these snapshots show
    item: Floats  # rows ITEM; a column an item, in the order in which they were first seen
    list: Floats  # LIST

    def to_row(self) -> StateRow:
        """Plain values, to be stored; packed to a third or so, as many are whole numbers, or left if not less."""
        plain = self.item.tobytes()
        packed = compress(plain, 1)
        item = packed if len(packed) < len(plain) else plain
        return self.snapshots, self.digest, self.item.shape[1], item, self.list.tobytes()

    @classmethod
    def from_row(cls, snapshots: int, digest: str, items: int, item: bytes, of_list: bytes) -> KeptState:
        """The state that `to_row` gave."""
        whole = 8 * len(ITEM) * items
        plain = item if len(item) == whole else decompressobj().decompress(item, whole)
        return cls(snapshots, digest, np.frombuffer(plain).reshape(-1, items), np.frombuffer(of_list))


class KeptStates:
    """The states of lists, by list id: here in memory, and so small only; a store keeps its own."""

    def __init__(self, states: Mapping[str, KeptState] = MappingProxyType({})) -> None:
        self.states = {name: [state] for name, state in states.items()}

    def of(self, lists: Sequence[str]) -> Mapping[str, Sequence[KeptState]]:
        """Those of these lists that have any."""
        return {name: self.states[name] for name in lists if name in self.states}

    def keep(self, states: Mapping[str, KeptState]) -> None:
        """Take these as well."""
        for name, state in states.items():
            self.states.setdefault(name, []).append(state)


@dataclass(frozen=True, slots=True)
class Replay:
    """Signals of the wanted rows, in the order of the history."""

    rows: Ints  # index into the observations
    signals: Columns

    def where(self, keep: Flags) -> Replay:
        """Only some of the rows."""
        return Replay(self.rows[keep], {name: values[keep] for name, values in self.signals.items()})


def replay(
    history: History, gap_s: Floats, wanted: Flags, lists: Ints | None = None, states: KeptStates | None = None
) -> Replay:
    """The signals of every row of the `wanted` snapshots, each from snapshots up to its own.

    `gap_s` is how long an item of a list may be away before a new episode begins, in seconds, one a list. Only
    `lists` are stepped through where they are given, each from the last of its `states` on that is of these very
    snapshots. What a list comes to before its first wanted snapshot is kept among them, unless one is near.
    """
    return _together([(part.rows, part.signals) for part in replays(history, gap_s, wanted, lists, states)])


def replays(
    history: History,
    gap_s: Floats,
    wanted: Flags,
    lists: Ints | None = None,
    states: KeptStates | None = None,
    least: int = 0,
) -> Iterator[Replay]:
    """The same, a chunk of lists at a time: for histories whose signals are larger than memory.

    A state is near if no more than `least` snapshots, or than the share NEAR of all before, came after it.
    """
    for chunk in _chunks(history, gap_s, lists):
        if states is not None:
            first = chunk.first(wanted)
            chunk.go_on_from(states, first)
            far = first - chunk.at > np.maximum(least, NEAR * (first - chunk.begin))
            if far.any():
                for _ in chunk.steps(first, np.zeros_like(wanted)):
                    pass
                states.keep(chunk.kept_states(far))
        yield _together(list(chunk.steps(chunk.end, wanted)))


def _together(parts: list[tuple[Ints, Columns]]) -> Replay:
    parts = [part for part in parts if len(part[0])]
    if not parts:
        return Replay(np.empty(0, np.int64), {})
    rows = np.concatenate([rows for rows, _ in parts])
    order = np.argsort(rows, kind="stable")
    signals = {name: np.concatenate([part[name] for _, part in parts])[order] for name in parts[0][1]}
    return Replay(rows[order], signals)


def _chunks(history: History, gap_s: Floats, lists: Ints | None) -> Iterator[_Chunk]:
    """Lists in chunks whose snapshots together have about BATCH_ROWS rows."""
    if not len(history.snap_list):
        return
    first_row = first_rows(history)
    rows = np.bincount(history.snap_list, np.diff(first_row), len(history.lists))
    looks = np.bincount(history.snap_list, minlength=len(history.lists))
    # Lists of one length together: a batch thins out as its shorter lists end.
    by_length = np.argsort(-looks, kind="stable")
    usual = (rows / np.maximum(looks, 1))[by_length]
    chunk = (np.cumsum(usual) / BATCH_ROWS).astype(np.int64)
    asked = looks > 0 if lists is None else (looks > 0) & np.isin(np.arange(len(looks)), lists)
    for group in np.split(by_length, np.flatnonzero(np.diff(chunk)) + 1):
        if asked[group].any():
            yield _Chunk(history, np.sort(group[asked[group]]), gap_s, first_row)


def _late(history: History) -> Flags:
    """Which lists are watched since more than LATE_S after the first of their group."""
    began = watch_began(history)
    group = np.array([group_of(name) for name in history.lists], object)
    late = np.zeros(len(began), bool)
    for name in dict.fromkeys(group):
        late[group == name] = began[group == name] > began[group == name].min() + LATE_S
    return late


def watch_began(history: History) -> Ints:
    """When each list was first seen, in seconds; far away for one that never was."""
    began = np.full(len(history.lists), FAR)
    np.minimum.at(began, history.snap_list, history.snap_time)
    return began


class _Chunk:
    """Lists that are stepped through together, and how far each of them is."""

    def __init__(self, history: History, lists: Ints, gap_s: Floats, first_row: Ints) -> None:
        self.history, self.lists, self.gap_s = history, lists, gap_s[lists]
        self.first_row = first_row  # of each snapshot of the history
        self.late = _late(history)[lists]
        self.begin = np.searchsorted(history.snap_list, lists, "left")  # snapshots, one a list
        self.end = np.searchsorted(history.snap_list, lists, "right")
        self.at = self.begin.copy()  # the next one
        numbered = [
            number(history.obs_item[first_row[first] : first_row[last]])
            for first, last in zip(self.begin, self.end, strict=True)
        ]
        self.base = np.cumsum([0, *(count for _, count in numbered)])  # the first slot of each list
        self.slots = np.concatenate([slot + base for (slot, _), base in zip(numbered, self.base, strict=False)])
        # The lists' rows lie together in `slots`; from an index into the history's rows to one into these.
        self.shift = np.cumsum([0, *(len(slot) for slot, _ in numbered[:-1])]) - first_row[self.begin]
        self.state = OnlineState.empty(int(self.base[-1]), len(lists))

    def first(self, wanted: Flags) -> Ints:
        """The first wanted snapshot of each list; behind its last where there is none."""
        places = np.append(np.flatnonzero(wanted), len(wanted))
        first: Ints = np.minimum(places[np.searchsorted(places, self.begin)], self.end)
        return first

    def go_on_from(self, states: KeptStates, until: Ints) -> None:
        """Take over the states of snapshots before `until` that are still what they were."""
        names = [self.history.lists[code] for code in self.lists]
        known = states.of(names)
        for place, name in enumerate(names):
            past = until[place] - self.begin[place]
            mine = [state for state in known.get(name, ()) if 0 < state.snapshots <= past]
            for state in sorted(mine, key=lambda state: -state.snapshots):
                slots, digest = self._past(place, state.snapshots)
                if digest == state.digest and state.item.shape == (len(ITEM), slots.stop - slots.start):
                    self.state.item[:, slots], self.state.list[:, place] = state.item, state.list
                    self.at[place] += state.snapshots
                    break

    def kept_states(self, which: Flags) -> dict[str, KeptState]:
        """What these lists were brought to so far; one without an order has no rows, and no state."""
        made = {
            self.history.lists[self.lists[place]]: self._kept(place) for place in np.flatnonzero(which).tolist()
        }
        return {name: state for name, state in made.items() if state.item.size}

    def _kept(self, place: int) -> KeptState:
        snapshots = int(self.at[place] - self.begin[place])
        slots, digest = self._past(place, snapshots)
        return KeptState(snapshots, digest, self.state.item[:, slots].copy(), self.state.list[:, place].copy())

    def _past(self, place: int, snapshots: int) -> tuple[slice, str]:
        """The slots of a list's first snapshots, and a digest of all that computing them depends on."""
        history, begin = self.history, self.begin[place]
        snaps = slice(begin, begin + snapshots)
        rows = slice(self.first_row[begin], self.first_row[begin + snapshots])
        shift, base = self.shift[place], int(self.base[place])
        slot = self.slots[rows.start + shift : rows.stop + shift] - base
        digest = blake2b(
            repr((VERSION, ITEM, LIST, float(self.gap_s[place]), bool(self.late[place]))).encode(), digest_size=16
        )
        for column in (
            history.snap_time[snaps],
            history.snap_depth[snaps],
            np.diff(self.first_row[begin : begin + snapshots + 1]),
            slot.astype(np.int32),
            history.obs_rank[rows],
            self._counts(rows),
        ):
            digest.update(np.ascontiguousarray(column).data)
        return slice(base, base + int(slot.max(initial=-1)) + 1), digest.hexdigest()

    def _counts(self, rows: slice | Ints) -> Floats:
        return np.where(self.history.obs_floor[rows], np.nan, self.history.obs_count[rows])  # a floor is no amount

    def steps(self, until: Ints, wanted: Flags) -> Iterator[tuple[Ints, Columns]]:
        """Step the lists up to these snapshots, one of each at a time; yields wanted rows with their signals."""
        history, first_row = self.history, self.first_row
        while len(live := np.flatnonzero(self.at < until)):
            snaps = self.at[live]
            self.at[live] += 1
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
                gaps_s=self.gap_s[live],
                late=self.late[live],
                starts=starts,
                slots=self.slots[rows + np.repeat(self.shift[live], sizes)],
                ranks=history.obs_rank[rows].astype(float),
                counts=self._counts(rows),
            )
            want = wanted[snaps]
            signals = step(self.state, batch, want=bool(want.any()))
            if signals is not None:
                keep = np.repeat(want, sizes)
                yield rows[keep], {name: values[keep] for name, values in signals.items()}
