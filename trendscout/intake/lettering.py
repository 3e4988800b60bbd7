"""The bytes of a CSV as text: UTF-8, UTF-16, or what a spreadsheet saved, told by its letters."""

from __future__ import annotations

import re
from collections.abc import Collection

from trendscout.text.charset import decode, is_utf8, is_wide

_SAMPLE = 20_000  # bytes; enough letters to tell
# Codec and the lead bytes of its common characters: by design the everyday ones of each stand in these rows.
_EASTERN = {
    "gb18030": range(0xB0, 0xD8),
    "cp950": range(0xA4, 0xC7),
    "cp932": range(0),
    "cp949": range(0xB0, 0xC9),
}
_ALL = 0.98
_ENOUGH = 24  # bytes
_KANA = re.compile(r"[\u3040-\u30ff]")
_LONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_HIGH = re.compile(rb"[\x80-\xff]")


def table_text(data: bytes, known: Collection[str] = ()) -> str:
    """The text of a CSV; `known` are column names, lower case: a charset in which they appear is the right one."""
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) or is_wide(data) or is_utf8(data):
        return decode(data)
    sample = data[:_SAMPLE]
    high = len(_HIGH.findall(sample)) or 1
    if len(_LONE.findall(sample)) * 2 >= high:  # single letters among ASCII: an alphabet
        return decode(data, ("windows-1252",))
    fits = {codec: _fit(sample, codec, known) for codec in _EASTERN}
    codec = max(fits, key=lambda codec: fits[codec])  # of equals the first
    # Everyday Hangul are everyday Hanzi too, but of Chinese only half of the letters stand where all Hangul do.
    if fits["cp949"][0] >= fits[codec][0] and fits["cp949"][1] > _ALL and high >= _ENOUGH:
        codec = "cp949"
    return data.decode(codec, "replace")


def _fit(sample: bytes, codec: str, known: Collection[str]) -> tuple[int, float]:
    """How many column names the text has, and which share of its letters is common in that charset."""
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:
            return 0, -1.0
        text = sample[: error.start].decode(codec, "replace")
    first = re.split(r"[,;\t|\r\n\"]+", text[:2000].lower())
    letters = [char for char in text if ord(char) > 0x7F] or [""]
    leads = _EASTERN[codec]
    common = sum((char.encode(codec, "replace") or b"\0")[0] in leads or _is_kana(char, codec) for char in letters)
    return sum(name.strip() in known for name in first), common / len(letters)


def _is_kana(letter: str, codec: str) -> bool:
    """Whether a letter shows that a text is Japanese: the other charsets have kana, and few texts with them."""
    return codec == "cp932" and bool(_KANA.match(letter))
