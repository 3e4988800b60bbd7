"""The probability of a pair: a logistic model of the features, then a second one that looks at the pair's rivals.

The weights stand in weights.toml; benchmarks/fit_matching.py writes them from our own labelled pairs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib import resources
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trendscout.matching.comparison import FAR, NAMES, PLACE, conditions, feature_batches, share_rare_code
from trendscout.matching.listings import Listings, without_lines
from trendscout.matching.reasons import speaking

F32 = NDArray[np.float32]
RIVAL_NAMES = ("content", "lead", "trail", "chosen", "passed_over", "overlap")
GAP = 5.0  # log-odds: a lead beyond it says no more
NOBODY = -4.0  # log-odds of the rival that was not even a candidate
OVERLAP_ROWS = 200
MANY_SHOPS = frozenset(("", "web"))  # no platform: what was gathered from many shops
TWO_SHARE = 0.95  # of all listings are in the two catalogues
PARTNERS = 40  # listings with a likely partner: fewer show nothing
BRAND, IMAGE = PLACE["brand_conflict"], PLACE["image_same"]
CODE, PRICE = PLACE["code_same"], PLACE["price_gap"]
HARD = tuple(
    PLACE[f"{name}_conflict"] for name in ("number", "measure", "count", "colour", "style", "tier", "form")
)  # the first of them not where a rare code is shared: titles are full of numbers


@dataclass(frozen=True, slots=True, eq=False)
class PairModel:
    """Weights and thresholds. A log-odds is the weighted sum of what is named plus the bias."""

    content: F32  # one per NAMES
    content_bias: float
    rivals: F32  # one per RIVAL_NAMES
    rivals_bias: float
    same: float  # probability from which a pair that verdicts.py has nothing against is joined without a word
    sure: float  # ... and from which two listings of one market of many sellers may be one product
    unlike: float  # below which a pair keeps two clusters of a store apart
    doubtful: float  # ... below which it makes no link there if only one says what it stores
    lead: float  # log-odds by which such a pair beats every pair with another product
    conflict: float  # ... and below which a pair with an exclusive fact in conflict keeps two clusters apart
    tag: float  # both bands times this, where one of the two is a hashtag: it has few words to go by
    likely: float  # mean probability from which clusters are joined
    variant: float  # probability, without its conflicts, from which a pair is one product line
    store: float  # log-odds by which a pair in a store of many platforms is less likely than the weights say
    han: float  # log-odds by which a pair with a Chinese title of one stock is likelier: it has few words to share
    doubles: float  # of a catalogue's listings with a partner elsewhere, fewer than this have one as good at home


@cache
def shipped() -> PairModel:
    """The model of weights.toml."""
    table = tomllib.loads((resources.files("trendscout.matching") / "weights.toml").read_text(encoding="utf-8"))
    content, rivals, verdicts = table["content"], table["rivals"], table["verdicts"]
    return PairModel(
        content=np.array([content.get(name, 0.0) for name in NAMES], np.float32),
        content_bias=content["bias"],
        rivals=np.array([rivals[name] for name in RIVAL_NAMES], np.float32),
        rivals_bias=rivals["bias"],
        **verdicts,
    )


def probability(log_odds: NDArray[Any]) -> F32:
    """Log-odds as a probability."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ScoredPairs:
    """Candidate pairs with what the model says of them."""

    content: NDArray[np.float32]  # log-odds by content alone
    probability: NDArray[np.float32]
    hard: NDArray[np.bool_]  # some exclusive fact conflicts
    line: NDArray[np.bool_]  # one product line, if it were not for the conflicts
    copy: NDArray[np.bool_]  # ... or only the brand differs, or the picture is the same
    coded: NDArray[np.bool_]  # the two share a rare model code
    far: NDArray[np.bool_]  # one price is FAR times the other, or more
    notes: tuple[NDArray[np.int8], NDArray[np.int8]]  # what speaks for and against; see `reasons`
    catalogue: NDArray[np.bool_]  # per source: it hardly lists a product twice
    store: bool  # the lists of many platforms, of whose near pairs few are one product

    def where(self, kept: NDArray[np.bool_]) -> ScoredPairs:
        """Some of the pairs."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        chosen = {name: value[kept] for name, value in columns.items() if name in _BY_PAIR}
        return replace(self, **chosen, notes=(self.notes[0][kept], self.notes[1][kept]))


_BY_PAIR = frozenset(("content", "probability", "hard", "line", "copy", "coded", "far"))


def score(
    listings: Listings,
    a: NDArray[Any],
    b: NDArray[Any],
    model: PairModel,
    many_shops: Collection[str] = MANY_SHOPS,
    *,
    catalogues: bool = True,
) -> ScoredPairs:
    """The pairs' probabilities and conflicts; without `catalogues` no two sources are two shops' whole stocks."""
    count = len(a)
    content = np.empty(count, np.float32)
    hard, line, copy, coded, far = (np.empty(count, bool) for _ in range(5))
    notes = np.empty(count, np.int8), np.empty(count, np.int8)
    hard_weights = model.content[list(HARD)]
    store = not _of_one_stock(listings, many_shops, catalogues=catalogues)
    if store:  # goods of all kinds
        listings = without_lines(listings)
    condition = conditions(listings)
    for part, features in feature_batches(listings, a, b):
        value = features @ model.content + np.float32(model.content_bias)
        conflicts = features[:, HARD]
        content[part] = value
        both = np.flatnonzero(features[:, CODE] > 0)
        coded[part] = False
        coded[part[both]] = share_rare_code(listings, a[part[both]], b[part[both]])
        hard[part] = (conflicts[:, 1:] > 0).any(1) | ((conflicts[:, 0] > 0) & ~coded[part])
        hard[part] |= condition[a[part]] != condition[b[part]]
        unlike = features[:, BRAND] > 0
        alike = value - conflicts @ hard_weights - unlike * model.content[BRAND]
        line[part] = probability(alike + unlike * model.content[BRAND]) >= model.variant
        copy[part] = (unlike & (probability(alike) >= model.variant)) | (features[:, IMAGE] > 0)
        far[part] = features[:, PRICE] >= log(FAR)
        notes[0][part], notes[1][part] = speaking(features)
    catalogue = catalogue_sources(content, a, b, listings.source, len(listings.sources), model.doubles)
    rivals = rival_features(content, a, b, listings.source, catalogue)
    log_odds = rivals @ model.rivals + np.float32(model.rivals_bias)
    if not store:
        log_odds += np.where(listings.han[a] | listings.han[b], np.float32(model.han), 0)
    else:
        log_odds += np.where(listings.tag[a] | listings.tag[b], 0, np.float32(model.store))
    chance = probability(log_odds)
    return ScoredPairs(content, chance, hard, line, copy, coded, far, notes, catalogue, store)


def _of_one_stock(listings: Listings, many_shops: Collection[str], *, catalogues: bool) -> bool:
    """Whether most near pairs may be one product: goods of many shops together, or two whole catalogues."""
    sizes = np.bincount(listings.source, None, len(listings.sources))
    shops = [place for place, name in enumerate(listings.sources) if name in many_shops]
    two = np.sort(sizes)[-2:]
    stocks = catalogues and len(two) == 2 and two[0] >= OVERLAP_ROWS and two.sum() >= TWO_SHARE * len(listings)
    return bool(stocks or sizes[shops].sum() > len(listings) / 2)


def rival_features(
    content: F32, a: NDArray[Any], b: NDArray[Any], source: NDArray[Any], catalogue: NDArray[np.bool_]
) -> F32:
    """RIVAL_NAMES of each pair; all but `content` are 0 where the two are not of two different catalogues.

    `lead`, `trail`: by how much the pair beats, or loses against, the better of the rivals that either listing has
    in the other's catalogue. `chosen`: it is in the one-to-one pairing of the two catalogues, else `passed_over`.
    `overlap`: of a chosen pair, how much of the smaller catalogue seems to be in the other, less a half; 0 for
    catalogues of fewer than OVERLAP_ROWS listings, so that one listing more or less cannot sway others.
    """
    out = np.zeros((len(content), len(RIVAL_NAMES)), np.float32)
    out[:, 0] = content
    between = np.flatnonzero((source[a] != source[b]) & catalogue[source[a]] & catalogue[source[b]])
    if not len(between):
        return out
    a, b, value = a[between], b[between], content[between]
    sources = len(catalogue)
    group_a, group_b = a.astype(np.int64) * sources + source[b], b.astype(np.int64) * sources + source[a]
    gap = value - np.maximum(_best_other(group_a, value), _best_other(group_b, value))
    gap = np.clip(gap, -GAP, GAP)
    out[between, 1], out[between, 2] = np.maximum(gap, 0), np.minimum(gap, 0)
    chosen = _one_to_one(group_a, group_b, value)
    out[between, 3], out[between, 4] = chosen, ~chosen
    low, high = np.minimum(source[a], source[b]), np.maximum(source[a], source[b])
    shop_pair = low.astype(np.int64) * sources + high
    sure = np.bincount(shop_pair, chosen & (value > 0), sources * sources)
    rows = np.bincount(source, None, sources)
    smaller = np.minimum(rows[:, None], rows[None, :]).ravel()
    overlap = np.where(smaller >= OVERLAP_ROWS, sure / np.maximum(smaller, 1) - 0.5, 0)
    out[between, 5] = np.where(chosen, overlap[shop_pair], 0)
    return out


def _one_to_one(group_a: NDArray[np.int64], group_b: NDArray[np.int64], value: F32) -> NDArray[np.bool_]:
    """Which pairs are chosen when each end takes its best free partner, mutual choices first."""
    chosen = np.zeros(len(value), bool)
    order = np.lexsort((group_b, group_a, -value))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    _, end_a = np.unique(group_a, return_inverse=True)
    _, end_b = np.unique(group_b, return_inverse=True)
    free = np.arange(len(value))
    while len(free):
        best_a = np.full(end_a.max() + 1, len(order))
        best_b = np.full(end_b.max() + 1, len(order))
        np.minimum.at(best_a, end_a[free], rank[free])
        np.minimum.at(best_b, end_b[free], rank[free])
        mutual = free[(best_a[end_a[free]] == rank[free]) & (best_b[end_b[free]] == rank[free])]
        chosen[mutual] = True
        taken_a, taken_b = np.zeros(len(best_a), bool), np.zeros(len(best_b), bool)
        taken_a[end_a[mutual]] = taken_b[end_b[mutual]] = True
        free = free[~taken_a[end_a[free]] & ~taken_b[end_b[free]]]
    return chosen


def catalogue_sources(
    content: F32, a: NDArray[Any], b: NDArray[Any], source: NDArray[Any], sources: int, most_doubles: float
) -> NDArray[np.bool_]:
    """Which sources hardly list a product twice, so that a listing has at most one partner there.

    Only two sources that hold nearly all listings can be such a pair, and only if there is enough to judge by: of
    their listings with a likely partner in the other, fewer than `most_doubles` have one at home that is as good.
    """
    if np.sort(np.bincount(source, None, max(sources, 2)))[-2:].sum() < TWO_SHARE * len(source):
        return np.zeros(sources, bool)
    inside = source[a] == source[b]
    home = best_pairs(content[inside], a[inside], b[inside], len(source), -np.inf)
    likely = ~inside & (content > 0)
    doubles, partners = np.zeros(sources), np.zeros(sources)
    for mine, other in ((a[likely], b[likely]), (b[likely], a[likely])):
        group = mine.astype(np.int64) * sources + source[other]
        order = np.lexsort((-content[likely], group))
        first = order[np.r_[True, group[order][1:] != group[order][:-1]]] if len(order) else order
        row = mine[first]
        np.add.at(partners, source[row], 1)
        np.add.at(doubles, source[row], home[row] >= content[likely][first])
    return np.asarray((doubles < most_doubles * partners) & (partners >= PARTNERS))


def best_pairs(content: F32, a: NDArray[Any], b: NDArray[Any], count: int, alone: float) -> F32:
    """The greatest log-odds that each of `count` listings has in these pairs; `alone` where it has none."""
    best = np.full(count, alone, np.float32)
    for end in (a, b):
        np.maximum.at(best, end, content)
    return best


def _best_other(group: NDArray[np.int64], value: F32) -> F32:
    """For each place the greatest value among the others of its group; NOBODY where it is alone."""
    order = np.lexsort((-value, group))
    ordered = group[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    follows = np.r_[ordered[1:] == ordered[:-1], False]
    best = value[order[start]]
    second = np.where(follows, value[order[np.minimum(np.arange(len(order)) + 1, len(order) - 1)]], NOBODY)
    out = np.empty_like(value)
    out[order] = np.where(first, second, best)
    return out
