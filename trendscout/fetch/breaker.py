"""The circuit breaker: after a block a host is left alone, each time for longer, and then tried once.

closed ──trip──► open until T ──T passes──► half-open: one request ──ok──► closed
                    ▲                                  │
                    └──────────── trip, twice as long ◄┘

What a site answers has one of four consequences. A missing page is its list's own affair and changes nothing here;
a block, an overload and a fault of theirs each rest the host, by `_BLOCK`, `_OVERLOAD` and `_FAULT`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trendscout.findings import Finding
from trendscout.model import HostState

_MISSES = 3  # faults in a row that rest a host: it is down, or drops us
LONGEST = timedelta(days=7)  # nothing rests a host for longer, whatever it asks for or a clock says


@dataclass(frozen=True, slots=True)
class _Rest:
    """How long a host is left alone: doubled with each time in a row."""

    first: timedelta
    longest: timedelta

    def after(self, trips: int) -> timedelta:
        return min(self.first * int(2 ** min(trips, 16)), self.longest)


_BLOCK = _Rest(timedelta(minutes=30), LONGEST)  # it does not want us: asking on makes it worse
_OVERLOAD = _Rest(timedelta(minutes=10), timedelta(hours=8))  # it wants time, and says how much if it is much
_FAULT = _Rest(timedelta(minutes=30), timedelta(days=1))  # it is broken: a day later somebody has mended it


def waits(state: HostState, now: datetime) -> float:
    """Seconds until the host may be asked again; 0 if it may be now."""
    if state.open_until is None or state.open_until <= now:
        return 0.0
    return (state.open_until - now).total_seconds()


def plausible(state: HostState, now: datetime) -> HostState:
    """The state itself, or with its rest cut to the longest there is: a clock was ahead when it was written."""
    if waits(state, now) <= LONGEST.total_seconds():
        return state
    return replace(state, open_until=now + LONGEST)


def after_block(state: HostState, now: datetime, reason: Finding) -> HostState:
    """After a wall: 30 minutes, doubled with each block in a row, up to a week."""
    return _rested(state, now, reason, _BLOCK.after(state.trips))


def after_overload(state: HostState, now: datetime, reason: Finding, *, at_least_s: float = 0.0) -> HostState:
    """After a "try later": what the host asks for, at least 10 minutes, doubled up to 8 hours."""
    asked = timedelta(seconds=min(at_least_s, LONGEST.total_seconds()))
    return _rested(state, now, reason, max(_OVERLOAD.after(state.trips), asked))


def after_fault(state: HostState, now: datetime, reason: Finding) -> HostState:
    """After a page that did not come; the third in a row, or one on trial, rests the host for up to a day."""
    if state.misses + 1 >= _MISSES or state.trips:
        return _rested(state, now, reason, _FAULT.after(state.trips))
    return replace(state, misses=state.misses + 1, reason=reason)


def _rested(state: HostState, now: datetime, reason: Finding, rest: timedelta) -> HostState:
    return replace(state, trips=state.trips + 1, misses=0, open_until=now + rest, reason=reason)
