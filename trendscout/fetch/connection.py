"""One host's connection: HTTP/2, to a public address that was checked, with nothing remembered between requests.

httpx's client would keep cookies, follow redirects and log addresses; its transport does none of that.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence

import httpx

from trendscout.errors import Refused

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Not of the open internet either, whatever this Python's tables say: old site-local addresses (RFC 3879),
# documentation (RFC 9637), relays of 6to4 (RFC 7526).
_CLOSED = tuple(map(ipaddress.ip_network, ("fec0::/10", "3fff::/20", "192.88.99.0/24")))

# These log header fields, cookies and keys among them, at levels that --verbose would show.
for _name in ("httpcore", "httpx", "hpack", "h2", "h11"):
    logging.getLogger(_name).setLevel(logging.WARNING)


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, IPv4 first. Raises OSError if there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ordered = sorted(found, key=lambda info: info[0] != socket.AF_INET)
    return list(dict.fromkeys(str(info[4][0]) for info in ordered))


def is_public(address: str) -> bool:
    """Whether the address is one of the open internet: not loopback, private, link-local, multicast or reserved.

    IPv6 addresses that carry an IPv4 address (mapped, 6to4, NAT64) are judged by that.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    if any(ip.version == closed.version and ip in closed for closed in _CLOSED):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


class Connection:
    """Sends requests to one scheme, host and port.

    The name is resolved once and the checked address is used from then on, so that a name cannot first point at a
    public and then at a private address. One pool per host, so that hosts that share an address share no session.
    """

    def __init__(self, url: httpx.URL, context: ssl.SSLContext, resolve: Resolve, *, private: bool) -> None:
        self._host = url.host
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._resolve = resolve
        self._private = private
        self._addresses: list[str] = []
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=60.0)
        self._transport = httpx.AsyncHTTPTransport(verify=context, http1=True, http2=True, limits=limits)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """The reply, its body still unread.

        Raises Refused for a private address, and httpx's transport errors.
        """
        if not self._addresses:
            self._addresses = await self._checked()
        while True:
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=self._addresses[0]),
                headers=request.headers,  # Host is the name, not the address
                stream=request.stream,
                extensions=request.extensions | {"sni_hostname": self._host},
            )
            try:
                return await self._transport.handle_async_request(pinned)
            except httpx.ConnectError:
                if len(self._addresses) == 1:
                    self._addresses = []
                    raise
                del self._addresses[0]

    async def aclose(self) -> None:
        """Close the connection."""
        await self._transport.aclose()

    async def _checked(self) -> list[str]:
        try:
            addresses = list(await self._resolve(self._host, self._port))
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"{self._host} has no address") from error
        if not addresses:
            raise httpx.ConnectError(f"{self._host} has no address")
        if not self._private and not all(map(is_public, addresses)):
            raise Refused(
                "{host} is at a private address.",
                next_step="Sources may only be on the public internet; use --base-url for a server of your own.",
                host=self._host,
            )
        return addresses
