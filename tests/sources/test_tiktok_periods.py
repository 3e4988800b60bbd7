"""A saved reply of TikTok's hashtag list does not say which period was asked for; its curves do."""

import json
import random
from datetime import UTC, datetime

import pytest

from trendscout.model import Page
from trendscout.sources.source import get_source, query_for, read_page

DAY = 86_400
START = 1_790_000_000


def list_of(times: list[int], url: str = "") -> str:
    points = [{"timestamp": str(when), "value": 50} for when in times]
    random.Random(4).shuffle(points)
    rows = [
        {
            "hashtagID": f"760000000000000000{n}",
            "hashtagName": f"lamp{n}",
            "rankIndex": n,
            "publishCnt": 5,
            "vv": 900,
        }
        | {"popularityCurve": points}
        for n in (1, 2, 3)
    ]
    reply = {"BaseResp": {"StatusCode": 0}, "items": rows, "pagination": {"totalCount": 3}}
    source = get_source("tiktok_hashtags")
    query = query_for(source, url=url, market="DE")
    page = Page(url, datetime(2026, 11, 20, tzinfo=UTC), 200, {}, json.dumps(reply).encode(), query)
    return read_page(source, page).entries[0].list


@pytest.mark.parametrize(
    ("days", "step", "kind"),
    [
        (7, 1, "popular_7d"),
        (6, 1, "popular_7d"),
        (30, 1, "popular_30d"),
        (90, 1, "popular_90d"),
        (120, 7, "popular_90d"),
    ],
)
def test_the_curves_tell_the_period(days: int, step: int, kind: str) -> None:
    times = [START + day * DAY for day in range(0, days, step)]
    assert list_of(times) == f"tiktok_hashtags_DE/{kind}/all"


def test_a_short_curve_tells_nothing() -> None:
    url = "https://ads.tiktok.com/creative/creativeCenter/trends/hashtag?period=30"
    assert list_of([START, START + DAY], url) == "tiktok_hashtags_DE/popular_30d/all"
