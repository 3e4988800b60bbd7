"""What came over the wire, without what must never be kept: cookies, keys, tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import quote, unquote

from trendscout.archive.decoding import decode
from trendscout.model import ArchiveRef, Page, Query, Request

Role = Literal["crawl", "ingest", "import"]
Headers = tuple[tuple[str, str], ...]

# 64 MiB decoded: the largest list page seen is 1.6 MB.
DECODED_LIMIT = 64 * 1024 * 1024

_SECRET_HEADER = re.compile(
    r"cookie|authori[sz]ation|authenticat|token|secret|passw|credential|session|csrf|xsrf|signature|-sign$|^sign$"
    r"|(?<![a-z])auth(?![a-z])|api-?key|access-?key|app-?key|jwt|bearer|h5st|bogus|x-s$|^ticket$|-ticket$",
    re.IGNORECASE,
)
# A name that is one of these, written together and in small letters, or holds one of the parts. `key` alone is a
# key, but search_key and keyword are what somebody looked for.
_SECRET_NAMES = frozenset("key sign sig auth pass pwd pw sid otp ticket tk sso assertion xs mtgsig wrid".split())
_SECRET_PARTS = re.compile(
    r"token|secret|passw|authori|credential|signature|jwt|bearer|sess(?:ion)?id|session|cookie|csrf|xsrf|oauth|hmac|saml"
    r"|(?:api|app|access|auth|secret|private|subscription|consumer|sign|license|client|encrypt)key"
    r"|h5st|bogus|x5sec|h5tk|anticontent|ticket$|apisign|xsign|^authcode|verifyfp|nanofp"
)
_PAGE_TOKENS = frozenset(("pagetoken", "nextpagetoken", "continuationtoken"))  # where a list goes on
_PARAMETER = re.compile(r"(?<=[?&;#])([^?&;#=\s]{1,200})=([^?&;#\s<>\"']*)")
_USER = re.compile(r"(?<=://)[^/?#\s@]{1,500}@")
_JWT = re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?")
_NESTED = 3  # an address within a parameter of an address


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
        (name, public_url(value) if "=" in value or "@" in value or "eyJ" in value else value)
        for name, value in headers
        if not _SECRET_HEADER.search(name)
    )


def public_url(text: str) -> str:
    """An address, or a text that holds some, without user, password and the values of key-like parameters.

    Parameters are looked for in query, fragment and path, and in addresses within parameters; a name may be
    percent-encoded. A value in the form of a JSON Web Token is removed wherever it stands.
    """
    return _JWT.sub("removed", _without_secrets(_USER.sub("", text), _NESTED))


def _without_secrets(text: str, depth: int) -> str:
    def cleaned(match: re.Match[str]) -> str:
        name, value = match.groups()
        if _is_secret(name):
            return f"{name}=removed"
        if depth and "%3d" in value.lower():
            inner = unquote(value)
            public = _without_secrets(_USER.sub("", inner), depth - 1)
            if public != inner:
                return f"{name}={quote(public, safe='')}"
        return match.group()

    return _PARAMETER.sub(cleaned, text)


def _is_secret(name: str) -> bool:
    """Whether the name of a parameter is that of a key, however it is written: API-Key, _signature, %6bey."""
    plain = re.sub(r"[^a-z0-9]", "", unquote(unquote(name)).lower())
    return plain not in _PAGE_TOKENS and (plain in _SECRET_NAMES or bool(_SECRET_PARTS.search(plain)))
