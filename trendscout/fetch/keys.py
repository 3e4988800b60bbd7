"""The user's keys: put in just before a request is sent, taken out of everything that comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from trendscout.decoding import decode
from trendscout.errors import ConfigError
from trendscout.fetch.exchange import Reply
from trendscout.model import Request
from trendscout.source import Source

PLACE = "{key}"
_SHORTEST_SECRET = 6  # a shorter part of a key stands in pages by chance


def key_of(source: Source, environ: Mapping[str, str]) -> str:
    """The user's key for a source; "" if it needs none.

    Raises ConfigError if the variable that should hold it is empty.
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


def without_key(reply: Reply, key: str, sent: Request, asked: Request, limit: int) -> Reply:
    """The reply without the key or what was signed with it.

    A body that repeats the key is kept decoded. Raises decoding.BrokenBody if it cannot be searched.
    """
    if not key:
        return reply

    secrets = _forms(key)

    def clean(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, PLACE)
        return text

    headers = tuple((name, clean(value)) for name, value in reply.headers)
    body = decode(reply.body, reply.header("content-encoding"), limit)
    if any(secret.encode() in body for secret in secrets):
        for secret in secrets:
            body = body.replace(secret.encode(), PLACE.encode())
        headers = tuple(pair for pair in headers if pair[0].lower() not in ("content-encoding", "content-length"))
    else:
        body = reply.body
    moved = reply.url != sent.url
    return replace(
        reply,
        url=clean(reply.url) if moved else asked.url,
        sent_to=clean(reply.sent_to) if moved else "",
        sent_headers=asked.headers,
        headers=headers,
        body=body,
    )


def _forms(key: str) -> list[str]:
    """The key and the parts that ":" joins, plain and as in an address, the longest first."""
    parts = {key, *(part for part in key.split(":") if len(part) >= _SHORTEST_SECRET)}
    return sorted(parts | {quote(part, safe="") for part in parts}, key=len, reverse=True)
