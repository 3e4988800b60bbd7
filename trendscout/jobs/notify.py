"""Telling people: what changed since they last heard, to each channel once, and later what did not arrive."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path

from trendscout.errors import TrendscoutError, UsageError
from trendscout.fetch.post import post_json
from trendscout.findings import Finding, finding, of_error
from trendscout.lang import Lang
from trendscout.model import Report
from trendscout.report import alerts, changes, digest, push
from trendscout.report.bots import Post
from trendscout.settings.config import Channel, Settings
from trendscout.store import runs
from trendscout.store.sql import Connection
from trendscout.store.workspace import Workspace


def notify(
    workspace: Workspace,
    made: Report,
    settings: Settings,
    names: Sequence[str],
    *,
    key: str,
    lang: Lang,
    zone: tzinfo,
    now: datetime,
    notes: Sequence[Finding] = (),
    files: Sequence[str] = (),
    post: Post = post_json,
    environ: Mapping[str, str] = os.environ,
    sleep: Callable[[float], None] | None = None,
    at_work: Callable[[Connection], object] = lambda _: None,
) -> dict[str, tuple[Finding, ...]]:
    """Channel → why it was not reached, nothing where it was. What did not arrive waits for the next call.

    `key` names the digest for good: it is sent to a channel once. Each channel has a memory of its own of what it
    was told, or what waits for it, so that one that is dead makes no other repeat itself. `at_work` is called
    before each message.
    """
    reader = _reader(key)
    reasons: dict[str, tuple[Finding, ...]] = {}
    for channel in (one for one in settings.channels if one.name in names):
        url, missing = _address(channel, environ)
        if missing:
            reasons[channel.name] = missing
            continue
        due, said = digest_for(
            channel, workspace, made, settings, key=key, lang=lang, zone=zone, notes=notes, files=files
        )
        try:
            reasons[channel.name] = _tell(
                workspace, channel, url, said, made, files, now=now, post=post, sleep=sleep, at_work=at_work
            )
        except TrendscoutError as error:  # it was not even tried
            reasons[channel.name] = (of_error(error),)
            continue
        workspace.write(partial(_remember, reader=reader, channel=channel.name, made=made, due=due, now=now))
    return reasons


def digest_for(
    channel: Channel,
    workspace: Workspace,
    made: Report,
    settings: Settings,
    *,
    key: str,
    lang: Lang,
    zone: tzinfo,
    notes: Sequence[Finding] = (),
    files: Sequence[str] = (),
) -> tuple[Sequence[alerts.Alert], digest.Digest]:
    """The alerts that call in a channel now, and what it is to be told since it was told last."""
    reader = _reader(key)
    with workspace.store() as connection:
        before = runs.remembered(connection, f"{reader}:{channel.name}") or runs.remembered(connection, reader)
        called = _called(runs.called(connection), channel)
    due = alerts.due(made, alerts.read(settings.alerts), called)
    said = digest.digest(
        made,
        changes.since(made, before),
        key=key,
        lang=lang,
        zone=zone,
        whole=channel.whole,
        alerts=due,
        notes=notes,
        link=str(Path(files[0]).parent) if files else "",
    )
    return due, said


def unset(channel: Channel, environ: Mapping[str, str] = os.environ) -> tuple[Finding, ...]:
    """What is wrong with the variable that holds a channel's address; nothing if it can be sent to."""
    return _address(channel, environ)[1]


def _address(channel: Channel, environ: Mapping[str, str]) -> tuple[str, tuple[Finding, ...]]:
    url = environ.get(channel.env, "").strip()
    if url and url.isprintable():
        return url, ()
    return "", (finding("variable_unreadable" if url else "variable_not_set", variable=channel.env),)


def _reader(key: str) -> str:
    return f"push:{key.rpartition('/')[0]}"


def _remember(
    connection: Connection, *, reader: str, channel: str, made: Report, due: Sequence[alerts.Alert], now: datetime
) -> None:
    """What a channel was told, or what waits for it."""
    runs.remember(connection, f"{reader}:{channel}", changes.memory(made), now)
    for alert in due:
        runs.note_call(connection, f"{alert.key}@{channel}", now)


def _called(kept: Mapping[str, datetime], channel: Channel) -> dict[str, datetime]:
    """When each alert last called in this channel; one that was kept without a channel called in all."""
    mine = f"@{channel.name}"
    return dict(kept) | {key.removesuffix(mine): at for key, at in kept.items() if key.endswith(mine)}


def _tell(
    workspace: Workspace,
    channel: Channel,
    url: str,
    said: digest.Digest,
    made: Report,
    files: Sequence[str],
    *,
    now: datetime,
    post: Post,
    sleep: Callable[[float], None] | None,
    at_work: Callable[[Connection], object],
) -> tuple[Finding, ...]:
    """Send what waits for a channel and then the digest; why not.

    Raises UsageError if it is of no known kind, or the address none that can be sent to.
    """
    with workspace.store() as connection:
        waiting = _waiting(connection, channel.name)
        already = runs.delivered_keys(connection, channel.name)
    known = {part.key for part in waiting}

    def record(key: str) -> None:
        workspace.write(lambda connection: runs.note_delivery(connection, key, channel.name, now))

    def keep(pending: Sequence[push.Message]) -> None:
        def work(connection: Connection) -> None:
            _keep(connection, channel.name, pending, now)
            at_work(connection)

        workspace.write(work)

    pause = {"sleep": sleep} if sleep else {}
    parts = push.messages(said, channel.name, channel.kind, url, files=[Path(file) for file in files], report=made)
    done = push.send(
        [*waiting, *(part for part in parts if part.key not in known)],
        channel=channel.name,
        kind=channel.kind,
        url=url,
        post=post,
        already=already,
        record=record,
        keep=keep,
        now=now,
        **pause,
    )
    keep(done.pending)
    return done.why


# --- what did not arrive -------------------------------------------------------------------------------------


def undelivered(connection: Connection) -> dict[str, list[push.Message]]:
    """By channel, the messages that did not arrive: those that wait, in doubt or set aside, in their order."""
    return {channel: _waiting(connection, channel) for channel in runs.waiting_channels(connection)}


def change_undelivered(
    workspace: Workspace, keys: Collection[str], channel: str | None, *, now: datetime, retry: bool
) -> int:
    """Forget messages, or let them be sent by the next run (`retry`); how many were meant.

    Those of the keys given, or all of a channel. Raises UsageError if none is meant.
    """
    meant = 0
    with workspace.writing(must_exist=True) as connection:
        for name, messages in undelivered(connection).items():
            left = []
            for message in messages:
                if message.key not in keys and name != channel:
                    left.append(message)
                    continue
                meant += 1
                if retry:
                    left.append(replace(message, state="waiting", why=(), doubts=0, since=""))
            _keep(connection, name, left, now)
    if not meant:
        raise UsageError("No such message waits.", next_step="`trendscout push list` shows those that do.")
    return meant


def _waiting(connection: Connection, channel: str) -> list[push.Message]:
    return [push.Message.from_dict(json.loads(text)) for text in runs.waiting(connection, channel)]


def _keep(connection: Connection, channel: str, messages: Sequence[push.Message], now: datetime) -> None:
    runs.keep_waiting(connection, channel, [json.dumps(one.as_dict()) for one in messages], now)
