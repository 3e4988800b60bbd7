"""An address of the product page into a question to the read file, and back: each filter is a parameter."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from trendscout.store.read_file import SORTS, Wanted

HELD = ("kind", "place", "market", "platform", "stage", "flag", "pack", "mark")
BOUNDS = ("price_min", "price_max", "count_min", "rating_min", "chance_min", "age_max", "seen_max")
PAGE = 25  # products on a page
_MAX_PAGE = 100_000
_MAX_WORDS = 8
_MAX_CHARS = 200
_IN_PERCENT = ("chance_min",)


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of an address that mean something, cleaned."""

    values: tuple[tuple[str, str], ...]
    page: int = 1

    def get(self, name: str) -> str:
        """One parameter, empty where it is not there."""
        return dict(self.values).get(name, "")

    @property
    def wanted(self) -> Wanted:
        """The question to the read file."""
        given = dict(self.values)
        bounds = ((name, _number(given.get(name, ""))) for name in BOUNDS)
        return Wanted(
            words=tuple(given.get("q", "").split()[:_MAX_WORDS]),
            tree=given.get("tree", ""),
            held=tuple((name, given[name]) for name in HELD if name in given),
            bounds=tuple(
                (name, value / 100 if name in _IN_PERCENT else value)
                for name, value in bounds
                if value is not None
            ),
            sort=given.get("sort", "score"),
        )

    def query(self, **changed: str) -> str:
        """The parameters as the end of an address, some of them changed; an empty one is left out."""
        values = {**dict(self.values), **changed}
        kept = [(name, value) for name, value in values.items() if value]
        return f"?{urlencode(kept)}" if kept else ""


def asked(parameters: Iterable[tuple[str, str]]) -> Asked:
    """What an address asks for, without what is no filter or no value; of two values the last counts."""
    values: dict[str, str] = {}
    page = 1
    for name, value in parameters:
        value = value.strip()[:_MAX_CHARS]
        if name == "page" and value.isdecimal():
            page = min(max(int(value[:9]), 1), _MAX_PAGE)
        elif value and (
            name in ("q", "tree", *HELD)
            or (name in BOUNDS and _number(value) is not None)
            or (name == "sort" and value in SORTS)
        ):
            values[name] = value
    return Asked(tuple(values.items()), page)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value < 1e12 else None
