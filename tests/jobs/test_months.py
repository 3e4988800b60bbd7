"""Mornings by cron on the demo's sites, which change under way: told on its day by report, doctor and push, and
counted as movement by nobody; a mended reader reads the lost days from the archive.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.jobs import changing_sites as sites
from trendscout import pipeline
from trendscout.archive import Archive
from trendscout.clock import VirtualClock
from trendscout.demo.market import World, date_of, morning_of
from trendscout.demo.server import HOSTS, MarketServer
from trendscout.findings import filled
from trendscout.jobs import notify
from trendscout.jobs.doctor import examine
from trendscout.jobs.schedule import work_off
from trendscout.model import ReportQuery
from trendscout.settings.config import Channel, Settings
from trendscout.settings.jobfile import load_job
from trendscout.sources import snapshots
from trendscout.sources.source import read_page
from trendscout.steps.rank import rank
from trendscout.steps.replay import Replayed
from trendscout.store.query import ANYWHERE
from trendscout.store.upkeep import back_up, restore
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
                "tiktok_hashtags": ("pets",),  # has its three tags on each day: fewer are the change
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
        told = Told(json.loads(file.read_text()), "", "\n".join(self.pushed))
        if told.lost or "rows where" in str(told.report["notes"]) or self.day % 10 == 9:  # it reads all there is
            found = examine(self.workspace, self.settings, now=self.now)
            told.doctor = "\n".join(filled(one.what, one.fields, "en") for one in found if one.level != "ok")
        return told

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

    def states(self) -> list[tuple[str, int, str]]:
        """Each look's list, day and status."""
        with self.workspace.store() as connection:
            return connection.execute(
                """SELECT list_id, date_diff('day', ?::DATE, taken_at::DATE), status
                FROM snapshots JOIN lists USING (list_key)""",
                [date_of(0)],
            ).fetchall()

    def mend(self, *, prices: bool = False) -> Replayed:
        """Read the archive again with readers that know the new layouts, perhaps also where prices went."""
        self.patch.setattr(
            snapshots, "read_page", lambda source, page: read_page(source, sites.mended(page, moved_prices=prices))
        )
        return pipeline.replay(self.workspace, since=None, now=self.now)


def moved(workspace: Workspace, now) -> set[float]:
    """The velocities of a market that stands still: 50 alone, where nothing was made up."""
    with workspace.store() as connection:
        scores = rank(connection, ANYWHERE, now=now)
    known = scores.velocity[np.isfinite(scores.velocity)]
    return set(np.round(known, 6).tolist())


GREW, PHONE, REDESIGN, FADES = 3, 6, 7, 5  # days
DAYS = 10


@pytest.mark.slow
def test_ten_days_of_changes_are_told_on_their_day_and_move_nothing(tmp_path, monkeypatch):
    """A list of a market that stands still: whatever moves in the report was made by us."""
    months = Months(tmp_path, ("aliexpress",), monkeypatch)

    def plan(_host: str, _target: str, day: int) -> sites.Change:
        fade = sites.moved_prices("aliexpress", 0.09 * max(0, day - FADES))
        length = sites.as_long_as(50 if day < GREW else 100)
        late = {REDESIGN: sites.redesigned("aliexpress"), PHONE: sites.for_phones("aliexpress")}.get(day, str)
        return lambda body: late(fade(length(body)))

    sites.changing(monkeypatch, plan, lambda: months.day)
    told = {}
    with MarketServer(World(7, 30, ("US",))) as server:
        server.turn(20)
        for months.day in range(DAYS):
            told[months.day] = months.morning(server)
            if months.day in (GREW, GREW + 1, PHONE, PHONE + 2, DAYS - 1):
                assert moved(months.workspace, months.now) <= {50.0}, months.day
    faded = 9  # three in ten have no price by then
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
        assert "Missing today (1 of 1 list)" in told[day].push
        assert told[day].lost[ALIEXPRESS].split(": ", 1)[1][:30] in told[day].doctor, "with the same reason"
    assert not any("Missing" in told[day].push for day in range(PHONE))
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


MONTHS = 90
PLATFORMS = {  # of each source: its platform, and the days of its redesign and of a phone's page
    "amazon_bestsellers": ("amazon", (20, 21), 36),
    "aliexpress": ("aliexpress", (24,), 39),
    "tiktok_hashtags": ("tiktok", (27,), 42),
    "google_trends": ("google_trends", (30,), 45),
    "shopify": ("shopify", (33,), 48),
}
LONGER, FADING, MENDED, COPIED, BROKEN = 14, 52, 50, 37, 40
PRUNED, KEPT = (70, 85), 60  # by age, the pages of so many days being kept, and by size
A_DAY = {"amazon": 0.015, "aliexpress": 0.02, "shopify": 0.03}  # share of prices that go to another place


def of_months(host: str, target: str, day: int) -> sites.Change | None:
    """The changes of ninety days."""
    platform = HOSTS[host][0]
    _, redesign, phone = next(one for one in PLATFORMS.values() if one[0] == platform)
    length = sites.as_long_as(50 if day < LONGER else 100) if platform == "aliexpress" else str
    late = str
    if day in redesign:
        late = sites.redesigned(platform)
    elif day == phone:
        late = sites.for_phones(platform)
    elif day > FADING and platform in A_DAY:
        late = sites.moved_prices(platform, A_DAY[platform] * (day - FADING))
    return lambda body: late(length(body))


@pytest.mark.long
def test_ninety_days_of_changes(tmp_path, monkeypatch):
    """Five sites of a market that moves: what the store has of a place is what was there, or nothing."""
    months = Months(tmp_path, tuple(PLATFORMS), monkeypatch)
    world = World(7, MONTHS, ("US",))
    places = {
        name: [[shelf.keys[at] for at in shelf.ranking(day)] for day in range(MONTHS)]
        for name, shelf in (
            (AMAZON, world.shelf("amazon", "US", "kitchen")),
            (ALIEXPRESS, world.shelf("aliexpress", "US", "kitchen")),
        )
    }
    sites.changing(monkeypatch, of_months, lambda: months.day)
    told: dict[int, Told] = {}
    copy = tmp_path / "copy.duckdb"
    with MarketServer(world) as server:
        for months.day in range(MONTHS):
            server.turn(months.day)
            told[months.day] = months.morning(server)
            if months.day == COPIED:
                back_up(months.workspace.db, copy)
            if months.day == BROKEN:
                break_and_restore(months, copy)
            if months.day == MENDED:
                months.mend()
            if months.day in PRUNED:
                prune(months, by_size=months.day == PRUNED[1])
    assert_told(told)
    looks = months.looks()
    for (name, day), (depth, ranks) in looks.items():
        if name not in places:
            continue
        there = places[name][day][: (50 if day < LONGER else 100) if name == ALIEXPRESS else 100]
        assert {key: there.index(key) + 1 for key in ranks} == ranks, (name, day)
        assert set(there[:depth]) <= ranks.keys(), (name, day, "absent is what was not there")
    back = {(name, day) for name, day, status in months.states() if status == "ok"}
    for source, (_, redesign, _) in PLATFORMS.items():
        its = {name for name, _ in looks if name.startswith(source)}
        assert {(name, day) for name in its for day in redesign} <= back, "the archive gave the lost days back"
    before = priced(months)
    months.mend(prices=True)
    after = priced(months)
    assert sum(before[day] < 0.7 * before[0] for day in range(FADING + 1, MONTHS)) >= 10
    assert all(after[day] >= 0.9 * after[0] for day in range(MONTHS) if day != PLATFORMS["amazon_bestsellers"][2])


def break_and_restore(months: Months, copy: Path) -> None:
    """The drill: the store is broken, an older copy takes its place, and the archive brings what came since."""
    before = months.looks()
    file = months.workspace.db.file
    with file.open("r+b") as opened:
        opened.write(b"\0" * 20_000)
    assert any(one.level == "bad" for one in examine(months.workspace, months.settings, now=months.now))
    restore(copy, months.workspace.db)
    assert max(day for _, day in months.looks()) == COPIED
    pipeline.replay(months.workspace, since=morning_of(COPIED), now=months.now)
    assert months.looks() == before


def prune(months: Months, *, by_size: bool) -> None:
    """Pages past their time go, and nothing that was read from them."""
    size, before = Archive(months.workspace.archive).size(), months.looks()
    limits = {"keep_gb": size * 0.9 / 1e9} if by_size else {"keep_days": KEPT}
    _, gone = pipeline.compact(months.workspace, replace(months.settings, **limits), now=months.now)
    assert gone
    if by_size:
        assert Archive(months.workspace.archive).size() <= size * 0.9
    else:
        assert {one.day for one in gone} == {date_of(day) for day in range(months.day - KEPT)}
    assert months.looks() == before


def priced(months: Months) -> dict[int, float]:
    """By day, the share of Amazon's rows that have a price."""
    with months.workspace.store() as connection:
        return dict(
            connection.execute(
                """SELECT date_diff('day', ?::DATE, taken_at::DATE), count(price) / count(*)
                FROM observations JOIN lists USING (list_key) WHERE list_id = ? GROUP BY ALL""",
                [date_of(0), AMAZON],
            ).fetchall()
        )


def assert_told(told: dict[int, Told]) -> None:
    """Each change on its day, by report, doctor and push; and on no other day."""
    lost = {(source, day) for source, (_, redesign, phone) in PLATFORMS.items() for day in (*redesign, phone)}
    found = {(name.split("_US")[0], day) for day, one in told.items() for name in one.lost}
    assert found >= lost, lost - found
    faded: dict[str, int] = {}
    for source, day in sorted(found - lost, key=lambda one: one[1]):
        (why,) = (why for name, why in told[day].lost.items() if name.startswith(source))
        assert "price: filled in" in why, (source, day, why)
        faded.setdefault(source, day)
    # Three in ten rows have lost it: after 20, 15 and 10 days.
    assert {PLATFORMS[source][0] for source in faded} == set(A_DAY)
    for source, day in faded.items():
        assert day - FADING == pytest.approx(0.3 / A_DAY[PLATFORMS[source][0]], abs=4), (source, day)
    for source, day in found:
        assert f"{source}: 1 × " in told[day].doctor
        assert f"Missing today ({len(told[day].lost)} of 5 lists)" in told[day].push
    quiet = [day for day, one in told.items() if not one.lost]
    assert not [day for day in quiet if "Missing" in told[day].push]
    grew = "100 rows where this list had 50 at most"
    assert [day for day, one in told.items() if one.by_all(grew)] == [LONGER]
    below = [
        row
        for row in told[LONGER].report["rows"]
        if row["first_seen"].startswith(date_of(LONGER).isoformat())
        and row["list_id"] == ALIEXPRESS
        and row["rank"] > 50
    ]
    assert not [row for row in below if row["velocity"]["value"] or row["newness"]["value"]]
