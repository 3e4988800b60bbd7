"""Lazada and Daraz, one platform under two names: catalogue replies, page state, and the app's home lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from trendscout.model import Entry, ListNote, Page, Query
from trendscout.sources._alibaba import ALIBABA
from trendscout.sources._fields import (
    PriceFields,
    amount,
    extra,
    grouped,
    rating,
    shown_count,
    text,
    web_url,
    whole,
)
from trendscout.sources._replies import reply, state
from trendscout.sources._rows import (
    Doubts,
    Row,
    first,
    market_by_host,
    number_param,
    param,
    ranked,
    rows_at,
    split_url,
    told,
)
from trendscout.sources.source import Source, list_id
from trendscout.text.jsontext import dicts_with, dig
from trendscout.text.numbers import parse_price

MARKETS = {
    "lazada.vn": "VN",
    "lazada.co.id": "ID",
    "lazada.com.my": "MY",
    "lazada.com.ph": "PH",
    "lazada.sg": "SG",
    "lazada.co.th": "TH",
    "daraz.pk": "PK",
    "daraz.com.bd": "BD",
    "daraz.com.np": "NP",
    "daraz.lk": "LK",
}
_CURRENCIES = {
    "VN": "VND",
    "ID": "IDR",
    "MY": "MYR",
    "PH": "PHP",
    "SG": "SGD",
    "TH": "THB",
    "PK": "PKR",
    "BD": "BDT",
    "NP": "NPR",
    "LK": "LKR",
}
_PAGE_ROWS = 40
_PAGE_STATE = "window.pageData"


def _query_of(url: str) -> Query | None:
    market = market_by_host(url, MARKETS)
    if market is None:
        return None
    kind = {"popularity": "popular", "order": "top_sales"}.get(param(url, "sort"), "search")
    slug = split_url(url).path.strip("/")
    return Query("lazada", market, kind, param(url, "q") or ("" if slug in ("catalog", "") else slug))


def _price(plain: Any, shown: Any, market: str | None, doubts: Doubts) -> PriceFields:
    """The price told as a number and as a text; the number may be grouped too ("1.790.000")."""
    shown_text = text(shown)
    from_text = parse_price(shown_text, market) if shown_text else None
    number = amount(plain)
    if number is None and (written := text(plain)):
        read = parse_price(written, market)
        number = read.amount if read else None
    agreed: Decimal | None = doubts.agreed("price", number, from_text.amount if from_text else None)
    currency = _CURRENCIES.get(market or "") or (from_text.currency if from_text else None)
    return {"price": agreed, "currency": currency, "price_text": shown_text or text(plain)}


def _flag(value: Any) -> bool:
    return value is True or text(value) in ("1", "true")


def _catalog_entry(row: Row, query: Query, doubts: Doubts) -> Entry:
    market = query.market
    return Entry(
        list=list_id(query),
        rank=None,
        item_key=text(first(row.get("itemId"), row.get("nid"))) or "",
        title=text(row.get("name")),
        url=web_url(first(row.get("itemUrl"), row.get("productUrl"))),
        image=web_url(row.get("image")),
        **_price(row.get("price"), row.get("priceShow"), market, doubts),
        **shown_count(row.get("itemSoldCntShow"), "sold", market),
        rating=rating(row.get("ratingScore")),
        reviews=first(whole(row.get("review")), grouped(text(row.get("review")), market)),
        seller=text(row.get("sellerName")),
        is_ad=_flag(row.get("isSponsored")) or _flag(row.get("isAD")),
        extra=extra(
            sku=text(row.get("skuId")),
            brand=text(row.get("brandName")),
            location=text(row.get("location")),
            discount=text(row.get("discount")),
        ),
    )


def _read_catalog(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(
        document,
        ("mods", "listItems"),
        ("data", "mods", "listItems"),
        ("data", "root", "fields", "listItems"),
        having=("itemId", "nid"),
    )
    holder = next(iter(dicts_with(document, "mainInfo")), {})
    about = holder.get("mainInfo")
    query = told(page, market=market_by_host(str(web_url(rows[0].get("itemUrl")) or ""), MARKETS))
    size = whole(dig(about, "pageSize")) or _PAGE_ROWS
    number = first(whole(dig(about, "page")), number_param(page.url, "page"), page.number) or 1
    doubts = Doubts()
    yield from ranked((_catalog_entry(row, query, doubts) for row in rows), before=(number - 1) * size)
    yield doubts.note(list_id(query), length=whole(dig(about, "totalResults")))


def _home_entry(row: Row, query: Query, doubts: Doubts) -> Entry:
    market = query.market
    reduced = bool(text(row.get("itemDiscount")))
    price = row.get("itemDiscountPrice") if reduced else first(row.get("itemDiscountPrice"), row.get("itemPrice"))
    return Entry(
        list=list_id(query),
        rank=None,
        item_key=text(row.get("itemId")) or "",
        title=text(row.get("itemTitle")),
        url=web_url(row.get("itemUrl")),
        image=web_url(row.get("itemImg")),
        **_price(price, None, market, doubts),
        **shown_count(row.get("soldCount"), "sold", market),
        rating=rating(row.get("itemRatingScore")),
        reviews=grouped(text(row.get("itemReviews")), market),
        extra=extra(
            sku=text(row.get("skuId")),
            shop_id=text(row.get("shopId")),
            category=text(row.get("categoryId")),
            discount=text(row.get("itemDiscount")),
        ),
    )


def _read_home(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(document, having=("itemId",))
    region = next((text(holder["regionID"]) for holder in dicts_with(document, "regionID")), None)
    market = market_by_host(str(web_url(rows[0].get("itemUrl")) or ""), MARKETS) or (region or "").upper() or None
    query = replace(told(page, market=market), kind="home")
    doubts = Doubts()
    yield from ranked(_home_entry(row, query, doubts) for row in rows)
    yield doubts.note(list_id(query), complete=False)


def _is_state(page: Page) -> bool:
    return _PAGE_STATE.encode() in page.body and b"listItems" in page.body


SOURCES: tuple[Source, ...] = (
    Source(
        name="lazada",
        platform="lazada",
        many_sellers=True,
        title="Lazada and Daraz catalogue lists",
        kinds=("search", "popular", "top_sales", "home"),
        markets=tuple(MARKETS.values()),
        way_in=("own",),
        terms="https://www.lazada.sg/terms-of-use/",
        why="Off: programs get a captcha (punish page). Save the reply or the page from your browser.",
        readers=(
            state("page state", _PAGE_STATE, _read_catalog, fits=_is_state),
            reply("catalogue reply", '"listItems"', _read_catalog),
            reply("app home reply", '"itemTitle"', _read_home),
        ),
        query_of=_query_of,
        walls=ALIBABA,
        key_form=r"\d{3,20}",
        marks=("lazada.", "daraz.", "slatic.net"),
        alone=("home",),
    ),
)
