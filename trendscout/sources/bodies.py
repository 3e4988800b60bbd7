"""A page as readers look into it: people save what a program sent, in whatever form their tool wrote it."""

from __future__ import annotations

import re
from dataclasses import replace

from trendscout.archive.decoding import BrokenBody
from trendscout.archive.decoding import decode as undo
from trendscout.errors import LayoutChanged
from trendscout.model import Page
from trendscout.text.charset import decode, is_wide

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
            raise LayoutChanged("The page is damaged: {error}.", error=error) from error
    if is_wide(body):
        body = decode(body).encode()
    body = body.removeprefix(_UTF8_MARK)
    if found := _GUARD.match(body):
        body = body[found.end() :]
    return page if body is page.body else replace(page, body=body)
