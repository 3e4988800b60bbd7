"""Why a pair got its verdict, in a few English words; the command line translates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from trendscout.matching.features import PLACE

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What is said, first that holds; the Chinese is in locale/zh/matching.toml.
AGAINST: tuple[tuple[str, str], ...] = (
    ("count_conflict", "another pack count"),
    ("measure_conflict", "another size or strength"),
    ("tier_conflict", "another version"),
    ("colour_conflict", "another colour"),
    ("style_conflict", "for other people, another side or size"),
    ("number_conflict", "another number or generation"),
    ("form_conflict", "another form"),
    ("code_conflict", "another model code"),
    ("brand_conflict", "another brand"),
)
FOR: tuple[tuple[str, str], ...] = (
    ("code_same", "the same model code"),
    ("code_near", "nearly the same model code"),
    ("code_in_text", "one's model code is in the other's description"),
    ("image_same", "the same picture"),
    ("concepts", "the same goods in two languages"),
    ("rarest_shared", "the rarest words are shared"),
)
FEW = "few words in common"


def reasons(features: NDArray[np.float32], verdict: NDArray[np.int8]) -> pa.Array:
    """One reason per pair, for what joined it (verdicts 0 and 1) or kept it apart (2 and 3)."""
    texts = [text for _, text in FOR] + [text for _, text in AGAINST] + [FEW]
    joined = verdict <= 1
    last = len(texts) - 1
    place = np.full(len(features), last, np.int8)
    for number, (name, _) in reversed(list(enumerate(FOR))):
        place[joined & (features[:, PLACE[name]] > (0.3 if name == "concepts" else 0))] = number
    for number, (name, _) in reversed(list(enumerate(AGAINST, len(FOR)))):
        place[~joined & (features[:, PLACE[name]] > 0)] = number
    return pa.DictionaryArray.from_arrays(place, texts).cast(pa.string())
