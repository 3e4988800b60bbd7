"""Pushes: a digest cut into parts that a channel takes, sent once, with what failed handed back.

A part arrives once, but for one case: it was sent and no answer came, so that nobody knows. It is then sent once
more, with the next run, and never a third time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from trendscout.errors import TrendscoutError, Unanswered, UsageError
from trendscout.findings import Finding, finding, from_json, to_json
from trendscout.model import Report
from trendscout.report import bots, tables
from trendscout.report.bots import ARRIVED, BOTS, Bot, Post, Verdict
from trendscout.report.digest import Digest

State = Literal["waiting", "doubt", "aside"]  # "aside": not sent again unless the user says so
_TOO_OLD = timedelta(days=7)  # nobody wants the morning report of last week
_DOUBTS = 2
_APPRISE_S = 60.0
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
    state: State = "waiting"
    why: tuple[Finding, ...] = ()  # it did not arrive so far, without secrets
    doubts: int = 0  # times that it was sent and nobody answered
    since: str = ""  # when it was first to be sent, in ISO 8601

    def as_dict(self) -> dict[str, object]:
        """Plain values to keep until the next run."""
        return {**asdict(replace(self, why=())), "why": to_json(self.why)}

    @classmethod
    def from_dict(cls, kept: dict[str, object]) -> Message:
        """The message that `as_dict` kept."""
        files = kept.get("files")
        state, doubts = kept.get("state"), kept.get("doubts")
        return cls(
            str(kept["key"]),
            str(kept["title"]),
            str(kept["text"]),
            tuple(map(str, files)) if isinstance(files, (list, tuple)) else (),
            state if state in ("waiting", "doubt", "aside") else "waiting",
            from_json(str(kept.get("why", ""))),
            doubts if isinstance(doubts, int) else 0,
            str(kept.get("since", "")),
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a push went: keys of the parts that arrived, parts that did not, and why, without secrets.

    `pending` holds those set aside too; `why` is of this push alone.
    """

    channel: str
    sent: tuple[str, ...] = ()
    pending: tuple[Message, ...] = ()
    why: tuple[Finding, ...] = ()


def messages(
    digest: Digest, channel: str, kind: str, url: str, *, files: Sequence[Path] = (), report: Report | None = None
) -> tuple[Message, ...]:
    """The parts of `digest` for a channel, cut between items and numbered; for a table those of `report`'s rows.

    `kind` is wecom, dingtalk, feishu, apprise, webhook or bitable. E-mail gets one message with the workbook
    among `files` attached, or all of them if there is none. Raises UsageError
    for an unknown kind or an address that apprise does not know.
    """
    if kind in tables.KINDS and report is not None:
        tables.check_address(channel, kind, url)
        return tuple(
            Message(f"{digest.key}/{channel}/{number}", digest.title, text)
            for number, text in enumerate(tables.texts(report, kind), start=1)
        )
    if kind not in BOTS and kind != "apprise":
        raise UsageError(
            "The channel {channel!r} is of an unknown kind {kind!r}.",
            next_step="Kinds are wecom, dingtalk, feishu, apprise, webhook and bitable.",
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
    keep: Callable[[Sequence[Message]], object] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Delivery:
    """What came of sending `parts` in order to the channel at `url`, but for those whose key is in `already`.

    `keep` is called before each part is sent, with all that is pending and this part in doubt: a process that is
    killed in between leaves behind what it knew. `record` is called with a part's key right after it arrived. A
    part that is refused for good, is too old, or was in doubt twice is set aside, and the next one is sent; after
    one that may pass the rest waits, so that parts never arrive out of order.
    """
    sent: list[str] = []
    reasons: list[Finding] = []
    pending = {part.key: _dated(part, now) for part in parts if part.key not in already}
    for key, part in list(pending.items()):
        if part.state == "aside":
            continue
        if hopeless := _hopeless(part, now):
            pending[key] = replace(part, state="aside", why=(hopeless,))
            reasons.append(finding("push_aside", why=hopeless))
            continue
        if sent or reasons:
            sleep(BOTS[kind].spacing_s if kind in BOTS else 1.0)
        pending[key] = replace(part, state="doubt", doubts=part.doubts + 1)
        keep(tuple(pending.values()))
        fate, why, _ = _tried(part, kind, url, post, now, sleep)
        if fate == "arrived" or why is None:
            record(key)
            sent.append(key)
            del pending[key]
            continue
        why = bots.scrubbed(why, url)
        if fate == "refused":
            pending[key] = replace(part, state="aside", why=(why,))
            reasons.append(finding("push_refused", why=why))
            continue
        if fate == "doubt":
            pending[key] = replace(pending[key], why=(why,))
        else:
            pending[key] = replace(part, state="waiting", why=(why,))
        reasons.append(why)
        break
    return Delivery(channel, tuple(sent), tuple(pending.values()), tuple(dict.fromkeys(reasons)))


def _dated(part: Message, now: datetime) -> Message:
    return part if part.since else replace(part, since=now.isoformat(timespec="seconds"))


def _hopeless(part: Message, now: datetime) -> Finding | None:
    """Why a part is not sent any more; None if it is."""
    if part.doubts >= _DOUBTS:
        return finding("push_never_answered", count=part.doubts)
    try:
        age = now - datetime.fromisoformat(part.since)
    except (ValueError, TypeError):
        return None
    return finding("push_too_old", count=age.days) if age > _TOO_OLD else None


def _tried(
    part: Message, kind: str, url: str, post: Post, now: datetime, sleep: Callable[[float], None]
) -> Verdict:
    """What became of a part after the retries."""
    if kind == "apprise":
        return _notified(part, url)  # it does not say what went wrong, so that another try might be a copy
    last = _posted(part, kind, url, post, now)
    for attempt in range(1, _TRIES):
        if last.fate != "later":
            break
        sleep(max(last.pause_s, _PAUSE_S * 2 ** (attempt - 1)))
        last = _posted(part, kind, url, post, now)
    return last


def _posted(part: Message, kind: str, url: str, post: Post, now: datetime) -> Verdict:
    try:
        if kind in tables.KINDS:
            return tables.deliver(kind, url, part.key, part.text, post, now)
        bot = BOTS[kind]
        where, secret = bots.address(kind, url, now)
        status, answer = post(where, bot.body(part.title, part.text, secret, now))
    except (Unanswered, TimeoutError) as error:
        return Verdict("doubt", finding("push_doubtful", kind=type(error).__name__))
    except (TrendscoutError, OSError) as error:
        # The error's own words may hold the address.
        return Verdict("later", finding("push_unreached", kind=type(error).__name__))
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


def _notified(part: Message, url: str) -> Verdict:
    apprise = _apprise()
    service = apprise.Apprise()
    service.add(url)
    files = [file for file in part.files if Path(file).is_file()]
    arrived: list[bool] = []

    def call() -> None:
        content = {"title": part.title, "body": part.text, "body_format": apprise.NotifyFormat.TEXT}
        arrived.append(bool(service.notify(**content, attach=files or None)))

    # Its services bound each silence, not the whole: one that drips would hold the job.
    calling = threading.Thread(target=call, daemon=True)
    calling.start()
    calling.join(_APPRISE_S)
    if calling.is_alive():
        return Verdict("doubt", finding("push_slow", seconds=_APPRISE_S))
    return ARRIVED if arrived == [True] else Verdict("later", finding("push_not_taken"))


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
