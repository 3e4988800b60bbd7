"""Hashtags as titles: #popitball becomes "pop it ball" when the listings use these words."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from trendscout.matching.listings import token
from trendscout.tables import lists_of
from trendscout.text.glossary import common_words
from trendscout.text.titles import fold

if TYPE_CHECKING:
    from trendscout.tables import Table

LONGEST = 60  # characters of a tag that are looked at
_LONGEST_WORD = 20
_UNKNOWN = 12.0  # cost of a letter in no known word; a known word costs 1 and a bit for being short


def is_hashtag(title: str) -> bool:
    """Whether the title is one hashtag and nothing else."""
    return len(title) > 1 and title[0] in "#＃" and not any(char.isspace() for char in title)


def vocabulary(*tables: Table) -> frozenset[int]:
    """The tokens of the listings' words (SCHEMA tables), of those that two listings or more use."""
    tokens = np.concatenate([lists_of(table["words"])[1] for table in tables])
    known, counts = np.unique(tokens, return_counts=True)
    return frozenset(known[counts > 1].tolist())


def spell_out(tag: str, known: frozenset[int]) -> str:
    """The tag's words, parted where the fewest known words cover it; letters in no word stay together."""
    text = fold(tag[1:])[:LONGEST]
    best: list[tuple[float, int]] = [(0.0, 0)]  # cost up to each place, and where its last word starts
    for end in range(1, len(text) + 1):
        costs = (
            (best[start][0] + _cost(text[start:end], known), start)
            for start in range(max(0, end - _LONGEST_WORD), end)
        )
        best.append(min(costs))
    words: list[str] = []
    end = len(text)
    while end:
        start = best[end][1]
        words.append(text[start:end])
        end = start
    return " ".join(_joined(words[::-1], known))


def _cost(word: str, known: frozenset[int]) -> float:
    if word.isdigit() or (len(word) > 1 and _is_known(word, known)):
        return 1.0 + 2.0 / len(word)
    return _UNKNOWN * len(word) if len(word) > 1 else _UNKNOWN


def _is_known(word: str, known: frozenset[int]) -> bool:
    return word in _small_words() or word in common_words() or token(word, common_words()) in known


@cache
def _small_words() -> frozenset[str]:
    return frozenset(("a", "the", "of", "and", "for", "with", "my", "in", "on", "to", "it"))


def _joined(words: list[str], known: frozenset[int]) -> list[str]:
    """The words, with neighbouring single letters that no word covered put together again."""
    out: list[str] = []
    loose = False
    for word in words:
        single = len(word) == 1 and not word.isdigit() and not _is_known(word, known)
        if single and loose:
            out[-1] += word
        else:
            out.append(word)
        loose = single
    return out
