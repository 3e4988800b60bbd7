"""Pages in the formats of the real sites, served over real HTTP."""

import gzip
import http.client
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from email.utils import format_datetime
from html import unescape
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from trendscout.demo import faults
from trendscout.demo.market import World, morning_of
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


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    text: str


def ask(server: MarketServer, host: str, path: str, body: bytes | None = None, cookie: str = "") -> Answer:
    connection = http.client.HTTPConnection(urlsplit(server.base_urls[host]).netloc, timeout=5)
    connection.request("POST" if body else "GET", path, body, {"Accept-Encoding": "gzip", "Cookie": cookie})
    reply = connection.getresponse()
    text = gzip.decompress(reply.read()).decode()
    connection.close()
    return Answer(reply.status, reply.headers, text)


def test_sites_answer_over_http(server: MarketServer, world: World) -> None:
    day = next(day for day in range(3, 20) if not any(faults.fault_of(7, host, day) for host in server.sites))
    server.turn(day)
    reply = ask(server, "www.amazon.com", "/gp/bestsellers/kitchen?pg=2")
    assert reply.status == 200
    assert reply.text == amazon.grid(world.shelf("amazon", "US", "kitchen"), day, 2)
    assert reply.headers["Date"] == format_datetime(morning_of(day), usegmt=True)
    cookie = "aep_usuc_f=site=glo&c_tp=USD&region=GB&b_locale=en_US"
    reply = ask(server, "www.aliexpress.com", "/w/wholesale-kitchen.html?page=1", cookie=cookie)
    assert reply.text == aliexpress.search(world.shelf("aliexpress", "UK", "kitchen"), day, 1)
    assert ask(server, "trends.google.com", "/trending/rss?geo=GB").text == trends.feed(world, "UK", day)
    assert ask(server, "corner-id.example", "/products.json?limit=250").text == shopify.products(
        world, "ID", day, 1
    )
    body = json.dumps({"countryCode": "ID", "industryID": tiktok.INDUSTRIES["games"]}).encode()
    reply = ask(server, "ads.tiktok.com", "/CreativeOne/KnowledgeAPI/GetHashtagList", body)
    assert reply.text == tiktok.hashtag_list(world.shelf("tiktok", "ID"), day, body)
    assert "Disallow" in ask(server, "www.amazon.co.uk", "/robots.txt").text


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("www.amazon.com", "/gp/bestsellers/nothing"),
        ("www.amazon.com", "/gp/bestsellers/kitchen?pg=x"),
        ("trends.google.com", "/trending/rss?geo=XX"),
        ("trends.google.com", "/trending"),
        ("corner-us.example", "/cart"),
    ],
)
def test_what_a_site_does_not_have(world: World, host: str, path: str) -> None:
    assert Site(world, host).answer(path).status == 404


def test_a_world_without_a_market_has_no_hosts_there() -> None:
    server = MarketServer(World(7, 5, ("ID",)))
    assert set(server.sites) == {"www.aliexpress.com", "ads.tiktok.com", "trends.google.com", "corner-id.example"}


def day_with(fault: str, host: str) -> int:
    return next(day for day in range(2000) if faults.fault_of(7, host, day) == fault)


@pytest.mark.parametrize(("fault", "status"), [("busy", 429), ("overload", 503)])
def test_a_troubled_site_fails_once_and_then_answers(world: World, fault: str, status: int) -> None:
    site = Site(world, "trends.google.com")
    site.turn(day_with(fault, site.host))
    first = site.answer("/trending/rss?geo=XX")
    assert first.status == status
    assert ("Retry-After" in first.headers) == (fault == "busy")
    assert site.answer("/robots.txt").status == 200
    assert site.answer("/trending/rss?geo=XX").status == 404


def test_walls_and_missed_days(world: World) -> None:
    for host, mark in (("www.amazon.com", "captchacharacters"), ("www.aliexpress.com", "x5secdata")):
        site = Site(world, host)
        site.turn(day_with("captcha", host))
        for _ in range(3):
            reply = site.answer("/gp/bestsellers/kitchen")
            assert (reply.status, mark in reply.body) == (200, True)
    site.turn(day_with("down", site.host))
    assert site.answer("/robots.txt").status == site.answer("/w/wholesale-kitchen.html").status == 503
