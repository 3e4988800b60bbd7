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
from trendscout.ranking.words import words_of

RAREST = 3  # words of a title that make it odd; one alone may be a slip of the pen
LEADS = 0.6  # a word that stands first in this share of the titles that have it is a brand
MIN_PRODUCTS = 10  # of a category; fewer have no habits
CATEGORY_WEIGHT = 0.7  # the rest is the market's vocabulary
SHOWN_WORDS = 3


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the categories and markets of some products usually say."""

    category: Mapping[str, Counter[str]]  # products with a word
    market: Mapping[str | None, Counter[str]]
    in_category: Counter[str]  # products
    in_market: Counter[str | None]
    brands: frozenset[str]
    postings: Mapping[str, Mapping[str, Sequence[int]]]  # category -> word -> products
    contents: Sequence[frozenset[str]]  # the words of each product
    products: Sequence[Facts]
    levels: dict[str, Sequence[float]]  # how odd the products of a category are, ascending; filled when asked for

    def levels_of(self, category: str) -> Sequence[float]:
        """How odd the products of a category are, ascending; a report asks for few categories of many."""
        if category not in self.levels:
            its = (number for number, one in enumerate(self.products) if one.category == category)
            self.levels[category] = sorted(
                _raw(self.products[number], self.contents[number], self, number)[0] for number in its
            )
        return self.levels[category]


def learn(products: Iterable[Facts]) -> Vocabulary:
    """The vocabulary of these products; it takes one look at each title and at the words it shares."""
    facts = list(products)
    brands = _leading_words(facts) | {word for one in facts for name in one.brands for word in _split(name)}
    category: defaultdict[str, Counter[str]] = defaultdict(Counter)
    market: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
    postings: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    contents = [frozenset(_telling(one, brands)) for one in facts]
    for number, (one, words) in enumerate(zip(facts, contents, strict=True)):
        category[one.category].update(words)
        market[one.market].update(words)
        for word in words:
            postings[one.category][word].append(number)
    return Vocabulary(
        category=category,
        market=market,
        in_category=Counter(one.category for one in facts),
        in_market=Counter(one.market for one in facts),
        brands=frozenset(brands),
        postings=postings,
        contents=contents,
        products=facts,
        levels={},
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
    """Bits of surprise of the rarest words, less where another product says the same; and words, rarest first."""
    category, market = vocabulary.category[facts.category], vocabulary.market[facts.market]
    in_category, in_market = vocabulary.in_category[facts.category], vocabulary.in_market[facts.market]
    bits = {
        word: CATEGORY_WEIGHT * _surprisal(category[word] - 1, in_category)
        + (1 - CATEGORY_WEIGHT) * _surprisal(market[word] - 1, in_market)
        for word in words
    }
    rare = sorted(words, key=lambda word: (-bits[word], word))
    top = rare[:RAREST]
    if not top:
        return 0.0, []
    surprise = sum(bits[word] for word in top) / RAREST
    return surprise * (0.5 + 0.5 * _distance(facts, words, bits, vocabulary, number)), rare


def _surprisal(others: int, total: int) -> float:
    return -math.log2((max(0, others) + 0.5) / (total + 1))


def _distance(
    facts: Facts, words: frozenset[str], bits: Mapping[str, float], vocabulary: Vocabulary, number: int | None
) -> float:
    """1 less the weight of the words that the nearest other product of the category shares.

    The rarest words first: what has none of them cannot become the nearest once the rest weighs no more than the
    best so far, so that the long postings of common words are seldom walked (MaxScore, Turtle and Flood 1995).
    """
    postings = vocabulary.postings[facts.category]
    shared: dict[int, float] = {}
    nearest = 0.0
    left = whole = sum(bits.values())
    for word in sorted(words, key=lambda word: -bits[word]):
        others = postings.get(word, ())
        if number is None:  # the product itself is among them: the one with the very same words, left out once
            number = next((other for other in others if vocabulary.contents[other] == words), -1)
        if left > nearest:
            for other in others:
                if other != number:
                    shared[other] = shared.get(other, 0.0) + bits[word]
        else:
            for other in shared:
                if word in vocabulary.contents[other]:
                    shared[other] += bits[word]
        nearest = max(shared.values(), default=0.0)
        left -= bits[word]
    return 1 - nearest / whole if whole else 1.0


def _telling(facts: Facts, brands: Iterable[str]) -> list[str]:
    own = {word for name in facts.brands for word in _split(name)}
    known = brands if isinstance(brands, (set, frozenset)) else set(brands)
    return [word for word in _split(facts.title) if word not in own and word not in known]


@lru_cache(50_000)  # each title is split to find brands, and again for what it tells
def _split(title: str) -> tuple[str, ...]:
    """Words without codes and numbers."""
    return tuple(
        word
        for word in words_of(title)
        if " " not in word and len(word) > 1 and not any(char.isdigit() for char in word)
    )


def _leading_words(facts: Iterable[Facts]) -> set[str]:
    """Words that lead the titles that have them, as brands do."""
    first: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for one in facts:
        words = _split(one.title)
        every.update(words)
        if len(words) > 1 and words[0].isascii():
            first[words[0]] += 1
    return {word for word, times in first.items() if times >= LEADS * every[word]}
