"""Goods that the seller watches, by words or by marks: they lead, or call, wherever they stand."""

import json
import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from trendscout import pipeline
from trendscout.errors import ConfigError, UsageError
from trendscout.jobs.notify import notify
from trendscout.model import Entry, ReportQuery, Snapshot
from trendscout.report import alerts, phrases
from trendscout.settings.config import Channel, Settings, load_settings
from trendscout.store.load import load_snapshots
from trendscout.store.track_record import known
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 11, 10, 8, tzinfo=UTC)
LIST = "amazon_bestsellers_US/bestsellers/toys"
UK = "amazon_bestsellers_UK/bestsellers/toys"
TAGS = "tiktok_hashtags_US/popular_7d/all"
DAY = timedelta(days=1)
LAST = "B000000030"  # climbs from the end to rank 8 on the fourth day, falls, and comes back


def rank_of(day: int) -> int:
    return {4: 8, 5: 7, 6: 9, 9: 5}.get(day, 30)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    found = Workspace.at(tmp_path_factory.mktemp("watched") / "s.duckdb")
    looks = []
    for day in range(10):
        at = NOW - timedelta(days=9 - day)
        order = [f"B{n:09}" for n in range(1, 30)]
        order.insert(rank_of(day) - 1, LAST)
        entries = tuple(
            Entry(
                LIST,
                rank,
                key,
                title="Gilded automatic cat scratcher" if key == LAST else f"Thing {key[-2:]}",
                price=Decimal(8 if key == LAST and day == 9 else 10),
                currency="USD",
            )
            for rank, key in enumerate(order, 1)
        )
        looks.append(Snapshot(LIST, at, "ok", entries, depth=30))
    looks.append(Snapshot(UK, NOW, "ok", (Entry(UK, 1, LAST, title="Gilded automatic cat scratcher"),), depth=1))
    looks.append(Snapshot(TAGS, NOW, "ok", (Entry(TAGS, 1, "owllantern", title="Owl lantern"),), depth=1))
    with found.store() as store:
        load_snapshots(store, looks, loaded_at=NOW)
    pipeline.match(found)
    pipeline.mark(found, LAST, "watch", "", now=NOW)
    return found


def settings(folder, **more) -> Settings:
    return Settings(path=folder / "trendscout.toml", top=5, **more)


def test_goods_that_words_meet_lead_whatever_their_chance(workspace, tmp_path):
    (tmp_path / "words.toml").write_text('"猫" = ["猫抓板"]\n"none" = ["zebra"]\n', encoding="utf-8")
    now = NOW - timedelta(days=1, hours=-1)  # it stands at 30 of 30
    plain = pipeline.report(workspace, ReportQuery(top=5), now=now, settings=settings(tmp_path / "elsewhere"))
    made = pipeline.report(workspace, ReportQuery(top=5), now=now, settings=settings(tmp_path), keep=True)
    assert LAST not in {row.facts.item_key for row in plain.rows}
    assert (made.rows[0].facts.item_key, made.rows[0].checks.words) == (LAST, ("猫",))
    assert phrases.words(made.rows[0], "en", now=now) == "猫, first seen 1 Nov"
    assert [row.product_id for row in made.rows[1:]] == [row.product_id for row in plain.rows]
    assert [row.position for row in made.rows] == [1, 2, 3, 4, 5, 6]
    with workspace.store() as store:
        kept = known(store, since=NOW - timedelta(days=30), until=NOW)
    assert LAST not in {row.product_id for row in kept}, "what leads for its words promised nothing"
    (one,) = pipeline.watch_words(workspace, now=now, settings=settings(tmp_path)).met
    assert (one.title, one.lists, one.first_seen) == (
        "Gilded automatic cat scratcher",
        ("猫",),
        NOW - timedelta(days=9),
    )
    (tmp_path / "words.toml").write_text('"猫" = ["/(a+)+/"]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"words\.toml"):
        pipeline.watch_words(workspace, now=now, settings=settings(tmp_path))
    made = pipeline.report(workspace, ReportQuery(top=5), now=now, settings=settings(tmp_path))
    assert any("words.toml cannot be used" in str(note) for note in made.notes)


def test_words_meet_nothing_that_was_first_seen_later(workspace, tmp_path):
    (tmp_path / "words.toml").write_text('"owls" = ["owl"]\n', encoding="utf-8")
    now, before = (pipeline.watch_words(workspace, now=at, settings=settings(tmp_path)) for at in (NOW, NOW - DAY))
    assert [one.title for one in now.met] == ["Owl lantern"]
    assert before.met == ()


RULES = {
    "top10": {"lines": [{"value": "rank", "at_most": 10}], "marks": ["watch"]},
    "cheaper": {"lines": [{"value": "price_change", "at_most": -0.1}], "products": [LAST]},
    "elsewhere": {"lines": [{"value": "place_days", "at_most": 1}], "marks": ["mine", "watch"]},
    "mine": {"lines": [{"value": "rank", "at_most": 30}], "marks": ["mine"]},
}


def test_a_marked_good_calls_wherever_it_stands(workspace, tmp_path):
    made = pipeline.report(workspace, ReportQuery(top=1), now=NOW, settings=settings(tmp_path))
    due = {one.rule.name for one in alerts.due(made, alerts.read(RULES), {})}
    assert due == {"top10", "cheaper", "elsewhere"}


def test_it_is_pushed_through_the_channel_and_rests(workspace, tmp_path):
    said = []

    def post(url, body):
        said.append(json.loads(body)["markdown"]["content"])
        return 200, b'{"errcode": 0}'

    mine = settings(tmp_path, alerts={"top10": RULES["top10"]}, channels=(Channel("team", "wecom", "TEAM"),))
    made = pipeline.report(workspace, ReportQuery(top=1), now=NOW, settings=mine)
    for day in (10, 11):
        told = notify(
            workspace, made, mine, ["team"], key=f"daily/2026-11-{day}", lang="en", zone=UTC, now=NOW, post=post,
            environ={"TEAM": "https://team.example/send?key=MARKMARK"}, sleep=lambda _: None,
        )  # fmt: skip
        assert told == {"team": ()}
    assert "alert top10" in said[0]
    assert "Gilded automatic cat" in said[0]
    assert "alert top10" not in said[1]


def test_try_says_how_often_it_would_have_called(workspace, tmp_path):
    found = pipeline.try_alert(
        workspace, "top10", days=7, now=NOW, settings=settings(tmp_path, alerts={"top10": RULES["top10"]})
    )
    assert found.mornings == 7
    assert [one.at.day for one in found.calls] == [5, 10], (
        "the rest of three days keeps the sixth and seventh still"
    )
    with pytest.raises(UsageError, match="There is no alert 'other'"):
        pipeline.try_alert(workspace, "other", days=1, now=NOW, settings=settings(tmp_path))


def test_alerts_are_set_listed_and_removed_by_command(run, tmp_path):
    assert run("alert", "set", "top10", "rank<=10", "stage=rising|emerging", "--rest-days", "2").code == 0
    assert run("alert", "set", "one", "price_change<=-0.1", "--product", "B0X").code == 0
    table = tomllib.loads((tmp_path / "alerts.toml").read_text(encoding="utf-8"))["alerts"]
    assert table["top10"] == {
        "lines": [{"value": "rank", "at_most": 10}, {"value": "stage", "one_of": ["rising", "emerging"]}],
        "marks": ["mine", "watch"],
        "rest_days": 2,
    }
    assert table["one"]["products"] == ["B0X"]
    assert load_settings(None).alerts.keys() == {"top10", "one"}
    assert "top10: rank ≤ 10" in run("--lang", "en", "alert", "list").out
    assert run("alert", "remove", "top10").code == 0
    assert run("alert", "remove", "top10").code == 2
    assert load_settings(None).alerts.keys() == {"one"}
    for wrong in ("rank<10", "rank<=ten", "color=red", "stage>=3"):
        ended = run("--lang", "en", "alert", "set", "x", wrong)
        assert (ended.code, "no condition" in ended.err) == (2, True), wrong
    assert run("alert", "set", "../x", "rank<=1").code == 2
