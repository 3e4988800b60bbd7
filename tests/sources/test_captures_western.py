"""What saved real replies of these platforms must give: how many rows, which ranks, and single rows by name."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from trendscout.errors import LayoutChanged, NoPage
from trendscout.model import Entry, Page, Reading
from trendscout.sources.source import get_source, query_for, read_page

CAPTURES = Path(os.environ.get("TRENDSCOUT_SHARED", "../shared")) / "captures"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures: set TRENDSCOUT_SHARED"),
]


@dataclass(frozen=True)
class Row:
    """One row of a capture: its place among the entries, and what it must say."""

    at: int
    rank: int | None
    key: str
    title: str = ""  # how it starts: the number of characters and their SHA-256, since titles are not ours
    price: str | None = None
    count: int | None = None
    kind: str | None = None
    floor: bool | None = None


def starts(title: str, wanted: str) -> bool:
    """Whether the title begins as `wanted` says."""
    if not wanted:
        return True
    length, digest = wanted.split(":")
    return hashlib.sha256(title[: int(length)].encode()).hexdigest().startswith(digest)


@dataclass(frozen=True)
class Case:
    """One capture and what must be read."""

    file: str
    source: str
    layout: str
    entries: int
    last_rank: int | None  # ranks are 1 to this on every list, without a gap
    rows: tuple[Row, ...]
    lists: tuple[str, ...]
    market: str | None = "US"
    ads: int = 0
    titles: int | None = None  # None: all
    prices: int = 0
    counts: int = 0
    floors: int = 0
    ratings: int = 0
    reviews: int = 0
    status: str = "ok"


CASES = (
    Case(
        "amazon/us_category_grid_2026-07-19.html",
        "amazon_bestsellers",
        "grid since 2022",
        entries=50,
        last_rank=50,
        market=None,  # the page says so itself
        titles=30,
        prices=30,
        ratings=30,
        reviews=30,
        lists=("amazon_bestsellers_US/bestsellers/electronics",),
        rows=(
            Row(0, 1, "B08JHCVHTY", "41:3c468bdd", "21.70"),
            Row(25, 26, "B0DN45YMP6", "15:565ac323", "63.35"),
            Row(49, 50, "B00EB4ADQW"),
        ),
    ),
    Case(
        "amazon/us_hub_2025-07.html",
        "amazon_bestsellers",
        "hub of carousels",
        entries=36,
        last_rank=6,
        market=None,
        prices=36,
        ratings=36,
        reviews=36,
        lists=tuple(
            f"amazon_bestsellers_US/bestsellers/{slug}"
            for slug in ("automotive", "beauty", "fashion", "grocery", "sporting-goods", "sports-collectibles")
        ),
        rows=(
            Row(0, 1, "B0014BYHJE", "31:188c6d26", "36.05"),
            Row(18, 1, "B06X6J5266", "16:67fabb49", "20.99"),
            Row(35, 6, "B09542G9ZN", "28:44a2706b", "3.14"),
        ),
    ),
    Case(
        "amazon/us_search_laptop_2025-08.html",
        "amazon_search",
        "search results",
        entries=27,
        last_rank=16,
        ads=11,
        prices=25,
        counts=21,
        floors=21,
        ratings=26,
        reviews=26,
        lists=("amazon_search_US/search/laptop",),
        rows=(
            Row(0, None, "B0FKF4PK2D", "19:57578922", "599.99"),
            Row(3, 2, "B0BS4BP8FB", "13:526df699", "319.99", 3000, "sold", floor=True),
            Row(13, 7, "B0D3JLHQ8K", "19:e64b703d", "579.00", 1000, "sold", floor=True),
        ),
    ),
    Case(
        "ebay/us_search_phone_2025-08.html",
        "ebay",
        "s-card, 2025",
        entries=60,
        last_rank=60,
        market=None,
        prices=60,
        counts=49,
        floors=28,
        lists=("ebay_US/search/phone",),
        rows=(
            Row(0, 1, "336135053330", "17:6329988b", "68.99"),
            Row(1, 2, "146783963375", "13:53c79336", "200.00", 50, "watchers", floor=False),
            Row(3, 4, "126435608547", "27:59c64ea2", "28.88", 72, "sold", floor=True),
            Row(37, 38, "127339842701", "21:6f11555b", "849.00", 5, "watchers", floor=False),
        ),
    ),
    Case(
        "walmart/us_search_laptop_2025-08.json",
        "walmart",
        "items or GraphQL",
        # 157 items: 7 placeholders and 5 repetitions on later pages are no entries
        entries=145,
        last_rank=114,
        ads=31,
        prices=145,
        counts=4,
        floors=4,
        ratings=140,
        reviews=145,
        lists=("walmart_US/search/all",),
        rows=(Row(0, None, "13737005799", "19:ef5cbf19", "159.00"),),
    ),
    Case(
        "aliexpress/us_search_drill_2025-12.json",
        "aliexpress",
        "items as JSON",
        entries=120,
        last_rank=90,
        ads=30,
        prices=120,
        counts=116,
        ratings=110,
        lists=("aliexpress_US/search/all",),
        rows=(
            Row(0, 1, "3256809260449850", "19:6468a672", "23.29", 84, "sold", floor=False),
            Row(60, 46, "3256809790483079", "14:2e792573", "174.82", 406, "sold", floor=False),
        ),
    ),
    Case(
        "aliexpress/us_search_shorts_2024-09.json",
        "aliexpress",
        "items as JSON",
        entries=60,
        last_rank=45,
        ads=15,
        prices=60,
        counts=59,
        ratings=55,
        lists=("aliexpress_US/search/all",),
        rows=(Row(0, 1, "3256806907409934", "21:835bfaff", "0.99", 6454, "sold", floor=False),),
    ),
    Case(
        "youtube/hashtag_page1.json",
        "youtube_hashtag",
        "videos of a hashtag",
        entries=60,
        last_rank=60,
        counts=60,
        lists=("youtube_hashtag_US/hashtag/all",),
        rows=(
            Row(0, 1, "gCYcHz2k5x0", "23:cc7265db", None, 1_566_000_625, "views", floor=False),
            Row(59, 60, "Pe_170rl0XI", "18:3b15e2ca", None, 2_199_397, "views", floor=False),
        ),
    ),
    Case(
        "producthunt/posts_2024-03-12.json",
        "producthunt",
        "GraphQL",
        entries=12,
        last_rank=12,
        counts=12,
        lists=("producthunt_US/posts/all",),
        rows=(
            Row(0, 1, "441760", "22:1e794e01", None, 147, "votes", floor=False),
            Row(11, 12, "442795", "7:da8a96a9", None, 29, "votes", floor=False),
        ),
    ),
    Case(
        "shopify/in_products_2026-07.json",
        "shopify",
        "products.json",
        entries=2,
        last_rank=None,
        market="IN",
        prices=2,
        lists=("shopify_IN/new_arrivals/all",),
        rows=(Row(0, None, "7435818598489", "20:ce6b255c", "2370.00"),),
    ),
    Case(
        "recalls/us_cpsc_2026-07.json",
        "cpsc_recalls",
        "recalls since 2014",
        entries=2,
        last_rank=None,
        lists=("cpsc_recalls_US/recalls/all",),
        rows=(Row(1, None, "10855", "28:b9b95575"),),
    ),
    Case(
        "google_trends/rss_jp_2026-09-09_excerpt.xml",
        "google_trends",
        "feed",
        entries=3,
        last_rank=3,
        market=None,
        counts=3,
        floors=3,
        lists=("google_trends_JP/trending/all",),
        rows=(
            Row(0, 1, "snowman", "7:4ac13496", None, 200, "searches", floor=True),
            Row(2, 3, "予告先発", "4:1e6e07d8", None, 5000, "searches", floor=True),
        ),
    ),
    Case(
        "google_trends/batchexecute_i0OFE_us_24h_2026-10-01.txt",
        "google_trends",
        "batchexecute i0OFE",
        entries=8,
        last_rank=8,
        market=None,
        counts=8,
        floors=8,
        lists=("google_trends_US/trending_now/all",),
        rows=(Row(3, 4, "food recalls", "12:b0ac1d3a", None, 50_000, "searches", floor=True),),
    ),
    Case(
        "google_trends/related_queries.json",
        "google_trends",
        "related searches",
        entries=36,
        last_rank=None,
        lists=("google_trends_US/related_rising/all", "google_trends_US/related_top/all"),
        rows=(Row(0, 1, "pizza hut", "9:498089d4"),),
    ),
    Case(
        "google_trends/interest_over_time_pizza_bagel.json",
        "google_trends",
        "interest over time",
        entries=2,
        last_rank=None,
        titles=0,
        lists=("google_trends_US/interest/all",),
        rows=(Row(0, None, "1"), Row(1, None, "2")),
    ),
    Case(
        "tiktok/GetHashtagList_shape_only.json",
        "tiktok_hashtags",
        "Creative Center",
        entries=1,
        last_rank=None,
        counts=1,
        lists=("tiktok_hashtags_US/popular_7d/all",),
        rows=(Row(0, 2, "42", "12:7db3abf9", None, 123_456, "views", floor=False),),
    ),
    Case(
        "tiktok/GetHashtagList_edge_cases_shape_only.json",
        "tiktok_hashtags",
        "Creative Center",
        entries=2,
        last_rank=2,
        counts=2,
        status="partial",  # a nameless row and one that is no object
        lists=("tiktok_hashtags_US/popular_7d/all",),
        rows=(
            Row(0, 1, "2534", "11:28e5f864", None, 1_937_783_877, "views", floor=False),
            Row(1, 2, "dolly", "5:cf9b9e85", None, 364_989_556, "views", floor=False),
        ),
    ),
    Case(
        "tiktok/TopContentsList_shape_only_2026-07.json",
        "tiktok_hashtags",
        "videos of Creative Center",
        entries=1,
        last_rank=1,
        counts=1,
        lists=("tiktok_hashtags_US/videos/all",),
        rows=(Row(0, 1, "7601361448245218591", "17:01b0710c", None, 360_822_865, "views", floor=False),),
    ),
    Case(
        "tiktok/creative_center_old_hashtag_list_2025-10-21.json",
        "tiktok_hashtags",
        "Creative Center",
        entries=1,
        last_rank=1,
        market=None,
        counts=1,
        lists=("tiktok_hashtags_US/popular_7d/all",),
        rows=(Row(0, 1, "601255", "4:16b99912", None, 254_321_646, "views", floor=False),),
    ),
    Case(
        "tiktok/creative_center_old_hashtag_detail_2025-10-21.json",
        "tiktok_hashtags",
        "Creative Center",
        entries=1,
        last_rank=None,
        counts=1,
        lists=("tiktok_hashtags_US/popular_7d/all",),
        rows=(Row(0, None, "601255", "4:16b99912", None, 366_084_497, "views", floor=False),),
    ),
    Case(
        "tiktok/creative_center_old_top_products_2025-10-21.json",
        "tiktok_hashtags",
        "top categories until 2026",
        entries=1,
        last_rank=1,
        counts=1,
        lists=("tiktok_hashtags_US/top_categories/all",),
        rows=(Row(0, 1, "919048", "18:c06fd98f", None, 17, "posts", floor=False),),
    ),
    Case(
        "tiktok/discover_2021_2022.json",
        "tiktok_hashtags",
        "discover of 2021",
        entries=10,  # its 30 users and 10 songs are left out
        last_rank=10,
        counts=10,
        lists=("tiktok_hashtags_US/discover/all",),
        rows=(Row(1, 2, "31011076", "13:c3e67c39", None, 717_400_000, "views", floor=False),),
    ),
    Case(
        "tiktok/tag_tiktokmademebuyit_2025-07.html",
        "tiktok_hashtags",
        "tag page",
        entries=1,
        last_rank=None,
        counts=1,
        lists=("tiktok_hashtags_US/tag/tiktokmademebuyit",),
        rows=(Row(0, None, "tiktokmademebuyit", "17:a027f04e", None, 20_200_000, "videos", floor=False),),
    ),
)
NO_LISTS = (
    ("google_trends/explore_404.html", "google_trends", NoPage),
    ("google_trends/explore_widgets.json", "google_trends", LayoutChanged),
    ("tiktok/creative_center_countries.json", "tiktok_hashtags", LayoutChanged),
    ("tiktok/creative_center_industries.json", "tiktok_hashtags", LayoutChanged),
)


def read(file: str, name: str, market: str | None) -> Reading:
    source = get_source(name)
    body = (CAPTURES / file).read_bytes()
    query = query_for(source, market=market)
    return read_page(source, Page("", datetime(2026, 11, 1, tzinfo=UTC), 200, {}, body, query))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_capture(case: Case) -> None:
    reading = read(case.file, case.source, case.market)
    rows = reading.entries
    assert (reading.layout, reading.status, len(rows)) == (case.layout, case.status, case.entries)
    assert tuple(sorted({row.list for row in rows})) == case.lists
    assert sum(row.is_ad for row in rows) == case.ads
    assert sum(row.title is not None for row in rows) == (case.entries if case.titles is None else case.titles)
    assert sum(row.price is not None for row in rows) == case.prices
    assert sum(row.count is not None for row in rows) == case.counts
    assert sum(row.count_floor is True for row in rows) == case.floors
    assert sum(row.rating is not None for row in rows) == case.ratings
    assert sum(row.reviews is not None for row in rows) == case.reviews
    for wanted in case.rows:
        check(rows[wanted.at], wanted)
    if case.last_rank:
        for name in case.lists:
            ranks = [row.rank for row in rows if row.list == name and not row.is_ad]
            assert ranks == list(range(1, case.last_rank + 1))


def check(row: Entry, wanted: Row) -> None:
    assert (row.rank, row.item_key) == (wanted.rank, wanted.key)
    assert starts(row.title or "", wanted.title)
    assert row.price == (Decimal(wanted.price) if wanted.price else None)
    assert (row.count, row.count_kind, row.count_floor) == (wanted.count, wanted.kind, wanted.floor)


@pytest.mark.parametrize(("file", "name", "error"), NO_LISTS)
def test_what_is_no_list(file: str, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(file, name, "US")


def test_breakouts_are_said() -> None:
    rows = read("google_trends/related_queries.json", "google_trends", "US").entries
    rising = [row for row in rows if row.list.endswith("related_rising/all")]
    assert [row.rank for row in rising] == list(range(1, len(rising) + 1))
    assert {row.count_text for row in rising if row.extra.get("breakout")} == {"Breakout"}


def test_exact_orders_agree_with_what_is_shown() -> None:
    """The exact number lies in the shown bucket, or the count is not what it is taken for."""
    for file in ("us_search_drill_2025-12.json", "us_search_shorts_2024-09.json"):
        rows = [row for row in read(f"aliexpress/{file}", "aliexpress", "US").entries if row.count is not None]
        floors = [int("".join(sign for sign in row.count_text or "" if sign.isdigit()) or 0) for row in rows]
        assert all(floor <= (row.count or 0) for floor, row in zip(floors, rows, strict=True))
