"""The main job on real input: saved replies of real sites, and a real history of ranks."""

import json
import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TRENDSCOUT_SHARED", Path(__file__).parents[3] / "shared"))
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"no saved replies at {SHARED}: set TRENDSCOUT_SHARED"),
]

SAVED = [
    ("amazon/us_category_grid_2026-07-19.html", "amazon_bestsellers", "US", "2026-07-19T05:32Z", 50),
    ("aliexpress/us_search_drill_2025-12.json", "aliexpress", "US", "2025-12-24T00:00Z", 90),
    ("tiktok/GetHashtagList_shape_only.json", "tiktok_hashtags", "US", "2026-07-19T05:32Z", 1),
    ("google_trends/rss_jp_2026-09-09_excerpt.xml", "google_trends", "JP", "2026-09-09T05:32Z", 3),
    ("shopify/in_products_2026-07.json", "shopify", "IN", "2026-07-05T05:32Z", 2),
]


def test_saved_pages_go_through_archive_into_the_store(run):
    for file, source, market, at, entries in SAVED:
        ended = run(
            "ingest", SHARED / "captures" / file, "--source", source, "--market", market, "--at", at, "--json"
        )
        (taken,) = json.loads(ended.out)
        assert (taken["source"], taken["entries"]) == (source, entries)
    assert run("db", "check").code == 0
    again = run(
        "ingest", SHARED / "captures" / SAVED[0][0], "--source", SAVED[0][1], "--market", "US", "--at", SAVED[0][3]
    )
    assert again.code == 0
    replayed = json.loads(run("replay", "--json").out)
    assert replayed["loaded"]["snapshots"] == 0, "the same readers read the same"


def test_a_real_history_is_ranked(run):
    loaded = json.loads(run("import", SHARED / "series" / "amazon_us.parquet", "--json").out)
    assert loaded["loaded"]["snapshots"] > 1000
    made = json.loads(run("report", "--as-of", "2026-08-04T12:00Z", "--market", "US", "--json").out)
    assert len(made["rows"]) == 20
    scores = [row["score"] for row in made["rows"]]
    assert scores == sorted(scores, reverse=True)
    assert all(row["platform"] == "amazon" and row["market"] == "US" for row in made["rows"])
    assert all(0 < row["probability"] < 1 for row in made["rows"])
    why = json.loads(run("why", made["rows"][0]["item_key"], "--as-of", "2026-08-04T12:00Z", "--json").out)
    assert why["row"]["sightings"][0]["curve"]


def test_every_saved_page_parses_to_json_lines_with_the_same_keys(run):
    keys = """list rank item_key title url image price currency price_text count count_kind count_floor count_text
    rating reviews seller listed_at is_ad""".split()
    for file, source, market, _, entries in SAVED:
        lines = run("parse", SHARED / "captures" / file, "--source", source, "--market", market).out.splitlines()
        rows = [json.loads(line) for line in lines]
        assert len({row["item_key"] for row in rows if not row["is_ad"]}) == entries
        assert all(set(row) >= set(keys) for row in rows)
        assert all(isinstance(row["item_key"], str) for row in rows)
