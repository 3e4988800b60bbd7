"""The hashtag list in Creative Center's format: a POST, three rows a query, numbers as strings."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from typing import Any

from trendscout.demo.market import Shelf, date_of, number_of

PREVIEW = 3  # rows without a login
INDUSTRIES = {
    "household-products": 18_000_000_000,
    "home-improvement": 21_000_000_000,
    "baby-kids-maternity": 12_000_000_000,
    "tech-electronics": 15_000_000_000,
    "food-beverage": 27_000_000_000,
    "pets": 19_000_000_000,
    "games": 25_000_000_000,
    "beauty-personal-care": 14_000_000_000,
    "sports-outdoor": 28_000_000_000,
    "apparel-accessories": 22_000_000_000,
    "news-entertainment": 23_000_000_000,
    "education": 10_000_000_000,
    "vehicle-transportation": 11_000_000_000,
    "travel": 17_000_000_000,
    "health": 29_000_000_000,
}
_OF_GOODS = 10  # the first ones: nobody tags a garlic press with travel
COUNTRY = {"US": "US", "UK": "GB", "ID": "ID"}


def industry_of(shelf: Shelf, position: int) -> int:
    """The industry of a tag: talk is spread over all of them, goods over those that sell."""
    numbers = tuple(INDUSTRIES.values())
    goods_only = numbers[:_OF_GOODS] if shelf.goods[position] is not None else numbers
    return goods_only[number_of("industry", shelf.names[position]) % len(goods_only)]


def shown_tags(shelf: Shelf, day: int, industry: int | None) -> list[tuple[int, int]]:
    """Rank in the whole country and position of the tags that a query shows."""
    places = list(enumerate(shelf.ranking(day), start=1))
    if industry is not None:
        places = [(rank, position) for rank, position in places if industry_of(shelf, position) == industry]
    return places[:PREVIEW]


def hashtag_list(shelf: Shelf, day: int, body: bytes) -> str:
    """The reply to GetHashtagList; an industry that is not a number is ignored, as the real one does."""
    asked = json.loads(body or b"{}")
    if asked.get("countryCode") != COUNTRY[shelf.market]:
        return json.dumps({"BaseResp": {"StatusCode": 10_002, "StatusMessage": "invalid params"}})
    industry = asked.get("industryID")
    places = shown_tags(shelf, day, industry if isinstance(industry, int) else None)
    return json.dumps(
        {
            "BaseResp": {"StatusCode": 0, "StatusMessage": ""},
            "items": [_item(shelf, day, rank, position) for rank, position in places],
            "pagination": {"hasMore": False, "limit": 20, "page": 1, "totalCount": len(places)},
        }
    )


def _item(shelf: Shelf, day: int, rank: int, position: int) -> dict[str, Any]:
    views = int(shelf.totals[position, day])
    days = range(max(0, day - 6), day + 1)
    top = max(float(shelf.totals[position, d]) for d in days)
    curve = [
        {"timestamp": str(_midnight(d)), "value": round(100 * float(shelf.totals[position, d]) / top)}
        for d in days
    ]
    return {
        "hashtagID": shelf.keys[position],
        "hashtagName": ("#" if number_of(shelf.keys[position]) % 5 == 0 else "") + shelf.names[position],
        "industryIDs": [industry_of(shelf, position)],
        "popularityCurve": curve[::-1],  # the real ones are not sorted either
        "publishCnt": str(max(1, views // 7400)),
        "rankIndex": str(rank),
        "vv": str(views),
    }


def _midnight(day: int) -> int:
    return int(datetime.combine(date_of(day), time(), UTC).timestamp())
