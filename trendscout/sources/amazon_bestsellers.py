"""Amazon's ranked lists: Best Sellers, New Releases, Movers & Shakers, Most Wished For.

A category page is a grid that names all its 50 items and ranks in one JSON attribute while only 30 cards are
rendered: entries without a card have a key and a rank and nothing else. The front page ("hub") shows the top of
several categories as carousels, each a list of its own. Pages saved before 2022 are an ordered list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from trendscout.errors import Blocked, LayoutChanged
from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources import _amazon as amazon
from trendscout.sources._fields import extra, rating, shown_price, text, web_url, whole
from trendscout.sources._rows import rows_at, split_url
from trendscout.sources.source import Reader, Source, list_id
from trendscout.text.charset import charset_in
from trendscout.text.jsontext import dicts_with, dig, parse_json
from trendscout.text.markets import market_in
from trendscout.text.markup import LexborHTMLParser, LexborNode, all_of, attr_of, parse_html, text_of

KINDS = ("bestsellers", "new_releases", "movers_and_shakers", "most_wished_for")
_PATH_OF = {kind: kind.replace("_", "-") for kind in KINDS}
_PLACE = re.compile(
    r"/(?:gp|zg)/(bestsellers|new-releases|movers-and-shakers|most-wished-for|most-gifted)(?=[/?]|$)"
)
_ZGBS = re.compile(r"/zgbs(?=[/?]|$)")
_BADGE = re.compile(r"\d{1,4}")
_CARD_BYTES = 8192  # real cards have 4,500
_MAX_ROWS = 500  # one page has 50; more is not a list of ours


def _query_of(url: str) -> Query | None:
    """Market, kind and category of a list's address; the front page has no category."""
    market = amazon.market_of(url)
    path = split_url(url).path
    match = _PLACE.search(path) or _ZGBS.search(path)
    if market is None or match is None:
        return None
    kind = match.group(1).replace("-", "_") if match.re is _PLACE else "bestsellers"
    parts = [unquote(part) for part in path[match.end() :].split("/") if part and not part.startswith("ref=")]
    return Query("amazon_bestsellers", market, kind, "/".join(parts))


def _requests(query: Query) -> Sequence[Request]:
    """Two pages of 50 for a category, one for the front page."""
    host = amazon.HOST_OF[query.market or "US"]
    path = f"https://{host}/gp/{_PATH_OF[query.kind or KINDS[0]]}"
    if not query.category:
        return (Request(path),)
    return tuple(
        Request(f"{path}/{query.category}" + (f"?pg={number}" if number > 1 else ""), page=number)
        for number in (1, 2)
    )


def _settled(page: Page) -> Query:
    if _query_of(page.url) is not None:
        return page.query
    address = amazon.canonical(page)
    query = amazon.settled(page, _query_of(address) if address else None)
    if address is None and not query.category:
        kind, category = _by_links(page)
        query = replace(query, kind=kind or query.kind, category=category)
    return query if query.market else replace(query, market=amazon.host_market(page))


_LINK_MARK = re.compile(rb"ref=zg_(bs|bsnr|bsms|mw|mg)_(?:g|c)_([a-z0-9-]{2,40}?)_(?:d_)?(?:sccl|\d)")
_KIND_OF_MARK = {
    b"bs": "bestsellers",
    b"bsnr": "new_releases",
    b"bsms": "movers_and_shakers",
    b"mw": "most_wished_for",
    b"mg": "most_gifted",
}


def _by_links(page: Page) -> tuple[str, str]:
    """Kind and category that the marks in the links of all cards name: `ref=zg_bs_g_beauty_d_sccl_1`."""
    found = set(_LINK_MARK.findall(page.body))
    if len(found) != 1:
        return "", ""
    mark, category = found.pop()
    return _KIND_OF_MARK[mark], category.decode("ascii")


# --- the grid, since 2022 ------------------------------------------------------------------------------


def _read_grid(page: Page) -> Iterator[Entry | ListNote]:
    """All ranks from the grid's attribute, with what the rendered cards say of their items."""
    query = _settled(page)
    name = list_id(query)
    tree = _grid_tree(page)
    grids = all_of(tree, "[data-client-recs-list]")
    rows = [row for grid in grids for row in _attribute_rows(grid)][:_MAX_ROWS]
    if not rows:
        raise Blocked(
            "{source}: the grid of {name} is empty behind status {status}.",
            next_step=(
                "Amazon shows empty lists to data-centre addresses, above all Movers & Shakers. Movers can be "
                "computed from snapshots of Best Sellers; or save the page in a browser and ingest it."
            ),
            source=query.source,
            name=name,
            status=page.status,
        )
    base = amazon.base_of(page, query.market)
    cards: dict[str, LexborNode] = {}
    for card in all_of(tree, "#gridItemRoot [data-asin]") or _cards(tree):
        cards.setdefault(_asin_of(card) or "", card)
    disputed = []
    for row in rows:
        asin, data = str(row.get("id") or ""), row.get("metadataMap") or {}
        rank = whole(data.get("render.zg.rank"))
        rendered = cards.get(asin)
        shown = _badge(rendered)
        if rank is not None and shown is not None and shown != rank:
            disputed.append(asin)
        yield _entry(name, rank or shown, asin, rendered, base, query, _movement(data))
    if disputed:
        yield ListNote(name, findings=(finding("ranks_disagree", count=len(disputed)),))


def _grid_tree(page: Page) -> LexborHTMLParser:
    """The tree of the grid alone: on a real page of 573 kB that is a fifth of the time of parsing all of it."""
    start = page.body.rfind(b"<", 0, page.body.find(b"data-client-recs-list"))
    last_card = page.body.rfind(b'id="gridItemRoot"')
    part = page.body[start : page.body.rfind(b">", start, last_card + _CARD_BYTES) + 1]
    if last_card < start or charset_in(page.body) not in (None, "utf-8"):
        return parse_html(page)
    return parse_html(part)


def _attribute_rows(grid: LexborNode) -> list[dict[str, Any]]:
    try:
        rows = json.loads(grid.attributes.get("data-client-recs-list") or "[]")
    except (ValueError, RecursionError) as error:
        raise LayoutChanged("The grid's own data is no JSON: {error}.", error=str(error)[:100]) from error
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _movement(data: dict[str, Any]) -> dict[str, str | int | float | bool | None]:
    """Sales ranks of Movers & Shakers, where the page gives them; elsewhere they are empty texts."""
    now, before = (
        data.get("render.zg.bsms.currentSalesRank"),
        data.get("render.zg.bsms.twentyFourHourOldSalesRank"),
    )
    change = data.get("render.zg.bsms.percentageChange")
    if not (now or before or change):
        return {}
    return extra(sales_rank=whole(now), sales_rank_before=whole(before), change_text=change)


# --- rendered cards ------------------------------------------------------------------------------------


def _cards(tree: LexborHTMLParser | LexborNode) -> list[LexborNode]:
    # The id repeats on every card; pages without it have the faceout class.
    return all_of(tree, "#gridItemRoot") or all_of(tree, ".zg-grid-general-faceout, .p13n-sc-uncoverable-faceout")


def _asin_of(card: LexborNode) -> str | None:
    asin = attr_of(card, None, "data-asin") or attr_of(card, "[data-asin]", "data-asin")
    return asin or amazon.asin_in(attr_of(card, 'a[href*="/dp/"]', "href"))


def _badge(card: LexborNode | None) -> int | None:
    if card is None:
        return None
    found = _BADGE.search(text_of(card, ".zg-bdg-text") or text_of(card, ".zg-badge-text") or "")
    return int(found.group()) if found else None


def _entry(
    name: str,
    rank: int | None,
    asin: str,
    card: LexborNode | None,
    base: str,
    query: Query,
    more: dict[str, str | int | float | bool | None],
) -> Entry:
    if card is None:
        return Entry(name, rank, asin, url=f"{base}/dp/{asin}" if asin else None, extra=more)
    if query.kind == "movers_and_shakers":
        more |= extra(
            change_text=more.get("change_text") or text_of(card, ".zg-percent-change"),
            movement_text=text_of(card, ".zg-sales-movement"),
        )
    return Entry(
        name,
        rank,
        asin,
        url=f"{base}/dp/{asin}",
        **amazon.card_fields(card, query.market),
        **amazon.price_in(card, query.market),
        extra=more,
    )


def _read_cards(page: Page) -> Iterator[Entry]:
    """The rendered cards of a grid whose attribute is missing, as some saved pages have it."""
    query = _settled(page)
    name, base = list_id(query), amazon.base_of(page, query.market)
    for card in _cards(parse_html(page))[:_MAX_ROWS]:
        asin, rank = _asin_of(card), _badge(card)
        if asin and rank:
            yield _entry(name, rank, asin, card, base, query, {})


# --- the front page ------------------------------------------------------------------------------------


def _read_hub(page: Page) -> Iterator[Entry | ListNote]:
    """The top of each category that the front page shows, one list each."""
    query = _settled(page)
    base = amazon.base_of(page, query.market)
    tree = parse_html(page)
    for carousel in all_of(tree, "[data-a-carousel-options]") or all_of(tree, ".a-carousel-container"):
        slides = [card for card in all_of(carousel, "li.a-carousel-card") if _badge(card)]
        if not slides:
            continue
        kind, category = _carousel_list(carousel, query, base)
        name = list_id(query, kind=kind, category=category)
        for card in slides[:_MAX_ROWS]:
            asin = _asin_of(card)
            if asin:
                yield _entry(name, _badge(card), asin, card, base, query, {})


def _carousel_list(carousel: LexborNode, query: Query, base: str) -> tuple[str, str]:
    """Kind and category of a carousel: from its "see more" link, or else from its heading."""
    for link in all_of(carousel, "a.a-link-normal[href]"):
        found = _query_of(f"{base}{split_url(link.attributes.get('href') or '').path}")
        if found and found.category:
            return found.kind, found.category
    heading = text_of(carousel, ".a-carousel-heading, h2") or "unnamed"
    return query.kind, re.sub(r"\W+", "-", heading.lower()).strip("-")


# --- before 2022 ---------------------------------------------------------------------------------------


def _read_ordered_list(page: Page) -> Iterator[Entry]:
    """The ordered list that category pages were until 2022."""
    query = _settled(page)
    name, base = list_id(query), amazon.base_of(page, query.market)
    for item in all_of(parse_html(page), "#zg-ordered-list > li")[:_MAX_ROWS]:
        asin, rank = _asin_of(item), _badge(item)
        if asin and rank:
            yield _entry(name, rank, asin, item, base, query, {})


# --- replies of a third party's interface --------------------------------------------------------------


def _read_interface(page: Page) -> Iterator[Entry | ListNote]:
    """Ranked rows of a third party's interface, which names country, kind and category itself."""
    value = parse_json(page)
    holder = next(iter(dicts_with(value, "best_sellers")), {})
    asked = next((one["parameters"] for one in dicts_with(value, "parameters")), None)
    query = replace(
        page.query,
        market=page.query.market or _market_of_code(dig(asked, "country") or holder.get("country")),
        kind=_KIND_ASKED.get(text(dig(asked, "type")) or "", page.query.kind),
        category=page.query.category or text(dig(asked, "category")) or "",
    )
    name = list_id(query)
    for row in rows_at(holder, ("best_sellers",), having=("asin",))[:_MAX_ROWS]:
        yield Entry(
            name,
            whole(row.get("rank")),
            text(row.get("asin")) or "",
            title=text(row.get("product_title")),
            url=web_url(row.get("product_url")),
            image=web_url(row.get("product_photo")),
            **shown_price(row.get("product_price"), query.market),
            rating=rating(row.get("product_star_rating")),
            reviews=whole(row.get("product_num_ratings")),
        )
    yield ListNote(name)


_KIND_ASKED = {
    "BEST_SELLERS": "bestsellers",
    "NEW_RELEASES": "new_releases",
    "MOVERS_AND_SHAKERS": "movers_and_shakers",
    "MOST_WISHED_FOR": "most_wished_for",
    "GIFT_IDEAS": "most_gifted",
}


def _market_of_code(code: object) -> str | None:
    country = text(code)
    return market_in(country) if country else None


SOURCES = (
    Source(
        name="amazon_bestsellers",
        platform="amazon",
        item_url=amazon.item_url,
        ids_worldwide=True,
        title="Amazon Best Sellers, New Releases, Movers & Shakers, Most Wished For",
        kinds=KINDS,
        markets=amazon.MARKETS,
        way_in=("live", "own"),
        terms=amazon.TERMS,
        why=(
            "On: robots.txt leaves these lists open and they are read at a slow pace. Amazon's conditions of use "
            "stand apart from that; read them first. Movers & Shakers comes empty to data-centre addresses since "
            "May 2026, which counts as a failure: movers are then computed from snapshots of Best Sellers. Prices "
            "follow the country that the request comes from."
        ),
        key_form="[A-Z0-9]{10}",
        readers=(
            Reader("grid since 2022", lambda page: b"data-client-recs-list" in page.body, _read_grid),
            Reader("grid, cards only", lambda page: b"gridItemRoot" in page.body, _read_cards),
            Reader("hub of carousels", lambda page: b"zg-carousel-general-faceout" in page.body, _read_hub),
            Reader("third party's interface", lambda page: b'"best_sellers"' in page.body, _read_interface),
            Reader("ordered list until 2022", lambda page: b"zg-ordered-list" in page.body, _read_ordered_list),
        ),
        hosts=amazon.HOSTS,
        default_on=True,
        requests=_requests,
        query_of=_query_of,
        walls=amazon.WALLS,
        spacing_s=5.0,
        length=100,
        page_rows=50,
        categories=("electronics", "beauty", "toys-and-games", "kitchen", "sporting-goods", "pet-supplies"),
        marks=(
            "data-client-recs-list",
            "gridItemRoot",
            "zg-carousel-general-faceout",
            "zg-ordered-list",
            '"best_sellers"',
        ),
    ),
)
