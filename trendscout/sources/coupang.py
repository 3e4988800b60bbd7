"""Coupang: best sellers of a category from the Partners API, by the user's own key, and collections of them.

The order of the array is the rank. A saved collection holds many categories; each is a list of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from trendscout.errors import LayoutChanged
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.source import Reader, Source, list_id
from trendscout.sources._fields import exact_price, extra, text, web_url, whole
from trendscout.sources._rows import Doubts, Row, first, host_of, param, ranked, rows_at, told
from trendscout.text.jsontext import parse_json

_HOST = "api-gateway.coupang.com"
_BEST = "/v2/providers/affiliate_open_api/apis/openapi/v1/products/bestcategories/"
_MARKS = ("productName", "productId", "productUrl")
_REFUSED = re.compile(rb'"(?:rCode|code)"\s*:\s*"?(-?[1-9]\w{0,20}|ERROR)')


def _wall(page: Page) -> str | None:
    refused = None if b'"productUrl"' in page.body else _REFUSED.search(page.body)
    return f"a refusal (code {refused.group(1).decode()})" if refused else None


def _query_of(url: str) -> Query | None:
    if not host_of(url).endswith("coupang.com"):
        return None
    category = re.search(r"/bestcategories/(\d{1,9})", url)
    return Query("coupang", "KR", "bestsellers", category.group(1) if category else "")


def _requests(query: Query) -> Sequence[Request]:
    """The 100 best sellers of a category; without one there is nothing to ask for."""
    if not query.category:
        return ()
    return (Request(f"https://{_HOST}{_BEST}{query.category}?limit=100"),)


def _sign(request: Request, key: str, now: datetime) -> Request:
    """The request with the HMAC header of the Partners API; `key` is "ACCESS_KEY:SECRET_KEY"."""
    access, _, secret = key.partition(":")
    parts = urlsplit(request.url)
    stamp = now.astimezone(UTC).strftime("%y%m%dT%H%M%SZ")
    message = f"{stamp}{request.method}{parts.path}{parts.query}"
    signature = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    header = f"CEA algorithm=HmacSHA256, access-key={access}, signed-date={stamp}, signature={signature}"
    return replace(request, headers=(*request.headers, ("Authorization", header)))


def _entry(row: Row, name: str, category: str | None, doubts: Doubts) -> Entry:
    link = text(row.get("productUrl")) or ""
    by_link = param(link, "pageKey") or "".join(re.findall(r"/products/(\d{1,20})", link))
    return Entry(
        list=name,
        rank=None,
        item_key=doubts.agreed("id", text(row.get("productId")), by_link or None) or "",
        title=text(row.get("productName")),
        url=web_url(link),
        image=web_url(row.get("productImage")),
        **exact_price(row.get("productPrice"), "KRW", row.get("productPrice"), "KR"),
        extra=extra(
            category=first(text(row.get("categoryName")), category),
            item_id=param(link, "itemId") or None,
            is_rocket=row.get("isRocket") if isinstance(row.get("isRocket"), bool) else None,
        ),
    )


def _list(rows: list[Row], name: str, category: str | None) -> Iterator[Entry | ListNote]:
    doubts = Doubts()
    places = [whole(row.get("rank")) for row in rows]
    entries = ranked(_entry(row, name, category, doubts) for row in rows)
    placed = [
        replace(entry, rank=doubts.agreed("rank", entry.rank, place))
        for place, entry in zip(places, entries, strict=True)
    ]
    yield from _told_apart(placed)
    yield doubts.note(name)


def _told_apart(entries: Sequence[Entry]) -> Iterator[Entry]:
    """The entries, the options of one product (670 g beside 790 g: two places) with keys of their own.

    The option with the lowest id keeps the product's id, whatever its place today.
    """
    lowest: dict[str, int] = {}
    for entry in entries:
        option = _option(entry)
        lowest[entry.item_key] = min(lowest.get(entry.item_key, option), option)
    for entry in entries:
        option = _option(entry)
        own = option != lowest[entry.item_key]
        yield replace(entry, item_key=f"{entry.item_key}:{option}") if own else entry


def _option(entry: Entry) -> int:
    return whole(entry.extra.get("item_id")) or 0


def _groups(document: Any) -> list[Row]:
    """The categories of a collection: objects with a code and the data of one reply each."""
    groups = document if isinstance(document, list) else []
    return [group for group in groups if isinstance(group, dict) and isinstance(group.get("data"), list)]


def _read_collection(page: Page) -> Iterator[Entry | ListNote]:
    groups = _groups(parse_json(page))
    if not groups:
        raise LayoutChanged("The file has no categories.")
    query = told(page, market="KR")
    seen: set[str] = set()
    for number, group in enumerate(groups, 1):
        label = text(group.get("type"))
        code = first(text(group.get("code")), label) or f"group {number}"
        code = f"{code} {number}" if code in seen else code
        seen.add(code)
        name = list_id(query, category=code)
        try:
            rows = rows_at(group["data"], (), having=_MARKS)
        except LayoutChanged:
            yield ListNote(name, complete=False, findings=(f"category {code} has no readable rows",))
            continue
        yield from _list(rows, name, label)


def _read_reply(page: Page) -> Iterator[Entry | ListNote]:
    document = parse_json(page)
    query = told(page, market="KR")
    rows = rows_at(document, ("data",), ("data", "productData"), (), having=_MARKS)
    yield from _list(rows, list_id(query), None)


def _is_collection(page: Page) -> bool:
    start = page.body[:4096]
    return b'"productName"' in page.body and start.lstrip()[:1] == b"[" and b'"data"' in start


SOURCES: tuple[Source, ...] = (
    Source(
        name="coupang",
        platform="coupang",
        title="Coupang best sellers by category",
        kinds=("bestsellers",),
        markets=("KR",),
        way_in=("key", "own"),
        terms="https://partners.coupang.com/",
        why="Needs your own key of the Partners API, written ACCESS_KEY:SECRET_KEY.",
        readers=(
            Reader("collected categories", _is_collection, _read_collection),
            Reader("best sellers API", lambda page: b'"productName"' in page.body, _read_reply),
        ),
        hosts=(_HOST,),
        requests=_requests,
        query_of=_query_of,
        wall=_wall,
        key_env="TRENDSCOUT_COUPANG_KEY",
        sign=_sign,
        spacing_s=6.0,
        length=100,
        key_form=r"\d{3,20}(?::\d{3,20})?",
        categories=("1001", "1010", "1013", "1016", "1020"),
    ),
)
