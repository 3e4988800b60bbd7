"""Goods that the seller's lists of words meet: they lead the report, whatever their chance."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from trendscout.errors import ConfigError
from trendscout.files import written_text
from trendscout.settings.config import Settings
from trendscout.store.products import ignored
from trendscout.store.query import titled_products
from trendscout.store.sql import Connection
from trendscout.text import watch_words
from trendscout.text.watch_words import WatchList

OWN_FILE = "words.toml"
LEAD = 20  # goods that lead a report at most: those that were seen first last
_SPAN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Met:
    """A product whose title a list meets."""

    product: str
    title: str
    first_seen: datetime
    lists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """What the lists meet, the latest first sighting first."""

    lists: tuple[WatchList, ...] = ()
    met: tuple[Met, ...] = ()
    faults: tuple[ConfigError, ...] = ()
    by_product: Mapping[str, Sequence[str]] = field(default_factory=dict)  # of those that lead


def watched(connection: Connection, settings: Settings, *, now: datetime) -> Watched:
    """The products of the last 30 days that the lists of words.toml meet, without those marked ignore."""
    try:
        lists = read_lists(settings.own(OWN_FILE))
    except ConfigError as fault:
        return Watched(faults=(fault,))
    if not lists:
        return Watched()
    unwanted = ignored(connection, reader=settings.reader)
    met = []
    for product, titles, first_seen in titled_products(connection, since=now - _SPAN, until=now):
        names = tuple(one.name for one in lists if product not in unwanted and any(map(one.meets, titles)))
        if names:
            met.append(Met(product, titles[0], first_seen, names))
    met.sort(key=lambda one: (one.first_seen, one.product), reverse=True)
    return Watched(lists, tuple(met), by_product={one.product: one.lists for one in met[:LEAD]})


def read_lists(path: Path) -> tuple[WatchList, ...]:
    """The lists of words.toml; none where there is no file. Raises ConfigError for one that cannot be used."""
    if not path.exists():
        return ()
    try:
        return watch_words.read(tomllib.loads(written_text(path)))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(
            "{file} cannot be used: {reason}.",
            next_step='A line reads "宠物" = ["pet fountain = 饮水机", "/cats?/", "+usb", "-used"].',
            file=path,
            reason=str(error),
        ) from error
