"""The user's keys: put in just before a request is sent, taken out of everything that comes back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from urllib.parse import quote

from trendscout.archive.decoding import decode
from trendscout.errors import ConfigError
from trendscout.fetch.exchange import Reply
from trendscout.model import Request
from trendscout.sources.source import Source

PLACE = "{key}"
_SHORTEST_SECRET = 6  # a shorter part of a key stands in pages by chance


def key_of(source: Source, environ: Mapping[str, str]) -> str:
    """The user's key for a source; "" if it needs none.

    Raises ConfigError if the variable that should hold it is empty or holds signs that no key has.
    """
    if not source.key_env:
        return ""
    key = environ.get(source.key_env, "").strip()
    if not key:
        raise ConfigError(
            "{source} needs your key.",
            next_step="Put it into the environment variable {name}.",
            source=source.name,
            name=source.key_env,
        )
    if not key.isprintable():  # it would end its line of a request, and what came behind would stand in errors
        raise ConfigError(
            "{source}: your key holds a line break or another sign that cannot be seen.",
            next_step="Put it into the environment variable {name} once more, on one line.",
            source=source.name,
            name=source.key_env,
        )
    return key


def with_key(request: Request, source: Source, key: str, now: datetime) -> Request:
    """The request as it is sent."""
    if not key:
        return request
    sent = replace(
        request,
        url=request.url.replace(PLACE, quote(key, safe="")),
        headers=tuple((name, value.replace(PLACE, key)) for name, value in request.headers),
        body=request.body.replace(PLACE.encode(), key.encode()) if request.body else request.body,
    )
    return source.sign(sent, key, now) if source.sign else sent


def without_key(reply: Reply, key: str, asked: Request, limit: int, *, moved: bool) -> Reply:
    """The reply without the key or what was signed with it; whether it was `moved` to an address that a site gave.

    A body that repeats the key is kept decoded. Raises decoding.BrokenBody if it cannot be searched.
    """
    if not key:
        return reply
    headers = tuple((name, hidden(value, key)) for name, value in reply.headers)
    body = decode(reply.body, reply.header("content-encoding"), limit)
    pattern = _written(key).encode()
    if re.search(pattern, body, re.IGNORECASE):
        body = re.sub(pattern, PLACE.encode(), body, flags=re.IGNORECASE)
        headers = tuple(pair for pair in headers if pair[0].lower() not in ("content-encoding", "content-length"))
    else:
        body = reply.body
    return replace(
        reply,
        url=hidden(reply.url, key) if moved else asked.url,
        sent_to=hidden(reply.sent_to, key) if moved else "",
        sent_headers=asked.headers,
        headers=headers,
        body=body,
    )


def hidden(text: str, key: str) -> str:
    """The text without the key, in whatever way it is written."""
    return re.sub(_written(key), PLACE, text, flags=re.IGNORECASE) if key else text


@cache
def _written(key: str) -> str:
    """A pattern for the key and the parts that ":" joins, the longest first; case does not count.

    Each sign stands for itself, percent-encoded (once or twice), escaped as in JSON, or as a reference in HTML.
    """
    parts = {key, *(part for part in key.split(":") if len(part) >= _SHORTEST_SECRET)}
    return "|".join("".join(map(_sign, part)) for part in sorted(parts, key=len, reverse=True))


def _sign(sign: str) -> str:
    if sign.isascii() and sign.isalnum():
        return sign  # nobody escapes these
    ways = [re.escape(sign), re.escape("\\" + sign), f"&#0*{ord(sign)};", f"&#x0*{ord(sign):x};"]
    ways += ["%(?:25)?" + "%(?:25)?".join(f"{byte:02x}" for byte in sign.encode()), rf"\\u{ord(sign):04x}"]
    ways += [re.escape(name) for name in _NAMED.get(sign, ())]
    return f"(?:{'|'.join(ways)})"


_NAMED = {"&": ("&amp;",), "<": ("&lt;",), ">": ("&gt;",), '"': ("&quot;",), "'": ("&apos;",), " ": ("+",)}
