"""One request and its reply, within limits. Nothing here knows of politeness."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import httpx

from trendscout.archive.wire import Headers
from trendscout.fetch.connection import Connection, Resolve
from trendscout.fetch.limits import REDIRECT_STATUS, Limits
from trendscout.findings import Worded
from trendscout.model import Request

# For connections without TLS, which never ask it: reading the system's certificates takes 23 ms.
_TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Broken(Worded):
    """No whole reply came; another try may get one. The field `reached` is False where nobody was."""


class Elsewhere(Exception):
    """The page is at another address: robots.txt is asked of it too, and it waits for its turn."""

    def __init__(self, request: Request) -> None:
        super().__init__("redirected")
        self.request = request


class Rejected(Exception):
    """A reply that we do not take, whatever it holds.

    `what` names the address as {url} and leaves it to the caller, because the one that was sent may hold a key.
    """

    def __init__(self, what: str, next_step: str, **fields: object) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply, content encoding still on."""

    url: str  # as the source would see it
    sent_to: str  # where the request really went
    sent_headers: Headers
    status: int
    headers: Headers
    body: bytes
    protocol: str

    def header(self, name: str) -> str:
        """The value of a header field; "" if it is not there."""
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(frozen=True, slots=True)
class Route:
    """Where requests may go, and where they really go."""

    may_follow: Callable[[str], bool]  # whether a redirect to that host is followed
    base: httpx.URL | None = None  # --base-url: stands in for every host

    def really(self, url: httpx.URL) -> httpx.URL:
        """The address that a request for `url` is sent to."""
        if self.base is None:
            return url
        path = self.base.raw_path.rstrip(b"/") + url.raw_path
        return self.base.copy_with(raw_path=path)

    def next(self, url: httpx.URL, location: str) -> httpx.URL:
        """Where a redirect from `url` leads. Raises Rejected if we do not go there."""
        try:
            target = address_of(str(url.join(location)))
        except (httpx.InvalidURL, ValueError):
            target = None
        if target is None:
            raise _redirects("{url} redirects to no address.")
        if self.base is not None and target.netloc == self.base.netloc:
            prefix = self.base.raw_path.rstrip(b"/")
            target = url.copy_with(raw_path=target.raw_path.removeprefix(prefix) or b"/")
        if target.scheme not in ("http", "https"):
            raise _redirects("{url} redirects to {scheme}:, which is not followed.", scheme=target.scheme[:20])
        if url.scheme == "https" and target.scheme == "http":
            raise _redirects("{url} redirects from https to http.")
        if not self.may_follow(target.host):
            raise _redirects(
                "{url} redirects to {host}, which the source does not declare.", host=target.host[:100]
            )
        return target.copy_with(fragment=None)


def address_of(text: str) -> httpx.URL | None:
    """The address, whose host can be asked for; None if it is none. IDNA has ways of its own to be wrong."""
    try:
        url = httpx.URL(text)
        url.host  # noqa: B018 - decodes the labels, and raises where they cannot be
    except (httpx.InvalidURL, ValueError):
        return None
    return url


def _redirects(what: str, **fields: object) -> Rejected:
    return Rejected(what, "If the list moved, its source needs a new address; else try again later.", **fields)


class Exchanger:
    """Sends requests; keeps one connection to each host."""

    def __init__(self, limits: Limits, agent: str, resolve: Resolve, private: Callable[[httpx.URL], bool]) -> None:
        self._limits = limits
        self._agent = agent
        self._resolve = resolve
        self._private = private
        self._connections: dict[tuple[bytes, str, bytes], Connection] = {}
        self._timeouts = {
            "connect": limits.connect_s,
            "read": limits.silence_s,
            "write": limits.silence_s,
            "pool": limits.total_s,
        }

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    async def exchange(self, request: Request, route: Route, *, keep_bytes: int | None = None) -> Reply:
        """The reply to a request; with `keep_bytes`, a longer body is cut there instead of refused.

        Raises Elsewhere for a redirect, Broken if no whole reply came, Rejected if it goes beyond our limits or
        leads where we do not go, Refused if the host is at a private address.
        """
        try:
            async with asyncio.timeout(self._limits.total_s):
                return await self._ask(request, route, keep_bytes)
        except TimeoutError:
            raise Broken("no whole answer in time") from None
        except httpx.ConnectTimeout:
            raise Broken("no connection in time", reached=False) from None
        except httpx.TimeoutException:
            raise Broken("it fell silent") from None
        except httpx.ConnectError as error:
            raise _unconnected(error) from None
        except (httpx.TransportError, OSError) as error:
            raise Broken("the answer broke off: {said}", said=_short(error)) from None

    async def aclose(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            await connection.aclose()
        self._connections.clear()

    async def _ask(self, request: Request, route: Route, keep_bytes: int | None) -> Reply:
        url = address_of(request.url)
        if url is None:
            raise Rejected("{url} is not an address.", "Its source needs another one.")
        sent = self._built(route.really(url), request)
        response = await self._connection(url, sent.url).send(sent)
        try:
            location = response.headers.get("location")
            if response.status_code in REDIRECT_STATUS and location:
                moved = replace(request, url=str(route.next(url, location[:4096])))
                if response.status_code in (301, 302, 303):
                    moved = replace(moved, method="GET", body=None)
                await self._drain(response)
                raise Elsewhere(moved)
            return Reply(
                url=str(url),
                sent_to=str(sent.url),
                sent_headers=tuple(sent.headers.items()),
                status=response.status_code,
                headers=self._headers(response),
                body=await self._body(response, keep_bytes),
                protocol=response.http_version.lower().replace("http/2", "h2"),
            )
        finally:
            await response.aclose()

    def _built(self, url: httpx.URL, request: Request) -> httpx.Request:
        headers = {
            "Accept": "text/html,application/xhtml+xml,application/json;q=0.9,application/xml;q=0.9,*/*;q=0.8",
            **dict(request.headers),
            "User-Agent": self._agent,
            "Accept-Encoding": "gzip, br, zstd",
        }
        # Ours win over a source's, however they are written; a category in a Referer may be in any script.
        fields = {name.lower(): (name.encode(), value.encode()) for name, value in headers.items()}
        return httpx.Request(
            request.method,
            url,
            headers=list(fields.values()),
            content=request.body,
            extensions={"timeout": self._timeouts},
        )

    def _connection(self, asked: httpx.URL, really: httpx.URL) -> Connection:
        """One for each host asked, also where --base-url leads them all to one server."""
        way = (asked.netloc, really.scheme, really.netloc)
        if way not in self._connections:
            private = self._private(really)
            context = self._context if really.scheme == "https" else _TRUSTS_NOBODY
            self._connections[way] = Connection(really, context, self._resolve, private=private)
        return self._connections[way]

    def _headers(self, response: httpx.Response) -> Headers:
        size = sum(len(name) + len(value) for name, value in response.headers.raw)
        if size > self._limits.header_bytes:
            raise _too_large("{url} sends a header of more than {limit} bytes.", self._limits.header_bytes)
        # ASCII only, so that the archive gives back the very same text.
        return tuple(
            (name.decode("ascii", "backslashreplace"), value.decode("ascii", "backslashreplace"))
            for name, value in response.headers.raw
        )

    async def _body(self, response: httpx.Response, keep_bytes: int | None) -> bytes:
        limit = keep_bytes or self._limits.body_bytes
        declared = response.headers.get("content-length", "")
        if keep_bytes is None and declared.isdecimal() and int(declared[:20]) > limit:
            raise _too_large("{url} sends a body of more than {limit} bytes.", limit)
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.aiter_raw():
            chunks.append(chunk)
            size += len(chunk)
            if size > limit and keep_bytes is None:
                raise _too_large("{url} sends a body of more than {limit} bytes.", limit)
            if size >= limit and keep_bytes is not None:
                break
        return b"".join(chunks)[: keep_bytes or None]

    async def _drain(self, response: httpx.Response) -> None:
        """Read a redirect's short body, so that its connection can be used again."""
        size = 0
        async for chunk in response.aiter_raw():
            size += len(chunk)
            if size > 65_536:
                return


def _too_large(what: str, limit: int) -> Rejected:
    return Rejected(what, "No list page is that large; open it in a browser to see what it is.", limit=limit)


def _unconnected(error: httpx.ConnectError) -> Broken:
    """Why there was no connection; the usual reasons in words of ours."""
    said = _short(error)
    if said.endswith("has no address"):
        return Broken("no connection: its name has no address", reached=False)
    if said == "All connection attempts failed":
        return Broken("no connection: nothing answers there", reached=False)
    return Broken("no connection: {said}", said=said, reached=False)


def _short(error: Exception) -> str:
    text = str(error).splitlines()[0][:120] if str(error) else ""
    return text or type(error).__name__
