"""Packs, costs, alerts, changes: what is met, what fails, what nobody knows."""

import tomllib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from example import FADING, NOW, RISING, STEADY, YOUNG, ago, but, empty, example

from trendscout.errors import ConfigError, UsageError
from trendscout.model import Coverage, Flag
from trendscout.money import SHIPPED, read_own
from trendscout.report import alerts, changes, costs, packs
from trendscout.steps.red_ocean import read_table
from trendscout.text import watch_words


def pack(tmp_path: Path, lines: str) -> packs.Pack:
    (tmp_path / "own.toml").write_text(f"lines = [{lines}]", encoding="utf-8")
    return packs.load(tmp_path)["own"]


@pytest.mark.parametrize(
    ("line", "row", "answer"),
    [
        ('value = "price_usd", at_most = 50', RISING, True),
        ('value = "price_usd", at_most = 12.98', RISING, False),
        ('value = "price_usd", at_most = 50', but(RISING, price_usd=None), None),
        ('value = "sold", at_least = 5000', RISING, True),  # "5,000+" is 5,000 or more
        ('value = "sold", at_least = 6000', RISING, None),  # ... and may be 6,000
        ('value = "sold", at_most = 4000', RISING, False),
        ('value = "sold", at_least = 1', but(RISING, count_kind="views"), None),
        ('value = "age_days", at_most = 60', RISING, True),
        ('value = "age_days", at_most = 60', YOUNG, None),  # seen for a day, listed nobody knows when
        ('value = "age_days", at_most = 60', STEADY, False),  # seen for 300 days, so listed for 300 at least
        ('value = "review_rate", at_most = 0.02', RISING, True),  # 83 of 5,000 or more
        ('value = "review_rate", at_most = 0.01', RISING, None),
        ('value = "climb", at_least = 4', RISING, True),
        ('value = "stage", one_of = ["rising"]', RISING, True),
        ('value = "stage", none_of = ["rising"]', RISING, False),
        ('value = "stage", one_of = ["rising"]', YOUNG, None),
        ('value = "flags", none_of = ["recalled"]', FADING, True),
        ('value = "flags", one_of = ["price_war"]', FADING, True),
        ('value = "lead_days", at_least = 3', STEADY, False),
        ('value = "markup", at_least = 5', RISING, True),
    ],
)
def test_lines(line: str, row: object, answer: bool | None, tmp_path: Path) -> None:
    (only,) = pack(tmp_path, f"{{ {line} }}").lines
    assert packs.holds(only, row, NOW) is answer


def test_what_is_unknown_fails_nothing_but_is_told(tmp_path: Path) -> None:
    lines = '{ value = "price_usd", at_least = 5, at_most = 50 }, { value = "weight_g", at_most = 500 }'
    own = pack(tmp_path, lines)
    check = packs.check(own, but(RISING, weight_g=None), NOW)
    assert (check.met, check.failed, check.unknown) == (True, (), ("weight_g <= 500",))


def test_a_pack_of_which_too_little_is_known_is_not_met(tmp_path: Path) -> None:
    own = pack(tmp_path, '{ value = "weight_g", at_most = 500 }, { value = "price_usd", at_most = 5 }')
    assert not packs.check(own, YOUNG, NOW).met


def test_a_line_that_is_needed_must_be_known() -> None:
    entries = ({"value": "price_usd", "at_most": 50}, {"value": "weight_g", "at_most": 500, "needed": True})
    light = packs.Pack("light", {}, {}, tuple(line for entry in entries for line in packs.read_lines(entry)))
    assert packs.check(light, RISING, NOW).met
    unknown = packs.check(light, but(RISING, weight_g=None), NOW)
    assert (unknown.met, unknown.failed, unknown.unknown) == (False, (), ("weight_g <= 500",))
    with pytest.raises(TypeError):
        list(packs.read_lines({"value": "rank", "at_most": 5, "needed": "yes"}))


def test_sales_of_another_listing_count() -> None:
    shop = replace(RISING.facts.sightings[1], count=3005, count_kind="sold")
    row = but(RISING, count=900_000, count_kind="views", sightings=(shop,))
    (line,) = packs.read_lines({"value": "sold", "at_least": 3000})
    assert packs.holds(line, row, NOW) is True
    assert packs.holds(line, but(row, sightings=()), NOW) is None


def test_a_product_says_which_line_failed() -> None:
    report = packs.judged(example(), packs.load())
    rising = next(row for row in report.rows if row.product_id == RISING.product_id)
    checks = {check.pack: check for check in rising.checks.pack_checks}
    assert checks["hidden-hit"].failed == ("reviews <= 50",)
    assert packs.say("reviews <= 50", "zh") == "评价数 ≤ 50"
    assert packs.say("margin >= 0.5", "en") == "margin ≥ 50%"
    assert packs.say("stage in emerging|rising", "zh") == "阶段 = 萌芽/上升"
    assert "impulse" in rising.checks.packs


@pytest.mark.parametrize("name", ["impulse", "低价冲动消费", "impulse buy under usd 50"])
def test_only_one_pack_by_its_name_or_as_reports_call_it(name: str) -> None:
    report = packs.judged(example(), packs.load(), only=name)
    assert [row.product_id for row in report.rows] == [RISING.product_id]


def test_an_unknown_pack_is_told() -> None:
    with pytest.raises(UsageError, match="There are: early-elsewhere"):
        packs.judged(example(), packs.load(), only="none")


def test_shipped_packs_are_complete() -> None:
    shipped = packs.shipped()
    assert {"new-burst", "hidden-hit", "light-high-margin", "impulse", "season-ahead"} <= set(shipped)
    for one in shipped.values():
        assert set(one.titles) == set(one.about) == {"en", "zh"}
        for line in one.lines:
            assert packs.say(line.code, "zh")


def test_an_own_pack_replaces_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "impulse.toml").write_text('lines = [{ value = "price_usd", at_most = 5 }]', encoding="utf-8")
    assert [line.code for line in packs.load(tmp_path)["impulse"].lines] == ["price_usd <= 5"]


@pytest.mark.parametrize(
    "text",
    [
        "", "lines = []", "lines = 3", "lines = [3]", "lines = [{}]", "x = [", "\x00",
        'lines = [{ value = "price" , at_most = 1 }]', 'lines = [{ value = "price_usd" }]',
        'lines = [{ value = "price_usd", at_most = "1" }]', 'lines = [{ value = "price_usd", at_most = nan }]',
        'lines = [{ value = "price_usd", one_of = ["1"] }]', 'lines = [{ value = "stage", at_most = 1 }]',
        'lines = [{ value = "stage", one_of = [] }]', 'title = 3\nlines = [{ value = "price_usd", at_most = 1 }]',
    ],
)  # fmt: skip
def test_a_broken_pack_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"own\.toml is no selection pack"):
        packs.load(tmp_path)


# --- costs ---------------------------------------------------------------------------------------------


def costed(tmp_path: Path, text: str) -> costs.CostBook:
    path = tmp_path / "costs.toml"
    path.write_text(text, encoding="utf-8")
    return costs.load(path)


def test_costs_give_a_margin(tmp_path: Path) -> None:
    known = costed(tmp_path, '["B0EXAMPLE1"]\ncost_usd = 2.4\nfees_usd = 5.1\nweight_g = 180\n')
    row = costs.applied(replace(example(), rows=(but(RISING, margin=None),)), known, SHIPPED).rows[0]
    assert row.own.margin == pytest.approx((12.99 - 2.4 - 5.1) / 12.99)
    assert row.own.cost_usd == Decimal("2.4")


def test_a_listing_on_another_platform_will_do(tmp_path: Path) -> None:
    known = costed(tmp_path, '["7398112233445566778"]\ncost_usd = 2\n')
    row = costs.applied(example(), known, SHIPPED).rows[0]
    assert (row.own.cost_usd, row.own.margin) == (Decimal(2), None)  # fees are not known, so no margin is


@pytest.mark.parametrize(
    "text", ["x", '["a"]\ncost = 1', '["a"]\ncost_usd = "1"', '["a"]\nfees_usd = -1', "a = 3"]
)
def test_broken_costs_are_told(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"costs\.toml"):
        costed(tmp_path, text)


def test_no_costs_are_no_costs(tmp_path: Path) -> None:
    assert costs.load(tmp_path / "costs.toml") == costs.CostBook()


# --- alerts --------------------------------------------------------------------------------------------

RULES = alerts.read(
    {
        "breakout": {"lines": [{"value": "probability", "at_least": 0.3}], "rest_days": 2},
        "recall": {"lines": [{"value": "flags", "one_of": ["recalled"]}]},
    }
)


def test_alerts_call_once_and_then_rest() -> None:
    (alert,) = alerts.due(example(), RULES, {})
    assert alert.key == "breakout/p-7f3a"
    assert alerts.due(example(), RULES, {alert.key: ago(1.9)}) == ()
    assert len(alerts.due(example(), RULES, {alert.key: ago(2)})) == 1


def test_what_is_unknown_raises_no_alert() -> None:
    assert alerts.due(replace(example(), rows=(YOUNG,)), RULES, {}) == ()


def test_every_rule_rests_for_itself() -> None:
    recalled = but(RISING, flags=(Flag("recalled", "rule"),))
    found = alerts.due(replace(example(), rows=(recalled,)), RULES, {"breakout/p-7f3a": NOW})
    assert [alert.rule.name for alert in found] == ["recall"]


@pytest.mark.parametrize(
    "rule", [{}, 3, {"lines": [{"value": "x", "at_least": 1}]}, {"lines": [], "rest_days": "a"}]
)
def test_a_broken_rule_is_told(rule: object) -> None:
    with pytest.raises(ConfigError, match="'mine' is not understood"):
        alerts.read({"mine": rule})


# --- changes -------------------------------------------------------------------------------------------


def test_the_first_report_is_all_new() -> None:
    assert changes.since(example(), None).first


def test_the_same_report_again_is_no_change() -> None:
    found = changes.since(example(), changes.memory(example()))
    assert not found
    assert found.unchanged == 4


def test_risen_faded_new_and_gone() -> None:
    looked = replace(example(), coverage=(*example().coverage, Coverage("other", "s", "US", "ok", NOW, 1, 1, 1)))
    gone = but(STEADY, product_id="gone", list_id="other")
    before = (but(RISING, rank=84), but(FADING, stage="peaking", flags=()), STEADY, gone)
    found = changes.since(looked, changes.memory(replace(looked, rows=before)))
    assert [row.product_id for row in found.risen] == [RISING.product_id]
    assert [row.product_id for row in found.faded] == [FADING.product_id]
    assert [row.product_id for row in found.new] == [YOUNG.product_id]
    assert [seen.title for seen in found.gone] == [STEADY.facts.title]


def test_nothing_is_gone_where_nobody_looked() -> None:
    assert changes.since(empty(), changes.memory(example())).gone == ()


def test_a_warning_is_a_change() -> None:
    before = changes.memory(example())
    warned = but(RISING, flags=(Flag("recalled", "rule"),))
    found = changes.since(replace(example(), rows=(warned, *example().rows[1:])), before)
    assert [row.product_id for row in found.faded] == [RISING.product_id]


def test_a_jitter_is_no_rise() -> None:
    before = changes.memory(replace(example(), rows=(but(STEADY, rank=13),)))
    assert not changes.since(replace(example(), rows=(STEADY,)), before)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": {"title": "x"}}'])
def test_a_broken_memory_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="without --changes"):
        changes.since(example(), text)


def test_rest_is_a_length_of_time() -> None:
    assert RULES[0].rest == timedelta(days=2)


# --- the page about them -------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "docs" / "packs.md").read_text(encoding="utf-8")


def test_the_page_names_every_value_and_every_shipped_pack() -> None:
    named = {
        name.strip()
        for line in PAGE.splitlines()
        if line.startswith("| ")
        for name in line.split("|")[1].split(",")
    }
    assert set(packs.VALUES) <= named
    assert all(f"`{name}`" in PAGE and one.titles["zh"] in PAGE for name, one in packs.shipped().items())


def test_the_examples_of_the_page_are_understood(tmp_path: Path) -> None:
    pack_text, rates_text, costs_text, categories_text, words_text, alerts_text = (
        part.partition("```")[0] for part in PAGE.split("```toml\n")[1:]
    )
    (tmp_path / "mine.toml").write_text(pack_text, encoding="utf-8")
    assert len(packs.load(tmp_path)["mine"].lines) == 5
    (tmp_path / "rates.toml").write_text(rates_text, encoding="utf-8")
    assert read_own(tmp_path / "rates.toml").keys() == {"ARS"}
    (tmp_path / "categories.toml").write_text(categories_text, encoding="utf-8")
    assert read_table(tmp_path / "categories.toml")["清仓"] == []
    assert [one.name for one in watch_words.read(tomllib.loads(words_text))] == ["宠物", "手机"]
    book = costed(tmp_path, costs_text)
    assert (book.goods["B0EXAMPLE1"].weight_g, book.rules[0].per_kg) == (180, 40)
    assert len(alerts.read(tomllib.loads(alerts_text)["alerts"])) == 4
