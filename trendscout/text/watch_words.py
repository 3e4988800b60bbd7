"""Lists of words that a seller watches: which titles they meet, in either language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trendscout.text import glossary
from trendscout.text.titles import fold

_MOST_LISTS, _MOST_TERMS = 50, 200
_LONGEST_PATTERN = 120
_LONGEST_TITLE = 300  # signs of a title that are looked at
# How often each may stand in a pattern: with every one the time of a search is multiplied.
_AT_MOST = {r"[*+{]": 1, r"\?(?!:)": 3, r"\(": 2, r"\|": 10}
_UNBOUND = re.compile(r"\)[*+{]|\\[1-9]|\(\?(?!:)")  # repeated groups, references, looks ahead and behind
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Term:
    """One line of a list: any of its spellings, or a pattern."""

    spellings: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None

    def meets(self, folded: str, padded: str) -> bool:
        """Whether a title says it: Latin words whole, Chinese anywhere."""
        if self.pattern is not None:
            return self.pattern.search(folded) is not None
        return any(f" {one} " in padded if one.isascii() else one in folded for one in self.spellings)


@dataclass(frozen=True, slots=True)
class WatchList:
    """A named list: any of its words, all of those with +, none of those with -."""

    name: str
    any_of: tuple[Term, ...] = ()
    all_of: tuple[Term, ...] = ()
    none_of: tuple[Term, ...] = ()

    def meets(self, title: str) -> bool:
        """Whether a title is one to watch."""
        folded = fold(title[:_LONGEST_TITLE])
        padded = f" {' '.join(_WORD.findall(folded))} "
        if any(term.meets(folded, padded) for term in self.none_of):
            return False
        if not all(term.meets(folded, padded) for term in self.all_of):
            return False
        return not self.any_of or any(term.meets(folded, padded) for term in self.any_of)


def read(table: Mapping[str, Any]) -> tuple[WatchList, ...]:
    """The lists of a table: a name and its words: `"宠物" = ["fountain = 饮水机", "/cats?/", "+usb", "-used"]`.

    Raises ValueError naming the list and the word that cannot be used.
    """
    if len(table) > _MOST_LISTS:
        raise ValueError(f"more than {_MOST_LISTS} lists")
    return tuple(_list(name, words) for name, words in table.items())


def _list(name: str, words: Any) -> WatchList:
    if not isinstance(words, list) or not words or not all(isinstance(one, str) and one.strip() for one in words):
        raise ValueError(f"{name!r} is followed by no words")
    if len(words) > _MOST_TERMS:
        raise ValueError(f"{name!r} has more than {_MOST_TERMS} words")
    sides: dict[str, list[Term]] = {"": [], "+": [], "-": []}
    for word in words:
        text = word.strip()
        sign = text[0] if text[0] in "+-" else ""
        try:
            sides[sign].append(_term(text.removeprefix(sign).strip()))
        except (ValueError, re.error) as error:
            raise ValueError(f"{name!r}: {word!r}: {error}") from error
    if not (sides[""] or sides["+"]):
        raise ValueError(f"{name!r} says only what is not wanted")
    return WatchList(name, tuple(sides[""]), tuple(sides["+"]), tuple(sides["-"]))


def _term(text: str) -> Term:
    if len(text) > 1 and text.startswith("/") and text.endswith("/"):
        return Term(pattern=_bounded(text[1:-1]))
    spellings = [one for alias in text.split("=") for one in _spellings(alias)]
    if not spellings:
        raise ValueError("it has no letters")
    return Term(tuple(dict.fromkeys(spellings)))


def _bounded(pattern: str) -> re.Pattern[str]:
    """The pattern, if no title can make its search long."""
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"a pattern has {_LONGEST_PATTERN} signs at most")
    counts = {sign: len(re.findall(rf"(?<!\\){sign}", pattern)) for sign in _AT_MOST}
    if _UNBOUND.search(pattern) or any(counts[sign] > most for sign, most in _AT_MOST.items()):
        raise ValueError("a pattern has one of * + {} at most, three ?, two groups, none of them repeated")
    return re.compile(pattern, re.IGNORECASE)


def _spellings(alias: str) -> Iterator[str]:
    """A word as titles are folded, and what the glossary calls the same goods in other languages."""
    folded = fold(alias).strip()
    plain = " ".join(_WORD.findall(folded))
    if not plain:
        return
    yield plain
    for entry in glossary.entries():
        every: Sequence[str] = (*entry.chinese, *entry.english, *entry.other)
        if plain in every:
            yield from every
