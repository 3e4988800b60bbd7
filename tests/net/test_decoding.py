"""Content encodings: undone exactly, or refused; never beyond the limit."""

import contextlib
import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from trendscout.decoding import BodyTooLarge, BrokenBody, decode, decode_start

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
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


def test_an_encoded_body_of_nothing_is_nothing() -> None:
    assert decode(b"", "gzip", 100) == b""
