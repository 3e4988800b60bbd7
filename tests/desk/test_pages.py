"""What the pages say, in this process: whole tables, figures with their unit, filters that can be chosen."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from open_desk import Open, opened
from selectolax.lexbor import LexborHTMLParser

from trendscout.desk import pages
from trendscout.desk.pages import View
from trendscout.steps.publish import publish
from trendscout.store.connect import open_store
from trendscout.store.read_file import Wanted


def parsed(open_: Open, path: str) -> LexborHTMLParser:
    return LexborHTMLParser(open_.client().get(open_.root + path).text)


@pytest.mark.parametrize("days_later", [0, 60])
def test_the_table_of_lists_has_a_cell_under_every_heading(
    seen: Open, monkeypatch: pytest.MonkeyPatch, days_later: int
) -> None:
    """Also once nobody looked for so long that no list has a day to show."""
    file = seen.desk.file()
    assert file is not None
    looks = [replace(one, days=() if days_later else one.days) for one in file.coverage]
    monkeypatch.setattr(file, "coverage", looks)
    monkeypatch.setattr(file, "as_of", file.as_of + timedelta(days=days_later))
    table = parsed(seen, "/lists").css_first("table.coverage")
    assert table is not None
    headings = len(table.css("thead th"))
    rows = table.css("tbody tr")
    assert rows
    for row in rows:
        assert sum(int(cell.attributes.get("colspan") or 1) for cell in row.css("th, td")) == headings


def test_a_price_is_shown_with_its_currency(seen: Open) -> None:
    file = seen.desk.file()
    assert file is not None
    rows, _ = file.products(Wanted(held=(("platform", "amazon"),)), limit=50)
    product = next(row.product_id for row in rows if row.facts.price)
    page = parsed(seen, f"/product/{product}")
    told = [one.text() for one in page.css("figure.year p.muted") if one.text().startswith("Price")]
    assert told
    assert all(re.search(r"[£$]\d+\.\d\d", one) for one in told), told


def test_platform_and_market_can_be_chosen_apart(seen: Open) -> None:
    page = parsed(seen, "/products")
    for name in ("platform", "market", "place"):
        options = page.css(f"select[name={name}] option")
        found = {one.attributes.get("value"): one.text() for one in options if one.attributes.get("value")}
        assert found, name
        for value, text in found.items():
            total = parsed(seen, f"/products?{name}={value}").css_first("p[role=status] b")
            assert total is not None
            assert text.endswith(f"({total.text()})")


def test_a_platform_is_not_found_by_the_beginning_of_its_name(own: Open) -> None:
    with open_store(own.workspace.db) as connection:
        connection.execute("UPDATE lists SET platform = 'amazonia' WHERE list_id LIKE 'amazon%kitchen'")
    publish(own.workspace, now=own.now + timedelta(hours=1))
    file = own.desk.file()
    assert file is not None
    rows, _ = file.products(Wanted(held=(("platform", "amazon"),)), limit=1000)
    assert rows
    assert all(any(one.platform == "amazon" for one in row.facts.sightings) for row in rows)


def test_commands_in_a_sentence_are_shown_as_commands(seen: Open, tmp_path: Path) -> None:
    page = parsed(opened(tmp_path, seen.now), "/")
    assert "`" not in page.css_first("main").text()  # type: ignore[union-attr]  # every page has one
    assert [one.text() for one in page.css(".begin [lang=en] code")][:2] == [
        "trendscout init",
        "trendscout run jobs/daily.toml",
    ]


def test_a_campaign_of_one_day_is_one_day(seen: Open) -> None:
    view = View("en", seen.desk.view.zone)
    file = seen.desk.file()
    assert file is not None
    for row in file.products(Wanted(), limit=5)[0]:
        found = pages.product(file, row.product_id, view)
        assert found is not None
        for curve in found["curves"]:
            for _, days in curve["bands"]:
                assert len(set(days.split(" – "))) == len(days.split(" – "))


def test_a_chinese_title_is_found_by_english_words_and_the_other_way_round(own: Open) -> None:
    file = own.desk.file()
    assert file is not None
    (first, second) = (row.product_id for row in file.products(Wanted(), limit=2)[0])
    titles = {first: "月叶 便携 榨汁杯 400毫升", second: "Moonleaf portable juicer cup 400 ml"}
    with open_store(own.workspace.db) as connection:
        for product, title in titles.items():
            connection.execute(
                """UPDATE listings SET title = ? WHERE listing IN (
                    SELECT listing FROM memberships WHERE product_id = ?)""",
                [title, product],
            )
    publish(own.workspace, now=own.now + timedelta(hours=1))
    file = own.desk.file()
    assert file is not None
    for words in (("juicer", "cup"), ("榨汁杯",)):
        assert titles.keys() <= {row.product_id for row in file.products(Wanted(words=words), limit=1000)[0]}


def test_the_curve_of_no_product_is_no_empty_table(seen: Open) -> None:
    assert seen.client().get(f"{seen.root}/product/p:none/curve.csv").status_code == 404


def test_a_page_beyond_the_last_is_the_last(seen: Open) -> None:
    page = parsed(seen, "/products?page=9999")
    told = page.css_first("nav.pages")
    assert told is not None
    found = re.search(r"Page ([\d,]+) of ([\d,]+)", told.text())
    assert found is not None
    assert found[1] == found[2] != "1"
    assert page.css("li.card")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_can_be_chosen_is_in_words(seen: Open, lang: str) -> None:
    """No option shows a code with an underscore; in Chinese, warnings and kinds have no English."""
    page = parsed(seen, f"/products?lang={lang}")
    for name in ("stage", "kind", "flag", "pack"):
        for option in page.css(f"select[name={name}] option"):
            assert "_" not in option.text()
            assert lang == "en" or name == "pack" or not re.search("[a-z]{3}", option.text()), option.text()
