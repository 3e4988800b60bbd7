"""What goes wrong in the simulated market, and when: seeded, so that it is the same in every run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from trendscout.demo.market import number_of

Fault = Literal["busy", "overload", "captcha", "down"]

# In a thousand days of a host: what happens to its list pages.
RATES: tuple[tuple[Fault, int], ...] = (
    ("busy", 60),  # the first request gets 429 with Retry-After
    ("overload", 50),  # the first request gets 503
    ("captcha", 30),  # on CAPTCHA_HOSTS: a captcha behind status 200, all day
    ("down", 20),  # 503 for everything, all day
)
RETRY_AFTER_S = 20
CAPTCHA_HOSTS = ("www.amazon.com", "www.amazon.co.uk", "www.aliexpress.com")


def fault_of(seed: int, host: str, day: int) -> Fault | None:
    """What is wrong with a host on a day. The first days are quiet: a fault shows only against a history."""
    if day < 3:
        return None
    draw = number_of("fault", seed, host, day) % 1000
    for fault, rate in RATES:
        if draw < rate:
            return fault if fault != "captcha" or host in CAPTCHA_HOSTS else None
        draw -= rate
    return None


def planted(seed: int, hosts: Iterable[str], days: int) -> Counter[Fault]:
    """How many days of each fault are planted for these hosts."""
    found = (fault_of(seed, host, day) for host in hosts for day in range(days))
    return Counter(fault for fault in found if fault)
