"""Pages that stand in front of a list: captcha, login, consent, country block, empty shell, error in disguise.

A list page must never be taken for a wall, so a mark is one that no list carries, or counts only on small pages.
A site's own walls live in its source file.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal
from urllib.parse import urlsplit

from trendscout.findings import Finding, words
from trendscout.model import Page

_OWN_HEAD_BYTES = 200_000  # how much of a page a site's own marks are looked for in
_HEAD_BYTES = 65_536
_LARGE_BYTES = 200_000  # no wall seen is as large; of such a page the beginning is looked at
_LARGE_HEAD_BYTES = 8_192
_SMALL_BYTES = 40_000  # walls have 1-30 kB; list pages 100 kB and more, their replies one row at least
_SMALL_REPLY = 4_000

# On any page, lower case.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"/errors/validatecaptcha", "a captcha"),
    (b"captcha-delivery.com", "a captcha"),
    (b"px-captcha", "a captcha"),
    (b"/_____tmd_____/punish", "a captcha"),
    (b"cf-challenge", "a browser check"),
    (b"/cdn-cgi/challenge-platform/h/", "a browser check"),
    (b"challenges.cloudflare.com/turnstile", "a browser check"),
    (b"_incapsula_resource?swudnsai", "a browser check"),
    (b"awswafintegration", "a browser check"),
    (b"/_sec/cp_challenge/", "a browser check"),
)
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
# Said in the text of small pages.
_SAID: tuple[tuple[bytes, str], ...] = (
    (b"unusual traffic from your", "a captcha"),
    (b"automated access to", "a captcha"),
    (b"enable javascript and cookies to continue", "a browser check"),
    (b"enable javascript to run this app", "an empty shell that only a browser fills"),
    (b"you need to enable javascript", "an empty shell that only a browser fills"),
    (b"javascript is required", "an empty shell that only a browser fills"),
    (b"not available in your country", "a country block"),
    (b"not available in your region", "a country block"),
    (b"451 unavailable", "a country block"),
)
# Where sites send those whom they do not serve; the last two parts of the address's path.
_PLACES = {
    "captcha": "a captcha", "punish": "a captcha", "validatecaptcha": "a captcha", "sorry": "a captcha",
    "blocked": "an access refusal", "login": "a login page", "signin": "a login page", "sign-in": "a login page",
    "passport": "a login page", "password": "a password page",
}  # fmt: skip
_CODE_KEYS = ("code", "errcode", "error_code", "errno", "status_code", "statusCode", "ret", "error")
_MESSAGE_KEYS = ("msg", "message", "error_msg", "errmsg", "error_description", "error", "detail")
_FINE = frozenset({"", "0", "200", "ok", "success", "false", "none", "null"})

# What a reply says. Each kind has a consequence of its own, for the list and for its host.
Answer = Literal["page", "part", "missing", "block", "overload", "fault"]
# Only these are a whole page; 304 and 0 stand in browsers' logs, with the page that a cache held.
_WHOLE = frozenset((0, 200, 203, 304))
_BLOCK = frozenset((401, 403, 407, 430, 451))
_OVERLOAD = frozenset((429, 503, 529))
# Worth another try: such a reply says nothing of the list.
TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529))
_NO_BLOCKS: dict[str, Answer] = {
    "a missing page": "missing",
    "no page": "missing",
    "a part of a page": "part",
    "an error page": "fault",
}


@dataclass(frozen=True, slots=True)
class Walls:
    """A site's own walls, as data: what stands for a wall, and what says that the page is a list after all.

    A wall's name is English and has its Chinese in locale/; `{code}` in it is what the pattern's group found.
    """

    marks: tuple[tuple[bytes, str], ...] = ()  # in the page's beginning, lower case
    addresses: tuple[tuple[str, str], ...] = ()  # patterns: the site sends its visitors there
    replies: tuple[tuple[bytes, str], ...] = ()  # patterns in the body, with one group for {code}
    statuses: tuple[tuple[int, str], ...] = ()
    unless: tuple[bytes, ...] = ()  # a body with one of these holds rows, whatever else it holds
    largest: int | None = None  # bytes: a larger page is no wall

    def seen_in(self, page: Page) -> Finding | None:
        """Which wall the page is, in words, or None."""
        for pattern, wall in self.addresses:
            if re.search(pattern, page.url):
                return words(wall)
        if self.largest is not None and len(page.body) > self.largest:
            return None
        if any(mark in page.body for mark in self.unless):
            return None
        head = page.body[:_OWN_HEAD_BYTES].lower() if self.marks else b""
        for mark, wall in self.marks:
            if mark in head:
                return words(wall)
        for pattern_of_reply, wall in self.replies:
            if match := re.search(pattern_of_reply, page.body):
                return words(wall, **({"code": match[1].decode("utf-8", "replace")} if match.groups() else {}))
        return next((words(wall) for status, wall in self.statuses if page.status == status), None)


NO_WALLS = Walls()


def answer_of(status: int) -> Answer:
    """What the status of a reply says, before anyone looks into it."""
    if status in _WHOLE:
        return "page"
    if status in _BLOCK:
        return "block"
    if status in _OVERLOAD:
        return "overload"
    if 200 <= status < 300:
        return "part"
    return "fault" if status >= 500 or status in TRANSIENT else "missing"


def stands_for(wall: Finding) -> Answer:
    """What kind of answer a wall is, by its name; one that nobody names otherwise is a block."""
    return next((kind for name, kind in _NO_BLOCKS.items() if str(wall).startswith(name)), "block")


def wall_of(page: Page) -> Finding | None:
    """What stands in the place of the list, in words ("a captcha", "a missing page (HTTP 404)"), or None."""
    answer = answer_of(page.status)
    if answer == "block":
        return words("an access refusal (HTTP {status})", status=page.status)
    if answer == "missing":
        missing = "a missing page (HTTP {status})" if page.status in (404, 410) else "no page (HTTP {status})"
        return words(missing, status=page.status)
    head = page.body[: _HEAD_BYTES if len(page.body) < _LARGE_BYTES else _LARGE_HEAD_BYTES].lower()
    marked = next((what for mark, what in _MARKS if mark in head), None)
    if marked:
        return words(marked)
    if answer != "page":
        part = "a part of a page (HTTP {status})" if answer == "part" else "an error page (HTTP {status})"
        return words(part, status=page.status)
    named = _by_address(page.url)
    if named or len(page.body) >= _SMALL_BYTES:
        return words(named) if named else None
    return _small_wall(page.body, head)


@cache
def _titles() -> dict[str, re.Pattern[str]]:
    """By wall, what the titles of such pages say."""
    text = (resources.files("trendscout.text") / "walls.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)["titles"]
    return {
        wall: re.compile("|".join(lines.split("\n")).strip("|"), re.IGNORECASE) for wall, lines in told.items()
    }


def _by_address(url: str) -> str | None:
    """The wall that the address itself names: sites redirect to it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if (parts.hostname or "").startswith("consent."):
        return "a consent page"
    segments = [part for part in parts.path.lower().split("/") if part][-2:]
    return next((_PLACES[part] for part in segments if part in _PLACES), None)


def _small_wall(body: bytes, head: bytes) -> Finding | None:
    if head.lstrip()[:1] in (b"{", b"["):
        return _error_reply(body) if len(body) < _SMALL_REPLY else None
    if head.lstrip().startswith((b"<?xml", b"<rss", b"<feed")):
        return None
    title = _TITLE.search(head)
    if title:
        said = title[1].decode("utf-8", "ignore").strip()
        for wall, pattern in _titles().items():
            if pattern.search(said):
                return words(wall)
    return next((words(wall) for mark, wall in _SAID if mark in head), None)


def _error_reply(body: bytes) -> Finding | None:
    """An error code that came with status 200: {"code": 40101, "msg": "no permission"}."""
    try:
        reply: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(reply, dict) or any(isinstance(value, (list, dict)) and value for value in reply.values()):
        return None
    code = next((reply[key] for key in _CODE_KEYS if key in reply), None)
    message = next((reply[key] for key in _MESSAGE_KEYS if isinstance(reply.get(key), str)), "")
    if code is None or str(code).lower() in _FINE:
        return None
    said = f"{code} ({message})" if message else str(code)
    return words("an error reply: {text}", text=" ".join(said.split())[:80])
