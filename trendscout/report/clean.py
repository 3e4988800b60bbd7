"""Text from outside made safe to show: what steers a terminal, a spreadsheet or a page becomes visible."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# C0 and C1 controls, line and paragraph separators, overrides and isolates of writing direction, interlinear
# marks, lone surrogates and non-characters. Joiners and direction marks stay: emoji and Persian need them.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
# A spreadsheet takes a cell for a formula by its first sign, full-width ones included in Chinese Excel, and for a
# number or a date if it is made of digits and their signs only.
_FORMULA = re.compile(r"[=+\-@＝＋－＠]")
_NUMBER_LIKE = re.compile(r"[\d.,:/\s%eE+\-]*\d[\d.,:/\s%eE+\-]*")
_INVISIBLE = " \u00a0\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


def visible(text: str) -> str:
    r"""`text` with every control sign written out: a line feed as `\n`, a bell as `\x07`; the rest as it is."""
    return _STEERING.sub(_escape, text)


def guarded(text: str) -> str:
    """`text` led by a tab where a spreadsheet would take it for a formula, a number or a date."""
    bare = text.lstrip(_INVISIBLE)
    return f"\t{text}" if _FORMULA.match(bare) or _NUMBER_LIKE.fullmatch(bare) else text


def web_address(url: str | None) -> str | None:
    """`url` if it is a plain http(s) address, else None: `javascript:` and `file:` are never links."""
    if url and re.match(r"https?://[^\s/]", url, re.IGNORECASE) and visible(url) == url:
        return url
    return None


_INNER_NAMES = (".local", ".internal", ".lan", ".home", ".corp", ".intranet", ".localhost", ".arpa", ".test")


def picture_address(url: str | None) -> str | None:
    """`url` if a page may load it: https, and a name of the open internet; no list reaches into the reader's net.

    Numbers of any kind are no names: a page would ask 127.0.0.1, a router or a cloud's metadata for them.
    """
    address = web_address(url)
    try:
        parts = urlsplit(address or "")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    is_name = re.fullmatch(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*[a-z]", host) is not None
    if parts.scheme != "https" or not is_name or parts.username or port not in (None, 443):
        return None
    return None if host.endswith(_INNER_NAMES) else address


def _escape(match: re.Match[str]) -> str:
    sign = match[0]
    code = ord(sign)
    return _SHORT.get(sign) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
