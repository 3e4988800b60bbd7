"""The circuit breaker: after a block a host is left alone, each time for longer, and then tried once.

closed ──trip──► open until T ──T passes──► half-open: one request ──ok──► closed
                    ▲                                  │
                    └──────────── trip, twice as long ◄┘
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from trendscout.model import HostState

_FIRST = timedelta(minutes=30)
_LONGEST = timedelta(days=7)
_MISSES = 3  # failed pages in a row that count as a block: the host is down, or drops us


def waits(state: HostState, now: datetime) -> float:
    """Seconds until the host may be asked again; 0 if it may be now."""
    if state.open_until is None or state.open_until <= now:
        return 0.0
    return (state.open_until - now).total_seconds()


def after_block(state: HostState, now: datetime, reason: str, *, at_least_s: float = 0.0) -> HostState:
    """After a wall or a "try later": 30 minutes, doubled with each block in a row, up to a week."""
    wait = max(min(_FIRST * 2 ** min(state.trips, 16), _LONGEST), timedelta(seconds=min(at_least_s, 30 * 86400.0)))
    return replace(state, trips=state.trips + 1, misses=0, open_until=now + wait, reason=reason)


def after_miss(state: HostState, now: datetime, reason: str) -> HostState:
    """The host's state after a page that did not come; the third in a row is a block, as is one on trial."""
    if state.misses + 1 >= _MISSES or state.trips:
        return after_block(state, now, reason)
    return replace(state, misses=state.misses + 1, reason=reason)
