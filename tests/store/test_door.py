"""What the store lets in: nothing that no list can show, whoever offers it, and each refusal with a word."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from trendscout.model import Entry, Snapshot
from trendscout.store.connect import open_store
from trendscout.store.load import load_snapshots
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


def test_a_store_that_holds_such_values_is_seen_through(store):
    load_snapshots(store, [LOOK], loaded_at=NOW)
    store.execute("UPDATE observations SET count = 'inf'::DOUBLE")
    store.execute("UPDATE snapshots SET taken_at = TIMESTAMP '0001-01-01'")
    told = [fault.what for fault in contradictions(store)]
    assert "{count} observations hold a rank, count or price that cannot be." in told
    assert "{count} snapshots were taken before there were shops on the web." in told
