"""JD charts (榜单): a stage of the site lists charts, each with how much its goods sold together."""

from __future__ import annotations

from collections.abc import Iterator

from trendscout.model import Entry, ListNote, Page, Query
from trendscout.source import Reader, Source, list_id
from trendscout.sources._fields import CountFields, extra, text, web_url
from trendscout.sources._rows import Doubts, Row, first, host_of, param, ranked, rows_at, told
from trendscout.text.jsontext import dicts_with, dig, parse_json
from trendscout.text.numbers import parse_count

_WALLS: tuple[tuple[bytes, str], ...] = (
    (b"cfe.m.jd.com/privatedomain/risk_handler", "a captcha"),
    (b"passport.jd.com/new/login", "a login"),
    (b"plogin.m.jd.com", "a login"),
)


def _wall(page: Page) -> str | None:
    if b'"advertId"' in page.body:
        return None
    return next((what for mark, what in _WALLS if mark in page.body or mark.decode() in page.url), None)


def _query_of(url: str) -> Query | None:
    host = host_of(url)
    return Query("jd", "CN", "charts", param(url, "activityId")) if host.endswith("jd.com") else None


def _count(row: Row, doubts: Doubts) -> CountFields:
    """Pieces sold, told twice: "64.9万+", and in a sentence that may be a step ahead ("8000+" beside 9000+)."""
    shown = text(dig(row, "extension", "totalSaleInfoNumStr"))
    sentence = text(dig(row, "extension", "totalSaleInfoStr"))
    number = parse_count(shown, "CN", "zh") if shown else None
    said = parse_count(sentence, "CN", "zh") if sentence else None
    if number and said and not number.value <= 2 * said.value <= 4 * number.value:
        doubts.agreed("count", number.value, said.value)
        number = None
    if number is None:
        return {"count_text": shown or sentence}
    floor = number.is_floor or "万" in number.text
    return {"count": number.value, "count_kind": "sold", "count_floor": floor, "count_text": shown}


def _entry(row: Row, name: str, doubts: Doubts) -> Entry:
    return Entry(
        list=name,
        rank=None,
        item_key=text(row.get("advertId")) or "",
        title=text(first(row.get("name"), dig(row, "extension", "lname"))),
        url=web_url(first(dig(row, "extension", "jumpUrl"), row.get("clickUrl"))),
        image=web_url(row.get("pictureUrl")),
        **_count(row, doubts),
        extra=extra(chart_id=text(row.get("link")), first_sku=text(dig(row, "extension", "matId"))),
    )


def _read(page: Page) -> Iterator[Entry | ListNote]:
    document = parse_json(page)
    rows = rows_at(document, ("list",), ("data", "list"), having=("advertId",))
    stage = next(iter(dicts_with(document, "stageId")), {})
    query = told(page, market="CN", category=text(stage.get("stageId")) or "")
    name, doubts = list_id(query), Doubts()
    yield from ranked(_entry(row, name, doubts) for row in rows)
    yield doubts.note(name)


SOURCES: tuple[Source, ...] = (
    Source(
        name="jd",
        platform="jd",
        title="JD charts",
        kinds=("charts",),
        markets=("CN",),
        way_in=("own",),
        terms="https://in.m.jd.com/help/app/register_info.html",
        why="Off: the charts need a login. Save the reply that your browser gets; each row is a chart.",
        readers=(Reader("stage of charts", lambda page: b'"advertId"' in page.body, _read),),
        query_of=_query_of,
        wall=_wall,
        key_form=r"\d{3,20}",
    ),
)
