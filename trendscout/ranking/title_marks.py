"""What titles have in common (words, characters, properties of form) as numbers; each title is read once."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import count, islice
from typing import TYPE_CHECKING

import numpy as np

from trendscout.history import slices
from trendscout.ranking import packed
from trendscout.ranking.arrays import Ints
from trendscout.ranking.title_words import characters_of, form_of, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

READINGS: dict[str, Callable[[str], Sequence[str]]] = {  # signal -> what its items have in common
    "title_words": words_of,
    "title_characters": characters_of,
    "title_form": form_of,
}
_AT_ONCE = 16_384  # titles whose marks are looked up together
NEW_SHARE = 0.01  # of the titles: that many more are read again each time before all are worth keeping anew


class TitleMarks:
    """The marks of every title that was asked for, by each of READINGS."""

    def __init__(self, titles: Iterable[str] = (), readings: dict[str, _Reading] | None = None) -> None:
        self.places = defaultdict[str, int](count().__next__)
        self.kept = len(self.places_of(titles))
        self.readings = readings or {name: _Reading() for name in READINGS}

    def places_of(self, titles: Iterable[str]) -> Ints:
        """A number for each of these titles."""
        return np.fromiter(map(self.places.__getitem__, titles), np.int64)

    def of(self, name: str, places: Ints) -> tuple[NDArray[np.int32], Ints]:
        """The marks by a reading of the titles with these numbers, title after title, and how many each has.

        Titles that are new to the reading are read first.
        """
        reading = self.readings[name]
        reading.add(map(READINGS[name], islice(self.places, len(reading.sizes), None)))
        return reading.of(places)

    def forget(self, name: str) -> None:
        """Give back what a reading takes of memory."""
        self.readings[name] = _Reading()

    @property
    def worth_keeping(self) -> bool:
        """Whether more than NEW_SHARE of the titles are not among those that `from_bytes` gave."""
        return len(self.places) - self.kept > NEW_SHARE * len(self.places)

    def to_bytes(self) -> bytes:
        """All that was read, to be kept."""
        plain: dict[str, list[str]] = {"titles": list(self.places)}
        arrays = {}
        for name, reading in self.readings.items():
            plain[name] = reading.marks
            arrays[f"{name} codes"], arrays[f"{name} sizes"] = reading.codes, reading.sizes
        return packed.to_bytes(plain, arrays)

    @classmethod
    def from_bytes(cls, value: bytes) -> TitleMarks:
        """The marks that `to_bytes` was asked of."""
        plain, arrays = packed.from_bytes(value)
        readings = {
            name: _Reading(plain[name], arrays[f"{name} codes"], arrays[f"{name} sizes"]) for name in READINGS
        }
        return cls(plain["titles"], readings)


class _Reading:
    """The marks of titles by one reading: a number each, title after title."""

    def __init__(
        self,
        marks: Sequence[str] = (),
        codes: NDArray[np.int32] | None = None,
        sizes: NDArray[np.int32] | None = None,
    ) -> None:
        self.marks = list(marks)  # by their number
        self.codes = np.empty(0, np.int32) if codes is None else codes
        self.sizes = np.empty(0, np.int32) if sizes is None else sizes  # how many a title has

    def add(self, titles: Iterable[Sequence[str]]) -> None:
        """The marks of further titles."""
        numbers = defaultdict(count(len(self.marks)).__next__, zip(self.marks, count()))
        coded, sizes = array("i"), array("i")  # as numbers at once: the texts of millions of marks fill memory
        for its in titles:
            coded.extend(map(numbers.__getitem__, its))
            sizes.append(len(its))
        if sizes:
            self.marks = list(numbers)
            self.codes = np.append(self.codes, np.frombuffer(coded, np.int32))
            self.sizes = np.append(self.sizes, np.frombuffer(sizes, np.int32))

    def of(self, places: Ints) -> tuple[NDArray[np.int32], Ints]:
        """The marks of the titles at these places, one after the other, and how many each has."""
        sizes = self.sizes[places]
        begin = (np.cumsum(self.sizes) - self.sizes)[places]
        marks = [self.codes[ragged(begin[part], sizes[part])] for part in slices(len(places), _AT_ONCE)]
        return np.concatenate([np.empty(0, np.int32), *marks]), sizes


def ragged(begin: Ints, sizes: Ints) -> Ints:
    """The indices of runs of an array, run after run: `sizes` of them from each `begin` on."""
    return np.arange(sizes.sum()) + np.repeat(begin - np.cumsum(sizes) + sizes, sizes)
