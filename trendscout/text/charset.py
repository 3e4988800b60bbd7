"""Bytes to text, whatever the sender claimed.

What the bytes themselves prove comes first: a byte-order mark, then being valid UTF-8 (text of another encoding
almost never is). Only then the declared charset counts, because saved pages and exports often declare the
charset that they were *before* they were saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# The labels of the Encoding standard by which pages are declared, by the superset that browsers decode with.
# Anything else is not trusted: Python's codec table also holds compressors and quadratic decoders.
_LABELS = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "cp866": "866 cp866 csibm866 ibm866",
    "iso8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
    "iso8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "iso8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "iso8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "iso8859-6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e "
    "iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
    "iso8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 "
    "iso_8859-7 iso_8859-7:1987 sun_eu_greek",
    "iso8859-8": "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 "
    "iso_8859-8 iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical",
    "iso8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
    "iso8859-16": "iso-8859-16",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "mac_roman": "csmacintosh mac macintosh x-mac-roman",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "cp1250": "cp1250 windows-1250 x-cp1250",
    "cp1251": "cp1251 windows-1251 x-cp1251",
    "cp1252": "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 "
    "iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
    "cp1253": "cp1253 windows-1253 x-cp1253",
    "cp1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
    "windows-1254 x-cp1254",
    "cp1255": "cp1255 windows-1255 x-cp1255",
    "cp1256": "cp1256 windows-1256 x-cp1256",
    "cp1257": "cp1257 windows-1257 x-cp1257",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gb18030": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030",
    "cp950": "big5 cn-big5 csbig5 x-x-big5",
    "big5hkscs": "big5-hkscs",
    "euc_jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "iso2022_jp": "csiso2022jp iso-2022-jp",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "cp949": "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 "
    "windows-949",
    "utf-16-be": "unicodefffe utf-16be",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16le",
    "utf-16": "utf-16",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSET = re.compile(rb"(?:charset|<\?xml[^>]{0,80}\bencoding)\s*=\s*[\"']?\s*([\w.:-]{1,24})", re.IGNORECASE)
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
    known = [_CODECS[label] for label in map(_label, declared) if label in _CODECS]
    if is_nearly_utf8(data, sure=not known or known[0] == "utf-8"):
        return data.decode("utf-8", "replace")
    for codec in known:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return data.decode(known[0] if known else fallback, "replace")


def _label(declared: str | None) -> str:
    return (declared or "").strip().lower()


_SURE, _DOUBTFUL = 1, 10  # whole signs of several bytes for each broken one: of other charsets hardly any is whole
_LONGEST = 4 * 1024 * 1024  # of this much the share is that of all


def is_nearly_utf8(data: bytes, *, sure: bool = True) -> bool:
    """Whether the bytes are UTF-8, a few broken on the way; `sure` if nothing declares otherwise."""
    if is_utf8(data):
        return True
    text = data[:_LONGEST].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for sign in text if sign > "\x7f" and sign != "\ufffd")
    return whole >= (_SURE if sure else _DOUBTFUL) * broken


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
