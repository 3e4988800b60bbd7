"""Goods and tags name related ones inside of themselves: those are no rows of the list."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from trendscout.errors import LayoutChanged
from trendscout.model import Page
from trendscout.sources.source import get_source, query_for, read_page

LAMP = {"usItemId": "700100200", "name": "Moon lamp", "priceInfo": {"linePrice": "$12.50"}}
CAVE = LAMP | {"usItemId": "700100201", "name": "Cat cave", "variantList": [LAMP | {"usItemId": "700100299"}]}
TAG = {"hashtagID": "7601000000000000001", "hashtagName": "moonlamp", "rankIndex": 1, "publishCnt": 5, "vv": 900}
WITH_RELATED = TAG | {"relatedHashtags": [TAG | {"hashtagID": "7601000000000000002", "hashtagName": "lamp"}]}
CARD = {"productId": "1005000000000001", "title": {"displayTitle": "Moon lamp"}}
WITH_BUNDLE = CARD | {"bundle": [CARD | {"productId": "1005000000000002"}]}


def keys(source: str, value: Any) -> list[str]:
    found = get_source(source)
    body = json.dumps(value).encode()
    page = Page("", datetime(2026, 11, 20, tzinfo=UTC), 200, {}, body, query_for(found))
    return [entry.item_key for entry in read_page(found, page).entries]


@pytest.mark.parametrize(
    ("source", "value", "wanted"),
    [
        ("walmart", {"modules": [{"products": [LAMP, CAVE]}]}, ["700100200", "700100201"]),
        ("tiktok_hashtags", {"state": {"hashtag": WITH_RELATED}, "code": 0}, ["7601000000000000001"]),
        ("aliexpress", {"somewhere": {"new": [WITH_BUNDLE]}}, ["1005000000000001"]),
    ],
)
def test_rows_are_the_outer_ones(source: str, value: Any, wanted: list[str]) -> None:
    assert keys(source, value) == wanted


def test_two_lists_of_an_unknown_layout_are_no_list() -> None:
    with pytest.raises(LayoutChanged):
        keys("walmart", {"best": [LAMP], "recommended": [CAVE]})
