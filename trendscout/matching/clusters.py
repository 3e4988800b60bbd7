"""Products out of pairs: clusters that grow by their mutually best link and never through a veto.

A link between two clusters is the mean probability of all their cross pairs; a pair that was never a candidate
counts as MISSING. So one good pair does not chain two groups that otherwise differ, and the result does not depend
on the order of the listings. All merges of a round happen at once, in bulk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
MISSING = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Ties:
    """What binds rows beside the pairs' probabilities. Rows are numbered 0 to n - 1."""

    known: I64  # a number per row: rows of one number start together and two numbers never meet; -1: a new row
    platform: I64  # a number per row: two rows of one platform never meet; -1: of none, it meets any
    together: I64  # (k, 2): pairs of rows that are one product whatever the probability
    apart: I64  # (k, 2): pairs of rows that never meet in one cluster; none of them is tied by `together`

    def also(self, label: I64) -> Ties:
        """These, and rows of one label tied together."""
        rows = np.flatnonzero(label != np.arange(len(label)))
        return replace(self, together=np.concatenate((self.together, np.column_stack((label[rows], rows)))))


def cluster(
    a: NDArray[Any], b: NDArray[Any], probability: NDArray[Any], veto: NDArray[np.bool_], ties: Ties, least: float
) -> I64:
    """The smallest row of each row's cluster. Pairs (a, b) with a mean link of `least` or more may join."""
    count = len(ties.known)
    label = _start(ties)
    frozen = np.zeros(count, bool)
    frozen[label[ties.known >= 0]] = True
    size = np.bincount(label, minlength=count)
    bits = _platform_bits(ties.platform, label)

    # Rows that are kept apart are pairs with a veto: it stays on whatever their clusters grow into.
    a, b = np.concatenate((a, ties.apart[:, 0])), np.concatenate((b, ties.apart[:, 1]))
    probability = np.concatenate((probability, np.zeros(len(ties.apart))))
    veto = np.concatenate((veto, np.ones(len(ties.apart), bool)))
    hopeful = np.zeros(count, bool)
    good = (probability >= least) & ~veto
    hopeful[label[a[good]]] = hopeful[label[b[good]]] = True
    kept = hopeful[label[a]] & hopeful[label[b]]
    low, high = label[a[kept]], label[b[kept]]
    edges = _Edges(low, high, probability[kept].astype(np.float64), np.ones(len(low), np.int64), veto[kept])
    while len(edges.low):
        edges = edges.summed(count)
        low, high = edges.low, edges.high
        possible = size[low] * size[high]
        missing = np.maximum(possible - edges.pairs, 0)
        link = (edges.total + missing * MISSING) / (edges.pairs + missing)
        fits = (link >= least) & ~edges.veto & ~(frozen[low] & frozen[high])
        fits &= ~(bits[low] & bits[high]).any(1)
        if not fits.any():
            break
        winner, loser = _mutually_best(low[fits], high[fits], link[fits], count)
        target = np.arange(count)
        target[loser] = winner
        size[winner] += size[loser]
        bits[winner] |= bits[loser]
        frozen[winner] |= frozen[loser]
        label = target[label]
        edges = _Edges(target[low], target[high], edges.total, edges.pairs, edges.veto)
    return label


def _platform_bits(platform: I64, label: I64) -> NDArray[np.uint64]:
    """Which platforms each cluster has rows of: a row of bits by label."""
    bits = np.zeros((len(label), max(int(platform.max(initial=0)), 0) // 64 + 1), np.uint64)
    row = np.flatnonzero(platform >= 0)
    word, bit = np.divmod(platform[row], 64)
    np.bitwise_or.at(bits, (label[row], word), np.uint64(1) << bit.astype(np.uint64))
    return bits


def _start(ties: Ties) -> I64:
    """Clusters before any pair is looked at: known products and what is tied together."""
    count = len(ties.known)
    label = np.arange(count)
    rows = np.flatnonzero(ties.known >= 0)
    _, first, inverse = np.unique(ties.known[rows], return_index=True, return_inverse=True)
    label[rows] = rows[first][inverse]
    one, other = label[ties.together[:, 0]], label[ties.together[:, 1]]
    return components(one, other, count)[label]


def components(a: NDArray[Any], b: NDArray[Any], count: int) -> NDArray[np.int64]:
    """The smallest row that each row is tied to, directly or not."""
    label = np.arange(count)
    while True:
        least = np.minimum(label[a], label[b])
        before = label.copy()
        np.minimum.at(label, a, least)
        np.minimum.at(label, b, least)
        label = label[label]
        if (label == before).all():
            return label


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    low: I64
    high: I64
    total: NDArray[np.float64]  # sum of the probabilities
    pairs: I64
    veto: NDArray[np.bool_]

    def summed(self, count: int) -> _Edges:
        """One edge per pair of clusters; edges inside a cluster are gone."""
        low, high = np.minimum(self.low, self.high), np.maximum(self.low, self.high)
        apart = low != high
        key = low[apart] * count + high[apart]
        unique, inverse = np.unique(key, return_inverse=True)
        total = np.bincount(inverse, self.total[apart], len(unique)).astype(np.float64)
        pairs = np.bincount(inverse, self.pairs[apart], len(unique)).astype(np.int64)
        veto = np.bincount(inverse, self.veto[apart], len(unique)) > 0
        return _Edges(unique // count, unique % count, total, pairs, veto)


def _mutually_best(low: I64, high: I64, link: NDArray[np.float64], count: int) -> tuple[I64, I64]:
    """(low, high) of the edges that are the best of both their ends; equal links go to the smaller rows."""
    order = np.lexsort((high, low, -np.round(link, 9)))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    best = np.full(count, len(order))
    np.minimum.at(best, low, rank)
    np.minimum.at(best, high, rank)
    chosen = (best[low] == rank) & (best[high] == rank)
    return low[chosen], high[chosen]
