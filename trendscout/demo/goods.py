"""The goods of the simulated world: what exists, how it fares, and what each site would call it."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Literal, NamedTuple

Kind = Literal["breakout", "slow_burner", "fad", "evergreen", "seasonal", "noise"]
CATEGORIES = ("kitchen", "toys-and-games")
ESTABLISHED = 230  # goods a category starts with
BIRTHS_PER_DAY = 5.5  # new goods of a category: a real best-seller list shows 3 to 5 unseen goods a day
# How newcomers fare. Most fade: on real lists about half of them are gone within a week.
FATES: tuple[tuple[Kind, float], ...] = (("fad", 0.52), ("noise", 0.36), ("slow_burner", 0.12))
BREAKOUTS = 18  # planted a category in 45 days, about 4 % of the goods that a list ever shows
ODD_SHARE = 0.5  # of the odd goods, how many are newcomers of any fate; the rest break out


class Words(NamedTuple):
    """One noun or attribute in the three languages of the sites."""

    en: str
    id: str
    zh: str


@dataclass(frozen=True, slots=True)
class Good:
    """One sellable thing. A sibling of the same family differs in model, size or pack and is another good."""

    number: int
    category: str
    kind: Kind
    noun: Words
    brand: str
    code: str  # model code, "" where the maker prints none
    size: str
    color: Words
    features: tuple[Words, ...]
    pack: int
    price: float  # US dollars
    family: int
    born: int  # day it goes on sale; negative: before the demo starts
    odd: bool = False  # planted: unlike what its category lists
    rise: int | None = None  # planted: the day on which it starts to break out, where it does so first
    season: int | None = None  # day of the peak
    season_markets: tuple[str, ...] = ()


@cache
def words() -> dict[str, Any]:
    """The vocabulary of words.toml."""
    text = (resources.files("trendscout.demo") / "words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


class Maker:
    """Makes goods one after the other from one seeded stream."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.made = 0
        table = words()
        self.brands = [head + tail for head in table["brand_heads"] for tail in table["brand_tails"]]
        self.colors = [Words(*row) for row in table["attributes"]["colors"]]
        self.features = [Words(*row) for row in table["attributes"]["features"]]

    def make(self, category: str, kind: Kind, noun: list[Any], born: int) -> Good:
        """A new good of its own family."""
        rng = self.rng
        self.made += 1
        return Good(
            number=self.made,
            category=category,
            kind=kind,
            noun=Words(*noun[:3]),
            brand=rng.choice(self.brands),
            code=rng.choice("ABCDHKMRTX")
            + rng.choice("BGLSQZ")
            + f"{rng.randint(11, 989)}" * (rng.random() < 0.6),
            size=rng.choice(words()[category]["sizes"]),
            color=rng.choice(self.colors),
            features=tuple(rng.sample(self.features, 3)),
            pack=rng.choice((1, 1, 1, 1, 2, 3)),
            price=round(noun[3] * rng.uniform(0.7, 1.5), 2),
            family=self.made,
            born=born,
        )

    def sibling(self, good: Good, kind: Kind) -> Good:
        """The same family in another model, size or pack: close in words, another good."""
        rng = self.rng
        self.made += 1
        other = replace(good, number=self.made, kind=kind, rise=None, born=good.born - rng.randint(20, 200))
        change = rng.choice(("code", "size", "pack"))
        if change == "code" and any(sign.isdigit() for sign in good.code):
            return replace(other, code=good.code[:2] + f"{rng.randint(11, 989)}", price=round(good.price * 0.9, 2))
        if change == "pack":
            return replace(other, pack=good.pack + rng.choice((2, 4)), price=round(good.price * 2.1, 2))
        sizes = [size for size in words()[good.category]["sizes"] if size != good.size]
        return replace(other, size=rng.choice(sizes), price=round(good.price * 1.2, 2))


def all_goods(seed: int, days: int, start: date) -> tuple[Good, ...]:
    """Every good of the world, the same for the same seed, length and first day."""
    maker = Maker(random.Random(f"goods {seed}"))  # noqa: S311 - a reproducible world, no secret
    goods: list[Good] = []
    for category in CATEGORIES:
        goods += _established(maker, category)
        goods += _newcomers(maker, category, days)
        goods += _breakouts(maker, category, days)
    goods += _seasonal(maker, start)
    return tuple(goods)


def _established(maker: Maker, category: str) -> list[Good]:
    nouns = words()[category]["nouns"]
    goods: list[Good] = []
    while len(goods) < ESTABLISHED:
        kind: Kind = "evergreen" if maker.rng.random() < 0.75 else "noise"
        good = maker.make(category, kind, maker.rng.choice(nouns), born=-maker.rng.randint(30, 900))
        goods.append(good)
        if maker.rng.random() < 0.25:
            goods.append(maker.sibling(good, kind))
    return goods[:ESTABLISHED]


def _newcomers(maker: Maker, category: str, days: int) -> list[Good]:
    """Newcomers of every fate but the planted one; some of them are odd."""
    rng = maker.rng
    nouns, odd = words()[category]["nouns"], words()[category]["odd"]
    kinds, weights = zip(*FATES, strict=True)
    goods = [
        maker.make(category, rng.choices(kinds, weights)[0], rng.choice(nouns), rng.randint(-14, days))
        for _ in range(round(BIRTHS_PER_DAY * (days + 14)))
    ]
    for noun in odd[: round(len(odd) * ODD_SHARE)]:
        good = maker.make(category, rng.choices(kinds, weights)[0], noun, rng.randint(-10, days - 8))
        goods.append(replace(good, odd=True))
    return goods


def _breakouts(maker: Maker, category: str, days: int) -> list[Good]:
    """The planted ones: half odd newcomers, some ordinary newcomers, some old goods that go viral."""
    rng = maker.rng
    nouns, odd = words()[category]["nouns"], words()[category]["odd"]
    odd = odd[round(len(odd) * ODD_SHARE) :]
    goods = []
    for number in range(round(BREAKOUTS * days / 45)):
        rise = rng.randint(1, max(2, days - 24))  # later ones could not arrive in time
        is_odd = number < len(odd)
        old = not is_odd and rng.random() < 0.4
        noun = odd[number] if is_odd else rng.choice(nouns)
        good = maker.make(
            category, "breakout", noun, born=rise - (rng.randint(60, 400) if old else rng.randint(0, 6))
        )
        goods.append(replace(good, odd=is_odd, rise=rise))
        if not is_odd and rng.random() < 0.6:
            goods.append(maker.sibling(good, "noise"))
    return goods


def _seasonal(maker: Maker, start: date) -> list[Good]:
    goods = []
    for season in words()["season"]:
        month, day = map(int, season["day"].split("-"))
        peak = (date(start.year, month, day) - start).days
        for noun in season["nouns"]:
            for _ in range(2):
                good = maker.make(season["category"], "seasonal", noun, born=peak - maker.rng.randint(350, 400))
                goods.append(replace(good, season=peak, season_markets=tuple(season["markets"])))
    return goods


# --- what a site calls it ---------------------------------------------------------------------------------


def amazon_title(good: Good) -> str:
    """Brand first, then everything a shopper might search for."""
    parts = [f"{good.brand} {good.noun.en.title()} {good.code}".strip(), good.size]
    parts += [feature.en[0].upper() + feature.en[1:] for feature in good.features[:2]]
    parts.append(good.color.en.title())
    if good.pack > 1:
        parts.append(f"Pack of {good.pack}")
    return ", ".join(parts)


def aliexpress_title(good: Good) -> str:
    """A row of search words in English, which the request asks for; the brand only now and then."""
    brand = good.brand if good.number % 3 else ""
    pack = f"{good.pack}pcs" if good.pack > 1 else ""
    row = (
        brand,
        good.features[1].en,
        good.noun.en,
        good.size,
        good.code,
        good.color.en,
        pack,
        good.features[2].en,
    )
    return " ".join(part for part in row if part)


def shop_title(good: Good, market: str) -> str:
    """How a small shop writes it: Indonesian in ID, Chinese beside English for every third good elsewhere."""
    noun = good.noun.id if market == "ID" else good.noun.en
    if market != "ID" and good.number % 3 == 0:
        noun = f"{good.noun.zh} {good.noun.en}"
    pack = f" x{good.pack}" if good.pack > 1 else ""
    return f"{good.brand} {noun.title()} {good.code} - {good.size}{pack}".replace("  ", " ")


def hashtag(good: Good, market: str) -> str:
    """The tag people use: the noun, with the brand where the noun alone is everyday."""
    noun = (good.noun.id if market == "ID" else good.noun.en).replace(" ", "").replace("-", "")
    return noun if good.odd else good.brand.lower() + noun


def search_words(good: Good, market: str) -> str:
    """What people type."""
    return good.noun.id if market == "ID" else good.noun.en
