"""Facts of a row are those of the list that it stands on; what only another listing tells says whose it is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from trendscout import pipeline
from trendscout.model import (
    Borrowed,
    Entry,
    Point,
    ProductFacts,
    ReportQuery,
    Row,
    ScoredItem,
    Sighting,
    Snapshot,
)
from trendscout.settings.config import Settings
from trendscout.steps.rows import promotion
from trendscout.store.load import load_snapshots
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
US = "amazon_bestsellers_US/bestsellers/toys"
UK = "amazon_bestsellers_UK/bestsellers/toys"
ALI = "aliexpress_US/search/toys"
TAGS = "tiktok_hashtags_US/popular/all"
KEY = "B000000001"
BARE = "B000000002"
TITLE = "Velmora Lunar Glow Wooden Chess Set 32 Pieces"


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> dict[str, Row]:
    workspace = Workspace.at(tmp_path_factory.mktemp("facts") / "s.duckdb")
    here = {
        "title": TITLE,
        "price": Decimal("20.00"),
        "currency": "USD",
        "url": f"https://www.amazon.com/dp/{KEY}",
    }
    there = {
        "title": TITLE,
        "price": Decimal("9.00"),
        "currency": "GBP",
        "url": f"https://www.amazon.co.uk/dp/{KEY}",
    }
    sold = {"price": Decimal("4.00"), "currency": "USD", "count": 3005, "count_kind": "sold", "rating": 4.5}
    looks = [
        Snapshot(UK, NOW, "ok", (Entry(UK, 1, KEY, **there), Entry(UK, 2, BARE)), depth=2, layout="grid"),
        Snapshot(US, NOW, "ok", (Entry(US, 1, KEY, **here), Entry(US, 2, BARE)), depth=2, layout="grid"),
        Snapshot(
            ALI, NOW, "ok", (Entry(ALI, 9, "1005000000000001", title=TITLE, **sold),), depth=9, layout="grid"
        ),
        Snapshot(
            TAGS, NOW, "ok", (Entry(TAGS, 1, "7398112233445566778", title="quietlamp"),), depth=1, layout="api"
        ),
    ]
    with workspace.store() as store:
        load_snapshots(store, looks, loaded_at=NOW)
    pipeline.match(workspace)
    settings = Settings(markets=("UK",))
    made = pipeline.report(
        workspace, ReportQuery(source="amazon_bestsellers", market="US"), now=NOW, settings=settings
    )
    return {row.facts.item_key: row for row in made.rows}


def facts(rows: dict[str, Row], key: str) -> ProductFacts:
    assert rows[key].scored.list_id == US
    return rows[key].facts


def test_price_and_link_are_of_the_market_of_the_list(rows):
    found = facts(rows, KEY)
    assert (found.price, found.currency, found.market) == (Decimal("20.00"), "USD", "US")
    assert found.url == f"https://www.amazon.com/dp/{KEY}"
    assert found.price_high is None  # neither the pounds nor what another shop asks for


def test_what_only_another_listing_tells_is_taken_from_it_and_says_so(rows):
    found = facts(rows, KEY)
    assert (found.count, found.count_kind, found.rating) == (3005, "sold", 4.5)
    assert found.borrowed == (Borrowed("count", "aliexpress", "US"), Borrowed("rating", "aliexpress", "US"))


def test_what_nobody_knows_is_not_good(rows):
    found = facts(rows, BARE)
    assert found.near_copies is None
    assert found.specialness.value is None
    assert found.oddness.value is None
    [open_water] = [check for check in rows[BARE].checks.pack_checks if check.pack == "open-water"]
    assert not open_water.met
    assert "near_copies <= 3" in open_water.unknown


def test_a_known_id_makes_a_link_to_its_market(rows):
    assert facts(rows, BARE).url == f"https://www.amazon.com/dp/{BARE}"


def test_gaps_are_shops_and_the_sellers_own_markets_come_first(rows):
    assert [(gap.platform, gap.market) for gap in facts(rows, BARE).gaps] == [
        ("amazon", "UK"),
        ("aliexpress", "US"),
    ]


@pytest.mark.parametrize(
    ("prices", "rank", "promoted"),
    [
        ((20, 20, 20, 15), 2, True),
        ((20, 20, 20, 19), 2, False),  # less than a tenth
        ((20, 20, 20, 15), 9, False),  # it fell
        ((None, None, None, None), 2, False),
    ],
)
def test_a_rise_with_a_price_cut_is_promoted(prices, rank, promoted):
    points = tuple(
        Point(
            NOW - timedelta(days=len(prices) - 1 - day), "seen", 5, price=None if price is None else Decimal(price)
        )
        for day, price in enumerate(prices)
    )
    seen = Sighting("amazon", "US", NOW, US, rank, 1, points)
    scored = ScoredItem(US, "p", rank=rank, rank_before=5, rank_span_days=1.0)
    found = promotion(scored, ProductFacts(KEY, TITLE, "amazon", "US", "toys", sightings=(seen,)))
    assert [flag.code for flag in found] == (["promoted"] if promoted else [])
