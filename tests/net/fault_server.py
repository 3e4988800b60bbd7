"""A server on loopback that does what bad servers do: raw sockets, one play per address."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Self


@dataclass
class Visit:
    """One request, and the connection that it came over."""

    path: str
    nth: int  # 1 is the first request for this path
    headers: Mapping[str, str]
    server: FaultServer
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.server.sent += len(data)
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> None:
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
        await self.send("\r\n".join([*head, "", ""]).encode() + body)

    def reset(self) -> None:
        """Drop the connection with a RST instead of a FIN."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Play = Callable[[Visit], Awaitable[None]]


class FaultServer:
    """Serves `/<play>/…`; counts requests by path and bytes sent."""

    def __init__(self, plays: Mapping[str, Mapping[str, Play]]) -> None:
        self.plays = plays
        self.hits: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.requests: list[tuple[str, Mapping[str, str], bytes]] = []
        self.sent = 0
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0.01)  # lets the handlers see it

    def url(self, play: str) -> str:
        return f"http://127.0.0.1:{self.port}/{play}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        # Small, so that what was sent is about what was taken.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while not writer.is_closing():
                    await self._one(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        play, _, rest = path.lstrip("/").partition("/")
        self.hits[path] += 1
        self.agents.add(headers.get("user-agent", ""))
        self.requests.append((path, headers, body))
        visit = Visit(path, self.hits[path], headers, self, writer)
        plays = self.plays.get(play, {})
        if path == "/robots.txt" or (rest == "robots.txt" and "robots" not in plays):
            await visit.reply(b"", status="404 Not Found")
        elif rest == "robots.txt":
            await plays["robots"](visit)
        else:
            await plays["list"](visit)
