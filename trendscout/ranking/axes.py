"""新 and 特: how new a product is, and how few have it. Each 0-100 with the sentence that is its evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from trendscout.model import Axis

NEW_HALF_LIFE_DAYS = 21.0  # a product three weeks old is half as new as one of today
HERE_WEIGHT = 0.4  # of the market's own first sighting; the rest is the first sighting anywhere
FAR_PRICE = math.log(3)  # three times the usual price, or a third of it, is as far apart as counts


@dataclass(frozen=True, slots=True)
class Facts:
    """What the axes ask of a product."""

    title: str
    category: str
    market: str | None
    first_seen: datetime  # on any platform, in any market
    first_in_market: datetime | None = None
    listed_at: datetime | None = None  # as the platform says
    platforms: int = 1
    sellers: int | None = None  # None: the lists do not say
    near_copies: int | None = 0  # None: without a title nobody can know
    price_usd: float | None = None
    brands: tuple[str, ...] = ()  # brand and shop names: their words never count as odd


def newness(facts: Facts, now: datetime, *, watched_since: datetime | None = None) -> Axis:
    """新: age since the first sighting or the listing date, whichever is earlier, and since it came to its market.

    A product that was there when the watch began (`watched_since`) and has no listing date has no known age.
    """
    there_at_start = watched_since is not None and (facts.first_seen - watched_since).total_seconds() < 86_400
    if there_at_start and facts.listed_at is None:
        return Axis(None, "not enough data: it was there when the watch began")
    born = min(facts.first_seen, facts.listed_at or facts.first_seen)
    came_later = facts.first_in_market is not None and facts.first_in_market > facts.first_seen
    arrived = facts.first_in_market if came_later and facts.first_in_market else born
    days, days_here = _days(born, now), _days(arrived, now)
    value = 100 * ((1 - HERE_WEIGHT) * _freshness(days) + HERE_WEIGHT * _freshness(min(days, days_here)))
    fields = {"days": round(days), "days_here": round(days_here)}
    if came_later and days - days_here >= 2:
        return Axis(round(value, 1), "{days} days old, in this market for {days_here}", fields)
    if facts.listed_at and facts.listed_at <= facts.first_seen:
        return Axis(round(value, 1), "listed {days} days ago", fields)
    return Axis(round(value, 1), "first seen {days} days ago", fields)


def specialness(facts: Facts, crowd_prices_usd: Sequence[float] = ()) -> Axis:
    """特: how few platforms, sellers and near-copies have it, and how far its price is from its category's.

    The mean of what is known, each between 0 (common) and 1 (alone). No value where neither copies nor sellers are
    known: to stand on one platform alone makes nothing special.
    """
    if facts.near_copies is None and facts.sellers is None:
        return Axis(None, "not enough data: neither a title to compare nor a seller")
    parts = [1 / max(1, facts.platforms)]
    fields: dict[str, str | int | float] = {"platforms": facts.platforms}
    why = "on {platforms} platforms"
    if facts.sellers is not None:
        parts.append(1 / max(1, facts.sellers))
        fields["sellers"] = facts.sellers
        why += ", {sellers} sellers"
    if facts.near_copies is not None:
        parts.append(1 / (1 + facts.near_copies))
        fields["copies"] = facts.near_copies
        why += ", {copies} near-copies"
    if facts.price_usd and len(crowd_prices_usd) >= 5:
        usual = median(crowd_prices_usd)
        if usual > 0:
            parts.append(min(1.0, abs(math.log(facts.price_usd / usual)) / FAR_PRICE))
            fields["times"] = round(facts.price_usd / usual, 1)
            why += ", {times} × the usual price"
    return Axis(round(100 * sum(parts) / len(parts), 1), why, fields)


def _days(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds() / 86_400)


def _freshness(days: float) -> float:
    return float(0.5 ** (days / NEW_HALF_LIFE_DAYS))
