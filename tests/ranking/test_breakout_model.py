"""The model finds what makes hits, and says how sure it is."""

import numpy as np
import pytest

from trendscout.ranking.breakout_model import Fitted, conditional_logit, fit
from trendscout.ranking.metrics import block_interval, calibration, calibration_error
from trendscout.ranking.model_features import STARTS, places


def queries(seed: int, count: int = 300, size: int = 20) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    features = {name: random.normal(size=count * size) for name in (*STARTS, "telling", "silent")}
    query = np.repeat(np.arange(count), size)
    strength = 1.5 * features["telling"] + 0.5 * features["slope"]
    hit = random.random(count * size) < 1 / (1 + np.exp(4 - strength))
    return features, hit, query


def test_weights_follow_what_makes_hits() -> None:
    features, hit, query = queries(1)
    model = fit(features, hit, query, overlap=1.0)
    assert isinstance(model, Fitted)
    weight = dict(zip(model.names, model.weights, strict=True))
    assert weight["telling"] == pytest.approx(1.5, abs=0.5)
    assert weight["slope"] == pytest.approx(0.5, abs=0.2)
    assert abs(weight["silent"]) < 0.15
    score = model.score(features)
    assert calibration_error(calibration(model.probability(score), hit)) < 0.02
    low, high = model.interval(model.probability(score))
    assert ((low <= model.probability(score)) & (model.probability(score) <= high)).all()


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
    few = fit(features, hit, query, overlap=200.0)
    assert few is not None
    weight = dict(zip(few.names, few.weights, strict=True))
    assert max(weight, key=lambda name: abs(weight[name])) == "signitrend"
    assert fit(features, np.zeros_like(hit), query, overlap=1.0) is None


def test_a_signal_that_never_moves_is_left_alone() -> None:
    features, hit, query = queries(3)
    features["silent"][:] = 7.0
    model = fit(features, hit, query, overlap=1.0)
    assert model is not None
    assert dict(zip(model.names, model.weights, strict=True))["silent"] == 0
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
