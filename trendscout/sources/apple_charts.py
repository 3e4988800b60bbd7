"""Apple's public charts of apps, by its feed generator: what is downloaded most, in places without counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._fields import extra, joined, moment, objects, text, web_url
from trendscout.sources._replies import reply
from trendscout.sources._rows import Row, ranked, rows_at, told
from trendscout.sources.source import Source, list_id
from trendscout.text.jsontext import dicts_with, dig
from trendscout.text.markets import country_of, market_in

_HOST = "rss.marketingtools.apple.com"
_ADDRESS = re.compile(r"/api/v2/([a-z]{2})/([a-z]+)/([a-z-]+)/\d{1,3}/")
_ROWS = 100
_KINDS = ("top-free", "top-paid")


def _query_of(url: str) -> Query | None:
    """Country, chart and kind of things of a feed's address; older feeds had another host."""
    found = _ADDRESS.search(url)
    if found is None or "apple.com/" not in url:
        return None
    return Query("apple_charts", market_in(found[1]), found[3], "" if found[2] == "apps" else found[2])


def _requests(query: Query) -> Sequence[Request]:
    """One feed: a country's chart of apps, or of what the category names, such as podcasts."""
    country = country_of(query.market or "US")
    what = query.category or "apps"
    return (Request(f"https://{_HOST}/api/v2/{country}/{what}/{query.kind or _KINDS[0]}/{_ROWS}/{what}.json"),)


def _read_feed(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    """The feed's rows; their order is the chart. The feed names country, chart and time itself."""
    feed = next((one["feed"] for one in dicts_with(document, "feed")), None)
    asked = _query_of(text(dig(feed, "id")) or "")
    country = text(dig(feed, "country"))
    query = told(page, market=market_in(country) if country else None)
    if asked:
        query = told(page, market=asked.market, category=asked.category)
    name = list_id(query, kind=asked.kind if asked else query.kind)
    rows = rows_at(feed, ("results",), having=("id", "artworkUrl100"))
    yield from ranked(_entry(row, name) for row in rows)
    yield ListNote(name, at=moment(dig(feed, "updated")))


def _entry(row: Row, name: str) -> Entry:
    return Entry(
        name,
        None,
        text(row.get("id")) or "",
        title=text(row.get("name")),
        url=web_url(row.get("url")),
        image=web_url(row.get("artworkUrl100")),
        listed_at=moment(row.get("releaseDate")),
        extra=extra(
            maker=text(row.get("artistName")),
            genres=joined(one.get("name") for one in objects(row.get("genres"))),
        ),
    )


SOURCES = (
    Source(
        name="apple_charts",
        platform="apple",
        sells=False,
        items="app",
        ids_worldwide=True,
        title="Apple's charts: apps downloaded most",
        kinds=_KINDS,
        markets=(
            "US",
            "UK",
            "DE",
            "FR",
            "IT",
            "ES",
            "CA",
            "AU",
            "JP",
            "KR",
            "CN",
            "TW",
            "HK",
            "IN",
            "BR",
            "MX",
            "ID",
        ),
        way_in=("live", "own"),
        terms="https://www.apple.com/legal/internet-services/terms/site.html",
        why=(
            "Off: charts of apps, not of goods. The feed is made to be read; its order is the chart, it counts "
            "nothing."
        ),
        key_form=r"\d{5,15}",
        readers=(reply("feed generator", '"artworkUrl100"', _read_feed),),
        hosts=(_HOST,),
        requests=_requests,
        query_of=_query_of,
        spacing_s=5.0,
        length=_ROWS,
        marks=("marketingtools.apple.com", "apps.apple.com", "applemarketingtools.com"),
    ),
)
