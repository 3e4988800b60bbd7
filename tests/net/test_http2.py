"""HTTP/2 over TLS: what real sites speak, with certificates checked."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fault_matrix import SOURCE
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from trendscout.archive import Archive
from trendscout.clock import VirtualClock
from trendscout.errors import FetchError
from trendscout.fetch import Fetcher
from trendscout.fetch.limits import Limits
from trendscout.model import Page, Query, Request


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for list.example.com with its key, made for this run."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, so there is no certificate to test with")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=list.example.com"
        f" -addext subjectAltName=DNS:list.example.com -keyout {path}.key -out {path}.crt"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    path.write_bytes(Path(f"{path}.key").read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


class Http2Server:
    """Answers every request on a connection with the same page; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        http.initiate_connection()
        writer.write(http.data_to_send())
        while data := await reader.read(65_536):
            for event in http.receive_data(data):
                if isinstance(event, RequestReceived) and event.stream_id is not None:
                    self.asked.append(dict(event.headers or ()))
                    found = not self.asked[-1][":path"].endswith("robots.txt")
                    http.send_headers(event.stream_id, [(":status", "200" if found else "404")])
                    http.send_data(event.stream_id, b"<html>a page" if found else b"", end_stream=True)
            writer.write(http.data_to_send())
        writer.close()


class Babbler(Http2Server):
    """After a request it sends frames of a kind that nobody knows, or bytes at random, for ever and no answer."""

    def __init__(self, garbage: bytes) -> None:
        super().__init__()
        self.garbage = garbage

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        http = H2Connection(H2Configuration(client_side=False))
        http.initiate_connection()
        writer.write(http.data_to_send())
        with contextlib.suppress(OSError):
            asked = False
            while not asked:
                asked = any(
                    isinstance(event, RequestReceived) for event in http.receive_data(await reader.read(65_536))
                )
                writer.write(http.data_to_send())
            while not writer.is_closing():
                writer.write(self.garbage)
                await writer.drain()
                await asyncio.sleep(0.01)


def fetched(
    certificate: Path, folder: Path, host: str, play: Http2Server | None = None, **given: object
) -> tuple[Page, Http2Server]:
    play = play or Http2Server()

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def run() -> tuple[Page, Http2Server]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.set_alpn_protocols(["h2"])
        server = await asyncio.start_server(play.serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        clock = VirtualClock(datetime(2026, 3, 1, tzinfo=UTC))
        try:
            with Archive(folder) as archive:
                async with Fetcher(archive, clock, allow_private=True, resolve=resolve, **given) as fetcher:
                    for number in (1, 2):
                        asked = Request(f"https://{host}:{port}/list", page=number)
                        page = await fetcher.fetch(SOURCE, Query("faults", "US"), asked)
            await asyncio.sleep(0.05)  # the server sees the connection end
            return page, play
        finally:
            server.close()

    return asyncio.run(run())


def test_pages_come_over_one_http2_connection(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    page, play = fetched(certificate, tmp_path, "list.example.com")
    assert page.body == b"<html>a page"
    assert play.connections == 1
    assert [asked[":path"] for asked in play.asked] == ["/robots.txt", "/list", "/list"]
    assert {asked[":authority"].partition(":")[0] for asked in play.asked} == {"list.example.com"}


def test_a_certificate_for_another_name_is_refused(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(FetchError, match="no connection"):
        fetched(certificate, tmp_path, "other.example.net")


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="no connection"):
        fetched(certificate, tmp_path, "list.example.com")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0\0\x08\xee\0\0\0\0\0garbage!" * 50,  # frames of no known kind
        bytes(range(256)) * 8,  # no frames
        b"\0\0\x08\x06\0\0\0\0\0pingping",  # pings
    ],
    ids=["unknown", "bytes", "pings"],
)
def test_garbage_after_a_request_is_given_up_within_the_time_of_all_tries(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, garbage: bytes
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    limits = Limits(total_s=0.8, again_s=0.4)
    play = Babbler(garbage)
    began = time.monotonic()
    with pytest.raises(FetchError):
        fetched(certificate, tmp_path, "list.example.com", play, limits=limits)
    assert time.monotonic() - began < 2.2  # three tries would take 2.4 s
