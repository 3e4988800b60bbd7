"""Saved replies in the forms that tools write: packed, in UTF-16, with marks and guards in front."""

import gzip
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendscout.errors import LayoutChanged
from trendscout.model import Page, Query
from trendscout.sources.bodies import MAX_BODY, readable

REPLY = '{"goods": [{"name": "Mondlampe 月灯"}]}'
FORMS = {
    "plain": REPLY.encode(),
    "BOM": REPLY.encode("utf-8-sig"),
    "UTF-16": REPLY.encode("utf-16"),
    "UTF-16 without BOM": REPLY.encode("utf-16-be"),
    "gzip": gzip.compress(REPLY.encode("utf-16")),
    "guard": b")]}'\n" + REPLY.encode(),
    "guard with comma": b")]}',\n" + REPLY.encode(),
    "BOM and while": b"\xef\xbb\xbfwhile(1);" + REPLY.encode(),
    "for": b"for (;;);" + REPLY.encode(),
}


def page(body: bytes) -> Page:
    return Page("", datetime(2026, 11, 20, tzinfo=UTC), 200, {}, body, Query(""))


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
def test_every_form_becomes_the_plain_reply(body: bytes) -> None:
    assert readable(page(body)).body == REPLY.encode()


def test_a_framed_reply_keeps_its_guard() -> None:
    framed = page(b")]}'\n\n105\n[[]]")
    assert readable(framed) is framed


@pytest.mark.parametrize("body", [gzip.compress(REPLY.encode())[:30], b"\x1f\x8b\x08"], ids=["cut", "head only"])
def test_damaged_gzip_is_told(body: bytes) -> None:
    with pytest.raises(LayoutChanged, match="damaged"):
        readable(page(body))


def test_a_bomb_stops_at_the_limit() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range((MAX_BODY >> 20) + 1)) + packer.flush()
    with pytest.raises(LayoutChanged, match="more than"):
        readable(page(bomb))


@given(st.binary(max_size=300))
def test_any_body_is_read_or_told_damaged(body: bytes) -> None:
    try:
        once = readable(page(body))
    except LayoutChanged:
        return
    assert len(once.body) <= 3 * len(body) or body.startswith(b"\x1f\x8b\x08")
