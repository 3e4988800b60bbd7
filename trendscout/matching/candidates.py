"""Pairs worth scoring: listings that share a rare word, code or picture, or a rare pair of common words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from trendscout.matching.listings import SCALE, Listings

if TYPE_CHECKING:
    from numpy.typing import NDArray

RAREST = 8  # keys per listing
MOST_LISTINGS = 100  # a key in more listings than that joins nothing: 4,950 pairs at most
JOINED = 5  # of a listing's common words, how many are paired with each other

_TABLE = 1 << 24
_MIX = np.uint64(0x9E3779B97F4A7C15)


def keys_of(listings: Listings, first_new: int = 0) -> pa.Table:
    """Blocking keys: row (int32), key (int64), weight (float32), for `store.blocking.candidate_pairs`.

    Rows before `first_new` are known already: of them only what a new row may share is looked at.
    """
    given = (listings.words, _all_codes(listings), listings.concepts, listings.image[:, None])
    words, codes, concepts, images = (_salted(tokens, salt) for salt, tokens in enumerate(given, 1))
    if first_new:
        new = np.arange(len(listings)) >= first_new
        words, codes, concepts, images = (_of_new(tokens, new) for tokens in (words, codes, concepts, images))
    found = (
        _rarest(np.concatenate((words, codes), axis=1)),
        _conjunctions(words),
        _conjunctions(concepts),
        _rarest(images),
    )
    row = np.concatenate([rows for rows, _ in found])
    key = np.concatenate([keys for _, keys in found])
    if first_new:
        kept = _of_new(key, row >= first_new) != 0
        row, key = row[kept], key[kept]
    weight = np.log1p(SCALE / _frequency(key)).astype(np.float32)
    return pa.table({"row": row.astype(np.int32), "key": key.view(np.int64), "weight": weight})


def _of_new(tokens: NDArray[np.uint64], new: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """The tokens, without those that surely no new row has (told by their last bits)."""
    bits = tokens & np.uint64(_TABLE - 1)
    wanted = np.zeros(_TABLE, bool)
    wanted[bits[new].ravel()] = True
    return np.where(wanted[bits], tokens, np.uint64(0))


def _all_codes(listings: Listings) -> NDArray[np.uint32]:
    """The codes of title and text, without repetition in a row."""
    codes = np.sort(np.concatenate((listings.codes, listings.loose, listings.text_codes), axis=1), axis=1)
    codes[:, 1:][codes[:, 1:] == codes[:, :-1]] = 0
    return codes


def _salted(tokens: NDArray[np.uint32], salt: int) -> NDArray[np.uint64]:
    wide = tokens.astype(np.uint64)
    return np.where(wide == 0, np.uint64(0), wide * _MIX + np.uint64(salt))


def _frequency(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return counts[inverse]


def _frequencies(tokens: NDArray[np.uint64]) -> NDArray[np.int64]:
    out = np.zeros(tokens.shape, np.int64)
    out[tokens != 0] = _frequency(tokens[tokens != 0])
    return out


def _useful(rows: NDArray[np.int64], keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    frequency = _frequency(keys)
    kept = (frequency > 1) & (frequency <= MOST_LISTINGS)
    return rows[kept], keys[kept]


def _rarest(tokens: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Each row's RAREST tokens among those that more than one and at most MOST_LISTINGS rows have."""
    frequency = _frequencies(tokens)
    frequency[(frequency < 2) | (frequency > MOST_LISTINGS)] = MOST_LISTINGS + 1
    width = min(RAREST, tokens.shape[1])
    order = np.lexsort((tokens, frequency), axis=1)[:, :width]
    chosen = np.take_along_axis(tokens, order, 1)
    kept = np.take_along_axis(frequency, order, 1) <= MOST_LISTINGS
    rows = np.broadcast_to(np.arange(len(tokens))[:, None], chosen.shape)
    return rows[kept], chosen[kept]


def _conjunctions(tokens: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Pairs of each row's rarest common tokens (in more than MOST_LISTINGS rows): together they may be rare."""
    frequency = _frequencies(tokens)
    frequency[frequency <= MOST_LISTINGS // 2] = np.iinfo(np.int64).max
    width = min(JOINED, tokens.shape[1])
    order = np.lexsort((tokens, frequency), axis=1)[:, :width]
    chosen = np.take_along_axis(tokens, order, 1)
    common = np.take_along_axis(frequency, order, 1) < np.iinfo(np.int64).max
    left, right = np.triu_indices(width, 1)
    both = common[:, left] & common[:, right]
    low = np.minimum(chosen[:, left], chosen[:, right])
    high = np.maximum(chosen[:, left], chosen[:, right])
    keys = (low * _MIX) ^ (high + np.uint64(5))
    rows = np.broadcast_to(np.arange(len(tokens))[:, None], keys.shape)
    return _useful(rows[both], keys[both])
