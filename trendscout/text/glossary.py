"""Goods, attributes and units in Chinese, English and (in part) Indonesian: what a title's words mean.

The table is glossary.txt beside this file: Chinese = English = Indonesian and others, alternatives parted by "|".
A line `[kind]` opens a section. Sections whose values exclude each other (colour, size, side, ...) are facts of a
title; the others only help to find the same word in another language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

EXCLUSIVE = frozenset(
    ("colour", "size", "side", "gender", "age", "tier_word", "edition", "system", "form", "fit", "condition")
)
_FACTS = EXCLUSIVE | {"material"}  # of which a thing may have several
_LONGEST_PHRASE = 4  # words


class Term(NamedTuple):
    """One meaning."""

    kind: str
    chinese: tuple[str, ...]
    english: tuple[str, ...]
    other: tuple[str, ...] = ()


class _Index(NamedTuple):
    entries: tuple[Term, ...]
    han: dict[str, int]
    lengths: dict[str, tuple[int, ...]]  # of the Chinese spellings by their first character, longest first
    phrases: dict[tuple[str, ...], int]
    openers: frozenset[str]  # first words of phrases of two words or more


@cache
def _index() -> _Index:
    entries: list[Term] = []
    kind = ""
    text = (resources.files("trendscout.text") / "glossary.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            kind = line.strip("[]")
        elif line and not line.startswith("#"):
            chinese, english, other, *_ = (*line.split(" = "), "", "")
            entries.append(
                Term(kind, *(tuple(filter(None, part.split("|"))) for part in (chinese, english, other)))
            )
    han: dict[str, int] = {}
    phrases: dict[tuple[str, ...], int] = {}
    for number, entry in enumerate(entries):
        for spelling in entry.chinese:
            han.setdefault(spelling, number)
        for spelling in entry.english + entry.other:
            phrases.setdefault(tuple(_singular(word) for word in spelling.split()), number)
    openers = frozenset(phrase[0] for phrase in phrases if len(phrase) > 1)
    lengths: dict[str, set[int]] = {}
    for spelling, number in han.items():
        if len(spelling) > 1 or entries[number].kind in EXCLUSIVE:
            lengths.setdefault(spelling[0], set()).add(len(spelling))
    ordered = {first: tuple(sorted(its, reverse=True)) for first, its in lengths.items()}
    return _Index(tuple(entries), han, ordered, phrases, openers)


def entries() -> tuple[Term, ...]:
    """Every entry; a concept's number is its place here."""
    return _index().entries


@cache
def common_words() -> frozenset[str]:
    """Every single word of the table, in every language: words of the trade, not names."""
    spellings = (spelling for entry in entries() for spelling in entry.chinese + entry.english + entry.other)
    return frozenset(word for spelling in spellings for word in spelling.split())


def kind_of(concept: int) -> str:
    """The concept's kind if it is a fact of the thing ("colour", "size", "material", ...), else ""."""
    kind = _index().entries[concept].kind
    return kind if kind in _FACTS else ""


def cut(han: str) -> Iterator[tuple[str, int | None]]:
    """A run of Chinese characters as (piece, concept): the longest glossary word at each place, else gaps."""
    index = _index()
    start = gap = 0
    while start < len(han):
        for length in index.lengths.get(han[start], ()):
            end = start + length
            concept = index.han.get(han[start:end])
            if concept is not None and end <= len(han):
                if gap < start:
                    yield han[gap:start], None
                yield han[start:end], concept
                start = gap = end
                break
        else:
            start += 1
    if gap < start:
        yield han[gap:start], None


def find(words: Sequence[str]) -> Iterator[int]:
    """The concepts of a row of folded Latin words, longest phrase first at each place."""
    index = _index()
    words = [_singular(word) for word in words]
    start = 0
    while start < len(words):
        longest = _LONGEST_PHRASE if words[start] in index.openers else 1
        for length in range(min(longest, len(words) - start), 0, -1):
            concept = index.phrases.get(tuple(words[start : start + length]))
            if concept is not None:
                yield concept
                start += length - 1
                break
        start += 1


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word
