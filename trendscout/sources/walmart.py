"""Walmart search, from what the user saved: the page's own state, raw items, or the GraphQL reply of 2022."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from trendscout.errors import LayoutChanged
from trendscout.findings import finding
from trendscout.model import CountKind, Entry, ListNote, Page, Query
from trendscout.sources._fields import (
    CountFields,
    PriceFields,
    currency_code,
    exact_price,
    extra,
    joined,
    objects,
    rating,
    shown_count,
    shown_price,
    text,
    web_url,
    whole,
)
from trendscout.sources._replies import holds, is_json, reply
from trendscout.sources._rows import number_param, ranked, rows_at, split_url
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dicts_with, dig, in_script

_HOST = "https://www.walmart.com"
# What shoppers did, as badges say it: "100+ bought since yesterday", "In 200+ people's carts".
_PROOFS: tuple[tuple[re.Pattern[str], CountKind], ...] = (
    (re.compile(r"\bbought\b|\bsold\b", re.IGNORECASE), "sold"),
    (re.compile(r"\bcarts?\b", re.IGNORECASE), "in_carts"),
    (re.compile(r"\bviewed\b|\bviews\b", re.IGNORECASE), "views"),
)
_PAGE_SIZE = 40
_MAX_ROWS = 5000


def _query_of(url: str) -> Query | None:
    """The words, or the category, of a saved search."""
    parts = split_url(url)
    if not (parts.hostname or "").endswith("walmart.com"):
        return None
    told = {key: values[0] for key, values in parse_qs(parts.query).items()}
    kind = "best_seller" if told.get("sort") == "best_seller" else "search"
    category = told.get("q") or (parts.path.removeprefix("/browse/") if parts.path.startswith("/browse/") else "")
    return Query("walmart", "US", kind, category)


def _read_state(page: Page) -> Iterator[Entry | ListNote]:
    """Items of a saved page's `__NEXT_DATA__`."""
    yield from _read(in_script(page, "__NEXT_DATA__"), page)


def _read(value: Any, page: Page) -> Iterator[Entry | ListNote]:
    """Items of a state, of a reply, or a bare list of items."""
    items, total = _items(value)
    if not items:
        raise LayoutChanged("The reply holds no items of a search.")
    properties = dicts_with(value, "pageProperties")
    about = properties[0]["pageProperties"] if properties else None
    paged = bool(properties) or any(
        "query" in (holder["search"] or {}) for holder in dicts_with(value, "search")
    )  # not in 2022
    query = _settled(page, value, about)
    size = whole(dig(about, "ps")) or _PAGE_SIZE
    number = max(page.number, number_param(page.url, "page") or whole(dig(about, "page")) or 1)
    name = list_id(query)
    yield from ranked(_entries(items[:_MAX_ROWS], name), before=(number - 1) * size)
    missing = [what for key, what in _TELLING.items() if paged and not text(dig(about, key))]
    yield ListNote(
        name, length=total, findings=tuple(finding("reply_does_not_say", what=what) for what in missing)
    )


def _entries(items: list[dict[str, Any]], name: str) -> Iterator[Entry]:
    seen: set[str] = set()
    for item in items:
        # Placeholders of advertisements have another type name, and no item id.
        key = text(item.get("usItemId")) or text(item.get("id")) or ""
        kind = item.get("__typename", "Product")
        if (isinstance(kind, str) and kind not in ("Product", "SearchProduct")) or not (key or "name" in item):
            continue
        entry = _entry(item, key, name)
        if entry.is_ad or key not in seen:  # a later page repeats what slid down meanwhile
            yield entry
        seen |= set() if entry.is_ad else {key}


_TELLING = {"page": "which page it is", "query": "what was searched", "sort": "in which order its goods stand"}


def _settled(page: Page, value: Any, about: Any) -> Query:
    """The page's query, with the words and the order that the reply itself names where no address did."""
    query = page.query
    if _query_of(page.url) and query.category:
        return query
    search = next((one["search"] for one in dicts_with(value, "search") if isinstance(one["search"], dict)), None)
    words = text(dig(about, "query")) or text(dig(search, "query")) or ""
    sort = text(dig(about, "sort"))
    kind = query.kind if _query_of(page.url) and not sort else "best_seller" if sort == "best_seller" else "search"
    return replace(query, kind=kind, category=query.category or words)


def _items(value: Any) -> tuple[list[dict[str, Any]], int | None]:
    """The items of the first stack that has any, and how long the site says the list is."""
    if isinstance(value, list):
        return [item for item in objects(value) if "usItemId" in item or "__typename" in item], None
    for result in dicts_with(value, "itemStacks"):
        for stack in objects(result["itemStacks"]):
            items = objects(stack.get("items")) or objects(stack.get("itemsV2"))
            if items:
                return items, whole(stack.get("count") or result.get("aggregatedCount"))
    return rows_at(value, having=("usItemId",)), None  # not every dict with an id: items hold variants of theirs


def _entry(item: dict[str, Any], key: str, name: str) -> Entry:
    address = (text(item.get("canonicalUrl")) or f"/ip/{key}").split("?")[0]
    proofs, labels = _badges(item)
    return Entry(
        name,
        None,
        key,
        title=text(item.get("name")),
        url=web_url(address, _HOST),
        image=web_url(dig(item, "imageInfo", "thumbnailUrl") or item.get("image")),
        **_price(item),
        **_count(proofs),
        rating=rating(item.get("averageRating") or dig(item, "rating", "averageRating")),
        reviews=whole(item.get("numberOfReviews") or dig(item, "rating", "numberOfReviews")),
        seller=text(item.get("sellerName")),
        is_ad=bool(item.get("isSponsoredFlag") or item.get("sponsoredProduct")),
        extra=extra(
            brand=text(item.get("brand")), badges=joined(labels), was=text(dig(item, "priceInfo", "wasPrice"))
        ),
    )


def _price(item: dict[str, Any]) -> PriceFields:
    current = dig(item, "priceInfo", "currentPrice")
    if isinstance(current, dict):  # GraphQL of 2022
        return exact_price(
            current.get("price"), currency_code(current.get("currencyUnit") or "USD"), current.get("priceString")
        )
    prices = item.get("priceInfo") if isinstance(item.get("priceInfo"), dict) else {}
    shown = next(
        (
            price_text
            for key in ("linePriceDisplay", "linePrice", "priceRangeString", "itemPrice")
            if (price_text := text(dig(prices, key)))
        ),
        None,
    )
    plain = shown_price(text(dig(prices, "linePrice")) or shown, "US", currency="USD")
    if plain.get("price") is None:
        plain = exact_price(dig(prices, "minPrice") or item.get("price"), "USD")
    return {**plain, "price_text": shown} if plain else {}


def _badges(item: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Texts of the badges that count something, and keys of the flags."""
    badges = [
        badge for part in ("flags", "groups", "groupsV2", "tags") for badge in objects(dig(item, "badges", part))
    ]
    inner = [member for badge in badges for member in objects(badge.get("members"))]
    texts = [
        shown
        for badge in (*badges, *inner)
        if (shown := text(badge.get("text")) or text(dig(badge, "content", 0, "value")))
    ]
    flags = [
        text(badge.get("key")) or ""
        for badge in badges
        if badge.get("key") in ("BESTSELLER", "ROLLBACK", "REDUCED_PRICE")
    ]
    return texts, flags


def _count(proofs: list[str]) -> CountFields:
    for mark, kind in _PROOFS:
        for shown in proofs:
            if mark.search(shown) and re.search(r"\d", shown):
                return shown_count(shown, kind, "US")
    return {}


_WALLS = Walls(
    marks=((b"px-captcha", "a captcha"),),
    addresses=((r"^https?://[^/]*/blocked(?:[?#]|$)", "a captcha"),),
    unless=(b"__NEXT_DATA__",),
)


SOURCES = (
    Source(
        name="walmart",
        platform="walmart",
        title="Walmart search, sorted by best sellers",
        kinds=("best_seller", "search"),
        markets=("US",),
        way_in=("own",),
        terms="https://www.walmart.com/help/article/walmart-com-terms-of-use/3b75080af40340d6bbd596f116fae5a0",
        why="Own files only: Walmart turns automated readers away. Save the search page and ingest it.",
        key_form=r"\d{3,20}|[0-9A-Z]{6,30}",
        readers=(
            Reader("page state", holds("__NEXT_DATA__"), _read_state),
            reply("items or GraphQL", is_json, _read),
        ),
        query_of=_query_of,
        walls=_WALLS,
        marks=("walmart", '"usItemId"'),
    ),
)
