"""Tokopedia: category and search replies of its GraphQL service, 2022 to 2025, with the advertisements in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from trendscout.errors import LayoutChanged
from trendscout.model import Entry, ListNote, Page, Query
from trendscout.sources._fields import (
    CountFields,
    PriceFields,
    amount,
    exact_count,
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
    host_of,
    number_param,
    param,
    ranked,
    rows_at,
    split_url,
    told,
)
from trendscout.sources.source import Source, list_id
from trendscout.text.jsontext import dig
from trendscout.text.numbers import parse_price

_PAGE_ROWS = 60
_CACHE = "window.__cache"
_PARAMS = re.compile(r'"params":"([^"]{1,2000})"')
_DEEPEST = 12


def _query_of(url: str) -> Query | None:
    if not host_of(url).endswith("tokopedia.com"):
        return None
    path = split_url(url).path.strip("/")
    if path.startswith("p/"):
        return Query("tokopedia", "ID", "category", path.removeprefix("p/"))
    return Query("tokopedia", "ID", "search", param(url, "q")) if path == "search" else Query("tokopedia", "ID")


def _operations(document: Any) -> list[Row]:
    """The `data` of every operation in the reply: one object, or an array of them."""
    replies = document if isinstance(document, list) else [document]
    found = [dig(reply, "data") for reply in replies]
    return [data for data in found if isinstance(data, dict)]


def _of_cache(document: Any) -> tuple[list[Row], dict[str, str]]:
    """The operations of a saved page's cache with their references resolved, and what the search asked for."""
    root = dig(document, "ROOT_QUERY")
    operations: list[Row] = []
    asked: dict[str, str] = {}
    for name, value in root.items() if isinstance(root, dict) else ():
        called, _, arguments = name.partition("(")
        if "product_v" not in called and called != "displayAdsV3":
            continue
        operations.append({called: _resolved(document, value)})
        params = _PARAMS.search(arguments)
        if params and "product_v" in called:
            asked |= {key: values[0] for key, values in parse_qs(params[1]).items()}
    return operations, asked


def _resolved(document: Row, value: Any, depth: int = 0) -> Any:
    """The value with what stands in the cache for each reference; a reference to a holder of itself is cut."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        return [_resolved(document, one, depth + 1) for one in value]
    if isinstance(value, dict) and value.get("type") == "id" and "generated" in value:
        held = document.get(str(value.get("id")))
        return _resolved(document, held, depth + 1) if isinstance(held, dict) else None
    if isinstance(value, dict):
        return {key: _resolved(document, one, depth + 1) for key, one in value.items()}
    return value


def _products(operations: list[Row]) -> tuple[str, Row, list[Row]]:
    """The kind of list, what the reply says of it, and its rows."""
    for data in operations:
        for name, value in data.items():
            lower = name.lower()
            if not isinstance(value, dict) or (
                "categoryproducts" not in lower and "product_v" not in lower and "searchproduct" not in lower
            ):
                continue
            rows = rows_at(value, ("data",), ("data", "products"), having=("id", "oldID", "name"))
            return ("category" if "categoryproducts" in lower else "search"), value, rows
    raise LayoutChanged("The reply has no product list.")


def _price(row: Row, doubts: Doubts) -> PriceFields:
    price = row.get("price")
    shown = text(dig(price, "text")) if isinstance(price, dict) else text(price)
    number = amount(dig(price, "number") if isinstance(price, dict) else row.get("priceInt"))
    read = parse_price(shown, "ID") if shown else None
    return {
        "price": doubts.agreed("price", number or None, read.amount if read else None),
        "currency": "IDR",
        "price_text": shown,
    }


def _count(row: Row, doubts: Doubts) -> CountFields:
    labels = row.get("labelGroups")
    texts = [text(dig(label, "title")) for label in labels] if isinstance(labels, list) else []
    shown = next((title for title in texts if title and "terjual" in title.lower()), None)
    exact = exact_count(dig(row, "stock", "sold"), "sold", shown)
    return doubts.counted(exact, shown_count(shown, "sold", "ID", "id"))


def _is_ad(row: Row) -> bool:
    return text(dig(row, "ads", "id")) not in (None, "0") or bool(
        text(first(dig(row, "ads", "productClickURL"), dig(row, "ads", "productClickUrl")))
    )


def _entry(row: Row, name: str, doubts: Doubts) -> Entry:
    return Entry(
        list=name,
        rank=None,
        item_key=text(first(row.get("id"), row.get("oldID"))) or "",
        title=text(row.get("name")),
        url=web_url(row.get("url")),
        image=web_url(first(row.get("imageUrl"), row.get("imageURL"), dig(row, "mediaURL", "image"))),
        **_price(row, doubts),
        **_count(row, doubts),
        rating=rating(first(row.get("ratingAverage"), row.get("rating"))),
        reviews=grouped(text(row.get("countReview")), "ID"),
        seller=text(dig(row, "shop", "name")),
        is_ad=_is_ad(row),
        extra=extra(
            percent_off=whole(first(row.get("discountPercentage"), dig(row, "price", "discountPercentage"))),
            location=text(first(dig(row, "shop", "location"), dig(row, "shop", "city"))),
            tts_id=text(row.get("ttsProductID")),
        ),
    )


def _ad(row: Row, name: str, doubts: Doubts) -> Entry | None:
    """An advertisement of `displayAdsV3`; its own rating is out of 100 and is left out."""
    product = row.get("product")
    if not isinstance(product, dict):
        return None
    return Entry(
        list=name,
        rank=None,
        item_key=text(product.get("id")) or "",
        title=text(product.get("name")),
        url=web_url(product.get("url")),
        image=web_url(first(dig(product, "image", "imageUrl"), dig(product, "image", "m_url"))),
        **_price({"price": first(product.get("price"), product.get("price_format"))}, doubts),
        reviews=grouped(text(product.get("countReview")), "ID"),
        seller=text(dig(row, "shop", "name")),
        is_ad=True,
    )


def _read(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    yield from _listed(page, _operations(document), dict(page.query.params))


def _read_cache(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    """The goods of a saved search page, from the cache that its script left in it."""
    yield from _listed(page, *_of_cache(document))


def _listed(page: Page, operations: list[Row], posted: dict[str, str]) -> Iterator[Entry | ListNote]:
    kind, about, rows = _products(operations)
    query = told(page, market="ID", kind=kind, category=posted.get("q") or posted.get("identifier") or "")
    name = list_id(query, kind=page.query.kind if page.query.category else kind)
    start = first(number_param(page.url, "start"), whole(posted.get("start")))
    if start is None:
        start = ((whole(posted.get("page")) or page.number) - 1) * (whole(posted.get("rows")) or _PAGE_ROWS)
    doubts = Doubts()
    yield from ranked((_entry(row, name, doubts) for row in rows), before=start)
    for data in operations:
        ads = dig(data, "displayAdsV3", "data")
        for row in ads if isinstance(ads, list) else ():
            ad = _ad(row, name, doubts) if isinstance(row, dict) else None
            if ad:
                yield ad
    total = first(whole(about.get("count")), whole(dig(about, "header", "totalData")))
    yield doubts.note(name, length=total)


SOURCES: tuple[Source, ...] = (
    Source(
        name="tokopedia",
        platform="tokopedia",
        many_sellers=True,
        title="Tokopedia category and search lists",
        kinds=("category", "search"),
        markets=("ID",),
        way_in=("own",),
        terms="https://www.tokopedia.com/terms",
        why="Off: the service is guarded against programs. Save the GraphQL reply that your browser gets.",
        readers=(
            state("saved search page", _CACHE, _read_cache),
            reply("category products", '"CategoryProducts"', _read),
            reply("search V5", '"searchProductV5"', _read),
            reply("search V4", "search_product_v", _read),
        ),
        query_of=_query_of,
        key_form=r"\d{3,20}",
        marks=("tokopedia",),
    ),
)
