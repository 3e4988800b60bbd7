"""WARC/1.1 records of what was received, and what was received of records. The bytes, not the files."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import quote

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from trendscout import __version__
from trendscout.archive.record_context import (
    FIELD,
    BadRecord,
    RecordContext,
    context_text,
    date_of,
    date_text,
    read_context,
)
from trendscout.archive.wire import Received, public_headers, public_url
from trendscout.model import Request

if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

# Level 6 makes list pages 2 % larger than warcio's 9 in half of the time. Bodies that came compressed are stored:
# level 6 takes 15 ms a MB to save 0.5 %.
_LEVEL = 6
_STORED = 0
_ALREADY_COMPRESSED = ("application/zip", "application/vnd.", "application/x-parquet", "image/")


def info_member(name: str) -> bytes:
    """The warcinfo record that opens a file."""
    writer = _writer(out := BytesIO())
    software = {"software": f"trendscout/{__version__}", "format": "WARC File Format 1.1"}
    writer.write_record(writer.create_warcinfo_record(name, software))
    return _member(out, _LEVEL)


def closing_member(pages: int) -> bytes:
    """The metadata record that ends a file which was closed in good order: how many pages are in it."""
    writer = _writer(out := BytesIO())
    text = json.dumps({"pages": pages}).encode()
    writer.write_record(
        writer.create_warc_record(
            "", "metadata", payload=BytesIO(text), length=len(text), warc_content_type="application/json"
        )
    )
    return _member(out, _LEVEL)


def pages_told(member: bytes) -> int | None:
    """What a closing record says; None if it is none."""
    head, _, text = member.partition(b"\r\n\r\n")
    found = re.match(rb'\{"pages": (\d{1,9})\}', text)
    return int(found[1]) if found and b"WARC-Type: metadata" in head else None


def members(received: Received) -> bytes:
    """The records of one reply or file as gzip members: the response (or resource) first, then its request."""
    writer = _writer(first := BytesIO())
    if received.role != "crawl":
        record = _resource(writer, received)
        writer.write_record(record)
        return _member(first, _level(received))
    response = _response(writer, received)
    request = _request(writer, received, response)
    writer.write_record(response)
    out = _member(first, _level(received))
    writer.out = second = BytesIO()
    writer.write_record(request)
    return out + _member(second, _LEVEL)


@dataclass(frozen=True, slots=True)
class Revisit:
    """A record of another tool: this page came again, with the very body that an earlier record holds."""

    url: str
    fetched_at: datetime
    digest: str  # of the body
    refers_to: tuple[str, str]  # address and date of the earlier record; "" where it does not say


def _revisit(record: ArcWarcRecord) -> Revisit:
    fields = record.rec_headers
    record.raw_stream.read()
    return Revisit(
        fields.get_header("WARC-Target-URI") or "",
        date_of(fields.get_header("WARC-Date")),
        fields.get_header("WARC-Payload-Digest") or "",
        (
            fields.get_header("WARC-Refers-To-Target-URI") or fields.get_header("WARC-Target-URI") or "",
            fields.get_header("WARC-Refers-To-Date") or "",
        ),
    )


def payload_digest(body: bytes) -> str:
    """The digest of a body as records name it."""
    return f"sha1:{base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()}"


def received_of(record: ArcWarcRecord, *, own: bool) -> Received | Revisit | None:
    """What a response or resource record holds; None for records of other types. Revisits are others' alone.

    Only of our `own` archive is it believed which snapshot it belongs to. Raises BadRecord if the record is
    shorter than it says, its digest is wrong or its fields cannot be read.
    """
    if record.rec_type == "revisit" and not own:
        return _revisit(record)
    if record.rec_type not in ("response", "resource"):
        return None
    fields = record.rec_headers
    body = record.raw_stream.read(max(record.length or 0, 0))
    http = record.http_headers
    length = record.payload_length if http else record.length
    if len(body) != length:
        raise BadRecord("{count} bytes of {length}", count=len(body), length=length)
    _check_digest(fields.get_header("WARC-Payload-Digest"), body)
    headers = tuple((str(name), str(value)) for name, value in http.headers) if http else ()
    chunked = any(n.lower() == "transfer-encoding" and "chunked" in v.lower() for n, v in headers)
    header = fields.get_header(FIELD) if own else None
    context = read_context(header) if header else RecordContext()
    fetched_at = date_of(fields.get_header("WARC-Date"))
    target = fields.get_header("WARC-Target-URI") or ""
    return Received(
        query=context.query,
        request=Request(url=context.asked or target, page=context.number),
        url=context.url or target,
        status=int(http.get_statuscode()) if http else 200,
        headers=tuple(map(_as_sent, headers)) if http else (("Content-Type", record.content_type or ""),),
        body=_without_chunks(body) if chunked else body,  # other tools keep the chunks
        fetched_at=fetched_at,
        taken_at=context.taken_at or fetched_at,
        pages=context.pages,
        role=context.role,
        sent_to=target if context.url else "",
        extra=context.extra,
    )


# 0.2 s; servers send whole pages, or some KiB at a time.
_MAX_CHUNKS = 200_000
_CHUNK_SIZE = re.compile(rb"[ \t]{0,8}([0-9a-fA-F]{1,8})[ \t]{0,8}(?:;[^\r\n]{0,200})?\r?\n")


def _without_chunks(body: bytes) -> bytes:
    """The body without HTTP's chunk sizes; from where it has none on, as it is: some tools took them out."""
    pieces: list[bytes] = []
    place = 0
    for _ in range(_MAX_CHUNKS):
        head = _CHUNK_SIZE.match(body, place)
        if not head:
            return b"".join([*pieces, body[place:]])
        size = int(head[1], 16)
        if not size:
            return b"".join(pieces)
        pieces.append(body[head.end() : head.end() + size])
        place = head.end() + size
        place += 2 if body[place : place + 2] == b"\r\n" else 0
    raise BadRecord("more than {limit} chunks", limit=_MAX_CHUNKS)


# Before the name of Transfer-Encoding, since the chunks are gone from the body; replay tools keep fields so.
_ONCE = "X-Archive-Orig-"


def _as_sent(header: tuple[str, str]) -> tuple[str, str]:
    name, value = header
    once = name.lower() == f"{_ONCE}transfer-encoding".lower()
    return (name[len(_ONCE) :] if once else name), value


def _writer(out: BytesIO) -> WARCWriter:
    return WARCWriter(out, gzip=False, warc_version="1.1")


def _member(plain: BytesIO, level: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(plain.getbuffer()) + packer.flush()


def _level(received: Received) -> int:
    for name, value in received.headers:
        lower = name.lower()
        if lower == "content-encoding" and value.strip().lower() not in ("", "identity"):
            return _STORED
        if lower == "content-type" and value.lower().startswith(_ALREADY_COMPRESSED):
            return _STORED
    return _LEVEL


def _response(writer: WARCWriter, received: Received) -> ArcWarcRecord:
    headers = [
        (_ONCE + name if name.lower() == "transfer-encoding" else name, value)
        for name, value in public_headers(received.headers)
    ]
    return writer.create_warc_record(
        public_url(received.sent_to or received.url),
        "response",
        payload=BytesIO(received.body),
        length=len(received.body),
        http_headers=StatusAndHeaders(str(received.status), headers, protocol="HTTP/1.1"),
        warc_headers_dict={
            "WARC-Date": date_text(received.fetched_at),
            "WARC-Protocol": received.protocol,
            FIELD: context_text(received),
        },
    )


def _request(writer: WARCWriter, received: Received, response: ArcWarcRecord) -> ArcWarcRecord:
    asked = received.request
    path = quote(public_url(asked.url).partition("://")[2].partition("/")[2], safe="%/:=&?~#+!$,;'@()*[]")
    body = asked.body or b""
    return writer.create_warc_record(
        public_url(received.sent_to or received.url),
        "request",
        payload=BytesIO(body),
        length=len(body),
        http_headers=StatusAndHeaders(
            f"/{path} HTTP/1.1",
            list(public_headers(received.sent_headers)),
            protocol=asked.method,
            is_http_request=True,
        ),
        warc_headers_dict={
            "WARC-Date": date_text(received.fetched_at),
            "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
        },
    )


def _resource(writer: WARCWriter, received: Received) -> ArcWarcRecord:
    kind = dict(received.headers).get("Content-Type", "application/octet-stream")
    return writer.create_warc_record(
        public_url(received.url),
        "resource",
        payload=BytesIO(received.body),
        length=len(received.body),
        warc_content_type=kind,
        warc_headers_dict={"WARC-Date": date_text(received.fetched_at), FIELD: context_text(received)},
    )


def _check_digest(expected: str | None, body: bytes) -> None:
    if not expected:
        return
    algorithm, _, digest = expected.partition(":")
    if algorithm.lower() != "sha1":
        return
    sha1 = hashlib.sha1(body, usedforsecurity=False).digest()
    if digest not in (base64.b32encode(sha1).decode(), sha1.hex()):
        raise BadRecord("the digest is wrong")
