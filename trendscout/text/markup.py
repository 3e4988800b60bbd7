"""HTML and feeds as trees, bounded: the only user of selectolax.

`parse_html` gives a lexbor tree (1.6 ms of CPU for a real 573 kB grid page); `text_of`, `attr_of` and `all_of`
read nodes the way every reader needs them. `parse_feed` gives an ElementTree and refuses documents that declare
entities.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode, SelectolaxError

from trendscout.errors import LayoutChanged
from trendscout.model import Page
from trendscout.text.charset import charset_in, decode, is_utf8

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = [
    "LexborHTMLParser",
    "LexborNode",
    "all_of",
    "attr_of",
    "is_css",
    "page_text",
    "parse_feed",
    "parse_html",
    "text_of",
]

MAX_BYTES = 32 * 1024 * 1024  # the largest list page seen has 2.5 MB
# Elements left open: the parser's time grows with the square of the depth, 0.1 s at 8,000. Real pages: 3,500.
_MAX_OPEN = 8_000
# Cards within cards: each is read with all that it holds, so that time grows with the square of their number: ten
# seconds for 200 kB. Browsers stop at 512, real pages nest 50 deep; asking costs 1 ms for 600 kB.
_MAX_DEPTH = 128
_DEEP = " > ".join(["*"] * _MAX_DEPTH)
_MAX_TAGS = 400_000  # 23 times the largest page seen; each element costs 300 bytes
# An end of a list item or paragraph is looked for through all that is open: 1.6 s. Real pages: 60 million steps.
_MAX_STEPS = 400_000_000
_MANY_TAGS = 8_000  # fewer cannot take so many steps
# Names never seen before share 128 chains, so time grows with their square: 0.5 s. Real pages know 300.
_MAX_NAMES = 60_000
_NAME = re.compile(rb"""[\s"'/<]([^\s"'<>/=]+)""")
# Smaller pages hold half a second of them at most; looking costs 10 ms a megabyte.
_LARGE_BYTES = 600_000
_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9-]{0,30})")
# A parser opens unclosed ones again in every later paragraph: 200 of them and 5,000 paragraphs are 500 MB.
# (The first look ahead only saves time: most tags begin with other letters.)
_FORMATTING = re.compile(
    rb"<(/?)(?=[bcefistu])(b|i|s|u|em|tt|big|code|font|small|strike|strong)(?=[\s/>])", re.IGNORECASE
)
# More than these begin so, but counting them takes half the time, and pages with few need no closer look.
_OPENED = re.compile(rb"<[bcefistuBCEFISTU][\s/>mMtTiIoO]")
_MAX_REOPENED = 1_000_000
_FEW_TAGS = 2_000  # too few for that
# Elements that have no end tag or may leave it out say nothing about depth.
_OPEN_ENDED = frozenset(
    b"area base br col embed hr img input link meta source track wbr p li dt dd option tr td th".split()
)
_MAX_SPAN = 50  # columns
_PROBE = 400  # UTF-16 shows zero bytes at once, and many of its texts are valid UTF-8 too
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
# Scripts are not run, so nothing can mutate; with the events, time grows with the square of a list of options.
_OPTIONS = int(LexborDocumentOptions.WO_EVENTS.value)
_NO_WIDTH = "\u200b\u200e\u200f\ufeff"  # blanks that are no white space to Python
_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def page_text(page: Page | bytes) -> str:
    """The page's body as text, by the charset rules of `trendscout.text.charset`.

    Raises LayoutChanged for a body of more than 32 MiB.
    """
    body = _body(page)
    header = page.headers.get("content-type", "") if isinstance(page, Page) else ""
    return decode(body, (charset_in(header), charset_in(body)))


def parse_html(page: Page | bytes | str) -> LexborHTMLParser:
    """The page as a lexbor tree; broken markup is repaired as browsers do.

    Raises LayoutChanged for a body of more than 32 MiB, of more than 400,000 elements, nested more than 128 deep,
    with more than 8,000 left open, or with anything else that would keep a parser busy for more than two seconds.
    """
    body = page.encode("utf-8", "replace") if isinstance(page, str) else _body(page)
    tags = body.count(b"<")
    if tags > _MAX_TAGS:
        raise LayoutChanged("The page has more than {limit} elements.", limit=_MAX_TAGS)
    if tags > _FEW_TAGS and _may_reopen(body, tags):
        raise LayoutChanged("The page leaves hundreds of formatting elements open.")
    if tags > _MANY_TAGS:
        _refuse_depth(body, tags)
    if len(body) > _LARGE_BYTES:
        _refuse_names(body)
    is_plain = b"\0" not in body[:_PROBE] and is_utf8(body)
    text = body if is_plain else page_text(page if isinstance(page, Page) else body)
    tree = LexborHTMLParser(text, options=_OPTIONS)
    if tree.css_first(_DEEP) is not None:
        raise LayoutChanged("The page nests more than {limit} elements.", limit=_MAX_DEPTH)
    return tree


def text_of(node: LexborNode | LexborHTMLParser | None, css: str | None = None) -> str | None:
    """The text of the node, or of the first match of `css` below it; None if there is none or it is blank.

    Pieces of different child nodes are kept apart by a space ("Was: $199.97" "30% off" would glue into a wrong
    number), runs of white space become one space.
    """
    element = node.css_first(css) if node is not None and css else node
    if element is None:
        return None
    text = element.text(separator=" ") or ""
    if not text.isascii():
        for sign in _NO_WIDTH:
            text = text.replace(sign, " ")
    return " ".join(text.split()) or None  # four times faster than a regular expression


def attr_of(node: LexborNode | LexborHTMLParser | None, css: str | None, name: str) -> str | None:
    """The attribute of the first match of `css` below the node (of the node for None), stripped; or None."""
    found = node.css_first(css) if node is not None and css else node
    if not isinstance(found, LexborNode):
        return None
    return (found.attrs.get(name) or "").strip() or None


def all_of(node: LexborNode | LexborHTMLParser, css: str) -> list[LexborNode]:
    """Every match of `css` below the node, in the order of the page."""
    return node.css(css)


def tables_in(page: Page | bytes) -> list[list[list[str | None]]]:
    """The innermost tables of the page, as rows of texts; a cell over several columns is followed by None.

    Raises LayoutChanged as `parse_html` does.
    """
    tables = [table for table in parse_html(page).css("table") if table.css_first("table table") is None]
    return [[_cells(row) for row in table.css("tr")] for table in tables]


def _cells(row: LexborNode) -> list[str | None]:
    cells: list[str | None] = []
    for cell in row.css("td, th"):
        span = cell.attributes.get("colspan") or "1"
        cells.append(text_of(cell))
        cells.extend([None] * (min(int(span), _MAX_SPAN) - 1 if span.isascii() and span.isdigit() else 0))
    return cells


def is_css(selector: str) -> bool:
    """Whether the text is a CSS selector that can be matched."""
    try:
        LexborHTMLParser("<p>").css(selector)
    except (SelectolaxError, ValueError):
        return False
    return True


def parse_feed(page: Page | bytes) -> Element:
    """The root of an XML document (RSS, Atom, sitemap).

    Raises LayoutChanged if it is not well-formed, larger than 32 MiB, has more than 400,000 tags, or declares a
    DOCTYPE or entities: those are how a small file becomes gigabytes.
    """
    from xml.etree import ElementTree as ET

    # Decoded first: in another encoding a declaration would pass the check below and still count.
    body = _XML_DECLARATION.sub("", page_text(page)).encode("utf-8", "replace")
    if body.count(b"<") > _MAX_TAGS:
        raise LayoutChanged("The feed has more than {limit} tags.", limit=_MAX_TAGS)
    if _DECLARES.search(body):
        raise LayoutChanged("The feed declares a document type or entities, which real feeds do not need.")
    try:
        return ET.fromstring(body)  # noqa: S314 - a document with declarations was refused above
    except (ET.ParseError, LookupError, ValueError, RecursionError) as error:
        raise LayoutChanged("The feed is not well-formed XML: {error}.", error=error) from error


def _may_reopen(body: bytes, tags: int) -> bool:
    """Whether so many formatting elements are left open that a parser would drown in opening them again."""
    return len(_OPENED.findall(body)) * tags > _MAX_REOPENED and _left_formatting(body) * tags > _MAX_REOPENED


def _left_formatting(body: bytes) -> int:
    """How many formatting elements are open at a time, at most."""
    return max(_open_counts(_FORMATTING.findall(body)), default=0)


def _open_counts(tags: Iterable[tuple[bytes, bytes]]) -> Iterator[int]:
    """How many elements are open after each tag; an end tag closes nothing where its name is not open."""
    names: Counter[bytes] = Counter()
    count = 0
    for slash, name in tags:
        name = name.lower()
        if not slash:
            names[name] += 1
            count += 1
        elif names[name]:
            names[name] -= 1
            count -= 1
        yield count


def _refuse_depth(body: bytes, count: int) -> None:
    tags = (tag for tag in _TAG.findall(body) if tag[1].lower() not in _OPEN_ENDED)
    limit = min(_MAX_OPEN, _MAX_STEPS // count)
    if any(opened > limit for opened in _open_counts(tags)):
        raise LayoutChanged("The page nests more than {limit} elements.", limit=limit)


def _refuse_names(body: bytes) -> None:
    if len(set(_NAME.findall(body))) > _MAX_NAMES:
        raise LayoutChanged("The page has more than {limit} different names.", limit=_MAX_NAMES)


def _body(page: Page | bytes) -> bytes:
    body = page.body if isinstance(page, Page) else page
    if len(body) > MAX_BYTES:
        raise LayoutChanged(
            "The page has {size} bytes, more than the {limit} that are read.", size=len(body), limit=MAX_BYTES
        )
    return body
