"""Douyin's hot list: what China searches for now, with the site's own heat index, and its rising words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from trendscout.errors import Blocked
from trendscout.model import Entry, ListNote, Page, Query
from trendscout.sources._fields import CountFields, exact_count, extra, moment, text, web_url, whole
from trendscout.sources._replies import reply
from trendscout.sources._rows import Doubts, Row, first, host_of, ranked, rows_at, told
from trendscout.sources.source import Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dig

_MARKS = ("word",)


_WALLS = Walls(marks=(("验证码中间页".encode(), "a captcha"),))


def _query_of(url: str) -> Query | None:
    return Query("douyin_hot", "CN", "hot") if host_of(url).endswith(("douyin.com", "iesdouyin.com")) else None


def _count(row: Row) -> CountFields:
    """Views where they are told. The heat index is no count of anything and stays in `extra`."""
    views = whole(row.get("view_count"))
    return exact_count(views, "views") if views else {}


def _entry(row: Row, name: str, key: str = "sentence_id") -> Entry:
    word = text(row.get("word"))
    sentence = text(row.get("sentence_id"))
    link = f"https://www.douyin.com/hot/{quote(sentence)}" if sentence else None
    return Entry(
        list=name,
        rank=None,
        item_key=text(row.get(key)) or "",
        title=word,
        url=link,
        image=web_url(dig(row, "word_cover", "url_list", 0)),
        **_count(row),
        listed_at=moment(row.get("event_time")),
        extra=extra(
            heat=whole(row.get("hot_value")), videos=whole(row.get("video_count")), label=whole(row.get("label"))
        ),
    )


def _placed(rows: list[Row], name: str, doubts: Doubts) -> Iterator[Entry]:
    """The entries at the positions that they tell; a pinned word at position 0 has no place in the order."""
    free = [row for row in rows if whole(row.get("position")) != 0]
    for row in rows:
        if whole(row.get("position")) == 0:
            yield _entry(row, name)
    for row, entry in zip(free, ranked(_entry(row, name) for row in free), strict=True):
        yield replace(entry, rank=doubts.agreed("rank", entry.rank, whole(row.get("position"))))


def _read(document: Any, page: Page) -> Iterator[Entry | ListNote]:
    status = whole(dig(document, "status_code"))
    if status:
        raise Blocked("Douyin refused the list (status {status}).", status=status)
    rows = rows_at(document, ("data", "word_list"), ("word_list",), having=_MARKS)
    query = told(page, market="CN")
    name, doubts = list_id(query, kind="hot"), Doubts()
    yield from _placed(rows, name, doubts)
    yield doubts.note(name)
    rising: Any = first(dig(document, "data", "trending_list"), dig(document, "trending_list"))
    if isinstance(rising, list) and rising:
        name = list_id(query, kind="rising")
        rows = [row if isinstance(row, dict) else {} for row in rising]
        yield from ranked(_entry(row, name, "group_id") for row in rows)


SOURCES: tuple[Source, ...] = (
    Source(
        name="douyin_hot",
        platform="douyin",
        sells=False,
        items="topic",
        title="Douyin hot list",
        kinds=("hot", "rising"),
        markets=("CN",),
        way_in=("own",),
        terms="https://www.douyin.com/agreements/?id=6773906068725565448",
        why="Off: the list is given only with a cookie of the site. Save the reply that your browser gets.",
        readers=(reply("word list", '"word_list"', _read),),
        query_of=_query_of,
        walls=_WALLS,
        key_form=r"\d{3,25}",
        marks=('"word_list"',),
        alone=("hot", "rising"),
    ),
)
