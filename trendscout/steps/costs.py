"""What the user's goods cost: costs.toml, and what exports of their own goods say beside it."""

from __future__ import annotations

from datetime import datetime

from trendscout.errors import ConfigError
from trendscout.money import Rates
from trendscout.report import costs
from trendscout.settings.config import Settings
from trendscout.store.sql import Connection
from trendscout.store.stock import own_goods

OWN_FILE = "costs.toml"


def written_costs(settings: Settings, rates: Rates, *, now: datetime) -> costs.CostBook:
    """What the user's costs.toml says, their reader's where there is one. Raises ConfigError if it is wrong."""
    return costs.load(settings.own(OWN_FILE), rates, now.date())


def cost_book(
    connection: Connection, settings: Settings, rates: Rates, *, now: datetime
) -> tuple[costs.CostBook, tuple[ConfigError, ...]]:
    """The user's costs at `now`, and what is wrong with their file: it is then left out."""
    exported = costs.of_goods(own_goods(connection), now, rates)
    try:
        written, faults = written_costs(settings, rates, now=now), ()
    except ConfigError as fault:
        return costs.CostBook(exported), (fault,)
    return written.with_goods(exported), faults
