"""1688.com, the wholesale side: searches as cross-border data services return them, and as saved pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from trendscout.errors import LayoutChanged
from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query
from trendscout.sources._alibaba import ALIBABA
from trendscout.sources._cards import one_price
from trendscout.sources._fields import (
    CountFields,
    PriceFields,
    amount,
    currency_code,
    exact_count,
    extra,
    rating,
    shown_count,
    text,
    web_url,
    whole,
)
from trendscout.sources._replies import reply
from trendscout.sources._rows import Doubts, Row, first, host_of, number_param, param, ranked, rows_at, told
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dig
from trendscout.text.markup import LexborNode, all_of, attr_of, parse_html, text_of
from trendscout.text.numbers import parse_count

_OFFER = re.compile(r"(?:/offer/|[?&]offerId=)(\d{6,19})(?:\.html|&|$)")
_SOLD = re.compile(
    r"(?:已售|成交)\s?[\d.]{1,9}[万千]?\+?\s?[件笔个]?(?!\s?元)(?![\d.万千+])"
)  # in yuan it is turnover
_MARKS = ("item_id", "product_url")


_WALLS = Walls(
    marks=ALIBABA.marks,
    addresses=ALIBABA.addresses,
    replies=((rb'"(?:code|error_code)"\s*:\s*"?(?!200\b)([1-9]\d{2,6})', "a refusal (code {code})"),),
    unless=(b'"item_id"', b"search-offer-item", b"data-aplus-report"),
    largest=ALIBABA.largest,
)


def _query_of(url: str) -> Query | None:
    if not host_of(url).endswith("1688.com"):
        return None
    return Query("alibaba_1688", "CN", "search", param(url, "keywords"))


def _rows(document: Any) -> list[Row]:
    """The rows, from one reply, or from several pages joined in an array of arrays."""
    if isinstance(document, list) and document and all(isinstance(part, list) for part in document):
        pages = [rows_at(part, (), having=_MARKS) for part in document if part]
        if not pages:
            raise LayoutChanged("Every page of the reply is empty.")
        return [row for rows in pages for row in rows]
    return rows_at(document, (), ("data", "items"), ("items",), ("data",), having=_MARKS)


def _price(row: Row, doubts: Doubts) -> PriceFields:
    """The price for the smallest order: bigger orders pay less, which the ladder in `extra` tells."""
    info = row.get("price_info")
    low = first(*(amount(dig(info, name)) for name in ("sale_price", "price", "price_min")))
    shown = text(row.get("price"))
    agreed = doubts.agreed("price", amount(shown), low)
    currency = currency_code(row.get("currency")) if row.get("currency") else "CNY"
    return {"price": agreed, "currency": currency, "price_text": shown}


def _count(row: Row, doubts: Doubts) -> CountFields:
    sale = row.get("sale_info")
    recent = whole(dig(sale, "sale_quantity_90days"))
    shown = text(dig(sale, "sale_quantity"))
    read = parse_count(shown, "CN") if shown else None
    number = doubts.agreed("count", whole(dig(sale, "sale_quantity_int")), read.value if read else None)
    if number is not None:
        floor = read.is_floor if read else None
        return {"count": number, "count_kind": "sold", "count_floor": floor, "count_text": shown}
    if shown is None and recent is not None:
        return exact_count(recent, "sold")
    return {"count_text": shown}


def _entry(row: Row, name: str, doubts: Doubts) -> Entry:
    link = text(row.get("product_url")) or ""
    by_link = _OFFER.search(link)
    sale, shop = row.get("sale_info"), row.get("shop_info")
    return Entry(
        list=name,
        rank=None,
        item_key=doubts.agreed("id", text(row.get("item_id")), by_link.group(1) if by_link else None) or "",
        title=text(row.get("title")),
        url=web_url(link),
        image=web_url(row.get("img")),
        **_price(row, doubts),
        **_count(row, doubts),
        rating=rating(row.get("goods_score")),
        seller=text(first(dig(shop, "company_name"), dig(shop, "login_id"))),
        is_ad=text(row.get("type")) == "p4p",
        extra=extra(
            title_zh=text(row.get("title_origin")),
            sold_90d=whole(dig(sale, "sale_quantity_90days")),
            orders=whole(dig(sale, "orders_count")),
            repurchase_rate=text(row.get("item_repurchase_rate")),
            smallest_order=whole(row.get("quantity_begin")),
            price_ladder=_ladder(row.get("quantity_prices")),
            from_province=text(dig(row, "delivery_info", "area_from", 0)),
            is_new=_yes(row.get("is_new_item")),
            is_hot=_yes(row.get("is_hot_item")),
        ),
    )


def _ladder(steps: Any) -> str:
    """From how many pieces on which price holds: "1+: 37.00, 200+: 36.00"."""
    rows = steps if isinstance(steps, list) else []
    told_steps = ((text(dig(step, "begin_num")), text(dig(step, "price"))) for step in rows[:10])
    return ", ".join(f"{begin.rstrip('件个')}+: {price}" for begin, price in told_steps if begin and price)


def _yes(value: Any) -> bool | None:
    return True if value is True else None


def _read(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = _rows(document)
    name, doubts = list_id(told(page, market="CN")), Doubts()
    yield from ranked(_entry(row, name, doubts) for row in rows)
    yield doubts.note(name)


def _read_cards(page: Page) -> Iterator[Entry | ListNote]:
    """The cards of a saved page of a search."""
    name = list_id(told(page, market="CN"))
    number = first(number_param(page.url, "beginPage"), page.number) or 1
    cards = all_of(parse_html(page), ".search-offer-item")
    yield from ranked((_card(card, name) for card in cards), before=(number - 1) * len(cards))
    yield ListNote(name, findings=(finding("earlier_pages_guessed"),) if number > 1 else ())


def _card(card: LexborNode, name: str) -> Entry:
    links = [card.attributes.get("href") or "", *(attr_of(link, None, "href") or "" for link in all_of(card, "a"))]
    match = next((match for link in links if (match := _OFFER.search(link))), None)
    sold = _SOLD.search(text_of(card) or "")
    return Entry(
        list=name,
        rank=None,
        item_key=match[1] if match else "",
        title=text_of(card, ".offer-title-row .title-text, .offer-title-row"),
        url=f"https://detail.1688.com/offer/{match[1]}.html" if match else None,
        image=web_url(attr_of(card, "img", "src")),
        **one_price(card, ".price-item", "CN", "CNY"),
        **shown_count(sold.group() if sold else None, "sold", "CN", "zh"),
        is_ad=any("//dj.1688.com/" in link for link in links),
    )


_REPORT_ID, _REPORT_AD = re.compile(r"object_id@(\d{6,19})"), "_p_isad@1"


def _read_smart_cards(page: Page) -> Iterator[Entry | ListNote]:
    """The cards of the search's other page, of 2024; most of them are paid for."""
    asked = re.search(r'"keywords"\s*:\s*"([^"\\]{1,100})"', _head_of(page))
    begins = re.search(r'"beginPage"\s*:\s*"?(\d{1,4})', _head_of(page))
    name = list_id(told(page, market="CN", category=asked[1] if asked else ""))
    number = int(begins[1]) if begins else page.number
    cards = all_of(parse_html(page), "[data-tracker=offer]")
    yield from ranked((_smart_card(card, name) for card in cards), before=(number - 1) * len(cards))
    yield ListNote(name, findings=(finding("earlier_pages_guessed"),) if number > 1 else ())


def _head_of(page: Page) -> str:
    """The page's own settings, which stand in a script near its beginning."""
    start = page.body.find(b"pageConfig")
    return page.body[max(start, 0) : max(start, 0) + 4096].decode("utf-8", "replace")


def _smart_card(card: LexborNode, name: str) -> Entry:
    report = card.attributes.get("data-aplus-report") or ""
    match = _REPORT_ID.search(report)
    sold = _SOLD.search(text_of(card, ".price_line") or "")
    return Entry(
        list=name,
        rank=None,
        item_key=match[1] if match else "",
        title=attr_of(card, ".subject", "title") or text_of(card, ".subject"),
        url=f"https://detail.1688.com/offer/{match[1]}.html" if match else None,
        image=web_url(attr_of(card, ".mainPic img", "src")),
        **one_price(card, ".price", "CN", "CNY"),
        **shown_count(sold.group() if sold else None, "sold", "CN", "zh"),
        is_ad=_REPORT_AD in report,
        extra=extra(turnover=text_of(card, ".location")),
    )


SOURCES: tuple[Source, ...] = (
    Source(
        name="alibaba_1688",
        platform="alibaba_1688",
        many_sellers=True,
        item_url=lambda key, _: f"https://detail.1688.com/offer/{key}.html",
        title="1688 wholesale search",
        kinds=("search",),
        markets=("CN",),
        way_in=("own",),
        terms="https://rule.1688.com/",
        why="Off: search needs a login. Save what your data service or your browser gets.",
        readers=(
            Reader("page of cards", lambda page: b"search-offer-item" in page.body, _read_cards),
            Reader("page of cards, 2024", lambda page: b"data-aplus-report" in page.body, _read_smart_cards),
            reply("data service items", '"item_id"', _read),
        ),
        query_of=_query_of,
        walls=_WALLS,
        key_form=r"\d{6,20}",
        marks=("1688.com",),
    ),
)
