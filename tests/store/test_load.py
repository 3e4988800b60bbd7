"""Loads are whole, idempotent, and keep what they replace on record."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from trendscout.findings import finding, text
from trendscout.model import ArchiveRef, Entry, Page, Query, Snapshot
from trendscout.ranking.scoring import score
from trendscout.store.connect import open_store
from trendscout.store.details import _presence
from trendscout.store.load import Loaded, load_snapshots, note_pages, noted_pages
from trendscout.store.query import history
from trendscout.store.upkeep import contradictions

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LIST = "amazon_bestsellers_US/bestsellers/kitchen"


def entries(count, *, first=1, **changes):
    rows = []
    for rank in range(first, first + count):
        row = {"title": f"Foldable kettle {rank}", "price": Decimal("12.50"), "currency": "USD"} | changes
        rows.append(Entry(LIST, rank, f"B{rank:09}", **row))
    return tuple(rows)


def snapshot(at=NOW, rows=None, **changes):
    rows = entries(5) if rows is None else rows
    return Snapshot(
        LIST, at, **({"status": "ok", "entries": rows, "depth": len(rows), "layout": "grid"} | changes)
    )


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "s.duckdb") as connection:
        yield connection


def table(store, name):
    return sorted(store.execute(f"SELECT * FROM {name}").fetchall(), key=repr)


def test_the_same_snapshot_twice_changes_nothing(store):
    first = load_snapshots(store, [snapshot()], loaded_at=NOW)
    before = {name: table(store, name) for name in ("lists", "snapshots", "observations", "listings")}
    again = load_snapshots(store, [snapshot()], loaded_at=NOW + timedelta(hours=1))
    assert (first.snapshots, first.observations, first.listings) == (1, 5, 5)
    assert (again.snapshots, again.observations, again.listings, again.known) == (0, 0, 0, 1)
    assert {name: table(store, name) for name in before} == before


def test_of_several_snapshots_those_that_were_known_are_counted(store):
    load_snapshots(store, [snapshot()], loaded_at=NOW)
    offered = [snapshot(at=NOW + timedelta(days=day)) for day in range(3)]
    loaded = load_snapshots(store, offered, loaded_at=NOW + timedelta(days=3))
    assert (loaded.snapshots, loaded.known) == (2, 1)


def test_what_two_loads_changed_adds_up():
    one, other = finding("list_grew", rows=9, most=4), finding("left_to_another")
    total = Loaded(11, 12, 13, 14, (one,)) + Loaded(10, 20, 30, 40, (other,))
    assert total == Loaded(21, 32, 43, 54, (one, other))


@pytest.mark.parametrize(
    ("seen", "status", "depth", "presence"),
    [
        (True, "blocked", 0, "seen"),
        (False, "ok", 1, "absent"),
        (False, "ok", 0, "not_looked"),
        (False, "partial", 50, "not_looked"),
        (False, "failed", 0, "not_looked"),
    ],
)
def test_absent_is_only_who_was_looked_for(seen, status, depth, presence):
    assert _presence(seen=seen, status=status, depth=depth) == presence


def test_a_changed_reading_is_replaced_only_when_asked_and_recorded(store):
    load_snapshots(store, [snapshot()], loaded_at=NOW)
    load_snapshots(store, [snapshot(rows=entries(3))], loaded_at=NOW)
    assert len(table(store, "observations")) == 5
    load_snapshots(store, [snapshot(rows=entries(3), layout="grid 2")], loaded_at=NOW, replace=True)
    assert len(table(store, "observations")) == 3
    assert [row[3:] for row in table(store, "rereads")] == [("grid", "grid 2", 5, 3)]


def test_what_a_killed_run_left_in_part_is_completed(store):
    load_snapshots(store, [snapshot(rows=entries(2), status="partial")], loaded_at=NOW)
    load_snapshots(store, [snapshot()], loaded_at=NOW)
    load_snapshots(store, [snapshot(rows=entries(3), status="partial")], loaded_at=NOW)
    assert store.execute("SELECT status, entries FROM snapshots").fetchall() == [("ok", 5)]
    assert len(table(store, "observations")) == 5


def test_a_load_that_fails_leaves_nothing(store, monkeypatch):
    load_snapshots(store, [snapshot()], loaded_at=NOW)
    from trendscout.store import load

    def broken(*_):
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr(load, "_merge_listings", broken)
    with pytest.raises(RuntimeError):
        load_snapshots(store, [snapshot(NOW + timedelta(days=1))], loaded_at=NOW)
    assert len(table(store, "snapshots")) == 1
    assert contradictions(store) == []


def test_a_listing_keeps_its_latest_title_whatever_the_order_of_loads(store):
    late = snapshot(NOW + timedelta(days=2), entries(1, title="New title", price=Decimal(9)))
    early = snapshot(NOW, entries(1, title="Old title"))
    load_snapshots(store, [late], loaded_at=NOW)
    load_snapshots(store, [early], loaded_at=NOW)
    found = store.execute("SELECT title, price, first_seen, last_seen FROM listings").fetchall()
    naive = NOW.replace(tzinfo=None)
    assert found == [("New title", Decimal("9.0000"), naive, naive + timedelta(days=2))]


def test_a_missing_title_does_not_wipe_a_known_one(store):
    load_snapshots(store, [snapshot(rows=entries(1))], loaded_at=NOW)
    load_snapshots(store, [snapshot(NOW + timedelta(days=1), entries(1, title=None))], loaded_at=NOW)
    assert store.execute("SELECT title FROM listings").fetchall() == [("Foldable kettle 1",)]


def test_advertisements_are_not_counted(store):
    rows = (*entries(3), Entry(LIST, 2, "Bad", title="Bought place", is_ad=True))
    load_snapshots(store, [snapshot(rows=rows)], loaded_at=NOW)
    assert store.execute("SELECT entries FROM snapshots").fetchall() == [(3,)]
    assert "Bad" not in {row[3] for row in table(store, "listings")}


def test_history_leaves_failed_looks_out_and_stops_at_its_time(store):
    days = [NOW + timedelta(days=day) for day in range(4)]
    looks = [
        snapshot(days[0]),
        snapshot(days[1], (), status="blocked", findings=(text("a captcha"),)),
        snapshot(days[2]),
        snapshot(days[3]),
    ]
    load_snapshots(store, looks, loaded_at=NOW)
    found = history(store, until=days[2])
    assert [datetime.fromtimestamp(t, UTC) for t in found.snap_time] == [days[0], days[2]]
    assert found.obs_rank.tolist() == [1, 2, 3, 4, 5] * 2
    assert found.lists == (LIST,)


def test_a_look_of_this_second_is_part_of_a_history_that_ends_with_it(store):
    """Seconds are counted as a report counts its own: rounded, the look would lie behind the report's time."""
    at = NOW.replace(microsecond=600_000)
    load_snapshots(store, [snapshot(at)], loaded_at=at)
    until = at + timedelta(milliseconds=200)
    found = history(store, until=until)
    assert found.snap_time.tolist() == [int(until.timestamp())]
    assert len(score(found, until).score) == len(found.obs_rank) > 0


def test_a_products_listings_are_one_item_at_the_best_place_and_apart_where_asked(store):
    load_snapshots(store, [snapshot(rows=entries(3))], loaded_at=NOW)
    joined = "(SELECT listing FROM listings WHERE item_key IN ('B000000002', 'B000000003'))"
    store.execute(f"INSERT INTO memberships SELECT listing, 'p:one', 'same', 1, '' FROM {joined}")
    found = history(store, until=NOW)
    assert (len(found.items), found.obs_rank.tolist()) == (2, [1, 2])
    assert "p:one" in found.items.tolist()
    found = history(store, until=NOW, by="listing")
    assert (len(found.items), found.obs_rank.tolist()) == (3, [1, 2, 3])


def test_archived_pages_that_were_read_are_remembered(store):
    page = Page("https://a/", NOW, 200, {}, b"", Query("amazon_bestsellers"), ref=ArchiveRef("2026/x.warc.gz", 7))
    note_pages(store, [(page, "amazon_bestsellers")])
    note_pages(store, [(page, "amazon_bestsellers")])
    assert noted_pages(store, since=NOW - timedelta(days=1)) == {ArchiveRef("2026/x.warc.gz", 7)}
    assert noted_pages(store, since=NOW + timedelta(days=1)) == set()
    assert len(table(store, "pages")) == 1
