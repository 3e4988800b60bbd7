"""What came over the wire, without what must never be kept: cookies, keys, tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from trendscout.archive.decoding import decode
from trendscout.model import ArchiveRef, Page, Query, Request

Role = Literal["crawl", "ingest", "import"]
Headers = tuple[tuple[str, str], ...]

# 64 MiB decoded: the largest list page seen is 1.6 MB.
DECODED_LIMIT = 64 * 1024 * 1024

_SECRET_HEADER = re.compile(
    r"cookie|authori[sz]ation|authenticat|token|secret|passw|credential|session|csrf|signature|-sign$|^sign$"
    r"|(?<![a-z])auth(?![a-z])|api-?key|access-?key|app-?key",
    re.IGNORECASE,
)
_ADDRESSES = frozenset(("location", "content-location", "referer", "origin", "link", "refresh"))
_SECRET_PARAMETER = re.compile(
    r"(?<![^?&;])(key|api[-_]?key|app[-_]?key|app[-_]?secret|client[-_]?secret|access[-_]?key|access[-_]?token"
    r"|auth|auth[-_]?token|refresh[-_]?token|token|secret|password|passwd|sig|sign|signature|session|session[-_]?id|session[-_]?token|sid|csrf[-_]?token|ms[-_]?token)"
    r"=[^&;#]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Received:
    """One reply, or one file of the user's, as it came; what the archive keeps and gives back."""

    query: Query
    request: Request  # as the source declared it: no key, no signature
    url: str  # after redirects, as the source would see it
    status: int
    headers: Headers  # of the reply
    body: bytes  # content encoding still on, transfer encoding removed
    fetched_at: datetime
    taken_at: datetime  # of the snapshot that the page belongs to
    pages: int = 1  # how many the snapshot should have
    role: Role = "crawl"
    sent_to: str = ""  # where the request really went, if not to `url` (--base-url)
    sent_headers: Headers = ()
    protocol: str = "http/1.1"
    extra: tuple[tuple[str, str], ...] = field(default=())  # what an import needs to be repeated

    def page(self, ref: ArchiveRef | None = None, limit: int = DECODED_LIMIT) -> Page:
        """The reply as readers take it, its body decoded.

        Raises decoding.BrokenBody if the body is damaged or decodes to more than `limit` bytes.
        """
        headers = {name.lower(): value for name, value in public_headers(self.headers)}
        return Page(
            url=public_url(self.url),
            fetched_at=self.fetched_at,
            status=self.status,
            headers=headers,
            body=decode(self.body, headers.get("content-encoding", ""), limit),
            query=self.query,
            number=self.request.page,
            ref=ref,
        )


def public_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """The header fields without those that carry cookies, credentials or keys; addresses in them are cleaned."""
    return tuple(
        (name, public_url(value) if name.lower() in _ADDRESSES else value)
        for name, value in headers
        if not _SECRET_HEADER.search(name)
    )


def public_url(url: str) -> str:
    """The address without user, password and the values of key-like parameters."""
    try:
        parts = urlsplit(url)
    except ValueError:  # not an address; what stands before "?" cannot hold parameters
        return url.partition("?")[0]
    netloc = parts.netloc.rpartition("@")[2]
    query = _SECRET_PARAMETER.sub(r"\1=removed", parts.query)
    return urlunsplit(parts._replace(netloc=netloc, query=query))
