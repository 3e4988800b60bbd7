"""Categories that come back too often: the seller's own, and the lists' that they are."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trendscout.errors import ConfigError
from trendscout.files import written_text
from trendscout.findings import Finding, finding
from trendscout.settings.config import Settings
from trendscout.store.sql import Connection
from trendscout.store.stock import Returned, list_categories, returned_categories
from trendscout.text.categories import alike

OWN_FILE = "categories.toml"
TOO_OFTEN = 0.15  # sellers call a category a red ocean when more than this share comes back
_NAMED = 10  # categories that a note names


@dataclass(frozen=True, slots=True)
class RedOcean:
    """What comes back too often."""

    by_list: Mapping[str, Returned] = field(default_factory=dict)  # category of lists → the worst own one it is
    matched: tuple[Returned, ...] = ()
    unmatched: tuple[Returned, ...] = ()  # those that are no list's category, as far as anybody knows
    faults: tuple[ConfigError, ...] = ()

    @property
    def notes(self) -> tuple[Finding, ...]:
        """That some come back too often, and which of them are looked for in no list."""
        count = len(self.matched) + len(self.unmatched)
        if not count:
            return ()
        fields = {"count": count, "share": TOO_OFTEN, "matched": len(self.matched)}
        if not self.unmatched:
            return (finding("red_ocean", **fields),)
        names = ", ".join(f"{one.category} {one.rate:.0%}" for one in self.unmatched[:_NAMED])
        return (finding("red_ocean_unmatched", **fields, names=names),)


def red_ocean(connection: Connection, settings: Settings) -> RedOcean:
    """The own categories over 15 % of returns, weighted by sales, and the categories of lists that they are."""
    table: Mapping[str, Sequence[str]] = {}
    faults: tuple[ConfigError, ...] = ()
    try:
        table = read_table(settings.home / OWN_FILE)
    except ConfigError as fault:
        faults = (fault,)
    crowded = [one for one in returned_categories(connection) if one.rate > TOO_OFTEN]
    if not crowded:
        return RedOcean(faults=faults)
    listed = list_categories(connection)
    by_list: dict[str, Returned] = {}
    matched = []
    for returned in sorted(crowded, key=lambda one: one.rate):  # the worst is said last, and stays
        meant = alike(returned.category, listed, table) if returned.own_name else frozenset((returned.category,))
        by_list |= dict.fromkeys(meant, returned)
        if meant:
            matched.append(returned)
    unmatched = tuple(one for one in reversed(crowded) if one not in matched)
    return RedOcean(by_list, tuple(matched), unmatched, faults)


def read_table(path: Path) -> Mapping[str, Sequence[str]]:
    """The user's table: an own category, and the lists' categories that it is: `"厨房" = ["kitchen"]`.

    Raises ConfigError for a line that says anything else. A missing file is an empty table.
    """
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(written_text(path))
    except (OSError, ValueError, RecursionError) as error:
        raise _wrong(path, str(error)) from error
    by_category = {}
    for own, meant in table.items():
        names = [meant] if isinstance(meant, str) else meant
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise _wrong(path, f"{own!r} is followed by no names")
        by_category[own] = names
    return by_category


def _wrong(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        "{file} cannot be used: {reason}.",
        next_step='A line reads "厨房" = ["kitchen", "home-garden"]: your category, and those of lists.',
        file=path,
        reason=reason,
    )
