"""Any bytes in place of a reply, or of a robots.txt, give a page or one of our errors, and soon."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from fault_matrix import ASKED, LIMITS, SOURCE, START
from fault_server import FaultServer, Visit
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from trendscout.archive import Archive
from trendscout.clock import VirtualClock
from trendscout.errors import TrendscoutError
from trendscout.fetch import Fetcher
from trendscout.model import Query
from trendscout.sources.source import read_page

STATUS = st.sampled_from(
    (b"HTTP/1.1 200 OK", b"HTTP/1.1 200", b"HTTP/1.0 200 OK", b"HTTP/1.1 301 Moved", b"HTTP/1.1 429 Later",
     b"HTTP/1.1 999 What", b"HTTP/1.1 100 Continue", b"HTTP/2 200", b"HTTP/1.1 -1 x", b"")
)  # fmt: skip
FIELD = st.sampled_from(
    (b"Content-Type: application/json", b"Content-Type: text/html; charset=gb2312", b"Content-Encoding: gzip",
     b"Content-Encoding: br", b"Content-Encoding: zstd, deflate", b"Transfer-Encoding: chunked",
     b"Content-Length: 5", b"Content-Length: 99999999999", b"Content-Length: -1", b"Location: /list",
     b"Location: //", b"Location: https://list.example.com:99999/", b"Location: \xff\xfe",
     b"Location: http://xn--ls8h.example/", b"Location: //xn--a.example.net", b"Content-Encoding: UTF-8",
     b"Retry-After: 1", b"Connection: close",
     b"Set-Cookie: a=b", b": empty", b"no colon", b"X: " + b"a" * 9000, b"Content-Type: \x00")
)  # fmt: skip
BODY = st.binary(max_size=300) | st.sampled_from(
    (b"{}", b"[1", b"\x1f\x8b\x08", b"5\r\nabcde\r\n0\r\n\r\n", b"<html>" * 50)
)


def reply_of(status: bytes, fields: list[bytes], body: bytes) -> bytes:
    return b"\r\n".join([status, *fields, b"", body])


REPLY = st.builds(reply_of, STATUS, st.lists(FIELD, max_size=5), BODY) | st.binary(max_size=200)


async def outcome(reply: bytes, robots: bytes) -> str:
    async def play(visit: Visit) -> None:
        await visit.send(robots if visit.path.endswith("robots.txt") else reply)
        visit.writer.close()

    with tempfile.TemporaryDirectory() as folder, Archive(Path(folder)) as archive:
        async with (
            FaultServer({"x": {"list": play, "robots": play}}) as server,
            Fetcher(archive, VirtualClock(START), base_url=server.url("x"), limits=LIMITS) as fetcher,
        ):
            try:
                page = await fetcher.fetch(SOURCE, Query("faults", "US"), ASKED)
                assert page.ref
                assert archive.read(page.ref) == page
                return read_page(SOURCE, page).status
            except TrendscoutError as error:
                return str(error)


@example(
    reply=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    robots=b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
)
@given(reply=REPLY, robots=st.just(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n") | REPLY)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_reply_comes_to_an_end(reply: bytes, robots: bytes) -> None:
    began = time.monotonic()
    assert asyncio.run(outcome(reply, robots))
    assert time.monotonic() - began < 10.0
