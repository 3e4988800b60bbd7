"""AliExpress search and category cards, with the exact number of orders that the cards hide.

"5,000+ sold" was 5,327 to 9,906 orders on real cards; `real_trade_count` beside it is exact, so it is the count,
and the text is kept as shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from trendscout.errors import LayoutChanged
from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._alibaba import ALIBABA
from trendscout.sources._fields import (
    CountFields,
    PriceFields,
    currency_code,
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
    words_of,
)
from trendscout.sources._replies import holds, is_json, reply
from trendscout.sources._rows import number_param, ranked, split_url
from trendscout.sources.source import Reader, Source, list_id
from trendscout.text.jsontext import after, dicts_with, dig
from trendscout.text.markets import country_of

_HOST = "https://www.aliexpress.com"
_PAGE_SIZE = 60
_PAGES = 2
_ADVERTS = ("ad", "p4p")
_WORDS = re.compile(r"/(?:w|wholesale)/?(?:wholesale-)?([^/?]+?)\.html")
_CATEGORY = re.compile(r"/category/(\d+)(?:/([^/.]+))?")
_MAX_ROWS = 2000


def _query_of(url: str) -> Query | None:
    """Words or category of a list's address."""
    parts = split_url(url)
    if "aliexpress." not in (parts.hostname or ""):
        return None
    category = _CATEGORY.search(parts.path)
    if category:
        return Query("aliexpress", None, "category", category.group(1))
    params = parse_qs(parts.query)
    words = _WORDS.search(parts.path)
    asked = (params.get("SearchText") or [unquote(words.group(1)).replace("-", " ") if words else ""])[0]
    return Query("aliexpress", None, "search", asked) if asked else None


def _requests(query: Query) -> Sequence[Request]:
    """Two pages of 60, most orders first. The cookie only says country, currency and language."""
    words = words_of(query)
    if query.kind == "category":
        path = f"/category/{quote(words)}/all.html?"
    else:
        path = f"/w/wholesale-{quote(words.replace(' ', '-'))}.html?SearchText={quote(words)}&"
    address = f"{_HOST}{path}SortType=total_tranpro_desc"
    country = country_of(query.market or "US").upper()
    headers = (("Cookie", f"aep_usuc_f=site=glo&c_tp=USD&region={country}&b_locale=en_US"),)
    return tuple(
        Request(f"{address}&page={number}", "GET", headers, page=number) for number in range(1, _PAGES + 1)
    )


def _read_page_state(page: Page) -> Iterator[Entry | ListNote]:
    """Cards of a page's own state, in today's or the older place."""
    for mark in ("_init_data_=", "_init_data_ =", "window.runParams =", "window.runParams="):
        if mark.encode() in page.body:
            try:
                value = after(page, mark)
            except LayoutChanged:
                continue
            yield from _read(value, page)
            return
    raise LayoutChanged("The page holds no state with cards.")


def _read(value: Any, page: Page) -> Iterator[Entry | ListNote]:
    """Cards of a state, of a reply, or a bare list of cards."""
    cards = value if isinstance(value, list) else _content(value)
    name = list_id(page.query)
    before = (max(page.number, number_param(page.url, "page") or 1) - 1) * _PAGE_SIZE
    entries = [_entry(card, key, name) for card in cards[:_MAX_ROWS] if (key := _key(card))]
    yield from ranked(entries, before=before)
    doubted = sum(entry.count_floor is False and _contradicted(entry) for entry in entries)
    totals = dicts_with(value, "totalResults")
    yield ListNote(
        name,
        length=whole(totals[0]["totalResults"]) if totals else None,
        findings=(finding("fewer_orders_than_shown", count=doubted),) if doubted else (),
    )


def _key(card: Any) -> str | None:
    """The id of a card of goods; None for a card of anything else."""
    if not isinstance(card, dict) or not str(card.get("itemType", "product")).startswith("product"):
        return None
    return text(card.get("productId")) or text(card.get("redirectedId"))


def _contradicted(entry: Entry) -> bool:
    """Whether the exact number is below the floor that is shown: then it counts something else by now."""
    shown = shown_count(entry.count_text, "sold", language="en").get("count")
    return shown is not None and entry.count is not None and entry.count < shown


def _content(value: Any) -> list[Any]:
    for path in (
        ("content",),
        ("data", "data", "root", "fields", "mods", "itemList", "content"),
        ("data", "root", "fields", "mods", "itemList", "content"),
        ("mods", "itemList", "content"),
    ):
        items = dig(value, *path)
        if isinstance(items, list):
            return items
    lists = dicts_with(value, "itemList")
    items = dig(lists[0], "itemList", "content") if lists else None
    return items if isinstance(items, list) else list(dicts_with(value, "productId", nested=False))


def _entry(card: dict[str, Any], key: str, name: str) -> Entry:
    hidden = dig(card, "trace", "utLogMap")
    title = dig(card, "title")
    image = dig(card, "image")
    return Entry(
        name,
        None,
        key,
        title=text(dig(title, "displayTitle")) or text(dig(title, "seoTitle")) or text(title),
        url=f"{_HOST}/item/{key}.html",
        image=web_url(dig(image, "imgUrl") or image),
        **_price(card),
        **_count(card, hidden),
        rating=rating(dig(card, "evaluation", "starRating")),
        seller=text(dig(card, "store", "storeName")),
        listed_at=moment(dig(card, "lunchTime")),  # sic
        is_ad=card.get("productType") in _ADVERTS,
        extra=extra(
            price_before=text(dig(card, "prices", "originalPrice", "minPrice")),
            category_ids=text(dig(hidden, "categoryId")) or text(dig(card, "trace", "exposure", "postCategoryId")),
        ),
    )


def _price(card: dict[str, Any]) -> PriceFields:
    sale = dig(card, "prices", "salePrice")  # every real card has one, reduced or not
    shown, currency = dig(sale, "formattedPrice"), currency_code(dig(sale, "currencyCode"))
    plain = exact_price(dig(sale, "minPrice"), currency, shown)
    return plain or shown_price(dig(card, "price"))


def _count(card: dict[str, Any], hidden: Any) -> CountFields:
    shown = text(dig(card, "trade", "tradeDesc")) or text(dig(card, "tradeDesc"))
    exact = exact_count(dig(hidden, "real_trade_count"), "sold", shown)
    if exact or shown is None:
        return exact
    # "10,000+ sales ౹ 50,000+ cross-platform sales": the first is this shop's
    own = re.split(r"[౹|]", shown)[0]
    return shown_count(own, "sold", language="en" if "sold" in own or "sales" in own else None) | {
        "count_text": shown
    }


SOURCES = (
    Source(
        name="aliexpress",
        platform="aliexpress",
        many_sellers=True,
        item_url=lambda key, _: f"{_HOST}/item/{key}.html",
        ids_worldwide=True,
        title="AliExpress search and categories, most orders first",
        kinds=("search", "category"),
        markets=("US", "UK", "DE", "FR", "IT", "ES", "PL", "NL", "BR", "MX", "KR", "JP", "AU", "SA", "AE", "ID"),
        way_in=("live", "own"),
        terms="https://terms.alicdn.com/legal-agreement/terms/suit_bu1_aliexpress/suit_bu1_aliexpress201909171350_82407.html",
        why=(
            "Off until you name search words or category ids. The exact number of orders stands in the cards and "
            "is used. A captcha comes quickly: keep to few lists."
        ),
        key_form=r"\d{6,20}",
        readers=(
            reply("items as JSON", is_json, _read),
            Reader(
                "page state",
                holds("_init_data_", "runParams"),
                _read_page_state,
            ),
        ),
        hosts=("www.aliexpress.com",),
        requests=_requests,
        query_of=_query_of,
        walls=ALIBABA,
        spacing_s=6.0,
        categories=("portable blender", "led strip lights"),
        marks=("aliexpress.", "aliexpress-media.com", "ae01.alicdn.com", '"utLogMap"'),
    ),
)
