"""Amounts in US dollars by the rate of a day, and how old that rate is.

Rates are the user's own (`rates.toml`), the European Central Bank's (its daily file as it was collected, in the
store, and the months that come with the package) and the package's dated table of what the ECB does not quote. The
nearest that is not later counts; the package's table only where the user says nothing. A day before the first rate
has none: what a currency was worth then is not guessed.
"""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from trendscout.errors import ConfigError
from trendscout.files import written_text

Origin = Literal["fixed", "own", "ecb", "package"]
Days = Sequence[tuple[date, float]]  # dollars for one unit, from that day on; the oldest first
FIXED = {"USD": 1.0, "SAR": 1 / 3.75, "AED": 1 / 3.6725, "QAR": 1 / 3.64, "OMR": 1 / 0.3845, "BHD": 1 / 0.376}
OLD_DAYS = 7  # the longest that the ECB is silent, around New Year and Easter, is five days
_NO_RATES: Mapping[str, Days] = {}
_MAX_BYTES = 1_000_000
_LEAST_WORTH = 1e12  # units for one dollar


@dataclass(frozen=True, slots=True)
class Rate:
    """US dollars for one unit of a currency, and since when that is known."""

    usd: float
    day: date | None  # None: fixed by law
    origin: Origin


@dataclass(frozen=True, slots=True)
class Rates:
    """What is known of currencies: the user's own rates, and the ECB's of the store."""

    own: Mapping[str, Days] = field(default_factory=lambda: _NO_RATES)
    ecb: Mapping[str, Days] = field(default_factory=lambda: _NO_RATES)

    def rate(self, currency: str, on: date | None = None) -> Rate | None:
        """The rate of a currency (ISO 4217) on a day, by default the newest known; None if there is none."""
        code = currency.strip().upper()
        own = _last("own", self.own.get(code, ()), on)
        if own is None and code in FIXED:
            return Rate(FIXED[code], None, "fixed")
        known = (
            own,
            _last("ecb", self.ecb.get(code, ()), on),
            _last("ecb", _shipped("ecb").get(code, ()), on),
            _last("package", _shipped("others").get(code, ()), on) if own is None else None,
        )
        # The first of equals: the user's word.
        return max((one for one in known if one), key=lambda one: one.day or date.min, default=None)

    def in_usd(self, amount: float, currency: str | None, on: date | None = None) -> float | None:
        """The amount in US dollars on a day; None if the currency is not said or unknown."""
        known = self.rate(currency, on) if currency else None
        return None if known is None else amount * known.usd


SHIPPED = Rates()  # what the package knows alone


@cache
def usd_per(currency: str) -> float | None:
    """US dollars for one unit at the newest rate of the package: the same on every machine and day."""
    known = SHIPPED.rate(currency)
    return known.usd if known else None


def _last(origin: Origin, days: Days, on: date | None) -> Rate | None:
    """The last rate that is not later than `on`."""
    place = len(days) if on is None else bisect_right(days, on, key=lambda one: one[0])
    return Rate(days[place - 1][1], days[place - 1][0], origin) if place else None


@cache
def _shipped(name: str) -> Mapping[str, Days]:
    """One of the tables in trendscout/rates/, which docs/rates.py makes."""
    found: dict[str, list[tuple[date, float]]] = {}
    text = (Path(__file__).parent / "rates" / f"{name}.csv").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        code, day, usd = line.split(",")
        found.setdefault(code, []).append((date.fromisoformat(day), float(usd)))
    return found


def read_own(path: Path) -> Mapping[str, Days]:
    """The user's rates: a table a currency, units for one dollar from a day on: `[ARS]`, `2026-11-01 = 1480`.

    Raises ConfigError naming what is wrong. A missing file is an empty table.
    """
    if not path.exists():
        return {}
    try:
        tables = tomllib.loads(written_text(path, _MAX_BYTES))
        return {code.upper(): _days(code, table) for code, table in tables.items()}
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(
            "{file} cannot be used: {reason}.",
            next_step="A currency reads [ARS], below it a line a day: 2026-11-01 = 1480, units for one dollar.",
            file=path,
            reason=str(error),
        ) from error


def _days(code: str, table: Any) -> Days:
    if not (len(code) == len("USD") and code.isascii() and code.isalpha() and isinstance(table, dict)):
        raise ValueError(f"{code!r} is no currency with days")
    days = []
    for day, units in table.items():
        number = isinstance(units, (int, float)) and not isinstance(units, bool)
        if not (number and math.isfinite(units) and 0 < units < _LEAST_WORTH):
            raise ValueError(f"[{code}] {day}: a number above 0 is wanted")
        days.append((date.fromisoformat(day), 1 / float(units)))
    return sorted(days)
