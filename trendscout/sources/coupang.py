"""Coupang: best sellers of a category from the Partners API, by the user's key; their collections; saved pages.

The order of the array is the rank. A saved collection holds many categories; each is a list of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from trendscout.errors import LayoutChanged
from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._cards import one_price
from trendscout.sources._fields import exact_price, extra, grouped, shown_count, text, web_url, whole
from trendscout.sources._replies import reply
from trendscout.sources._rows import Doubts, Row, first, host_of, number_param, param, ranked, rows_at, told
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import parse_json
from trendscout.text.markup import LexborNode, all_of, attr_of, parse_html, text_of

_HOST = "api-gateway.coupang.com"
_BEST = "/v2/providers/affiliate_open_api/apis/openapi/v1/products/bestcategories/"
_MARKS = ("productName", "productId", "productUrl")
_SITE = "https://www.coupang.com"
# Classes end in a hash; a discount before the price has a class of its own.
_CARD = "li[class*=ProductUnit_productUnit], li.search-product, li.baby-product"
_BOUGHT = re.compile(r"한\s?달간\s?[\d,.]{1,12}\s?[천만]?\s?명\s?이상\s?구매했어요")


_WALLS = Walls(
    replies=((rb'"(?:rCode|code)"\s*:\s*"?(-?[1-9]\w{0,20}|ERROR)', "a refusal (code {code})"),),
    unless=(b'"productUrl"',),
)


def _query_of(url: str) -> Query | None:
    if not host_of(url).endswith("coupang.com"):
        return None
    category = re.search(r"/bestcategories/(\d{1,9})", url)
    if category:
        return Query("coupang", "KR", "bestsellers", category.group(1))
    browsed = re.search(r"/np/categories/(\d{1,9})", url)
    if browsed:
        by_sales = param(url, "sorter") == "saleCountDesc"
        return Query("coupang", "KR", "bestsellers" if by_sales else "category", browsed.group(1))
    words = param(url, "q")
    return Query("coupang", "KR", "search", words) if words else Query("coupang", "KR", "bestsellers")


def _requests(query: Query) -> Sequence[Request]:
    """The 100 best sellers of a category; without one there is nothing to ask for."""
    if not query.category:
        return ()
    return (Request(f"https://{_HOST}{_BEST}{query.category}?limit=100"),)


def _sign(request: Request, key: str, now: datetime) -> Request:
    """The request with the HMAC header of the Partners API; `key` is "ACCESS_KEY:SECRET_KEY"."""
    access, _, secret = key.partition(":")
    parts = urlsplit(request.url)
    stamp = now.astimezone(UTC).strftime("%y%m%dT%H%M%SZ")
    message = f"{stamp}{request.method}{parts.path}{parts.query}"
    signature = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    header = f"CEA algorithm=HmacSHA256, access-key={access}, signed-date={stamp}, signature={signature}"
    return replace(request, headers=(*request.headers, ("Authorization", header)))


def _entry(row: Row, name: str, category: str | None, doubts: Doubts) -> Entry:
    link = text(row.get("productUrl")) or ""
    by_link = param(link, "pageKey") or "".join(re.findall(r"/products/(\d{1,20})", link))
    return Entry(
        list=name,
        rank=None,
        item_key=doubts.agreed("id", text(row.get("productId")), by_link or None) or "",
        title=text(row.get("productName")),
        url=web_url(link),
        image=web_url(row.get("productImage")),
        **exact_price(row.get("productPrice"), "KRW", row.get("productPrice"), "KR"),
        extra=extra(
            category=first(text(row.get("categoryName")), category),
            item_id=param(link, "itemId") or None,
            is_rocket=row.get("isRocket") if isinstance(row.get("isRocket"), bool) else None,
        ),
    )


def _list(rows: list[Row], name: str, category: str | None) -> Iterator[Entry | ListNote]:
    doubts = Doubts()
    places = [whole(row.get("rank")) for row in rows]
    entries = ranked(_entry(row, name, category, doubts) for row in rows)
    placed = [
        replace(entry, rank=doubts.agreed("rank", entry.rank, place))
        for place, entry in zip(places, entries, strict=True)
    ]
    yield from _told_apart(placed)
    yield doubts.note(name)


def _told_apart(entries: Sequence[Entry]) -> Iterator[Entry]:
    """The entries, the options of one product (670 g beside 790 g: two places) with keys of their own.

    The option with the lowest id keeps the product's id, whatever its place today.
    """
    lowest: dict[str, int] = {}
    for entry in entries:
        option = _option(entry)
        lowest[entry.item_key] = min(lowest.get(entry.item_key, option), option)
    for entry in entries:
        option = _option(entry)
        own = option != lowest[entry.item_key]
        yield replace(entry, item_key=f"{entry.item_key}:{option}") if own else entry


def _option(entry: Entry) -> int:
    return whole(entry.extra.get("item_id")) or 0


def _groups(document: Any) -> list[Row]:
    """The categories of a collection: objects with a code and the data of one reply each."""
    groups = document if isinstance(document, list) else []
    return [group for group in groups if isinstance(group, dict) and isinstance(group.get("data"), list)]


def _read_collection(page: Page) -> Iterator[Entry | ListNote]:
    groups = _groups(parse_json(page))
    if not groups:
        raise LayoutChanged("The file has no categories.")
    query = told(page, market="KR")
    seen: set[str] = set()
    for number, group in enumerate(groups, 1):
        label = text(group.get("type"))
        code = first(text(group.get("code")), label) or f"group {number}"
        code = f"{code} {number}" if code in seen else code
        seen.add(code)
        name = list_id(query, category=code)
        try:
            rows = rows_at(group["data"], (), having=_MARKS)
        except LayoutChanged:
            yield ListNote(name, complete=False, findings=(finding("category_unreadable", category=code),))
            continue
        yield from _list(rows, name, label)


def _read_reply(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    query = told(page, market="KR")
    rows = rows_at(document, ("data",), ("data", "productData"), (), having=_MARKS)
    yield from _list(rows, list_id(query), None)


# --- saved pages ---------------------------------------------------------------------------------------


def _read_page(page: Page) -> Iterator[Entry | ListNote]:
    name = list_id(told(page, market="KR"))
    number = first(number_param(page.url, "page"), page.number) or 1
    cards = all_of(parse_html(page), _CARD)
    size = number_param(page.url, "listSize") or len(cards)
    yield from _told_apart(list(ranked((_card(card, name) for card in cards), before=(number - 1) * size)))
    yield ListNote(name, findings=(finding("earlier_pages_guessed"),) if number > 1 else ())


def _card(card: LexborNode, name: str) -> Entry:
    link = attr_of(card, 'a[href*="/vp/products/"]', "href") or ""
    match = re.search(r"/vp/products/(\d{3,20})", link)
    bought = _BOUGHT.search(text_of(card) or "")
    reviews = text_of(card, "[class*=ProductRating_ratingCount], .rating-total-count")
    return Entry(
        list=name,
        rank=None,
        item_key=match[1] if match else "",
        title=text_of(card, "[class*=ProductUnit_productName], .name"),
        url=f"{_SITE}/vp/products/{match[1]}" if match else None,
        image=web_url(attr_of(card, "img", "src"), _SITE),
        **one_price(card, "[class*=Price_priceValue], strong.price-value", "KR", "KRW"),
        **shown_count(bought.group() if bought else None, "sold", "KR", "ko"),
        reviews=grouped(reviews, "KR"),
        is_ad=card.css_first("[class*=AdMark_adMark], .search-product__ad-badge, .ad-badge") is not None,
        extra=extra(item_id=param(link, "itemId") or None, count_window="month" if bought else None),
    )


def _is_collection(page: Page) -> bool:
    start = page.body[:4096]
    return b'"productName"' in page.body and start.lstrip()[:1] == b"[" and b'"data"' in start


SOURCES: tuple[Source, ...] = (
    Source(
        name="coupang",
        platform="coupang",
        title="Coupang best sellers by category",
        kinds=("bestsellers", "category", "search"),
        markets=("KR",),
        way_in=("key", "own"),
        terms="https://partners.coupang.com/",
        why="Needs your own key of the Partners API, written ACCESS_KEY:SECRET_KEY; or save the page.",
        readers=(
            Reader(
                "page of cards", lambda page: b"/vp/products/" in page.body and b"<li" in page.body, _read_page
            ),
            Reader("collected categories", _is_collection, _read_collection),
            reply("best sellers API", '"productName"', _read_reply),
        ),
        hosts=(_HOST,),
        requests=_requests,
        query_of=_query_of,
        walls=_WALLS,
        key_env="TRENDSCOUT_COUPANG_KEY",
        sign=_sign,
        spacing_s=6.0,
        length=100,
        key_form=r"\d{3,20}(?::\d{3,20})?",
        categories=("1001", "1010", "1013", "1016", "1020"),
        marks=("coupang",),
    ),
)
