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

from trendscout.matching.listings import SCALE, Listings, filler_tokens, storage_tokens

F32 = NDArray[np.float32]
U32 = NDArray[np.uint32]
BATCH = 8_192  # pairs at a time: their words stay in the processor's cache

# Facts that exclude each other, by how sellers treat them.
GROUPS: dict[str, tuple[str, ...]] = {
    "measure": (
        "mb", "mb/s", "mm", "inch", "g", "oz", "ml", "floz", "mah", "wh", "w", "v", "amp", "hz", "mhz", "rpm",
        "lines", "k", "mp", "degree", "tier", "speed", "x", "in one", "hour", "minute", "year", "month", "%",
        "generation", "cpu", "cpu line", "gpu", "memory", "kit", "latency", "disk", "mask", "spf", "cable",
        "socket", "atx", "os", "letter", "grade", "dimensions",
    ),
    "count": ("count",),
    "number": ("number",),
    "colour": ("colour",),
    "style": ("size", "side", "gender", "age"),
    "tier": ("tier_word", "edition", "system"),
    "form": ("form", "fit"),
}  # fmt: skip
_KINDS = {name: np.array([crc32(kind.encode()) for kind in kinds], np.uint32) for name, kinds in GROUPS.items()}

_SYSTEM = crc32(b"system")
_CONDITION = crc32(b"condition")
_MATERIAL = crc32(b"material")

NAMES: tuple[str, ...] = (
    "containment",
    "coverage",
    "stems",
    "rarest_shared",
    "in_text",
    "concepts",
    "code_same",
    "code_near",
    "code_in_text",
    "code_conflict",
    "measure_same",
    *(f"{name}_conflict" for name in GROUPS),
    "number_same",
    "number_one_sided",
    "count_one_sided",
    "tier_one_sided",
    "form_one_sided",
    "colour_same",
    "brand_conflict",
    "price_gap",
    "price_close",
    "image_same",
    "length_gap",
)
PLACE = {name: place for place, name in enumerate(NAMES)}


def pair_features(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> F32:
    """A row of NAMES per pair of row numbers (a, b)."""
    out = np.empty((len(a), len(NAMES)), np.float32)
    for part, features in feature_batches(listings, a, b):
        out[part] = features
    return out


def feature_batches(
    listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]
) -> Iterator[tuple[NDArray[np.int64], F32]]:
    """(places of the pairs, their features), BATCH at a time: millions of pairs need not fit into memory."""
    # Long titles with long ones: a batch is as wide as its longest title.
    length = (listings.words != 0).sum(1, dtype=np.int8)
    order = np.argsort(np.maximum(length[a], length[b]), kind="stable")
    for start in range(0, len(a), BATCH):
        part = order[start : start + BATCH]
        features = np.empty((len(NAMES), len(part)), np.float32)
        for name, values in _batch(listings, a[part], b[part]):
            features[PLACE[name]] = values
        yield part, features.T


def replaced_codes(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether each of the two has a model code that the other lacks."""
    codes_a, codes_b = _slots(listings.codes, a), _slots(listings.codes, b)
    lost_a = (codes_a != 0) & ~_shared(codes_a, np.concatenate((codes_b, _slots(listings.loose, b))))
    lost_b = (codes_b != 0) & ~_shared(codes_b, np.concatenate((codes_a, _slots(listings.loose, a))))
    return np.asarray(lost_a.any(0) & lost_b.any(0))


def share_rare_code(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether both have one long model code that few listings have: it names the product."""
    codes_a, codes_b = _slots(listings.codes, a), _slots(listings.codes, b)
    rarity = _slots(listings.code_weights[:, : listings.codes.shape[1]], a, len(codes_a))
    telling = _shared(codes_a, codes_b) & (rarity >= RARE_CODE) & (codes_a & np.uint32(1) == 1)
    return np.asarray(telling.any(0))


def one_sided(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether one states an exclusive fact, other than a measure, and the other not: a pack, a colour, "Pro"."""
    kinds_a, kinds_b = _slots(listings.kinds, a), _slots(listings.kinds, b)
    values_a, values_b = _slots(listings.values, a, len(kinds_a)), _slots(listings.values, b, len(kinds_b))
    met_a, met_b = _met(values_a, values_b)
    telling = np.concatenate([kinds for name, kinds in _KINDS.items() if name != "measure"])
    telling = telling[telling != _SYSTEM]  # most phones run Android, said or not
    return np.asarray((np.isin(kinds_a, telling) & ~met_a).any(0) | (np.isin(kinds_b, telling) & ~met_b).any(0))


def other_material(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether each of the two is of a material that the other does not name."""
    kinds_a, kinds_b = _slots(listings.kinds, a), _slots(listings.kinds, b)
    values_a = np.where(kinds_a == _MATERIAL, _slots(listings.values, a, len(kinds_a)), 0)
    values_b = np.where(kinds_b == _MATERIAL, _slots(listings.values, b, len(kinds_b)), 0)
    met_a, met_b = _met(values_a, values_b)
    return np.asarray(((values_a != 0) & ~met_a).any(0) & ((values_b != 0) & ~met_b).any(0))


def one_pack(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether one states how many a pack holds and the other not."""
    counts_a, counts_b = (np.isin(listings.kinds[rows], _KINDS["count"]).any(1) for rows in (a, b))
    return np.asarray(counts_a != counts_b)


def conditions(listings: Listings) -> U32:
    """A number per listing for the condition it is sold in (refurbished, prepaid); 0: new and free, or silent."""
    return np.asarray(np.where(listings.kinds == _CONDITION, listings.values, 0).sum(1, dtype=np.uint32))


def other_storage(
    listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32], *, silent: bool = False
) -> NDArray[np.bool_]:
    """Whether one states storage that the other lacks, 128 + 256 GB; if `silent`, though that says none."""
    values_a, values_b = _slots(listings.values, a), _slots(listings.values, b)
    met_a, met_b = _met(values_a, values_b)
    stored_a, stored_b = (np.isin(values, storage_tokens()) for values in (values_a, values_b))
    more = (stored_a & ~met_a).any(0) | (stored_b & ~met_b).any(0)
    return np.asarray(more if silent else more & stored_a.any(0) & stored_b.any(0))


def other_codes(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether each has a long model code that the other lacks, and the two share none that is as long."""
    codes_a, codes_b = _slots(listings.codes, a), _slots(listings.codes, b)
    long_a, long_b = codes_a & np.uint32(1) == 1, codes_b & np.uint32(1) == 1
    all_a = np.concatenate((codes_a, _slots(listings.loose, a), _slots(listings.text_codes, a)))
    all_b = np.concatenate((codes_b, _slots(listings.loose, b), _slots(listings.text_codes, b)))
    met_a, met_b = _shared(codes_a, all_b), _shared(codes_b, all_a)
    return np.asarray(
        (long_a & ~met_a).any(0) & (long_b & ~met_b).any(0) & ~(long_a & met_a).any(0) & ~(long_b & met_b).any(0)
    )


def replaced_words(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32], *, phrases: bool = True) -> F32:
    """The weight of the rarest word that one has in place of another's: the lesser of the two sides' rarest.

    Without `phrases` a word of a fixed phrase weighs as much as any: a name in a template is still a name.
    """
    words_a, words_b = _slots(listings.words, a), _slots(listings.words, b)
    stems_a, stems_b = _slots(listings.stems, a, len(words_a)), _slots(listings.stems, b, len(words_b))
    in_a, in_b = _met(words_a, words_b)
    stem_a, stem_b = _met(stems_a, stems_b)
    lost_a = _slots(listings.weights, a, len(words_a)) * ~(in_a | stem_a)
    lost_b = _slots(listings.weights, b, len(words_b)) * ~(in_b | stem_b)
    if not phrases:
        lost_a, lost_b = (
            lost * _slots(listings.phrase, rows, len(lost)) for lost, rows in ((lost_a, a), (lost_b, b))
        )
    return np.asarray(np.minimum(lost_a.max(0), lost_b.max(0)), np.float32)


RARE_CODE = np.log1p(SCALE / 40)  # the weight of a code that 40 listings have
CLOSE = 1.1  # times: two sellers of one thing on one market
LONG_TITLE = 12  # words
COPIED = 0.9  # of the longer title's weight
BEGINNING = 20  # words of a title that another goes on after
CUT = 0.85  # of the other's words
FAR = 2.0  # times: one product rarely costs that much more with another seller


def near_equal(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether the two titles say one thing: the same words, facts and codes, but for filler such as "new"."""
    words_a, words_b = _slots(listings.words, a), _slots(listings.words, b)
    in_a, in_b = _met(words_a, words_b)
    more_a = (words_a != 0) & ~in_a & ~np.isin(words_a, filler_tokens())
    more_b = (words_b != 0) & ~in_b & ~np.isin(words_b, filler_tokens())
    near = in_a.any(0) & ~more_a.any(0) & ~more_b.any(0)
    return np.asarray(near & _same_facts(listings, a, b))


def copied_title(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether one long title is the other but for a common word; facts and codes are the same.

    So sellers of one market copy each other, though no word of it is rare.
    """
    words_a, words_b = _slots(listings.words, a), _slots(listings.words, b)
    weights_a = _slots(listings.weights, a, len(words_a))
    weights_b = _slots(listings.weights, b, len(words_b))
    in_a, _ = _met(words_a, words_b)
    shared, most = (weights_a * in_a).sum(0), np.maximum(weights_a.sum(0), weights_b.sum(0))
    long = np.minimum((words_a != 0).sum(0), (words_b != 0).sum(0)) >= LONG_TITLE
    return np.asarray(long & (shared >= COPIED * most) & _same_facts(listings, a, b))


def cut_short(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether one very long title is the other, or how it begins, and what follows there states no fact."""
    words_a, words_b = _slots(listings.words, a), _slots(listings.words, b)
    width = min(len(words_a), len(words_b))
    mine, others = words_a[:width], words_b[:width]
    begins = ((mine == others) | (mine == 0) | (others == 0)).all(0)
    count_a, count_b = (words_a != 0).sum(0), (words_b != 0).sum(0)
    least, most = np.minimum(count_a, count_b), np.maximum(count_a, count_b)
    return np.asarray(begins & (least >= BEGINNING) & (least >= CUT * most) & _same_facts(listings, a, b))


def _same_facts(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether both state the same facts and the same model codes."""
    same = np.ones(len(a), bool)
    for slots in (listings.values, listings.codes):
        mine, others = _slots(slots, a), _slots(slots, b)
        met_mine, met_others = _met(mine, others)
        same &= ~((mine != 0) & ~met_mine).any(0) & ~((others != 0) & ~met_others).any(0)
    return same


def one_seller(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether one seller offers both, with different pictures or none: equal titles are then its variants."""
    known = (listings.brand[a] != 0) & (listings.brand[a] == listings.brand[b])
    pictured = (listings.image[a] != 0) & (listings.image[a] == listings.image[b])
    return np.asarray(known & ~pictured)


def close_prices(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether both prices are known, in one money, and within CLOSE of each other."""
    gap = np.abs(listings.log_price[a] - listings.log_price[b])
    return np.asarray((gap <= np.log(CLOSE)) & (listings.money[a] == listings.money[b]))


def _slots(values: NDArray[Any], rows: NDArray[np.int32], width: int | None = None) -> NDArray[Any]:
    """The rows' slots, slots first; only as many as any of the rows uses, or `width`."""
    chosen = values[rows]
    if width is None:
        used = np.flatnonzero(chosen.any(0))
        width = int(used[-1]) + 1 if len(used) else 1
    return np.ascontiguousarray(chosen[:, :width].T)


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


def _shared(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    """Which slots of `a` occur in `b` of the same pair."""
    out = np.zeros(a.shape, bool)
    for slot in b:
        out |= a == slot
    out &= a != 0
    return out


def _meets(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(np.logical_or.reduce(_shared(a, b), axis=0))


def _batch(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> Iterator[tuple[str, NDArray[Any]]]:
    words_a, words_b = _slots(listings.words, a), _slots(listings.words, b)
    wide_a, wide_b = len(words_a), len(words_b)
    weights_a, weights_b = _slots(listings.weights, a, wide_a), _slots(listings.weights, b, wide_b)
    in_a, in_b = _met(words_a, words_b)
    total_a, total_b = weights_a.sum(0), weights_b.sum(0)
    least, most = np.minimum(total_a, total_b) + 1e-6, np.maximum(total_a, total_b) + 1e-6
    shared_a = weights_a * in_a
    shared = shared_a.sum(0)
    yield "containment", shared / least
    yield "rarest_shared", shared_a.max(0) / 8.5
    missing_a, missing_b = weights_a * ~in_a, weights_b * ~in_b
    yield "coverage", shared / most
    stem_a, stem_b = _met(_slots(listings.stems, a, wide_a), _slots(listings.stems, b, wide_b))
    yield "stems", ((missing_a * stem_a).sum(0) + (missing_b * stem_b).sum(0)) / (2 * least)
    yield "length_gap", np.log(most / least)
    yield from _text(listings, a, b, words_a, words_b, missing_a, missing_b, most)
    yield from _concepts(listings, a, b)
    yield from _codes(listings, a, b)
    yield from _facts(listings, a, b)
    yield from _shop(listings, a, b)


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
    if not (text_a.any() or text_b.any()):
        yield "in_text", np.zeros(len(a), np.float32)
        return
    explained = (missing_a * _shared(words_a, text_b)).sum(0) + (missing_b * _shared(words_b, text_a)).sum(0)
    yield "in_text", explained / most


def _concepts(
    listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]
) -> Iterator[tuple[str, NDArray[Any]]]:
    concepts_a, concepts_b = _slots(listings.concepts, a), _slots(listings.concepts, b)
    weights_a = _slots(listings.concept_weights, a, len(concepts_a))
    weights_b = _slots(listings.concept_weights, b, len(concepts_b))
    in_a = _shared(concepts_a, concepts_b)
    shared = (weights_a * in_a).sum(0)
    cross = (listings.han[a] != listings.han[b]) | listings.tag[a] | listings.tag[b]
    yield "concepts", np.where(cross, shared / (np.minimum(weights_a.sum(0), weights_b.sum(0)) + 1), 0)


def _codes(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> Iterator[tuple[str, NDArray[Any]]]:
    codes_a, codes_b = _slots(listings.codes, a), _slots(listings.codes, b)
    loose_a, loose_b = _slots(listings.loose, a), _slots(listings.loose, b)
    text_a, text_b = _slots(listings.text_codes, a), _slots(listings.text_codes, b)
    all_a, all_b = np.concatenate((codes_a, loose_a)), np.concatenate((codes_b, loose_b))
    wide = listings.codes.shape[1]
    rarity = np.concatenate(
        (
            _slots(listings.code_weights[:, :wide], a, len(codes_a)),
            _slots(listings.code_weights[:, wide:], a, len(loose_a)),
        )
    )
    same_slots = np.concatenate((_shared(codes_a, codes_b), np.zeros(loose_a.shape, bool)))
    same = (rarity * same_slots).max(0) / 8.5
    near = np.where(same > 0, 0, (rarity * _shared(all_a, all_b)).max(0) / 8.5)
    in_text = (same == 0) & (_meets(codes_a, text_b) | _meets(codes_b, text_a))
    yield "code_same", same
    yield "code_near", near
    yield "code_in_text", in_text
    yield "code_conflict", codes_a.any(0) & codes_b.any(0) & (same + near == 0) & ~in_text


def _facts(listings: Listings, a: NDArray[np.int32], b: NDArray[np.int32]) -> Iterator[tuple[str, NDArray[Any]]]:
    """A conflict: both sides state a value of one kind that the other side lacks."""
    kinds_a, kinds_b = _slots(listings.kinds, a), _slots(listings.kinds, b)
    values_a, values_b = _slots(listings.values, a, len(kinds_a)), _slots(listings.values, b, len(kinds_b))
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
        elif name == "count":
            yield "count_one_sided", has_a != has_b
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
    yield "brand_conflict", said & (brand_a != brand_b)
    gap = np.abs(listings.log_price[a] - listings.log_price[b])
    comparable = np.isfinite(gap) & (listings.money[a] == listings.money[b])
    yield "price_gap", np.where(comparable, np.minimum(gap, 3), 0)
    yield "price_close", comparable & (gap < 0.1)
    yield "image_same", (listings.image[a] != 0) & (listings.image[a] == listings.image[b])
