"""One host as the crawler sees it: when its next turn is, and what its robots.txt says."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from trendscout.clock import Clock
from trendscout.fetch.robots import Robots

# Never faster than the stated spacing, up to half as slow again: a fixed beat is easy to take for an attack.
_JITTER = (1.0, 1.5)


@dataclass(slots=True)
class Host:
    """The running state of one scheme, host and port."""

    origin: str  # "https://www.example.com"
    name: str  # "www.example.com"
    random: random.Random
    robots: Robots | None = None
    drawn_s: float = 0.0  # the spacings so far: a crawl of this host alone cannot be shorter
    _last: datetime | None = None  # when the last request was sent, or its failure was seen
    _held_s: float = 0.0
    _waiting: int = 0  # a redirect may lead one lane into another's host

    async def turn(self, clock: Clock, spacing_s: float) -> None:
        """Return when the next request may be sent."""
        now = clock.now()
        wait = 0.0
        self._waiting += 1
        if self._last is not None:
            gap = max(spacing_s * self.random.uniform(*_JITTER), self._held_s)
            self.drawn_s += gap
            # A gap for each who waits, whatever the machine's clock did meanwhile.
            wait = min(gap * self._waiting, max(0.0, gap - (now - self._last).total_seconds()))
        self._held_s = 0.0
        self._last = now + timedelta(seconds=wait)
        try:
            await clock.sleep(wait)
        finally:
            self._waiting -= 1

    def hold(self, now: datetime, seconds: float) -> None:
        """Let at least `seconds` pass from now before the next request."""
        self._last, self._held_s = now, seconds
