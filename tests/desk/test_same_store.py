"""What is done through the desk alone leaves the store that the same done by commands leaves, table by table."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from open_desk import Client, Open, opened
from test_clips import part, search, send, shopee

from trendscout import pipeline
from trendscout.clock import VirtualClock
from trendscout.demo.goods import CATEGORIES
from trendscout.demo.market import World, morning_of
from trendscout.demo.server import MarketServer
from trendscout.jobs.run import run_job
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import load_job
from trendscout.sources.queries import queries_for
from trendscout.store.connect import open_store
from trendscout.store.labels import A_DAY, doubts
from trendscout.store.read_file import ReadFile, Wanted, current_file
from trendscout.store.workspace import Workspace

MARKETS = ("UK",)
START = morning_of(0)
JOB = """cron = "30 7 * * *"
timezone = "UTC"
[collect]
sources = ["google_trends"]
markets = ["UK"]
[report]
top = 20
formats = ["csv"]
"""
# Where a reply lies and when it was loaded hang on the pauses between requests; a run's name is drawn.
LEFT_OUT = {
    "snapshots": ("pages", "loaded_at"),
    "pages": ("page",),
    "brought": ("page",),
    "migrations": ("applied_at",),
    "runs": ("run_id", "started_at", "finished_at", "detail"),
}


@dataclass
class Hands:
    """The same store twice: one that commands write, one that only the desk does."""

    commands: Workspace
    desk: Open
    client: Client
    settings: Settings
    server: MarketServer
    now: datetime = START
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))

    def at(self, now: datetime) -> None:
        """From `now` on; each hand has a clock of its own, on which requests take their time."""
        self.now, self.clock, self.desk.worker.clock = now, VirtualClock(now), VirtualClock(now)

    def later(self) -> None:
        """Before each thing that is done: what is published later is not published again for an earlier time."""
        self.at(self.now + timedelta(minutes=5))

    def click(self, path: str, **fields: str) -> None:
        answer = self.desk.act(self.client, path, **fields)
        assert answer.status_code == 303, answer.text
        self.desk.worker.work_off()
        assert not self.desk.desk.words.refused()

    def other_hand(self) -> None:
        """What a site refuses of a day's first requests it refuses again: each hand is the first of its day."""
        self.server.turn(next(iter(self.server.sites.values())).day)

    def publish(self) -> None:
        """What each command that changes a store does at its end, where there is a desk."""
        pipeline.match(self.commands)
        pipeline.publish(self.commands, now=self.clock.now())

    def collect(self, source: str = "") -> None:
        self.later()
        queries = queries_for(self.settings, source.split(), markets=MARKETS)
        pipeline.collect(
            self.commands, queries, self.settings, clock=self.clock, base_url=self.server.base_urls, seed=7
        )
        self.publish()
        self.other_hand()
        self.click("/collect", source=source, market="UK")

    def job(self) -> None:
        self.later()
        job = load_job(self.settings.home / "jobs" / "daily.toml", self.settings)
        run_job(
            job,
            self.commands,
            self.settings,
            lang="en",
            clock=self.clock,
            again=True,
            base_url=self.server.base_urls,
        )
        self.other_hand()
        self.click("/job", job="daily")

    def mark(self, product: str, word: str, note: str = "") -> None:
        self.later()
        pipeline.mark(self.commands, product, word, note, now=self.now)
        self.publish()
        self.click("/say", product=product, word=word, note=note)

    def decide(self, word: Any, product: str, other: str = "") -> None:
        self.later()
        pipeline.decide(self.commands, word, product, other or None, now=self.now)
        self.publish()
        self.click("/say", product=product, word=word, other=other)

    def judge(self, word: str, judgement: Any) -> None:
        """Answer the first question that there is about any row; both hands are asked the same one."""
        self.later()
        shown = {product: row for row, product in enumerate(self.top(10_000), 1)}
        asked = []
        for workspace in (self.commands, self.desk.workspace):
            with open_store(workspace.db) as connection:
                asked.append(doubts(connection, shown, most=A_DAY, now=self.now)[:1])
        assert asked[0] == asked[1]
        for doubt in asked[0]:
            pipeline.judge(self.commands, doubt, judgement, now=self.now)
            self.publish()
            self.click("/say", product=doubt.product, word=word, other=doubt.pair)

    def clip(self, first: int) -> None:
        """Take a list with the extension; the commands get the file that it would save, by `ingest`."""
        self.later()
        answer = send(self.desk, parts=[part(search(0), shopee(first, 30))])
        assert answer.json()["entries"] == 30
        (sent,) = self.desk.worker.inbox.glob("*/*.har")
        file = Path(shutil.copy(sent, self.commands.db.file.parent))
        told = json.loads(sent.with_name("told.json").read_text())
        pipeline.ingest(
            self.commands, [file], source=None, market=told["market"], url=None, at=None, now=self.now,
            category=told["category"], called={file: file.name},
        )  # fmt: skip
        self.publish()
        self.desk.worker.work_off()

    def top(self, most: int, **wanted: Any) -> list[str]:
        """The first products that the desk shows: commands show the same."""
        found = []
        for workspace in (self.commands, self.desk.workspace):
            path = current_file(workspace.desk)
            assert path is not None
            file = ReadFile(path)
            found.append([row.product_id for row in file.products(Wanted(**wanted), limit=most)[0]])
            file.close()
        assert found[0] == found[1]
        return found[0]


@contextmanager
def hands(
    tmp_path: Path, days: int, chosen: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[Hands, MarketServer]]:
    settings = Settings(
        contact="t@market.example",
        markets=MARKETS,
        sources=tuple(chosen),
        categories=chosen,
        folder=tmp_path,
        spacing_s=0.0,  # a job's pauses are drawn anew each time
    )
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "daily.toml").write_text(JOB, encoding="utf-8")
    for name in "ab":
        (tmp_path / name).mkdir()
    commands = Workspace.at(str(tmp_path / "a" / "demo.duckdb"), tmp_path / "a" / "archive")
    commands.desk.mkdir()
    with MarketServer(World(7, days, MARKETS)) as server:
        more = {"base_url": server.base_urls, "settings": settings, "seed": 7}
        desk = opened(tmp_path / "b", START, **more)
        yield Hands(commands, desk, desk.client(), settings, server), server


def contents(db: Any) -> dict[str, list[str]]:
    """The rows of every table, as text: NaN is NaN."""
    with open_store(db) as connection:
        names = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        found = {}
        for name in names:
            cursor = connection.execute(f"FROM {name}")
            kept = [
                at for at, (column, *_) in enumerate(cursor.description) if column not in LEFT_OUT.get(name, ())
            ]
            found[name] = sorted(repr(tuple(row[at] for at in kept)) for row in cursor.fetchall())
        return found


def compare(hand: Hands) -> dict[str, list[str]]:
    assert all(task.state in ("done", "partial") for task in hand.desk.worker.progress.tasks)
    theirs, ours = contents(hand.commands.db), contents(hand.desk.workspace.db)
    assert set(ours) == set(theirs)
    for name, rows in theirs.items():
        assert ours[name] == rows, name
    return ours


def test_days_through_the_desk_leave_the_store_that_commands_leave(tmp_path: Path) -> None:
    with hands(tmp_path, 2, {"amazon_bestsellers": ("kitchen",)}) as (hand, server):
        for day in range(2):
            server.turn(day)
            hand.at(morning_of(day))
            hand.collect()
        first, second, third = hand.top(3, tree="amazon_bestsellers_UK/bestsellers")
        hand.mark(first, "mine", "200 in stock")
        hand.decide("merge", second, third)
        hand.clip(0)
    ours = compare(hand)
    assert len(ours["marks"]) == 1
    assert ours["decisions"]
    assert any("shopee" in row for row in ours["lists"])


@pytest.mark.long
def test_a_month_through_the_desk_leaves_the_store_that_commands_leave(tmp_path: Path) -> None:
    """Collect now, jobs, marks, merges, splits, variants, answers to questions, clips: thirty days of them."""
    with hands(tmp_path, 30, dict.fromkeys(("amazon_bestsellers", "aliexpress"), CATEGORIES)) as (hand, server):
        for day in range(30):
            server.turn(day)
            hand.at(morning_of(day))
            if day % 5 == 4:
                hand.collect("aliexpress")
                hand.job()
            else:
                hand.collect()
            hand.at(morning_of(day) + timedelta(hours=3))
            first, second, third = hand.top(3, tree="amazon_bestsellers_UK/bestsellers")
            if day % 3 == 1:
                hand.mark(first, ("mine", "watch", "ignore", "none")[day // 3 % 4], f"day {day}")
            if day % 7 == 3:
                hand.decide("merge", second, third)
            if day % 7 == 5 and (joined := several(hand.desk.workspace)):
                hand.decide("variants" if day % 2 else "split", joined)
            if day % 6 == 2:
                hand.clip(day)
            hand.judge(("same", "a variant", "another")[day % 3], "SVD"[day % 3])
    ours = compare(hand)
    counts = {name: len(rows) for name, rows in ours.items()}
    assert min(counts[name] for name in ("marks", "decisions", "runs", "said", "brought")) > 0, counts


def several(workspace: Workspace) -> str:
    """A product of several listings that nobody merged by hand; "" if there is none."""
    with open_store(workspace.db) as connection:
        rows = connection.execute(
            """SELECT product_id FROM memberships m WHERE NOT EXISTS (
                   SELECT 1 FROM decisions d WHERE m.listing IN (d.listing_a, d.listing_b))
               GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 1"""
        ).fetchall()
    return rows[0][0] if rows else ""
