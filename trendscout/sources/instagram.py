"""Posts of a tag on Instagram, as data services and scrapers give them. Who posted is not read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from trendscout.model import CountKind, Entry, ListNote, Page, Query
from trendscout.sources._fields import CountFields, exact_count, extra, moment, text, web_url
from trendscout.sources._replies import holds, reply
from trendscout.sources._rows import Row, first, host_of, ranked, rows_at, split_url
from trendscout.sources.source import Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dig

_SITE = "https://www.instagram.com/"
_KEYS = ("shortCode", "shortcode")
_MARKS = tuple(f'"{key}"' for key in _KEYS)
_SHARE = 3
_WALLS = Walls(
    marks=((b'"require_login"', "a login"),),
    addresses=((r"/accounts/login", "a login"),),
    unless=tuple(mark.encode() for mark in _MARKS),
)
_TAG = re.compile(r"/explore/(?:tags|search/keyword)/([^/]{1,100})")
# A list counts one thing, the first of these that a third of its posts tell; the others stay beside it.
_COUNTS: tuple[tuple[CountKind, tuple[str, ...]], ...] = (
    ("plays", ("videoPlayCount", "playCount", "play_count", "videoViewCount", "video_view_count")),
    ("likes", ("likesCount", "likeCount", "like_count")),
    ("saves", ("savesCount", "saveCount", "save_count")),
)


def _query_of(url: str) -> Query | None:
    if not host_of(url).endswith("instagram.com"):
        return None
    tag = _TAG.search(split_url(url).path)
    return Query("instagram", None, "posts", tag[1] if tag else "")


def _counts(row: Row) -> dict[CountKind, CountFields]:
    """By kind, each count that can be read; -1 is one that its owner hides."""
    told = {kind: exact_count(first(*map(row.get, keys)), kind) for kind, keys in _COUNTS}
    return {kind: count for kind, count in told.items() if count}


def _kind(rows: list[Row]) -> CountKind:
    """What the list counts: likes of one post never stand in for the plays of another."""
    told = Counter(kind for row in rows for kind in _counts(row))
    return next((kind for kind, _ in _COUNTS if _SHARE * told[kind] >= len(rows)), _COUNTS[0][0])


def _entry(row: Row, name: str, kind: CountKind) -> Entry:
    key = text(first(*map(row.get, _KEYS))) or ""
    counts = _counts(row)
    caption = row.get("caption")
    return Entry(
        name,
        None,
        key,
        title=text(first(dig(caption, "text") if isinstance(caption, dict) else caption, row.get("alt"))),
        url=web_url(row.get("url")) or (f"{_SITE}p/{key}/" if key else None),
        image=web_url(first(row.get("displayUrl"), row.get("display_url"))),
        **counts.get(kind, {}),
        listed_at=moment(first(row.get("timestamp"), row.get("taken_at"), row.get("taken_at_timestamp"))),
        extra=extra(**{other: count.get("count") for other, count in counts.items() if other != kind}),
    )


def _read_posts(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    """Posts in the reply's order, each with its plays, likes or saves."""
    rows = rows_at(document, (), ("items",), ("data",), ("topPosts",), having=_KEYS)
    name, kind = list_id(page.query), _kind(rows)
    yield from ranked(_entry(row, name, kind) for row in rows)


SOURCES = (
    Source(
        name="instagram",
        platform="instagram",
        sells=False,
        items="video",
        title="Instagram: posts of a tag",
        kinds=("posts",),
        markets=("US", "UK", "DE", "FR", "IT", "ES", "BR", "MX", "ID", "JP", "IN"),
        way_in=("own",),
        terms="https://help.instagram.com/581066165581870",
        why="Off: the site needs a login. Bring the reply of a data service; posts are read, people are not.",
        readers=(reply("posts", holds(*_MARKS), _read_posts),),
        query_of=_query_of,
        walls=_WALLS,
        key_form=r"[\w-]{5,40}",
        marks=("instagram.com/", "cdninstagram.com"),
        item_url=lambda key, _: f"{_SITE}p/{key}/",
    ),
)
