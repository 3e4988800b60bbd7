"""The rows that a seller would have been shown, judged on outcomes that are known by hand."""

import numpy as np
import pytest

from trendscout.ranking.shown import FIRST_DAYS, first_items, judge_first_days, judge_shown
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
    found = judge_shown(tried(hit), item, chance, said, every, ~every, {"worst": -chance, "as good": chance})
    assert found is not None
    assert (found.moments, found.named) == (MOMENTS, 20)
    assert found.came == pytest.approx(hit.reshape(MOMENTS, GOODS)[:, -20:].sum(axis=1).mean())
    assert found.said == pytest.approx(chance[GOODS - 20 : GOODS].sum())
    assert found.rules == {
        "worst": pytest.approx(hit.reshape(MOMENTS, GOODS)[:, :20].sum() / MOMENTS),
        "as good": found.came,
    }
    assert found.best_rule == "as good"
    assert (found.with_chance, found.came_of_said) == (20, found.came)
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
    found = judge_shown(
        tried(hit), item, chance, (boast, boast - 0.02, boast + 0.02), every, ~every, {"any": chance}
    )
    assert found is not None
    assert found.said_less_came_95 is not None
    assert found.said_less_came_95[0] > 0.2
    assert found.bands_hold == 0


def test_what_is_no_tip_is_not_shown_and_what_has_no_chance_says_nothing(
    world: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    item, chance, hit = world
    none = np.full(len(hit), np.nan)
    found = judge_shown(tried(hit), item, chance, (none, none, none), item < 15, item < 3, {"any": chance})
    assert found is not None
    assert found.named == 15
    assert found.fallen == pytest.approx(3 / 15)
    assert (found.with_chance, found.came_of_said) == (0, None)
    assert (found.said, found.said_less_came_95, found.bands_hold) == (None, None, None)


def test_an_item_on_several_lists_is_shown_once_at_its_best() -> None:
    query, item = np.zeros(5, int), np.array([1, 2, 1, 3, 2])
    assert first_items(query, item, np.array([0.1, 0.5, 0.9, 0.2, 0.4]), count=2).tolist() == [2, 1]


def test_what_came_is_told_of_the_rows_that_had_a_chance(world: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    item, chance, hit = world
    every = np.ones(len(hit), bool)
    late = np.where(np.arange(len(hit)) < len(hit) // 2, np.nan, chance)
    found = judge_shown(tried(hit), item, chance, (late, late, late), every, ~every, {"any": chance})
    assert found is not None
    assert found.with_chance == 10
    assert found.came_of_said == hit.reshape(MOMENTS, GOODS)[MOMENTS // 2 :, -20:].sum() / MOMENTS
    assert found.said == pytest.approx(found.came_of_said, rel=0.2)


def test_the_first_days_are_told_one_by_one() -> None:
    """Two moments on the second day, one on the fifth; by our order the first 20 goods, by the other the last."""
    goods = np.arange(GOODS)
    day = 86_400
    hit = np.concatenate([goods < 2, goods < 4, goods >= 97])
    query = np.repeat([0, 1, 2], GOODS)
    at = np.array([1.2, 1.7, 4.5]) * day
    trials = Trials(
        row=np.arange(3 * GOODS), query=query, time=at[query].astype(int), hit=hit, known_at=query,
        lead_h=np.full(len(hit), np.nan), rank=np.tile(goods, 3), breakout=np.arange(3 * GOODS),
        query_time=at.astype(int),
    )  # fmt: skip
    item = np.tile(goods, 3)
    score = -item.astype(float), item.astype(float)
    chance = np.where(query == 2, 0.1, np.nan)
    ap = np.array([0.4, 0.6, np.nan]), np.array([0.1, 0.3, np.nan])
    days = judge_first_days(trials, item, score, chance, item != 1, ap, began=0)
    assert [one.day for one in days] == list(range(1, FIRST_DAYS + 1))
    assert [one.moments for one in days] == [0, 2, 0, 0, 1] + [0] * (FIRST_DAYS - 5)
    second, fifth = days[1], days[4]
    assert (second.named, second.with_chance, second.came, second.plain) == (20, 0, 2, 0)  # good 1 is no tip
    assert second.luck == pytest.approx(20 * 3 / GOODS)
    assert (second.ap, second.plain_ap) == (0.5, 0.2)
    assert (fifth.with_chance, fifth.came, fifth.plain, fifth.ap) == (20, 0, 3, None)
