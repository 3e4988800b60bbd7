"""A list that is watched only now brings no news: what was there when the watch began did not climb."""

from datetime import timedelta

import numpy as np
import pytest

from tests.ranking.histories import START, made, market
from trendscout.history import History, only
from trendscout.ranking.scoring import Scores, score
from trendscout.ranking.signal_replay import replay

pytestmark = pytest.mark.slow

DAYS, BEGAN = 70, 60  # days of the market; from this one on the last of its lists is watched
NEW = "shop_US/bestsellers/c3"


@pytest.fixture(scope="module", name="past")
def _past() -> History:
    """Three lists that were watched for long, and one that is watched since day BEGAN."""
    history = market(2, days=DAYS, lists=4, length=40)
    began = int((START + timedelta(days=BEGAN)).timestamp())
    new = np.array(history.lists)[history.snap_list] == NEW
    return only(history, ~new | (history.snap_time >= began))


@pytest.fixture(scope="module", name="mornings")
def _mornings(past: History) -> list[Scores]:
    return [score(past, START + timedelta(days=BEGAN + day, hours=1)) for day in range(6)]


def top(scores: Scores, count: int = 20) -> list[str]:
    order = scores.order()
    tips = order[~scores.falling[order]]
    return [scores.lists[code] for code in scores.list[tips[:count]]]


def test_it_does_not_flood_the_report(mornings: list[Scores]) -> None:
    shown = [top(scores).count(NEW) for scores in mornings]
    # Watched for less than the two days that trials need, its goods have the base rate: hardly one is first.
    assert max(shown[:2]) <= 1
    assert max(shown) <= 10  # it is one of four lists
    assert sum(shown) > 0


@pytest.mark.parametrize("day", range(3))
def test_what_was_there_is_not_new(mornings: list[Scores], day: int) -> None:
    ours = [one for one in mornings[day] if one.list_id == NEW]
    there = {one.item_key for one in mornings[0] if one.list_id == NEW}
    assert len(there) == 40
    stood = [one for one in ours if one.item_key in there]
    assert all(one.stage != "emerging" for one in stood)
    assert not any("off the list" in one.velocity.why for one in stood)
    if day == 0:
        assert all(one.rank_before is None and one.rank_span_days is None for one in stood)
        assert all(one.early for one in stood)


def test_what_comes_later_came_from_off_the_list_and_from_no_invented_rank(mornings: list[Scores]) -> None:
    there = {one.item_key for one in mornings[0] if one.list_id == NEW}
    came = [one for one in mornings[1] if one.list_id == NEW and one.item_key not in there]
    assert came
    assert all(one.rank_before is None and one.rank_span_days == pytest.approx(1) for one in came)
    assert all(one.velocity.why == "off the list → {rank} in {hours} h" for one in came)
    assert all("before" not in one.velocity.fields for one in came)


def test_signals_of_a_first_look_say_that_nothing_moved(past: History) -> None:
    first = score(past, START + timedelta(days=BEGAN, hours=1))
    on_it = np.array(first.lists)[first.list] == NEW
    assert on_it.sum() == 40
    assert np.isnan(first.signals["climb"][on_it]).all()


def test_what_stood_there_when_a_late_watch_began_has_no_burst() -> None:
    """The first of a list that joins a watched group was as high before: no look makes news of it."""
    rows = [("shop_US/b/old", 24 * day, rank, f"o{rank}") for day in range(8) for rank in range(1, 13)]
    rows += [("shop_US/b/new", 24 * day + 1, rank, f"n{rank}") for day in (5, 6) for rank in range(1, 13)]
    history = made(rows)
    replayed = replay(history, np.full(2, 240 * 3600.0), np.ones(len(history.snap_time), bool))
    code = history.lists.index("shop_US/b/new")
    new = history.snap_list[history.obs_snap[replayed.rows]] == code
    assert new.sum() == 24
    for name in ("signitrend", "poisson", "cusum", "sig_fast", "sig_slow"):
        assert not replayed.signals[name][new].any(), name
