"""What speaks for and against two listings being one product, in bulk: one row of numbers per candidate pair.

Everything is symmetric in the two listings. Arrays stand with the listing's slots first and the pairs second, so
that every step runs along contiguous pairs; no Python loop runs over pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from trendscout.matching.listings import Listings

F32 = NDArray[np.float32]
BATCH = 8_192  # pairs at a time: their words stay in the processor's cache

# Facts that exclude each other, by how sellers treat them.
GROUPS: dict[str, tuple[str, ...]] = {
    "measure": (
        "mb", "mb/s", "mm", "inch", "g", "oz", "ml", "floz", "mah", "wh", "w", "v", "amp", "hz", "mhz", "rpm",
        "lines", "k", "mp", "degree", "tier", "speed", "x", "in one", "hour", "minute", "year", "month", "%",
    ),
    "count": ("count",),
    "number": ("number", "generation"),
    "colour": ("colour",),
    "style": ("size", "side", "gender", "age"),
    "tier": ("tier_word", "edition", "system"),
    "form": ("form", "fit"),
}  # fmt: skip
_KINDS = {name: np.array([crc32(kind.encode()) for kind in kinds], np.uint32) for name, kinds in GROUPS.items()}

NAMES: tuple[str, ...] = (
    "jaccard",
    "containment",
    "grams",
    "order",
    "rarest_shared",
    "rarest_missing",
    "rarest_missing_both",
    "in_text",
    "text_overlap",
    "text_known",
    "concepts",
    "cross_script",
    "code_same",
    "code_near",
    "code_in_text",
    "code_conflict",
    "measure_same",
    *(f"{name}_conflict" for name in GROUPS),
    "number_same",
    "number_one_sided",
    "tier_one_sided",
    "form_one_sided",
    "colour_same",
    "brand_same",
    "brand_conflict",
    "price_gap",
    "price_known",
    "image_same",
    "length_gap",
    "same_source",
)
PLACE = {name: place for place, name in enumerate(NAMES)}


def pair_features(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> F32:
    """A row of NAMES per pair of row numbers (a, b)."""
    out = np.empty((len(a), len(NAMES)), np.float32)
    grams = _grams(listings)
    for start in range(0, len(a), BATCH):
        part = slice(start, start + BATCH)
        columns = dict(_batch(listings, grams, a[part], b[part]))
        for name, place in PLACE.items():
            out[part, place] = columns[name]
    return out


def _slots(values: NDArray[Any], rows: NDArray[np.int32]) -> NDArray[Any]:
    return np.ascontiguousarray(values[rows].T)


def _met(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which slots of `a` occur in `b` of the same pair, and the other way round."""
    in_a = np.zeros(a.shape, bool)
    in_b = np.zeros(b.shape, bool)
    for slot in range(len(b)):
        equal = a == b[slot]
        equal &= b[slot] != 0
        in_a |= equal
        in_b[slot] = np.logical_or.reduce(equal, axis=0)
    return in_a, in_b


def _meets(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(np.logical_or.reduce(_met(a, b)[0], axis=0))


def _batch(
    listings: Listings, grams: NDArray[np.uint64], a: NDArray[np.int32], b: NDArray[np.int32]
) -> Iterator[tuple[str, NDArray[Any]]]:
    words_a, words_b = _slots(listings.words, a), _slots(listings.words, b)
    weights_a, weights_b = _slots(listings.weights, a), _slots(listings.weights, b)
    in_a, in_b = _met(words_a, words_b)
    total_a, total_b = weights_a.sum(0), weights_b.sum(0)
    least, most = np.minimum(total_a, total_b) + 1e-6, np.maximum(total_a, total_b) + 1e-6
    shared_a = weights_a * in_a
    shared = shared_a.sum(0)
    yield "jaccard", shared / (total_a + total_b - shared + 1e-6)
    yield "containment", shared / least
    yield "rarest_shared", shared_a.max(0) / 8.5
    missing_a, missing_b = weights_a * ~in_a, weights_b * ~in_b
    yield "rarest_missing", np.maximum(missing_a.max(0), missing_b.max(0)) / 8.5
    yield "rarest_missing_both", np.minimum(missing_a.max(0), missing_b.max(0)) / 8.5
    yield "length_gap", np.log(most / least)

    bits_a, bits_b = grams[a], grams[b]
    both = np.bitwise_count(bits_a & bits_b).sum(1)
    alone = np.bitwise_count(bits_a).sum(1) + np.bitwise_count(bits_b).sum(1)
    yield "grams", 2 * both / np.maximum(alone, 1)
    yield "order", _order(listings, a, b)
    yield from _text(listings, a, b, words_a, words_b, missing_a, missing_b, most)
    yield from _concepts(listings, a, b)
    yield from _codes(listings, a, b)
    yield from _facts(listings, a, b)
    yield from _shop(listings, a, b)


def _order(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.float32]:
    folded = listings.table["folded"]
    scores = process.cpdist(
        folded.take(a).to_pylist(), folded.take(b).to_pylist(), scorer=fuzz.ratio, dtype=np.float32
    )
    return np.asarray(scores / 100, np.float32)


def _grams(listings: Listings) -> NDArray[np.uint64]:
    """Each title's character trigrams as a set of 512 bits."""
    out = np.zeros((len(listings), 64), np.uint8)
    folded = listings.table["folded"].to_pylist()
    for start in range(0, len(folded), BATCH):
        part = folded[start : start + BATCH]
        text = np.frombuffer("\0".join(("", *part, "")).encode("utf-32-le"), np.uint32)
        mixed = (
            text[:-2] * np.uint32(0x9E3779B1)
            ^ text[1:-1] * np.uint32(0x85EBCA77)
            ^ text[2:] * np.uint32(0xC2B2AE3D)
        )
        mixed ^= mixed >> np.uint32(15)
        row = np.cumsum(text == 0)[:-2] - 1
        inside = text[1:-1] != 0
        bit = (mixed[inside] * np.uint32(0x2C1B3C6D)) >> np.uint32(23)
        dense = np.zeros((len(part), 512), bool)
        dense[row[inside], bit] = True
        out[start : start + len(part)] = np.packbits(dense, axis=1)
    return out.view(np.uint64)


def _text(
    listings: Listings,
    a: NDArray[np.int32],
    b: NDArray[np.int32],
    words_a: NDArray[Any],
    words_b: NDArray[Any],
    missing_a: NDArray[Any],
    missing_b: NDArray[Any],
    most: NDArray[Any],
) -> Iterator[tuple[str, NDArray[Any]]]:
    """What the titles lack and the other's description or brand says."""
    text_a, text_b = _slots(listings.text, a), _slots(listings.text, b)
    known = (text_a[0] != 0) & (text_b[0] != 0)
    yield "text_known", known
    if not (text_a.any() or text_b.any()):
        nothing = np.zeros(len(a), np.float32)
        yield "in_text", nothing
        yield "text_overlap", nothing
        return
    explained = (missing_a * _met(words_a, text_b)[0]).sum(0) + (missing_b * _met(words_b, text_a)[0]).sum(0)
    yield "in_text", explained / most
    shared = _met(text_a, text_b)[0].sum(0)
    smaller = np.minimum((text_a != 0).sum(0), (text_b != 0).sum(0))
    yield "text_overlap", np.where(known, shared / np.maximum(smaller, 4), 0)


def _concepts(
    listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]
) -> Iterator[tuple[str, NDArray[Any]]]:
    weights_a, weights_b = _slots(listings.concept_weights, a), _slots(listings.concept_weights, b)
    in_a, _ = _met(_slots(listings.concepts, a), _slots(listings.concepts, b))
    shared = (weights_a * in_a).sum(0)
    cross = listings.han[a] != listings.han[b]
    yield "cross_script", cross
    yield "concepts", np.where(cross, shared / (np.minimum(weights_a.sum(0), weights_b.sum(0)) + 1), 0)


def _codes(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> Iterator[tuple[str, NDArray[Any]]]:
    codes_a, codes_b = _slots(listings.codes, a), _slots(listings.codes, b)
    loose_a, loose_b = _slots(listings.loose, a), _slots(listings.loose, b)
    text_a, text_b = _slots(listings.text_codes, a), _slots(listings.text_codes, b)
    same = _meets(codes_a, codes_b)
    near = ~same & (_meets(codes_a, loose_b) | _meets(loose_a, codes_b) | _meets(loose_a, loose_b))
    in_text = ~same & (_meets(codes_a, text_b) | _meets(codes_b, text_a))
    yield "code_same", same
    yield "code_near", near
    yield "code_in_text", in_text
    yield "code_conflict", (codes_a[0] != 0) & (codes_b[0] != 0) & ~same & ~near & ~in_text


def _facts(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> Iterator[tuple[str, NDArray[Any]]]:
    """A conflict: both sides state a value of one kind that the other side lacks."""
    kinds_a, kinds_b = _slots(listings.kinds, a), _slots(listings.kinds, b)
    values_a, values_b = _slots(listings.values, a), _slots(listings.values, b)
    same_a, same_b = _met(values_a, values_b)
    kind_a, kind_b = _met(kinds_a, kinds_b)
    against_a, against_b = kind_a & ~same_a, kind_b & ~same_b
    for name, kinds in _KINDS.items():
        mine, theirs = np.isin(kinds_a, kinds), np.isin(kinds_b, kinds)
        conflict = (against_a & mine).any(0) & (against_b & theirs).any(0)
        yield f"{name}_conflict", np.asarray(conflict)
        has_a, has_b = mine.any(0), theirs.any(0)
        same = (same_a & mine).sum(0)
        if name in ("tier", "form"):
            yield f"{name}_one_sided", has_a != has_b
        elif name == "number":
            yield "number_one_sided", ((mine & ~same_a).any(0) != (theirs & ~same_b).any(0))
            yield "number_same", np.minimum(same, 3)
        elif name == "measure":
            yield "measure_same", np.minimum(same, 3)
        elif name == "colour":
            yield "colour_same", np.minimum(same, 1)


def _shop(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> Iterator[tuple[str, NDArray[Any]]]:
    brand_a, brand_b = listings.brand[a], listings.brand[b]
    said = (brand_a != 0) & (brand_b != 0)
    yield "brand_same", said & (brand_a == brand_b)
    yield "brand_conflict", said & (brand_a != brand_b)
    gap = np.abs(listings.log_price[a] - listings.log_price[b])
    comparable = np.isfinite(gap) & (listings.money[a] == listings.money[b])
    yield "price_known", comparable
    yield "price_gap", np.where(comparable, np.minimum(gap, 3), 0)
    yield "image_same", (listings.image[a] != 0) & (listings.image[a] == listings.image[b])
    yield "same_source", listings.source[a] == listings.source[b]
