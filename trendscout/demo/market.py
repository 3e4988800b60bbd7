"""The simulated market: how every good fares on every list, day by day. Pure and seeded.

Popularity is the logarithm of what a list ranks by (sales, views). Goods that are established lie on a Zipf curve
(rank r sells like 1/r); on it come each kind's own curve, a slow wandering (Ornstein-Uhlenbeck), daily jitter and
short promotions. docs/demo.md gives the rules with their measured counterparts on real lists.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from trendscout.demo.curves import fad_curve, own_curve, promotions, wander
from trendscout.demo.goods import CATEGORIES, Good, all_goods, hashtag, words

if TYPE_CHECKING:
    import numpy as np

    from trendscout.demo.curves import Curves

START = date(2026, 2, 2)  # the first day: Valentine, Ramadan and Easter lie ahead
TOP = 10  # a breakout has happened when this place is reached

RESTLESS = 2.2  # goods of kind "noise" move this much more
LOCAL = 0.5  # how much a good's standing differs from market to market


@dataclass(frozen=True, eq=False)
class Shelf:
    """One ranked list of one site in one market, all days at once."""

    platform: str  # "amazon", "aliexpress", "tiktok"
    market: str
    category: str  # "" for tags
    length: int  # places that the site lists
    goods: tuple[Good | None, ...]  # None: a tag that is no good
    names: tuple[str, ...]  # of the tags; "" for goods
    keys: tuple[str, ...]  # the platform's own ids
    popularity: Curves  # [good, day]; -inf before it is on sale
    rises: tuple[int | None, ...]  # the planted day on this list

    @cached_property
    def totals(self) -> Curves:
        """Sales (shops) or views of seven days (tags) that the site could show, up to and including each day."""
        import numpy as np

        daily: Curves = np.exp(self.popularity)
        if self.platform == "tiktok":
            return daily * 2.4e6
        before = np.array([0.0 if good is None or good.born > -20 else -good.born * 0.25 for good in self.goods])
        total: Curves = np.cumsum(daily, axis=1) * 4 + (before * daily[:, 0])[:, None]
        return total

    def good(self, position: int) -> Good:
        """The good at a position.

        Raises LookupError where a tag is no good.
        """
        good = self.goods[position]
        if good is None:
            raise LookupError(self.names[position])
        return good

    def ranking(self, day: int) -> list[int]:
        """Positions in `goods`, most popular first, at most `length`."""
        import numpy as np

        today = self.popularity[:, day]
        order = np.argsort(-today, kind="stable")[: self.length]
        return [int(i) for i in order if math.isfinite(today[i])]


class World:
    """All shelves of all markets for one seed."""

    def __init__(self, seed: int, days: int, markets: tuple[str, ...]) -> None:
        self.seed, self.days, self.markets = seed, days, markets
        self.goods = all_goods(seed, days, START)

    def rng(self, *names: object) -> np.random.Generator:
        """A stream of its own for every name, so that one list does not disturb another."""
        import numpy as np

        return np.random.default_rng(number_of(self.seed, *names))

    @cached_property
    def shelves(self) -> tuple[Shelf, ...]:
        """Amazon where it trades, AliExpress and tags everywhere."""
        shelves = []
        for market in self.markets:
            for category in CATEGORIES:
                if market != "ID":
                    shelves.append(self._shelf("amazon", market, category, 100, 0.8, (3, 8)))
                shelves.append(self._shelf("aliexpress", market, category, 120, 0.75, (1, 5)))
            shelves.append(self._tags(market))
        return tuple(shelves)

    def shelf(self, platform: str, market: str, category: str = "") -> Shelf:
        """The list of that site, market and category.

        Raises KeyError if the world has none.
        """
        for shelf in self.shelves:
            if (shelf.platform, shelf.market, shelf.category) == (platform, market, category):
                return shelf
        raise KeyError((platform, market, category))

    def shop(self, market: str, day: int) -> list[Good]:
        """What the market's small shop sells on a day: a sample of goods, newest first."""
        chosen = [good for good in self.goods if number_of(self.seed, "shop", market, good.number) % 9 == 0]
        return sorted((good for good in chosen if good.born <= day), key=lambda good: (-good.born, good.number))[
            :60
        ]

    def market_lag(self, good: Good, market: str) -> int | None:
        """Days after its first market in which a planted good breaks out here; None: it does not."""
        order = sorted(("US", "UK", "ID"), key=lambda code: number_of(self.seed, "first", good.number, code))
        if market == order[0]:
            return 0
        draw = number_of(self.seed, "lag", good.number, market)
        return None if draw % 10 < 3 else 2 + draw // 10 % 11

    # --- making a list ------------------------------------------------------------------------------------

    def _shelf(
        self, platform: str, market: str, category: str, length: int, share: float, lag: tuple[int, int]
    ) -> Shelf:
        rng = self.rng("shelf", platform, market, category)
        goods = [
            good
            for good in self.goods
            if good.category == category
            and _kept_here(good, market)
            and number_of(self.seed, "sold", platform, market, good.number) % 100 < share * 100
        ]
        rises = [self._rise(good, market, rng, lag) for good in goods]
        born = [self._born(good, rise) for good, rise in zip(goods, rises, strict=True)]
        levels = self._levels(goods, rng)
        popularity = self._popularity(goods, levels, born, rises, rng)
        keys = tuple(item_key(platform, self.seed, good.number) for good in goods)
        return Shelf(
            platform, market, category, length, tuple(goods), ("",) * len(goods), keys, popularity, tuple(rises)
        )

    def _tags(self, market: str) -> Shelf:
        """100 tags: planted goods, some others, and talk that comes and goes."""
        import numpy as np

        rng = self.rng("tags", market)
        by_tag: dict[str, Good] = {}
        for good in sorted(self.goods, key=lambda good: (good.rise is None, good.number)):  # siblings share a tag
            share = 45 if good.rise is not None else 18
            if number_of(self.seed, "tag", market, good.number) % 100 < share and _kept_here(good, market):
                by_tag.setdefault(hashtag(good, market), good)
        goods = list(by_tag.values())
        rises = [self._rise(good, market, rng, (0, 2)) for good in goods]
        born = [self._born(good, rise) for good, rise in zip(goods, rises, strict=True)]
        levels = self._levels(goods, rng) - 0.5  # goods are a minority of what is talked about
        by_goods = self._popularity(goods, levels, born, rises, rng)
        names, by_talk = self._talk(rng)
        popularity = np.vstack([by_goods, by_talk])
        # A site counts the views of seven days: its list moves more slowly than the day.
        views = np.exp(popularity)
        smooth = np.stack([views[:, max(0, day - 6) : day + 1].mean(axis=1) for day in range(self.days)], axis=1)
        shown = np.where(np.isfinite(popularity), np.log(np.maximum(smooth, 1e-9)), -np.inf)
        tags = [*by_tag, *names]
        keys = tuple(item_key("tiktok", self.seed, tag) for tag in tags)
        extra = len(names)
        return Shelf(
            "tiktok",
            market,
            "",
            100,
            (*goods, *[None] * extra),
            tuple(tags),
            keys,
            shown,
            (*rises, *[None] * extra),
        )

    def _talk(self, rng: np.random.Generator) -> tuple[list[str], Curves]:
        import numpy as np

        base = words()["talk"]["tags"]
        fresh = [tag + suffix for suffix in ("challenge", "edit", "check", "friday") for tag in base]
        steady = len(base)
        levels = -np.log((np.arange(steady) + 0.5) / 130) * 0.9
        rng.shuffle(levels)
        still = levels[:, None] + wander(steady, self.days, rng)
        days = np.arange(self.days)
        births = rng.integers(-10, self.days, len(fresh))
        heights = 0.5 + rng.exponential(0.6, len(fresh))
        flares = np.stack(
            [fad_curve(days - birth, height, rng) for birth, height in zip(births, heights, strict=True)]
        )
        return base + fresh, np.vstack([still, flares + wander(len(fresh), self.days, rng)])

    def _rise(self, good: Good, market: str, rng: np.random.Generator, lag: tuple[int, int]) -> int | None:
        site = int(rng.integers(lag[0], lag[1] + 1))
        if good.rise is None:
            return None
        later = self.market_lag(good, market)
        return None if later is None else good.rise + later + site

    @staticmethod
    def _born(good: Good, rise: int | None) -> int:
        """A newcomer that breaks out later in a market is also offered there later."""
        if rise is None or good.rise is None or good.born < good.rise - 30:
            return good.born
        return good.born + rise - good.rise

    def _levels(self, goods: list[Good], rng: np.random.Generator) -> Curves:
        """Where each good stands without its curve: old goods on a Zipf curve, newcomers below the list."""
        import numpy as np

        appeal = np.array([number_of(self.seed, "appeal", good.number) % 1000 / 1000 for good in goods])
        local = appeal + rng.normal(0, LOCAL * 0.3, len(goods))
        old = np.array([good.born < -20 and good.kind in ("evergreen", "noise") for good in goods])
        levels: Curves = rng.uniform(-0.6, 0.6, len(goods))
        place = np.argsort(np.argsort(-local[old]))
        levels[old] = -np.log((place + 0.5) / max(1, old.sum())) * 0.9
        return levels

    def _popularity(
        self,
        goods: list[Good],
        levels: Curves,
        born: list[int],
        rises: list[int | None],
        rng: np.random.Generator,
    ) -> Curves:
        import numpy as np

        days = np.arange(self.days)
        restless = np.array([RESTLESS if good.kind == "noise" else 1.0 for good in goods])
        x: Curves = levels[:, None] + wander(len(goods), self.days, rng) * restless[:, None]
        x += promotions(len(goods), self.days, rng)
        for i, (good, rise) in enumerate(zip(goods, rises, strict=True)):
            x[i] += own_curve(good, days, born[i], rise, levels[i], rng)
            x[i, days < born[i]] = -np.inf
        return x


def _kept_here(good: Good, market: str) -> bool:
    return not good.season_markets or market in good.season_markets


# --- ids and days -----------------------------------------------------------------------------------------


def number_of(*parts: object) -> int:
    """A number that follows from the parts alone, on every machine."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=6).digest(), "big")


def item_key(platform: str, seed: int, what: object) -> str:
    """An id in the platform's own form."""
    number = number_of("key", platform, seed, what)
    if platform == "amazon":
        signs = "0123456789ABCDEFGHJKLMNPQRSTVWXYZ"
        return "B0" + "".join(signs[number // 33**place % 33] for place in range(8))
    if platform == "aliexpress":
        return f"32568{number % 10**11:011d}"
    if platform == "tiktok":
        return f"{10**15 + number % 10**15}"
    return f"{7 * 10**12 + number % 10**12}"


def date_of(day: int) -> date:
    """The calendar date of a day of the demo."""
    return START + timedelta(days=day)


def morning_of(day: int) -> datetime:
    """When the lists of a day are collected."""
    return datetime.combine(date_of(day), time(6), UTC)
