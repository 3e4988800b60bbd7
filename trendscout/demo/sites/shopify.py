"""A small shop's products.json in Shopify's format: no sales, but titles, prices and the day of publication."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from typing import Any

from trendscout.demo.goods import Good, shop_title
from trendscout.demo.market import World, date_of, item_key
from trendscout.demo.sites.price_text import amount

PER_PAGE = 250


def products(world: World, market: str, day: int, number: int) -> str:
    """Page `number` of the shop's catalogue on a day; pages after the last are empty."""
    goods = world.shop(market, day)[(number - 1) * PER_PAGE : number * PER_PAGE]
    return json.dumps({"products": [_product(world, good, market) for good in goods]}, ensure_ascii=False)


def _product(world: World, good: Good, market: str) -> dict[str, Any]:
    key = int(item_key("shopify", world.seed, good.number))
    title = shop_title(good, market)
    published = datetime.combine(date_of(good.born), time(9), UTC).isoformat()
    price = amount(good.price * 1.1, market)
    variant = {
        "id": key * 10 + 1,
        "title": good.color.en.title(),
        "option1": good.color.en.title(),
        "sku": f"{good.code}-{good.number}",
        "requires_shipping": True,
        "taxable": True,
        "available": True,
        "price": f"{price:.2f}",
        "grams": 400,
        "compare_at_price": None,
        "position": 1,
        "product_id": key,
        "created_at": published,
        "updated_at": published,
    }
    return {
        "id": key,
        "title": title,
        "handle": f"{good.brand}-{good.noun.en}-{good.number}".lower().replace(" ", "-"),
        "body_html": f"<p>{title}. {', '.join(feature.en for feature in good.features)}.</p>",
        "published_at": published,
        "created_at": published,
        "updated_at": published,
        "vendor": good.brand,
        "product_type": good.category.replace("-", " ").title(),
        "tags": [feature.en for feature in good.features],
        "variants": [variant],
        "images": [{"id": key * 10 + 2, "position": 1, "src": f"https://images.example/shop/{key}.jpg"}],
        "options": [{"name": "Color", "position": 1, "values": [good.color.en.title()]}],
    }
