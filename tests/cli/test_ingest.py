"""`ingest` on pages of invented goods: what is taken, what is blocked, each reason once, and the report of it."""

import json
from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "sources"


def taken(run, *arguments):
    return json.loads(run("ingest", *arguments, "--json").out)


def test_a_page_names_its_source_itself(run):
    (one,) = taken(run, FIXTURES / "jd" / "ok_search" / "page.html")
    assert (one["source"], one["status"], one["entries"]) == ("jd", "ok", 2)


def test_a_wall_is_told_once(run):
    page = FIXTURES / "amazon_bestsellers" / "blocked_captcha" / "page.html"
    (one,) = taken(run, page, "--source", "amazon_bestsellers", "--market", "US")
    assert (one["status"], one["entries"]) == ("blocked", 0)
    assert one["reason"].count("captcha") == 1


def test_goods_without_places_are_told_as_such(run):
    (one,) = taken(run, FIXTURES / "shopify" / "ok" / "page.json", "--source", "shopify", "--market", "US")
    assert one["entries"]
    told = run("report")
    assert told.code == 2
    assert "goods without places (shopify_US/new_arrivals" in told.err
    assert "No list has --market 'UK'" in run("report", "--market", "UK").err
