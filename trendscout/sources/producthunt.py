"""Product Hunt: new odd things, by its public feed or a saved GraphQL reply. Makers are not read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from trendscout.errors import Blocked
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._fields import exact_count, extra, joined, members, moment, text, web_url, whole
from trendscout.sources._replies import is_json, reply
from trendscout.sources._rows import ranked
from trendscout.sources.source import Reader, Source, list_id
from trendscout.text.jsontext import dig
from trendscout.text.markup import parse_feed

_FEED = "https://www.producthunt.com/feed"
_ATOM = "{http://www.w3.org/2005/Atom}"
_POST_ID = re.compile(r"Post/(\d+)")
_TAGS = re.compile(r"<[^>]{0,500}>")
_MAX_ROWS = 1000


def _query_of(url: str) -> Query | None:
    """The feed or the GraphQL interface."""
    if "producthunt.com" not in url:
        return None
    return Query("producthunt", None, "posts" if "graphql" in url else "feed")


def _requests(query: Query) -> Sequence[Request]:
    """The feed of the newest products, or of one topic."""
    return (Request(f"{_FEED}?category={query.category}" if query.category else _FEED),)


def _read_feed(page: Page) -> Iterator[Entry]:
    """Products of the Atom feed, newest first: an order of time, not of rank."""
    name = list_id(page.query, kind="feed")
    for item in parse_feed(page).findall(f"{_ATOM}entry")[:_MAX_ROWS]:
        link = item.find(f"{_ATOM}link")
        atom_id = text(item.findtext(f"{_ATOM}id")) or ""
        match = _POST_ID.search(atom_id)
        yield Entry(
            name,
            None,
            match.group(1) if match else "",
            title=text(item.findtext(f"{_ATOM}title")),
            url=web_url(link.get("href") if link is not None else None),
            listed_at=moment(item.findtext(f"{_ATOM}published")),
            extra=extra(tagline=_first_line(item.findtext(f"{_ATOM}content"))),
        )


def _first_line(content: str | None) -> str | None:
    return text(_TAGS.sub("\n", content).strip().split("\n")[0]) if content else None


def _nodes(connection: object) -> list[Any]:
    """The members of a GraphQL connection, whichever of its two forms was asked for."""
    return members(dig(connection, "nodes")) or [dig(edge, "node") for edge in members(dig(connection, "edges"))]


def _read_posts(value: Any, page: Page) -> Iterator[Entry | ListNote]:
    """Products of a GraphQL reply in its order, with their votes."""
    posts = dig(value, "data", "posts")
    rows = _nodes(posts)
    message = text(dig(value, "errors", 0, "message")) or text(dig(value, "errors", 0, "error"))
    if message and not rows:
        raise Blocked(
            "producthunt: the interface answers with an error: {told}.",
            next_step="Check the token with which the reply was made.",
            told=message[:100],
        )
    name = list_id(page.query, kind="posts")
    yield from ranked(_post(row, name) for row in rows[:_MAX_ROWS])
    yield ListNote(name, length=whole(dig(posts, "totalCount")))


def _post(post: Any, name: str) -> Entry:
    return Entry(
        name,
        None,
        text(dig(post, "id")) or "",
        title=text(dig(post, "name")),
        url=web_url(dig(post, "url") or dig(post, "website")),
        image=web_url(dig(post, "thumbnail", "url")),
        **exact_count(dig(post, "votesCount"), "votes"),
        listed_at=moment(dig(post, "createdAt")),
        extra=extra(
            tagline=text(dig(post, "tagline")),
            comments=whole(dig(post, "commentsCount")),
            featured=dig(post, "featuredAt") is not None,
            topics=joined(dig(topic, "name") for topic in _nodes(dig(post, "topics"))),
        ),
    )


SOURCES = (
    Source(
        name="producthunt",
        platform="producthunt",
        sells=False,
        items="app",
        title="Product Hunt: new products",
        kinds=("feed", "posts"),
        markets=("US",),
        way_in=("live", "own"),
        terms="https://www.producthunt.com/legal/terms-of-service",
        why=(
            "On: the feed is made to be read, and shows new odd things early. It has no votes; a GraphQL reply "
            "that you saved with your own token has them."
        ),
        key_form=r"\d{1,12}",
        readers=(
            Reader("feed", lambda page: b"<feed" in page.body[:2000], _read_feed),
            reply("GraphQL", is_json, _read_posts),
        ),
        hosts=("www.producthunt.com",),
        default_on=True,
        requests=_requests,
        query_of=_query_of,
        marks=("producthunt.com", '"votesCount"'),
        alone=("feed",),
    ),
)
