"""The model finds what makes hits, and says how sure it is."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trendscout.ranking.additive_trees import fit_trees, sampled
from trendscout.ranking.breakout_model import Fitted, conditional_logit, fit
from trendscout.ranking.calibration import SURENESS_PRIOR, logistic, sureness
from trendscout.ranking.metrics import block_interval, calibration, calibration_error
from trendscout.ranking.model_features import STARTS, places


def queries(seed: int, count: int = 300, size: int = 20) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    features = {name: random.normal(size=count * size) for name in (*STARTS, "telling", "silent")}
    query = np.repeat(np.arange(count), size)
    strength = 1.5 * features["telling"] + 0.5 * features["slope"]
    hit = random.random(count * size) < 1 / (1 + np.exp(4 - strength))
    return features, hit, query


def near(hit: np.ndarray) -> np.ndarray:
    """No place is near the goal."""
    return np.zeros(len(hit), bool)


def fitted(features: dict[str, np.ndarray], hit: np.ndarray, query: np.ndarray, *, overlap: float = 1.0) -> Fitted:
    """A model whose every hit is a breakout of its own, after very many horizons."""
    model = fit(features, hit, query, near(hit), np.arange(len(hit)), overlap=overlap, horizons=1e6)
    assert model is not None
    return model


def weights(model: Fitted) -> dict[str, float]:
    assert model.line is not None
    return dict(zip(model.names, model.line.weights, strict=True))


def test_weights_follow_what_makes_hits() -> None:
    features, hit, query = queries(1)
    model = fitted(features, hit, query)
    weight = weights(model)
    assert weight["telling"] == pytest.approx(1.5, abs=0.5)
    assert weight["slope"] == pytest.approx(0.5, abs=0.2)
    assert abs(weight["silent"]) < 0.15
    chance = model.probability(model.score(features))
    assert calibration_error(calibration(chance, hit)) < 0.02
    low, high = model.interval(chance)
    assert ((low <= chance) & (chance <= high)).all()


def test_what_the_signals_add_is_the_log_odds() -> None:
    features, hit, query = queries(1)
    model = replace(fitted(features, hit, query), curve=(0.3, 0.8), start_share=0.2)
    assert model.trees is not None
    parts, beside = model.parts(features)
    values = np.stack(list(features.values()), axis=1)
    assert model.line is not None
    line = model.line.parts(values).sum(axis=1) + model.line.curve[0]
    trees = model.trees.parts(values).sum(axis=1) + model.trees.base
    start = model.start[0] + model.start[1] * features["signitrend"]
    learned = (1 - model.trees_share) * line + model.trees_share * trees
    assert parts.sum(axis=1) + beside == pytest.approx(0.3 + 0.8 * (0.2 * start + 0.8 * learned))
    assert Fitted.from_dict(json.loads(json.dumps(model.to_dict()))) == model


def test_near_goods_do_not_teach_what_lifts_far_ones() -> None:
    features, _, query = queries(9)
    close = np.arange(len(query)) % 20 < 5  # a quarter stands near the goal, has "telling", and breaks out anyway
    features["telling"] = np.where(close, 2.0, features["telling"])
    chance = np.where(close, 0.5, 1 / (1 + np.exp(4 - 1.5 * features["slope"])))
    hit = np.random.default_rng(10).random(len(query)) < chance
    told = weights(fitted(features, hit, query))["telling"]
    apart = fit(features, hit, query, close, np.arange(len(hit)), overlap=1.0, horizons=1e6)
    assert apart is not None
    assert 3 * abs(weights(apart)["telling"]) < told


def test_a_model_of_another_format_is_none() -> None:
    features, hit, query = queries(1, count=60)
    kept = fitted(features, hit, query).to_dict()
    assert Fitted.from_dict({**kept, "format": 1}) is None


def test_trees_see_what_a_line_cannot() -> None:
    features, _, query = queries(5)
    random = np.random.default_rng(6)
    both_far = np.abs(features["telling"]) > 1.2  # low and high break out, the middle does not
    hit = random.random(len(query)) < np.where(both_far, 0.3, 0.01)
    values = np.stack(list(features.values()), axis=1)
    half = len(hit) // 2
    kept, times = sampled(hit[:half])
    trees = fit_trees(values[kept], hit[kept], times)
    score = trees.base + trees.parts(values[half:]).sum(axis=1)
    assert score[both_far[half:]].mean() > score[~both_far[half:]].mean() + 2
    assert calibration_error(calibration(logistic(score), hit[half:])) < 0.02


@pytest.mark.parametrize(
    ("breakouts", "early", "has_trees"), [(19, True, False), (20, False, False), (100, False, True)]
)
def test_distinct_breakouts_decide_what_is_fitted(breakouts: int, early: bool, has_trees: bool) -> None:
    features, _, query = queries(7)
    hit = np.zeros(len(query), bool)
    hit[:: len(query) // 600] = True  # 600 rows or more ...
    number = np.arange(len(hit)) % breakouts  # ... of so few goods
    number[np.flatnonzero(hit)] = np.arange(hit.sum()) % breakouts
    model = fit(features, hit, query, near(hit), number, overlap=1.0, horizons=2.0)
    assert model is not None
    assert (model.breakouts, model.early, model.trees is not None) == (breakouts, early, has_trees)
    assert model.start_share == (1.0 if early else 0.2)
    chance = model.probability(model.score(features))
    if early:
        assert np.ptp(chance) < 0.001
        assert chance.mean() == pytest.approx(hit.mean(), abs=0.01)
        low, high = model.interval(chance)
        assert (high - low).min() > 0.1


def test_sureness_is_found_from_errors() -> None:
    random = np.random.default_rng(8)
    chance, goods = np.full(12_000, 0.2), np.arange(12_000) // 6  # each of the goods is shown on six rows
    hit = (random.random(2_000) < 0.2)[goods]
    period = np.arange(12_000) // 240
    assert sureness(chance, hit, period) == pytest.approx(10, rel=0.35)  # a band of sixty rows has ten goods
    assert sureness(chance + 0.2, hit, period) < 6
    assert sureness(chance[:20], hit[:20], period[:20]) == SURENESS_PRIOR


def test_the_latest_outcomes_draw_the_weights_where_habits_change() -> None:
    features, _, query = queries(3, count=600)
    now = query >= 300  # until then one signal made hits, since then another
    telling = np.where(now, features["silent"], features["telling"])
    hit = np.random.default_rng(4).random(len(query)) < 1 / (1 + np.exp(4 - 1.5 * telling))
    z = np.stack([features["telling"], features["silent"]], axis=1)
    ever = conditional_logit(z, hit, query, 10.0, np.zeros(2), np.zeros(2))
    of_late = conditional_logit(z, hit, query, 10.0, ever, ever, half_life=50.0)
    assert ever[0] == pytest.approx(ever[1], abs=0.3)
    assert of_late[1] > of_late[0] + 0.5


def test_few_hits_leave_the_start() -> None:
    features, hit, query = queries(2, count=40)
    weight = weights(fitted(features, hit, query, overlap=200.0))
    assert max(weight, key=lambda name: abs(weight[name])) == "signitrend"
    none = fit(features, np.zeros_like(hit), query, near(hit), np.arange(len(hit)), overlap=1.0, horizons=1.0)
    assert none is not None
    assert none.early
    assert 0 < none.rate < 0.01
    nothing = {name: values[:0] for name, values in features.items()}
    assert fit(nothing, hit[:0], query[:0], hit[:0], query[:0], overlap=1.0, horizons=0.0) is None


def test_a_signal_that_never_moves_is_left_alone() -> None:
    features, hit, query = queries(3)
    features["silent"][:] = 7.0
    model = fitted(features, hit, query)
    assert weights(model)["silent"] == 0
    assert np.isfinite(model.score(features)).all()


def test_a_query_without_hits_changes_nothing() -> None:
    z = np.array([[1.0], [0.0], [3.0], [2.0]])
    hit, query = np.array([True, False, False, False]), np.array([0, 0, 1, 1])
    zero = np.zeros(1)
    both = conditional_logit(z, hit, query, 1.0, zero, zero)
    assert both == pytest.approx(conditional_logit(z[:2], hit[:2], query[:2], 1.0, zero, zero))
    assert both[0] > 0


def test_places_share_ties_within_their_group() -> None:
    found = places(np.array([3.0, 1.0, 1.0, 9.0]), np.array([0, 0, 0, 1]))
    assert found.tolist() == pytest.approx([2.5 / 3, 1 / 3, 1 / 3, 0.5])


def test_an_interval_holds_the_mean_and_narrows() -> None:
    random = np.random.default_rng(0)
    few, many = random.normal(1, 1, 30), random.normal(1, 1, 3000)
    narrow, wide = block_interval(many), block_interval(few)
    assert narrow is not None
    assert wide is not None
    assert narrow[0] < many.mean() < narrow[1]
    assert narrow[1] - narrow[0] < wide[1] - wide[0]
    assert block_interval(few[:5]) is None


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads as Linux shows them")
def test_fits_run_on_one_thread() -> None:
    """More would wait for one another longer than they work."""
    code = """import os, trendscout, numpy
ones = numpy.ones((500, 500))
ones @ ones
print(len(os.listdir("/proc/self/task")))"""
    home = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", code], env=home, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
