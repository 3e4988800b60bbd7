"""What a page without an address is taken for: on proof only, under a name of its own, whatever wraps it."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trendscout.errors import NoSuchList
from trendscout.findings import said
from trendscout.intake import SavedPage, pages_in
from trendscout.intake.saved import saved_page
from trendscout.model import Page
from trendscout.sources.source import get_source, query_for, read_page

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
SOURCES = Path(__file__).parents[1] / "sources"
REPLIES = sorted(
    case
    for case in SOURCES.glob("*/ok*")
    if list(case.glob("page.json")) and "url" not in (case / "meta.toml").read_text("utf-8").replace("[[", "")
)


def found_in(folder: Path, name: str, content: object, **told: object) -> SavedPage:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    (found,) = pages_in([path], now=NOW, **told)  # type: ignore[arg-type]
    return found


def lamp(number: int, **more: object) -> dict[str, object]:
    return {"goods_id": 601_000_000_000_000 + number, "title": f"Moon lamp {number}", **more}


def temu(*rows: dict[str, object]) -> dict[str, object]:
    return {"result": {"data": {"goods_list": list(rows)}}, "success": True}


def temu_row(number: int, currency: str = "USD", link: str = "/moon-lamp") -> dict[str, object]:
    price = {"price_schema": "19.90", "currency": currency, "price_str": "19.90"}
    picture = "https://img.kwcdn.com/invented/1.jpg"
    return lamp(number, price_info=price, thumb_url=picture, seo_link_url=f"{link}-g-{number}.html")


def test_a_news_feed_is_no_list_of_searches(tmp_path: Path) -> None:
    feed = (
        '<rss version="2.0"><channel><title>Morning paper</title><item><title>Bridge opens</title>'
        "<link>https://paper.example/1</link><pubDate>Thu, 19 Nov 2026 09:11:00 +0900</pubDate></item>"
        "</channel></rss>"
    )
    assert found_in(tmp_path, "feed.xml", feed).status == "left"


def test_ids_alone_make_no_temu_list(tmp_path: Path) -> None:
    found = found_in(tmp_path, "a.json", temu(lamp(1), lamp(2)))
    assert (found.status, found.source) == ("left", "")


def test_marks_without_any_number_are_told_as_doubtful(tmp_path: Path) -> None:
    rows = [lamp(n, thumb_url="https://img.kwcdn.com/invented/1.jpg", seo_link_url="/x.html") for n in range(3)]
    found = found_in(tmp_path, "a.json", temu(*rows))
    assert (found.status, found.source) == ("left", "temu")
    assert "no price and no count" in said(found.findings, "en")
    assert found_in(tmp_path, "a.json", temu(*rows), source=get_source("temu")).status == "taken"


def test_rows_with_ids_of_another_site_are_refused(tmp_path: Path) -> None:
    offers = [
        {"product_id": f"offer-{n:04d}" if n % 20 else f"{10**9 + n}", "title": f"Lamp {n}", "price": "9.90"}
        for n in range(40)
    ]
    found = found_in(tmp_path, "a.json", {"products": offers}, source=get_source("tiktok_shop"), market="US")
    assert found.status == "left"
    assert "38 of 40 rows have no id as tiktok_shop has them" in said(found.findings, "en")


def test_the_variants_of_one_item_are_no_list(tmp_path: Path) -> None:
    models = [{"itemid": 7001, "modelid": n, "name": f"red / {n}", "price": 540_000_000} for n in range(3)]
    item = {"itemid": 7001, "shopid": 12, "name": "Moon lamp", "price": 540_000_000, "models": models}
    found = found_in(tmp_path, "a.json", {"item": item, "error": None})
    assert (found.status, found.source) == ("left", "shopee")
    assert "parts of one item (7001)" in said(found.findings, "en")


def test_two_replies_without_address_are_two_lists(tmp_path: Path) -> None:
    def list_of(found: SavedPage) -> str:
        assert found.reading
        return found.reading.entries[0].list

    rows = [
        {"goods_id": f"70{n}", "goods_sn": f"sn{n}", "goods_name": f"Lamp {n}", "salePrice": {"amount": "8.40"},
         "goods_img": "//img.ltwebstatic.com/x.jpg"}
        for n in range(3)
    ]  # fmt: skip
    lamps = found_in(tmp_path, "lamps.json", rows)
    beds = found_in(tmp_path, "cat beds.json", rows)
    any_name, other = found_in(tmp_path, "saved (1).json", rows), found_in(tmp_path, "saved (1).json", rows[:2])
    assert list_of(lamps) == "shein_XX/category/lamps"
    assert list_of(beds) == "shein_XX/category/cat beds"
    assert list_of(any_name) != list_of(other), "a name that says nothing makes no list to compare with"
    assert "--category names it" in said(lamps.findings, "en")
    assert list_of(found_in(tmp_path, "lamps.json", rows, category="moon", market="US")) == (
        "shein_US/category/moon"
    )


@pytest.mark.parametrize(
    "wrap",
    [
        lambda reply: {"code": 200, "message": "success", "data": reply},
        lambda reply: [{"response": reply}],
        lambda reply: {"status": "OK", "request_id": "1", "data": {"result": {"body": reply}}},
    ],
    ids=["code 200", "list of one", "two deep"],
)
@pytest.mark.parametrize("case", REPLIES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_reply_in_an_envelope_is_the_same_list(case: Path, wrap: object) -> None:
    meta = tomllib.loads((case / "meta.toml").read_text("utf-8"))
    source = get_source(case.parent.name)
    query = query_for(
        source, market=meta.get("market"), kind=meta.get("kind", ""), category=meta.get("category", "")
    )
    reply = json.loads((case / "page.json").read_bytes())
    assert callable(wrap)
    plain, wrapped = (
        read_page(source, Page("", NOW, 200, {}, json.dumps(value).encode(), query))
        for value in (reply, wrap(reply))
    )
    assert wrapped.entries == plain.entries


def test_what_speaks_against_the_users_word_is_told(tmp_path: Path) -> None:
    rows = [temu_row(n, "CAD", "/ca/moon-lamp") for n in range(601_000_000_000_001, 601_000_000_000_004)]
    found = found_in(tmp_path, "lamps.json", temu(*rows), market="US")
    assert "Its prices are in CAD" in said(found.findings, "en")
    assert "Its links lead to CA" in said(found.findings, "en")
    agreeing = found_in(tmp_path, "lamps.json", temu(*rows), market="CA")
    assert "though" not in said(agreeing.findings, "en")


def test_one_item_is_refused_by_name_too(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"itemid": 7001, "shopid": 1, "name": "a"}, {"itemid": 7001, "shopid": 1}]))
    with pytest.raises(NoSuchList):
        read_page(get_source("shopee"), saved_page(get_source("shopee"), path, market="TW", at=NOW))
