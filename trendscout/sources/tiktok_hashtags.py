"""TikTok hashtags: Creative Center's popular list, tag pages, and the older replies of both.

Without a login Creative Center shows three tags a query, so a list is partial by design and its gaps are real.
Handles and names of creators are never read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from trendscout.errors import Blocked, LayoutChanged, NoSuchList
from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._fields import exact_count, extra, members, moment, objects, text, web_url, whole
from trendscout.sources._rows import Row, ranked, split_url
from trendscout.sources._tiktok import TAG_PAGE, TERMS, country_code, envelope, market_of
from trendscout.sources._tiktok_tags import read_discover, read_tag_page, read_tag_reply
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dicts_with, dig, in_script, parse_json
from trendscout.text.markup import all_of, parse_html

MARKETS = (
    *("US", "UK", "DE", "FR", "IT", "ES", "AR", "AU", "BR", "CA", "CO", "EG", "ID", "IL", "JP", "KR", "MY", "MX"),
    *("PH", "SA", "SG", "ZA", "TW", "TH", "TR", "AE", "VN"),
)
INDUSTRIES = {
    "education": 10_000_000_000,
    "vehicle-transportation": 11_000_000_000,
    "baby-kids-maternity": 12_000_000_000,
    "beauty-personal-care": 14_000_000_000,
    "tech-electronics": 15_000_000_000,
    "travel": 17_000_000_000,
    "household-products": 18_000_000_000,
    "pets": 19_000_000_000,
    "home-improvement": 21_000_000_000,
    "apparel-accessories": 22_000_000_000,
    "news-entertainment": 23_000_000_000,
    "games": 25_000_000_000,
    "food-beverage": 27_000_000_000,
    "sports-outdoor": 28_000_000_000,
    "health": 29_000_000_000,
}
PERIODS = {"popular_7d": 7, "popular_30d": 30, "popular_90d": 90}
# From how many days on a curve belongs to a period; days may be missing, and the older API had 120 for 90.
_LEAST_DAYS = {"popular_90d": 60, "popular_30d": 15, "popular_7d": 5}
_POINTS_OF_A_CURVE = 5
WATCH_LIST = ("tiktokmademebuyit", "tiktokshopfinds", "amazonfinds", "gadgets", "unboxing")
_API = "https://ads.tiktok.com/CreativeOne/KnowledgeAPI/GetHashtagList"
_PAGE = "https://ads.tiktok.com/creative/creativeCenter/trends/hashtag"
_WHOLE_LIST = 100  # rows that a logged-in reader gets; fewer means a preview
_MAX_ROWS = 1000
_OF_A_CHART = ("rank", "rankIndex", "publishCnt", "publish_cnt", "vv", "video_views", "videoViews")
_TAG_PATH = re.compile(r"^/tag/([^/]+)")


def _query_of(url: str) -> Query | None:
    """The tag of a tag page, or country and period of Creative Center's page and older API."""
    parts = split_url(url)
    host, params = parts.hostname or "", {key: values[0] for key, values in parse_qs(parts.query).items()}
    tag = _TAG_PATH.match(parts.path)
    if host.endswith("tiktok.com") and tag:
        return Query("tiktok_hashtags", None, "tag", unquote(tag.group(1)).lower())
    if not host.startswith("ads."):
        return None
    market = market_of(params.get("country_code") or params.get("countryCode") or params.get("region"))
    days = whole(params.get("period") or params.get("timeRange")) or 7
    kind = next((name for name, length in PERIODS.items() if length >= min(days, 90)), "popular_90d")
    industry = params.get("industry_id") or params.get("industryID")
    category = next((slug for slug, number in INDUSTRIES.items() if str(number) == industry), industry or "")
    return Query("tiktok_hashtags", market, kind, category)


def _requests(query: Query) -> Sequence[Request]:
    """One tag page; or the popular list as an anonymous reader can see it: three tags a query.

    A category asks one industry. None asks the whole country and then each industry, which together show 40 to 50
    of its 100 tags: pages of one list, since a tag's rank is its place in the country.
    """
    if query.kind == "tag":
        return (Request(TAG_PAGE + quote(query.category.lstrip("#"))),)
    industry = INDUSTRIES.get(query.category) or whole(query.category)
    asked = (industry,) if query.category else (None, *INDUSTRIES.values())
    return tuple(_popular(query, one, number) for number, one in enumerate(asked, start=1))


def _popular(query: Query, industry: int | None, number: int) -> Request:
    body: dict[str, int | str] = {
        "timeRange": PERIODS.get(query.kind, 7),
        "countryCode": country_code(query.market),
        "page": 1,
        "limit": 20,
    }
    if industry:
        body["industryID"] = industry  # a number: as text it is ignored without a word
    headers = (("Content-Type", "application/json"), ("Origin", "https://ads.tiktok.com"), ("Referer", _PAGE))
    return Request(_API, "POST", headers, json.dumps(body).encode(), page=number)


# --- Creative Center -----------------------------------------------------------------------------------


def _read_popular(page: Page) -> Iterator[Entry | ListNote]:
    """The popular list of today's reply, of the older API, or of the older page's own state."""
    value = envelope(page) if page.body.lstrip()[:1] in (b"{", b"[", b")") else _page_state(page)
    rows = _rows(value)
    if not rows and (other := _other_list(value)):
        raise NoSuchList(
            "{source}: the reply holds a list, of a kind that is no list of hashtags ({kind}).",
            next_step="`trendscout sources` shows which lists of TikTok are read.",
            source=page.query.source,
            kind=other,
        )
    if not rows:
        raise Blocked(
            "{source}: TikTok sends an empty list behind status {status}.",
            next_step="Nothing was counted. Try later, or ingest a reply that you saved yourself.",
            source=page.query.source,
            status=page.status,
        )
    market = page.query.market or next((row_market for row in rows if (row_market := _row_market(row))), None)
    kind = _kind_by_curves(rows) if page.query.kind in PERIODS else None
    name = list_id(replace(page.query, market=market), kind=kind or page.query.kind)
    entries = [entry for row in rows[:_MAX_ROWS] if (entry := _hashtag(row, name))]
    yield from entries
    left = len(rows) - len(entries)
    total = whole(_first(dicts_with(value, "totalCount"), "totalCount")) or whole(
        _first(dicts_with(value, "total"), "total")
    )
    yield ListNote(
        name,
        length=total,
        complete=(total or 0) >= _WHOLE_LIST,
        findings=(finding("rows_no_hashtag", count=left),) if left else (),
    )


def _other_list(value: Any) -> str | None:
    """The name of a filled list in the reply."""
    holders = (value, dig(value, "data"))
    return next(
        (name for one in holders if isinstance(one, dict) for name, rows in one.items() if objects(rows)), None
    )


def _kind_by_curves(rows: list[Any]) -> str | None:
    """The period that the hashtags' curves span: a saved reply does not say which was asked for."""
    spans = []
    for row in rows:
        times = [int(point.partition(":")[0]) for point in _curve_of(row).split()]
        if len(times) >= _POINTS_OF_A_CURVE:
            spans.append((times[-1] - times[0]) // 86_400 + 1)
    days = max(set(spans), key=spans.count) if spans else 0
    return next((kind for kind, least in _LEAST_DAYS.items() if days >= least), None)


def _page_state(page: Page) -> Any:
    """The state of a saved page that holds hashtags: the older page's, or a script of today's."""
    if b"__NEXT_DATA__" in page.body:
        return in_script(page, "__NEXT_DATA__")
    for script in all_of(parse_html(page), "script"):
        script_text = script.text() or ""
        start = script_text.find("{")
        if "hashtagName" in script_text and start >= 0:
            return parse_json(script_text[start:])
    raise LayoutChanged("No script of the page holds hashtags.")


def _of_creative_center(page: Page) -> bool:
    # An error has no hashtags in it, and must not pass for a page of another kind.
    return any(mark in page.body for mark in (b"hashtagName", b"hashtag_name", b'"BaseResp"', b'"code"'))


def _rows(value: Any) -> list[Any]:
    for path in (("items",), ("data", "list"), ("data", "items")):
        rows = dig(value, *path)
        if isinstance(rows, list):
            return rows
    detail = dig(value, "data", "info")
    if isinstance(detail, dict) and "hashtag_name" in detail:
        return [detail]
    # A hashtag names related ones inside of itself, and a video those in its text: they are no rows.
    named = dicts_with(value, "hashtagName", nested=False) or dicts_with(value, "hashtag_name", nested=False)
    return [row for row in named if any(key in row for key in _OF_A_CHART)]


def _first(holders: list[dict[str, Any]], key: str) -> object:
    return holders[0][key] if holders else None


def _row_market(row: object) -> str | None:
    country = dig(row, "country_info") or dig(row, "countryInfo")
    return market_of(dig(country, "id")) or market_of(dig(country, "label"))


def _hashtag(row: object, name: str) -> Entry | None:
    if not isinstance(row, dict):
        return None
    # camelCase is the page's state, snake_case the older API, "vv" today's reply
    tag = (text(row.get("hashtagName") or row.get("hashtag_name")) or "").lstrip("#").strip()
    if not tag:
        return None
    tag_id = text(row.get("hashtagID") or row.get("hashtagId") or row.get("hashtag_id"))
    key = (tag_id if tag_id.isdecimal() else "") if tag_id else tag.lower()
    views = row.get("vv", row.get("video_views", row.get("videoViews")))
    return Entry(
        name,
        whole(row.get("rankIndex", row.get("rank"))) or None,
        key,
        title=tag,
        url=TAG_PAGE + quote(tag),
        **exact_count(views, "views"),
        is_ad=row.get("is_promoted") is True or row.get("isPromoted") is True,
        extra=extra(
            posts=whole(row.get("publishCnt", row.get("publish_cnt"))),
            posts_ever=whole(row.get("publish_cnt_all")),
            views_ever=whole(row.get("video_views_all")),
            curve=_curve_of(row),
            is_new=True if str(row.get("rank_diff_type", row.get("rankDiffType"))) == "4" else None,
        ),
    )


def _curve_of(row: object) -> str:
    """`epoch:value` pairs in the order of time; sites send them unsorted."""
    found = {}
    for point in members(dig(row, "popularityCurve") or dig(row, "trend")):
        when, value = whole(dig(point, "timestamp") or dig(point, "time")), text(dig(point, "value"))
        if when and value:
            found[when] = value
    return " ".join(f"{when}:{value}" for when, value in sorted(found.items()))


# --- videos and categories of Creative Center ----------------------------------------------------------


def _read_videos(page: Page) -> Iterator[Entry]:
    """Creative Center's top videos, without their creators."""
    rows = dig(envelope(page), "entityInfos")
    name = list_id(page.query, kind="videos")
    yield from ranked(_video(row, name) for row in members(rows)[:_MAX_ROWS])


def _video(row: Any, name: str) -> Entry:
    about, metrics = dig(row, "itemInfo"), dig(row, "itemMetrics")
    return Entry(
        name,
        None,
        text(dig(about, "itemID")) or "",
        title=text(dig(about, "title")),
        image=web_url(dig(about, "coverURL")),
        **exact_count(dig(metrics, "videoViews"), "views"),
        listed_at=moment(dig(about, "createTime")),
        extra=extra(
            engagement_rate=dig(metrics, "engagementRate"),
            label=text(dig(row, "contentTags", 0, "contentLabelName")),
        ),
    )


def _read_top_categories(page: Page) -> Iterator[Entry | ListNote]:
    """The older "Top Products", which ranks categories of goods, not goods."""
    value = envelope(page)
    name = list_id(page.query, kind="top_categories")
    rows = dig(value, "data", "list")
    yield from ranked(_category(row, name) for row in members(rows)[:_MAX_ROWS])
    total = whole(dig(value, "data", "pagination", "total"))
    yield ListNote(name, length=total, complete=total is not None and total == len(members(rows)))


def _category(row: Any, name: str) -> Entry:
    level = {"l1": "first", "l2": "second"}.get(str(dig(row, "ecom_type")), "third")
    category = dig(row, f"{level}_ecom_category")
    return Entry(
        name,
        None,
        text(dig(category, "id")) or "",
        title=text(dig(category, "value")) or text(dig(row, "url_title")),
        image=web_url(dig(row, "cover_url")),
        **exact_count(dig(row, "post"), "posts"),
        extra=extra(
            change_percent=dig(row, "post_change"),
            impressions=whole(dig(row, "impression")),
            parent=text(dig(row, "first_ecom_category", "value")),
        ),
    )


# --- keywords and songs of Creative Center -------------------------------------------------------------


def _trends_query_of(url: str) -> Query | None:
    """Kind and country of the interface's addresses."""
    parts = split_url(url)
    kind = next((kind for mark, kind in (("sound", "songs"), ("keyword", "keywords")) if mark in parts.path), None)
    if not (parts.hostname or "").startswith("ads.tiktok.") or kind is None:
        return None
    told = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return Query("tiktok_trends", market_of(told.get("country_code") or told.get("countryCode")), kind)


def _read_keywords(page: Page) -> Iterator[Entry | ListNote]:
    """Keywords of advertisements, with how many posts use each."""
    value = envelope(page)
    holder = next(iter(dicts_with(value, "keyword_list")), {})
    name = list_id(page.query, kind="keywords")
    yield from ranked(_keyword(row, name) for row in objects(holder.get("keyword_list"))[:_MAX_ROWS])
    yield _page_of(holder, name)


def _keyword(row: Row, name: str) -> Entry:
    keyword = text(row.get("keyword")) or ""
    return Entry(
        name,
        None,
        keyword.lower(),
        title=keyword,
        **exact_count(row.get("post"), "posts"),
        extra=extra(
            change_percent=row.get("post_change"),
            impressions=whole(row.get("impression")),
            likes=whole(row.get("like")),
            comments=whole(row.get("comment")),
            shares=whole(row.get("share")),
            click_rate=row.get("ctr"),
        ),
    )


def _read_songs(page: Page) -> Iterator[Entry | ListNote]:
    """Songs by their place, with the curve of their use; the interface counts nothing. Artists are not read."""
    value = envelope(page)
    holder = next(iter(dicts_with(value, "sound_list")), {})
    rows = objects(holder.get("sound_list"))[:_MAX_ROWS]
    markets = {market_of(row.get("country_code")) for row in rows}
    market = page.query.market or (markets.pop() if len(markets) == 1 else None)
    name = list_id(replace(page.query, market=market), kind="songs")
    for row in rows:
        yield Entry(
            name,
            None if row.get("promoted") is True else whole(row.get("rank")),
            text(row.get("clip_id")) or "",
            title=text(row.get("title")),
            url=web_url(row.get("link")),
            image=web_url(row.get("cover")),
            is_ad=row.get("promoted") is True,
            extra=extra(curve=_curve_of(row), seconds=whole(row.get("duration"))),
        )
    yield _page_of(holder, name)


def _page_of(holder: dict[str, Any], name: str) -> ListNote:
    """How long the list is. An anonymous reader sees its first rows only; what follows was not looked at."""
    return ListNote(name, length=whole(dig(holder, "pagination", "total")))


_WALLS = Walls(
    marks=(
        (b"captcha_container", "a captcha"),
        (b"tiktok-verify-page", "a captcha"),
        (b"<title>log in | tiktok", "a login"),
        (b"secsdk-captcha", "a captcha"),
    ),
    # Pages with a list name the captcha's scripts too.
    unless=(b"challenge-vvcount", b"challengeInfo", b"hashtagName", b"hashtag_name"),
)


SOURCES = (
    Source(
        name="tiktok_hashtags",
        platform="tiktok",
        sells=False,
        items="hashtag",
        items_of=(("videos", "video"), ("top_categories", "topic")),
        ids_worldwide=True,
        title="TikTok hashtags: Creative Center and tag pages",
        kinds=(*PERIODS, "tag"),
        markets=MARKETS,
        way_in=("live", "own"),
        terms=TERMS,
        why=(
            "On: the preview needs no login and no signature. It shows three tags a query, so lists are partial "
            "and rank gaps are real; ask by industry for more. Kind tag reads the count of single tags. "
            "Older, signed interfaces are read where you saved a reply, never asked. Creators are never read."
        ),
        key_form=r"[^\s.,']{1,150}",  # an id, or the tag itself
        readers=(
            Reader("videos of Creative Center", lambda page: b'"entityInfos"' in page.body, _read_videos),
            Reader("top categories until 2026", lambda page: b"_ecom_category" in page.body, _read_top_categories),
            Reader("Creative Center", _of_creative_center, _read_popular),
            Reader("tag reply", lambda page: b'"challengeInfo"' in page.body, read_tag_reply),
            Reader("tag page", lambda page: b"challenge-vvcount" in page.body, read_tag_page),
            Reader("discover of 2021", lambda page: b'"challengeId"' in page.body, read_discover),
        ),
        hosts=("ads.tiktok.com", "www.tiktok.com"),
        default_on=True,
        requests=_requests,
        query_of=_query_of,
        walls=_WALLS,
        spacing_s=4.0,
        categories=(*INDUSTRIES, *WATCH_LIST),
        marks=(
            "publishCnt",
            "publish_cnt",
            "BaseResp",
            "challenge-vvcount",
            '"challengeInfo"',
            '"challengeId"',
            '"entityInfos"',
            "_ecom_category",
        ),
    ),
    Source(
        name="tiktok_trends",
        platform="tiktok",
        sells=False,
        items="topic",
        ids_worldwide=True,
        title="TikTok Creative Center: keywords and songs",
        kinds=("keywords", "songs"),
        markets=MARKETS,
        way_in=("own",),
        terms=TERMS,
        why="Own files only: the interface is signed since 2026. A reply that you saved is read; artists are not.",
        key_form=r"[^\x00-\x1f]{1,150}",  # a clip's id, or the keyword itself
        readers=(
            Reader("keywords", lambda page: b'"keyword_list"' in page.body, _read_keywords),
            Reader("songs", lambda page: b'"sound_list"' in page.body, _read_songs),
        ),
        query_of=_trends_query_of,
        walls=_WALLS,
        marks=('"keyword_list"', '"sound_list"'),
    ),
)
