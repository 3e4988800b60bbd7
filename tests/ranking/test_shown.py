"""The rows that a seller would have been shown, judged on outcomes that are known by hand."""

import numpy as np
import pytest

from trendscout.ranking.shown import first_items, judge_shown
from trendscout.ranking.trials import Trials

MOMENTS, GOODS = 60, 100


def tried(hit: np.ndarray) -> Trials:
    """MOMENTS moments of GOODS candidates each."""
    rows = np.arange(MOMENTS * GOODS)
    query = rows // GOODS
    return Trials(
        row=rows, query=query, time=query, hit=hit, known_at=query, lead_h=np.full(len(rows), np.nan),
        rank=rows % GOODS, breakout=rows, query_time=np.arange(MOMENTS),
    )  # fmt: skip


@pytest.fixture(scope="module", name="world")
def _world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Item, its true chance, and whether it broke out, of each row."""
    random = np.random.default_rng(1)
    chance = np.tile(np.linspace(0.01, 0.6, GOODS), MOMENTS)
    return np.arange(MOMENTS * GOODS) % GOODS, chance, random.random(len(chance)) < chance


def test_honest_chances_are_found_honest(world: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    item, chance, hit = world
    every = np.ones(len(hit), bool)
    said = (chance, np.maximum(0, chance - 0.1), chance + 0.1)
    found = judge_shown(tried(hit), item, chance, said, every, {"worst": -chance, "as good": chance})
    assert found is not None
    assert (found.moments, found.named) == (MOMENTS, 20)
    assert found.came == pytest.approx(hit.reshape(MOMENTS, GOODS)[:, -20:].sum(axis=1).mean())
    assert found.said == pytest.approx(chance[GOODS - 20 : GOODS].sum())
    assert found.rules == {
        "worst": pytest.approx(hit.reshape(MOMENTS, GOODS)[:, :20].sum() / MOMENTS),
        "as good": found.came,
    }
    assert found.best_rule == "as good"
    assert found.luck == pytest.approx(20 * hit.mean())
    assert found.said_less_came_95 is not None
    low, high = found.said_less_came_95
    assert low < 0 < high
    assert found.bands_hold == 1
    assert found.width == pytest.approx(1, abs=0.15)


def test_boasts_are_found_out(world: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    item, chance, hit = world
    boast = chance + 0.3
    every = np.ones(len(hit), bool)
    found = judge_shown(tried(hit), item, chance, (boast, boast - 0.02, boast + 0.02), every, {"any": chance})
    assert found is not None
    assert found.said_less_came_95 is not None
    assert found.said_less_came_95[0] > 0.2
    assert found.bands_hold == 0


def test_what_is_no_tip_is_not_shown_and_what_has_no_chance_says_nothing(
    world: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    item, chance, hit = world
    none = np.full(len(hit), np.nan)
    found = judge_shown(tried(hit), item, chance, (none, none, none), item < 15, {"any": chance})
    assert found is not None
    assert found.named == 15
    assert (found.said, found.said_less_came_95, found.bands_hold) == (None, None, None)


def test_an_item_on_several_lists_is_shown_once_at_its_best() -> None:
    query, item = np.zeros(5, int), np.array([1, 2, 1, 3, 2])
    assert first_items(query, item, np.array([0.1, 0.5, 0.9, 0.2, 0.4]), count=2).tolist() == [2, 1]
