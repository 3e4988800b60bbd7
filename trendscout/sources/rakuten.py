"""Rakuten Ichiba: the official ranking API, by the user's own key; its saved replies in both forms; saved pages.

A saved page does not tell the codes that the API has: its items are known by shop and page, "odoru-ya/moon-lamp".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._fields import exact_price, extra, grouped, rating, shown_price, text, web_url
from trendscout.sources._replies import reply
from trendscout.sources._rows import Row, first, host_of, param, rows_at, split_url, told
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dig
from trendscout.text.markup import LexborNode, all_of, attr_of, parse_html, text_of

_API = "https://openapi.rakuten.co.jp/ichibaranking/api/IchibaItem/Ranking/20220601"
_CARD = "div.rnkRanking_top3box, div.rnkRanking_after4box"
_ITEM = re.compile(r"//item\.rakuten\.co\.jp/([\w.-]{1,60})/([\w.-]{1,120})(?:[/?#]|$)")
_BOOK = re.compile(r"//books\.rakuten\.co\.jp/rb/(\d{1,12})(?:[/?#]|$)")
_PLACE = re.compile(r"(\d{1,4})\s*位")
_REVIEWS = re.compile(r"\(([\d,]{1,12})\s*件\)")


_WALLS = Walls(replies=((rb'"error"\s*:\s*"([a-z_]{1,60})"', "a refusal ({code})"),), unless=(b'"itemCode"',))


def _query_of(url: str) -> Query | None:
    if not host_of(url).endswith("rakuten.co.jp"):
        return None
    listed = re.match(r"/(?:daily|weekly|realtime)/(\d{1,9})(?:/|$)", split_url(url).path)
    genre = param(url, "genreId") or (listed.group(1) if listed else "")
    realtime = param(url, "period") == "realtime" or "/realtime/" in url
    return Query("rakuten", "JP", "realtime" if realtime else "ranking", "" if genre == "0" else genre)


def _requests(query: Query) -> Sequence[Request]:
    """Pages 1 to 3 of the ranking of a genre (or of all), 30 places each."""
    period = "&period=realtime" if query.kind == "realtime" else ""
    genre = f"&genreId={quote(query.category)}" if query.category else ""
    return tuple(
        Request(f"{_API}?format=json&formatVersion=2&page={page}{genre}{period}", page=page) for page in (1, 2, 3)
    )


def _sign(request: Request, key: str, now: datetime) -> Request:  # noqa: ARG001 - this key needs no time
    """The request with the user's two keys; `key` is "APPLICATION_ID:ACCESS_KEY"."""
    app_id, _, access = key.partition(":")
    query = f"&applicationId={quote(app_id, safe='')}&accessKey={quote(access, safe='')}"
    return replace(request, url=request.url + query)


def _image(row: Row) -> str | None:
    """The first picture: a list of addresses in one form, of objects in the other."""
    return web_url(
        first(
            *(
                place
                for size in ("mediumImageUrls", "smallImageUrls")
                for place in (dig(row, size, 0, "imageUrl"), dig(row, size, 0))
                if isinstance(place, str)
            )
        )
    )


def _entry(row: Row, name: str) -> Entry:
    inner = row.get("Item")
    item: Row = inner if isinstance(inner, dict) else row
    rank = text(item.get("rank")) or ""
    return Entry(
        list=name,
        rank=int(rank) if rank.isdecimal() and len(rank) < 7 else None,
        item_key=text(item.get("itemCode")) or "",
        title=text(item.get("itemName")),
        url=web_url(item.get("itemUrl")),
        image=_image(item),
        **exact_price(item.get("itemPrice"), "JPY"),
        rating=rating(item.get("reviewAverage")),
        reviews=grouped(text(item.get("reviewCount")), "JP"),
        seller=text(item.get("shopName")),
        extra=extra(genre=text(item.get("genreId")), shop=text(item.get("shopCode"))),
    )


def _read(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    rows = rows_at(document, ("Items",), ("items",), having=("itemCode", "Item"))
    name = list_id(told(page, market="JP"))
    entries = [_entry(row, name) for row in rows]
    findings = []
    places = [entry.rank for entry in entries]
    if any(place is None for place in places):
        findings.append(finding("rows_without_rank", count=places.count(None)))
    known = [place for place in places if place is not None]
    if known != list(range(known[0], known[0] + len(known))) if known else False:
        findings.append(finding("ranks_not_in_order"))
    yield from entries
    yield ListNote(name, findings=tuple(findings))


# --- saved pages ---------------------------------------------------------------------------------------


def _read_page(page: Page) -> Iterator[Entry | ListNote]:
    name = list_id(told(page, market="JP"))
    for part in (page.body, *_kept_back(page.body)):
        for card in all_of(parse_html(part), _CARD):
            yield _card(card, name)
    yield ListNote(name)


def _kept_back(body: bytes) -> Iterator[bytes]:
    """The later cards, which stand in comments of a script until the page is scrolled down."""
    for comment in body.split(b"/*")[1:]:
        held = comment.partition(b"*/")[0]
        if b"rnkRanking_after4box" in held:
            yield held


def _card(card: LexborNode, name: str) -> Entry:
    href = attr_of(card, ".rnkRanking_itemName a", "href")
    item, book = _ITEM.search(href or ""), _BOOK.search(href or "")
    shown = text_of(card, "[class*=rnkRanking_dispRank]") or attr_of(card, 'img[alt*="位"]', "alt")
    place = _PLACE.search(shown or "")
    reviews = _REVIEWS.search(text_of(card, 'a[href*="//review.rakuten.co.jp/"]') or "")
    return Entry(
        list=name,
        rank=int(place[1]) if place else None,
        item_key=f"{item[1]}/{item[2]}" if item else f"books/{book[1]}" if book else "",
        title=text_of(card, ".rnkRanking_itemName"),
        url=web_url((href or "").partition("?")[0]),
        image=web_url(attr_of(card, ".rnkRanking_imageBox img, .rnkRanking_image img", "src")),
        **shown_price(text_of(card, ".rnkRanking_price"), "JP"),
        reviews=grouped(reviews[1], "JP") if reviews else None,
        seller=text_of(card, ".rnkRanking_shop"),
    )


SOURCES: tuple[Source, ...] = (
    Source(
        name="rakuten",
        platform="rakuten",
        many_sellers=True,
        title="Rakuten Ichiba ranking",
        kinds=("ranking", "realtime"),
        markets=("JP",),
        way_in=("key", "own"),
        terms="https://webservice.rakuten.co.jp/guide/rule",
        why=(
            "Needs your own key of the ranking API, written APPLICATION_ID:ACCESS_KEY; or save the ranking's page."
        ),
        readers=(
            Reader("ranking page", lambda page: b"rnkRanking_itemName" in page.body, _read_page),
            reply("ranking API", '"itemCode"', _read),
        ),
        hosts=("openapi.rakuten.co.jp",),
        requests=_requests,
        query_of=_query_of,
        walls=_WALLS,
        key_env="TRENDSCOUT_RAKUTEN_KEY",
        sign=_sign,
        spacing_s=1.0,
        length=80,
        key_form=r"[\w.-]+[:/][\w.-]+",
        categories=("", "100371", "551177", "100939"),
        marks=("rakuten",),
    ),
)
