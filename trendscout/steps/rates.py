"""What currencies are worth to this user: their own file, and what the store has of the European Central Bank."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from trendscout.errors import ConfigError
from trendscout.money import Rates, read_own
from trendscout.settings.config import Settings
from trendscout.store.rates import bank_rates
from trendscout.store.sql import Connection

OWN_FILE = "rates.toml"


def own_rates(settings: Settings) -> Rates:
    """What the user's rates.toml says, and the package. Raises ConfigError if it is wrong."""
    return Rates(read_own(settings.home / OWN_FILE))


def rates_of(
    connection: Connection, settings: Settings, *, now: datetime
) -> tuple[Rates, tuple[ConfigError, ...]]:
    """The rates known at `now`, and what is wrong with the user's file: it is then left out."""
    banks = bank_rates(connection, until=now.date())
    try:
        return replace(own_rates(settings), ecb=banks), ()
    except ConfigError as fault:
        return Rates(ecb=banks), (fault,)
