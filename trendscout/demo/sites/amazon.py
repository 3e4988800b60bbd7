"""A category grid in Amazon's format of 2022 and after: 50 ranks in an attribute, 30 rendered cards, two pages."""

from __future__ import annotations

import json
from html import escape

from trendscout.demo.goods import Good, amazon_title
from trendscout.demo.market import Shelf, number_of
from trendscout.demo.sites.price_text import shown

HOST = {"US": "www.amazon.com", "UK": "www.amazon.co.uk"}
PER_PAGE = 50
RENDERED = 30  # the rest of the cards come by script, their ranks do not

_CARD = """<li class="zg-no-numbers"><span class="a-list-item"><div id="gridItemRoot" class="a-column a-span12 \
a-text-center _cDEzb_grid-column_2hIsc"><div id="p13n-asin-index-{index}" class="a-cardui p13n-grid-content" \
data-a-card-type="basic"><div data-asin="{asin}"><div class="a-section zg-bdg-ctr"><div class="a-section \
zg-bdg-body"><span class="zg-bdg-text">#{rank}</span></div></div><div class="zg-grid-general-faceout"><span>\
<div id="{asin}" class="p13n-sc-uncoverable-faceout"><a aria-hidden="true" class="a-link-normal aok-block" \
tabindex="-1" href="{href}"><div class="a-section a-spacing-mini"><img alt="{title}" src="{image}" \
class="a-dynamic-image p13n-product-image" height="200px" style="max-width:300px;max-height:200px"></div></a>\
<div><div><a class="a-link-normal aok-block" href="{href}" role="link"><span><div class="\
_cDEzb_p13n-sc-css-line-clamp-3_g3dy1">{title}</div></span></a>{stars}<div class="a-row"><div class="a-row">\
<a class="a-link-normal aok-block a-text-normal" href="{href}" role="link"><div class="a-row"><span class="\
a-size-base a-color-price"><span class="_cDEzb_p13n-sc-price_3mJ9Z">{price}</span></span></div></a></div></div>\
</div></div></div></span></div></div></div></div></span></li>
"""
_STARS = """<div class="a-row"><div class="a-icon-row"><a aria-label="{rating} out of 5 stars, {reviews} ratings" \
class="a-link-normal" href="/product-reviews/{asin}/ref=zg_bs_g_{slug}_d_sccl_{rank}_cr"><i aria-hidden="true" \
class="a-icon a-icon-star-small"><span class="a-icon-alt">{rating} out of 5 stars</span></i> <span \
aria-hidden="true" class="a-size-small">{reviews}</span></a></div></div>"""
_PAGE = """<!DOCTYPE html><html lang="en-us" class="a-ws"><head><meta charset="utf-8">
<title>Amazon Best Sellers: Best {name}</title>
<link rel="canonical" href="https://{host}/gp/bestsellers/{slug}">
</head><body><div id="zg"><h1><span id="zg_banner_text">Amazon Best Sellers</span></h1>
<div class="_cDEzb_card-title_2sYgw"><h1 class="a-size-large a-spacing-medium a-text-bold">Best Sellers in \
{name}</h1></div><div class="a-cardui" data-a-card-type="basic"><div class="p13n-desktop-grid" \
data-client-recs-list="{recs}" data-index-offset="{rendered}" data-reftag="zg_bs_g_{slug}" data-offset="{last}" \
data-faceoutkataname="GeneralFaceout"><ol class="a-ordered-list a-vertical p13n-gridRow">
{cards}</ol><div id="endOfList"></div></div></div>
<nav aria-label="pagination" class="a-text-center"><ul class="a-pagination"><li class="a-normal"><a \
href="/gp/bestsellers/{slug}?pg=1">1</a></li><li class="a-normal"><a href="/gp/bestsellers/{slug}?pg=2">2</a></li>\
</ul></nav></div></body></html>
"""
CAPTCHA = """<!DOCTYPE html><html><head><title>Robot Check</title></head><body>
<form method="get" action="/errors/validateCaptcha"><h4>Enter the characters you see below</h4>
<input id="captchacharacters" name="field-keywords"></form></body></html>
"""


def grid(shelf: Shelf, day: int, number: int) -> str:
    """Page `number` (1 or 2) of the list as it stands on a day."""
    order = shelf.ranking(day)
    places = list(enumerate(order, start=1))[(number - 1) * PER_PAGE : number * PER_PAGE]
    recs = [
        {
            "id": shelf.keys[position],
            "metadataMap": {
                "render.zg.rank": str(rank),
                "render.zg.bsms.currentSalesRank": "",
                "render.zg.bsms.percentageChange": "",
                "render.zg.bsms.twentyFourHourOldSalesRank": "",
            },
            "linkParameters": {},
        }
        for rank, position in places
    ]
    cards = [_card(shelf, day, rank, position) for rank, position in places[:RENDERED]]
    return _PAGE.format(
        name=shelf.category.replace("-", " ").title(),
        host=HOST[shelf.market],
        slug=shelf.category,
        recs=escape(json.dumps(recs, separators=(",", ":"))),
        rendered=min(RENDERED, len(places)),
        last=len(places),
        cards="".join(cards),
    )


def _card(shelf: Shelf, day: int, rank: int, position: int) -> str:
    good = shelf.good(position)
    asin, title = shelf.keys[position], escape(amazon_title(good))
    return _CARD.format(
        index=rank - 1,
        asin=asin,
        rank=rank,
        title=title,
        href=f"/{good.brand}-{good.number}/dp/{asin}/ref=zg_bs_g_{shelf.category}_d_sccl_{rank}",
        image=f"https://images.example/I/{number_of('image', asin):x}.jpg",
        price=shown(good.price, shelf.market),
        stars=_stars(shelf, day, rank, position, good),
    )


def _stars(shelf: Shelf, day: int, rank: int, position: int, good: Good) -> str:
    reviews = int(shelf.totals[position, day] * 0.05)  # one buyer in twenty
    if reviews == 0:
        return ""
    rating = 3.6 + number_of("rating", good.number) % 12 / 10
    return _STARS.format(
        rating=f"{rating:.1f}", reviews=f"{reviews:,}", asin=shelf.keys[position], slug=shelf.category, rank=rank
    )
