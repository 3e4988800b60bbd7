"""Single TikTok tags: their pages, replies and page state, and the discover page of 2021. People are not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from trendscout.errors import LayoutChanged
from trendscout.model import Entry, Page
from trendscout.sources._fields import CountFields, exact_count, extra, members, text, whole
from trendscout.sources._rows import ranked
from trendscout.sources._tiktok import TAG_PAGE, envelope
from trendscout.sources.source import list_id
from trendscout.text.jsontext import dicts_with, dig, in_script, parse_json
from trendscout.text.markup import parse_html, text_of
from trendscout.text.numbers import parse_count

_MAX_ROWS = 1000


def read_tag_page(page: Page) -> Iterator[Entry]:
    """The count on a tag's page. The element is named after views; its text says videos: the text is right."""
    tree = parse_html(page)
    title = (text_of(tree, "[data-e2e=challenge-title]") or "").lstrip("#").strip()
    shown = text_of(tree, "[data-e2e=challenge-vvcount]")
    if not title or not shown:
        raise LayoutChanged("The tag page shows no tag or no count.")
    read = parse_count(shown)
    counts: CountFields = {"count_text": shown}
    if read and read.unit in ("views", "videos", "posts"):
        counts = {"count": read.value, "count_kind": read.unit, "count_floor": read.is_floor, "count_text": shown}
    yield _tag(page, title, counts, {})


def read_tag_reply(page: Page) -> Iterator[Entry]:
    """A tag's counts from `challengeInfo`, in a reply or in the page's own state; 0 means "not given"."""
    html = b"__UNIVERSAL_DATA_FOR_REHYDRATION__" in page.body
    value = in_script(page, "__UNIVERSAL_DATA_FOR_REHYDRATION__") if html else envelope(page)
    holders = dicts_with(value, "challengeInfo")
    if not holders:
        raise LayoutChanged("The reply has no challengeInfo.")
    info = holders[0]["challengeInfo"]
    title = (text(dig(info, "challenge", "title")) or "").lstrip("#")
    videos = whole(dig(info, "statsV2", "videoCount") or dig(info, "stats", "videoCount"))
    views = whole(dig(info, "statsV2", "viewCount") or dig(info, "stats", "viewCount"))
    # Videos first: the page shows these, and a tag keeps its unit whichever way it was read.
    counts = exact_count(videos, "videos") if videos else exact_count(views or None, "views")
    key = text(dig(info, "challenge", "id"))
    yield _tag(page, title, counts, extra(challenge_id=key, views=views or None))


def _tag(page: Page, tag: str, counts: CountFields, more: dict[str, str | int | float | bool | None]) -> Entry:
    name = list_id(page.query, kind="tag", category=tag.lower())
    return Entry(name, None, tag.lower(), title=tag, url=TAG_PAGE + quote(tag), **counts, extra=more)


def read_discover(page: Page) -> Iterator[Entry]:
    """The hashtags of the public discover page of 2021 and 2022; its users are left out."""
    name = list_id(page.query, kind="discover")
    rows = dig(parse_json(page), "hashtag")
    yield from ranked(_discovered(row, name) for row in members(rows)[:_MAX_ROWS])


def _discovered(row: Any, name: str) -> Entry:
    tag, tag_id = (text(dig(row, "name")) or "").lstrip("#"), text(dig(row, "challengeId"))
    return Entry(
        name,
        None,
        (tag_id if tag_id.isdecimal() else "") if tag_id else tag,
        title=tag,
        url=TAG_PAGE + quote(tag),
        **exact_count(dig(row, "stats", "views"), "views"),
    )
