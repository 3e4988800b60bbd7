"""JD: charts (榜单), each with how much its goods sold together, and saved pages of searches in two layouts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from trendscout.model import Entry, ListNote, Page, Query
from trendscout.sources._cards import one_price
from trendscout.sources._fields import CountFields, extra, grouped, shown_count, text, web_url
from trendscout.sources._replies import reply
from trendscout.sources._rows import Doubts, Row, first, host_of, number_param, param, ranked, rows_at, told
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dicts_with, dig
from trendscout.text.markup import LexborNode, all_of, attr_of, parse_html, text_of
from trendscout.text.numbers import parse_count

_HALF_PAGE = 30


_WALLS = Walls(
    marks=(
        (b"cfe.m.jd.com/privatedomain/risk_handler", "a captcha"),
        (b"passport.jd.com/new/login", "a login"),
        (b"plogin.m.jd.com", "a login"),
    ),
    addresses=(
        (r"cfe\.m\.jd\.com/privatedomain/risk_handler", "a captcha"),
        (r"passport\.jd\.com/new/login|plogin\.m\.jd\.com", "a login"),
    ),
    unless=(b'"advertId"', b"plugin_goodsCardWrapper", b"gl-item"),
)


def _query_of(url: str) -> Query | None:
    host = host_of(url)
    if host == "search.jd.com":
        return Query("jd", "CN", "top_sales" if param(url, "psort") == "3" else "search", param(url, "keyword"))
    return Query("jd", "CN", "charts", param(url, "activityId")) if host.endswith("jd.com") else None


def _count(row: Row, doubts: Doubts) -> CountFields:
    """Pieces sold, told twice: "64.9万+", and in a sentence that may be a step ahead ("8000+" beside 9000+)."""
    shown = text(dig(row, "extension", "totalSaleInfoNumStr"))
    sentence = text(dig(row, "extension", "totalSaleInfoStr"))
    number = parse_count(shown, "CN", "zh") if shown else None
    said = parse_count(sentence, "CN", "zh") if sentence else None
    if number and said and not number.value <= 2 * said.value <= 4 * number.value:
        doubts.agreed("count", number.value, said.value)
        number = None
    if number is None:
        return {"count_text": shown or sentence}
    floor = number.is_floor or "万" in number.text
    return {"count": number.value, "count_kind": "sold", "count_floor": floor, "count_text": shown}


def _entry(row: Row, name: str, doubts: Doubts) -> Entry:
    return Entry(
        list=name,
        rank=None,
        item_key=text(row.get("advertId")) or "",
        title=text(first(row.get("name"), dig(row, "extension", "lname"))),
        url=web_url(first(dig(row, "extension", "jumpUrl"), row.get("clickUrl"))),
        image=web_url(row.get("pictureUrl")),
        **_count(row, doubts),
        extra=extra(chart_id=text(row.get("link")), first_sku=text(dig(row, "extension", "matId"))),
    )


def _read(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(document, ("list",), ("data", "list"), having=("advertId",))
    stage = next(iter(dicts_with(document, "stageId")), {})
    query = told(page, market="CN", category=text(stage.get("stageId")) or "")
    name, doubts = list_id(query), Doubts()
    yield from ranked(_entry(row, name, doubts) for row in rows)
    yield doubts.note(name)


# --- saved pages of searches ---------------------------------------------------------------------------


def _read_cards(page: Page) -> Iterator[Entry | ListNote]:
    """Cards since 2025, whose classes end in a hash."""
    return _search(page, "[class*=plugin_goodsCardWrapper][data-sku]", _new_card)


def _read_gl_items(page: Page) -> Iterator[Entry | ListNote]:
    """Cards until 2025."""
    return _search(page, "li.gl-item[data-sku]", _old_card)


def _search(page: Page, css: str, entry_of: Callable[[LexborNode, Entry], Entry]) -> Iterator[Entry | ListNote]:
    query = told(page, market="CN")
    # The kind of a page whose address is not told is a search: charts are no pages.
    name = list_id(query, kind="search" if query.kind == "charts" else query.kind)
    number = number_param(page.url, "page") or 1  # a page seen counts for two: 1, 3, 5
    cards = all_of(parse_html(page), css)
    entries = (entry_of(card, _bare(card, name)) for card in cards)
    yield from ranked(entries, before=(number - 1) * _HALF_PAGE)
    yield ListNote(name)


def _bare(card: LexborNode, name: str) -> Entry:
    sku = card.attributes.get("data-sku") or ""
    image = attr_of(card, "img", "data-lazy-img") or attr_of(card, "img", "src") or ""
    return Entry(
        list=name,
        rank=None,
        item_key=sku,
        url=f"https://item.jd.com/{sku}.html" if sku else None,
        image=web_url(image) if not image.startswith("data:") else None,
        is_ad=any(text_of(node) == "广告" for node in all_of(card, "span, i, .p-promo-flag")),
    )


def _new_card(card: LexborNode, bare: Entry) -> Entry:
    title = "[class*=_goods_title_container] [title]"
    sold = next((shown for node in all_of(card, "[title^=已售]") if (shown := attr_of(node, None, "title"))), None)
    return replace(
        bare,
        title=attr_of(card, title, "title") or text_of(card, "[class*=_goods_title_container]"),
        **one_price(card, "[class*=_price_]", "CN", "CNY"),
        **shown_count(sold, "sold", "CN", "zh"),
        seller=text_of(card, "[class*=_shopFloor] [class*=_name_]"),
    )


def _old_card(card: LexborNode, bare: Entry) -> Entry:
    return replace(
        bare,
        title=text_of(card, ".p-name em"),
        **one_price(card, ".p-price strong", "CN", "CNY"),
        reviews=grouped(text_of(card, ".p-commit a"), "CN"),
        seller=attr_of(card, ".p-shop a", "title") or text_of(card, ".p-shop a"),
    )


SOURCES: tuple[Source, ...] = (
    Source(
        name="jd",
        platform="jd",
        item_url=lambda key, _: f"https://item.jd.com/{key}.html",
        title="JD charts and searches",
        kinds=("charts", "search", "top_sales"),
        markets=("CN",),
        way_in=("own",),
        terms="https://in.m.jd.com/help/app/register_info.html",
        why="Off: JD needs a login. Save the page of a search, or the reply of charts; its rows are charts.",
        readers=(
            reply("stage of charts", '"advertId"', _read),
            Reader("search cards since 2025", lambda page: b"plugin_goodsCardWrapper" in page.body, _read_cards),
            Reader("search cards until 2025", lambda page: b"gl-item" in page.body, _read_gl_items),
        ),
        query_of=_query_of,
        walls=_WALLS,
        key_form=r"\d{3,20}",
        marks=("jd.com", "360buyimg.com", "gl-item", "plugin_goodsCardWrapper"),
    ),
)
