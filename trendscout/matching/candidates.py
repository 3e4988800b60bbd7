"""Pairs worth scoring: listings that share a rare word, code or picture, or a rare pair of common words."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from trendscout.matching.listings import MIX, SCALE, Listings, occurrences
from trendscout.tables import Table, arrays

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

RAREST = 8  # keys per listing
MOST_LISTINGS = 100  # a key in more listings than that joins nothing: 4,950 pairs at most
NEAREST = 20  # pairs per listing
# Chinese titles of many shops share common words only. With 20 pairs a listing .59 of the true pairs of
# ember_taobao_zh are candidates, with these .805, at six times the pairs: so in stocks of up to so many alone.
WIDE_UP_TO = 15_000
WIDE_RAREST, WIDE_MOST_LISTINGS, WIDE_NEAREST = 16, 200, 150
JOINED = 5  # of a listing's common words, how many are paired with each other

_TABLE = 1 << 24


def wide_rows(listings: Listings, platform: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows are looked at more widely: Chinese titles of many shops, unless these are too many."""
    wide = listings.han & (platform < 0)
    return wide if wide.sum() <= WIDE_UP_TO else np.zeros(len(wide), bool)


def keys_of(listings: Listings, wide: NDArray[np.bool_], first_new: int = 0) -> Table:
    """Blocking keys: row (int32), key (int64), weight (float32), for `store.blocking.candidate_pairs`.

    Rows before `first_new` are known already: of them only what a new row may share is looked at.
    """
    words = _flat(listings.words, 1, first_new)
    codes = _flat(_all_codes(listings), 2, first_new)
    tokens = (
        _rarest(_joined((words, codes)), wide),
        _conjunctions(words, wide, first_new),
        _conjunctions(_flat(listings.concepts, 3, first_new), wide, first_new),
        _rarest(_flat(listings.image[:, None], 4, first_new), wide),
    )
    row, key = _joined(tokens).of_new(first_new)
    weight = np.log1p(SCALE / occurrences(key)).astype(np.float32)
    return arrays(row=row, key=key.view(np.int64), weight=weight)


class _Tokens(NamedTuple):
    """Which rows have which tokens: two columns of one length."""

    row: NDArray[np.int32]
    key: NDArray[np.uint64]

    def where(self, kept: NDArray[Any]) -> _Tokens:
        return _Tokens(self.row[kept], self.key[kept])

    def of_new(self, first_new: int) -> _Tokens:
        """Without those that surely no row from `first_new` on has, told by their last bits."""
        if not first_new:
            return self
        bits = self.key & np.uint64(_TABLE - 1)
        wanted = np.zeros(_TABLE, bool)
        wanted[bits[self.row >= first_new]] = True
        return self.where(wanted[bits])


def _joined(parts: Iterable[_Tokens]) -> _Tokens:
    return _Tokens(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _flat(slots: NDArray[np.uint32], salt: int, first_new: int) -> _Tokens:
    row, slot = np.nonzero(slots)
    key = slots[row, slot].astype(np.uint64) * MIX + np.uint64(salt)
    return _Tokens(row.astype(np.int32), key).of_new(first_new)


def _all_codes(listings: Listings) -> NDArray[np.uint32]:
    """The codes of title and text, without repetition in a row."""
    codes = np.sort(np.concatenate((listings.codes, listings.loose, listings.text_codes), axis=1), axis=1)
    codes[:, 1:][codes[:, 1:] == codes[:, :-1]] = 0
    return codes


def _useful(tokens: _Tokens, wide: NDArray[np.bool_]) -> tuple[_Tokens, NDArray[np.int64]]:
    """Those that more than one and at most MOST_LISTINGS rows have, and how many."""
    frequency = occurrences(tokens.key)
    kept = (frequency > 1) & (frequency <= np.where(wide, WIDE_MOST_LISTINGS, MOST_LISTINGS)[tokens.row])
    return tokens.where(kept), frequency[kept]


def _rarest(tokens: _Tokens, wide: NDArray[np.bool_]) -> _Tokens:
    """Each row's RAREST useful tokens."""
    useful, frequency = _useful(tokens, wide)
    return useful.where(_first_of_row(useful, frequency, np.where(wide, WIDE_RAREST, RAREST))[0])


def _first_of_row(
    tokens: _Tokens, frequency: NDArray[np.int64], most: int | NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each row's `most` rarest tokens stand, row by row, and each one's place in its row."""
    # One number a token instead of three columns: sorted in a thirtieth of the time. 26 bits of row, 20 of the
    # frequency, and 18 of the key, so that equally rare tokens are taken in one order from every row.
    rarity = np.minimum(frequency, (1 << 20) - 1).astype(np.uint64)
    number = tokens.row.astype(np.uint64) << np.uint64(38) | rarity << np.uint64(18) | tokens.key >> np.uint64(46)
    order = np.argsort(number, kind="stable")
    row = tokens.row[order]
    start = np.flatnonzero(np.diff(row, prepend=-1))
    place = np.arange(len(row)) - np.repeat(start, np.diff(start, append=len(row)))
    kept = place < (most if isinstance(most, int) else most[row])
    return order[kept], place[kept]


def _conjunctions(tokens: _Tokens, wide: NDArray[np.bool_], first_new: int) -> _Tokens:
    """Pairs of each row's rarest common tokens: together they may be rare."""
    frequency = occurrences(tokens.key)
    common = frequency > MOST_LISTINGS // 2
    tokens = tokens.where(common)
    chosen, place = _first_of_row(tokens, frequency[common], JOINED)
    rows = tokens.row[chosen]
    slots = np.zeros((int(rows[-1]) + 1 if len(rows) else 0, JOINED), np.uint64)
    slots[rows, place] = tokens.key[chosen]
    pairs = []
    for left, right in combinations(range(JOINED), 2):
        row = np.flatnonzero(slots[:, right]).astype(np.int32)
        first, second = slots[row, left], slots[row, right]
        key = (np.minimum(first, second) * MIX) ^ (np.maximum(first, second) + np.uint64(5))
        pairs.append(_Tokens(row, key))
    return _useful(_joined(pairs).of_new(first_new), wide)[0]
