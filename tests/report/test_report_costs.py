"""Landed cost, margin and break-even by the user's rules: each part known and dated, or named as unknown."""

import json
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest
from example import NOW, RISING, example

from trendscout.errors import ConfigError
from trendscout.model import Entry, Own, Page, Query, ReportQuery, Row, Snapshot, StockRow
from trendscout.money import SHIPPED, Rates
from trendscout.report import costs, packs, phrases
from trendscout.settings.config import Settings
from trendscout.steps.load import Crawl, load_crawls
from trendscout.store.load import load_snapshots
from trendscout.store.stock import own_goods, save_stock
from trendscout.store.workspace import Workspace

DAYS = 'valid_from = 2026-07-01\nvalid_until = 2026-12-31\nsource = "quote 7"\n'
RULES = {
    "freight": 'per_kg = 10\nper_item = 0.2\ncurrency = "USD"\ndivisor = 5000\n',
    "duty": 'share = 0.1\nof = "cost+freight"\n',
    "commission": "share = 0.15\n",
    "fulfilment": 'per_item = 2\ncurrency = "USD"\n',
    "tax": "share = 0\n",
}
GOOD = '["B0EXAMPLE1"]\ncost_usd = 2\nweight_g = 100\nsize_cm = [20, 10, 5]\n'


def rule(part: str, more: str = "", days: str = DAYS) -> str:
    amount = RULES.get(part, "share = 0.01\n")
    return f'[[rules]]\npart = "{part}"\nmarket = "US"\n{amount}{days}{more}'


def book(tmp_path: Path, text: str) -> costs.CostBook:
    path = tmp_path / "costs.toml"
    path.write_text(text, encoding="utf-8")
    return costs.load(path, SHIPPED, NOW.date())


def costed(tmp_path: Path, *texts: str, row: Row = RISING) -> Row:
    report = replace(example(), rows=(replace(row, own=Own()),))
    return costs.applied(report, book(tmp_path, "\n".join(texts)), SHIPPED).rows[0]


def test_all_parts_known_give_landed_cost_margin_and_break_even(tmp_path: Path) -> None:
    row = costed(tmp_path, GOOD, *map(rule, RULES))
    # 200 g by volume (1000 cm³ / 5000): freight 2.20; duty 0.42; commission 15 % of 12.99; fulfilment 2.
    assert {one.part: float(one.usd or 0) for one in row.own.cost_parts} == {
        "cost": 2.0,
        "freight": 2.2,
        "duty": 0.42,
        "commission": 1.95,
        "fulfilment": 2.0,
        "tax": 0.0,
    }
    assert row.own.landed_usd == Decimal("4.62")
    assert row.own.margin == pytest.approx((12.99 * 0.85 - 6.62) / 12.99)
    assert row.own.break_even_usd == Decimal("7.79")  # 6.62 / 0.85
    assert row.own.fees_usd == Decimal("3.95")
    assert row.own.cost_unknown == ()
    assert phrases.landed(row, "zh").startswith("$4.62 · 成本 $2.00 · 头程运费 $2.20 (quote 7 → 2026-12-31)")
    (line,) = packs.read_lines({"value": "break_even_usd", "at_most": 8})
    assert packs.holds(line, row, NOW)


@pytest.mark.parametrize("part", RULES)
def test_a_part_without_a_rule_is_named_and_never_zero(tmp_path: Path, part: str) -> None:
    row = costed(tmp_path, GOOD, *(rule(one) for one in RULES if one != part))
    assert part in row.own.cost_unknown
    assert (row.own.margin, row.own.break_even_usd) == (None, None)
    assert (row.own.landed_usd is None) == (part in costs.LANDED)
    assert phrases.margin(row, "en").startswith("unknown: ")


def test_what_a_rule_would_have_to_know_is_named(tmp_path: Path) -> None:
    light = '["B0EXAMPLE1"]\ncost_usd = 2\n'
    assert set(costed(tmp_path, light, *map(rule, RULES)).own.cost_unknown) == {"freight", "duty", "weight"}
    nowhere = rule("fulfilment").replace("USD", "XAU")
    assert costed(tmp_path, GOOD, nowhere).own.cost_unknown[-1] == "rate XAU"
    unpriced = replace(RISING, facts=replace(RISING.facts, price_usd=None))
    row = costed(tmp_path, GOOD, *map(rule, RULES), row=unpriced)
    assert (row.own.margin, row.own.break_even_usd, row.own.cost_unknown) == (None, Decimal("7.79"), ("price",))


def test_a_rule_past_its_day_is_not_applied_and_that_is_told(tmp_path: Path) -> None:
    past = DAYS.replace("2026-12-31", "2026-07-18")
    text = "\n".join((GOOD, *(rule(part, days=past if part == "duty" else DAYS) for part in RULES)))
    made = costs.applied(example(), book(tmp_path, text), SHIPPED)
    assert "duty" in made.rows[0].own.cost_unknown
    (note,) = (note for note in made.notes if note.code == "cost_rule_ended")
    assert str(note).startswith("Costs: the rule for duty in US ended on 2026-07-18 (quote 7)")
    assert "关税" in note.said("zh")
    followed = f"{text}\n{rule('duty')}"
    assert not [
        note for note in costs.applied(example(), book(tmp_path, followed), SHIPPED).notes if note.code != "error"
    ]
    yet = DAYS.replace("2026-07-01", "2026-07-20")
    assert (
        "tax"
        in costed(
            tmp_path, GOOD, *(rule(part, days=yet if part == "tax" else DAYS) for part in RULES)
        ).own.cost_unknown
    )


def test_the_rule_that_says_most_counts_and_others_add_up(tmp_path: Path) -> None:
    own = rule("fulfilment", 'platform = "amazon"\n').replace("per_item = 2\n", "per_item = 3\n")
    other = rule("fulfilment", 'platform = "etsy"\n').replace("per_item = 2\n", "per_item = 9\n")
    heavy = rule("freight", "from_kg = 0.2\n").replace("per_kg = 10", "per_kg = 90")
    row = costed(tmp_path, GOOD, *map(rule, RULES), own, other, heavy, rule("other"), rule("other"))
    parts = {one.part: float(one.usd or 0) for one in row.own.cost_parts}
    assert (parts["fulfilment"], parts["freight"], parts["other"]) == (3.0, 2.2, 0.26)


def test_a_cost_in_other_money_is_converted_by_the_day(tmp_path: Path) -> None:
    rates = Rates({"CNY": ((date(2026, 7, 1), 0.125), (date(2026, 8, 1), 0.2))})
    file = tmp_path / "costs.toml"
    file.write_text('["A"]\ncost = 16\ncurrency = "CNY"\n', encoding="utf-8")
    assert costs.load(file, rates, NOW.date()).goods["A"].cost_usd == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('["A"]\ncost = 1\n', "currency"),
        ('["A"]\ncost = 1\ncurrency = "QQQ"\n', "QQQ"),
        ('["A"]\nsize_cm = [1, 2]\n', "size_cm"),
        (rule("duty", days='valid_from = 2026-07-01\nsource = "x"\n'), "valid_until"),
        (rule("duty", days="valid_from = 2026-07-01\nvalid_until = 2026-12-31\n"), "source"),
        (rule("duty").replace("share", "shore"), "shore"),
        (rule("duty").replace("0.1", "nan"), "number"),
        (rule("rent"), "part"),
        (rule("fulfilment").replace('currency = "USD"\n', ""), "currency"),
        ("[rules]\nx = 1\n", "rules"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=rf"costs\.toml cannot be used: .*{fault}"):
        book(tmp_path, text)


def test_the_example_says_no_rates_and_works_when_its_marks_are_taken_away(tmp_path: Path) -> None:
    text = (resources.files("trendscout") / "costs.example.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text) == {}
    code = "\n".join(line[2:] for line in text.splitlines() if line.startswith("# "))
    known = book(tmp_path, code)
    assert (len(known.goods), {one.part for one in known.rules}) == (2, set(RULES))
    assert {float(one.per_item + one.per_kg + one.share) for one in known.rules} == {0.0}


def test_an_export_fills_what_the_file_leaves_out_each_market_for_itself(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path / "s.duckdb")
    name = "amazon_bestsellers_{}/bestsellers/toys"
    looks = [
        Snapshot(
            name.format(market),
            NOW,
            "ok",
            (
                Entry(
                    name.format(market), 1, f"B00000000{n}", title=f"Lamp {n}", price=Decimal(20), currency="USD"
                ),
            ),
            depth=1,
        )
        for n, market in enumerate(("US", "UK"), 1)
    ]
    goods = [
        StockRow(f"S{n}", f"B00000000{n}", cost=Decimal(35), currency="CNY", market="US", freight=Decimal("1.5"),
                 freight_currency="USD", volume_cm3=900.0, weight_g=80.0)
        for n in (1, 2)
    ]  # fmt: skip
    with workspace.store() as store:
        load_snapshots(store, looks, loaded_at=NOW)
        save_stock(store, goods, NOW)
        save_stock(store, [StockRow("S1", return_rate=0.1)], NOW + timedelta(days=1))
        assert own_goods(store)[0] == replace(goods[0], return_rate=0.1), "what one report does not say stays"
    (tmp_path / "costs.toml").write_text('["S1"]\nweight_g = 90\n["S9"]\ncost_usd = 1\n', encoding="utf-8")
    from trendscout import pipeline

    pipeline.match(workspace)
    settings = Settings(path=tmp_path / "trendscout.toml")
    made = pipeline.report(workspace, ReportQuery(), now=datetime(2026, 7, 19, 8, tzinfo=UTC), settings=settings)
    own = {row.facts.market: row.own for row in made.rows}
    assert [one.part for one in own["US"].cost_parts] == ["cost", "freight"]
    assert [one.part for one in own["UK"].cost_parts] == ["cost"], "freight to the US is none to the UK"
    assert own["US"].cost_usd == round(Decimal(SHIPPED.in_usd(35, "CNY", date(2026, 7, 19)) or 0), 2)


def test_the_command_tells_which_rules_hold(run, tmp_path) -> None:
    book(tmp_path, f"{GOOD}\n{rule('tax')}")
    now = run("--lang", "en", "costs", "--as-of", "2026-07-19T00:00Z")
    assert "1 good, 1 rule" in now.out
    assert "in force" in now.out
    assert "ended" not in now.out
    assert run("costs", "--example").out.startswith("## costs.toml")


def test_the_command_shows_the_readers_file_at_the_rates_that_a_report_has(run, tmp_path) -> None:
    hers = tmp_path / "readers" / "anna"
    hers.mkdir(parents=True)
    book(tmp_path, GOOD)
    book(hers, '["S1"]\ncost = 8\ncurrency = "GBP"\n["S2"]\ncost_usd = 3\n')
    shipped = json.loads(run("--reader", "anna", "costs", "--json", "--as-of", "2026-07-19T00:00Z").out)
    query, at = Query("ecb_rates", "EU", "rates"), datetime(2026, 7, 18, tzinfo=UTC)
    body = (Path(__file__).parents[1] / "sources/ecb_rates/ok/page.xml").read_bytes()
    page = Page("https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml", at, 200, {}, body, query)
    workspace = Workspace.at(tmp_path / "trendscout.duckdb")
    list(load_crawls(workspace.writing, [Crawl(query, at, (page,))], loaded_at=at, replace_changed=True))
    told = run("--reader", "anna", "costs", "--json", "--as-of", "2026-07-19T00:00Z")
    found = json.loads(told.out)
    assert set(found["goods"]) == {"S1", "S2"}
    assert found["goods"]["S1"]["cost_usd"] == 11.99, "8 pounds at 1.2500 / 0.83380, the collected rate of the day"
    assert shipped["goods"]["S1"]["cost_usd"] != 11.99
    assert "readers/anna/costs.toml: 2 goods" in run("--lang", "en", "--reader", "anna", "costs").out.replace(
        "\n", ""
    )
    assert "1 good" in run("--lang", "en", "costs").out
