"""Taobao and Tmall search: the page state of the PC site (to about 2021), the mtop reply and the cards since.

"1881人付款" counts buyers who paid; "300人看过" counts views and is told as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from trendscout.errors import LayoutChanged
from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query
from trendscout.sources._alibaba import ALIBABA
from trendscout.sources._fields import (
    CountFields,
    PriceFields,
    exact_price,
    extra,
    grouped,
    shown_price,
    text,
    web_url,
    whole,
)
from trendscout.sources._replies import reply, state
from trendscout.sources._rows import Doubts, Row, first, host_of, number_param, param, ranked, rows_at, told
from trendscout.sources.source import Reader, Source, list_id
from trendscout.text.jsontext import dicts_with, dig
from trendscout.text.markup import LexborNode, all_of, attr_of, parse_html, text_of
from trendscout.text.numbers import parse_count

_STATE = "g_page_config"
_PAGE_ROWS = 44
_TAG = re.compile(r"</?\w[^<>]{0,200}>")
_CARD = "a[class*=doubleCardWrapper]"  # classes end in a hash
_CARDS_A_PAGE = 48
_ID_IN_NAME = re.compile(r"item_id_(\d{5,19})")
_ID_IN_LINK = re.compile(r"[?&]id=(\d{5,19})")


def _query_of(url: str) -> Query | None:
    host = host_of(url)
    if not host.endswith(("taobao.com", "tmall.com")):
        return None
    kind = {"sale-desc": "top_sales", "_sale": "top_sales"}.get(param(url, "sort"), "search")
    return Query("taobao", "CN", kind, param(url, "q", "keyword"))


def _plain(value: Any) -> str | None:
    shown = text(value)
    return text(_TAG.sub("", shown)) if shown else None


def _count(value: Any) -> CountFields:
    shown = text(value)
    if shown is None:
        return {}
    read = parse_count(shown, "CN", "zh")
    if read is None:
        return {"count_text": shown}
    kind = read.unit or "sold"
    return {"count": read.value, "count_kind": kind, "count_floor": read.is_floor, "count_text": shown}


# --- page state ----------------------------------------------------------------------------------------


def _is_advertised(row: Row) -> bool:
    return text(row.get("p4p")) == "1" or "click.simba.taobao.com" in (text(row.get("detail_url")) or "")


def _auction(row: Row, name: str) -> Entry:
    return Entry(
        list=name,
        rank=None,
        item_key=text(row.get("nid")) or "",
        title=_plain(first(row.get("raw_title"), row.get("title"))),
        url=web_url(row.get("detail_url")),
        image=web_url(row.get("pic_url")),
        **exact_price(row.get("view_price"), "CNY", row.get("view_price"), "CN"),
        **_count(row.get("view_sales")),
        reviews=grouped(text(row.get("comment_count")), "CN"),
        seller=text(row.get("nick")),
        is_ad=_is_advertised(row),
        extra=extra(
            location=text(row.get("item_loc")),
            category=text(row.get("category")),
            is_tmall=dig(row, "shopcard", "isTmall") is True or None,
        ),
    )


def _is_empty_slot(row: Row) -> bool:
    """Whether the row only keeps a place free for an advertisement that the browser puts there."""
    return bool(row) and row.keys() <= {"p4pTags", "icon", "activity", "p4p", "p4pSameHeight"}


def _read_auctions(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    lists = dicts_with(document, "auctions")
    if not lists:
        raise LayoutChanged("The page state has no auctions.")
    about = lists[0]
    rows = [row for row in rows_at(about, ("auctions",), having=("nid",)) if not _is_empty_slot(row)]
    pager = dig(document, "mods", "pager", "data")
    query = told(page, market="CN", category=text(about.get("query")) or "")
    name = list_id(query)
    doubts = Doubts()
    number, size = whole(dig(pager, "currentPage")), whole(dig(pager, "pageSize")) or _PAGE_ROWS
    by_pager = (number - 1) * size if number else None
    by_address = number_param(page.url, "s")
    if by_pager is None and by_address is None and dig(document, "mods", "pager", "status") != "hide":
        doubts.say(finding("page_number_unknown"))
    before = doubts.agreed("place", by_pager, by_address)
    before = first(before, (page.number - 1) * size) or 0
    yield from ranked((_auction(row, name) for row in rows), before=before)
    yield doubts.note(name, length=whole(dig(pager, "totalCount")))


# --- mtop ----------------------------------------------------------------------------------------------


def _mtop_item(row: Row, name: str) -> Entry:
    link = text(row.get("auctionURL")) or ""
    by_link = _ID_IN_LINK.search(link)
    return Entry(
        list=name,
        rank=None,
        item_key=text(first(row.get("item_id"), row.get("nid"), row.get("nidlong")))
        or (by_link.group(1) if by_link else ""),
        title=_plain(first(row.get("raw_title"), row.get("title"))),
        url=web_url(link),
        image=web_url(first(row.get("pic_path"), row.get("pic_url"))),
        **_price_now(row),
        **_count(row.get("realSales")),
        reviews=grouped(text(row.get("commentCount")), "CN"),
        seller=text(first(dig(row, "shopInfo", "title"), row.get("nick"))),
        is_ad=(text(row.get("isP4p")) or str(row.get("isP4p"))).lower() in ("true", "1"),
        extra=extra(location=text(row.get("procity")), price_before=_price_before(row)),
    )


_PRICES = ("priceShowWithIcon", "priceShow")


def _price_now(row: Row) -> PriceFields:
    """The price to be paid: `priceShowWithIcon` is after the coupon, and `price` beside it before."""
    plain = {} if "nidlong" in row else row  # since 2026 `price` alone may be one that nobody pays
    holder = next((row[name] for name in _PRICES if name in row), plain)
    return exact_price(dig(holder, "price"), "CNY", dig(holder, "price"), "CN")


def _price_before(row: Row) -> str | None:
    before = text(first(dig(row, "priceShowWithIcon", "originPrice"), row.get("price")))
    return before if before != _price_now(row).get("price_text") else None


def _read_mtop(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    holders = dicts_with(document, "itemsArray")
    if not holders:
        raise LayoutChanged("The reply has no items.")
    rows = rows_at(holders[0], ("itemsArray",), having=("item_id", "nid", "nidlong", "auctionURL"))
    rows = [row for row in rows if not row.get("customCardType")]
    about = dig(holders[0], "mainInfo")
    name = list_id(told(page, market="CN", category=text(dig(about, "q")) or ""))
    number = first(whole(dig(about, "page")), page.number) or 1
    before = (number - 1) * (whole(dig(about, "pageSize")) or len(rows))
    yield from ranked((_mtop_item(row, name) for row in rows), before=before)
    doubts = Doubts()
    if len({tuple(key in row for key in _PRICES) for row in rows}) > 1:
        doubts.say(finding("prices_mixed"))
    yield doubts.note(name, length=whole(dig(about, "totalResults")))


# --- saved pages since 2023 ----------------------------------------------------------------------------


def _read_cards(page: Page) -> Iterator[Entry | ListNote]:
    """The cards of a saved page; advertisements whose links hide the id are left out."""
    name = list_id(told(page, market="CN"))
    number = first(number_param(page.url, "page"), page.number) or 1
    cards = all_of(parse_html(page), _CARD)
    entries: dict[str, Entry] = {}
    for entry in (_card(card, name) for card in cards):
        # A card is a link, and a link within it splits it in two when the saved page is read again.
        if entry.title and (entry.item_key or not entry.is_ad):
            entries.setdefault(entry.item_key, entry)
    yield from ranked(entries.values(), before=(number - 1) * _CARDS_A_PAGE)
    yield ListNote(name)


def _card(card: LexborNode, name: str) -> Entry:
    href = card.attributes.get("href") or ""
    by_link, by_name = _ID_IN_LINK.search(href), _ID_IN_NAME.fullmatch(card.attributes.get("id") or "")
    key = by_link or by_name
    title = attr_of(card, "[class*=title--]", "title") or text_of(card, "[class*=title--]")
    return Entry(
        list=name,
        rank=None,
        item_key=key[1] if key else "",
        title=title,
        url=f"https://item.taobao.com/item.htm?id={key[1]}" if key else None,
        image=web_url(attr_of(card, "img[class*=mainPic--], img", "src")),
        **_card_price(card),
        **_count(text_of(card, "[class*=realSales--]")),
        seller=text_of(card, "[class*=shopNameText--], [class*=shopName--], [class*=TextAndPic--]"),
        is_ad="click.simba.taobao.com" in href,
        extra=extra(location=text_of(card, "[class*=procity--]")),
    )


def _card_price(card: LexborNode) -> PriceFields:
    """The price, whose cents are a node of their own, empty for a whole price; without that node nobody knows."""
    whole_part, cents = (card.css_first(f"[class*=price{part}--]") for part in ("Int", "Float"))
    if whole_part is None:
        return {}
    if cents is None:
        return {"price_text": text_of(whole_part)}
    return shown_price(f"{text_of(whole_part) or ''}{text_of(cents) or ''}", "CN", currency="CNY")


SOURCES: tuple[Source, ...] = (
    Source(
        name="taobao",
        platform="taobao",
        many_sellers=True,
        item_url=lambda key, _: f"https://item.taobao.com/item.htm?id={key}",
        title="Taobao and Tmall search",
        kinds=("search", "top_sales"),
        markets=("CN",),
        way_in=("own",),
        terms="https://rule.taobao.com/",
        why="Off: search needs a login. Save the page, or the reply that your browser gets.",
        readers=(
            state("page state", _STATE, _read_auctions),
            reply("bare page state", '"auctions"', _read_auctions),
            Reader("cards since 2023", lambda page: b"doubleCardWrapper" in page.body, _read_cards),
            reply("mtop reply", '"itemsArray"', _read_mtop),
        ),
        query_of=_query_of,
        walls=ALIBABA,
        key_form=r"\d{5,20}",
        marks=("taobao.com", "tmall.com", '"mtop.', '"auctions"', '"nidlong"', "doubleCardWrapper"),
    ),
)
