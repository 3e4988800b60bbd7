"""`ingest` on pages of invented goods: what is taken, what is blocked, and that each reason is said once."""

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
