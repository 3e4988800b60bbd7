"""YouTube: the most popular videos by the official interface, and the videos of a hashtag page.

Channels are people: neither their names nor their ids are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from trendscout.errors import LayoutChanged
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._fields import (
    CountFields,
    exact_count,
    extra,
    members,
    moment,
    shown_count,
    text,
    web_url,
    whole,
)
from trendscout.sources._replies import holds, is_json, reply
from trendscout.sources._rows import ranked, split_url
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import after, dicts_with, dig, parse_json
from trendscout.text.markets import country_of, market_in

_API = "https://www.googleapis.com/youtube/v3/videos"
_TERMS = "https://www.youtube.com/t/terms"
_MARKETS = (
    "US",
    "UK",
    "DE",
    "FR",
    "IT",
    "ES",
    "JP",
    "KR",
    "IN",
    "BR",
    "MX",
    "ID",
    "TH",
    "VN",
    "PH",
    "MY",
    "SG",
    "TW",
)
_RENDERERS = ("videoRenderer", "gridVideoRenderer", "lockupViewModel", "reelItemRenderer", "shortsLockupViewModel")
# The long text is never rounded, so that groups of digits are one number in every language; the short one is.
_FULL_COUNT = re.compile(
    r"(\d{1,3}) views?|\D{0,40}(\d{1,3}(?:[.,'\u2019\s]\d{2,3}){0,4}[.,'\u2019\s]\d{3})\D{0,40}"
)
_MAX_ROWS = 1000


# --- most popular, by key ------------------------------------------------------------------------------


def _popular_query_of(url: str) -> Query | None:
    """Region and category of a call; the key in it is not looked at."""
    parts = split_url(url)
    if not parts.path.endswith("/youtube/v3/videos"):
        return None
    params = {key: values[0] for key, values in parse_qs(parts.query).items()}
    if "chart" not in params:
        return None
    return Query(
        "youtube_popular",
        market_in(params.get("regionCode", "")) or None,
        "most_popular",
        params.get("videoCategoryId", ""),
    )


def _popular_requests(query: Query) -> Sequence[Request]:
    """The 50 most popular videos of a country, by the user's key."""
    region = country_of(query.market or "US").upper()
    narrowed = f"&videoCategoryId={quote(query.category)}" if query.category else ""
    asked = f"part=snippet,statistics&chart=mostPopular&regionCode={region}&maxResults=50{narrowed}"
    return (Request(f"{_API}?{asked}&key={{key}}"),)


def _read_popular(value: Any, page: Page) -> Iterator[Entry | ListNote]:
    """Videos of the reply in its order; a count that the channel hides is missing."""
    items = value if isinstance(value, list) else dig(value, "items")
    if not isinstance(items, list):
        raise LayoutChanged("The reply has no items.")
    chart = _popular_query_of(page.url) is not None or bool(
        dig(value, "nextPageToken") or dig(value, "prevPageToken")
    )
    # A chart has more pages than one; videos that were asked for by their ids stand in the order of asking.
    name = list_id(page.query, kind="" if chart else "videos")
    videos = [_popular(item, name) for item in items[:_MAX_ROWS]]
    yield from ranked(videos, before=(page.number - 1) * len(items)) if chart else videos
    yield ListNote(name, length=whole(dig(value, "pageInfo", "totalResults")))


def _popular(item: Any, name: str) -> Entry:
    key, snippet = text(dig(item, "id")) or text(dig(item, "id", "videoId")), dig(item, "snippet")
    thumbnails = dig(snippet, "thumbnails")
    return Entry(
        name,
        None,
        key or "",
        title=text(dig(snippet, "title")),
        url=f"https://www.youtube.com/watch?v={key}" if key else None,
        image=web_url(dig(thumbnails, "medium", "url") or dig(thumbnails, "default", "url")),
        **exact_count(dig(item, "statistics", "viewCount"), "views"),
        listed_at=moment(dig(snippet, "publishedAt")),
        extra=extra(
            likes=whole(dig(item, "statistics", "likeCount")),
            comments=whole(dig(item, "statistics", "commentCount")),
            category_id=text(dig(snippet, "categoryId")),
        ),
    )


_POPULAR_WALLS = Walls(
    replies=(
        (rb'^\s*\{\s*"error"(?s:.{0,4000}?)"reason"\s*:\s*"(\w{1,60})"', "a refusal of the key ({code})"),
        (rb'^\s*\{\s*"error"(?s:.{0,4000}?)"(?:status|code)"\s*:\s*"?(\w{1,60})', "a refusal of the key ({code})"),
    )
)


# --- hashtag pages -------------------------------------------------------------------------------------


def _hashtag_query_of(url: str) -> Query | None:
    """The tag of a hashtag page."""
    parts = split_url(url)
    path = [part for part in parts.path.split("/") if part]
    if not (parts.hostname or "").endswith("youtube.com") or len(path) < 2 or path[0] != "hashtag":
        return None
    return Query("youtube_hashtag", None, "hashtag", unquote(path[1]).lower())


def _read_hashtag(page: Page) -> Iterator[Entry]:
    """Videos of a browse reply or of a saved page's own state, in the order shown."""
    value = parse_json(page) if is_json(page) else after(page, "ytInitialData")
    name = list_id(page.query)
    yield from ranked(entry for one in _videos(value)[:_MAX_ROWS] if (entry := _video(one, name)))


def _videos(value: Any) -> list[Any]:
    """Renderers of single videos in the first form that the page has; shorts where there is nothing else."""
    for kind in _RENDERERS:
        found = [holder[kind] for holder in dicts_with(value, kind)]
        if found:
            return found
    return []


def _video(video: Any, name: str) -> Entry | None:
    short = text(dig(video, "onTap", "innertubeCommand", "reelWatchEndpoint", "videoId"))
    key = text(dig(video, "videoId")) or text(dig(video, "contentId")) or short
    if not key:
        return None
    if short and not (text(dig(video, "entityId")) or short).endswith(short):
        return Entry(name, None, "")  # it says two ids
    parts = dig(video, "metadata", "lockupMetadataViewModel")
    title = _shown(dig(video, "title")) or _shown(dig(video, "headline")) or text(dig(parts, "title", "content"))
    title = title or text(dig(video, "overlayMetadata", "primaryText", "content"))
    age = _shown(dig(video, "publishedTimeText")) or _part(parts, "ago")
    thumbnails = dig(video, "thumbnail", "thumbnails")
    return Entry(
        name,
        None,
        key,
        title=title,
        url=f"https://www.youtube.com/watch?v={key}",
        image=web_url(dig(thumbnails, -1, "url")) or f"https://i.ytimg.com/vi/{key}/hqdefault.jpg",
        **_views(video, parts),
        extra=extra(published_text=age, length=_shown(dig(video, "lengthText"))),
    )


_UNIT = re.compile(r"view|watch", re.IGNORECASE)
_WATCHED_NOW = re.compile(
    r"watching|zuschau|specta|espectador|viendo|assistindo|spettator|kijkers|ogląda|смотр|izliyor|視聴中|시청 중|"
    r"正在观看|正在觀看|menonton|đang xem|กำลังดู",
    re.IGNORECASE,
)


def _views(video: Any, parts: Any) -> CountFields:
    full = _shown(dig(video, "viewCountText"))
    for shown in (
        full,
        _shown(dig(video, "shortViewCountText")),
        _part(parts, "view"),
        text(dig(video, "overlayMetadata", "secondaryText", "content")),
    ):
        if shown and shown.lower().startswith("no view"):
            return {"count": 0, "count_kind": "views", "count_floor": False, "count_text": shown}
        if (match := _FULL_COUNT.fullmatch(full or "")) and not _WATCHED_NOW.search(full or ""):
            return exact_count(re.sub(r"\D", "", match[1] or match[2]), "views", full)
        if shown and isinstance(dig(video, "viewCountText", "runs"), list) and not _UNIT.search(shown):
            return {"count_text": shown}
        if shown:  # a live video says "85 watching", in two pieces
            return shown_count(shown, "watchers" if "watching" in shown else "views")
    return {}


def _shown(value: Any) -> str | None:
    """Text in either of YouTube's forms: `simpleText`, or `runs` of pieces."""
    runs = dig(value, "runs")
    if isinstance(runs, list):
        return text("".join(str(dig(run, "text") or "") for run in runs))
    return text(dig(value, "simpleText"))


def _part(parts: Any, word: str) -> str | None:
    """The metadata part that has a word in it ("1.2M views", "3 days ago"); others may name the channel."""
    for row in members(dig(parts, "metadata", "contentMetadataViewModel", "metadataRows")):
        for part in members(dig(row, "metadataParts")):
            shown = text(dig(part, "text", "content"))
            if shown and word in shown.lower() and any(sign.isdigit() for sign in shown):
                return shown
    return None


_HASHTAG_WALLS = Walls(
    marks=(
        (b"consent.youtube.com", "a consent page"),
        (b"google.com/sorry", "a captcha"),
        (b"sign in to confirm you", "a login"),
    ),
    unless=(b"videoRenderer",),
)


SOURCES = (
    Source(
        name="youtube_popular",
        platform="youtube",
        item_url=lambda key, _: f"https://www.youtube.com/watch?v={quote(key)}",
        sells=False,
        items="video",
        ids_worldwide=True,
        title="YouTube's most popular videos",
        kinds=("most_popular",),
        markets=_MARKETS,
        way_in=("key", "own"),
        terms="https://developers.google.com/youtube/terms/api-services-terms-of-service",
        why="Off until you set your own key: the trending page went in July 2025, the official call remains.",
        key_form=r"[\w-]{11}",
        readers=(reply("Data API v3", '"youtube#video', _read_popular),),
        hosts=("www.googleapis.com",),
        requests=_popular_requests,
        query_of=_popular_query_of,
        walls=_POPULAR_WALLS,
        key_env="TRENDSCOUT_YOUTUBE_KEY",
        length=50,
        marks=('"youtube#video"',),
    ),
    Source(
        name="youtube_hashtag",
        platform="youtube",
        item_url=lambda key, _: f"https://www.youtube.com/watch?v={quote(key)}",
        sells=False,
        items="video",
        ids_worldwide=True,
        title="Videos of a YouTube hashtag",
        kinds=("hashtag",),
        markets=_MARKETS,
        way_in=("own",),
        terms=_TERMS,
        why="Own files only: scripts draw the page, and it stands behind consent. Save it, or its browse reply.",
        key_form=r"[\w-]{11}",
        readers=(
            Reader(
                "videos of a hashtag",
                holds(*_RENDERERS),
                _read_hashtag,
            ),
        ),
        query_of=_hashtag_query_of,
        walls=_HASHTAG_WALLS,
        categories=("tiktokmademebuyit", "gadgets"),
        marks=("ytimg.com", "ytInitialData"),
    ),
)
