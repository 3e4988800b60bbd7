"""The backtest looks at the past only, and says what it saw."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from tests.ranking.histories import START, made, market
from trendscout.errors import UsageError
from trendscout.history import History, cut
from trendscout.ranking.backtest import Backtest, backtest
from trendscout.ranking.breakout_model import Fitted
from trendscout.ranking.rules import derive_rules
from trendscout.ranking.scoring import refit, rules_of
from trendscout.ranking.scoring import score as score_now
from trendscout.ranking.signal_replay import KeptStates
from trendscout.ranking.surroundings import Surroundings
from trendscout.ranking.trials import outcomes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", name="past")
def _past() -> History:
    return market(3, days=90, lists=2)


@pytest.fixture(scope="module", name="judged")
def _judged(past: History) -> Backtest:
    return backtest(past, all_snapshots=True)


def rows_of(judged: Backtest) -> dict[tuple[str, object, str], tuple[float, float | None]]:
    table = pa.table(judged.scores_table()).to_pydict()
    keys = zip(table["list_id"], table["snapshot_at"], table["item_key"], strict=True)
    return dict(zip(keys, zip(table["score"], table["probability"], strict=True), strict=True))


@pytest.mark.slow
def test_scores_are_the_same_when_what_follows_is_cut_off(past: History, judged: Backtest) -> None:
    whole = rows_of(judged)
    moments = np.unique(past.snap_time)
    for moment in np.random.default_rng(5).choice(moments[15:], 20, replace=False):
        before = rows_of(backtest(cut(past, int(moment)), all_snapshots=True))
        assert before
        for key, (score, probability) in before.items():
            assert whole[key] == (pytest.approx(score, abs=1e-9), pytest.approx(probability, abs=1e-9)), key


def test_lists_that_are_ranked_together_are_scored_by_one_model() -> None:
    rows = []
    for number in range(3):  # one list after the other, minutes apart
        late = market(number, days=60)
        snap = late.obs_snap
        hours = (late.snap_time[snap] - int(START.timestamp())) / 3600 + number / 10
        keys = late.items[late.obs_item]
        rows += [
            (f"shop_US/bestsellers/c{number}", hour, rank, key)
            for hour, rank, key in zip(hours, late.obs_rank, keys, strict=True)
        ]
    judged = backtest(made(rows)).walks[0]
    assert judged.material.rules.pooled
    assert len(judged.models) > 3
    tried = judged.material.trials
    begin, end = (np.full(len(tried.query_time), edge) for edge in (np.iinfo(np.int64).max, 0))
    np.minimum.at(begin, tried.query, tried.time)
    np.maximum.at(end, tried.query, tried.time)
    assert (end > begin).any()
    for model in judged.models:
        assert not ((begin < model.fitted_at) & (model.fitted_at <= end)).any()


def test_a_report_of_then_is_the_same_when_asked_for_later(past: History) -> None:
    moment = START + timedelta(days=40, hours=1)
    then = score_now(cut(past, int(moment.timestamp())), moment)
    later = score_now(past, moment)
    assert np.array_equal(then.score, later.score)
    assert np.array_equal(then.probability, later.probability, equal_nan=True)


def test_it_beats_every_baseline_where_newcomers_rise_smoothly(judged: Backtest) -> None:
    report = judged.reports[0]
    assert report.ratio is not None
    assert report.ratio > 1.0
    assert report.ranker.ap is not None
    assert report.base is not None
    assert report.ranker.ap > 2 * report.base
    assert report.ece is not None
    assert report.ece < 0.05
    assert report.ranker.caught is not None
    assert report.ranker.caught > 0.5


def test_shuffled_ranks_leave_the_base_rate(past: History) -> None:
    random = np.random.default_rng(0)
    items = past.obs_item.copy()
    for snap in range(len(past.snap_time)):
        rows = past.obs_snap == snap
        items[rows] = random.permutation(items[rows])
    report = backtest(replace(past, obs_item=items)).reports[0]
    chance = report.base or 0.0
    assert report.ranker.p10 is not None
    assert report.ranker.p10 == pytest.approx(chance, abs=max(0.05, chance))


def test_queries_before_the_asked_time_train_but_do_not_count(past: History, judged: Backtest) -> None:
    since = START + timedelta(days=30)
    late = backtest(past, since=since).reports[0]
    assert late.since is not None
    assert late.since >= since
    assert 0 < late.queries < judged.reports[0].queries
    assert late.refits[0].at < since


def test_a_history_that_is_too_short_says_so() -> None:
    with pytest.raises(UsageError, match="12 snapshots"):
        backtest(made([("a/b", day, 1, "x") for day in range(5)]))


def test_the_report_is_plain_json(judged: Backtest) -> None:
    import json

    group = json.loads(json.dumps(judged.to_dict()))["groups"][0]
    assert group["group"] == "shop_US"
    assert set(group["baselines"]) == {
        "current rank", "rank change", "first seen", "log slope", "SigniTrend", "Poisson", "burst CUSUM",
    }  # fmt: skip
    assert 0 <= group["visible"]["24"] <= 1
    assert [day["day"] for day in group["first_days"]] == list(range(1, 15))
    assert {target["figure"] for target in group["targets"]} >= {"said less came", "order", "ece", "first days"}


def test_the_first_days_are_those_of_the_store_whatever_is_judged(past: History, judged: Backtest) -> None:
    """A row of a new store has SigniTrend's order until outcomes are known, and then a chance."""
    days = judged.reports[0].first_days
    assert days == backtest(past, since=START + timedelta(days=30)).reports[0].first_days
    seen = [day for day in days if day.moments]
    assert seen[0].with_chance == 0
    assert seen[0].came == seen[0].plain
    assert (seen[0].ap, seen[-1].with_chance) == (seen[0].plain_ap, seen[-1].named)


def test_rows_that_a_report_leaves_out_are_not_judged(past: History, judged: Backtest) -> None:
    """Falling rows are no tips: of the rows shown none stands at 1.5 times its rank of a day before."""
    shown = judged.reports[0].shown
    assert shown is not None
    assert shown.fallen == 0


def test_looks_too_far_apart_for_the_horizon_are_told() -> None:
    """A list is not without an order because nobody looked at it for long enough after any moment."""
    rows = [("a/b", hour, rank, f"i{rank}") for hour in range(14) for rank in range(1, 31)]
    with pytest.raises(UsageError, match="looked at for 36 h"):
        backtest(made(rows))


def test_what_was_fitted_is_kept_and_used_again(past: History) -> None:
    now = datetime.fromtimestamp(int(past.snap_time.max()), UTC)
    rules = rules_of(past)
    models = refit(past, int(now.timestamp()), rules, Surroundings(past))
    kept = {group: Fitted.from_dict(model.to_dict()) for group, model in models.items()}
    assert dict(kept) == models
    assert all(model is not None and not model.early for model in kept.values())
    fresh, again = (
        score_now(past, now),
        score_now(past, now, models={group: model for group, model in kept.items() if model}),
    )
    assert np.array_equal(fresh.probability, again.probability, equal_nan=True)
    best = again.at(int(again.order()[0]))
    assert best.probability is not None
    assert best.probability_low is not None
    assert best.probability_high is not None
    assert best.probability_low < best.probability < best.probability_high
    assert best.score == pytest.approx(np.log(best.probability / (1 - best.probability)))
    assert len(best.reasons) == 6
    assert best.list_pace == "fast"


def test_no_model_without_outcomes(past: History) -> None:
    early = cut(past, int(past.snap_time.min()) + 3 * 86_400)
    scores = score_now(early, START + timedelta(days=3, hours=1))
    assert not scores.models
    assert np.isnan(scores.probability).all()


def test_outcomes_are_counted_as_the_rules_say() -> None:
    path = [40, 30, 9, 25, 8, 7]
    history = made([row for day, rank in enumerate(path) for row in ((("l/x"), 24 * day, rank, "it"),)])
    rules = replace(derive_rules(history, "l"), cadence_h=24, horizon_h=72, hold=2, label="top", r0=20)
    hit, lead = outcomes(history, rules, np.arange(6))
    assert hit.tolist() == [False, True, True, True, False, False]
    assert lead[1] == 24
    assert np.isnan(lead[0])


def test_groups_that_are_replayed_together_have_the_models_that_each_has_alone() -> None:
    past = market(3, days=50, lists=3)
    past = replace(past, lists=("here_US/a/0", "there_UK/a/1", "here_US/a/2"))
    now_s = int(past.snap_time.max())
    rules = rules_of(past)
    rules["there_UK"] = replace(rules["there_UK"], gap_h=30.0)  # else an absence is the same in both
    around = Surroundings(past)
    states = {name: KeptStates() for name in ("both", *rules)}
    together = refit(past, now_s, rules, around, states["both"])
    alone = [refit(past, now_s, {name: its}, around, states[name]) for name, its in rules.items()]
    assert len(together) == 2
    assert together == alone[0] | alone[1]
    for name in past.lists:
        (mine,), (own,) = states["both"].of([name])[name], states[name.partition("/")[0]].of([name])[name]
        assert mine.to_row() == own.to_row()
