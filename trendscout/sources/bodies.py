"""A page as readers look into it: people save what a program sent, in whatever form their tool wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from trendscout.archive.decoding import BrokenBody
from trendscout.archive.decoding import decode as undo
from trendscout.errors import LayoutChanged
from trendscout.model import Page
from trendscout.text.charset import decode, is_wide
from trendscout.text.jsontext import parse_json

MAX_BODY = 32 * 1024 * 1024
_GZIP = b"\x1f\x8b\x08"
_UTF8_MARK = b"\xef\xbb\xbf"
# In front of JSON only: Google's framed replies have a guard too, and their readers know it.
_GUARD = re.compile(
    rb"\s*(?:\)\]\}'?,?|while\s*\(\s*1\s*\)\s*;|for\s*\(\s*;\s*;\s*\)\s*;|/\*-secure-)\s*(?=[\[{])"
)


def readable(page: Page) -> Page:
    """The page with gzip undone, UTF-16 as UTF-8, and neither byte-order mark nor XSSI guard in front.

    Raises LayoutChanged if what looks like gzip is damaged or unpacks to more than 32 MiB.
    """
    body = page.body
    if body.startswith(_GZIP):
        try:
            body = undo(body, "gzip", MAX_BODY)
        except BrokenBody as error:
            raise LayoutChanged("The page is damaged: {error}.", error=error.why) from error
    if is_wide(body):
        body = decode(body).encode()
    body = body.removeprefix(_UTF8_MARK)
    if match := _GUARD.match(body):
        body = body[match.end() :]
    return page if body is page.body else replace(page, body=body)


_LARGEST_ENVELOPE = 8 * 1024 * 1024  # measuring the parts takes 0.1 s a megabyte
_DEEPEST = 6
_HEAVY = 0.8  # of an envelope's bytes are its content


def inner(page: Page) -> Iterator[Page]:
    """What a JSON reply wraps, from the outside in: `{"code": 200, "data": {...}}`, `[{"response": [...]}]`.

    Other services put envelopes of their own around the rows of a site. An envelope is told by its weight: one of
    its members holds nearly all of it.
    """
    if page.body.lstrip()[:1] not in (b"{", b"[") or len(page.body) > _LARGEST_ENVELOPE:
        return
    try:
        value = parse_json(page)
    except LayoutChanged:
        return
    text = json.dumps(value)
    for _ in range(_DEEPEST):
        held = [(json.dumps(part), part) for part in _containers(value)]
        inside, value = max(held, key=lambda pair: len(pair[0]), default=("", None))
        if len(inside) < _HEAVY * len(text):
            return
        text = inside
        yield replace(page, body=text.encode())


def _containers(value: Any) -> list[Any]:
    if isinstance(value, list):
        value = dict(enumerate(value)) if len(value) == 1 else {}
    parts = value.values() if isinstance(value, dict) else ()
    return [part for part in parts if isinstance(part, (dict, list))]
