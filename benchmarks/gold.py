"""Our gold pairs: tests/gold/pairs.csv out of tests/gold/products.txt.

    python benchmarks/gold.py

Every product gives pairs of its own wordings (label 1) and, for each way to be another product, pairs of a wording
with a changed one (label 0), as many of them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import combinations, permutations
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent.parent / "tests" / "gold"
LANGUAGES = {"z": "zh", "e": "en", "i": "id"}


class Pair(NamedTuple):
    """One labelled pair. `kind`: "same", or what makes them two products."""

    label: int
    kind: str
    languages: str
    title_a: str
    title_b: str


def pairs() -> list[Pair]:
    """All gold pairs, product by product."""
    out: list[Pair] = []
    for number, (wordings, changes) in enumerate(_blocks()):
        positives = list(_positives(wordings))
        negatives = list(_negatives(wordings, changes, number))
        for languages in dict.fromkeys(pair.languages for pair in positives):
            alike = [pair for pair in positives if pair.languages == languages]
            out += alike
            out += [pair for pair in negatives if pair.languages == languages][: len(alike)]
    return out


def _blocks() -> Iterator[tuple[list[tuple[str, str]], list[tuple[str, list[tuple[str, str]]]]]]:
    wordings: list[tuple[str, str]] = []
    changes: list[tuple[str, list[tuple[str, str]]]] = []
    for line in (FOLDER / "products.txt").read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark in LANGUAGES:
            if changes:
                yield wordings, changes
                wordings, changes = [], []
            wordings.append((LANGUAGES[mark], rest))
        elif mark == "-":
            kind, _, replacements = rest.partition(": ")
            parted = (part.split(">") for part in replacements.split("; "))
            changes.append((kind.rstrip("2"), [(old.strip("\n"), new) for old, new in parted]))
    yield wordings, changes


def _languages(one: str, other: str) -> str:
    return "/".join(sorted((one, other), key=("zh", "id", "en").index))


def _positives(wordings: list[tuple[str, str]]) -> Iterator[Pair]:
    for (one, title_a), (other, title_b) in combinations(wordings, 2):
        yield Pair(1, "same", _languages(one, other), title_a, title_b)


def _negatives(
    wordings: list[tuple[str, str]], changes: list[tuple[str, list[tuple[str, str]]]], number: int
) -> Iterator[Pair]:
    """Each wording against the changed other wordings, the ways to change in turn."""
    for turn, ((one, title_a), (other, title_b)) in enumerate(permutations(wordings, 2)):
        kind, replacements = changes[(turn + number) % len(changes)]
        changed = title_b
        for old, new in replacements:
            changed = changed.replace(old, new)
        if changed != title_b:
            yield Pair(0, kind, _languages(one, other), title_a, changed)


if __name__ == "__main__":
    with (FOLDER / "pairs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Pair._fields)
        writer.writerows(pairs())
