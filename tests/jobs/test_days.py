"""Eleven days of the demo through the schedule: a drop and a digest a day, each once."""

import json
from datetime import timedelta

import pytest

from trendscout.clock import VirtualClock
from trendscout.demo.market import World, date_of, morning_of
from trendscout.demo.server import MarketServer
from trendscout.jobs import notify
from trendscout.jobs.schedule import work_off
from trendscout.settings.config import Channel, Settings
from trendscout.settings.jobfile import load_job
from trendscout.store.workspace import Workspace

DAYS = 11
JOB = """
cron = "0 7 * * *"
timezone = "Asia/Shanghai"
[collect]
sources = ["google_trends", "amazon_bestsellers"]
categories = ["kitchen"]
[report]
formats = ["csv", "xlsx", "html"]
[push]
channels = ["team"]
"""


@pytest.mark.long
def test_days_give_a_drop_and_a_digest_a_day(tmp_path, monkeypatch):
    pushed = []

    def post(url, body):
        pushed.append((url, body))
        # The vendor wants time at the tenth message, behind status 200: it waits for the next run.
        busy = len(pushed) in (10, 11, 12)
        return 200, json.dumps({"errcode": 45009 if busy else 0, "errmsg": "no" if busy else "ok"}).encode()

    monkeypatch.setenv("TEAM", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0")
    settings = Settings(
        path=tmp_path / "trendscout.toml",
        contact="t@market.example",
        markets=("US",),
        channels=(Channel("team", "wecom", "TEAM"),),
    )
    (tmp_path / "daily.toml").write_text(JOB)
    job = load_job(tmp_path / "daily.toml", settings)
    workspace = Workspace.at(tmp_path / "s.duckdb")
    real = notify.notify
    monkeypatch.setattr(
        "trendscout.jobs.run.notify", lambda *a, **k: real(*a, **k, post=post, sleep=lambda _: None)
    )
    states = []
    with MarketServer(World(7, DAYS, ("US",))) as server:
        for day in range(DAYS):
            server.turn(day)
            for late in (timedelta(), timedelta(hours=1)):  # cron, and a person who tries again
                clock = VirtualClock(morning_of(day) + timedelta(hours=2) + late)
                done = work_off(job, workspace, settings, lang="zh", clock=clock, base_url=server.base_urls)
                states += [one.state for one in done]
    folders = sorted(path.name for path in (tmp_path / "drops").iterdir() if path.name != "latest")
    assert folders == [date_of(day).isoformat() for day in range(DAYS)]
    for folder in folders:
        assert {"daily.csv", "daily.xlsx", "daily.html", "_SUCCESS"} <= {
            path.name for path in (tmp_path / "drops" / folder).iterdir()
        }
    assert states.count("skipped") == DAYS - 1, "but for the day whose message waited"
    sent = [json.loads(body)["markdown"]["content"] for _, body in pushed]
    assert all(len(text.encode()) <= 4096 for text in sent)
    assert len(set(sent)) == len(sent) - 3, "only the message that waited came again"
    assert all(any(day in text for text in sent) for day in folders)
