"""Pinduoduo charts (榜单): every card of the page is a small ranking of its own, such as "bottled calcium".

Prices are in fen. `cnt` counts pieces sold in group orders; beyond ten thousand it is rounded like its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from trendscout.errors import LayoutChanged
from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query
from trendscout.sources._fields import CountFields, extra, moment, text, web_url, whole
from trendscout.sources._replies import reply, state
from trendscout.sources._rows import Doubts, Row, first, host_of, param, ranked, rows_at, told
from trendscout.sources.source import Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dicts_with, dig
from trendscout.text.numbers import parse_count

_SITE = "https://mobile.yangkeduo.com/"
_STATE = "window.rawData"
_KINDS = {"畅销榜": "bestsellers", "好评榜": "top_rated", "热销榜": "bestsellers"}
_FEN = 100


_WALLS = Walls(
    marks=(
        (b'"error_code":54001', "a captcha"),
        (b'"verify_auth_token"', "a captcha"),
        (b'"error_code":40001', "a login"),
    ),
    addresses=((r"/login\.html", "a login"),),
    unless=(b'"goodsId"', b'"goods_id"'),
)


def _query_of(url: str) -> Query | None:
    if not host_of(url).endswith(("yangkeduo.com", "pinduoduo.com")):
        return None
    return Query("pinduoduo", "CN", "bestsellers", param(url, "tab_id", "categoryId"))


def _count(row: Row, doubts: Doubts) -> CountFields:
    """Pieces of group orders; "已拼1.1万件" says the same, rounded, "总售2117件" another thing: all sales ever."""
    shown = text(first(row.get("salesTip"), row.get("sales_tip")))
    read = parse_count(shown, "CN", "zh") if shown and "总售" not in shown else None
    exact = whole(row.get("cnt"))
    if read and exact is not None and not 0 <= exact - read.value <= read.value // 10:
        doubts.agreed("count", exact, read.value)
        return {"count_text": shown}
    number = first(exact, read.value if read else None)
    if number is None:
        return {}
    rounded = "万" in shown if shown and read else False
    return {
        "count": number,
        "count_kind": "sold",
        "count_floor": None if rounded else False,
        "count_text": shown if read else None,
    }


def _entry(row: Row, name: str, chart: str | None, doubts: Doubts) -> Entry:
    fen = whole(first(dig(row, "group", "price"), row.get("price"), row.get("group_price")))
    link = text(first(row.get("linkUrl"), row.get("link_url")))
    return Entry(
        list=name,
        rank=None,
        item_key=text(first(row.get("goodsId"), row.get("goods_id"))) or "",
        title=text(first(row.get("goodsName"), row.get("goods_name"))),
        url=web_url(link, _SITE),
        image=web_url(
            first(row.get("hdThumbUrl"), row.get("thumbUrl"), row.get("hd_thumb_url"), row.get("thumb_url"))
        ),
        is_ad=bool(dig(row, "ad", "ad_id")),
        price=Decimal(fen) / _FEN if fen else None,
        currency="CNY",
        **_count(row, doubts),
        extra=extra(
            chart=chart,
            sales_tip=text(first(row.get("salesTip"), row.get("sales_tip"))),
            mall_id=text(first(row.get("mallId"), row.get("mall_id"))),
            price_alone=str(Decimal(alone) / _FEN) if (alone := whole(row.get("normal_price"))) else None,
        ),
    )


def _cards(document: Any) -> Iterator[tuple[str, Row]]:
    """(kind, card) of every card that carries goods, with the tab that it stands under."""
    tabs = [
        tab for tab in dicts_with(document, "rankList") if isinstance(tab["rankList"], list) and tab["rankList"]
    ]
    for tab in tabs:
        label = text(tab.get("tabName")) or ""
        for card in tab["rankList"]:
            yield _KINDS.get(label, label), card if isinstance(card, dict) else {}
    if not tabs:
        for card in dicts_with(document, "metaMap"):
            yield "", card


def _read(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    query = told(page, market="CN")
    charts, unreadable = 0, 0
    for kind, card in _cards(document):
        about = dig(card, "metaMap")
        chart = text(dig(about, "listName"))
        category = first(text(card.get("contentId")), chart)
        try:
            rows = rows_at(dig(about, "goods"), (), having=("goodsId", "goods_id"))
        except LayoutChanged:
            unreadable += 1
            continue
        charts += 1
        name, doubts = list_id(query, kind=kind, category=category or "all"), Doubts()
        yield from ranked(_entry(row, name, chart, doubts) for row in rows)
        yield doubts.note(name, complete=False)
    if not charts:
        raise LayoutChanged("The page has no charts.")
    if unreadable:
        yield ListNote(list_id(query), complete=False, findings=(finding("charts_unreadable", count=unreadable),))


def _read_goods(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    """The goods of a category, as the page loads them; those that were bid for are advertisements."""
    rows = rows_at(document, ("goods_list",), having=("goods_id",))
    about = [one for one in dicts_with(document, "opt_name") if text(one.get("opt_name"))]
    query = told(page, market="CN", category=text(about[0]["opt_name"]) or "" if len(about) == 1 else "")
    name, doubts = list_id(query, kind="category"), Doubts()
    yield from ranked(_entry(row, name, None, doubts) for row in rows)
    made = next((moment(one["server_time"]) for one in dicts_with(document, "server_time")), None)
    yield doubts.note(name, at=made)


SOURCES: tuple[Source, ...] = (
    Source(
        name="pinduoduo",
        platform="pinduoduo",
        many_sellers=True,
        title="Pinduoduo charts",
        kinds=("bestsellers", "top_rated", "category"),
        markets=("CN",),
        way_in=("own",),
        terms="https://www.pinduoduo.com/pdd_user_services_agreement.pdf",
        why="Off: the charts need a login. Save the page, or the reply that your browser gets.",
        readers=(
            state("page state", _STATE, _read),
            reply("charts", '"metaMap"', _read),
            reply("goods of a category", '"goods_list"', _read_goods),
        ),
        query_of=_query_of,
        walls=_WALLS,
        key_form=r"\d{6,20}",
        marks=("yangkeduo.com", "pinduoduo", "pddpic.com"),
    ),
)
