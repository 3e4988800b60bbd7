"""Mercado Libre: best sellers ("highlights") and trending searches by the user's own token, and saved searches.

`sold_quantity` is referential: beyond a few pieces the site tells the lower edge of a bucket, so it is a floor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.source import Reader, Source, list_id
from trendscout.sources._fields import (
    CountFields,
    currency_code,
    exact_count,
    exact_price,
    extra,
    moment,
    text,
    web_url,
    whole,
)
from trendscout.sources._rows import Doubts, Row, first, host_of, number_param, param, ranked, rows_at, told
from trendscout.text.jsontext import dig, parse_json

SITES = {
    "MLA": "AR",
    "MLB": "BR",
    "MLM": "MX",
    "MLC": "CL",
    "MCO": "CO",
    "MLU": "UY",
    "MPE": "PE",
    "MEC": "EC",
}
_SITE_OF = {market: site for site, market in SITES.items()}
_API = "https://api.mercadolibre.com"
_BUCKETS = frozenset((25, 50, 100, 150, 200, 250, 500, 5_000, 50_000, 500_000))
_ID = re.compile(r"M[A-Z]{2}U?\d{4,15}")
_REFUSED = re.compile(rb'"status"\s*:\s*(4\d\d)')


def _wall(page: Page) -> str | None:
    if any(mark in page.body for mark in (b'"results"', b'"content"', b'"keyword"')):
        return None
    refused = _REFUSED.search(page.body)
    return f"a refusal (status {refused.group(1).decode()})" if refused else None


def _query_of(url: str) -> Query | None:
    host = host_of(url)
    if "mercadoli" not in host:
        return None
    path = urlsplit(url).path
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


def _read_search(page: Page) -> Iterator[Entry | ListNote]:
    document = parse_json(page)
    rows = rows_at(document, ("results",), having=("id",))
    query = told(
        page,
        market=SITES.get(text(dig(document, "site_id")) or ""),
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
        short = f"{len(rows)} rows where {min(limit, total - before)} were announced"
        note = ListNote(name, length=total, findings=(*note.findings, short))
    yield note


def _read_highlights(page: Page) -> Iterator[Entry | ListNote]:
    document = parse_json(page)
    rows = rows_at(document, ("content",), having=("position",))
    category = text(dig(document, "query_data", "id")) or ""
    query = told(page, market=SITES.get(category[:3]), category=category)
    name = list_id(query, kind="bestsellers")
    for row in rows:
        yield Entry(
            list=name,
            rank=whole(row.get("position")),
            item_key=_id(row),
            extra=extra(type=text(row.get("type"))),
        )
    yield ListNote(name, length=len(rows))


def _read_trends(page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(parse_json(page), (), having=("keyword",))
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


SOURCES: tuple[Source, ...] = (
    Source(
        name="mercadolibre",
        platform="mercadolibre",
        title="Mercado Libre best sellers, trending searches and searches",
        kinds=("bestsellers", "trends", "search"),
        markets=tuple(SITES.values()),
        way_in=("key", "own"),
        terms="https://developers.mercadolibre.com.ar/en_us/terms-and-conditions",
        why="Needs your own access token. Best sellers come as ids without titles; saved searches carry both.",
        readers=(
            Reader("search reply", lambda page: b'"results"' in page.body, _read_search),
            Reader("highlights", lambda page: b'"content"' in page.body, _read_highlights),
            Reader("trends", lambda page: b'"keyword"' in page.body, _read_trends),
        ),
        hosts=("api.mercadolibre.com",),
        requests=_requests,
        query_of=_query_of,
        wall=_wall,
        key_env="TRENDSCOUT_MERCADOLIBRE_KEY",
        spacing_s=1.0,
        categories=("MLB1051", "MLB1000", "MLA1051", "MLM1574"),
    ),
)
