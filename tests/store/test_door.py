"""What the store lets in: nothing that no list can show, whoever offers it, and each refusal with a word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from trendscout.findings import from_json
from trendscout.model import Entry, Snapshot
from trendscout.store.connect import open_store
from trendscout.store.load import load_snapshots
from trendscout.store.mend import mend
from trendscout.store.sql import naive
from trendscout.store.upkeep import contradictions

NOW = datetime(2026, 11, 1, tzinfo=UTC)
GOOD = Entry("a_US/x/y", 1, "k1", title="Owl", price=Decimal(5), currency="USD", count=7, count_kind="sold")
LOOK = Snapshot("a_US/x/y", NOW, "ok", (GOOD,), depth=1)


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "s.duckdb") as connection:
        yield connection


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"count": float("inf")}, "count"),
        ({"count": float("nan")}, "count"),
        ({"count": 10**20}, "count"),
        ({"count": -1}, "count"),
        ({"reviews": 2**32}, "reviews"),
        ({"price": Decimal("99999999999999999999.99")}, "price"),
        ({"price": Decimal("Infinity")}, "price"),
        ({"price": Decimal("NaN")}, "price"),
        ({"rating": float("nan")}, "rating"),
    ],
)
def test_an_impossible_value_is_left_out_and_told(store, value, name):
    loaded = load_snapshots(store, [replace(LOOK, entries=(replace(GOOD, **value),))], loaded_at=NOW)
    assert tuple(map(str, loaded.findings)) == (f"a_US/x/y: an impossible value of {name} was left out.",)
    assert store.execute(f"SELECT {name}, rank FROM observations").fetchall() == [(None, 1)]
    assert store.execute("SELECT status, depth FROM snapshots").fetchall() == [("partial", 1)]


@pytest.mark.parametrize("rank", [0, -5, 2**32, 2**70])
def test_an_entry_of_an_impossible_rank_is_left_out_and_nobody_is_absent_for_it(store, rank):
    other = replace(GOOD, item_key="k2", rank=rank)
    loaded = load_snapshots(store, [replace(LOOK, entries=(GOOD, other))], loaded_at=NOW)
    assert tuple(map(str, loaded.findings)) == ("a_US/x/y: an impossible value of rank was left out.",)
    assert store.execute("SELECT entries, depth, status FROM snapshots").fetchall() == [(1, 0, "partial")]


@pytest.mark.parametrize("year", [1, 1970, 2126])
def test_a_look_at_an_impossible_time_is_not_stored(store, year):
    loaded = load_snapshots(store, [replace(LOOK, taken_at=datetime(year, 1, 1, tzinfo=UTC))], loaded_at=NOW)
    assert (loaded.snapshots, len(tuple(map(str, loaded.findings)))) == (0, 1)
    assert f"on {year if year > 999 else '1'}" in str(loaded.findings[0]).replace("0001", "1")


def test_a_sound_look_is_stored_as_it_is(store):
    assert load_snapshots(store, [LOOK], loaded_at=NOW).findings == ()
    assert contradictions(store) == []


def test_nothing_yet_is_a_number(store):
    """A good without a sale or a review has none, which is known."""
    entries = (replace(GOOD, count=0, reviews=0, rating=0.0, price=Decimal(0)),)
    load_snapshots(store, [replace(LOOK, entries=entries)], loaded_at=NOW)
    assert store.execute("SELECT count, reviews, rating, price FROM observations").fetchall() == [(0, 0, 0, 0)]
    assert store.execute("SELECT status FROM snapshots").fetchall() == [("ok",)]


def test_what_was_mended_is_counted_over_all_looks(store):
    looks = [replace(LOOK, taken_at=NOW + timedelta(hours=hour)) for hour in range(3)]
    load_snapshots(store, looks, loaded_at=NOW)
    store.execute("UPDATE observations SET rating = 'nan'::FLOAT")
    assert mend(store) == {"rating": 3}
    assert store.execute("SELECT DISTINCT status FROM snapshots").fetchall() == [("partial",)]


def test_a_store_that_holds_such_values_is_seen_through(store):
    load_snapshots(store, [LOOK], loaded_at=NOW)
    store.execute("UPDATE observations SET count = 'inf'::DOUBLE")
    store.execute("UPDATE snapshots SET taken_at = TIMESTAMP '0001-01-01'")
    told = [fault.what for fault in contradictions(store)]
    assert "{count} observations hold an impossible count." in told
    assert "{count} snapshots are of a time at which no list was looked at." in told


def test_what_no_door_lets_in_is_found_by_kind_and_mended(store):
    entries = tuple(replace(GOOD, item_key=f"k{rank}", rank=rank, reviews=3, rating=4.0) for rank in range(1, 7))
    later = NOW + timedelta(hours=1)
    looks = [replace(LOOK, entries=entries, depth=6), replace(LOOK, taken_at=later, entries=entries[:1])]
    load_snapshots(store, looks, loaded_at=NOW)
    for rank, wrong in enumerate(("rank = -5", "count = 'inf'::DOUBLE", "price = -1", "rating = 'nan'::FLOAT"), 1):
        store.execute(f"UPDATE observations SET {wrong} WHERE rank = {rank} AND taken_at = ?", [naive(NOW)])
    store.execute("UPDATE observations SET count = 1e14, reviews = -3 WHERE rank = 5")
    store.execute("UPDATE listings SET price = -1 WHERE item_key = 'k2'")
    for table in ("snapshots", "observations"):
        store.execute(f"UPDATE {table} SET taken_at = TIMESTAMP '2126-01-01' WHERE taken_at = ?", [naive(later)])
    found = {fault.what: fault.count for fault in contradictions(store)}
    assert len(found) == 7
    assert found["{count} observations hold an impossible count."] == 2
    assert mend(store) == {"looks": 1, "rank": 1, "count": 2, "price": 1, "rating": 1, "reviews": 1}
    assert contradictions(store) == []
    (row,) = store.execute("SELECT status, depth, entries, reason FROM snapshots").fetchall()
    assert row[:3] == ("partial", 0, 5)
    assert [one.code for one in from_json(row[3])] == ["values_impossible"] * 5
    kept = store.execute("SELECT rank, count, price, rating, reviews FROM observations ORDER BY rank").fetchall()
    assert kept == [
        (2, None, 5, 4.0, 3), (3, 7, None, 4.0, 3), (4, 7, 5, None, 3), (5, None, 5, 4.0, None), (6, 7, 5, 4.0, 3),
    ]  # fmt: skip
    assert mend(store) == {}
