"""The rows that a seller would have been shown at each moment, against what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trendscout.ranking.arrays import Flags, Floats, Ints
from trendscout.ranking.calibration import BAND, interval
from trendscout.ranking.metrics import DRAWS, SEED, Interval
from trendscout.ranking.trials import Trials
from trendscout.ranking.walk_forward import SHOWN


@dataclass(frozen=True, slots=True)
class ShownRows:
    """What became of the first rows of each moment; shares are of these rows."""

    moments: int
    named: float  # rows a moment: SHOWN, or as many as could break out
    came: float  # a moment, of the rows named
    said: float | None  # a moment, by the chances given; None where none was
    said_less_came_95: Interval | None  # a row, 95 % by resampling items
    rules: Mapping[str, float]  # simple rule -> came a moment, of as many rows
    best_rule: str  # picked afterwards
    luck: float  # came a moment, of rows drawn blindly
    bands_hold: (
        float | None
    )  # share of bands of about BAND rows whose mean interval meets the 90 % interval of what came
    width: float | None  # mean interval given over the mean 90 % interval of what came


def judge_shown(
    tried: Trials,
    item: Ints,
    score: Floats,
    chance: tuple[Floats, Floats, Floats],
    tips: Flags,
    rules: Mapping[str, Floats],
) -> ShownRows | None:
    """The first SHOWN items of each query by `score`, each at its best place; None without a query.

    `chance` is the probability and the ends of its interval, NaN where none was given; `tips` are the rows that a
    report would show. `rules` are the scores of simple rules, judged alike on all rows.
    """
    moments = len(tried.query_time)
    if not moments:
        return None
    ours = first_items(tried.query, item, np.where(tips, score, -np.inf))
    ours = ours[tips[ours]]
    came = {
        name: float(tried.hit[first_items(tried.query, item, by)].sum()) / moments for name, by in rules.items()
    }
    every = first_items(tried.query, item, score, count=len(item))
    luck = np.bincount(tried.query[every], tried.hit[every]) / np.bincount(tried.query[every])
    places = np.bincount(tried.query[ours], minlength=moments)
    probability, low, high = (values[ours] for values in chance)
    known = np.isfinite(probability)
    hold, width = _bands(probability[known], low[known], high[known], tried.hit[ours][known])
    return ShownRows(
        moments=moments,
        named=len(ours) / moments,
        came=float(tried.hit[ours].sum()) / moments,
        said=float(probability[known].sum()) / moments if known.any() else None,
        said_less_came_95=_by_items(item[ours][known], probability[known] - tried.hit[ours][known]),
        rules=came,
        best_rule=max(came, key=lambda name: came[name]),
        luck=float((luck * places).sum()) / moments,
        bands_hold=hold,
        width=width,
    )


def first_items(query: Ints, item: Ints, score: Floats, count: int = SHOWN) -> Ints:
    """The rows of each query's `count` highest items, an item at its best place only; ties by item."""
    order = np.lexsort((item, -score, query))
    _, first = np.unique(np.stack([query[order], item[order]]), axis=1, return_index=True)
    order = order[np.sort(first)]
    ranked = query[order]
    return np.asarray(order[np.arange(len(order)) - np.searchsorted(ranked, ranked, "left") < count])


def _by_items(item: Ints, error: Floats) -> Interval | None:
    """A 95 % interval of the mean error by resampling items: the rows of one good are one."""
    if not len(item):
        return None
    _, code = np.unique(item, return_inverse=True)
    total, rows = np.bincount(code, error), np.bincount(code)
    weight = np.random.default_rng(SEED).multinomial(len(total), np.full(len(total), 1 / len(total)), DRAWS)
    low, high = np.quantile((weight @ total) / np.maximum(weight @ rows, 1), (0.025, 0.975))
    return float(low), float(high)


def _bands(chance: Floats, low: Floats, high: Floats, hit: Flags) -> tuple[float | None, float | None]:
    """Share of bands of chance whose mean interval meets what came, and how wide it is beside that."""
    if len(chance) < BAND:
        return None, None
    meet, given, due = [], [], []
    for band in np.array_split(np.argsort(chance, kind="stable"), len(chance) // BAND):
        least, most = (float(end[0]) for end in interval(np.array([hit[band].mean()]), float(len(band))))
        ends = float(low[band].mean()), float(high[band].mean())
        meet.append(ends[0] <= most and ends[1] >= least)
        given.append(ends[1] - ends[0])
        due.append(most - least)
    return float(np.mean(meet)), float(np.mean(given) / np.mean(due))
