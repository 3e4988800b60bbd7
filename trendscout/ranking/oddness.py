"""奇: how unlike what its category usually lists a product is, from the words of its title.

A word's surprisal is how rarely the other products of the category, and of the market, have it (Shannon 1948).
Codes, numbers and brand names never count: a brand is known from the product's facts, or by leading its titles.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from trendscout.model import Axis
from trendscout.ranking.axes import Facts
from trendscout.ranking.title_words import words_of

RAREST = 3  # words of a title that make it odd; one alone may be a slip of the pen
LEADS = 0.6  # a word that stands first in this share of the titles that have it is a brand
MIN_PRODUCTS = 10  # of a category; fewer have no habits
CATEGORY_WEIGHT = 0.7  # the rest is the market's vocabulary
SHOWN_WORDS = 3


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the categories and markets of some products usually say."""

    market: Mapping[str | None, Counter[str]]  # products with a word
    in_category: Counter[str]  # products
    in_market: Counter[str | None]
    brands: frozenset[str]
    contents: Sequence[frozenset[str]]  # the words of each product
    products: Sequence[Facts]
    # Filled when asked for, since a report asks for few categories of many.
    levels: dict[str, Sequence[float]]  # how odd the products of a category are, ascending
    postings: dict[str, Mapping[str, Sequence[int]]]  # category -> word -> products
    rarities: dict[tuple[str, str | None], _Rarity]  # of a category's words in a market

    def levels_of(self, category: str) -> Sequence[float]:
        """How odd the products of a category are, ascending."""
        if category not in self.levels:
            its = (number for number, one in enumerate(self.products) if one.category == category)
            self.levels[category] = sorted(
                _raw(self.products[number], self.contents[number], self, number)[0] for number in its
            )
        return self.levels[category]

    def postings_of(self, category: str) -> Mapping[str, Sequence[int]]:
        """Word → the products of a category that have it."""
        if category not in self.postings:
            postings: defaultdict[str, list[int]] = defaultdict(list)
            for number, product in enumerate(self.products):
                if product.category == category:
                    for word in self.contents[number]:
                        postings[word].append(number)
            self.postings[category] = dict(postings)
        return self.postings[category]

    def rarity(self, category: str, market: str | None) -> _Rarity:
        """How rare words are in a category and a market."""
        if (category, market) not in self.rarities:
            words = Counter({word: len(its) for word, its in self.postings_of(category).items()})
            in_category = words, self.in_category[category]
            in_market = self.market[market], self.in_market[market]
            self.rarities[category, market] = _Rarity(in_category, in_market)
        return self.rarities[category, market]


class _Rarity(dict[str, tuple[float, str]]):
    """Word → (its bits of surprise below zero, the word): what sorts the rarest first; made when asked for."""

    def __init__(self, category: tuple[Counter[str], int], market: tuple[Counter[str], int]) -> None:
        super().__init__()
        self.category, self.market = category, market  # products with a word, and all of them

    def __missing__(self, word: str) -> tuple[float, str]:
        (in_category, category), (in_market, market) = self.category, self.market
        bits = CATEGORY_WEIGHT * _surprisal(in_category[word] - 1, category)
        bits += (1 - CATEGORY_WEIGHT) * _surprisal(in_market[word] - 1, market)
        self[word] = (-bits, word)
        return self[word]


def learn(products: Iterable[Facts], levels: Mapping[str, Sequence[float]] = {}) -> Vocabulary:
    """The vocabulary of these products; it takes one look at each title.

    `levels` are those of these very products, where they are at hand.
    """
    facts = list(products)
    titles = [_words(one.title) for one in facts]
    brands = _leading_words(titles) | {word for one in facts for name in one.brands for word in _split(name)}
    market: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
    contents = [frozenset(word for word in title if word not in brands) for title in titles]
    for product, words in zip(facts, contents, strict=True):
        market[product.market].update(words)
    return Vocabulary(
        market=market,
        in_category=Counter(one.category for one in facts),
        in_market=Counter(one.market for one in facts),
        brands=frozenset(brands),
        contents=contents,
        products=facts,
        levels=dict(levels),
        postings={},
        rarities={},
    )


def oddness(facts: Facts, vocabulary: Vocabulary) -> Axis:
    """奇 of a product that the vocabulary has learned from: the share of its category that is less odd.

    No value where the category has too few products, or the title no word that tells.
    """
    if vocabulary.in_category[facts.category] < MIN_PRODUCTS:
        return Axis(None, "not enough data: too few products in its category")
    words = frozenset(_telling(facts, vocabulary.brands))
    if not words:
        return Axis(None, "not enough data: its title has no telling word")
    raw, rare = _raw(facts, words, vocabulary, None)
    levels = vocabulary.levels_of(facts.category)
    value = 100 * bisect_left(levels, raw - 1e-9) / len(levels)
    fields: dict[str, str | int | float] = {"percent": round(value), "words": ", ".join(rare[:SHOWN_WORDS])}
    return Axis(round(value, 1), "odder than {percent} % of its category: {words}", fields)


def _raw(
    facts: Facts, words: frozenset[str], vocabulary: Vocabulary, number: int | None
) -> tuple[float, list[str]]:
    """Bits of surprise of the rarest words, less where another product says the same; and all, rarest first."""
    rarity = vocabulary.rarity(facts.category, facts.market)
    rarest = sorted(map(rarity.__getitem__, words))
    if not rarest:
        return 0.0, []
    surprise = -sum(minus_bits for minus_bits, _ in rarest[:RAREST]) / RAREST
    distance = _distance(facts.category, rarest, words, vocabulary, number)
    return surprise * (0.5 + 0.5 * distance), [word for _, word in rarest]


def _surprisal(others: int, total: int) -> float:
    return -math.log2((max(0, others) + 0.5) / (total + 1))


def _distance(
    category: str,
    rarest: Sequence[tuple[float, str]],
    words: frozenset[str],
    vocabulary: Vocabulary,
    number: int | None,
) -> float:
    """1 less the weight of the words that the nearest other product of the category shares.

    The rarest words first: what has none of them cannot become the nearest once the rest weighs no more than the
    best so far, so that the long postings of common words are seldom walked (MaxScore, Turtle and Flood 1995).
    """
    postings, contents = vocabulary.postings_of(category), vocabulary.contents
    shared: dict[int, float] = {}
    nearest = 0.0
    left = whole = -sum(minus_bits for minus_bits, _ in rarest)
    for minus_bits, word in rarest:
        others = postings.get(word, ())
        if number is None:  # the product itself is among them: the one with the very same words, left out once
            number = next((other for other in others if contents[other] == words), -1)
        if left > nearest:
            for other in others:
                if other != number:
                    shared[other] = weight = shared.get(other, 0.0) - minus_bits
                    if weight > nearest:
                        nearest = weight
        else:
            shared = {
                other: weight - minus_bits if word in contents[other] else weight
                for other, weight in shared.items()
                if weight + left > nearest  # else it cannot become the nearest any more
            }
            nearest = max(shared.values(), default=nearest)
        left += minus_bits
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
        word
        for word in words_of(title)
        if " " not in word and len(word) > 1 and (word.isalpha() or not any(char.isdigit() for char in word))
    )


def _leading_words(titles: Iterable[Sequence[str]]) -> set[str]:
    """Words that lead the titles that have them, as brands do."""
    first: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for words in titles:
        every.update(words)
        if len(words) > 1 and words[0].isascii():
            first[words[0]] += 1
    return {word for word, times in first.items() if times >= LEADS * every[word]}
