"""Shopee: search, category and shop lists as its pages load them, and the affiliate API by the user's key.

Prices are whole numbers of 1/100,000 of the currency. `historical_sold` is exact and counts since the listing
began; texts such as "1,2RB+ terjual" are floors. A reply without items is how Shopee says no: never "0 items".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._fields import (
    CountFields,
    PriceFields,
    currency_code,
    decimal,
    exact_count,
    exact_price,
    extra,
    moment,
    rating,
    shown_count,
    shown_price,
    text,
    web_url,
    whole,
)
from trendscout.sources._replies import reply
from trendscout.sources._rows import Doubts, Row, first, market_by_host, number_param, param, ranked, rows_at, told
from trendscout.sources.source import Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dig

MARKETS = {
    "shopee.co.id": "ID",
    "shopee.co.th": "TH",
    "shopee.vn": "VN",
    "shopee.com.my": "MY",
    "shopee.ph": "PH",
    "shopee.sg": "SG",
    "shopee.tw": "TW",
    "shopee.com.br": "BR",
}
_HOSTS = {market: host for host, market in MARKETS.items()}
_CURRENCIES = {
    "ID": "IDR",
    "TH": "THB",
    "VN": "VND",
    "MY": "MYR",
    "PH": "PHP",
    "SG": "SGD",
    "TW": "TWD",
    "BR": "BRL",
}
_MARKET_OF = {currency: market for market, currency in _CURRENCIES.items()}
_MICRO = 100_000
_PATHS = (
    ("items",),
    ("data", "items"),
    ("data", "units"),
    ("data", "sections", 0, "data", "item"),
    ("data", "centralize_item_card", "item_cards"),
)
_ROW_MARKS = ("itemid", "item_basic", "item_data", "item_card_displayed_asset", "item", "customised_item_card")


_WALLS = Walls(
    marks=((b'"errors"', "a refusal of the affiliate API"),),
    addresses=((r"/verify/", "a captcha"),),
    replies=(
        (rb'"error"\s*:\s*"?([1-9]\d{0,11})', "a refusal (error {code})"),
        (rb'"items"\s*:\s*(?:null|\[\s*\])', "a refusal: a reply without items"),
    ),
    unless=(b'"itemid"', b'"itemId"'),
)


def _query_of(url: str) -> Query | None:
    market = market_by_host(url, MARKETS)
    if market is None:
        return None
    shop = param(url, "shopid", "shop_id")
    if shop:
        return Query("shopee", market, "shop", shop)
    if "/recommend/" in url:
        return Query("shopee", market, "recommended")
    kind = {"sales": "top_sales", "ctime": "newest"}.get(param(url, "by", "sortBy"), "search")
    return Query("shopee", market, kind, param(url, "keyword") or param(url, "match_id"))


class _Item:
    """One product, whichever of the three layouts it is in."""

    def __init__(self, row: Row) -> None:
        holder = row
        for wrapper in ("item", "customised_item_card"):
            inner = row.get(wrapper)
            holder = inner if isinstance(inner, dict) else holder
        self.basic: Row = dig(holder, "item_basic") or holder
        self.data: Row = dig(holder, "item_data") or {}
        self.asset: Row = (
            dig(holder, "item_card_displayed_asset") or dig(self.data, "item_card_displayed_asset") or {}
        )
        self.outer = holder

    def get(self, *path: str) -> Any:
        """The value at `path` in whichever part of the item has it."""
        return first(*(dig(part, *path) for part in (self.data, self.basic, self.outer)))


def _price(item: _Item, currency: str | None, doubts: Doubts) -> PriceFields:
    shown = whole(item.get("item_card_display_price", "price")) or whole(dig(item.asset, "display_price", "price"))
    low = whole(item.get("price_min"))
    plain = whole(item.get("price"))
    micro = shown or low or plain
    high = whole(item.get("price_max"))
    if not shown and plain and low and not low <= plain <= (high or plain):
        micro = doubts.agreed("price", plain, low)
    if not micro:
        return {}
    return {"price": Decimal(micro) / _MICRO, "currency": currency}


def _count(item: _Item, market: str | None, doubts: Doubts) -> CountFields:
    sold = item.get("item_card_display_sold_count")
    texts = (
        dig(sold, "historical_sold_count_text"),
        dig(sold, "display_sold_count_text"),
        dig(item.asset, "sold_count", "text"),
        sold if isinstance(sold, str) else None,
    )
    shown = first(*(text(value) for value in texts))
    number = first(dig(sold, "historical_sold_count"), item.get("historical_sold"))
    if number == 0 and isinstance(sold, dict) and "historical_sold_count_text" not in sold:
        number = None  # on a card 0 may be hidden; only the text beside it, even if null, says that none were sold
    exact = exact_count(number, "sold", shown)
    fields = shown_count(shown, "sold", market)
    if fields.get("count_floor") is False and fields.get("count", 0) != whole(re.sub(r"\D", "", shown or "")):
        fields["count_floor"] = None  # "1,2k" is rounded, and nobody says which way
    return doubts.counted(exact, fields)


def _sold_lately(item: _Item, market: str | None) -> int | None:
    """How many were sold in 30 days; replies to those who are not logged in say it in a text beside a 0."""
    sold = item.get("item_card_display_sold_count")
    exact = whole(first(dig(sold, "monthly_sold_count"), item.get("sold")))
    shown = first(text(dig(sold, "monthly_sold_count_text")), text(dig(sold, "local_monthly_sold_count_text")))
    return exact or shown_count(shown, "sold", market).get("count") or exact


def _reviews(item: _Item) -> int | None:
    counts = item.get("item_rating", "rating_count")
    if isinstance(counts, list):  # [all, 1 star, ... 5 stars]
        return whole(dig(counts, 0))
    return first(whole(counts), whole(item.get("cmt_count")))


def _percent_off(item: _Item) -> int | None:
    """How much is off, in percent. Taiwan writes what is left to pay in tenths: "5.7" is 43 % off."""
    told_off = whole(item.get("raw_discount"))
    if told_off is not None:
        return told_off
    shown = text(item.get("discount")) or ""
    if shown.endswith("%"):
        return whole(shown.strip("-% "))
    tenths = decimal(shown.removesuffix("折"))
    return int(100 - tenths * 10) if tenths is not None and 0 < tenths < 10 else None


def _is_ad(item: _Item) -> bool:
    marks = (item.get("adsid"), item.get("campaignid"), item.get("ads_keyword"))
    return any(first(mark, None) not in (None, 0, "0", False) for mark in marks) or bool(
        text(dig(item.asset, "icon_in_image", "ads_text"))
    )


def _entry(row: Row, query: Query, doubts: Doubts) -> Entry:
    item = _Item(row)
    market = query.market
    shop, key = text(item.get("shopid")), text(item.get("itemid"))
    currency = currency_code(item.get("currency")) or _CURRENCIES.get(market or "")
    image = text(first(dig(item.asset, "image"), dig(item.asset, "images", 0), item.get("image")))
    cdn = f"https://down-{market.lower()}.img.susercontent.com/file/" if market else ""
    host = _HOSTS.get(market or "")
    return Entry(
        list=list_id(query),
        rank=None,
        item_key=key or "",
        title=text(first(dig(item.asset, "name"), item.get("name"), item.get("display_name"))),
        url=f"https://{host}/product/{shop}/{key}" if host and shop and key else None,
        image=web_url(image, cdn) if image else None,
        **_price(item, currency, doubts),
        **_count(item, market, doubts),
        rating=rating(item.get("item_rating", "rating_star")),
        reviews=_reviews(item),
        seller=text(first(item.get("shop_data", "shop_name"), item.get("shop_name"))),
        listed_at=moment(item.get("ctime")),
        is_ad=_is_ad(item),
        extra=extra(
            shop_id=shop,
            sold_30d=_sold_lately(item, market),
            percent_off=_percent_off(item),
            liked=whole(item.get("liked_count")),
            views=whole(item.get("view_count")),
            brand=text(first(item.get("global_brand", "display_name"), item.get("brand"))),
            location=text(first(item.get("shop_location"), dig(item.asset, "shop_location"))),
            category=text(item.get("catid")),
        ),
    )


def _market_told(rows: Sequence[Row]) -> str | None:
    currencies = {currency_code(_Item(row).get("currency")) for row in rows} - {None}
    return _MARKET_OF.get(currencies.pop() or "") if len(currencies) == 1 else None


def _read(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(document, *_PATHS, having=_ROW_MARKS)
    query = told(
        page, market=_market_told(rows), category=text(dig(document, "query_rewrite", "ori_keyword")) or ""
    )
    doubts = Doubts()
    before = first(number_param(page.url, "newest", "offset"), (page.number - 1) * 60) or 0
    yield from ranked((_entry(row, query, doubts) for row in rows), before=before)
    total = first(whole(dig(document, "total_count")), whole(dig(document, "data", "total")))
    yield doubts.note(list_id(query), length=total)


# --- the affiliate API, by the user's own key ----------------------------------------------------------

_OFFERS = (
    "{productOfferV2(sortType:2,page:%d,limit:50%s){nodes{itemId productName productLink imageUrl priceMin"
    " priceMax sales ratingStar shopId shopName}pageInfo{page limit hasNextPage}}}"
)


def _requests(query: Query) -> Sequence[Request]:
    """Two pages of the affiliate offers ordered by sales, for a keyword or for all."""
    host = _HOSTS.get(query.market or "")
    if not host:
        return ()
    keyword = f",keyword:{json.dumps(query.category, ensure_ascii=False)}" if query.category else ""
    return tuple(
        Request(
            f"https://open-api.affiliate.{host}/graphql",
            "POST",
            (("Content-Type", "application/json"),),
            json.dumps({"query": _OFFERS % (page, keyword)}, ensure_ascii=False).encode(),
            page,
        )
        for page in (1, 2)
    )


def _sign(request: Request, key: str, now: datetime) -> Request:
    """The request with the header that the affiliate API asks for; `key` is "APPID:SECRET"."""
    app_id, _, secret = key.partition(":")
    stamp = str(int(now.timestamp()))
    payload = (request.body or b"").decode()
    signature = hashlib.sha256(f"{app_id}{stamp}{payload}{secret}".encode()).hexdigest()
    header = f"SHA256 Credential={app_id},Timestamp={stamp},Signature={signature}"
    return replace(request, headers=(*request.headers, ("Authorization", header)))


def _read_offers(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    offers = dig(document, "data", "productOfferV2")
    rows = rows_at(offers, ("nodes",), having=("itemId",))
    query = told(page, kind="affiliate")
    currency = _CURRENCIES.get(query.market or "")
    doubts = Doubts()
    limit, told_number = whole(dig(offers, "pageInfo", "limit")), whole(dig(offers, "pageInfo", "page"))
    if not limit or not told_number:
        doubts.say(finding("page_number_unknown"))
    number = told_number or page.number
    entries = (
        Entry(
            list=list_id(query),
            rank=None,
            item_key=text(row.get("itemId")) or "",
            title=text(row.get("productName")),
            url=web_url(row.get("productLink")),
            image=web_url(row.get("imageUrl")),
            **(
                exact_price(first(row.get("priceMin"), row.get("price")), currency)
                or shown_price(row.get("priceMin"), query.market, currency=currency)
            ),
            **exact_count(row.get("sales"), "sold"),
            rating=rating(row.get("ratingStar")),
            seller=text(row.get("shopName")),
            extra=extra(shop_id=text(row.get("shopId"))),
        )
        for row in rows
    )
    yield from ranked(entries, before=(number - 1) * (limit or 50))
    yield doubts.note(list_id(query))


SOURCES: tuple[Source, ...] = (
    Source(
        name="shopee",
        platform="shopee",
        many_sellers=True,
        title="Shopee search, category and shop lists",
        kinds=("search", "top_sales", "newest", "shop", "recommended", "affiliate"),
        markets=tuple(MARKETS.values()),
        way_in=("own", "key"),
        terms="https://help.shopee.sg/",
        why=(
            "Off: plain requests are refused (error 90309999). Save the reply that your browser gets, or use the"
            " affiliate API with your own key, written APPID:SECRET."
        ),
        readers=(
            reply("affiliate offers", '"productOfferV2"', _read_offers),
            reply("item cards since 2024", '"item_card_displayed_asset"', _read),
            reply("items with item_basic", '"item_basic"', _read),
            reply("flat items of 2021", '"itemid"', _read),
        ),
        hosts=tuple(f"open-api.affiliate.{host}" for host in MARKETS),
        requests=_requests,
        query_of=_query_of,
        walls=_WALLS,
        key_env="TRENDSCOUT_SHOPEE_KEY",
        sign=_sign,
        key_form=r"\d{3,20}",
        marks=("shopee.", "susercontent.com", '"shopid"'),
    ),
)
