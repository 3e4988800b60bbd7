"""Trending searches in the format of Google's RSS feed: about ten, traffic as floors."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from trendscout.demo.goods import search_words, words
from trendscout.demo.market import World, date_of, number_of

SHOWN = 10
SURGE = 0.35  # gain of log popularity in three days that makes people search
STEPS = (200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


def searches(world: World, market: str, day: int) -> list[tuple[str, int]]:
    """What is searched unusually often, with its traffic floor: surging tags of goods, and talk."""
    shelf = world.shelf("tiktok", market)
    surges = []
    for position in shelf.ranking(day):
        good = shelf.goods[position]
        if good is None or day < 3:
            continue
        gain = float(shelf.popularity[position, day] - shelf.popularity[position, day - 3])
        if gain >= SURGE:
            surges.append((min(gain, 9.0), search_words(good, market)))
    goods = sorted(set(surges), reverse=True)[: SHOWN // 2]
    talk = sorted(words()["talk"]["searches"], key=lambda name: number_of("talk", market, day, name))
    names = [name for _, name in goods] + talk
    chosen = list(dict.fromkeys(names))[:SHOWN]
    return [(name, STEPS[number_of("traffic", market, day, name) % len(STEPS)]) for name in chosen]


def feed(world: World, market: str, day: int) -> str:
    """The feed of a day."""
    address = f"https://trends.google.com/trending/rss?geo={'GB' if market == 'UK' else market}"
    now = datetime.combine(date_of(day), time(5), UTC)
    items = "".join(
        f"""<item><title>{escape(name)}</title><ht:approx_traffic>{floor}+</ht:approx_traffic><description/>
<link>{address}</link><pubDate>{format_datetime(now - timedelta(minutes=40 * place))}</pubDate>
<ht:picture/><ht:picture_source/></item>
"""
        for place, (name, floor) in enumerate(searches(world, market, day))
    )
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<rss xmlns:atom="http://www.w3.org/2005/Atom" xmlns:ht="https://trends.google.com/trending/rss" version="2.0">
<channel><title>Daily Search Trends</title><description>Recent searches</description><link>{address}</link>
{items}</channel></rss>
"""
