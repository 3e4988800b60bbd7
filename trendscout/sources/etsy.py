"""Etsy: the Open API by the user's own key, the JSON-LD of saved pages, and cards from another collector."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from trendscout.errors import LayoutChanged
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._fields import (
    PriceFields,
    amount,
    currency_code,
    exact_count,
    exact_price,
    extra,
    moment,
    rating,
    text,
    web_url,
    whole,
)
from trendscout.sources._replies import reply
from trendscout.sources._rows import (
    Doubts,
    Row,
    first,
    host_of,
    number_param,
    param,
    ranked,
    rows_at,
    split_url,
    told,
)
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dig, parse_json
from trendscout.text.markup import page_text

_API = "https://openapi.etsy.com/v3/application/listings/active"
_LISTING = re.compile(r"/listing/(\d{1,19})")
_SHOP = re.compile(r"/shop/([\w-]{1,60})")
_LD_SCRIPT = re.compile(r"<script[^>]{0,200}application/ld\+json[^>]{0,200}>(.{2,2000000}?)</script>", re.DOTALL)
_SIGNS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "CA$": "CAD", "AU$": "AUD", "₹": "INR"}


_WALLS = Walls(
    marks=((b"datadome", "a captcha"), (b'"error"', "a refusal of the API")),
    unless=(b"/listing/", b'"listing_id"'),
)


def _query_of(url: str) -> Query | None:
    if not host_of(url).endswith("etsy.com"):
        return None
    shop = _SHOP.search(split_url(url).path)
    if shop:
        return Query("etsy", None, "shop", shop.group(1))
    return Query("etsy", None, "search", param(url, "q", "keywords"))


def _requests(query: Query) -> Sequence[Request]:
    """The 100 active listings that the API finds best for the words, or the newest without words."""
    words = f"&sort_on=score&keywords={quote(query.category)}" if query.category else "&sort_on=created"
    return (Request(f"{_API}?limit=100{words}", headers=(("x-api-key", "{key}"),)),)


# --- search cards from another collector ---------------------------------------------------------------


def _card(row: Row, name: str) -> Entry:
    link = text(row.get("productLink")) or ""
    key = _LISTING.search(link)
    sign = text(row.get("priceCurrency")) or ""
    currency = currency_code(sign) or _SIGNS.get(sign)
    return Entry(
        list=name,
        rank=None,
        item_key=key.group(1) if key else "",
        title=text(row.get("productTitle")),
        url=web_url(link),
        image=web_url(row.get("productImage")),
        **exact_price(row.get("productPrice"), currency, row.get("productPrice")),
        rating=rating(row.get("productRate")),
        reviews=whole(row.get("numberOfReviews")),
        seller=text(row.get("seller")),
        is_ad=(text(row.get("listingType")) or "").lower().startswith("ad "),
        extra=extra(discount=text(row.get("discount"))),
    )


def _read_cards(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(document, (), having=("productLink",))
    name = list_id(told(page), kind="search")
    yield from ranked(_card(row, name) for row in rows)
    yield ListNote(name)


# --- JSON-LD -------------------------------------------------------------------------------------------


def _item_lists(page: Page) -> list[Row]:
    """Every ItemList of the page, whether bare JSON or the JSON-LD scripts of an HTML page."""
    if page.body.lstrip()[:1] in (b"{", b"["):
        documents: list[Any] = [parse_json(page)]
    else:
        documents = [parse_json(script.strip()) for script in _LD_SCRIPT.findall(page_text(page))]
    flat = [part for document in documents for part in (document if isinstance(document, list) else [document])]
    return [part for part in flat if isinstance(dig(part, "itemListElement"), list)]


def _ld_entry(row: Row, name: str, doubts: Doubts) -> Entry:
    inner = row.get("item")
    item: Row = inner if isinstance(inner, dict) else row
    link = text(item.get("url")) or ""
    key = _LISTING.search(link)
    image = item.get("image")
    return Entry(
        list=name,
        rank=None,
        item_key=key.group(1) if key else "",
        title=text(item.get("name")),
        url=web_url(link),
        image=web_url(image) or web_url(first(dig(image, "contentURL"), dig(image, 0))),
        **_offer(item.get("offers"), doubts),
        rating=rating(dig(item, "aggregateRating", "ratingValue")),
        reviews=whole(dig(item, "aggregateRating", "reviewCount")),
        seller=text(first(dig(item, "brand", "name"), item.get("brand"))),
    )


def _offer(offer: Any, doubts: Doubts) -> PriceFields:
    low, price = amount(dig(offer, "lowPrice")), amount(dig(offer, "price"))
    currency = currency_code(dig(offer, "priceCurrency"))
    return {"price": doubts.agreed("price", price, low), "currency": currency}


def _read_ld(page: Page) -> Iterator[Entry | ListNote]:
    lists = _item_lists(page)
    if not lists:
        raise LayoutChanged("The page has no item list.")
    for about in lists:
        rows = [row if isinstance(row, dict) else {} for row in about["itemListElement"]]
        shop = _SHOP.search(text(about.get("url")) or "")
        query = told(page, category=shop.group(1) if shop else "")
        several = shop.group(1) if shop and len(lists) > 1 else ""
        name = list_id(query, kind="shop" if shop else "", category=several)
        doubts = Doubts()
        yield from _placed(rows, name, doubts)
        yield doubts.note(name, length=whole(about.get("numberOfItems")))


def _placed(rows: list[Row], name: str, doubts: Doubts) -> Iterator[Entry]:
    """The entries at the positions that the rows tell, which must go up by one."""
    positions = [whole(row.get("position")) for row in rows]
    start = (positions[0] or 1) - 1 if positions else 0
    entries = ranked((_ld_entry(row, name, doubts) for row in rows), before=start)
    for row, entry in zip(rows, entries, strict=True):
        yield replace(entry, rank=doubts.agreed("rank", entry.rank, whole(row.get("position"))))


# --- Open API ------------------------------------------------------------------------------------------


def _api_entry(row: Row, name: str) -> Entry:
    cents, divisor = whole(dig(row, "price", "amount")), whole(dig(row, "price", "divisor"))
    price = Decimal(cents) / divisor if cents is not None and divisor else None
    image = dig(row, "images", 0, "url_570xN")
    return Entry(
        list=name,
        rank=None,
        item_key=text(row.get("listing_id")) or "",
        title=text(row.get("title")),
        url=web_url(row.get("url")),
        image=web_url(image),
        price=price,
        currency=currency_code(dig(row, "price", "currency_code")),
        **exact_count(row.get("views"), "views"),
        listed_at=moment(first(row.get("original_creation_timestamp"), row.get("creation_timestamp"))),
        extra=extra(favorers=whole(row.get("num_favorers")), shop_id=text(row.get("shop_id"))),
    )


def _read_api(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(document, ("results",), having=("listing_id",))
    name = list_id(told(page))
    yield from ranked((_api_entry(row, name) for row in rows), before=number_param(page.url, "offset") or 0)
    yield ListNote(name, length=whole(dig(document, "count")))


SOURCES: tuple[Source, ...] = (
    Source(
        name="etsy",
        platform="etsy",
        ids_worldwide=True,
        title="Etsy search and shop lists",
        kinds=("search", "shop"),
        markets=("US", "UK", "DE", "FR", "CA", "AU"),
        way_in=("key", "own"),
        terms="https://www.etsy.com/legal/api/",
        why="Pages are behind a wall (DataDome). Use the Open API with your own key, or save the page.",
        readers=(
            reply("open API", '"listing_id"', _read_api),
            Reader("JSON-LD", lambda page: b'"itemListElement"' in page.body, _read_ld),
            reply("collected search cards", '"productLink"', _read_cards),
        ),
        hosts=("openapi.etsy.com",),
        requests=_requests,
        query_of=_query_of,
        walls=_WALLS,
        key_form=r"\d{5,20}",
        key_env="TRENDSCOUT_ETSY_KEY",
        spacing_s=1.0,
        categories=("desk lamp", "cat bed"),
        marks=("etsy.com", "etsystatic.com"),
    ),
)
