"""Mornings by cron on the demo's sites, which change under way: told on its day by report, doctor and push, and
counted as movement by nobody; a mended reader reads the lost days from the archive.
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.jobs import changing_sites as sites
from trendscout import pipeline
from trendscout.clock import VirtualClock
from trendscout.demo.market import World, date_of, morning_of
from trendscout.demo.server import MarketServer
from trendscout.findings import filled
from trendscout.jobs import notify
from trendscout.jobs.doctor import examine
from trendscout.jobs.schedule import work_off
from trendscout.model import ReportQuery
from trendscout.settings.config import Channel, Settings
from trendscout.settings.jobfile import load_job
from trendscout.sources import snapshots
from trendscout.steps.rank import rank
from trendscout.steps.replay import Replayed
from trendscout.store.query import ANYWHERE
from trendscout.store.workspace import Workspace

JOB = """
cron = "0 7 * * *"
timezone = "Asia/Shanghai"
[collect]
sources = {sources}
[report]
formats = ["json"]
[push]
channels = ["team"]
"""
AMAZON, ALIEXPRESS = "amazon_bestsellers_US/bestsellers/kitchen", "aliexpress_US/search/kitchen"
EVENING = timedelta(hours=3)


@dataclass
class Told:
    """What one day's report, doctor and push say."""

    report: dict
    doctor: str
    push: str

    @property
    def lost(self) -> dict[str, str]:
        """The lists that the report says did not come whole, and why."""
        return {
            one["list_id"]: f"{one['status']}: {one['reason']}"
            for one in self.report["coverage"]
            if one["status"] != "ok"
        }

    def by_all(self, words: str) -> bool:
        """Whether report, doctor and push say these words."""
        report = json.dumps([self.report["coverage"], self.report["notes"]], ensure_ascii=False)
        said = [words in one for one in (report, self.doctor, self.push)]
        assert len(set(said)) == 1, (words, said)
        return said[0]


@dataclass
class Months:
    """A seller's mornings: a job, its store, and what each day told."""

    folder: Path
    sources: tuple[str, ...]
    patch: pytest.MonkeyPatch
    pushed: list[str] = field(default_factory=list)
    day: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.settings = Settings(
            path=self.folder / "trendscout.toml",
            contact="t@market.example",
            markets=("US",),
            top=20,
            categories={
                "amazon_bestsellers": ("kitchen",),
                "aliexpress": ("kitchen",),
                "shopify": ("corner-us.example",),
            },
            channels=(Channel("team", "wecom", "TEAM"),),
        )
        (self.folder / "jobs").mkdir()
        (self.folder / "jobs" / "daily.toml").write_text(JOB.format(sources=json.dumps(self.sources)))
        self.job = load_job(self.folder / "jobs" / "daily.toml", self.settings)
        self.workspace = Workspace.at(self.folder / "s.duckdb")
        self.patch.setenv("TEAM", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0")
        real = notify.notify
        self.patch.setattr(
            "trendscout.jobs.run.notify", lambda *a, **k: real(*a, **k, post=self.post, sleep=lambda _: None)
        )

    def post(self, _: str, body: bytes) -> tuple[int, bytes]:
        self.pushed.append(json.loads(body)["markdown"]["content"])
        return 200, b'{"errcode": 0, "errmsg": "ok"}'

    def morning(self, server: MarketServer) -> Told:
        """Cron's run of a day, and what is told then."""
        self.pushed.clear()
        clock = VirtualClock(morning_of(self.day) + timedelta(hours=2))
        (done,) = work_off(
            self.job, self.workspace, self.settings, lang="en", clock=clock, base_url=server.base_urls
        )
        assert done.state in ("done", "partial"), done
        file = self.folder / "drops" / date_of(self.day).isoformat() / "daily.json"
        found = examine(self.workspace, self.settings, now=self.now)
        doctor = "\n".join(filled(one.what, one.fields, "en") for one in found if one.level != "ok")
        return Told(json.loads(file.read_text()), doctor, "\n".join(self.pushed))

    @property
    def now(self):
        return morning_of(self.day) + EVENING

    def looks(self) -> dict[tuple[str, int], tuple[int, dict[str, int]]]:
        """By list and day, how deep was looked, and each item's rank."""
        with self.workspace.store() as connection:
            rows = connection.execute(
                """SELECT list_id, date_diff('day', ?::DATE, taken_at::DATE), depth,
                          list(item_key) FILTER (rank IS NOT NULL), list(rank) FILTER (rank IS NOT NULL)
                FROM snapshots JOIN lists USING (list_key) LEFT JOIN observations o USING (list_key, taken_at)
                LEFT JOIN listings USING (listing) GROUP BY ALL""",
                [date_of(0)],
            ).fetchall()
        return {
            (list_id, day): (depth, dict(zip(keys or (), ranks or (), strict=True)))
            for list_id, day, depth, keys, ranks in rows
        }

    def mend(self) -> Replayed:
        """Read the archive again with readers that know the new layouts."""
        read = snapshots.read_page
        self.patch.setattr(snapshots, "read_page", lambda source, page: read(source, sites.mended(page)))
        return pipeline.replay(self.workspace, since=None, now=self.now)


def moved(workspace: Workspace, now) -> set[float]:
    """The velocities of a market that stands still: 50 alone, where nothing was made up."""
    with workspace.store() as connection:
        scores = rank(connection, ANYWHERE, now=now)
    known = scores.velocity[np.isfinite(scores.velocity)]
    return set(np.round(known, 6).tolist())


GREW, REDESIGN, PHONE, FADES = 4, 6, 8, 6  # days
DAYS = 12


def test_two_weeks_of_changes_are_told_on_their_day_and_move_nothing(tmp_path, monkeypatch):
    """A list of a market that stands still: whatever moves in the report was made by us."""
    months = Months(tmp_path, ("aliexpress",), monkeypatch)

    def plan(_host: str, _target: str, day: int) -> sites.Change:
        fade = sites.without_prices(0.08 * max(0, day - FADES))
        length = sites.as_long_as(50 if day < GREW else 100)
        late = {REDESIGN: sites.redesigned("aliexpress"), PHONE: sites.for_phones("aliexpress")}.get(day, str)
        return lambda body: late(fade(length(body)))

    sites.changing(monkeypatch, plan, lambda: months.day)
    told = {}
    with MarketServer(World(7, 30, ("US",))) as server:
        server.turn(20)
        for months.day in range(DAYS):
            told[months.day] = months.morning(server)
            if months.day in (GREW, GREW + 1, PHONE, PHONE + 1, DAYS - 1):
                assert moved(months.workspace, months.now) <= {50.0}, months.day
    faded = 10  # three in ten have no price by then
    assert {day: [why.split(": ")[0] for why in one.lost.values()] for day, one in told.items() if one.lost} == {
        REDESIGN: ["failed"],
        PHONE: ["partial"],
        **{day: ["partial"] for day in range(faded, DAYS)},
    }
    grew = "100 rows where this list had 50 at most"
    assert [day for day, one in told.items() if one.by_all(grew)] == [GREW]
    assert "price: filled in" in told[faded].lost[ALIEXPRESS]
    for day in (REDESIGN, PHONE, faded):
        assert "aliexpress: 1 × " in told[day].doctor
        assert "Missing today (1 of 1 lists)" in told[day].push
        assert told[day].lost[ALIEXPRESS].split(": ", 1)[1] in told[day].doctor, "with the same reason"
    assert not any("Missing" in told[day].push for day in range(REDESIGN))
    whole = pipeline.report(
        months.workspace,
        ReportQuery(top=200),
        now=morning_of(GREW) + EVENING,
        settings=months.settings,
    )
    late = [row for row in whole.rows if row.facts.first_seen and row.facts.first_seen.date() == date_of(GREW)]
    assert len(late) == 50
    assert {row.facts.newness.value for row in late} == {None}, (
        "they stood below the list's end, for years perhaps"
    )
    assert not [row.scored.stage for row in late if row.scored.stage in ("emerging", "rising")]
    assert months.mend().loaded.snapshots == 1
    looks = months.looks()
    assert looks[ALIEXPRESS, REDESIGN] == looks[ALIEXPRESS, GREW]
    assert moved(months.workspace, months.now) <= {50.0}
