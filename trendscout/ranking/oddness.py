"""奇: how unlike what its category usually lists a product is, from the words of its title.

A word's surprisal is how rarely the other products of the category, and of the market, have it (Shannon 1948).
Codes, numbers and brand names never count: a brand is known from the product's facts, or by leading its titles.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, count
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from trendscout.model import Axis
from trendscout.ranking import packed
from trendscout.ranking.axes import Facts
from trendscout.ranking.title_words import words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Value = TypeVar("_Value")

RAREST = 3  # words of a title that make it odd; one alone may be a slip of the pen
LEADS = 0.6  # a word that stands first in this share of the titles that have it is a brand
MIN_PRODUCTS = 10  # of a category; fewer have no habits
CATEGORY_WEIGHT = 0.7  # the rest is the market's vocabulary
SHOWN_WORDS = 3
_NOBODY = frozenset[int]()
_ARRAYS = ("codes", "ends", "category", "market")  # of a vocabulary: what is kept of it beside plain values


class Titled(Protocol):
    """What a vocabulary learns from: a title with where it stood, and brand and shop names."""

    @property
    def title(self) -> str:
        """Its words are counted."""

    @property
    def category(self) -> str:
        """Where it stood."""

    @property
    def market(self) -> str | None:
        """Of the list."""

    @property
    def brands(self) -> Sequence[str]:
        """Names of brands and shops: their words tell nothing."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the categories and markets of some products usually say.

    A report asks for few categories of many, so what one needs is put together when it is asked for.
    """

    words: Sequence[str]  # all that tell, ascending
    codes: NDArray[np.int32]  # the words of each product, by their place, product after product
    ends: NDArray[np.int64]  # where those of each product end
    category: NDArray[np.int32]  # of each product, by its place among the categories
    market: NDArray[np.int32]
    categories: Sequence[str]
    markets: Sequence[str | None]
    brands: frozenset[str]
    levels: dict[str, Sequence[float]]  # how odd the products of a category are, ascending
    shelves: dict[str, _Shelf]
    counts: dict[str | None, Mapping[str, int]]  # market -> word -> products that have it
    rarities: dict[tuple[str, str | None], _Rarity]  # of a category's words in a market

    def in_category(self, category: str) -> int:
        """How many products a category has."""
        return len(self.shelf(category).contents)

    def levels_of(self, category: str) -> Sequence[float]:
        """How odd the products of a category are, ascending."""
        if category not in self.levels:
            shelf = self.shelf(category)
            its = enumerate(zip(shelf.markets, shelf.contents, strict=True))
            self.levels[category] = sorted(
                _raw(words, category, market, self, number)[0] for number, (market, words) in its
            )
        return self.levels[category]

    def shelf(self, category: str) -> _Shelf:
        """The products of a category."""
        if category not in self.shelves:
            its = np.flatnonzero(self.category == _place(category, self.categories))
            words, codes, begins = self.words, self.codes, self.ends - np.diff(self.ends, prepend=0)
            contents = [
                frozenset(map(words.__getitem__, codes[begin:end].tolist()))
                for begin, end in zip(begins[its].tolist(), self.ends[its].tolist(), strict=True)
            ]
            self.shelves[category] = _Shelf.of(
                [self.markets[code] for code in self.market[its].tolist()], contents
            )
        return self.shelves[category]

    def count(self, market: str | None) -> Mapping[str, int]:
        """Word → the products of a market that have it."""
        if market not in self.counts:
            its = self.market == _place(market, self.markets)
            codes = self.codes[np.repeat(its, np.diff(self.ends, prepend=0))]
            times = np.bincount(codes, minlength=len(self.words))
            self.counts[market] = dict(zip(self.words, times.tolist(), strict=True))
        return self.counts[market]

    def rarity(self, category: str, market: str | None) -> _Rarity:
        """How rare words are in a category and a market."""
        if (category, market) not in self.rarities:
            of_category = {word: len(its) for word, its in self.shelf(category).postings.items()}
            in_market = int((self.market == _place(market, self.markets)).sum())
            self.rarities[category, market] = _Rarity(
                (of_category, self.in_category(category)), (self.count(market), in_market)
            )
        return self.rarities[category, market]

    def to_bytes(self) -> bytes:
        """All that was learned, but for the levels."""
        plain = {
            "words": self.words,
            "categories": self.categories,
            "markets": self.markets,
            "brands": sorted(self.brands),
        }
        return packed.to_bytes(plain, {name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def from_bytes(cls, value: bytes, levels: Mapping[str, Sequence[float]]) -> Vocabulary:
        """The vocabulary that `to_bytes` was asked of, with the levels that are known of it."""
        plain, arrays = packed.from_bytes(value)
        plain["brands"] = frozenset(plain["brands"])
        return cls(**plain, **arrays, levels=dict(levels), shelves={}, counts={}, rarities={})


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The products of one category, by their number in it."""

    markets: Sequence[str | None]
    contents: Sequence[frozenset[str]]  # the words of each
    postings: Mapping[str, frozenset[int]]  # word -> products that have it

    @classmethod
    def of(cls, markets: Sequence[str | None], contents: Sequence[frozenset[str]]) -> _Shelf:
        postings: defaultdict[str, list[int]] = defaultdict(list)
        for number, words in enumerate(contents):
            for word in words:
                postings[word].append(number)
        return cls(markets, contents, {word: frozenset(its) for word, its in postings.items()})


class _Rarity(dict[str, tuple[float, str]]):
    """Word → (its bits of surprise below zero, the word): what sorts the rarest first; made when asked for."""

    def __init__(self, category: tuple[Mapping[str, int], int], market: tuple[Mapping[str, int], int]) -> None:
        super().__init__()
        self.category, self.market = category, market  # products with a word, and all of them

    def __missing__(self, word: str) -> tuple[float, str]:
        (in_category, category), (in_market, market) = self.category, self.market
        bits = CATEGORY_WEIGHT * _surprisal(in_category.get(word, 0) - 1, category)
        bits += (1 - CATEGORY_WEIGHT) * _surprisal(in_market.get(word, 0) - 1, market)
        self[word] = (-bits, word)
        return self[word]


def learn(products: Iterable[Titled]) -> Vocabulary:
    """The vocabulary of these products; it takes one look at each title, and keeps numbers of it only."""
    numbers, named = defaultdict[str, int](count().__next__), set[str]()
    coded, lengths, leading = array("i"), array("i"), Counter[str]()
    places: list[tuple[str, str | None]] = []
    for product in products:
        title = _words(product.title)
        coded.extend(map(numbers.__getitem__, title))
        lengths.append(len(title))
        if len(title) > 1 and title[0].isascii():
            leading[title[0]] += 1
        named.update(product.brands)
        places.append((product.category, product.market))
    said = np.array(coded)
    every = np.bincount(said, minlength=len(numbers))
    leads = {word for word, times in leading.items() if times >= LEADS * every[numbers[word]]}  # as brands do
    brands = leads | {word for name in named for word in _words(name)}
    words = sorted(numbers.keys() - brands)
    code = np.full(len(numbers), -1, np.int32)
    code[[numbers[word] for word in words]] = np.arange(len(words))
    codes = code[said]
    kept = np.append(0, np.cumsum(codes >= 0))  # words that tell among the first so many
    categories, category = _numbered(name for name, _ in places)
    markets, market = _numbered(name for _, name in places)
    return Vocabulary(
        words=words,
        codes=codes[codes >= 0],
        ends=kept[np.cumsum(lengths)],
        category=category,
        market=market,
        categories=categories,
        markets=markets,
        brands=frozenset(brands),
        levels={},
        shelves={},
        counts={},
        rarities={},
    )


def _place(value: _Value, among: Sequence[_Value]) -> int:
    """Where a value stands; -1 where it is none of them, as no code is."""
    return among.index(value) if value in among else -1


def _numbered(values: Iterable[_Value]) -> tuple[list[_Value], NDArray[np.int32]]:
    """The distinct values, and of each value which of them it is."""
    numbers: dict[_Value, int] = {}
    codes = np.fromiter((numbers.setdefault(value, len(numbers)) for value in values), np.int32)
    return list(numbers), codes


def oddness(facts: Facts, vocabulary: Vocabulary) -> Axis:
    """奇 of a product that the vocabulary has learned from: the share of its category that is less odd.

    No value where the category has too few products, or the title no word that tells.
    """
    if vocabulary.in_category(facts.category) < MIN_PRODUCTS:
        return Axis(None, "not enough data: too few products in its category")
    words = frozenset(_telling(facts, vocabulary.brands))
    if not words:
        return Axis(None, "not enough data: its title has no telling word")
    raw, rare = _raw(words, facts.category, facts.market, vocabulary, None)
    levels = vocabulary.levels_of(facts.category)
    value = 100 * bisect_left(levels, raw - 1e-9) / len(levels)
    fields: dict[str, str | int | float] = {"percent": round(value), "words": ", ".join(rare[:SHOWN_WORDS])}
    return Axis(round(value, 1), "odder than {percent} % of its category: {words}", fields)


def _raw(
    words: frozenset[str], category: str, market: str | None, vocabulary: Vocabulary, number: int | None
) -> tuple[float, list[str]]:
    """Bits of surprise of the rarest words, less where another product says the same; and all, rarest first."""
    rarity = vocabulary.rarity(category, market)
    rarest = sorted(map(rarity.__getitem__, words))
    if not rarest:
        return 0.0, []
    surprise = -sum(minus_bits for minus_bits, _ in rarest[:RAREST]) / RAREST
    distance = _distance(rarest, words, vocabulary.shelf(category), number)
    return surprise * (0.5 + 0.5 * distance), [word for _, word in rarest]


def _surprisal(others: int, total: int) -> float:
    return -math.log2((max(0, others) + 0.5) / (total + 1))


def _distance(
    rarest: Sequence[tuple[float, str]], words: frozenset[str], shelf: _Shelf, number: int | None
) -> float:
    """1 less the weight of the words that the nearest other product of the category shares.

    Branch and bound, the rarest words first: those that have a word are looked at before those that have it not,
    and neither once all words that are left weigh no more than the best so far. Every word parts the products in
    two, so that none of them is looked at more than once a word.
    """
    having = [shelf.postings.get(word, _NOBODY) for _, word in rarest]
    weights = [-minus_bits for minus_bits, _ in rarest]
    left = list(accumulate(reversed(weights), initial=0.0))[::-1]  # the weight of a word and all behind it
    nearest = 0.0

    def search(among: AbstractSet[int], place: int, weight: float) -> None:
        """The best of these products, which share words of that weight before the place."""
        nonlocal nearest
        nearest = max(nearest, weight)
        while among and weight + left[place] > nearest:
            if its := among & having[place]:
                search(its, place + 1, weight + weights[place])
                among = among - its
            place += 1

    if number is None:  # the product itself is among them: one with the very same words is left out
        number = next((other for other in having[0] if shelf.contents[other] == words), -1)
    seen = {number}
    for place, weight in enumerate(weights):
        if left[place] <= nearest:
            break
        if its := having[place] - seen:
            search(its, place + 1, weight)
            seen |= its
    whole = sum(weights)
    return 1 - nearest / whole if whole else 1.0


def _telling(facts: Facts, brands: Iterable[str]) -> list[str]:
    own = {word for name in facts.brands for word in _split(name)}
    known = brands if isinstance(brands, (set, frozenset)) else set(brands)
    return [word for word in _split(facts.title) if word not in own and word not in known]


@lru_cache(10_000)  # many products have one seller's name
def _split(text: str) -> tuple[str, ...]:
    return _words(text)


def _words(title: str) -> tuple[str, ...]:
    """Words without codes and numbers."""
    return tuple(
        [  # a list: a third faster than a generator, on every title of a month
            word
            for word in words_of(title)
            if " " not in word and len(word) > 1 and (word.isalpha() or not any(map(str.isdigit, word)))
        ]
    )
