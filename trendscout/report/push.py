"""Pushes: a digest cut into parts that a channel takes, sent once, with what failed handed back."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from trendscout.errors import TrendscoutError, UsageError
from trendscout.report import bots
from trendscout.report.bots import BOTS, Bot
from trendscout.report.digest import Digest

Post = Callable[[str, bytes], tuple[int, bytes]]  # (url, JSON) -> (HTTP status, answer)
_TRIES = 3
_PAUSE_S = 2.0  # before the second try; doubled for each further one
_NUMBERING = 12  # bytes kept for " (12/34)"


@dataclass(frozen=True, slots=True)
class Message:
    """One part of a digest as a channel gets it. `key` is unique for digest, channel and part."""

    key: str
    title: str
    text: str
    files: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain values to keep until the next run."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: dict[str, object]) -> Message:
        """The message that `as_dict` kept."""
        files = kept.get("files")
        return cls(
            str(kept["key"]),
            str(kept["title"]),
            str(kept["text"]),
            tuple(map(str, files)) if isinstance(files, (list, tuple)) else (),
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a push went: keys of the parts that arrived, parts that did not, and why in words without secrets."""

    channel: str
    sent: tuple[str, ...] = ()
    pending: tuple[Message, ...] = ()
    error: str = ""


def messages(
    digest: Digest, channel: str, kind: str, url: str, *, files: Sequence[Path] = ()
) -> tuple[Message, ...]:
    """The parts of `digest` for a channel, cut between items and numbered.

    `kind` is wecom, dingtalk, feishu or apprise. E-mail gets one message with the workbook
    among `files` attached, or all of them if there is none. Raises UsageError
    for an unknown kind or an address that apprise does not know.
    """
    if kind not in BOTS and kind != "apprise":
        raise UsageError(
            "The channel {channel!r} is of an unknown kind {kind!r}.",
            next_step="Kinds are wecom, dingtalk, feishu and apprise.",
            channel=channel,
            kind=kind,
        )
    bot = BOTS.get(kind)
    blocks = [bots.shown(item, markdown=bot is not None and bot.markdown) for item in digest.items]
    texts = cut(blocks, _room(digest.title, bot) if bot else _room_apprise(digest.title, channel, url))
    books = [file for file in files if file.suffix == ".xlsx"]
    attached = tuple(map(str, books or files)) if _is_mail(url) else ()
    count = len(texts)
    return tuple(
        Message(
            f"{digest.key}/{channel}/{number}",
            digest.title if count == 1 else f"{digest.title} ({number}/{count})",
            text,
            attached if number == count else (),
        )
        for number, text in enumerate(texts, start=1)
    )


def _room(title: str, bot: Bot) -> Callable[[str], bool]:
    # A DingTalk title stands in the request twice, so its number does too.
    return lambda text: len(bot.measured(title, text)) + 2 * _NUMBERING <= bot.limit


def cut(blocks: Iterable[str], fits: Callable[[str], bool]) -> list[str]:
    """`blocks` one below the other in as few texts as `fits` allows; only one that is too long is shortened."""
    texts: list[str] = []
    for block in blocks:
        joined = f"{texts[-1]}\n\n{block}" if texts else block
        if texts and fits(joined):
            texts[-1] = joined
        else:
            texts.append(_shortened(block, fits))
    return texts or [""]


def send(
    parts: Sequence[Message],
    *,
    channel: str,
    kind: str,
    url: str,
    post: Post,
    already: Container[str],
    record: Callable[[str], object],
    now: datetime,
    sleep: Callable[[float], None] = time.sleep,
) -> Delivery:
    """What came of sending `parts` in order to the channel at `url`, but for those whose key is in `already`.

    `record` is called with a part's key right after it arrived. After a part that fails for good the rest waits,
    so that parts never arrive out of order: the caller keeps `pending` and sends it with the next run.
    """
    sent: list[str] = []
    waiting = [part for part in parts if part.key not in already]
    for place, part in enumerate(waiting):
        if place:
            sleep(BOTS[kind].spacing_s if kind in BOTS else 1.0)
        error = _tried(part, kind, url, post, now, sleep)
        if error:
            return Delivery(channel, tuple(sent), tuple(waiting[place:]), bots.scrubbed(error, url))
        record(part.key)
        sent.append(part.key)
    return Delivery(channel, tuple(sent))


def _tried(part: Message, kind: str, url: str, post: Post, now: datetime, sleep: Callable[[float], None]) -> str:
    """Why a part did not arrive after the retries; empty if it did."""
    said = ""
    for attempt in range(_TRIES):
        if attempt:
            sleep(_PAUSE_S * 2 ** (attempt - 1))
        arrived, again, said = _notified(part, url) if kind == "apprise" else _posted(part, kind, url, post, now)
        if arrived:
            return ""
        if not again:
            break
    return said


def _posted(part: Message, kind: str, url: str, post: Post, now: datetime) -> tuple[bool, bool, str]:
    bot = BOTS[kind]
    where, secret = bots.address(kind, url, now)
    try:
        status, answer = post(where, bot.body(part.title, part.text, secret, now))
    except (TrendscoutError, OSError) as error:
        return False, True, f"no answer ({type(error).__name__})"  # the error's own words may hold the address
    return bots.verdict(bot, status, answer)


def _shortened(block: str, fits: Callable[[str], bool]) -> str:
    """The longest beginning of `block` that fits, found by halving."""
    if fits(block):
        return block
    low, high = 0, len(block)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(block[:middle] + "…") else (low, middle - 1)
    return block[:low] + "…"


# --- apprise -------------------------------------------------------------------------------------------


def _room_apprise(title: str, channel: str, url: str) -> Callable[[str], bool]:
    """What fits into a message of that service, by its own count of characters; e-mail goes whole."""
    plugin = _apprise().Apprise.instantiate(url)
    if plugin is None:
        raise UsageError(
            "The address of the channel {channel!r} is none that apprise knows.",
            next_step="https://github.com/caronc/apprise lists their forms.",
            channel=channel,
        )
    limit = int(plugin.body_maxlen) - len(title) - _NUMBERING
    return lambda text: _is_mail(url) or len(text) <= limit


def _is_mail(url: str) -> bool:
    return url.startswith(("mailto:", "mailtos:"))


def _notified(part: Message, url: str) -> tuple[bool, bool, str]:
    apprise = _apprise()
    service = apprise.Apprise()
    service.add(url)
    files = [file for file in part.files if Path(file).is_file()]
    arrived = service.notify(
        title=part.title, body=part.text, body_format=apprise.NotifyFormat.TEXT, attach=files or None
    )
    return bool(arrived), True, "the service did not take it"


def _apprise() -> Any:
    """The library, silenced: its log lines hold addresses."""
    import logging

    try:
        import apprise
    except ImportError as error:
        raise UsageError(
            "This channel needs apprise, which is not installed.",
            next_step="Install it with: pip install 'trendscout[push]'",
        ) from error
    logging.getLogger("apprise").disabled = True
    return apprise
