"""The calendar of eight markets: what is bought when, and whether a product stands in its season."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from trendscout.ranking.title_words import words_of

LEAD_DAYS = 45  # people begin to buy for a season this long before it


@dataclass(frozen=True, slots=True)
class Season:
    """One season of a year in some markets."""

    name: str
    markets: frozenset[str]
    words: frozenset[str]  # in titles of goods that belong to it, lower case; empty: a sale of everything
    first: date
    last: date


_WEST = frozenset({"US", "UK"})
_ALL = frozenset({"US", "UK", "JP", "ID", "MY", "TH", "VN", "SG"})
_MUSLIM = frozenset({"ID", "MY", "SG"})

# (name, markets, words, month and day of the first, days)
_FIXED = (
    ("valentine", _ALL, "valentine valentines 情人节", (2, 14), 1),
    ("songkran", frozenset({"TH"}), "songkran water-gun watergun waterproof 泼水节 水枪", (4, 13), 3),
    (
        "summer",
        frozenset({"US", "UK", "JP"}),
        "pool beach swim swimming cooling inflatable 风扇",
        (6, 1),
        92,
    ),
    ("back to school", _WEST, "school backpack pencil notebook stationery lunch dorm 书包 文具 开学", (8, 1), 45),
    ("back to school", frozenset({"JP"}), "school backpack randoseru 書包 文具", (3, 15), 30),
    ("halloween", _ALL - _MUSLIM, "halloween costume pumpkin skeleton witch 万圣节 南瓜", (10, 31), 1),
    ("11.11", frozenset({"ID", "MY", "TH", "VN", "SG"}), "", (11, 11), 1),
    ("12.12", frozenset({"ID", "MY", "TH", "VN", "SG"}), "", (12, 12), 1),
    ("christmas", _ALL - {"ID", "MY"}, "christmas xmas santa advent ornament 圣诞", (12, 24), 2),
)
# Moon calendars: first days by year, as announced or computed (Umm al-Qura; the Chinese calendar).
_RAMADAN = ("2024-03-11", "2025-03-01", "2026-02-18", "2027-02-08", "2028-01-28", "2029-01-16", "2030-01-06")
_NEW_YEAR = ("2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03")
_MOVING = (
    ("ramadan", _MUSLIM, "ramadan raya lebaran hijab sajadah kurma dates prayer 斋月", _RAMADAN, 30),
    (
        "lunar new year",
        frozenset({"VN", "SG", "MY"}),
        "tet lunar new-year red-packet lantern 春节 红包",
        _NEW_YEAR,
        15,
    ),
)


@lru_cache(1000)
def seasons(market: str | None, day: date) -> tuple[Season, ...]:
    """The seasons of a market that people buy for on a day; of every market where it is None."""
    found = (season for year in (day.year, day.year + 1) for season in _of_year(year))
    return tuple(
        season
        for season in found
        if (market is None or market in season.markets)
        and season.first - timedelta(days=LEAD_DAYS) <= day <= season.last
    )


def season_of(title: str, market: str | None, day: date) -> Season | None:
    """The season that a product's title names and that is bought for in the market on that day."""
    words = set(words_of(title))
    return next((season for season in seasons(market, day) if words & season.words), None)


def _of_year(year: int) -> list[Season]:
    year_seasons = [
        Season(
            name, markets, frozenset(words.split()), date(year, *start), date(year, *start) + timedelta(days - 1)
        )
        for name, markets, words, start, days in _FIXED
    ]
    for name, markets, words, starts, days in _MOVING:
        for first in map(date.fromisoformat, starts):
            if first.year == year:
                last = first + timedelta(days - 1)
                year_seasons.append(Season(name, markets, frozenset(words.split()), first, last))
    return year_seasons
