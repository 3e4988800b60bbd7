"""Mercado Libre: best sellers ("highlights") and trending searches by the user's token; saved replies and pages.

`sold_quantity` is referential: beyond a few pieces the site tells the lower edge of a bucket, so it is a floor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._fields import (
    CountFields,
    PriceFields,
    currency_code,
    exact_count,
    exact_price,
    extra,
    grouped,
    moment,
    rating,
    shown_count,
    shown_price,
    text,
    web_url,
    whole,
)
from trendscout.sources._replies import holds, reply
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
from trendscout.text.jsontext import dicts_with, dig
from trendscout.text.markup import LexborNode, all_of, attr_of, parse_html, text_of

SITES = {"MLA": "AR", "MLB": "BR", "MLM": "MX", "MLC": "CL", "MCO": "CO", "MLU": "UY", "MPE": "PE", "MEC": "EC"}
# By the end of the host, as its pages are served.
_HOSTS = {
    "mercadolibre.com.ar": "AR",
    "mercadolivre.com.br": "BR",
    "mercadolibre.com.mx": "MX",
    "mercadolibre.cl": "CL",
    "mercadolibre.com.co": "CO",
    "mercadolibre.com.uy": "UY",
    "mercadolibre.com.pe": "PE",
    "mercadolibre.com.ec": "EC",
}
_SITE_OF = {market: site for site, market in SITES.items()}
_API = "https://api.mercadolibre.com"
_POINT_MARKETS = frozenset({"MX", "PE"})  # 1,299.50; elsewhere 1.299,50
_BUCKETS = frozenset((25, 50, 100, 150, 200, 250, 500, 5_000, 50_000, 500_000))
_ID = re.compile(r"M[A-Z]{2}U?\d{4,15}")
_PAGE_OF_BEST = re.compile(r"/(?:mas|mais)-vendidos(?:/(M[A-Z]{2}\d{1,12}))?(?:[/?#]|$)")
_PRODUCT = re.compile(r"/(?:p|up)/(M[A-Z]{2}U?\d{4,15})")
_LISTING = re.compile(r"\b(M[A-Z]{2})-?(\d{6,15})\b")
_FROM = re.compile(r"_Desde_(\d{1,5})(?:_|$)")
_PLACE = re.compile(r"(\d{1,3})º")
_RATING = re.compile(r"\s*(\d[.,]\d)\b")
_REVIEWS = re.compile(r"\((\d[\d.,]{0,9})\)")


_WALLS = Walls(
    replies=((rb'"status"\s*:\s*(4\d\d)', "a refusal (status {code})"),),
    unless=(b'"results"', b'"content"', b'"keyword"', b"poly-card"),
)


def _query_of(url: str) -> Query | None:
    host = host_of(url)
    if "mercadoli" not in host:
        return None
    path = split_url(url).path
    if page_of := next((market for end, market in _HOSTS.items() if host.endswith(end)), None):
        best = _PAGE_OF_BEST.search(path)
        if best:
            return Query("mercadolibre", page_of, "bestsellers", best[1] or "")
        return Query("mercadolibre", page_of, "search", path.strip("/").partition("_")[0])
    site = re.search(r"/(?:sites|highlights|trends)/([A-Z]{3})", path)
    market = SITES.get(site.group(1)) if site else None
    category = re.search(r"/category/(\w{1,20})|/trends/[A-Z]{3}/(\w{1,20})", path)
    named = next((part for part in category.groups() if part), "") if category else ""
    if "/highlights/" in path:
        return Query("mercadolibre", market, "bestsellers", named)
    if "/trends/" in path:
        return Query("mercadolibre", market, "trends", named)
    return Query("mercadolibre", market, "search", param(url, "q") or param(url, "category"))


def _requests(query: Query) -> Sequence[Request]:
    """The best sellers of a category, or the trending searches of the site or of a category."""
    site = _SITE_OF.get(query.market or "")
    if not site:
        return ()
    headers = (("Authorization", "Bearer {key}"),)
    if query.kind == "trends":
        return (Request(f"{_API}/trends/{site}{'/' if query.category else ''}{query.category}", headers=headers),)
    if not query.category:
        return ()
    return (Request(f"{_API}/highlights/{site}/category/{query.category}", headers=headers),)


def _sold(row: Row) -> CountFields:
    fields = exact_count(row.get("sold_quantity"), "sold")
    if fields.get("count") in _BUCKETS:
        fields["count_floor"] = True
    return fields


def _id(row: Row) -> str:
    key = text(row.get("id")) or ""
    return key if _ID.fullmatch(key) else ""


def _brand(row: Row) -> str | None:
    attributes = row.get("attributes")
    rows = attributes if isinstance(attributes, list) else []
    return next((text(dig(entry, "value_name")) for entry in rows if dig(entry, "id") == "BRAND"), None)


def _result(row: Row, name: str) -> Entry:
    return Entry(
        list=name,
        rank=None,
        item_key=_id(row),
        title=text(first(row.get("title"), row.get("name"))),
        url=web_url(row.get("permalink")),
        image=web_url(row.get("thumbnail")),
        **exact_price(row.get("price"), currency_code(row.get("currency_id"))),
        **_sold(row),
        seller=text(first(row.get("official_store_name"), dig(row, "seller", "nickname"))),
        listed_at=moment(row.get("date_created")),
        extra=extra(
            brand=_brand(row),
            category=text(row.get("category_id")),
            catalog_id=text(row.get("catalog_product_id")),
            condition=text(row.get("condition")),
        ),
    )


def _read_search(value: Any, page: Page) -> Iterator[Entry | ListNote]:
    bare = isinstance(value, list) and all(_ID.fullmatch(str(dig(row, "id"))) for row in value)
    document = {"results": value} if bare else next(iter(dicts_with(value, "results")), {})
    rows = rows_at(document, ("results",), having=("id",))
    query = told(
        page,
        market=SITES.get(text(dig(document, "site_id")) or (_id(rows[0])[:3] if rows else "")),
        kind="search",
        category=text(dig(document, "query")) or "",
    )
    name, doubts = list_id(query, kind="search"), Doubts()
    offset = whole(dig(document, "paging", "offset"))
    before = first(offset, number_param(page.url, "offset")) or 0
    yield from ranked((_result(row, name) for row in rows), before=before)
    total, limit = whole(dig(document, "paging", "total")), whole(dig(document, "paging", "limit"))
    note = doubts.note(name, length=total)
    if total is not None and limit and len(rows) < min(limit, total - before):
        short = finding("fewer_than_announced", count=len(rows), announced=min(limit, total - before))
        note = ListNote(name, length=total, findings=(*note.findings, short))
    yield note


def _read_highlights(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(document, ("content",), having=("position",))
    category = text(dig(document, "query_data", "id")) or ""
    query = told(page, market=SITES.get(category[:3]), category=category)
    name = list_id(query, kind="bestsellers")
    for row in rows:
        yield Entry(
            list=name, rank=whole(row.get("position")), item_key=_id(row), extra=extra(type=text(row.get("type")))
        )
    yield ListNote(name, length=len(rows))


def _read_trends(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(document, (), having=("keyword",))
    name = list_id(told(page), kind="trends")
    entries = (
        Entry(
            list=name,
            rank=None,
            item_key=text(row.get("keyword")) or "",
            title=text(row.get("keyword")),
            url=web_url(row.get("url")),
        )
        for row in rows
    )
    yield from ranked(entries)
    yield ListNote(name, length=len(rows))


# --- saved pages ---------------------------------------------------------------------------------------


def _read_page(page: Page) -> Iterator[Entry | ListNote]:
    tree, doubts = parse_html(page), Doubts()
    query = page.query
    if not query.market and (address := attr_of(tree, "link[rel=canonical]", "href")):
        query = _query_of(address) or query
    name, best = list_id(query), query.kind == "bestsellers"
    cards = all_of(tree, "li.ui-search-layout__item") or all_of(tree, ".poly-card")
    skipped = _FROM.search(page.url)
    before = int(skipped[1]) - 1 if skipped else 0
    entries = list(ranked((_card(card, name, query.market) for card in cards), before=before))
    for card, entry in zip(cards, entries, strict=True):
        label = _PLACE.match(text_of(card, ".poly-component__highlight") or "") if best else None
        yield replace(entry, rank=doubts.agreed("rank", entry.rank, int(label[1]))) if label else entry
    yield doubts.note(name)


def _card(card: LexborNode, name: str, market: str | None) -> Entry:
    link = card.css_first("a.poly-component__title, .poly-component__title a, .poly-component__title-wrapper a")
    href = unquote(unquote(link.attributes.get("href") or "")) if link is not None else ""
    product, listing = _PRODUCT.search(href), _LISTING.search(href)
    labels = text_of(card, "[class*=poly-component__review-compacted]") or ""
    stars, reviews = _RATING.match(labels), _REVIEWS.search(labels)
    sold = next((part.strip() for part in labels.split("|") if "vendid" in part.lower()), None)
    image = attr_of(card, "img[class*=poly-component__picture]", "src") or ""
    return Entry(
        list=name,
        rank=None,
        item_key=product[1] if product else "".join(listing.groups()) if listing else "",
        title=text_of(link) if link is not None else None,
        url=web_url(href.partition("#")[0].partition("?")[0]) if "/mclics/" not in href else None,
        image=web_url(attr_of(card, "img[class*=poly-component__picture]", "data-src"))
        if image.startswith("data:")
        else web_url(image),
        **_page_price(card, market),
        **shown_count(sold, "sold", market),
        rating=rating(stars[1].replace(",", ".")) if stars else None,
        reviews=grouped(reviews[1], market) if reviews else None,
        seller=(text_of(card, "[class*=poly-component__seller]") or "").removeprefix("Por ") or None,
        is_ad="/mclics/" in href,  # the links of advertisements are counted
    )


def _page_price(card: LexborNode, market: str | None) -> PriceFields:
    """The current price: sign, whole part and cents are nodes of their own; screen readers are told it again."""
    holder = card.css_first(".poly-price__current .andes-money-amount")
    if holder is None:
        return {}
    sign, whole_part, cents = (
        text_of(holder, f"[class*=andes-money-amount__{part}]") or ""
        for part in ("currency-symbol", "fraction", "cents")
    )
    point = "." if market in _POINT_MARKETS else ","
    shown = f"{sign} {whole_part}{point + cents if cents else ''}".strip()
    again = (holder.attributes.get("aria-label"), text_of(holder))
    if not whole_part or any(_digits(told) != _digits(shown) for told in again if told):
        return {"price_text": text_of(holder)}
    return shown_price(shown, market)


def _digits(shown: str) -> str:
    return re.sub(r"\D", "", shown)


SOURCES: tuple[Source, ...] = (
    Source(
        name="mercadolibre",
        platform="mercadolibre",
        items_of=(("trends", "topic"),),
        many_sellers=True,
        title="Mercado Libre best sellers, trending searches and searches",
        kinds=("bestsellers", "trends", "search"),
        markets=tuple(SITES.values()),
        way_in=("key", "own"),
        terms="https://developers.mercadolibre.com.ar/en_us/terms-and-conditions",
        why=(
            "Needs your own access token; or save the page. By token, best sellers come as ids without titles; "
            "saved pages and searches carry both."
        ),
        readers=(
            Reader("page of cards", lambda page: b"poly-component__title" in page.body, _read_page),
            reply("search reply", holds('"results"', '"permalink"'), _read_search),
            reply("highlights", '"content"', _read_highlights),
            reply("trends", '"keyword"', _read_trends),
        ),
        hosts=("api.mercadolibre.com",),
        requests=_requests,
        query_of=_query_of,
        walls=_WALLS,
        key_env="TRENDSCOUT_MERCADOLIBRE_KEY",
        spacing_s=1.0,
        categories=("MLB1051", "MLB1000", "MLA1051", "MLM1574"),
        marks=("mercadolib", "mercadoliv", "mlstatic.com"),
    ),
)
