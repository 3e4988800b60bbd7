"""Google Trends: trending searches by feed and by the page's own call, and saved replies of Explore.

An index of 0 to 100 is no count: interest and related searches carry it in `extra`, and what is shown in
`count_text`. Searches are floors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from trendscout.errors import LayoutChanged
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._fields import extra, joined, members, moment, objects, shown_count, text, web_url, whole
from trendscout.sources._rows import ranked, split_url
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import batchexecute, dig, parse_json
from trendscout.text.markets import country_of, market_in
from trendscout.text.markup import parse_feed

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HOST = "https://trends.google.com"
_MARKETS = (
    *("US", "UK", "CA", "AU", "DE", "FR", "IT", "ES", "NL", "PL", "SE", "JP", "KR", "TW", "HK", "SG", "MY", "ID"),
    *("TH", "VN", "PH", "IN", "BR", "MX", "AR", "CO", "CL", "TR", "SA", "AE", "ZA", "EG"),
)
# Both dates of the feed's life: the name space moved with the page in 2024.
_NAMESPACES = (
    "{https://trends.google.com/trending/rss}",
    "{https://trends.google.com/trends/trendingsearches/daily}",
)
_HOURS = 24
_MAX_ROWS = 5000  # a week of the United States has about 2,000


def _market(geo: object) -> str | None:
    code = (text(geo) or "").split("-")[0]
    return market_in(code) if len(code) == 2 else None


def _query_of(url: str) -> Query | None:
    """Market and kind of a feed, a trending page or an Explore reply."""
    parts = split_url(url)
    if not (parts.hostname or "").startswith("trends.google."):
        return None
    params = {key: values[0] for key, values in parse_qs(parts.query).items()}
    asked = _asked(url)
    market = _market(params.get("geo")) or _market(dig(asked, "comparisonItem", 0, "geo", "country"))
    words = ",".join(_words(asked)) or params.get("q", "")
    if "multiline" in parts.path:
        return Query("google_trends", market, "interest", words)
    if "relatedsearches" in parts.path or "/explore" in parts.path:
        return Query("google_trends", market, "related", words)
    return Query("google_trends", market, "trending")


def _asked(url: str) -> Any:
    try:
        return json.loads(parse_qs(split_url(url).query).get("req", ["null"])[0])
    except (ValueError, RecursionError):
        return None


def _words(asked: Any) -> list[str]:
    items = dig(asked, "comparisonItem")
    found = (text(dig(item, "complexKeywordsRestriction", "keyword", 0, "value")) for item in members(items))
    return [word for word in found if word]


def _requests(query: Query) -> Sequence[Request]:
    """The feed of about ten searches, or with kind trending_now the page's own call for the last 24 hours."""
    geo = country_of(query.market or "US").upper()
    if query.kind != "trending_now":
        return (Request(f"{_HOST}/trending/rss?geo={geo}"),)
    inner = json.dumps([None, None, geo, 0, "en-US", _HOURS, 2], separators=(",", ":"))
    body = urlencode({"f.req": json.dumps([[["i0OFE", inner, None, "generic"]]], separators=(",", ":"))})
    address = f"{_HOST}/_/TrendsUi/data/batchexecute?rpcids=i0OFE&source-path=/trending&hl=en-US"
    headers = (("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"),)
    return (Request(address, "POST", headers, body.encode()),)


# --- trending ------------------------------------------------------------------------------------------


def _read_feed(page: Page) -> Iterator[Entry]:
    """The trending feed: searches in the order of the feed, with a floor of their number."""
    channel = parse_feed(page).find("channel")
    if channel is None:
        return
    link = channel.findtext("link") or ""
    query = page.query if page.query.market else (_query_of(link) or page.query)
    name = list_id(query, kind="trending")
    yield from ranked(_search(item, name, query.market) for item in channel.findall("item")[:_MAX_ROWS])


def _search(item: Element, name: str, market: str | None) -> Entry:
    title = text(item.findtext("title"))
    return Entry(
        name,
        None,
        title or "",
        title=title,
        image=web_url(_ht(item, "picture")),
        **shown_count(_ht(item, "approx_traffic"), "searches", market),
        listed_at=moment(item.findtext("pubDate")),
        extra=extra(news=_news(item)),
    )


def _ht(item: Element, name: str) -> str | None:
    return next((found for space in _NAMESPACES if (found := item.findtext(space + name))), None)


def _news(item: Element) -> str | None:
    """The first headline: what the search is about."""
    for space in _NAMESPACES:
        news = item.find(f"{space}news_item")
        if news is not None:
            return text(news.findtext(f"{space}news_item_title"))
    return None


def _read_trending_now(page: Page) -> Iterator[Entry]:
    """Rows of the `i0OFE` call. The volume is a floor; the normalised search is not shown: it loses marks."""
    query = page.query
    for payload in batchexecute(page, "i0OFE"):
        rows = members(dig(payload, 1))
        market = query.market or _market(dig(rows, 0, 2))
        name = list_id(Query(query.source, market), kind="trending_now")
        yield from ranked(_trend(row, name) for row in rows[:_MAX_ROWS])


def _trend(row: Any, name: str) -> Entry:
    title, volume = text(dig(row, 0)), whole(dig(row, 6))
    return Entry(
        name,
        None,
        title or "",
        title=title,
        count=volume,
        count_kind="searches" if volume is not None else None,
        count_floor=True if volume is not None else None,
        listed_at=moment(dig(row, 3, 0)),
        extra=extra(
            rise_percent=whole(dig(row, 8)),
            active=dig(row, 4) is None,
            related=joined(members(dig(row, 9))[:12]),
            topics=joined(members(dig(row, 10)), ","),
        ),
    )


# --- Explore, from saved replies -----------------------------------------------------------------------


def _read_interest(page: Page) -> Iterator[Entry | ListNote]:
    """Interest over time: one entry per search word, its last whole point and its curve.

    The reply does not name the words: they come from its address or the query's category, else they are numbers.
    """
    points = objects(dig(parse_json(page), "default", "timelineData"))
    whole_points = [point for point in points if not point.get("isPartial")]
    if not whole_points:
        return
    words = _words(_asked(page.url)) or [word.strip() for word in page.query.category.split(",") if word.strip()]
    name = list_id(page.query, kind="interest")
    for place in range(len(members(dig(whole_points[-1], "value")))):
        word = words[place] if place < len(words) else None
        last = whole_points[-1]
        yield Entry(
            name,
            None,
            word or str(place + 1),
            title=word,
            count_text=text(dig(last, "formattedValue", place)),
            extra=extra(
                interest=whole(dig(last, "value", place)),
                until=text(dig(last, "formattedTime")),
                points=len(whole_points),
                curve=" ".join(
                    f"{point.get('time')}:{dig(point, 'value', place)}"
                    for point in whole_points
                    if dig(point, "hasData", place) is not False
                ),
            ),
        )


def _read_related(page: Page) -> Iterator[Entry]:
    """Related searches or topics: the top ones and the rising ones, "Breakout" for more than 5,000 %."""
    halves = dig(parse_json(page), "default", "rankedList")
    if not isinstance(halves, list) or len(halves) != 2:  # only their order tells which is which
        raise LayoutChanged("The reply does not hold one top and one rising list.")
    for half, kind in zip(halves, ("related_top", "related_rising"), strict=True):
        name = list_id(page.query, kind=kind)
        yield from ranked(_related(row, name, kind) for row in members(dig(half, "rankedKeyword")))


def _related(row: Any, name: str, kind: str) -> Entry:
    topic, query = text(dig(row, "topic", "mid")), text(dig(row, "query"))
    key = (topic if topic.startswith("/") else None) if topic else query
    shown, value, rising = text(dig(row, "formattedValue")), whole(dig(row, "value")), kind == "related_rising"
    return Entry(
        name,
        None,
        key or "",
        title=query or text(dig(row, "topic", "title")),
        url=web_url(dig(row, "link"), _HOST),
        count_text=shown,
        extra=extra(
            interest=None if rising else value,
            rise_percent=value if rising else None,
            breakout=True if rising and not re.search(r"\d", shown or "1") else None,
            type=text(dig(row, "topic", "type")),
        ),
    )


_WALLS = Walls(
    marks=(
        (b"google.com/sorry", "a captcha"),
        (b"unusual traffic from your computer", "a captcha"),
        (b"consent.google.", "a consent page"),
        (b"error 404 (not found)", "a missing page (404)"),
        (b"error 429 (too many requests)", "a refusal (429)"),
    )
)


SOURCES = (
    Source(
        name="google_trends",
        platform="google",
        sells=False,
        items="topic",
        ids_worldwide=True,
        title="Google Trends: trending searches, interest over time, related searches",
        kinds=("trending", "trending_now"),
        markets=_MARKETS,
        way_in=("live", "own"),
        terms="https://policies.google.com/terms",
        why=(
            "On: the trending feed is made to be read. Explore refuses most machines since 2023, so interest over "
            "time and related searches are read from replies that you saved."
        ),
        readers=(
            Reader("feed", lambda page: b"<rss" in page.body[:2000], _read_feed),
            Reader("batchexecute i0OFE", lambda page: b"i0OFE" in page.body, _read_trending_now),
            Reader("interest over time", lambda page: b'"timelineData"' in page.body, _read_interest),
            Reader("related searches", lambda page: b'"rankedList"' in page.body, _read_related),
        ),
        hosts=("trends.google.com",),
        default_on=True,
        requests=_requests,
        query_of=_query_of,
        walls=_WALLS,
        spacing_s=6.0,
        marks=("trends.google.com/", "i0OFE", '"timelineData"', '"rankedKeyword"'),
        alone=("trending", "trending_now"),
    ),
)
