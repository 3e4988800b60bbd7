"""The same offer once more on one platform: neighbours are what its lists are full of, so near is not enough."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from trendscout.matching.clusters import Ties, cluster
from trendscout.matching.comparison import (
    close_prices,
    copied_title,
    cut_short,
    near_equal,
    one_pack,
    one_seller,
    one_sided,
    other_storage,
    replaced_codes,
    replaced_words,
)
from trendscout.matching.verdicts import RARE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trendscout.matching.listings import Listings
    from trendscout.matching.pair_model import PairModel, ScoredPairs


def platform_of_row(listings: Listings, many_shops: Collection[str]) -> NDArray[np.int64]:
    """Each listing's platform as a number; -1 where its source is many shops taken together."""
    one = np.array([source not in many_shops for source in listings.sources], bool)
    return np.where(one[listings.source], listings.source, -1).astype(np.int64)


def once_more(
    listings: Listings,
    a: NDArray[Any],
    b: NDArray[Any],
    scored: ScoredPairs,
    ties: Ties,
    markets: Collection[str],
    model: PairModel,
) -> NDArray[np.int64]:
    """Per row the smallest row of its platform that is the same offer; `scored` are pairs of one platform.

    Two such listings are one product if they are likely to be one and their titles say one thing, if one
    long title is the other or its beginning, or if they share a rare model code and nothing speaks against it.
    On one of the `markets`, which have many sellers, also if a long title was copied but for a common word, or
    if they are surely alike, with no fact on one side only, at nearly the same price. But what one seller wrote
    are variants, and rows that are to be apart from any stay alone here.
    """
    market = np.array([_platform(source) in markets for source in listings.sources], bool)[listings.source[a]]
    free = np.ones(len(listings), bool)
    free[ties.apart.ravel()] = False
    likely = scored.probability >= model.likely
    against = scored.hard | replaced_codes(listings, a, b) | one_pack(listings, a, b)
    coded = scored.coded & ~scored.far & ~against & likely & ~other_storage(listings, a, b)
    plain = (replaced_words(listings, a, b) < RARE) & ~one_sided(listings, a, b) & ~against
    sure = market & plain & (scored.probability >= model.sure) & close_prices(listings, a, b)
    written_off = cut_short(listings, a, b)
    written_off |= market & plain & copied_title(listings, a, b)
    alike = (likely & ~scored.far & near_equal(listings, a, b)) | sure | written_off | coded
    same_offer = alike & ~one_seller(listings, a, b) & free[a] & free[b]
    chance = np.where(written_off, np.maximum(scored.probability, model.sure), scored.probability)
    number = np.where(ties.known >= 0, ties.known * len(listings.sources) + listings.source, -1)
    alone = Ties(number, np.full(len(listings), -1), ties.together[:0], ties.apart[:0])
    return cluster(a, b, chance, ~same_offer, alone, model.likely)


def _platform(source: str) -> str:
    """The platform of a source that is called after it and its market: "ebay" of "ebay_US"."""
    name, _, market = source.rpartition("_")
    return name if name and market.isupper() else source
