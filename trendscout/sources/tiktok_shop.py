"""TikTok Shop, from what the user saved: product lists of the shop's pages and replies.

No list of TikTok Shop is open to machines; exports of Kalodata, FastMoss or EchoTik come in by `import`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from trendscout.errors import LayoutChanged
from trendscout.model import Entry, ListNote, Page, Query
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
)
from trendscout.sources._replies import holds, is_json, reply
from trendscout.sources._rows import Row, first, ranked, rows_at, split_url
from trendscout.sources._tiktok import TERMS, envelope, market_of
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.currencies import code_of
from trendscout.text.jsontext import dicts_with, dig, in_script

_STATES = ("__MODERN_ROUTER_DATA__", "__UNIVERSAL_DATA_FOR_REHYDRATION__", "__NEXT_DATA__", "RENDER_DATA")
_MAX_ROWS = 2000


def _query_of(url: str) -> Query | None:
    """Market and words, or category, of a shop page."""
    parts = split_url(url)
    host = parts.hostname or ""
    if not (host == "shop.tiktok.com" or (host.endswith("tiktok.com") and "/shop" in parts.path)):
        return None
    params = {key: values[0] for key, values in parse_qs(parts.query).items()}
    market = market_of(
        params.get("region") or next((part for part in parts.path.split("/") if len(part) == 2), None)
    )
    path = [part for part in parts.path.split("/") if len(part) > 2]
    words = (
        params.get("q")
        or params.get("keyword")
        or (path[-2] if path and path[-1].isdigit() and len(path) > 1 else "")
    )
    return Query("tiktok_shop", market, "search" if "q" in params or "keyword" in params else "bestsellers", words)


def _read_state(page: Page) -> Iterator[Entry]:
    """Products in the state of a saved shop page."""
    for element in _STATES:
        if element.encode() in page.body:
            try:
                value = in_script(page, element)
            except LayoutChanged:
                continue
            yield from _read(value, page)
            return
    raise LayoutChanged("The page holds no state with products.")


def _read_json(page: Page) -> Iterator[Entry]:
    """Products of a saved reply."""
    yield from _read(envelope(page), page)


def _read(value: Any, page: Page) -> Iterator[Entry]:
    query = _settled(page, value)
    yield from ranked(_products(value, query))


def _products(value: Any, query: Query) -> Iterator[Entry]:
    name = list_id(query)
    seen: set[str] = set()
    for product in dicts_with(value, "product_id")[:_MAX_ROWS]:
        key, title = text(product["product_id"]), text(product.get("title") or product.get("product_name"))
        # The same state also names products without a title: variants, tracking data.
        if key and title and key not in seen:
            seen.add(key)
            yield _entry(product, key, title, name, query.market)


def _settled(page: Page, value: Any) -> Query:
    """The page's query, with what the reply says of itself where no address did: words, or one shop's goods.

    What says neither is no best-seller list: it may be anybody's showcase.
    """
    query = page.query
    if _query_of(page.url):
        return query
    shop = next((one["shopInfo"] for one in dicts_with(value, "shopInfo")), None)
    words = next((words for one in dicts_with(value, "query") if (words := text(one["query"]))), None)
    kind, category = (
        ("shop", text(dig(shop, "shop_name"))) if shop else ("search", words) if words else ("goods", None)
    )
    return replace(
        query,
        market=query.market or market_of(dig(shop, "region")),
        kind=kind,
        category=query.category or category or "",
    )


# --- Kalodata ------------------------------------------------------------------------------------------


def _read_kalodata(value: Any, page: Page) -> Iterator[Entry | ListNote]:
    """Kalodata's own reply: its ranking of a span of days, with the pieces sold in it.

    Prices are in the currency that the tool's user chose, which the reply does not say.
    """
    holder = next((one for one in dicts_with(value, "dateRange") if isinstance(one.get("data"), list)), {})
    span = text(holder.get("dateRange"))
    name = list_id(page.query, kind=f"kalodata_{span}" if span else "kalodata")
    rows = rows_at(holder or value, ("data",), having=("sales_volumn", "sales_volume"))
    yield from ranked(_kalodata(row, name) for row in rows[:_MAX_ROWS])
    yield ListNote(name, length=whole(holder.get("count")), at=moment(holder.get("generatedAt")))


def _is_kalodata(page: Page) -> bool:
    return b'"sales_volum' in page.body and b'"product_id"' in page.body


def _kalodata(row: Row, name: str) -> Entry:
    return Entry(
        name,
        None,
        text(row.get("product_id")) or "",
        title=text(row.get("product_name")),
        image=web_url(row.get("master_image_url")),
        **exact_price(row.get("unit_price"), None),
        **exact_count(first(row.get("sales_volumn"), row.get("sales_volume")), "sold"),
        seller=text(row.get("seller_name")),
        listed_at=moment(row.get("launch_date")),
        extra=extra(
            revenue=text(row.get("revenue")),
            growth_rate=text(row.get("revenue_growth_rate")),
            commission=text(row.get("commission_rate")),
            skus=whole(row.get("sku_count")),
        ),
    )


def _entry(product: dict[str, Any], key: str, title: str, name: str, market: str | None) -> Entry:
    image = dig(product, "image", "url_list", 0) or dig(product, "cover", "url_list", 0) or product.get("image")
    return Entry(
        name,
        None,
        key,
        title=title,
        url=web_url(dig(product, "seo_url", "canonical_url") or product.get("detail_url")),
        image=web_url(image),
        **_price(product, market),
        **_count(product),
        rating=rating(dig(product, "rate_info", "score") or product.get("rating")),
        reviews=whole(dig(product, "rate_info", "review_count") or product.get("review_count")),
        seller=text(dig(product, "seller_info", "shop_name") or dig(product, "shop_info", "shop_name")),
        extra=extra(
            price_before=text(dig(product, "product_price_info", "origin_price_decimal")),
            commission=text(product.get("commission_rate")),
        ),
    )


def _price(product: dict[str, Any], market: str | None) -> PriceFields:
    prices = dig(product, "product_price_info") or dig(product, "price_info") or {}
    sign = text(dig(prices, "currency_symbol")) or ""
    currency = currency_code(dig(prices, "currency_name") or dig(prices, "currency")) or code_of(sign, market)
    plain = dig(prices, "sale_price_decimal") or dig(prices, "single_product_price_decimal")
    shown = dig(prices, "sale_price_format") or dig(prices, "sale_price")
    found = exact_price(plain, currency, f"{sign}{text(shown)}" if shown else None, market)
    return found or shown_price(product.get("price"), market)


def _count(product: dict[str, Any]) -> CountFields:
    sold = dig(product, "sold_info", "sold_count")
    sold = product.get("sold_count") if sold is None else sold
    return exact_count(sold, "sold") or shown_count(sold or dig(product, "sold_info", "sold_count_text"), "sold")


_WALLS = Walls(
    marks=(
        (b"captcha", "a captcha"),
        (b"security check", "a captcha"),
        (b"not available in your country", "closed to this country"),
        (b"not available in your region", "closed to this country"),
    ),
    unless=(b'"product_id"',),
)


SOURCES = (
    Source(
        name="tiktok_shop",
        platform="tiktok_shop",
        many_sellers=True,
        title="TikTok Shop best sellers",
        kinds=("bestsellers", "search", "shop", "goods"),
        markets=("US", "UK", "ID", "TH", "VN", "MY", "PH", "SG", "MX", "BR", "DE", "FR", "IT", "ES", "JP"),
        way_in=("own",),
        terms=TERMS,
        why=(
            "Own files only: the shop stands behind signatures and captchas. Save a page or a HAR, or import an "
            "export of Kalodata, FastMoss or EchoTik."
        ),
        key_form=r"\d{6,25}",
        readers=(
            reply("Kalodata's reply", _is_kalodata, _read_kalodata),
            Reader("reply", is_json, _read_json),
            Reader("page state", holds(*_STATES), _read_state),
        ),
        query_of=_query_of,
        walls=_WALLS,
        marks=("tiktok", "ttcdn", "ibyteimg.com", '"product_price_info"'),
    ),
)
