"""Group bots of WeCom, DingTalk and Feishu: what is posted to them, and what their answers mean.

All three answer HTTP 200 with an error code in the body when they refuse, so the body decides. Limits are the
vendors': WeCom 4,096 bytes of markdown (error 40058 above), DingTalk 20,000 bytes (460101), Feishu 20 kB; 20
messages a minute for the first two, 100 for Feishu.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from urllib.parse import quote_plus, urldefrag

from trendscout.findings import Finding, finding
from trendscout.report.digest import Item


@dataclass(frozen=True, slots=True)
class Bot:
    """One vendor's manners."""

    limit: int  # bytes of what `measured` gives
    spacing_s: float  # between two messages
    measured: Callable[[str, str], bytes]  # (title, text) -> what the limit counts
    body: Callable[[str, str, str, datetime], bytes]  # (title, text, secret, now) -> what is posted
    code: str  # the field of the answer that is 0 for success
    said: str  # ... that says why not
    busy: frozenset[int]  # codes that pass with time: too many messages in a minute, the vendor's own trouble
    markdown: bool


def shown(item: Item, *, markdown: bool) -> str:
    """An item as text; markup of the bots' dialects cannot come out of a title."""
    if not markdown:
        return "\n".join((item.head, *item.lines, *([item.url] if item.url else ())))
    head = f"**{plain(item.head)}**"
    if item.url:
        link = item.url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
        head = f"[{plain(item.head)}]({link})"
    return "\n".join((head, *(f"> {plain(line)}" for line in item.lines)))


def plain(text: str) -> str:
    """`text` whose marks that the bots' markdown reads are replaced by look-alikes."""
    return text.translate(_LOOK_ALIKES)


_LOOK_ALIKES = str.maketrans({"<": "‹", ">": "›", "[": "［", "]": "］", "*": "＊", "`": "ˋ", "@": "＠"})


def address(kind: str, url: str, now: datetime) -> tuple[str, str]:
    """(where to post, secret): a secret is written behind `#` and never leaves this machine.

    DingTalk wants its signature in the address, Feishu in the body.
    """
    url, secret = urldefrag(url)
    if kind != "dingtalk" or not secret:
        return url, secret
    stamp = str(int(now.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return f"{url}&timestamp={stamp}&sign={quote_plus(base64.b64encode(digest).decode())}", secret


# What became of a message: it may be sent again later, it never will be taken, or nobody knows whether it arrived.
Fate = Literal["arrived", "later", "refused", "doubt"]
Post = Callable[..., tuple[int, bytes]]  # (url, JSON[, headers]) -> (HTTP status, answer)
BUSY_S = 60.0  # vendors count messages by the minute


class Verdict(NamedTuple):
    """What became of a message, why it did not arrive, and seconds that the other side wants to be left alone."""

    fate: Fate
    why: Finding | None = None
    pause_s: float = 0.0


ARRIVED = Verdict("arrived")


def verdict(bot: Bot, status: int, body: bytes) -> Verdict:
    """What an answer means.

    Only an answer that cannot be read, an overload and a few codes pass with time: any other refusal is of this
    message, and would come again.
    """
    try:
        answer = json.loads(body)
        code = answer.get(bot.code, answer.get("StatusCode"))
    except (ValueError, AttributeError, RecursionError):
        code = None
    code = code if isinstance(code, (int, str)) else None
    if status >= 500 or status == 429:
        return unwell(status)
    if code is None:
        fate: Fate = "refused" if 400 <= status < 500 else "later"
        return Verdict(fate, finding("push_unreadable", status=status))
    if status == 200 and code == 0:
        return ARRIVED
    why = refusal(code, answer.get(bot.said))
    return Verdict("later", why, BUSY_S) if code in bot.busy else Verdict("refused", why)


def unwell(status: int) -> Verdict:
    """What an overload or a fault of theirs means."""
    return Verdict("later", finding("push_status", status=status), BUSY_S if status == 429 else 0.0)


def refusal(code: object, told: object) -> Finding:
    """A vendor's code, with what it said of it."""
    text = str(told or "")[:200]
    short = code if isinstance(code, int) else str(code)[:40]
    return finding("push_code_said", code=short, text=text) if text else finding("push_code", code=short)


def scrubbed(why: Finding, url: str) -> Finding:
    """What was said without any part of the address that could be a secret."""
    parts = [part for part in re.split(r"[/?&=#@:]", url) if len(part) >= 8]
    fields = dict(why.fields)
    for part in sorted(parts, key=len, reverse=True):
        fields = {
            name: value.replace(part, "***") if isinstance(value, str) else value for name, value in fields.items()
        }
    return replace(why, fields=fields)


def _json(data: Mapping[str, object]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


def _wecom(title: str, text: str, _secret: str, _now: datetime) -> bytes:
    return _json({"msgtype": "markdown", "markdown": {"content": _headed(title, text)}})


def _dingtalk(title: str, text: str, _secret: str, _now: datetime) -> bytes:
    # DingTalk joins lines unless two blanks end them.
    lines = _headed(title, text).replace("\n", "  \n")
    return _json({"msgtype": "markdown", "markdown": {"title": title, "text": lines}})


def _feishu(title: str, text: str, secret: str, now: datetime) -> bytes:
    content = [[{"tag": "text", "text": line}] for line in text.split("\n")]
    message: dict[str, object] = {
        "msg_type": "post",
        "content": {"post": {"zh_cn": {"title": title, "content": content}}},
    }
    if secret:
        stamp = str(int(now.timestamp()))
        digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
        message |= {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}
    return _json(message)


def _headed(title: str, text: str) -> str:
    return f"### {plain(title)}\n{text}"


_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def _whole(body: Callable[[str, str, str, datetime], bytes]) -> Callable[[str, str], bytes]:
    """What the limit counts where it counts the whole request, signed."""
    return lambda title, text: body(title, text, "secret", _ANY_TIME)


BOTS: dict[str, Bot] = {
    "wecom": Bot(
        limit=4096,
        spacing_s=3.1,
        measured=lambda title, text: _headed(title, text).encode(),
        body=_wecom,
        code="errcode",
        said="errmsg",
        busy=frozenset({-1, 45009}),
        markdown=True,
    ),
    "dingtalk": Bot(
        limit=20_000,
        spacing_s=3.1,
        measured=_whole(_dingtalk),
        body=_dingtalk,
        code="errcode",
        said="errmsg",
        busy=frozenset({-1, 130101}),
        markdown=True,
    ),
    "feishu": Bot(
        limit=20_000,
        spacing_s=0.7,
        measured=_whole(_feishu),
        body=_feishu,
        code="code",
        said="msg",
        busy=frozenset({9499, 11232}),
        markdown=False,
    ),
}
