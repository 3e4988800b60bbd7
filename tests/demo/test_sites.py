"""Pages in the formats of the real sites, served over real HTTP."""

import gzip
import http.client
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import pytest

from trendscout.demo import faults
from trendscout.demo.market import World
from trendscout.demo.server import MarketServer, Site
from trendscout.demo.sites import aliexpress, amazon, shopify, tiktok, trends
from trendscout.demo.sites.aliexpress import floor_text


@pytest.fixture(scope="module")
def world() -> World:
    return World(7, 20, ("US", "UK", "ID"))


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[MarketServer]:
    with MarketServer(world) as running:
        yield running


def test_amazon_grid_has_50_ranks_and_30_cards_on_two_pages(world: World) -> None:
    shelf = world.shelf("amazon", "US", "kitchen")
    ranks = []
    for number in (1, 2):
        page = amazon.grid(shelf, 9, number)
        recs = json.loads(unescape(re.search(r'data-client-recs-list="([^"]*)"', page)[1]))
        ranks += [int(rec["metadataMap"]["render.zg.rank"]) for rec in recs]
        assert page.count('id="gridItemRoot"') == 30
        assert 20_000 < len(page) < 100_000
    assert ranks == list(range(1, 101))


def test_aliexpress_shows_floors_and_hides_the_exact_count(world: World) -> None:
    page = aliexpress.search(world.shelf("aliexpress", "ID", "kitchen"), 9, 1)
    state = json.loads(re.search(r"_init_data_= \{ data: (.*) \}\n</script>", page)[1])
    cards = state["data"]["root"]["fields"]["mods"]["itemList"]["content"]
    assert len(cards) == 60
    for card in cards:
        shown = card["trade"]["tradeDesc"]
        exact = int(card["trace"]["utLogMap"]["real_trade_count"])
        assert "sold" in shown
        assert int(re.sub(r"\D", "", shown)) <= exact
        assert card["prices"]["salePrice"]["currencyCode"] == "USD"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (84, "84"),
        (499, "499"),
        (612, "600+"),
        (1999, "1,000+"),
        (3500, "3000+"),
        (4999, "4000+"),
        (5327, "5,000+"),
    ],
)
def test_aliexpress_steps(count: int, text: str) -> None:
    assert floor_text(count) == text


def test_tags_come_three_a_query_as_strings(world: World) -> None:
    shelf = world.shelf("tiktok", "UK")
    whole = json.loads(tiktok.hashtag_list(shelf, 9, b'{"countryCode":"GB"}'))
    assert [item["rankIndex"] for item in whole["items"]] == ["1", "2", "3"]
    asked = json.dumps({"countryCode": "GB", "industryID": tiktok.INDUSTRIES["pets"]}).encode()
    pets = json.loads(tiktok.hashtag_list(shelf, 9, asked))
    assert len(pets["items"]) == 3
    assert all(item["industryIDs"] == [tiktok.INDUSTRIES["pets"]] for item in pets["items"])
    assert all(isinstance(item["vv"], str) for item in pets["items"])
    as_text = json.dumps({"countryCode": "GB", "industryID": str(tiktok.INDUSTRIES["pets"])}).encode()
    assert json.loads(tiktok.hashtag_list(shelf, 9, as_text)) == whole
    refused = json.loads(tiktok.hashtag_list(shelf, 9, b'{"countryCode":"US"}'))
    assert refused["BaseResp"]["StatusCode"] != 0


def test_trends_feed_is_xml_with_ten_searches(world: World) -> None:
    feed = ET.fromstring(trends.feed(world, "ID", 9))  # noqa: S314 - our own text
    titles = [item.findtext("title") for item in feed.iter("item")]
    assert len(titles) == len(set(titles)) == 10


def test_shop_lists_newest_first(world: World) -> None:
    shown = json.loads(shopify.products(world, "US", 9, 1))["products"]
    days = [product["published_at"] for product in shown]
    assert days == sorted(days, reverse=True)
    assert len(shown) > 20
    assert json.loads(shopify.products(world, "US", 9, 2)) == {"products": []}


def ask(
    server: MarketServer, platform: str, market: str, path: str, body: bytes | None = None
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection(urlsplit(server.base_url(platform, market)).netloc, timeout=5)
    connection.request("POST" if body else "GET", path, body, {"Accept-Encoding": "gzip"})
    reply = connection.getresponse()
    headers = dict(reply.getheaders())
    text = gzip.decompress(reply.read()).decode()
    connection.close()
    return reply.status, headers, text


def test_sites_answer_over_http(server: MarketServer, world: World) -> None:
    day = next(day for day in range(20) if not any(faults.fault_of(7, *pair, day) for pair in server.sites))
    server.turn(day)
    status, headers, text = ask(server, "amazon", "US", "/gp/bestsellers/kitchen?pg=2")
    assert status == 200
    assert text == amazon.grid(world.shelf("amazon", "US", "kitchen"), day, 2)
    assert headers["Date"].endswith("GMT")
    assert ask(server, "google_trends", "UK", "/trending/rss?geo=GB")[0] == 200
    assert ask(server, "shopify", "ID", "/products.json?limit=250&page=1")[0] == 200
    assert ask(server, "aliexpress", "ID", "/w/wholesale-kitchen.html?page=1")[0] == 200
    body = json.dumps({"countryCode": "US", "industryID": tiktok.INDUSTRIES["games"]}).encode()
    assert ask(server, "tiktok", "US", "/CreativeOne/KnowledgeAPI/GetHashtagList", body)[0] == 200
    assert "Disallow" in ask(server, "amazon", "UK", "/robots.txt")[2]
    assert ask(server, "amazon", "US", "/gp/bestsellers/nothing")[0] == 404
    with pytest.raises(KeyError):
        server.base_url("amazon", "ID")


def day_with(fault: str, platform: str) -> int:
    return next(day for day in range(2000) if faults.fault_of(7, platform, "US", day) == fault)


def test_a_busy_site_asks_for_time_once(world: World) -> None:
    site = Site(world, "google_trends", "US")
    site.turn(day_with("busy", "google_trends"))
    first = site.answer("/trending/rss?geo=US")
    assert (first.status, first.headers["Retry-After"]) == (429, str(faults.RETRY_AFTER_S))
    assert site.answer("/robots.txt").status == 200


def test_walls_and_missed_days(world: World) -> None:
    site = Site(world, "amazon", "US")
    site.turn(day_with("captcha", "amazon"))
    for _ in range(3):
        reply = site.answer("/gp/bestsellers/kitchen")
        assert reply.status == 200
        assert "captchacharacters" in reply.body
    site.turn(day_with("down", "amazon"))
    assert site.answer("/robots.txt").status == site.answer("/gp/bestsellers/kitchen").status == 503
