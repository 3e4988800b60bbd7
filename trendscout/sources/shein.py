"""SHEIN: goods objects, bare or inside the replies and page state of its lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

from trendscout.model import Entry, ListNote, Page, Query
from trendscout.sources._fields import (
    CountFields,
    PriceFields,
    amount,
    extra,
    grouped,
    rating,
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
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dicts_with, dig
from trendscout.text.numbers import parse_count, parse_price

_STATES = ("gbRawData", "gbProductListSsrData")
_SUBDOMAINS = {"us": "US", "uk": "UK", "de": "DE", "fr": "FR", "es": "ES", "it": "IT", "br": "BR", "m": ""}
_PATHS = (
    ("info", "products"),
    ("info", "goods"),
    ("results", "goods"),
    ("results", "bffProductsInfo", "products"),
)


_WALLS = Walls(
    marks=((b"/risk/challenge", "a captcha"), (b'"risk_verify"', "a captcha"), (b"geetest_captcha", "a captcha")),
    addresses=((r"/risk/challenge", "a captcha"),),
    unless=(b'"goods_sn"',),
)


def _query_of(url: str) -> Query | None:
    host = host_of(url)
    if not host.endswith("shein.com"):
        return None
    head = host.split(".")[0]
    market = _SUBDOMAINS.get(head) or ("US" if head in ("www", "shein") else None)
    path = split_url(url).path
    searched = re.match(r"/pdsearch/([^/]+)", path)
    words = unquote(searched.group(1)) if searched else param(url, "keywords")
    if words:
        return Query("shein", market, "search", words)
    slug = path.rsplit("/", 1)[-1]
    named = slug.removesuffix(".html") if slug.endswith(".html") else ""
    return Query("shein", market, "category", param(url, "cat_id") or named)


def _price(row: Row, market: str | None, doubts: Doubts) -> PriceFields:
    price = row.get("salePrice")
    shown = text(dig(price, "amountWithSymbol"))
    read = parse_price(shown, market) if shown else None
    agreed = doubts.agreed("price", amount(dig(price, "amount")), read.amount if read else None)
    currency = read.currency if read else None
    if currency is None and shown and shown == text(dig(price, "usdAmountWithSymbol")):
        currency = "USD"
    return {"price": agreed, "currency": currency, "price_text": shown}


def _behaviour(row: Row) -> str | None:
    """What the card says of other shoppers: "20+ sold recently", but also "30+ in carts"."""
    for view in (dig(row, "pretreatInfo", "mobileVerticalView"), dig(row, "mobileVerticalView")):
        labels = dig(view, "sellingPointUniversalLabels")
        for label in labels if isinstance(labels, list) else (labels,):
            shown = text(dig(label, "userBehaviorLabel", "labelLang"))
            if shown:
                return shown
    return None


def _count(row: Row, market: str | None) -> CountFields:
    shown = _behaviour(row)
    if shown is None:
        return {}
    read = parse_count(shown, market)
    if read is None or read.unit is None:  # in a language whose words are not known the unit would be a guess
        return {"count_text": shown}
    return {"count": read.value, "count_kind": read.unit, "count_floor": read.is_floor, "count_text": shown}


def _is_new(row: Row) -> bool:
    return text(dig(row, "pretreatInfo", "frontTitle", "code")) == "show_label_new"


def _entry(row: Row, name: str, market: str | None, doubts: Doubts) -> Entry:
    key = text(row.get("goods_id"))
    words = re.sub(r"[^0-9A-Za-z]+", "-", text(row.get("goods_url_name")) or "item").strip("-")
    site = "us" if market in (None, "US") else market.lower()
    return Entry(
        list=name,
        rank=None,
        item_key=key or "",
        title=text(row.get("goods_name")),
        url=f"https://{site}.shein.com/{quote(words)}-p-{key}.html" if key and key.isdecimal() else None,
        image=web_url(row.get("goods_img")),
        **_price(row, market, doubts),
        **_count(row, market),
        rating=rating(row.get("comment_rank_average")),
        reviews=first(whole(row.get("comment_num")), grouped(text(row.get("comment_num_show")), market)),
        seller=text(first(dig(row, "brand", "name"), dig(row, "series", "name"))),
        extra=extra(
            goods_sn=text(row.get("goods_sn")),
            category=text(row.get("cat_id")),
            is_new=_is_new(row) or None,
            percent_off=whole(row.get("unit_discount")),
        ),
    )


def _read(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(document, (), *_PATHS, having=("goods_sn",))
    query = told(page)
    name, doubts = list_id(query), Doubts()
    size = number_param(page.url, "limit") or len(rows)
    before = ((number_param(page.url, "page") or page.number) - 1) * size
    yield from ranked((_entry(row, name, query.market, doubts) for row in rows), before=max(before, 0))
    holder = next(iter(dicts_with(document, "sum")), {})
    yield doubts.note(name, length=whole(holder.get("sum")))


SOURCES: tuple[Source, ...] = (
    Source(
        name="shein",
        platform="shein",
        ids_worldwide=True,
        title="SHEIN goods lists",
        kinds=("category", "search"),
        markets=("US", "UK", "DE", "FR", "ES", "IT", "BR"),
        way_in=("own",),
        terms="https://us.shein.com/Terms-and-Conditions-a-399.html",
        why="Off: programs are sent to a challenge page. Save the page, or the reply that your browser gets.",
        readers=(
            state("page state", _STATES, _read),
            reply("goods reply", '"goods_sn"', _read),
        ),
        query_of=_query_of,
        walls=_WALLS,
        key_form=r"\d{3,15}",
        marks=("shein.com", "ltwebstatic.com"),
    ),
)
