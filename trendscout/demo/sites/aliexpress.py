"""A search page in AliExpress's format: state in a script, floors on the card, the exact count beside it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from trendscout.demo.goods import Good, aliexpress_title
from trendscout.demo.market import Shelf, date_of, number_of
from trendscout.demo.sites.price_text import amount, shown

PER_PAGE = 60
_PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>{words} - Buy {words} with free shipping</title>
</head><body><div id="root"></div><script>
window._dida_config_ = {{}};
window._dida_config_._init_data_= {{ data: {state} }}
</script></body></html>
"""


def search(shelf: Shelf, day: int, number: int) -> str:
    """Page `number` of the search as it stands on a day; pages after the last show no cards."""
    places = list(enumerate(shelf.ranking(day), start=1))[(number - 1) * PER_PAGE : number * PER_PAGE]
    content = [_card(shelf, day, rank, position) for rank, position in places]
    fields = {
        "mods": {"itemList": {"content": content}},
        "pageInfo": {"page": number, "pageSize": PER_PAGE, "totalResults": len(shelf.goods)},
    }
    state = {"hierarchy": {"root": "root"}, "data": {"root": {"fields": fields}}}
    words = shelf.category.replace("-", " ")
    return _PAGE.format(words=words, state=json.dumps(state, ensure_ascii=False).replace("</", "<\\/"))


def floor_text(count: int) -> str:
    """The count as the cards show it: exact below 500, then steps; 3000+ and 4000+ without a comma."""
    if count < 500:
        return str(count)
    if count < 1000:
        return f"{count // 100 * 100}+"
    if count < 5000:
        floor = count // 1000 * 1000
        return f"{floor}+" if floor >= 3000 else f"{floor:,}+"
    floor = next(step for step in (50_000, 10_000, 5000) if count >= step)
    return f"{floor:,}+"


def _card(shelf: Shelf, day: int, rank: int, position: int) -> dict[str, Any]:
    good = shelf.good(position)
    key = shelf.keys[position]
    count = int(shelf.totals[position, day])
    dollars = _price(good)
    return {
        "redirectedId": key,
        "itemType": "productV3",
        "productType": "natural",
        "nativeCardType": "nt_srp_cell_g",
        "productId": key,
        "lunchTime": f"{date_of(0) + timedelta(days=good.born)} 00:00:00",  # the site's own spelling
        "image": {"imgUrl": f"//images.example/kf/S{number_of('image', key):x}.jpg", "imgType": "0"},
        "title": {"displayTitle": aliexpress_title(good)},
        "prices": {
            "currencySymbol": "$",
            "originalPrice": _money(dollars * 1.6, "original_price"),
            "salePrice": {"discount": 37, **_money(dollars, "sale_price")},
        },
        "evaluation": {"starRating": 3.9 + number_of("rating", good.number) % 11 / 10},
        "trade": {"tradeDesc": f"{floor_text(count)} sold"},
        "trace": {"utLogMap": {"real_trade_count": str(count), "spu_id": key, "item_index": str(rank - 1)}},
    }


def _price(good: Good) -> float:
    return good.price * (0.45 + number_of("price", good.number) % 30 / 100)


def _money(dollars: float, kind: str) -> dict[str, Any]:
    value = amount(dollars, "US")  # the request's cookie asks for US dollars
    return {
        "priceType": kind,
        "currencyCode": "USD",
        "minPrice": value,
        "formattedPrice": f"US {shown(dollars, 'US')}",
        "cent": round(value * 100),
    }
