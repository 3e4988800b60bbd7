"""Pushes: whole items within each channel's limit, sent once, failures handed back, secrets kept."""

import json
import logging
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import pytest
from chat_server import Chat, chat
from example import FADING, NOW, RISING, but, empty, example, hostile
from golden import same
from hypothesis import given
from hypothesis import strategies as st

from trendscout import findings
from trendscout.errors import Unanswered, Unreachable, UsageError
from trendscout.findings import finding, said
from trendscout.lang import Lang
from trendscout.model import Report
from trendscout.report import alerts, bots, changes, push
from trendscout.report.bots import BOTS
from trendscout.report.digest import Digest, Item, digest

# Its e-mail part tries a module that Python is about to drop.
APPRISE = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
KINDS = sorted(BOTS)
SIGNING = "SECabc"
LIMITS = {"wecom": 4096, "dingtalk": 20_000, "feishu": 20_000}


@pytest.fixture
def team() -> Iterator[Chat]:
    with chat() as server:
        yield server


def post(url: str, body: bytes) -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def first(report: Report | None = None, lang: Lang = "zh", **more: Any) -> Digest:
    report = report or example()
    return digest(report, changes.since(report, None), key="daily/2026-07-19", lang=lang, **more)


def many(count: int = 60) -> Report:
    rows = tuple(
        but(RISING, product_id=f"p{n}", position=n + 1, title=f"款式 {n} " + "云朵灯" * 30) for n in range(count)
    )
    return replace(example(), rows=rows)


def send(team: Chat, found: Digest, kind: str = "wecom", **more: Any) -> push.Delivery:
    url = more.pop("url", team.url)
    parts = more.pop("parts", None) or push.messages(found, "team", kind, url)
    given: dict[str, Any] = {
        "already": (),
        "record": lambda _: None,
        "now": NOW,
        "sleep": lambda _: None,
        "post": post,
    }
    return push.send(parts, channel="team", kind=kind, url=url, **(given | more))


def text_of(kind: str, body: dict[str, Any]) -> str:
    if kind == "feishu":
        post = body["content"]["post"]["zh_cn"]
        return "\n".join((post["title"], *("".join(part["text"] for part in line) for line in post["content"])))
    return str(body["markdown"].get("content") or body["markdown"]["text"].replace("  \n", "\n"))


# --- what is said ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS)
def test_golden(kind: str, lang: Lang) -> None:
    before = changes.memory(replace(example(), rows=(but(RISING, rank=84), *example().rows[2:])))
    rules = alerts.read({"breakout": {"lines": [{"value": "probability", "at_least": 0.3}]}})
    found = digest(
        example(),
        changes.since(example(), before),
        key="daily/2026-07-19",
        lang=lang,
        alerts=alerts.due(example(), rules, {}),
        link="drops/2026-07-19",
    )
    (message,) = push.messages(found, "team", kind, "https://bot.example/send")
    same(f"push-{kind}-{lang}.txt", f"{message.title}\n\n{message.text}\n".encode())


def test_an_empty_day_is_not_silent() -> None:
    found = first(empty(), lang="en")
    assert "nobody could look" in found.items[0].head
    again = digest(example(), changes.since(example(), changes.memory(example())), key="k", lang="en")
    heads = [item.head for item in again.items]
    assert "Nothing changed since the last report." in heads
    assert any("2. 指尖弹力球" in head for head in heads)  # mine that fade are told every day


def test_a_job_that_fails_says_so() -> None:
    found = first(notes=(findings.text("The job weekly has not succeeded for 3 periods."),))
    assert found.items[0].head == "! The job weekly has not succeeded for 3 periods."


def test_the_whole_report_where_it_is_asked_for() -> None:
    again = changes.since(example(), changes.memory(example()))
    heads = [item.head for item in digest(example(), again, key="k", lang="en", whole=True).items]
    assert [head[:2] for head in heads if head[0].isdigit()] == ["1.", "2.", "3.", "4."]


def test_the_link_comes_last() -> None:
    assert first(link="drops/2026-07-19").items[-1].head == "文件：drops/2026-07-19"


# --- how it is cut ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_parts_stay_below_the_limit_and_hold_whole_items(kind: str, team: Chat) -> None:
    found = first(many(), whole=True)
    sent = send(team, found, kind)
    assert sent.why == ()
    assert len(sent.sent) == len(team.got) > 1
    for (_, body), size in zip(team.got, team.sizes, strict=True):
        counted = len(body["markdown"]["content"].encode()) if kind == "wecom" else size
        assert counted <= LIMITS[kind]
    texts = [text_of(kind, body) for _, body in team.got]
    for number, text in enumerate(texts, start=1):
        assert f"({number}/{len(texts)})" in text
    for item in found.items:
        shown = bots.shown(item, markdown=BOTS[kind].markdown)
        assert sum(shown in text for text in texts) == 1, shown


@given(st.lists(st.text(max_size=60), max_size=30), st.integers(8, 120))
def test_cutting_loses_nothing_that_fits(blocks: list[str], limit: int) -> None:
    fits = lambda text: len(text.encode("utf-8", "surrogatepass")) <= limit  # noqa: E731
    texts = push.cut(blocks, fits)
    assert all(fits(text) for text in texts)
    at = 0
    joined = "\n\n".join(texts)
    for block in blocks:
        wanted = block if fits(block) else push._shortened(block, fits)
        found = joined.find(wanted, at)
        assert found >= 0
        at = found + len(wanted)


def test_one_item_beyond_the_limit_is_shortened() -> None:
    long = Digest("k", "title", (Item("头" * 5000),))
    (message,) = push.messages(long, "team", "wecom", "https://bot.example")
    assert message.text.endswith("…")
    assert 4000 < len(f"### title\n{message.text}".encode()) <= 4096


# --- sent once, retried, handed back -----------------------------------------------------------------------


def test_the_same_digest_is_never_sent_twice(team: Chat) -> None:
    kept: set[str] = set()
    send(team, first(many(), whole=True), already=kept, record=kept.add)
    count = len(team.got)
    again = send(team, first(many(), whole=True), already=kept, record=kept.add)
    assert again == push.Delivery("team")
    assert len(team.got) == count > 1


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("wecom", {"errcode": 40058, "errmsg": "exceed max length 4096"}),
        ("dingtalk", {"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"}),
        ("feishu", {"code": 19024, "msg": "Key Words Not Found"}),
        ("feishu", {"code": "no such code"}),
    ],
)
def test_a_refusal_behind_status_200_is_a_refusal(kind: str, answer: dict[str, Any], team: Chat) -> None:
    team.answers = [(200, answer)]
    delivery = send(team, first(), kind)
    assert delivery.sent == ()
    assert [part.key for part in delivery.pending] == ["daily/2026-07-19/team/1"]
    assert str(answer.get("errcode", answer.get("code"))) in said(delivery.why, "zh")
    assert len(team.got) == 1  # it would be refused again
    assert delivery.pending[0].state == "aside"


@pytest.mark.parametrize(
    ("kind", "answer", "waits"),
    [
        ("wecom", (200, {"errcode": 45009, "errmsg": "api freq out of limit"}), [60.0, 60.0]),
        ("dingtalk", (200, {"errcode": 130101, "errmsg": "send too fast"}), [60.0, 60.0]),
        ("feishu", (200, {"code": 11232, "msg": "frequency limited"}), [60.0, 60.0]),
        ("wecom", (429, {}), [60.0, 60.0]),
        ("wecom", (500, {}), [2.0, 4.0]),
        ("wecom", (502, {"errcode": 1}), [2.0, 4.0]),
    ],
)
def test_what_passes_is_tried_again(
    kind: str, answer: tuple[int, dict[str, Any]], waits: list[float], team: Chat
) -> None:
    team.answers = [answer, answer]
    pauses: list[float] = []
    delivery = send(team, first(), kind, sleep=pauses.append)
    assert delivery.why == ()
    assert pauses == waits
    assert len(team.got) == 3


def test_a_code_that_is_none_is_no_answer(team: Chat) -> None:
    team.answers = [(200, {"errcode": []})] * 3
    assert send(team, first()).why == (finding("push_unreadable", status=200),)


def test_an_error_of_theirs_is_not_called_success(team: Chat) -> None:
    team.answers = [(500, {"errcode": 0, "errmsg": "ok"})] * 3
    assert said(send(team, first()).why, "en") == "It answered with HTTP 500."


def test_a_message_that_is_refused_for_good_holds_up_no_other(team: Chat) -> None:
    old = push.Message("daily/2026-07-18/team/1", "yesterday", "🔥")
    parts = [old, *push.messages(first(), "team", "wecom", team.url)]
    team.answers = [(200, {"errcode": 40058, "errmsg": "invalid"})]
    done = send(team, first(), parts=parts)
    assert list(done.sent) == [parts[1].key]
    refused = finding("push_code_said", code=40058, text="invalid")
    assert [(one.key, one.state, one.why) for one in done.pending] == [(old.key, "aside", (refused,))]
    assert said(done.why, "zh") == "已搁置，因为对方永久拒绝。对方回复代码 40058：invalid"
    team.got.clear()
    again = send(team, first(), parts=done.pending)
    assert (team.got, again.why, len(again.pending)) == ([], (), 1)


@pytest.mark.parametrize("silence", [Unanswered("slow"), TimeoutError()])
def test_a_slow_answer_makes_one_copy_and_one_more_with_the_next_run(silence: Exception) -> None:
    posted: list[str] = []

    def slow(url: str, _: bytes) -> tuple[int, bytes]:
        posted.append(url)
        raise silence

    given = {"channel": "team", "kind": "wecom", "url": "https://bot.example/send", "post": slow, "already": ()}
    given |= {"record": lambda _: None, "now": NOW, "sleep": lambda _: None}
    parts = push.messages(first(many(), whole=True), "team", "wecom", "https://bot.example/send")
    kept: list[tuple[str, ...]] = []
    done = push.send(parts, keep=lambda all_: kept.append(tuple(one.state for one in all_)), **given)
    assert len(posted) == 1, "what may have arrived is not sent again, nor what comes behind it"
    assert kept == [("doubt", *["waiting"] * (len(parts) - 1))], "noted before it was posted"
    assert [one.state for one in done.pending][:2] == ["doubt", "waiting"]
    done = push.send(done.pending, **given)
    assert len(posted) == 2
    done = push.send(done.pending, **given)
    assert done.pending[0].state == "aside"
    assert len(posted) == 3, "the third copy is none: it is the part behind it"


def test_a_message_of_last_week_is_given_up(team: Chat) -> None:
    old = push.Message("daily/1/team/1", "t", "x", since=(NOW - timedelta(days=8)).isoformat())
    done = send(team, first(), parts=[old])
    assert team.got == []
    assert (done.pending[0].state, said(done.why, "zh")) == ("aside", "已搁置。已有 8 天发不出去。")


def test_what_is_kept_comes_back_whole() -> None:
    one = push.Message(
        "k", "t", "x", ("f",), "doubt", (finding("push_slow", seconds=60.0),), 1, "2026-07-19T06:00:00+00:00"
    )
    assert push.Message.from_dict(json.loads(json.dumps(one.as_dict()))) == one
    assert push.Message.from_dict({"key": "k", "title": "t", "text": "x"}) == push.Message("k", "t", "x")


def test_a_reason_that_an_older_version_kept_is_shown_as_it_stands() -> None:
    kept = {"key": "k", "title": "t", "text": "x", "state": "aside", "why": "code 40058: invalid"}
    assert said(push.Message.from_dict(kept).why, "zh") == "code 40058: invalid"


def test_what_fails_is_sent_by_the_next_run(team: Chat) -> None:
    found = first(many(), whole=True)
    total = len(push.messages(found, "team", "wecom", team.url))
    team.answers = [(200, {"errcode": 0}), *[(503, {})] * 3]
    kept: set[str] = set()
    failed = send(team, found, already=kept, record=kept.add)
    assert (len(failed.sent), len(failed.pending)) == (1, total - 1)
    stored = json.loads(json.dumps([part.as_dict() for part in failed.pending]))
    parts = [push.Message.from_dict(one) for one in stored]
    team.got.clear()
    later = send(team, found, parts=parts, already=kept, record=kept.add)
    assert (later.why, later.pending) == ((), ())
    assert len(team.got) == total - 1
    assert len(kept) == total


def test_parts_are_spaced_by_the_channels_rate(team: Chat) -> None:
    pauses: list[float] = []
    delivery = send(team, first(many(), whole=True), sleep=pauses.append)
    assert pauses == [3.1] * (len(delivery.sent) - 1)
    assert 60 / 3.1 < 20  # messages a minute that WeCom and DingTalk allow


def test_recorded_at_once(team: Chat) -> None:
    seen: list[int] = []
    send(team, first(many(), whole=True), record=lambda _: seen.append(len(team.got)))
    assert seen == list(range(1, len(team.got) + 1))


# --- signatures and secrets --------------------------------------------------------------------------------


def test_dingtalk_is_signed_in_the_address(team: Chat) -> None:
    where, secret = bots.address("dingtalk", f"{team.url}#{SIGNING}", NOW)
    fields = parse_qs(urlsplit(where).query)
    assert secret == SIGNING
    assert fields["timestamp"] == ["1784442600000"]
    # HMAC-SHA256 of "timestamp\nsecret" with the secret, base64, worked out with openssl.
    assert fields["sign"] == ["tIUmYhsyX9XIRef/8wuoWkdszHhrvUJFI1Cg3lOy89w="]
    assert SIGNING not in where


def test_feishu_is_signed_in_the_body(team: Chat) -> None:
    send(team, first(), "feishu", url=f"{team.url}#{SIGNING}")
    (path, body), *_ = team.got
    assert body["timestamp"] == "1784442600"
    assert body["sign"]
    assert SIGNING not in path + json.dumps(body)


def test_secrets_stay_out_of_errors_and_logs(team: Chat, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"invalid webhook url {team.url}, hint s3cr3t-key-of-the-team"
    team.answers = [(200, {"errcode": 93000, "errmsg": echo})]
    refused = send(team, first())

    def breaks(url: str, _: bytes) -> tuple[int, bytes]:
        raise Unreachable("no answer from {url}", url=url)

    lost = send(team, first(), post=breaks)
    assert "93000" in said(refused.why, "en")
    assert said(lost.why, "en") == "No answer came (Unreachable)."
    for text in (said(refused.why, "zh"), said(lost.why, "zh"), repr(refused), repr(lost), caplog.text):
        assert "s3cr3t" not in text


# --- hostile titles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_titles_are_text(kind: str, team: Chat) -> None:
    rows = tuple(
        but(FADING, product_id=str(n), position=n + 1, title=title, note=title, platform=title, url=title)
        for n, title in enumerate(hostile())
    )
    delivery = send(team, first(replace(example(), rows=rows), whole=True), kind)
    assert delivery.why == ()
    shown = "\n".join(text_of(kind, body) for _, body in team.got)
    assert all(f"{n + 1}. " in shown for n in range(500))
    assert not set(shown) - {"\n"} & {chr(code) for code in (*range(32), *range(0x7F, 0xA0))}
    if BOTS[kind].markdown:
        assert "<" not in shown
        assert "@" not in shown
        assert "](" not in shown  # no link that is not ours
    else:
        tags = {
            part["tag"]
            for _, body in team.got
            for line in body["content"]["post"]["zh_cn"]["content"]
            for part in line
        }
        assert tags == {"text"}


# --- apprise -------------------------------------------------------------------------------------------------


@APPRISE
def test_other_services_go_through_apprise(team: Chat) -> None:
    url = f"json://127.0.0.1:{team.server_port}/s3cr3t-key-of-the-team"
    assert send(team, first(), "apprise", url=url).why == ()
    assert "指尖弹力球" in team.got[0][1]["message"]
    team.answers = [(500, {})] * 3
    assert said(send(team, first(), "apprise", url=url).why, "en") == "The service did not take it."


@APPRISE
def test_telegram_is_cut_by_characters_and_mail_goes_whole_with_its_file(tmp_path: Path) -> None:
    long = first(many(), whole=True)
    parts = push.messages(long, "tg", "apprise", "tgram://123456789:abcdefg_hijklmnop/12315544/")
    assert len(parts) > 1
    assert all(len(part.title) + len(part.text) <= 4096 for part in parts)
    (mail,) = push.messages(
        long,
        "mail",
        "apprise",
        "mailto://u:p@mail.example",
        files=[tmp_path / "report.csv", tmp_path / "report.xlsx"],
    )
    assert mail.files == (str(tmp_path / "report.xlsx"),)


@APPRISE
def test_unknown_kinds_and_addresses_are_told() -> None:
    with pytest.raises(UsageError, match="unknown kind 'pigeon'"):
        push.messages(first(), "team", "pigeon", "https://x.example")
    with pytest.raises(UsageError, match="none that apprise knows") as told:
        push.messages(first(), "team", "apprise", "pigeon://s3cr3t-token")
    assert "s3cr3t" not in str(told.value)
