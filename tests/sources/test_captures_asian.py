"""Saved replies of real sites against a table of what is in them, and row by row against the plain JSON.

The captures may not be copied, so the table holds numbers only; ids, titles and prices are compared with what a
straight path through each file's JSON gives.
"""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from trendscout.model import Page, Reading
from trendscout.sources.source import get_source, query_for, read_page

CAPTURES = Path(os.environ.get("TRENDSCOUT_SHARED", "../shared")) / "captures"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"no captures in {CAPTURES} (set TRENDSCOUT_SHARED)"),
]


@dataclass(frozen=True)
class Holds:
    """What one file holds."""

    file: str
    source: str
    layout: str
    market: str
    entries: int  # rows, advertisements included
    ads: int
    lists: int
    last: int  # rank, of the longest list
    price_sum: str
    counts: int  # how many rows tell a count
    count_sum: int
    floors: int  # how many of these are lower bounds


def table() -> Iterator[Holds]:
    with (Path(__file__).parent / "captures_asian.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            texts = {name: row[name] for name in ("file", "source", "layout", "market", "price_sum")}
            yield Holds(**texts, **{name: int(value) for name, value in row.items() if name not in texts})


TABLE = tuple(table())

PlainRow = tuple[str, str, str | None]  # id, title, price


def _coupang(document: Any) -> Iterator[PlainRow]:
    for group in document:
        told = [parse_qs(urlsplit(row["productUrl"]).query) for row in group["data"]]
        ids = [(part["pageKey"][0], int(part.get("itemId", ["0"])[0])) for part in told]
        for row, (key, option) in zip(group["data"], ids, strict=True):
            lowest = min(other for product, other in ids if product == key)
            yield key if option == lowest else f"{key}:{option}", row["productName"], str(row["productPrice"])


def _etsy_shops(document: Any) -> Iterator[PlainRow]:
    for shop in document:
        for row in shop["itemListElement"]:
            item = row["item"]
            yield item["url"].split("/")[4], item["name"], item["offers"]["price"]


def _pinduoduo(document: Any) -> Iterator[PlainRow]:
    for tab in document["store"]["rankData"]:
        for second in tab.get("secondaryList") or ():
            for third in second["subTabList"]:
                for card in third.get("rankList") or ():
                    for row in card["metaMap"]["goods"]:
                        yield str(row["goodsId"]), row["goodsName"], str(Decimal(row["price"]) / 100)


def _tokopedia(document: Any) -> Iterator[PlainRow]:
    for row in document[0]["data"]["CategoryProducts"]["data"]:
        yield str(row["id"]), row["name"], str(row["priceInt"])
    for row in document[0]["data"]["displayAdsV3"]["data"]:
        product = row["product"]
        yield product["id"], product["name"], product["price"].removeprefix("Rp").replace(".", "")


def _taobao(document: Any) -> Iterator[PlainRow]:
    for row in document["mods"]["itemlist"]["data"]["auctions"]:
        if "nid" in row:
            yield row["nid"], row["raw_title"], row["view_price"]


def _lazada(document: Any) -> Iterator[PlainRow]:
    for row in document["data"]["resultValue"]["2642033"]["data"]:
        yield str(row["itemId"]), row["itemTitle"], row["itemDiscountPrice"].replace(",", "")


def _rows(*names: str) -> Callable[[Any], Iterator[PlainRow]]:
    """A reader for rows that have id, title and price under `names`, in the array that `path` names lead to."""
    *path, key, title, price = names

    def read(document: Any) -> Iterator[PlainRow]:
        for step in path:
            document = document[step]
        for row in document:
            amount: Any = row
            for step in price.split(".") if price else ():
                amount = amount[step]
            yield str(row[key]), row[title], str(amount) if price else None

    return read


PLAIN: dict[str, Callable[[Any], Iterator[PlainRow]]] = {
    "1688/cn_search_activewear_2025-03.json": lambda document: (
        row for page in document for row in _rows("item_id", "title", "price")(page)
    ),
    "1688/cn_search_bag_2025-02.json": _rows("item_id", "title", "price"),
    "etsy/us_search_laptopstand_parsed_2025-10.json": lambda document: (
        (row["productLink"].rsplit("/", 1)[1], row["productTitle"], str(row["productPrice"])) for row in document
    ),
    "etsy/us_shops_jsonld_2025-08.json": _etsy_shops,
    "jd/cn_ranking_2021.json": _rows("list", "advertId", "name", ""),
    "lazada/bd_daraz_home_2023-06.json": _lazada,
    "mercadolibre/br_search_2021-11.json": _rows("results", "id", "title", "price"),
    "pinduoduo/cn_bestsellers_2020-09.json": _pinduoduo,
    "rakuten/jp_ranking_2017-01.json": _rows("Items", "itemCode", "itemName", "itemPrice"),
    "shein/us_goods_2024-02.json": _rows("goods_id", "goods_name", "salePrice.amount"),
    "shopee/tw_search_items_2021-06.json": lambda document: (
        (str(row["itemid"]), row["name"], str(Decimal(row["price"]) / 100_000)) for row in document["items"]
    ),
    "taobao/cn_search_2018-01.json": _taobao,
    "tokopedia/id_category_products_2024-10.json": _tokopedia,
    **{holds.file: _coupang for holds in TABLE if holds.source == "coupang"},
}


def read(holds: Holds) -> Reading:
    source = get_source(holds.source)
    query = query_for(source, market="US" if holds.market == "US" else None)
    body = (CAPTURES / holds.file).read_bytes()
    return read_page(source, Page("", datetime(2026, 11, 1, tzinfo=UTC), 200, {}, body, query))


@pytest.mark.parametrize("holds", TABLE, ids=lambda holds: holds.file)
def test_capture_holds_what_the_table_says(holds: Holds) -> None:
    reading = read(holds)
    entries = reading.entries
    longest = max(Counter(entry.list for entry in entries).values())
    prices = [entry.price for entry in entries if entry.price is not None]
    counted = [entry for entry in entries if entry.count is not None]
    assert reading.layout == holds.layout
    assert (reading.status, reading.findings) == ("ok", ())
    assert (len(entries), sum(entry.is_ad for entry in entries)) == (holds.entries, holds.ads)
    assert len({entry.list for entry in entries}) == holds.lists
    assert max(entry.rank or 0 for entry in entries) == holds.last == longest - holds.ads
    assert sum(prices) == Decimal(holds.price_sum)
    assert len(counted) == holds.counts
    assert sum(entry.count or 0 for entry in counted) == holds.count_sum
    assert sum(entry.count_floor is True for entry in counted) == holds.floors
    assert {entry.count_kind for entry in counted} <= {"sold"}
    assert all(entry.list.startswith(f"{holds.source}_{holds.market}/") for entry in entries)


@pytest.mark.parametrize("holds", TABLE, ids=lambda holds: holds.file)
def test_every_row_of_a_capture_is_the_plain_row(holds: Holds) -> None:
    document = json.loads((CAPTURES / holds.file).read_bytes())
    wanted = [
        (key, " ".join(title.split()), Decimal(price) if price else None)
        for key, title, price in PLAIN[holds.file](document)
    ]
    assert [(entry.item_key, entry.title, entry.price) for entry in read(holds).entries] == wanted


@pytest.mark.parametrize("holds", TABLE, ids=lambda holds: holds.file)
def test_ranks_go_down_the_page_without_gaps(holds: Holds) -> None:
    ranks: dict[str, list[int | None]] = {}
    for entry in read(holds).entries:
        if not entry.is_ad:
            ranks.setdefault(entry.list, []).append(entry.rank)
    assert all(places == list(range(1, len(places) + 1)) for places in ranks.values())
