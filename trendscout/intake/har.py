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
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from trendscout.archive.wire import public_url
from trendscout.model import Page, Query
from trendscout.text.jsontext import dig, parse_json
from trendscout.text.markets import MARKETS

MAX_HAR = 192 * 1024 * 1024
_MAX_ENTRIES = 10_000
_POSTED = 4_000
# Parameters of a list, written as in an address inside of a JSON text: "params":"page=2&q=lampu&start=60".
_WANTED = re.compile(r"(?<![a-z_])(q|identifier|page|rows|start)=([^&\"\\]{1,100})")
_COUNTRY = re.compile(r"\"(?:countryCode|country_code|country|region|geo)\"\s*:\s*\"([A-Z]{2})\"")


def har_pages(body: bytes, *, at: datetime) -> Iterator[Page | str]:
    """Every reply of a HAR file as a page without a query; a string where an entry cannot be used, saying why.

    Raises LayoutChanged if the file is no HAR.
    """
    recorded = dig(parse_json(body, limit=MAX_HAR), "log", "entries")
    if not isinstance(recorded, list):
        yield "it has no log.entries: it is no HAR"
        return
    if not recorded:
        yield "it holds no reply: record again with the developer tools open"
    if len(recorded) > _MAX_ENTRIES:
        yield f"it has {len(recorded)} replies; only the first {_MAX_ENTRIES} were looked at"
    for entry in recorded[:_MAX_ENTRIES]:
        url = dig(entry, "request", "url")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            continue
        reply = _body(dig(entry, "response", "content"))
        if reply is None:
            yield f"{public_url(url)[:200]}: its body was not saved"
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
    text = dig(content, "text")
    if not isinstance(text, str) or not text:
        return None
    if dig(content, "encoding") == "base64":
        try:
            return base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            return None
    # The browser has decoded the text already; the page is UTF-8 from here on.
    return text.encode("utf-8", "replace")


def _time(value: Any) -> datetime | None:
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC) if when.year > 1 else None
