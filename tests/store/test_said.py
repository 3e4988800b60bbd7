"""What was said of a product, and whether it came: by the looks of its time, and by nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from trendscout.model import Entry, Own, ProductFacts, Row, ScoredItem, Snapshot
from trendscout.store.connect import open_store
from trendscout.store.load import load_snapshots
from trendscout.store.said import goal_of, is_tip, said_of, said_on, save_said

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LIST = "a_US/x/y"


def row(key="k1", *, mark="", falling=False, rank=20, gain=5.0, probability=0.4):
    scored = ScoredItem(
        LIST, key, NOW, rank, probability=probability, horizon_h=48, label="top", falling=falling, gain=gain
    )
    return Row(key, 1, scored, ProductFacts(key, "Owl", "a", "US", "y"), own=Own(mark))


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "s.duckdb") as connection:
        yield connection


def look(store, hours, ranks, status="ok"):
    entries = tuple(Entry(LIST, rank, key, title=key) for key, rank in ranks.items())
    at = NOW + timedelta(hours=hours)
    load_snapshots(store, [Snapshot(LIST, at, status, entries, depth=50)], loaded_at=at)


@pytest.mark.parametrize("mark", ["", "mine", "watch", "ignore"])
@pytest.mark.parametrize("falling", [False, True])
def test_a_tip_is_what_rises_and_what_the_seller_marked_and_never_what_is_ignored(mark, falling):
    assert is_tip(row(mark=mark, falling=falling)) is (mark in ("mine", "watch") or (not mark and not falling))


@pytest.mark.parametrize(
    ("rank", "gain", "goal"),
    [(20, 5.0, 10.0), (10, 0.0, 10.0), (50, 98.0, 1.0), (None, 5.0, None), (20, None, None), (20, -5.0, None)],
)
def test_the_goal_is_the_rank_at_which_the_gain_is_reached(rank, gain, goal):
    assert goal_of(row(rank=rank, gain=gain)) == goal


def test_what_was_said_came_where_a_look_of_its_time_saw_the_goal(store):
    look(store, -1, {"k1": 20, "k2": 20, "k3": 20, "k4": 20})
    rows = [row("k1"), row("k2"), row("k3", falling=True), row("k4", probability=None), row("k2", mark="ignore")]
    save_said(store, rows, NOW)
    look(store, 24, {"k1": 10, "k2": 11})
    look(store, 60, {"k1": 9, "k2": 1})  # too late

    def told(hours):
        found = said_on(store, days_ago=0, now=NOW + timedelta(hours=hours))
        return [(one.title, one.position, one.came, one.best_rank) for one in found]

    assert told(30) == [("k1", 1, True, 10), ("k2", 2, None, 11)]
    found = said_on(store, days_ago=3, now=NOW + timedelta(hours=70))
    assert [(one.title, one.came, one.best_rank) for one in found] == [("k1", True, 10), ("k2", False, 11)]
    assert said_on(store, days_ago=4, now=NOW + timedelta(hours=70)) == []


def test_where_nobody_looked_nothing_is_known_of_what_was_said(store):
    look(store, -1, {"k1": 20})
    save_said(store, [row("k1")], NOW)
    look(store, 24, {}, status="blocked")
    (listing,) = store.execute("SELECT listing FROM listings").fetchone()
    (one,) = said_of(store, [listing], now=NOW + timedelta(hours=70))
    assert (one.came, one.best_rank, one.probability) == (None, None, 0.4)


def test_of_a_day_the_last_is_kept(store):
    look(store, -1, {"k1": 20})
    for hours, probability in ((0, 0.4), (2, 0.5), (24, 0.6)):
        save_said(store, [row("k1", probability=probability)], NOW + timedelta(hours=hours))
    (listing,) = store.execute("SELECT listing FROM listings").fetchone()
    found = said_of(store, [listing], now=NOW + timedelta(days=2))
    assert [one.probability for one in found] == [0.5, 0.6]
