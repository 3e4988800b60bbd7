"""Pictures for a workbook: from a local server that plays the sites, and none that may not be taken."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from example import NOW, RISING, but, example

from trendscout.fetch.pictures import pictures
from trendscout.report.columns import View
from trendscout.report.workbook import as_xlsx

# One white dot.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8ffffff7f0009fb03fd"
    "fca1f3370000000049454e44ae426082"
)
REPLIES = {
    "/robots.txt": (200, b"User-agent: *\nDisallow: /closed/"),
    "/a.png": (200, PNG),
    "/closed/b.png": (200, PNG),
    "/large.png": (200, PNG + b"\0" * 600_000),
    "/moved.png": (302, b""),
    "/gone.png": (404, b"no"),
    "/text.png": (200, b"<svg onload=alert(1)>"),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = REPLIES[self.path]
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/a.png")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def sites() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.asked = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


async def at_once(_: float) -> None:
    pass


def test_only_what_may_be_taken_and_is_small_is_taken() -> None:
    urls = [f"https://img.example{path}" for path in REPLIES if path != "/robots.txt"]
    with sites() as server:
        base = f"http://127.0.0.1:{server.server_port}"
        found = pictures([*urls, "http://img.example/a.png"], base=base, sleep=at_once)
    assert set(found) == {"https://img.example/a.png", "https://img.example/text.png"}
    assert "/closed/b.png" not in server.asked
    assert server.asked.count("/robots.txt") == 1


def test_a_name_that_points_inside_is_not_asked() -> None:
    async def inside(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    assert pictures(["https://img.example/a.png"], resolve=inside, sleep=at_once) == {}


def test_a_workbook_has_the_pictures_that_are_pictures() -> None:
    url, other = "https://img.example/a.png", "https://img.example/text.png"
    rows = (but(RISING, image=url), but(RISING, image=other))
    report = replace(example(), rows=rows)
    data = as_xlsx(report, View("en", UTC, NOW), pictures={url: PNG, other: b"<svg onload=alert(1)>"})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        media = [name for name in archive.namelist() if name.startswith("xl/media/")]
        assert [archive.read(name) for name in media] == [PNG]
    with zipfile.ZipFile(io.BytesIO(as_xlsx(report, View("en", UTC, NOW)))) as archive:
        assert not any(name.startswith("xl/media/") for name in archive.namelist())
