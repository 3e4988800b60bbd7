"""Content encodings undone within bounds: gzip, deflate, br, zstd. A bomb costs no more than `limit` bytes."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from types import ModuleType

from trendscout.findings import Worded

_MAX_ENCODINGS = 2  # one proxy on top of a server; each costs its own pass over up to `limit` bytes
_MAX_STREAMS = 1000  # gzip members in one body: an empty one costs 20 bytes to send and 10 µs to read
_INPUT_PIECE = 1 << 16  # what a stream leaves over is copied: of a piece, not of the whole body
_ZSTD_WINDOW_LOG = 23  # RFC 9659: a sender may not ask for more than 8 MB
_OUTPUT_PIECE = 1 << 20


class BrokenBody(Worded, ValueError):
    """The body does not follow its Content-Encoding, or stops too early."""


class BodyTooLarge(BrokenBody):
    """The body decodes to more than the limit."""


def decode(body: bytes, encoding: str, limit: int) -> bytes:
    """`body` with its Content-Encoding undone, at most `limit` bytes long.

    `encoding` is the header's value: "" or names with commas, in the order in which they were applied. Raises
    BodyTooLarge beyond `limit` and BrokenBody for damaged, truncated or unknown encodings.
    """
    names = [name for part in encoding.split(",") if not _is_none(name := part.strip().lower())]
    if len(names) > _MAX_ENCODINGS:
        raise BrokenBody("{count} content encodings on top of each other", count=len(names))
    for name in reversed(names):
        if not body:
            break
        if name not in _DECODERS:
            raise BrokenBody("unknown content encoding {name!r}", name=name[:40])
        body = _bounded(_DECODERS[name](body), limit)
    if len(body) > limit:
        raise BodyTooLarge("larger than {limit} bytes", limit=limit)
    return body


def decode_start(body: bytes, encoding: str, limit: int) -> bytes:
    """The first `limit` bytes of `body` with its one Content-Encoding undone; what is cut off is no fault.

    Raises BrokenBody if not even the start can be decoded.
    """
    name = encoding.strip().lower()
    if not body or _is_none(name):
        return body[:limit]
    if name not in _DECODERS:
        raise BrokenBody("unknown content encoding {name!r}", name=name[:40])
    kept = bytearray()
    try:
        for piece in _DECODERS[name](body):
            kept += piece
            if len(kept) >= limit:
                break
    except BrokenBody:
        if not kept:
            raise
    return bytes(kept[:limit])


def _is_none(name: str) -> bool:
    """Whether the name is of no encoding: servers write the charset there, or a word for "as it is"."""
    if name in ("", "identity", "none", "binary", "7bit", "8bit"):
        return True
    try:
        b"a".decode(name[:40])
    except (LookupError, ValueError):
        return False
    return True


def _bounded(pieces: Iterator[bytes], limit: int) -> bytes:
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise BodyTooLarge("it unpacks to more than {limit} bytes", limit=limit)
        kept.append(piece)
    return b"".join(kept)


def _gzip(body: bytes) -> Iterator[bytes]:
    yield from _inflate(body, zlib.MAX_WBITS | 16)


def _deflate(body: bytes) -> Iterator[bytes]:
    # RFC 9110 means zlib's format; some servers send the bare stream. RFC 1950's two-byte header tells.
    framed = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    yield from _inflate(body, zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)


def _inflate(body: bytes, window_bits: int) -> Iterator[bytes]:
    """The pieces of one or several concatenated streams; bytes after the last one are ignored, as browsers do."""
    waiting = memoryview(body)
    for _ in range(_MAX_STREAMS):
        stream = zlib.decompressobj(window_bits)
        data: bytes | memoryview = b""
        while not stream.eof:
            if not data:
                data, waiting = waiting[:_INPUT_PIECE], waiting[_INPUT_PIECE:]
            given = len(data)
            try:
                piece = stream.decompress(data, _OUTPUT_PIECE)
            except zlib.error as error:
                raise BrokenBody("damaged deflate data: {said}", said=str(error)) from None
            data = stream.unconsumed_tail
            if not piece and not given and not stream.eof:
                raise BrokenBody("deflate data stops too early")
            yield piece
        waiting = memoryview(body)[len(body) - len(waiting) - len(stream.unused_data) :]
        if bytes(waiting[:2]) != b"\x1f\x8b":
            return
    raise BrokenBody("more than {limit} streams one behind the other", limit=_MAX_STREAMS)


def _brotli(body: bytes) -> Iterator[bytes]:
    import brotli

    stream = brotli.Decompressor()
    data = body
    while not stream.is_finished():
        try:
            piece = stream.process(data, output_buffer_limit=_OUTPUT_PIECE)
        except brotli.error:
            raise BrokenBody("damaged brotli data") from None
        data = b""
        if not piece and not stream.is_finished():
            raise BrokenBody("brotli data stops too early")
        yield piece


def zstd_library() -> ModuleType:
    """`compression.zstd`, Python's own from 3.14 on; its backport before."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


def _zstd(body: bytes) -> Iterator[bytes]:
    zstd = zstd_library()
    stream = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
    data = body
    while not stream.eof:
        try:
            piece = stream.decompress(data, _OUTPUT_PIECE)
        except zstd.ZstdError as error:
            raise BrokenBody("damaged zstd data: {said}", said=str(error)) from None
        data = b""
        if not piece and stream.needs_input and not stream.eof:
            raise BrokenBody("zstd data stops too early")
        yield piece


_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
