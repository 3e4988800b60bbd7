"""Bytes to text, whatever the sender claimed.

What the bytes themselves prove comes first: a byte-order mark, then being valid UTF-8 (text of another encoding
almost never is). Only then the declared charset counts, because saved pages and exports often declare the
charset that they were *before* they were saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Labels as the web uses them -> the superset that browsers decode with. Anything else is not trusted: Python's
# codec table also holds compressors and quadratic decoders.
_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "iso-8859-2": "iso8859-2",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "koi8-r": "koi8-r",
    "windows-1258": "cp1258",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-9": "cp1254",
    "iso-8859-15": "iso8859-15",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "cp950",
    "big5-hkscs": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]{2,20})", re.IGNORECASE)
_PRESCAN_BYTES = 2048  # the HTML standard asks for 1,024; saved pages carry a comment before <meta>


def charset_in(text: str | bytes) -> str | None:
    """The label after `charset=` in a Content-Type header or in the head of an HTML page, lower case."""
    raw = text.encode("latin-1", "ignore") if isinstance(text, str) else text[:_PRESCAN_BYTES]
    found = _CHARSET.search(raw)
    return found.group(1).decode("ascii", "ignore").lower() if found else None


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are whole, valid UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_wide(data: bytes) -> bool:
    """Whether the bytes are UTF-16, by their mark or by their zeros."""
    return data.startswith((b"\xff\xfe", b"\xfe\xff")) or _wide_codec(data) is not None


def decode(data: bytes, declared: Iterable[str | None] = (), *, fallback: str = "cp1252") -> str:
    """The text of `data`, without a byte-order mark; bytes that fit nothing become U+FFFD.

    `declared` are charset labels in the order of trust; labels that are unknown or do not fit are passed over.
    """
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(codec, "replace")
    wide = _wide_codec(data)
    if wide:
        return data.decode(wide, "replace")
    if is_utf8(data):
        return data.decode("utf-8")
    known = [_CODECS[label] for label in declared if label in _CODECS]
    for codec in known:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return data.decode(known[0] if known else fallback, "replace")


def _wide_codec(data: bytes) -> str | None:
    """UTF-16 without a mark: in text with any Latin letters or digits, every second byte is mostly zero."""
    head = data[:400]
    if b"\0" not in head:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 4 * even and odd * 8 > len(head):
        return "utf-16-le"
    if even > 4 * odd and even * 8 > len(head):
        return "utf-16-be"
    return None
