"""What is asked of a ranking is held against what it reached, and no more is claimed than is known."""

from dataclasses import replace

import pytest

from trendscout.ranking.shown import FirstDay, ShownRows
from trendscout.ranking.targets import Target, first_days_over_plain, targets_of

GOOD = ShownRows(
    moments=60, named=20, came=4.0, with_chance=20, said=4.1, came_of_said=4.0, said_less_came_95=(-0.03, 0.04),
    rules={"SigniTrend": 2.0, "rank change": 1.0}, best_rule="SigniTrend", luck=0.8, bands_hold=0.9, width=1.4,
    fallen=0.01,
)  # fmt: skip
DAYS = tuple(FirstDay(day, 4, 20, 20, 2, 2, 1, 0.3, 0.25) for day in range(1, 15))


def told(
    shown: ShownRows | None = GOOD, breakouts: int = 170, ece: float | None = 0.01, order: float | None = 1.2
) -> dict[str, Target]:
    found = targets_of(shown, DAYS, breakouts=breakouts, over_best=order, over_plain=order, ece=ece)
    return {one.figure: one for one in found}


def test_a_ranking_that_reaches_all_is_told_so() -> None:
    found = told()
    assert list(found) == [
        "said less came", "came over SigniTrend", "ranges hold", "ranges wide", "fallen", "order", "ece",
        "first days",
    ]  # fmt: skip
    assert all(one.held for one in found.values())
    assert found["came over SigniTrend"].reached == (2.0,)
    assert found["first days"].reached == (pytest.approx(1.2),)


@pytest.mark.parametrize(
    ("figure", "shown"),
    [
        ("said less came", replace(GOOD, said_less_came_95=(0.06, 0.2))),
        ("said less came", replace(GOOD, said_less_came_95=(-0.2, -0.06))),
        ("came over SigniTrend", replace(GOOD, came=2.5)),
        ("ranges hold", replace(GOOD, bands_hold=0.7)),
        ("ranges wide", replace(GOOD, width=2.1)),
        ("fallen", replace(GOOD, fallen=0.04)),
    ],
)
def test_each_that_is_missed_is_told(figure: str, shown: ShownRows) -> None:
    assert [name for name, one in told(shown).items() if not one.held] == [figure]


def test_few_breakouts_need_not_beat_the_best_rule_but_may_not_lose_to_signitrend() -> None:
    assert "order" not in told(breakouts=99, order=0.96)
    assert told(breakouts=99, order=0.96)["few"].held
    assert not told(breakouts=99, order=0.94)["few"].held
    assert not told(order=1.07)["order"].held
    assert not told(ece=0.04)["ece"].held


def test_what_is_not_known_is_neither_reached_nor_missed() -> None:
    unknown = replace(GOOD, said_less_came_95=None, bands_hold=None, width=None)
    found = told(unknown, ece=None)
    assert {name for name, one in found.items() if one.held is None} == {
        "said less came", "ranges hold", "ranges wide", "ece",
    }  # fmt: skip
    assert list(told(None)) == ["order", "ece", "first days"]
    assert first_days_over_plain(()) is None


def test_days_without_a_breakout_do_not_count() -> None:
    quiet = replace(DAYS[0], ap=None, plain_ap=None)
    assert first_days_over_plain((quiet, DAYS[1])) == pytest.approx(1.2)
