"""What currencies are worth to this user: their own file, and what the store has of the European Central Bank."""

from __future__ import annotations

from datetime import datetime

from trendscout.errors import ConfigError
from trendscout.money import Rates, read_own
from trendscout.settings.config import Settings
from trendscout.store.rates import bank_rates
from trendscout.store.sql import Connection

OWN_FILE = "rates.toml"


def rates_of(
    connection: Connection, settings: Settings, *, now: datetime
) -> tuple[Rates, tuple[ConfigError, ...]]:
    """The rates known at `now`, and what is wrong with the user's file: it is then left out."""
    banks = bank_rates(connection, until=now.date())
    try:
        return Rates(read_own(settings.home / OWN_FILE), banks), ()
    except ConfigError as fault:
        return Rates(ecb=banks), (fault,)
