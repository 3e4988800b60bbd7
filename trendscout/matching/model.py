"""The verdict on a pair: a logistic model of the features, then a second one that looks at the pair's rivals.

The weights stand in weights.toml; benchmarks/fit_matching.py writes them from our own labelled pairs.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trendscout.matching.features import NAMES, PLACE

F32 = NDArray[np.float32]
RIVAL_NAMES = ("content", "lead", "trail", "best_of_both")
GAP = 5.0  # log-odds: a lead beyond it says no more
HARD = tuple(
    PLACE[f"{name}_conflict"] for name in ("measure", "count", "number", "colour", "style", "tier", "form")
)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Weights and thresholds. A log-odds is the weighted sum of what is named plus the bias."""

    content: F32  # one per NAMES
    content_bias: float
    rivals: F32  # one per RIVAL_NAMES
    rivals_bias: float
    same: float  # probability from which a pair without conflict is joined without a word
    likely: float  # mean probability from which clusters are joined
    variant: float  # probability, without its conflicts, from which a pair is one product line
    catalogue_share: float  # of a catalogue's listings fewer than this have a double in it


@cache
def shipped() -> Model:
    """The model of weights.toml."""
    table = tomllib.loads((resources.files("trendscout.matching") / "weights.toml").read_text(encoding="utf-8"))
    content, rivals, verdicts = table["content"], table["rivals"], table["verdicts"]
    return Model(
        content=np.array([content.get(name, 0.0) for name in NAMES], np.float32),
        content_bias=content["bias"],
        rivals=np.array([rivals[name] for name in RIVAL_NAMES], np.float32),
        rivals_bias=rivals["bias"],
        **verdicts,
    )


def probability(log_odds: NDArray[Any]) -> F32:
    """Log-odds as a probability."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))), np.float32)


def rival_features(
    content: F32, a: NDArray[Any], b: NDArray[Any], source: NDArray[Any], catalogue: NDArray[np.bool_]
) -> F32:
    """RIVAL_NAMES of each pair; all but `content` are 0 where the two are not of two different catalogues.

    `lead`: by how much the pair beats the better of the rivals that either listing has in the other's catalogue;
    `trail`: by how much it loses against it; `best_of_both`: 1 where it has no better rival on either side.
    """
    out = np.zeros((len(content), len(RIVAL_NAMES)), np.float32)
    out[:, 0] = content
    between = (source[a] != source[b]) & catalogue[source[a]] & catalogue[source[b]]
    gap = np.full(len(content), GAP, np.float32)
    for mine, other in ((a, b), (b, a)):
        group = mine[between].astype(np.int64) * len(catalogue) + source[other[between]]
        gap[between] = np.minimum(gap[between], content[between] - _best_other(group, content[between]))
    gap = np.clip(gap, -GAP, GAP)
    out[between, 1] = np.maximum(gap[between], 0)
    out[between, 2] = np.minimum(gap[between], 0)
    out[between, 3] = gap[between] >= 0
    return out


def _best_other(group: NDArray[np.int64], value: F32) -> F32:
    """For each place the greatest value among the others of its group; -inf where it is alone."""
    if not len(group):
        return value
    order = np.lexsort((-value, group))
    ordered = group[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    follows = np.r_[ordered[1:] == ordered[:-1], False]
    best = value[order[start]]
    second = np.where(follows, value[order[np.minimum(np.arange(len(order)) + 1, len(order) - 1)]], -np.inf)
    out = np.empty_like(value)
    out[order] = np.where(first, second, best)
    return out
