"""Channels apart: one that refuses, is dead or slow costs no other; what did not arrive is told and settled."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trendscout.errors import Unanswered, UsageError
from trendscout.findings import said, text
from trendscout.jobs import doctor, notify
from trendscout.model import Report
from trendscout.settings.config import Channel, Settings
from trendscout.store.workspace import Workspace

pytestmark = pytest.mark.slow

NOW = datetime(2026, 7, 19, 6, tzinfo=UTC)
SETTINGS = Settings(channels=(Channel("dead", "wecom", "DEAD"), Channel("team", "wecom", "TEAM")))
ENVIRON = {"DEAD": "https://dead.example/send?key=MARK", "TEAM": "https://team.example/send?key=MARK"}


class Vendor:
    """What was posted where, and what the dead channel does."""

    def __init__(self, dead):
        self.got: list[tuple[str, str]] = []
        self.dead = dead

    def __call__(self, url, body):
        host = url.split("/")[2]
        self.got.append((host, json.loads(body)["markdown"]["content"]))
        if host == "dead.example":
            if isinstance(self.dead, Exception):
                raise self.dead
            return self.dead
        return 200, b'{"errcode": 0}'

    def texts(self, host):
        return [text for where, text in self.got if where == host]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace.at(tmp_path / "s.duckdb")
    with found.store():
        pass
    return found


def tell(workspace: Workspace, vendor: Vendor, day: int, **more):
    now = NOW + timedelta(days=day)
    made = Report(as_of=now, rows=(), coverage=(), notes=(text(f"Note of day {day}."),))
    given = {"key": f"daily/{now:%Y-%m-%d}", "lang": "en", "zone": UTC, "now": now, "post": vendor}
    return notify.notify(
        workspace, made, SETTINGS, ["dead", "team"], environ=ENVIRON, sleep=lambda _: None, **(given | more)
    )


@pytest.mark.parametrize("dead", [(503, b""), OSError("MARK"), Unanswered("MARK"), (200, b'{"errcode": 40058}')])
def test_a_channel_that_takes_nothing_makes_no_other_repeat(workspace, dead):
    vendor = Vendor(dead)
    for day in range(3):
        told = tell(workspace, vendor, day)
        assert told["team"] == ()
        assert told["dead"]
        assert "MARK" not in str(told)
    texts = vendor.texts("team.example")
    assert len(texts) == len(set(texts)) == 3
    with workspace.store() as store:
        readers = {row[0] for row in store.execute("SELECT reader FROM shown").fetchall()}
    assert readers == {"push:daily:dead", "push:daily:team"}, "each has a memory of its own"


def test_a_refused_message_is_set_aside_told_and_settled(workspace, tmp_path):
    vendor = Vendor((200, b'{"errcode": 40058, "errmsg": "invalid"}'))
    tell(workspace, vendor, 0)
    vendor.dead = (200, b'{"errcode": 0}')
    assert tell(workspace, vendor, 1) == {"dead": (), "team": ()}
    assert len(vendor.texts("dead.example")) == 2, "the one behind it arrives"
    with workspace.store() as store:
        (found,) = notify.undelivered(store)["dead"]
    assert (found.state, said(found.why, "zh")) == ("aside", "对方回复代码 40058：invalid")
    told = doctor.examine(workspace, SETTINGS, now=NOW)
    assert any("set aside" in finding.what and finding.fields["channel"] == "dead" for finding in told)
    with pytest.raises(UsageError, match="No such message"):
        notify.change_undelivered(workspace, ["nothing"], None, now=NOW, retry=True)
    assert notify.change_undelivered(workspace, [found.key], None, now=NOW, retry=True) == 1
    tell(workspace, vendor, 2)
    assert len(vendor.texts("dead.example")) == 4
    with workspace.store() as store:
        assert notify.undelivered(store) == {}


def test_what_was_set_aside_is_listed_sent_again_or_forgotten_by_command(workspace, run):
    tell(workspace, Vendor((200, b'{"errcode": 40058, "errmsg": "invalid"}')), 0)
    db = ("--db", workspace.db.file)

    def listed() -> list[tuple[str, str]]:
        return [(one["channel"], one["state"]) for one in json.loads(run(*db, "push", "list", "--json").out)]

    assert listed() == [("dead", "aside")]
    for wrong in (("retry", "nothing"), ("drop", "nothing"), ("drop", "--channel", "team"), ("drop",)):
        assert run(*db, "push", *wrong).code == 2, wrong
    assert listed() == [("dead", "aside")]
    assert run(*db, "push", "retry", "--channel", "dead").code == 0
    assert listed() == [("dead", "waiting")]
    key = json.loads(run(*db, "push", "list", "--json").out)[0]["key"]
    assert run(*db, "push", "drop", key).code == 0
    assert listed() == []


def test_what_a_killed_run_had_posted_is_in_doubt_and_sent_once_more(workspace):
    class Killed(BaseException):
        pass

    def killed(url, body):
        raise Killed

    with pytest.raises(Killed):
        tell(workspace, killed, 0)
    with workspace.store() as store:
        (kept,) = notify.undelivered(store)["dead"]
    assert (kept.state, kept.doubts) == ("doubt", 1)
    vendor = Vendor((200, b'{"errcode": 0}'))
    assert tell(workspace, vendor, 0) == {"dead": (), "team": ()}
    assert len(vendor.texts("dead.example")) == len(vendor.texts("team.example")) == 1


def test_an_address_with_a_line_break_is_told_and_not_used(workspace):
    vendor = Vendor((200, b"{}"))
    environ = ENVIRON | {"DEAD": "https://dead.example/\nsend?key=MARK"}
    told = notify.notify(
        workspace, Report(as_of=NOW, rows=(), coverage=()), replace(SETTINGS), ["dead"], key="other/2026-07-19",
        lang="en", zone=UTC, now=NOW, post=vendor, environ=environ, sleep=lambda _: None,
    )  # fmt: skip
    assert [one.code for one in told["dead"]] == ["variable_unreadable"]
    assert vendor.got == []
