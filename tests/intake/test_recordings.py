"""Recordings as tools really write them: bodies in other forms than they say, revisits, archives of archives."""

import base64
import gzip
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest

from trendscout.findings import said
from trendscout.intake import pages_in
from trendscout.intake.har import har_pages
from trendscout.model import Page
from trendscout.steps.saved_pages import warc_pages

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
REPLY = json.dumps({"mods": {"listItems": [{"itemId": "7001", "name": "Đèn mặt trăng"}]}}, ensure_ascii=False)
BYTES = REPLY.encode()
B64 = base64.b64encode(BYTES).decode()
CONTENTS = {
    "plain": {"text": REPLY},
    "base64": {"text": B64, "encoding": "base64"},
    "base64 that is plain text": {"text": REPLY, "encoding": "base64"},
    "base64 that is not said": {"text": B64},
    "base64 without its end": {"text": B64.rstrip("="), "encoding": "base64"},
    "base64 in lines": {"text": "\n".join(B64[n : n + 60] for n in range(0, len(B64), 60)), "encoding": "base64"},
    "base64 of brotli": {"text": base64.b64encode(brotli.compress(BYTES)).decode(), "encoding": "base64"},
    "base64 of gzip": {"text": base64.b64encode(gzip.compress(BYTES)).decode(), "encoding": "base64"},
    "bytes as letters": {"text": BYTES.decode("latin-1")},
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_body_is_read_in_whatever_form_it_was_kept(content: dict[str, str]) -> None:
    entry = {"request": {"url": "https://www.lazada.vn/catalog/"}, "response": {"status": 200, "content": content}}
    (page,) = har_pages(json.dumps({"log": {"entries": [entry]}}).encode(), at=NOW)
    assert isinstance(page, Page)
    assert page.body == BYTES


def test_words_that_could_be_base64_stay_words() -> None:
    text = "TheQuickBrownFoxJumpsOverTheLazyDog"
    entry = {"request": {"url": "https://a.example/"}, "response": {"content": {"text": text}}}
    (page,) = har_pages(json.dumps({"log": {"entries": [entry]}}).encode(), at=NOW)
    assert isinstance(page, Page)
    assert page.body == text.encode()


def record(kind: str, date: str, headers: str, body: bytes, **fields: str) -> bytes:
    block = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}\r\n".encode() + body
    named = {"WARC-Type": kind, "WARC-Date": date, "WARC-Target-URI": "https://www.lazada.vn/catalog/?q=den"}
    named |= {name.replace("_", "-"): value for name, value in fields.items()}
    named |= {"Content-Type": "application/http; msgtype=response", "Content-Length": str(len(block))}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


RECORDS = (
    record("response", "2026-07-01T09:00:00Z", "Content-Encoding: br\r\n", BYTES),
    record(
        "revisit", "2026-07-02T09:00:00Z", "", b"",
        WARC_Refers_To_Target_URI="https://www.lazada.vn/catalog/?q=den",
        WARC_Refers_To_Date="2026-07-01T09:00:00Z",
    ),
)  # fmt: skip


@pytest.mark.parametrize("packed", [True, False])
def test_a_revisit_is_a_look_of_its_own_day(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(map(gzip.compress, RECORDS) if packed else RECORDS))
    pages = list(warc_pages(path))
    assert [page.body for page in pages] == [BYTES, BYTES], "the header names a coding that the body is not in"
    assert [f"{page.fetched_at:%m-%d}" for page in pages] == ["07-01", "07-02"]


def test_a_revisit_of_nothing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(RECORDS[1]))
    (found,) = pages_in([path], now=NOW, read_warc=warc_pages)
    assert found.status == "left"
    assert "which is not in the file" in said(found.findings, "en")


def test_a_wacz_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "site.wacz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.warc.gz", b"".join(map(gzip.compress, RECORDS)))
        archive.writestr("datapackage.json", "{}")
    assert len(list(warc_pages(path))) == 2
    (tmp_path / "broken.wacz").write_bytes(b"PK\x03\x04 no zip")
    (found,) = pages_in([tmp_path / "broken.wacz"], now=NOW, read_warc=warc_pages)
    assert "cannot be unpacked" in said(found.findings, "en")


def test_a_packed_har_is_read(tmp_path: Path) -> None:
    entry = {"request": {"url": "https://www.lazada.vn/catalog/?q=den"}, "response": {"content": {"text": REPLY}}}
    path = tmp_path / "a.har.gz"
    path.write_bytes(gzip.compress(json.dumps({"log": {"entries": [entry]}}).encode()))
    (found,) = pages_in([path], now=NOW)
    assert (found.status, found.source) == ("taken", "lazada")
