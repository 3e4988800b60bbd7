"""Shallow additive trees: what each signal adds to the log-odds of a breakout, in steps, not by one slope.

Gradient boosting by Newton steps (Friedman 2001; Chen and Guestrin 2016) on histograms of the signals. Trees have
four leaves. What a leaf adds is credited to the signals on the way to it, split by split, so that a row's log-odds
are the exact sum of what its signals add.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from trendscout.ranking.arrays import Flags, Floats, Ints

ROUNDS = 80
LEAVES = 4  # stumps gave half of what these gain on bilibili_popular, more leaves nothing beyond them
RATE = 0.1  # of a Newton step: the shrinkage that 80 rounds are meant for
BINS = 32  # of a signal, with about equally many rows each
COLUMNS = 0.5  # share of the signals that a round may split by: faster, and trees differ more
RIDGE = 5.0  # added to the curvature of every leaf
# Curvature that a leaf must have: 250 rows where 4 % break out. Counted in independent trials, a twentieth of the
# rows of a list of four looks a day, a leaf could not single out the few that rise (amazon_us .62 for 1.05).
LEAST = 10.0
MAX_ROWS = 8_000  # of training; of the rows that did not break out, every n-th is kept and weighs n
SEED = 7

Split = tuple[int, int, float]  # node, signal, threshold; the i-th split makes nodes 2i + 1 (below) and 2i + 2


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree: node 0 is its root."""

    splits: tuple[Split, ...]
    values: tuple[float, ...]  # log-odds of each node


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees that add up to log-odds."""

    base: float  # log-odds before any split
    trees: tuple[Tree, ...]

    def parts(self, values: Floats) -> Floats:
        """What each signal adds to each row's log-odds, beside `base`: the shape of `values`, (rows, signals)."""
        parts = np.zeros(values.shape)
        for tree in self.trees:
            node = np.zeros(len(values), np.int64)
            for number, (parent, signal, threshold) in enumerate(tree.splits):
                rows = np.flatnonzero(node == parent)
                node[rows] = 2 * number + 1 + (values[rows, signal] >= threshold)
                parts[rows, signal] += np.array(tree.values)[node[rows]] - tree.values[parent]
        return parts


def fit_trees(values: Floats, hit: Flags, repeat: Floats) -> Trees:
    """Trees for the log-odds of `hit` from `values` (rows, signals); each row stands for `repeat` of its kind.

    There must be hits and misses.
    """
    growing = _Growing.of(values, hit.astype(float), repeat)
    columns = np.random.default_rng(SEED)
    count = max(1, int(values.shape[1] * COLUMNS))
    trees = []
    for _ in range(ROUNDS):
        tree = growing.tree(np.sort(columns.choice(values.shape[1], count, replace=False)))
        if not tree.splits:
            break
        trees.append(tree)
    return Trees(growing.base + sum(tree.values[0] for tree in trees), tuple(trees))


def sampled(hit: Flags) -> tuple[Ints, Floats]:
    """Rows to train on, of rows in the order of time, and how many each stands for; the latest are surely kept."""
    hits, misses = np.flatnonzero(hit)[::-1], np.flatnonzero(~hit)[::-1]
    every_hit = max(1, -(-len(hits) // (MAX_ROWS // 3)))
    every_miss = max(1, -(-len(misses) // (MAX_ROWS - len(hits[::every_hit]))))
    rows = np.concatenate([hits[::every_hit], misses[::every_miss]])
    repeat = np.repeat([float(every_hit), float(every_miss)], [len(hits[::every_hit]), len(misses[::every_miss])])
    return rows, repeat


@dataclass(slots=True)
class _Leaf:
    """A leaf of a tree that grows: its rows, their gradients by (signal, bin), and its best split."""

    node: int
    rows: Ints
    gradient: Floats
    curvature: Floats
    gain: float = field(init=False)
    place: int = field(init=False)  # of the best split, flat over (signal, bin)

    def __post_init__(self) -> None:
        below, weight = np.cumsum(self.gradient, axis=1)[:, :-1], np.cumsum(self.curvature, axis=1)[:, :-1]
        total, whole = self.gradient[0].sum(), self.curvature[0].sum()
        gain = below**2 / (weight + RIDGE) + (total - below) ** 2 / (whole - weight + RIDGE)
        gain -= total**2 / (whole + RIDGE)
        gain[(weight < LEAST) | (whole - weight < LEAST)] = 0.0
        self.place = int(gain.argmax())
        self.gain = float(gain.flat[self.place])

    @property
    def value(self) -> float:
        return RATE * float(self.gradient[0].sum() / (self.curvature[0].sum() + RIDGE))


@dataclass(slots=True)
class _Growing:
    """The log-odds so far, and the binned signals that the next tree is split by."""

    edges: list[Floats]  # of each signal's bins
    bins: Ints  # (signals, rows)
    hit: Floats
    weight: Floats
    base: float
    score: Floats

    @classmethod
    def of(cls, values: Floats, hit: Floats, weight: Floats) -> _Growing:
        """Nothing learned but the rate of hits."""
        inner = np.linspace(0, 1, BINS + 1)[1:-1]
        edges = [np.unique(np.quantile(column, inner)) for column in values.T]
        places = [np.searchsorted(edge, column, "right") for edge, column in zip(edges, values.T, strict=True)]
        bins = np.stack(places)
        rate = float((weight * hit).sum() / weight.sum())
        base = float(np.log(rate / (1 - rate)))
        return cls(edges, bins.astype(np.int32), hit, weight, base, np.full(len(hit), base))

    def tree(self, signals: Ints) -> Tree:
        """The next tree, grown best split first from some of the signals; the log-odds take it in."""
        chance = 1 / (1 + np.exp(-np.clip(self.score, -30, 30)))
        gradient, curvature = self.weight * (self.hit - chance), self.weight * chance * (1 - chance)
        bins = self.bins[signals] + np.arange(len(signals), dtype=np.int32)[:, None] * BINS

        def histograms(rows: Ints) -> Iterator[Floats]:
            places = bins[:, rows].ravel()
            for values in (gradient, curvature):
                summed = np.bincount(places, np.tile(values[rows], len(signals)), len(signals) * BINS)
                yield summed.reshape(len(signals), BINS).astype(np.float64)

        every = np.arange(len(self.hit))
        leaves = [_Leaf(0, every, *histograms(every))]
        splits: list[Split] = []
        values = [leaves[0].value]
        while len(leaves) < LEAVES:
            leaf = max(leaves, key=lambda one: one.gain)
            if leaf.gain <= 0:
                break
            column, edge = divmod(leaf.place, BINS - 1)
            below = self.bins[signals[column], leaf.rows] <= edge
            smaller = leaf.rows[below] if 2 * below.sum() <= len(below) else leaf.rows[~below]
            small = tuple(histograms(smaller))
            rest = (leaf.gradient - small[0], leaf.curvature - small[1])
            low, high = (small, rest) if 2 * below.sum() <= len(below) else (rest, small)
            node = 2 * len(splits) + 1
            made = [_Leaf(node, leaf.rows[below], *low), _Leaf(node + 1, leaf.rows[~below], *high)]
            splits.append((leaf.node, int(signals[column]), float(self.edges[signals[column]][edge])))
            values += [one.value for one in made]
            leaves = [one for one in leaves if one is not leaf] + made
        for leaf in leaves:
            self.score[leaf.rows] += leaf.value
        return Tree(tuple(splits), tuple(values))
