"""What is said of each scored pair: same, likely, variant or different.

A wrong `same` costs more than a missed one, for nobody looks at it again. So a pair with a conflict is never the
same, nor is one whose price is twice the other's, or which resembles a listing of another product as much. What
names a product on one side must not have been replaced on the other: a model code, or a rare word where no code is
shared.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from trendscout.matching.comparison import one_pack, one_sided, replaced_codes, replaced_words
from trendscout.matching.pair_model import NOBODY, best_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trendscout.matching.listings import Listings
    from trendscout.matching.pair_model import PairModel, ScoredPairs

VERDICTS = ("same", "likely", "variant", "different")
RARE = log(71)  # the weight of a word that 71 listings have: a rarer one on each side names two products


def verdicts(
    listings: Listings,
    a: NDArray[Any],
    b: NDArray[Any],
    scored: ScoredPairs,
    label: NDArray[np.int64],
    inside: NDArray[np.bool_],
    ease: NDArray[Any],
    model: PairModel,
) -> NDArray[np.int8]:
    """Places in VERDICTS; `label` is each row's product, `ease` what the bands are multiplied by.

    Near neighbours `inside` one platform's lists that are not one product are variants.
    """
    joined = label[a] == label[b]
    rows = np.flatnonzero(joined & ~scored.hard & ~scored.far & (scored.probability >= model.same * ease))
    rival = best_pairs(scored.content[~joined], a[~joined], b[~joined], len(label), NOBODY)
    lead = scored.content[rows] - np.maximum(rival[a[rows]], rival[b[rows]])
    rows = rows[lead >= model.lead]
    rows = rows[~replaced_codes(listings, a[rows], b[rows])]
    rows = rows[~one_pack(listings, a[rows], b[rows])]
    sure = scored.coded[rows]
    rest = rows[~sure]
    sure[~sure] = (replaced_words(listings, a[rest], b[rest]) < RARE) & ~one_sided(listings, a[rest], b[rest])
    same = np.zeros(len(a), bool)
    same[rows[sure]] = True
    near = scored.hard | (inside & (scored.probability >= model.same))
    variant = ~joined & near & scored.line
    return np.select([same, joined, variant], [0, 1, 2], 3).astype(np.int8)
