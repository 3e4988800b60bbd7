"""Another try: which faults are worth one, and when it may be made."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TypeVar

import stamina

from trendscout.clock import Clock
from trendscout.fetch.host import Host
from trendscout.fetch.limits import Limits
from trendscout.findings import Finding, words
from trendscout.sources.walls import TRANSIENT, answer_of

log = logging.getLogger(__name__)
logging.getLogger("stamina").setLevel(logging.ERROR)  # each retry is told here, with its host

T = TypeVar("T")


class Again(Exception):
    """A fault that may pass."""

    def __init__(self, why: Finding, *, after_s: float = 0.0, try_later: bool = False) -> None:
        super().__init__(str(why))
        self.why = why
        self.after_s = after_s  # what the site asked for
        self.try_later = try_later  # the site is there and wants time
        self.attempts = 1  # how many ended so


async def tried(once: Callable[[], Awaitable[T]], host: Host, spacing_s: float, clock: Clock, limits: Limits) -> T:
    """What `once` gives, in the host's turn, with other attempts after faults that may pass.

    Raises the last Again; at once if the site asks for more time than is waited for within a run, or took much
    time for nothing.
    """
    spent_s = 0.0  # of this machine's time: a clock may be simulated, a site that holds us is not

    def worth_waiting(fault: Exception) -> bool:
        return isinstance(fault, Again) and fault.after_s <= limits.patience_s and spent_s < limits.again_s

    # The waiting is done by the turn, on our clock; stamina only decides whether there is another attempt.
    attempts = stamina.retry_context(
        on=worth_waiting, attempts=limits.attempts, timeout=None, wait_initial=0.0, wait_max=0.0, wait_jitter=0.0
    )
    async for attempt in attempts:
        with attempt:
            await host.turn(clock, spacing_s)
            began = monotonic()
            try:
                return await once()
            except Again as fault:
                spent_s += monotonic() - began
                fault.attempts = attempt.num
                pause = limits.backoff_s * 2.0 ** (attempt.num - 1)
                host.hold(clock.now(), max(pause, fault.after_s))
                log.info("%s: attempt %d: %s", host.name, attempt.num, fault)
                raise
    raise AssertionError("the last attempt returns or raises")


def require_answer(status: int, retry_after: str, now: datetime) -> None:
    """Raises Again for a status that may pass; `retry_after` is the header field, "" if there is none."""
    if status in TRANSIENT:
        after_s = retry_after_s(retry_after, now) or 0.0
        raise Again(
            words("HTTP {status}", status=status), after_s=after_s, try_later=answer_of(status) == "overload"
        )


def retry_after_s(value: str, now: datetime) -> float | None:
    """How long a Retry-After field asks us to wait, from seconds or a date; None if it says neither."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return max(0.0, (at - now).total_seconds())
