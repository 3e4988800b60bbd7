"""Telling people: what changed since they last heard, to each channel once, and later what did not arrive."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path

from trendscout.errors import TrendscoutError
from trendscout.fetch.post import post_json
from trendscout.findings import Finding, finding, of_error, text
from trendscout.lang import Lang
from trendscout.model import Report
from trendscout.report import alerts, changes, digest, push
from trendscout.settings.config import Channel, Settings
from trendscout.store import runs
from trendscout.store.workspace import Workspace

Post = Callable[[str, bytes], tuple[int, bytes]]


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
) -> dict[str, tuple[Finding, ...]]:
    """Channel → why it was not reached, nothing where it was. What did not arrive waits for the next call.

    `key` names the digest for good: it is never sent twice to a channel.
    """
    reader = f"push:{key.rpartition('/')[0]}"
    rules = alerts.read(settings.alerts)
    with workspace.store() as connection:
        before = runs.remembered(connection, reader)
        called = runs.called(connection)
    due = alerts.due(made, rules, called)
    told: dict[str, tuple[Finding, ...]] = {}
    for channel in (one for one in settings.channels if one.name in names):
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
        told[channel.name] = _tell(
            workspace, channel, said, files, now=now, post=post, environ=environ, sleep=sleep
        )
    if not any(told.values()):
        with workspace.store() as connection:
            runs.remember(connection, reader, changes.memory(made), now)
            for alert in due:
                runs.note_call(connection, alert.key, now)
    return told


def _tell(
    workspace: Workspace,
    channel: Channel,
    said: digest.Digest,
    files: Sequence[str],
    *,
    now: datetime,
    post: Post,
    environ: Mapping[str, str],
    sleep: Callable[[float], None] | None,
) -> tuple[Finding, ...]:
    """Send what waits for a channel and then the digest; why not."""
    url = environ.get(channel.env, "").strip()
    if not url:
        return (finding("variable_not_set", variable=channel.env),)
    with workspace.store() as connection:
        waiting = [push.Message.from_dict(json.loads(text)) for text in runs.waiting(connection, channel.name)]
        already = runs.delivered_keys(connection, channel.name)
    known = {part.key for part in waiting}

    def record(key: str) -> None:
        with workspace.store() as connection:
            runs.note_delivery(connection, key, channel.name, now)

    pause = {"sleep": sleep} if sleep else {}
    try:
        parts = push.messages(said, channel.name, channel.kind, url, files=[Path(file) for file in files])
        done = push.send(
            [*waiting, *(part for part in parts if part.key not in known)],
            channel=channel.name,
            kind=channel.kind,
            url=url,
            post=post,
            already=already,
            record=record,
            now=now,
            **pause,
        )
    except TrendscoutError as error:
        return (of_error(error),)
    with workspace.store() as connection:
        runs.keep_waiting(connection, channel.name, [json.dumps(part.as_dict()) for part in done.pending], now)
    return (text(done.error),) if done.error else ()
