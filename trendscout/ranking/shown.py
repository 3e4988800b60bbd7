"""The rows that a seller would have been shown at each moment, against what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trendscout.ranking.arrays import Flags, Floats, Ints
from trendscout.ranking.calibration import BAND, interval
from trendscout.ranking.metrics import DRAWS, SEED, Interval
from trendscout.ranking.snapshot_features import DAY_S
from trendscout.ranking.trials import Trials
from trendscout.ranking.walk_forward import SHOWN

FIRST_DAYS = 14  # of a new store: what a seller sees before she has reason to trust it


@dataclass(frozen=True, slots=True)
class ShownRows:
    """What became of the first rows of each moment; shares are of these rows."""

    moments: int
    named: float  # rows a moment: SHOWN, or as many as could break out
    came: float  # a moment, of the rows named
    with_chance: float  # rows a moment that had a chance
    said: float | None  # a moment, by the chances given; None where none was
    came_of_said: float | None  # a moment, of the rows that had a chance
    said_less_came_95: Interval | None  # a row, 95 % by resampling items
    rules: Mapping[str, float]  # simple rule -> came a moment, of as many rows
    best_rule: str  # picked afterwards
    luck: float  # came a moment, of rows drawn blindly
    # Share of bands of about BAND rows whose mean interval meets the 90 % interval of what came.
    bands_hold: float | None
    width: float | None  # mean interval given over the mean 90 % interval of what came
    fallen: float  # share of the rows named that stand far below their place of a day before


@dataclass(frozen=True, slots=True)
class FirstDay:
    """One of the first days of a new store; figures are means over the day's moments."""

    day: int  # from 1
    moments: int  # that can be judged: none where too little was looked at before or after
    named: float
    with_chance: float  # rows that had a chance
    came: float  # of the rows named
    plain: float  # of as many by SigniTrend
    luck: float  # of as many drawn blindly
    ap: float | None  # over all candidates; None where nothing broke out
    plain_ap: float | None


def judge_shown(
    tried: Trials,
    item: Ints,
    score: Floats,
    chance: tuple[Floats, Floats, Floats],
    tips: Flags,
    fallen: Flags,
    rules: Mapping[str, Floats],
) -> ShownRows | None:
    """The first SHOWN items of each query by `score`, each at its best place; None without a query.

    `chance` is the probability and the ends of its interval, NaN where none was given; `tips` are the rows that a
    report would show, `fallen` those far below their place of a day before. `rules` are the scores of simple
    rules, judged alike on all rows.
    """
    moments = len(tried.query_time)
    if not moments:
        return None
    ours = _named(tried, item, score, tips)
    came = {
        name: float(tried.hit[first_items(tried.query, item, by)].sum()) / moments for name, by in rules.items()
    }
    probability, low, high = (values[ours] for values in chance)
    known = np.isfinite(probability)
    hit = tried.hit[ours]
    hold, width = _bands(probability[known], low[known], high[known], hit[known])
    return ShownRows(
        moments=moments,
        named=len(ours) / moments,
        came=float(hit.sum()) / moments,
        with_chance=float(known.sum()) / moments,
        said=float(probability[known].sum()) / moments if known.any() else None,
        came_of_said=float(hit[known].sum()) / moments if known.any() else None,
        said_less_came_95=_by_items(item[ours][known], probability[known] - hit[known]),
        rules=came,
        best_rule=max(came, key=lambda name: came[name]),
        luck=float(_luck(tried, item, score, ours).sum()) / moments,
        bands_hold=hold,
        width=width,
        fallen=float(fallen[ours].mean()) if len(ours) else 0.0,
    )


def judge_first_days(
    tried: Trials,
    item: Ints,
    score: tuple[Floats, Floats],
    chance: Floats,
    tips: Flags,
    ap: tuple[Floats, Floats],
    began: int,
) -> tuple[FirstDay, ...]:
    """What the rows shown came to on each of the first FIRST_DAYS days of a store, its first look at `began`.

    Of each pair the first is of the ranking, the second of SigniTrend: `score` a row, `ap` a query, NaN where
    nothing broke out.
    """
    queries = len(tried.query_time)
    day = (tried.query_time - began) // DAY_S
    ours = _named(tried, item, score[0], tips)
    plain = first_items(tried.query, item, score[1])
    a_query = {
        "named": np.bincount(tried.query[ours], minlength=queries),
        "with_chance": np.bincount(tried.query[ours], np.isfinite(chance[ours]), queries),
        "came": np.bincount(tried.query[ours], tried.hit[ours], queries),
        "plain": np.bincount(tried.query[plain], tried.hit[plain], queries),
        "luck": _luck(tried, item, score[0], ours),
    }
    days = []
    for number in range(FIRST_DAYS):
        of = day == number
        if not of.any():
            nothing = dict.fromkeys(a_query, 0.0)
            days.append(FirstDay(day=number + 1, moments=0, **nothing, ap=None, plain_ap=None))
            continue
        known = of & np.isfinite(ap[0])
        days.append(
            FirstDay(
                day=number + 1,
                moments=int(of.sum()),
                **{name: float(values[of].mean()) for name, values in a_query.items()},
                ap=float(ap[0][known].mean()) if known.any() else None,
                plain_ap=float(ap[1][known].mean()) if known.any() else None,
            )
        )
    return tuple(days)


def _named(tried: Trials, item: Ints, score: Floats, tips: Flags) -> Ints:
    """The rows that a report names: of each query the first SHOWN items that are tips."""
    ours = first_items(tried.query, item, np.where(tips, score, -np.inf))
    return np.asarray(ours[tips[ours]])


def _luck(tried: Trials, item: Ints, score: Floats, ours: Ints) -> Floats:
    """Of each query, what as many rows as `ours` come to if they are drawn blindly from its items."""
    queries = len(tried.query_time)
    every = first_items(tried.query, item, score, count=len(item))
    hits = np.bincount(tried.query[every], tried.hit[every], queries)
    share = hits / np.maximum(1, np.bincount(tried.query[every], minlength=queries))
    return np.asarray(share * np.bincount(tried.query[ours], minlength=queries))


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
