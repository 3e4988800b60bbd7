"""Temu: the goods of a category, search or recommendation reply, or of the state in a saved page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query
from trendscout.sources._fields import (
    CountFields,
    PriceFields,
    amount,
    currency_code,
    extra,
    grouped,
    moment,
    objects,
    rating,
    shown_count,
    text,
    web_url,
    whole,
)
from trendscout.sources._replies import holds, reply, state
from trendscout.sources._rows import Doubts, Row, first, host_of, param, ranked, rows_at, split_url, told
from trendscout.sources.source import Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dicts_with, dig
from trendscout.text.markets import market_in
from trendscout.text.numbers import parse_price

_SITE = "https://www.temu.com/"
_STATE = "window.rawData"
_ID_MARKS = ("goods_id", "goodsId")
_REGION_US = "211"
_COUNTRY = re.compile(r"/([a-z]{2})(?:-[a-z]{2})?(?:/|$)")


_WALLS = Walls(
    marks=((b"bgn_verification.html", "a captcha"),),
    addresses=((r"/bgn_verification", "a captcha"), (r"/login\.html", "a login")),
    replies=((rb'"success"\s*:\s*false', "a refusal (success: false)"),),
    unless=tuple(f'"{mark}"'.encode() for mark in _ID_MARKS),
)


def _query_of(url: str) -> Query | None:
    if not host_of(url).endswith("temu.com"):
        return None
    path = split_url(url).path
    market = _country_in(path)
    words = param(url, "search_key")
    if words or "search" in path:
        return Query("temu", market, "search", words)
    slug = path.rsplit("/", 1)[-1]
    return Query("temu", market, "category", slug.removesuffix(".html") if slug.endswith(".html") else "")


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def _get(row: Any, *path: str) -> Any:
    """The value at `path`, whose steps are written goods_id in replies and goodsId in page state."""
    for step in path:
        row = first(dig(row, step), dig(row, _camel(step)))
    return row


def _price(row: Row, market: str | None, doubts: Doubts) -> PriceFields:
    """The price as told in decimals and as shown; `price` itself is in a minor unit that differs by currency."""
    info = _get(row, "price_info")
    shown = text(_get(info, "price_str")) or "".join(_pieces(_get(info, "price_text"))) or None
    read = parse_price(shown, market) if shown else None
    agreed = doubts.agreed("price", amount(_get(info, "price_schema")), read.amount if read else None)
    currency = currency_code(_get(info, "currency")) or (read.currency if read else None)
    return {"price": agreed, "currency": currency, "price_text": shown}


def _pieces(value: Any) -> list[str]:
    return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []


def _count(row: Row, market: str | None, doubts: Doubts) -> CountFields:
    """Pieces sold, told as one text ("10K+ sold") and in pieces."""
    shown = text(_get(row, "sales_tip"))
    pieces = " ".join(_pieces(first(_get(row, "sales_tip_text"), _get(row, "sales_tip_text_list")))) or None
    if shown and pieces and doubts.agreed("count", shown, pieces) is None:
        return {"count_text": shown}
    return shown_count(first(shown, pieces), "sold", market)


def _entry(row: Row, name: str, market: str | None, doubts: Doubts) -> Entry:
    link = text(first(_get(row, "seo_link_url"), _get(row, "link_url")))
    return Entry(
        list=name,
        rank=None,
        item_key=text(_get(row, "goods_id")) or "",
        title=text(first(_get(row, "title"), _get(row, "goods_name"))),
        url=web_url(link.partition("?")[0] if link and "-g-" in link else link, _SITE),
        image=web_url(first(_get(row, "thumb_url"), _get(row, "image", "url")), _SITE),
        **_price(row, market, doubts),
        **_count(row, market, doubts),
        rating=rating(_get(row, "comment", "goods_score")),
        reviews=grouped(text(_get(row, "comment", "comment_num_tips")), market),
        is_ad=text(_get(row, "p_rec", "ad_goods")) not in (None, "0"),
        extra=extra(mall_id=text(_get(row, "mall_id"))),
    )


def _read(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(
        document,
        ("result", "data", "goods_list"),
        ("result", "goods_list"),
        ("data", "goods_list"),
        ("store", "goodsList"),
        having=_ID_MARKS,
    )
    holder = next(iter(dicts_with(document, "goods_list")), {})
    query = told(page, market=_market_of(document, rows), category=text(holder.get("title")) or "")
    yield from _listed(document, rows, list_id(query), query.market)


def _read_home(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    """The feed of the home page: the same rows, each in a shell of its own."""
    holder = next(iter(dicts_with(document, "home_goods_list")), {})
    shells = objects(holder.get("home_goods_list"))
    rows = [goods if isinstance(goods := shell.get("data"), dict) else {} for shell in shells]
    tab = next((one for one in objects(holder.get("opt_tabs")) if text(one.get("opt_type")) == "0"), {})
    query = told(page, market=_market_of(document, rows), category=text(tab.get("opt_name")) or "")
    yield from _listed(document, rows, list_id(query, kind="home"), query.market)


def _listed(document: Any, rows: list[Row], name: str, market: str | None) -> Iterator[Entry | ListNote]:
    """The rows at the places that the reply tells: each row says how many stand before it."""
    doubts = Doubts()
    search = next((one["p_search"] for one in dicts_with(document, "p_search")), None)
    shown = whole(_get(rows[0], "show_index")) if rows else None
    before = doubts.agreed("place", shown, whole(dig(search, "offset")))
    places = [whole(_get(row, "show_index")) for row in rows]
    if any(place is not None and place != (shown or 0) + n for n, place in enumerate(places)):
        doubts.say(finding("ranks_not_in_order"))
    yield from ranked((_entry(row, name, market, doubts) for row in rows), before=before or 0)
    made = next((moment(one["server_time"]) for one in dicts_with(document, "server_time")), None)
    yield doubts.note(name, at=made)


def _market_of(document: Any, rows: list[Row]) -> str | None:
    """The country that the rows' links name; only the site's first country has links without one."""
    links = [text(_get(row, "seo_link_url")) or "" for row in rows]
    found = {_country_in(link) for link in links if link.startswith("/")}
    if len(found) != 1:
        return None
    regions = {text(one["region"]) for one in dicts_with(document, "region")}
    return found.pop() or ("US" if regions == {_REGION_US} else None)


def _country_in(path: str) -> str | None:
    country = _COUNTRY.match(path)
    return market_in(country.group(1)) if country else None


def _is_state(page: Page) -> bool:
    return _STATE.encode() in page.body and b"oods_list" not in page.body[:200]


SOURCES: tuple[Source, ...] = (
    Source(
        name="temu",
        platform="temu",
        ids_worldwide=True,
        title="Temu goods lists",
        kinds=("category", "search", "home"),
        markets=("US", "CA", "MX", "UK", "DE", "FR", "IT", "ES", "JP", "KR", "AU", "BR"),
        way_in=("own",),
        terms="https://www.temu.com/terms-of-use.html",
        why="Off: a heavy wall against programs. Save the page, or the reply that your browser gets.",
        readers=(
            state("page state", _STATE, _read, fits=_is_state),
            reply("home feed", '"home_goods_list"', _read_home),
            reply("goods reply", holds(*(f'"{mark}"' for mark in _ID_MARKS)), _read),
        ),
        query_of=_query_of,
        walls=_WALLS,
        key_form=r"\d{6,20}",
        marks=("temu.com", "kwcdn.com"),
    ),
)
