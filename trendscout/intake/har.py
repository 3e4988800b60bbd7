"""HAR: what a browser recorded, one page at a time, without what must never be kept.

Only the address, the time, the status, the content type and the body of a reply pass, and of the request the
country code, the search words and the page that it asked for; cookies, authorisation headers, the rest of request
bodies and every other header stay behind.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from trendscout.archive.decoding import BrokenBody
from trendscout.archive.decoding import decode as undo
from trendscout.archive.wire import public_url
from trendscout.findings import Finding, finding
from trendscout.model import Page, Query
from trendscout.text.jsontext import dig, parse_json
from trendscout.text.markets import MARKETS

MAX_HAR = 192 * 1024 * 1024
_MAX_ENTRIES = 10_000
_POSTED = 4_000
# Parameters of a list, written as in an address inside of a JSON text: "params":"page=2&q=lampu&start=60".
_WANTED = re.compile(r"(?<![a-z_])(q|identifier|page|rows|start)=([^&\"\\]{1,100})")
_COUNTRY = re.compile(r"\"(?:countryCode|country_code|country|region|geo)\"\s*:\s*\"([A-Z]{2})\"")


def har_pages(body: bytes, *, at: datetime) -> Iterator[Page | Finding]:
    """Every reply of a HAR file as a page without a query; a finding where an entry cannot be used.

    Raises LayoutChanged if the file is no HAR.
    """
    recorded = dig(parse_json(body, limit=MAX_HAR), "log", "entries")
    if not isinstance(recorded, list):
        yield finding("no_har")
        return
    if not recorded:
        yield finding("har_without_replies")
    if len(recorded) > _MAX_ENTRIES:
        yield finding("har_cut", count=len(recorded), limit=_MAX_ENTRIES)
    for entry in recorded[:_MAX_ENTRIES]:
        url = dig(entry, "request", "url")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            continue
        reply = _body(dig(entry, "response", "content"))
        if reply is None:
            yield finding("har_without_body", url=public_url(url)[:200])
            continue
        status = dig(entry, "response", "status")
        kind = dig(entry, "response", "content", "mimeType")
        yield Page(
            url=public_url(url),
            fetched_at=_time(dig(entry, "startedDateTime")) or at,
            status=status if isinstance(status, int) else 200,
            headers={"content-type": kind} if isinstance(kind, str) and len(kind) < 200 else {},
            body=reply,
            query=_asked(dig(entry, "request", "postData", "text")),
        )


def _asked(posted: Any) -> Query:
    """Country, search words and place that a request's body asks for; nothing else of the body is looked at."""
    told = posted[:_POSTED] if isinstance(posted, str) else ""
    country = _COUNTRY.search(told)
    params = tuple((name, unquote_plus(value)) for name, value in _WANTED.findall(told))
    return Query("", market=country[1] if country and country[1] in MARKETS else None, params=params)


def _body(content: Any) -> bytes | None:
    """The reply as the site sent it, whatever the recorder made of it.

    Recorders say base64 of plain text, and of base64 nothing; inside may be what was still compressed, and text
    whose bytes they took for letters one by one. The first form that is text counts.
    """
    text = dig(content, "text")
    if not isinstance(text, str) or not text:
        return None
    says_base64 = dig(content, "encoding") == "base64"
    plain = _bytes_of(text)
    packed = _unpacked_base64(text) if says_base64 or _BASE64.fullmatch(text) else None
    forms = [packed, plain] if says_base64 else [plain, packed]
    if packed is not None and not says_base64 and not _is_text(packed):
        forms.pop()
    for form in forms:
        for decoded in _decoded(form) if form is not None else ():
            if _is_text(decoded):
                return decoded
    return packed if says_base64 else plain


_BASE64 = re.compile(r"[A-Za-z0-9+/_\s-]{24,}={0,2}\s*")
_STARTS = (b"{", b"[", b"<", b")", b"/*", b"while", b"for")  # of JSON, HTML and XML, and of guards before them
_CODINGS = ("gzip", "br", "zstd", "deflate")


def _is_text(body: bytes) -> bool:
    """Whether a reply starts as pages and JSON do."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()[:5].startswith(_STARTS)


def _decoded(body: bytes) -> Iterator[bytes]:
    """The body, and then what each coding that fits makes of it."""
    yield body
    for coding in _CODINGS if not _is_text(body) else ():
        with suppress(BrokenBody):
            yield undo(body, coding, MAX_HAR)


def _bytes_of(text: str) -> bytes:
    """The text, which the browser decoded, in UTF-8; letters that stand for single bytes are those bytes."""
    if not text.isascii():
        with suppress(UnicodeError):
            single = text.encode("latin-1")
            single.decode("utf-8")
            return single
    return text.encode("utf-8", "replace")


def _unpacked_base64(text: str) -> bytes | None:
    packed = re.sub(r"\s+", "", text).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _time(value: Any) -> datetime | None:
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC) if when.year > 1 else None
