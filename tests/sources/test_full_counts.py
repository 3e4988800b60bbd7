"""YouTube's long view counts, which are never rounded: groups of digits are one number in every language."""

import json
from datetime import UTC, datetime

import pytest

from trendscout.model import Page, Query
from trendscout.sources.source import get_source, read_page


def views(shown: str, field: str = "viewCountText") -> tuple[int | None, str | None]:
    video = {"videoId": "abcdefghij0", "title": {"simpleText": "Moon lamp"}, field: {"simpleText": shown}}
    body = json.dumps({"contents": [{"videoRenderer": video}]}, ensure_ascii=False).encode()
    page = Page(
        "", datetime(2026, 11, 20, tzinfo=UTC), 200, {}, body, Query("youtube_hashtag", None, "hashtag", "x")
    )
    (entry,) = read_page(get_source("youtube_hashtag"), page).entries
    return entry.count, entry.count_kind


@pytest.mark.parametrize(
    "shown",
    [
        "1,234,567 views",
        "1.234.567 weergaven",
        "1\u00a0234\u00a0567 visningar",
        "1 234 567 προβολές",
        "12,34,567 बार देखा गया",
    ],
)
def test_groups_are_one_number(shown: str) -> None:
    assert views(shown) == (1_234_567, "views")


@pytest.mark.parametrize("shown", ["1.234 Zuschauer", "1,234 assistindo agora"])
def test_those_who_watch_now_are_no_views(shown: str) -> None:
    assert views(shown)[1] != "views"


def test_the_short_text_may_be_rounded() -> None:
    assert views("1.234 weergaven", "shortViewCountText")[0] != 1_234_000
