"""What goes wrong in the simulated market, and when: seeded, so that it is the same in every run."""

from __future__ import annotations

from typing import Literal

from trendscout.demo.market import number_of

Fault = Literal["busy", "overload", "captcha", "down"]

# In a thousand days of a site: what happens to its list pages.
RATES: tuple[tuple[Fault, int], ...] = (
    ("busy", 60),  # the first request gets 429 with Retry-After
    ("overload", 50),  # the first request gets 503
    ("captcha", 30),  # a captcha behind status 200, all day
    ("down", 20),  # 503 for everything, all day
)
RETRY_AFTER_S = 20
CAPTCHA_SITES = ("amazon", "aliexpress")


def fault_of(seed: int, platform: str, market: str, day: int) -> Fault | None:
    """What is wrong with a site on a day. The first days are quiet: a fault shows only against a history."""
    draw = number_of("fault", seed, platform, market, day) % 1000
    if day < 3:
        return None
    for fault, rate in RATES:
        if draw < rate:
            return fault if fault != "captcha" or platform in CAPTCHA_SITES else None
        draw -= rate
    return None


def planted(seed: int, platforms: tuple[tuple[str, str], ...], days: int) -> dict[Fault, int]:
    """How many days of each fault are planted for these (platform, market) pairs."""
    found: dict[Fault, int] = {fault: 0 for fault, _ in RATES}
    for platform, market in platforms:
        for day in range(days):
            fault = fault_of(seed, platform, market, day)
            if fault:
                found[fault] += 1
    return found
