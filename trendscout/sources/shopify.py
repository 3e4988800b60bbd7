"""Shopify stores: new arrivals and prices from `products.json`, best-selling order from a saved collection page.

`products.json` has no sales and no order that means anything: entries have no rank. Its currency is the store's
own and not in the reply, so it is only given where the address pins it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote

from trendscout.errors import LayoutChanged, UsageError
from trendscout.model import Entry, Page, Query, Request
from trendscout.sources._fields import amount, extra, joined, members, moment, objects, text, web_url, whole
from trendscout.sources._rows import split_url
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dig, parse_json
from trendscout.text.markup import LexborNode, all_of, attr_of, parse_html, text_of

_PER_PAGE = 250  # the newest ones; the page after a store's last is empty, and an empty page is no list
_MAX_ROWS = 1000


def _query_of(url: str) -> Query | None:
    """Store and collection of a `products.json` or a best-selling collection page."""
    parts = split_url(url)
    path = [unquote(part) for part in parts.path.split("/") if part]
    if not parts.hostname or not path:
        return None
    collection = (
        path[path.index("collections") + 1 : path.index("collections") + 2] if "collections" in path else []
    )
    store = "/".join([parts.hostname, *(handle for handle in collection if handle != "all")])
    if path[-1] == "products.json":
        return Query("shopify", None, "new_arrivals", store)
    if collection and parse_qs(parts.query).get("sort_by") == ["best-selling"]:
        return Query("shopify", None, "best_selling", store)
    return None


def _requests(query: Query) -> Sequence[Request]:
    """The newest products of a store or a collection; `category` is "shop.example" or "shop.example/handle".

    Raises UsageError if the category names no store.
    """
    host, _, handle = (query.category or dict(query.params).get("host", "")).partition("/")
    if "." not in host:
        raise UsageError(
            "shopify needs the address of a store.",
            next_step="Give it as the category: --category shop.example or shop.example/collection-handle.",
        )
    if query.kind == "best_selling":  # most stores' robots.txt forbids this one; then fetch refuses it
        return (Request(f"https://{host}/collections/{handle or 'all'}?sort_by=best-selling"),)
    path = f"https://{host}/collections/{handle}/products.json" if handle else f"https://{host}/products.json"
    return (Request(f"{path}?limit={_PER_PAGE}"),)


def _read_products(page: Page) -> Iterator[Entry]:
    """The products of a storefront reply. `listed_at` is when the product was last put on sale."""
    value = parse_json(page)
    products = value if isinstance(value, list) else dig(value, "products")
    if not isinstance(products, list):
        raise LayoutChanged("The reply has no products.")
    name = list_id(page.query, kind="new_arrivals")
    base = _store(page)
    currency = next(iter(parse_qs(split_url(page.url).query).get("currency", ())), None)
    for product in products[:_MAX_ROWS]:
        if isinstance(product, dict):
            key = text(product.get("id")) or ""
            yield _entry(product, key if key.isdecimal() else "", name, base, currency)


def _store(page: Page) -> str | None:
    host = split_url(page.url).hostname or page.query.category.partition("/")[0]
    return f"https://{host}" if host and "." in host else None


def _entry(product: dict[str, Any], key: str, name: str, base: str | None, currency: str | None) -> Entry:
    offered = members(product.get("variants"))
    variants = objects(offered)
    prices = [(price, one) for one in variants if (price := amount(one.get("price"))) is not None]
    places = sorted(place for one in variants if (place := whole(one.get("position"))))
    if len(prices) < len(offered) or places not in ([], list(range(1, len(offered) + 1))):
        prices = []  # without all variants the lowest price is not known
    low, cheapest = min(prices, key=lambda pair: pair[0], default=(None, {}))
    handle = text(product.get("handle"))
    tags = product.get("tags")
    return Entry(
        name,
        None,
        key,
        title=text(product.get("title")),
        url=web_url(f"/products/{handle}", base) if handle and base else None,
        image=web_url(dig(product, "images", 0, "src") or dig(product, "image", "src")),
        price=low,
        currency=currency,
        price_text=text(cheapest.get("price")),
        seller=text(product.get("vendor")),
        listed_at=moment(product.get("published_at") or product.get("created_at")),
        extra=extra(
            created_at=text(product.get("created_at")),
            price_before=text(cheapest.get("compare_at_price")),
            price_high=_high(prices, low),
            available=any(one.get("available") for one in variants) if _tells_stock(variants) else None,
            variants=len(variants),
            product_type=text(product.get("product_type")),
            # an array in the storefront, one text in the administration's interface
            tags=joined(tags, ", ") if isinstance(tags, list) else text(tags),
        ),
    )


def _tells_stock(variants: list[dict[str, Any]]) -> bool:
    return any("available" in one for one in variants)


def _high(prices: list[tuple[Decimal, dict[str, Any]]], low: Decimal | None) -> str | None:
    high = max((price for price, _ in prices), default=None)
    return str(high) if high is not None and high != low else None


def _read_collection(page: Page) -> Iterator[Entry]:
    """Products of a collection page in the order shown; themes differ, so only links and their titles are read."""
    name, base = list_id(page.query, kind="best_selling"), _store(page)
    titles: dict[str, str | None] = {}
    images: dict[str, str | None] = {}
    for link in all_of(parse_html(page), 'main a[href*="/products/"], #MainContent a[href*="/products/"]'):
        handle = _handle(link)
        if handle:
            titles[handle] = titles.get(handle) or text_of(link)
            images[handle] = images.get(handle) or web_url(attr_of(link, "img", "src"))
    for rank, (handle, title) in enumerate(titles.items(), start=1):
        yield Entry(
            name,
            rank,
            handle,
            title=title,
            url=web_url(f"/products/{handle}", base) if base else None,
            image=images[handle],
        )


def _handle(link: LexborNode) -> str | None:
    parts = split_url(link.attributes.get("href") or "").path.split("/")
    place = parts.index("products") + 1 if "products" in parts else len(parts)
    return unquote(parts[place]) if place < len(parts) and parts[place] else None


_WALLS = Walls(
    marks=((b'action="/password"', "a password page: the store is not open"),),
    addresses=((r"^[^?#]*/password/?(?:[?#]|$)", "a password page: the store is not open"),),
)


SOURCES = (
    Source(
        name="shopify",
        platform="shopify",
        ids_worldwide=True,
        title="Shopify stores: new arrivals and prices",
        kinds=("new_arrivals", "best_selling"),
        markets=("US", "UK", "DE", "FR", "IT", "ES", "CA", "AU", "JP", "IN", "BR", "MX", "SG", "AE", "EU"),
        way_in=("live", "own"),
        terms="https://www.shopify.com/legal/aup",
        why=(
            "Off until you name stores. products.json is open by Shopify's own robots.txt; the best-selling order "
            "is mostly forbidden there and read only where a store allows it. New products and prices, no sales."
        ),
        readers=(
            Reader("products.json", lambda page: page.body.lstrip()[:1] in (b"{", b"["), _read_products),
            Reader("collection page", lambda page: b"/products/" in page.body, _read_collection),
        ),
        requests=_requests,
        query_of=_query_of,
        walls=_WALLS,
        spacing_s=3.0,
        categories=("shop.example", "shop.example/new-arrivals"),
        ordered=False,
        marks=("cdn.shopify.com", "myshopify.com", '"body_html"'),
    ),
)
