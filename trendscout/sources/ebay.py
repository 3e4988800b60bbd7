"""eBay search: best match or sold goods, in the three layouts that are in rotation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote_plus

from trendscout.findings import finding
from trendscout.model import CountKind, Entry, ListNote, Page, Query, Request
from trendscout.sources._fields import (
    CountFields,
    currency_code,
    exact_price,
    extra,
    grouped,
    moment,
    objects,
    shown_count,
    shown_price,
    text,
    web_url,
    whole,
    words_of,
)
from trendscout.sources._rows import first, number_param, param, ranked, rows_at, split_url, told
from trendscout.sources.source import Reader, Source, list_id
from trendscout.sources.walls import Walls
from trendscout.text.jsontext import dicts_with, dig, parse_json
from trendscout.text.markets import country_of
from trendscout.text.markup import LexborHTMLParser, LexborNode, all_of, attr_of, parse_html, text_of

HOST_OF = {
    "US": "www.ebay.com",
    "UK": "www.ebay.co.uk",
    "DE": "www.ebay.de",
    "FR": "www.ebay.fr",
    "IT": "www.ebay.it",
    "ES": "www.ebay.es",
    "CA": "www.ebay.ca",
    "AU": "www.ebay.com.au",
}
_MARKET_OF = {host.removeprefix("www."): market for market, host in HOST_OF.items()}
_CANONICAL = re.compile(rb'<link rel="?canonical"? href="?(https://[^">\s]{1,500})')
_ITEM = re.compile(r"/itm/(?:[^/?]+/)?(\d{9,15})(?!\d)")
# Nothing else stands in the row: "Sold Nov 12, 2025" is a day, and outer elements repeat the row with others.
_MANY = r"(?:more than|over|mehr als|über|plus de|oltre|più di|más de)?\s*[\d.,\s]{0,12}\d[KM]?\s?\+?\s*"
_SOLD = re.compile(rf"{_MANY}(?:sold|verkauft|vendus?|vendut[oi]|vendid[oa]s?)", re.IGNORECASE)
_WATCHED = re.compile(
    rf"{_MANY}(?:watchers?|watching|Beobachter|osservator[ei]|seguidores|personnes suivent)", re.IGNORECASE
)
_FEWER_WORDS = ".srp-river-answer--REWRITE_START"  # what follows matches fewer words than were asked for
_NEW_LISTING = re.compile(
    r"^(?:New listing|Neues Angebot|Nouvelle annonce|Nuova inserzione|Nuovo annuncio|Anuncio nuevo)\s*",
    re.IGNORECASE,
)
_PLACEHOLDERS = ("shop on ebay", "bei ebay einkaufen", "achetez sur ebay")
_HEAD_BYTES = 262_144  # where a page names itself: real ones within 40 kB
_PAGE_SIZE = 60
_MAX_ROWS = 500


def _query_of(url: str) -> Query | None:
    """Market, words and kind of a search's address."""
    parts = split_url(url)
    market = _MARKET_OF.get((parts.hostname or "").removeprefix("www."))
    told = {key: values[0] for key, values in parse_qs(parts.query).items()}
    if market is None or "/sch/" not in parts.path or not told.get("_nkw"):
        return None
    return Query("ebay", market, "sold" if told.get("LH_Sold") == "1" else "search", told["_nkw"])


def _requests(query: Query) -> Sequence[Request]:
    """One page of best matches, or of goods that were sold."""
    sold = "&LH_Sold=1&LH_Complete=1" if query.kind == "sold" else ""
    host = HOST_OF[query.market or "US"]
    return (Request(f"https://{host}/sch/i.html?_nkw={quote_plus(words_of(query))}&_sop=12{sold}"),)


def _settled(page: Page) -> Query:
    if _query_of(page.url):
        return page.query
    match = _CANONICAL.search(page.body, 0, _HEAD_BYTES)
    canonical_query = _query_of(match.group(1).decode("ascii", "replace").replace("&amp;", "&")) if match else None
    if canonical_query is None:
        return page.query
    query = page.query
    return replace(
        canonical_query,
        market=query.market or canonical_query.market,
        category=query.category or canonical_query.category,
    )


def _read(page: Page, card_css: str, prefix: str) -> Iterator[Entry | ListNote]:
    """The cards that match `card_css`, whose parts have classes that start with `prefix`."""
    query, tree = _settled(page), parse_html(page)
    number = max(page.number, number_param(page.url, "_pgn") or 1)
    name, before = list_id(query), (number - 1) * _PAGE_SIZE
    rank, total = before, _total(tree, query.market)
    for card in all_of(tree, f"{card_css}, {_FEWER_WORDS}")[:_MAX_ROWS]:
        if "REWRITE_START" in (card.attributes.get("class") or ""):
            break
        title = _title(card, prefix)
        key = attr_of(card, None, "data-listingid") or _item_id(card)
        if key is None or title is None or title.lower() in _PLACEHOLDERS:
            continue
        rank += 1
        yield _entry(card, prefix, name, rank, key, title, query.market)
    # Below the results may stand those for fewer words, behind a heading that may be gone.
    more = (
        (finding("fewer_than_announced", count=rank - before, announced=total),)
        if total and rank - before > total
        else ()
    )
    yield ListNote(name, length=total, findings=more)


def _entry(card: LexborNode, prefix: str, name: str, rank: int, key: str, title: str, market: str | None) -> Entry:
    # The layout of 2026 names its rows by the container that all cards share.
    rows_css = f"[class*={prefix}], [class*=su-card-container__attributes] .su-styled-text"
    rows = [shown for node in all_of(card, rows_css) if (shown := text_of(node))]
    href = attr_of(card, 'a[href*="/itm/"]', "href") or ""
    host = split_url(href).hostname or HOST_OF.get(market or "", HOST_OF["US"])
    image = attr_of(card, "img", "src")
    return Entry(
        name,
        rank,
        key,
        title=title,
        url=web_url(f"https://{host}/itm/{key}"),
        image=web_url(
            image if image and not image.startswith("data:") else attr_of(card, "img", "data-defer-load")
        ),
        **shown_price(_price(card, prefix), market),
        **_count(rows, market),
        extra=extra(condition=text_of(card, f"[class*={prefix}subtitle], .SECONDARY_INFO")),
    )


def _title(card: LexborNode, prefix: str) -> str | None:
    title = text_of(card, f".{prefix}title span.su-styled-text.primary") or text_of(
        card, f"[class*={prefix}title]"
    )
    title = _NEW_LISTING.sub("", title) if title else None
    hidden = text_of(card, f"[class*={prefix}title] .clipped")  # "Opens in a new window or tab", in any language
    return title.removesuffix(hidden or "Opens in a new window or tab").rstrip() if title else None


def _item_id(card: LexborNode) -> str | None:
    for link in all_of(card, 'a[href*="/itm/"]'):
        found = _ITEM.search(link.attributes.get("href") or "")
        if found:
            return found.group(1)
    return None


def _price(card: LexborNode, prefix: str) -> str | None:
    """The price; a range stands in three nodes, "$28.88", "to", "$90.88", and needs a number at both ends."""
    # By its whole class name: a container of the price and of the old price may be named "price-container".
    parts = [shown for node in all_of(card, f".{prefix}price") if (shown := text_of(node))]
    parts = list(dict.fromkeys(parts))
    if len(parts) > 1 and not (re.search(r"\d", parts[0]) and re.search(r"\d", parts[-1])):
        return None
    return " ".join(parts) or None


def _count(rows: list[str], market: str | None) -> CountFields:
    """How many were sold, or else how many watch; only rows of nothing else count."""
    marks: tuple[tuple[re.Pattern[str], CountKind], ...] = ((_SOLD, "sold"), (_WATCHED, "watchers"))
    for mark, kind in marks:
        shown = {row for row in rows if len(row) < 40 and mark.fullmatch(row)}
        if shown:  # two different ones do not say which is this card's
            return shown_count(shown.pop(), kind, market) if len(shown) == 1 else {}
    return {}


def _total(tree: LexborHTMLParser, market: str | None) -> int | None:
    shown = text_of(tree, ".srp-controls__count-heading .BOLD, .srp-controls__count-heading span")
    return grouped((shown or "").rstrip("+") or None, market)


def _read_browse(page: Page) -> Iterator[Entry | ListNote]:
    """Goods of the official Browse interface: its reply names words, place and order of its search itself."""
    holder = next(iter(dicts_with(parse_json(page), "itemSummaries")), {})
    address = text(holder.get("href")) or ""
    kind = {"-price": "search_dearest", "price": "search_cheapest", "newlyListed": "search_newest"}
    query = told(page, category=param(address, "q") or param(address, "category_ids"))
    marketplaces = {text(row.get("listingMarketplaceId")) for row in objects(holder.get("itemSummaries"))}
    if query.market is None and len(marketplaces) == 1:
        query = replace(query, market=_MARKETPLACES.get(marketplaces.pop() or ""))
    name = list_id(query, kind=kind.get(param(address, "sort"), "search"))
    before = first(whole(holder.get("offset")), number_param(address, "offset")) or 0
    yield from ranked((_summary(row, name) for row in objects(holder.get("itemSummaries"))), before=before)
    yield ListNote(name, length=whole(holder.get("total")))


_MARKETPLACES = {f"EBAY_{country_of(market).upper()}": market for market in HOST_OF}


def _summary(row: dict[str, Any], name: str) -> Entry:
    return Entry(
        name,
        None,
        text(row.get("legacyItemId")) or "",
        title=text(row.get("title")),
        url=web_url((text(row.get("itemWebUrl")) or "").partition("?")[0]),
        image=web_url(dig(row, "image", "imageUrl")),
        **exact_price(dig(row, "price", "value"), currency_code(dig(row, "price", "currency"))),
        listed_at=moment(row.get("itemCreationDate")),
        is_ad=row.get("priorityListing") is True,
        extra=extra(
            condition=text(row.get("condition")),
            price_there=text(dig(row, "price", "convertedFromValue")),
            currency_there=text(dig(row, "price", "convertedFromCurrency")),
            category=text(dig(row, "categories", 0, "categoryId")),
        ),
    )


def _read_collected(page: Page) -> Iterator[Entry | ListNote]:
    """Rows of a scraper's output, in their order; ratings in it are of the sellers, and not read."""
    rows = rows_at(parse_json(page), (), having=("subtitles",))
    links = [text(row.get("url")) or "" for row in rows]
    hosts = {(split_url(link).hostname or "").removeprefix("www.") for link in links}
    market = page.query.market or (_MARKET_OF.get(hosts.pop()) if len(hosts) == 1 else None)
    name = list_id(replace(page.query, market=market))
    entries = (
        Entry(
            name,
            None,
            match[1] if (match := _ITEM.search(link)) else "",
            title=text(row.get("title")),
            url=web_url(link.partition("?")[0]),
            image=web_url(row.get("photo")),
            **shown_price(row.get("price"), market),
            extra=extra(condition=text(row.get("subtitles")), location=text(row.get("location"))),
        )
        for row, link in zip(rows, links, strict=True)
    )
    yield from ranked(entries)
    yield ListNote(name)


def _read_s_card(page: Page) -> Iterator[Entry | ListNote]:
    """Layout "s-card", since 2025."""
    return _read(page, "li.s-card", "s-card__")


def _read_su_item(page: Page) -> Iterator[Entry | ListNote]:
    """Layout "su-item-card", 2026."""
    return _read(page, ".su-item-card", "su-item-card__")


def _read_s_item(page: Page) -> Iterator[Entry | ListNote]:
    """Layout "s-item", until 2025."""
    return _read(page, "li.s-item", "s-item__")


_WALLS = Walls(
    marks=(
        (b"checking your browser before you access ebay", "a browser check"),
        (b"pardon our interruption", "a browser check"),
        (b"/splashui/captcha", "a captcha"),
        (b"signin.ebay.com/ws/ebayisapi.dll?signin&errmsg", "a login"),
    )
)


SOURCES = (
    Source(
        name="ebay",
        platform="ebay",
        many_sellers=True,
        item_url=lambda key, market: f"https://{HOST_OF[market]}/itm/{key}" if market in HOST_OF else None,
        ids_worldwide=True,
        title="eBay search: best match, or goods sold",
        kinds=("search", "sold"),
        markets=tuple(HOST_OF),
        way_in=("live", "own"),
        terms="https://www.ebay.com/help/policies/member-behaviour-policies/user-agreement?id=4259",
        why=(
            "Off until you name search words. eBay checks browsers since August 2025: expect walls, and then save "
            "the page in a browser. It disguises which listings are paid, so they count as results. Sellers are "
            "often private persons and are not read."
        ),
        key_form=r"\d{9,15}",
        readers=(
            Reader("Browse API", lambda page: b'"itemSummaries"' in page.body, _read_browse),
            Reader("collected rows", lambda page: b'"subtitles"' in page.body, _read_collected),
            Reader("su-item-card, 2026", lambda page: b"su-item-card__" in page.body, _read_su_item),
            Reader("s-card, 2025", lambda page: b"s-card__" in page.body, _read_s_card),
            Reader("s-item, until 2025", lambda page: b"s-item__" in page.body, _read_s_item),
        ),
        hosts=tuple(HOST_OF.values()),
        requests=_requests,
        query_of=_query_of,
        walls=_WALLS,
        spacing_s=5.0,
        categories=("fidget toy", "led strip lights"),
        marks=("ebay.", "ebayimg.com", "ebaystatic.com"),
    ),
)
