"""Seen, absent, not looked: what goes wrong on the way never shows as movement.

The market stands still: every morning the sites show the ranks of one and the same day. Whatever moves in the
report was then made by us.
"""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trendscout import pipeline
from trendscout.clock import VirtualClock
from trendscout.demo import faults
from trendscout.demo.market import World, morning_of
from trendscout.demo.server import MarketServer, Site, SiteReply
from trendscout.history import History, history_of
from trendscout.model import Outcome, Query, ReportQuery
from trendscout.ranking.scoring import score
from trendscout.report import table
from trendscout.settings.config import Settings
from trendscout.steps.rank import rank
from trendscout.store.query import ANYWHERE, history
from trendscout.store.workspace import Workspace

MARKET = "UK"
AMAZON, ALIEXPRESS = "amazon_bestsellers_UK/bestsellers/kitchen", "aliexpress_UK/search/kitchen"
QUERIES = (
    Query("amazon_bestsellers", MARKET, "bestsellers", "kitchen"),
    Query("aliexpress", MARKET, "search", "kitchen"),
)
DAYS = 9
SETTINGS = Settings(contact="t@market.example")
Trouble = Callable[[str, str], SiteReply | None]  # host and target → what it answers instead


def nothing(host: str, target: str) -> SiteReply | None:
    return None


def down(host: str, target: str) -> SiteReply | None:
    return SiteReply(503, "Service unavailable")


def captcha(host: str, target: str) -> SiteReply | None:
    if "amazon" in host and target != "/robots.txt":
        return SiteReply(200, '<html><form action="/errors/validateCaptcha"></form></html>')
    return None


def second_page_lost(host: str, target: str) -> SiteReply | None:
    return SiteReply(503, "Service unavailable") if target.endswith(("pg=2", "page=2")) else None


def half_as_long(host: str, target: str) -> SiteReply | None:
    """A list that ends after its first page."""
    return (
        SiteReply(200, "<html><body><h1>No more results</h1></body></html>")
        if target.endswith(("pg=2", "page=2"))
        else None
    )


@pytest.fixture(scope="module")
def world() -> World:
    return World(7, 30, (MARKET,))


def play(
    world: World,
    folder: Path,
    plan: dict[int, Trouble],
    monkeypatch: pytest.MonkeyPatch,
    *,
    skip: frozenset[int] = frozenset(),
) -> tuple[Workspace, list[Outcome]]:
    """The store after DAYS mornings on a market that stands still, with trouble on the planned days."""
    answer = Site.answer
    today = 0

    def troubled(site: Site, target: str, body: bytes = b"", cookie: str = "") -> SiteReply:
        return plan.get(today, nothing)(site.host, target) or answer(site, target, body, cookie)

    monkeypatch.setattr(Site, "answer", troubled)
    monkeypatch.setattr(faults, "fault_of", lambda *_: None)
    workspace = Workspace.at(folder / "store.duckdb")
    outcomes = []
    with MarketServer(world) as server:
        server.turn(20)
        for today in range(DAYS):
            if today not in skip:
                clock = VirtualClock(morning_of(today))
                outcomes += pipeline.collect(
                    workspace,
                    QUERIES,
                    SETTINGS,
                    clock=clock,
                    base_url=server.base_urls,
                    seed=today,
                )
    return workspace, outcomes


CASES: dict[str, tuple[dict[int, Trouble], frozenset[int]]] = {
    "nothing": ({}, frozenset()),
    "a blocked day": ({4: captcha}, frozenset()),
    "blocked on the last day": ({DAYS - 1: captcha}, frozenset()),
    "a day down": ({5: down}, frozenset()),
    "a partial list": ({6: second_page_lost}, frozenset()),
    "partial on the last day": ({DAYS - 1: second_page_lost}, frozenset()),
    "a missed crawl": ({}, frozenset({3, 6})),
    "a list that grows": (dict.fromkeys(range(4), half_as_long), frozenset()),
    "a list that shrinks": (dict.fromkeys(range(4, DAYS), half_as_long), frozenset()),
    "all of it": ({2: half_as_long, 3: captcha, 4: down, 7: second_page_lost}, frozenset({5})),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> tuple[str, Workspace, list[Outcome]]:
    plan, skip = CASES[request.param]
    with pytest.MonkeyPatch.context() as patch:
        workspace, outcomes = play(world, tmp_path, plan, patch, skip=skip)
    return request.param, workspace, outcomes


def test_what_goes_wrong_moves_nothing(case: tuple[str, Workspace, list[Outcome]]) -> None:
    name, workspace, outcomes = case
    now = morning_of(DAYS)
    with workspace.store() as connection:
        scores = rank(connection, ANYWHERE, now=now)
        seen = history(connection, until=now)
    assert len(scores) > 90, name
    known = scores.velocity[np.isfinite(scores.velocity)]
    assert len(known) > 90
    assert set(np.round(known, 6)) == {50.0}
    # and the troubled looks are told as such, never as whole lists
    good = sum(outcome.status == "ok" for outcome in outcomes)
    assert (good == len(outcomes)) == (name in ("nothing", "a missed crawl"))
    shown = pipeline.report(workspace, ReportQuery(), now=now, settings=SETTINGS)
    assert {one.list_id for one in shown.coverage} == {AMAZON, ALIEXPRESS}
    assert sum(one.ok for one in shown.coverage) <= good
    assert not (seen.snap_depth < 50).any()


def test_coverage_is_printed(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, _ = play(world, tmp_path, {DAYS - 1: captcha}, monkeypatch)
    shown = pipeline.report(workspace, ReportQuery(), now=morning_of(DAYS), settings=SETTINGS)
    blocked = next(one for one in shown.coverage if one.list_id == AMAZON)
    assert (blocked.status, blocked.looked, blocked.ok) == ("blocked", 6, 5)
    text = table.text(shown, lang="en", width=100)
    assert "captcha" in text
    assert "Amazon" in text


def looked_at(world: World, days: list[int]) -> History:
    """Both Amazon lists of the moving market, looked at on these days only."""
    rows = [
        (f"amazon_bestsellers_{MARKET}/bestsellers/{shelf.category}", morning_of(day), rank, shelf.keys[position])
        for shelf in world.shelves
        if shelf.platform == "amazon"
        for day in days
        for rank, position in enumerate(shelf.ranking(day), start=1)
    ]
    lists, moments, ranks, keys = zip(*rows, strict=True)
    return history_of(
        np.unique(np.array(lists, object), return_inverse=True),
        np.unique(np.array(keys, object), return_inverse=True),
        np.array([moment.timestamp() for moment in moments]).astype(np.int64),
        np.array(ranks, np.int32),
    )


def test_what_was_missed_loses_no_good_and_no_interval() -> None:
    """One look in five lost at random days: the same goods are scored, each chance within its interval.

    How wide an interval is comes from the errors of past fits by band of the chance, not from the looks that were
    lost: on 45 days the whole history's few outcomes made it wider (.29) than the thinned one's (.17).
    """
    world = World(7, 45, (MARKET,))
    lost = set(random.Random(1).sample(range(5, 40), 9))
    now = morning_of(45)
    whole = score(looked_at(world, list(range(45))), now)
    thinned = score(looked_at(world, [day for day in range(45) if day not in lost]), now)
    for found in (whole, thinned):
        known = np.isfinite(found.low)
        assert known.any()
        assert (found.low[known] <= found.probability[known]).all()
        assert (found.probability[known] <= found.high[known]).all()
    both = set(whole.items) & set(thinned.items)
    assert len(both) == len(whole.items)
