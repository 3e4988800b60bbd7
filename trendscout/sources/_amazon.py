"""What Amazon's lists share: marketplaces, walls, and the parts of a product card."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypedDict

from trendscout.model import Page, Query
from trendscout.sources._fields import PriceFields, grouped, shown_price, web_url
from trendscout.sources._rows import host_of
from trendscout.sources.walls import Walls
from trendscout.text.markup import LexborNode, all_of, attr_of, text_of

HOST_OF = {
    "US": "www.amazon.com",
    "UK": "www.amazon.co.uk",
    "DE": "www.amazon.de",
    "FR": "www.amazon.fr",
    "IT": "www.amazon.it",
    "ES": "www.amazon.es",
    "JP": "www.amazon.co.jp",
    "IN": "www.amazon.in",
    "BR": "www.amazon.com.br",
    "MX": "www.amazon.com.mx",
}
# Marketplaces that are read where the user saved a page, but not collected.
_READ_TOO = {
    "AE": "www.amazon.ae",
    "AU": "www.amazon.com.au",
    "BE": "www.amazon.com.be",
    "CA": "www.amazon.ca",
    "EG": "www.amazon.eg",
    "IE": "www.amazon.ie",
    "NL": "www.amazon.nl",
    "PL": "www.amazon.pl",
    "SA": "www.amazon.sa",
    "SE": "www.amazon.se",
    "SG": "www.amazon.sg",
    "TR": "www.amazon.com.tr",
    "ZA": "www.amazon.co.za",
}
_MARKET_OF = {host.removeprefix("www."): market for market, host in (HOST_OF | _READ_TOO).items()}
MARKETS = tuple(HOST_OF)
HOSTS = tuple(HOST_OF.values())
TERMS = "https://www.amazon.com/gp/help/customer/display.html?nodeId=508088"

_ASIN = re.compile(r"/(?:dp|gp/product|product-reviews)/([A-Z0-9]{10})(?![A-Z0-9])")
_CANONICAL = re.compile(rb"""<link\b[^>]{0,200}\brel=["']?canonical["']?[^>]{0,200}\bhref=["']([^"'>]{1,2000})""")
_PRICE = 'span[class*="p13n-sc-price"]'
_SERVER = re.compile(rb"""\bue_sn\s*=\s*["']((?:[a-z]{1,20}\.){1,4}[a-z]{2,5})["']""")
_LINKED = re.compile(rb"https://www\.amazon\.([a-z]{2,3}(?:\.[a-z]{2})?)[/\"'?]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_HEAD_BYTES = 262_144  # where a page names itself: real ones within 40 kB
# A refusal is a page of 2 to 10 kB; list pages have hundreds. Each mark was seen in some language.
# They come with status 200 as well.
WALLS = Walls(
    marks=(
        (b"validatecaptcha", "a captcha"),
        (b"captchacharacters", "a captcha"),
        (b"robot check", "a captcha"),
        (b"geben sie die zeichen unten ein", "a captcha"),
        (b"api-services-support@amazon.com", "a refusal of automated access"),
        (b"weiter shoppen", 'a "continue shopping" button'),
        (b"continuar comprando", 'a "continue shopping" button'),
        (b"continue shopping", 'a "continue shopping" button'),
        (b'name="signin"', "a login"),
        (b"/ap/signin", "a login"),
    ),
    statuses=((503, "a refusal (HTTP 503)"),),
    unless=(b"data-asin",),
    largest=30_000,
)


def item_url(asin: str, market: str | None) -> str | None:
    """The page of an item in a market."""
    host = (HOST_OF | _READ_TOO).get(market or "")
    return f"https://{host}/dp/{asin}" if host else None


def market_of(url: str) -> str | None:
    """The marketplace of an address on Amazon, or None."""
    host = host_of(url).removeprefix("www.")
    return _MARKET_OF.get(host)


def canonical(page: Page) -> str | None:
    """The address that the page itself says it has."""
    found = _CANONICAL.search(page.body, 0, _HEAD_BYTES)
    return found.group(1).decode("utf-8", "replace").replace("&amp;", "&") if found else None


def host_market(page: Page) -> str | None:
    """The marketplace that the page's own measuring script names, else the only one that its links lead to."""
    match = _SERVER.search(page.body, 0, _HEAD_BYTES)
    if match:
        return market_of(f"https://{match.group(1).decode('ascii')}/")
    linked = {market_of(f"https://www.amazon.{end.decode('ascii')}/") for end in _LINKED.findall(page.body)} - {
        None
    }
    abroad = linked - {"US"}  # pages of every marketplace name the first one too
    return (abroad or linked).pop() if len(abroad or linked) == 1 else None


def settled(page: Page, canonical_query: Query | None) -> Query:
    """The page's query, completed by what its canonical address told; what the user said stays."""
    query = page.query
    if canonical_query is None:
        return query
    return replace(
        query,
        market=query.market or canonical_query.market,
        kind=canonical_query.kind or query.kind,
        category=query.category or canonical_query.category,
    )


def asin_in(href: str | None) -> str | None:
    """The ASIN in a product address."""
    found = _ASIN.search(href or "")
    return found.group(1) if found else None


class CardFields(TypedDict):
    """What a product card says by its links and picture, as fields of an Entry."""

    title: str | None
    image: str | None
    rating: float | None
    reviews: int | None


def rating_in(text: str | None) -> float | None:
    """The stars in "4.4 out of 5 stars", "4,4 von 5 Sternen", "5つ星のうち4.4" and their like."""
    numbers = [float(number.replace(",", ".")) for number in _NUMBER.findall(text or "")[:2]]
    if not numbers:
        return None
    if len(numbers) == 2 and numbers[0] == 5 and numbers[1] <= 5:
        numbers.reverse()  # Japanese and Turkish name the five first
    return numbers[0] if 0 < numbers[0] <= 5 else None


def card_fields(card: LexborNode, market: str | None) -> CardFields:
    """Title, picture and ratings of a list card.

    The title stands in the first product link that has text: classes are hashed, and hub pages leave the
    picture's `alt` empty.
    """
    title: str | None = None
    reviews: list[LexborNode] = []
    for link in card.css("a.a-link-normal"):
        attrs = link.attrs
        target = attrs.get("href") or ""
        if "/product-reviews/" in target:
            reviews.append(link)
        elif title is None and "/dp/" in target and attrs.get("tabindex") != "-1":  # that one holds the picture
            title = text_of(link)
            if title and title.endswith("…"):  # until 2022 the whole title was an attribute
                title = attr_of(link, "[title]", "title") or title
    image = card.css_first("img")
    return {
        "title": title or text_of(card, '[class*="line-clamp"]') or attr_of(image, None, "alt"),
        "image": web_url(attr_of(image, None, "src")),
        "rating": rating_in(_stars(reviews)),
        "reviews": grouped(_number_of_reviews(reviews), market),
    }


def _stars(links: list[LexborNode]) -> str | None:
    for link in links:
        shown = link.attributes.get("aria-label") or text_of(link, ".a-icon-alt")
        if shown:
            return shown
    return None


def _number_of_reviews(links: list[LexborNode]) -> str | None:
    # Outside these links the same class is the author of a book. Until 2022 the second link carried it itself.
    for link in links:
        shown = text_of(link, "span.a-size-small")
        if shown:
            return shown
    return text_of(links[-1]) if links and "a-size-small" in (links[-1].attributes.get("class") or "") else None


def price_in(card: LexborNode, market: str | None) -> PriceFields:
    """The price of a list card; a range is one text, "$10.00 - $19.99". Of two prices apart neither is taken."""
    nodes = all_of(card, _PRICE)
    if not nodes:
        return shown_price(text_of(card, ".a-color-price"), market)
    shown = [text_of(node) or "" for node in nodes]
    holder = nodes[0].parent
    whole = shown[0] if len(nodes) == 1 else text_of(holder)
    if holder is None or (len(nodes) > 1 and len(all_of(holder, _PRICE)) < len(nodes)):
        return {"price_text": " | ".join(shown)}
    if not all(map(_NUMBER.search, shown)):
        return {"price_text": whole}
    around = text_of(holder) if nodes[0].prev is not None else None
    if around and around.startswith(("-", "–")):  # the high end of a range whose low end is not there
        return {"price_text": around}
    return shown_price(whole, market)


def base_of(page: Page, market: str | None) -> str:
    """Scheme and host that the page's product addresses belong to."""
    if market_of(page.url):
        return f"https://{host_of(page.url)}"
    return f"https://{(HOST_OF | _READ_TOO).get(market or '', HOST_OF['US'])}"
