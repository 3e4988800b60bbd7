"""Amazon search: what a search shows, with "bought in past month" as the count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import parse_qs, quote_plus, unquote

from trendscout.findings import finding
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources import _amazon as amazon
from trendscout.sources._fields import (
    CountFields,
    PriceFields,
    extra,
    grouped,
    rating,
    shown_count,
    shown_price,
    text,
    web_url,
    whole,
    words_of,
)
from trendscout.sources._rows import Doubts, Row, ranked, rows_at, same_in_all, split_url
from trendscout.sources.source import Reader, Source, list_id
from trendscout.text.jsontext import parse_json
from trendscout.text.markup import LexborHTMLParser, LexborNode, all_of, attr_of, parse_html, text_of

_BOUGHT = re.compile(
    r"bought in|gekauft|achetés? au cours|acquistat[oi]|comprad[oa]s? (?:en|el)|compras? no mês|購入され|"
    r"gekocht in|köpta|kupion|satın al|تم شراء",
    re.IGNORECASE,
)
# The period holds a number of its own ("過去1か月で500点以上"): it goes before the count is read.
_PERIOD = re.compile(r"過去\s*1\s*[かヶカケ]?月(?:間)?(?:で|に)?")
_AD_TITLE = re.compile(
    r"^(?:Sponsored Ad|Gesponserte Anzeige|Annonce sponsorisée|Annuncio sponsorizzato|"
    r"Anuncio patrocinado|Anúncio patrocinado|スポンサー広告|Gesponsorde advertentie|Sponsrad annons|"
    r"Reklama sponsorowana|Sponsorlu Reklam|إعلان مُمول)\s*[-–:]\s*",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(\d[\d.,]{0,6})\s*[-–〜]\s*\d")
_BETWEEN = re.compile(r"\d\D{0,6}\s[-–]\s\D{0,6}\d")  # "$10.00 - $19.99"
_SPONSORED = (
    '.puis-sponsored-label-text, .s-sponsored-label-text, .puis-sponsored-label-info-icon, a[href*="/sspa/"]'
)
# No number with a letter behind it, and none of the stars: "4.5 out of 5 stars, rating details" is another label.
_EXACT = re.compile(
    r"\D{0,12}(\d{1,3}(?:[.,'\u2019\u00a0\u202f ]\d{2,3}){0,3}|\d{1,9})(?![\d.,]|\s?[KkMm]\b)(?!.*\d)"
)
_BRAND_CHARS = 60
_MAX_CARDS = 500


def _query_of(url: str) -> Query | None:
    """Market and search words of `/s?k=...`."""
    market, parts = amazon.market_of(url), split_url(url)
    if market is None or parts.path.rstrip("/") not in ("/s", "/s/ref=nb_sb_noss"):
        return None
    words = parse_qs(parts.query).get("k") or parse_qs(parts.query).get("field-keywords")
    return Query("amazon_search", market, "search", words[0]) if words else None


def _requests(query: Query) -> Sequence[Request]:
    """Two pages of results for the search words."""
    address = f"https://{amazon.HOST_OF[query.market or 'US']}/s?k={quote_plus(words_of(query))}"
    return tuple(Request(address + (f"&page={number}" if number > 1 else ""), page=number) for number in (1, 2))


def _read_results(page: Page) -> Iterator[Entry | ListNote]:
    """One entry per product: results ranked among themselves, advertisements marked and without a rank."""
    tree, query = parse_html(page), page.query
    if query.market is None:
        query = replace(query, market=amazon.host_market(page))
    words = query.category or attr_of(tree, "#twotabsearchtextbox", "value") or ""
    name, base = list_id(query, category=words), amazon.base_of(page, query.market)
    cards = [card for card in all_of(tree, "div[data-asin], li[data-asin]") if _asin(card)][:_MAX_CARDS]
    results = {_asin(card) for card in cards if not _is_ad(card)}
    before = _results_before(tree)
    if before is None:
        number = _page_number(page, tree)
        before = (number - 1) * len(results)
        if number > 1:
            yield ListNote(name, findings=(finding("earlier_pages_guessed"),))
    yield from ranked(_products(cards, results, name, base, query.market), before=before)


def _products(
    cards: list[LexborNode], results: set[str], name: str, base: str, market: str | None
) -> Iterator[Entry]:
    done: set[str] = set()
    for card in cards:
        asin, is_ad = _asin(card), _is_ad(card)
        # A product may be advertised several times over; a place among the results is worth more.
        if asin in done or (is_ad and asin in results):
            continue
        entry = _entry(card, asin, name, is_ad, base, market)
        if is_ad and entry.title is None:  # the button of an advertisement, which has its card elsewhere
            continue
        done.add(asin)
        yield entry


def _results_before(tree: LexborHTMLParser) -> int | None:
    """How many results stand on earlier pages: "17-32 of over 20,000 results" says 16."""
    shown = _SPAN.search(text_of(tree, "[data-component-type=s-result-info-bar]") or "")
    return int(re.sub(r"\D", "", shown.group(1))) - 1 if shown else None


def _page_number(page: Page, tree: LexborHTMLParser) -> int:
    told = parse_qs(split_url(page.url).query).get("page", ["1"])[0]
    shown = text_of(tree, ".s-pagination-selected") or ""
    return max(page.number, *(int(number) for number in (told, shown, "1") if re.fullmatch(r"\d{1,4}", number)))


def _asin(card: LexborNode) -> str:
    return attr_of(card, None, "data-asin") or ""


def _is_ad(card: LexborNode) -> bool:
    # Cards outside the result list are carousels of advertisements.
    if card.attributes.get("data-component-type") != "s-search-result":
        return True
    if "AdHolder" in (card.attributes.get("class") or "") or card.css_first(_SPONSORED) is not None:
        return True
    return bool(_AD_TITLE.match(attr_of(card, "h2", "aria-label") or ""))


def _entry(card: LexborNode, asin: str, name: str, is_ad: bool, base: str, market: str | None) -> Entry:
    # Clothes have two headings, and the first is the brand: the title is the one with a link.
    title = text_of(card, "a h2, h2 a") or text_of(card, "h2") or attr_of(card, "img.s-image, img[alt]", "alt")
    brand = text_of(card, "h2")
    stars = text_of(card, ".a-icon-alt")
    number = _exact_reviews(card) or text_of(card, 'a[href*="customerReviews"] span, a .s-underline-text')
    return Entry(
        name,
        None,
        asin,
        title=_AD_TITLE.sub("", title) if title else None,
        url=f"{base}/dp/{asin}",
        image=web_url(attr_of(card, "img.s-image, img[alt]", "src")),
        **_price(card, market),
        **_bought(card, market),
        rating=amazon.rating_in(stars),
        reviews=grouped(number, market),
        seller=brand if brand and brand != title and len(brand) <= _BRAND_CHARS else None,
        is_ad=is_ad,
        extra=extra(count_window="month") if _bought(card, market).get("count") else {},
    )


def _exact_reviews(card: LexborNode) -> str | None:
    """The whole number in the label of the reviews' link, "84,731 ratings"; what is shown is "(84.7K)"."""
    for link in all_of(card, 'a[href*="customerReviews"][aria-label]'):
        found = _EXACT.match(link.attributes.get("aria-label") or "")
        if found:
            return found[1]
    return None


def _price(card: LexborNode, market: str | None) -> PriceFields:
    """The price that is not struck out, or a range; a card with two prices apart does not say which it is."""
    nodes = all_of(card, ".a-price:not(.a-text-price)")
    shown = list(dict.fromkeys(text_of(node, ".a-offscreen") or "" for node in nodes))
    in_range = bool(nodes) and bool(_BETWEEN.search(text_of(nodes[0].parent) or ""))
    if len(shown) == 2 and in_range and all(re.search(r"\d", end) for end in shown):
        return shown_price(f"{shown[0]} - {shown[1]}", market)
    if len(shown) == 1 and not in_range:
        return shown_price(shown[0], market)
    return {"price_text": " | ".join(shown)} if nodes else {}


def _bought(card: LexborNode, market: str | None) -> CountFields:
    for node in all_of(card, "span.a-color-secondary"):
        shown = text_of(node)
        if shown and len(shown) < 80 and _BOUGHT.search(shown):
            found = shown_count(_PERIOD.sub("", shown), "sold", market) | {"count_text": shown}
            return found | {"count_floor": True} if "count" in found else found  # Amazon rounds down, in all words
    return {}


# --- rows that a scraper collected ---------------------------------------------------------------------


def _read_collected(page: Page) -> Iterator[Entry | ListNote]:
    """Rows of a scraper's output, in their order; those whose link is counted are advertisements."""
    rows = rows_at(parse_json(page), (), having=("real_price",))
    links = [text(row.get("url")) or "" for row in rows]
    market = page.query.market or next(
        (linked_market for link in links if (linked_market := amazon.market_of(link))), None
    )
    query = replace(page.query, market=market)
    name, doubts = list_id(query), Doubts()
    same = [key for key in ("real_price", "rating", "rating_count") if same_in_all(rows, key)]
    for key in same:
        doubts.say(finding("column_same", what=key, count=len(rows)))
    cleaned = [{key: value for key, value in row.items() if key not in same} for row in rows]
    yield from ranked(_collected(row, name, market) for row in cleaned)
    yield doubts.note(name)


def _collected(row: Row, name: str, market: str | None) -> Entry:
    link = unquote(text(row.get("url")) or "")
    asin = amazon.asin_in(link) or ""
    host = amazon.HOST_OF.get(market or "", amazon.HOST_OF["US"])
    return Entry(
        name,
        None,
        asin,
        title=text(row.get("title")),
        url=f"https://{host}/dp/{asin}" if asin else None,
        **shown_price(row.get("price"), market),
        rating=rating(row.get("rating")),
        reviews=whole(row.get("rating_count")),
        is_ad="/sspa/" in link,
        extra=extra(price_before=text(row.get("real_price"))),
    )


SOURCES = (
    Source(
        name="amazon_search",
        platform="amazon",
        ids_worldwide=True,
        title='Amazon search, with "bought in past month"',
        kinds=("search",),
        markets=amazon.MARKETS,
        way_in=("live", "own"),
        terms=amazon.TERMS,
        why=(
            "Off until you name search words: a search costs more requests than a list. The count is a floor of "
            "the past month's sales. Advertisements are marked and hold no rank."
        ),
        key_form="[A-Z0-9]{10}",
        readers=(
            Reader("search results", lambda page: b"s-search-result" in page.body, _read_results),
            Reader("collected rows", lambda page: b'"real_price"' in page.body, _read_collected),
        ),
        hosts=amazon.HOSTS,
        requests=_requests,
        query_of=_query_of,
        walls=amazon.WALLS,
        spacing_s=5.0,
        categories=("fidget toy", "portable blender"),
        marks=("s-search-result", '"real_price"'),
    ),
)
