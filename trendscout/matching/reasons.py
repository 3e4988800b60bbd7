"""Why a pair got its verdict, in a few English words; the command line translates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trendscout.matching.comparison import PLACE
from trendscout.tables import Array, coded

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
NEIGHBOUR = "another offer on one platform"


_TEXTS = [text for _, text in FOR] + [text for _, text in AGAINST] + [FEW, NEIGHBOUR]
_ENOUGH = {"concepts": 0.3}  # of a feature before it is worth telling; else anything above 0


def speaking(features: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """The first thing that speaks for each pair and the first that speaks against it, as places in the texts."""
    return _first(features, FOR, 0), _first(features, AGAINST, len(FOR))


def _first(features: NDArray[np.float32], said: tuple[tuple[str, str], ...], start: int) -> NDArray[np.int8]:
    place = np.full(len(features), _TEXTS.index(FEW), np.int8)
    for number, (name, _) in reversed(list(enumerate(said, start))):
        place[features[:, PLACE[name]] > _ENOUGH.get(name, 0)] = number
    return place


def reasons(
    notes: tuple[NDArray[np.int8], NDArray[np.int8]], verdict: NDArray[np.int8], neighbour: NDArray[np.bool_]
) -> Array:
    """One reason per pair: what joined it (verdicts 0 and 1) or kept it apart (2 and 3).

    A likely pair of one platform is a `neighbour`: if nothing else kept it apart, that did.
    """
    against = np.where(neighbour & (notes[1] == _TEXTS.index(FEW)), _TEXTS.index(NEIGHBOUR), notes[1])
    return coded(_TEXTS, np.where(verdict <= 1, notes[0], against))
