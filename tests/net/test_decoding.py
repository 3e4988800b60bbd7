"""Content encodings: undone exactly, or refused; never beyond the limit."""

import contextlib
import gzip
import random
import time
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendscout.archive.decoding import _DECODERS, BodyTooLarge, BrokenBody, decode, decode_start, zstd_library

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd_library().compress,
}


@pytest.mark.parametrize("encoding", PACK)
@given(data=st.binary(max_size=20_000) | st.integers(0, 300_000).map(bytes))
def test_what_was_packed_comes_out(encoding: str, data: bytes) -> None:
    packed = PACK[encoding](data)
    assert decode(packed, encoding, len(data)) == data
    assert decode_start(packed, encoding, 100) == data[:100]
    if data:
        with pytest.raises(BodyTooLarge):
            decode(packed, encoding, len(data) - 1)


@pytest.mark.parametrize(("encoding", "most"), [("gzip", 1), ("deflate", 1), ("br", 2), ("zstd", 32)])
def test_a_bomb_comes_in_pieces(encoding: str, most: int) -> None:
    """Of 40 MiB behind some kilobytes no piece is larger than so many MiB: the limit is looked at between them."""
    pieces = _DECODERS[encoding](PACK[encoding](bytes(40 << 20)))
    assert max(map(len, pieces)) <= most << 20


@pytest.mark.parametrize("encoding", PACK)
@given(data=st.binary(min_size=1, max_size=500), cut=st.integers(1, 400))
def test_a_cut_body_is_told(encoding: str, data: bytes, cut: int) -> None:
    packed = PACK[encoding](data)
    kept = packed[:-cut]
    if kept:
        with pytest.raises(BrokenBody):
            decode(kept, encoding, 10_000)


@pytest.mark.parametrize("encoding", [*PACK, "gzip, br", "x-gzip", "identity", "", "klingon", ",,", "br,br,br,br"])
@given(data=st.binary(max_size=500))
def test_any_bytes_give_bytes_or_our_own_error(encoding: str, data: bytes) -> None:
    for start in (b"", b"\x1f\x8b\x08\0\0\0\0\0\0\3", b"x\x9c", b"\x28\xb5\x2f\xfd"):
        with contextlib.suppress(BrokenBody):
            assert len(decode(start + data, encoding, 5000)) <= 5000
        with contextlib.suppress(BrokenBody):
            assert len(decode_start(start + data, encoding, 500)) <= 500


def test_encodings_are_undone_in_reverse() -> None:
    data = brotli.compress(gzip.compress(b"list"))
    assert decode(data, "GZip , br", 100) == b"list"


@pytest.mark.parametrize("name", ["UTF-8", "utf8", "gb2312", "ISO-8859-1", "none", "binary", "identity"])
def test_a_charset_is_no_encoding(name: str) -> None:
    assert decode(b"[1]", name, 100) == decode_start(b"[1]", name, 100) == b"[1]"
    assert decode(gzip.compress(b"[1]"), f"gzip, {name}", 100) == b"[1]"


@pytest.mark.parametrize("name", ["rot13", "compress", "base64", "hex", "zlib", "dcb", "x" * 10_000])
def test_what_is_neither_is_not_guessed(name: str) -> None:
    with pytest.raises(BrokenBody, match="unknown"):
        decode(b"[1]", name, 100)


def test_streams_one_behind_the_other_are_read_within_bounds() -> None:
    whole = b"".join(gzip.compress(b"x" * n) for n in range(900))
    assert len(decode(whole, "gzip", 1_000_000)) == sum(range(900))
    empty = gzip.compress(b"", 9, mtime=0) * 100_000
    began = time.process_time()
    for body, encoding in (
        (empty, "gzip"),
        (gzip.compress(empty), "gzip, gzip"),
        (brotli.compress(empty), "gzip, br"),
    ):
        with pytest.raises(BrokenBody, match="1000 streams"):
            decode(body, encoding, 10_000_000)
    assert time.process_time() - began < 1.0


def test_a_large_stream_and_what_follows_it_come_out_whole() -> None:
    chance = random.Random(3)
    parts = [chance.randbytes(300_000), b"a" * 3_000_000, chance.randbytes(65_536 - 23)]
    packed = b"".join(map(gzip.compress, parts))
    assert decode(packed, "gzip", 10_000_000) == b"".join(parts)
    assert decode(packed + b"tail", "gzip", 10_000_000) == b"".join(parts)


def test_an_encoded_body_of_nothing_is_nothing() -> None:
    assert decode(b"", "gzip", 100) == b""
