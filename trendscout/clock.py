"""Time as a thing that is passed in: the real clock, and a virtual one for the demo and the tests."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol


class Clock(Protocol):
    """What knows the time and can wait."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return `seconds` later."""

    async def together(self, work: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Run the coroutines side by side until all are done; the first error cancels the rest."""


async def _gather(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for part in work:
                group.create_task(part)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Return `seconds` later."""
        if seconds > 0:
            await asyncio.sleep(seconds)

    async def together(self, work: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Run the coroutines side by side until all are done; the first error cancels the rest."""
        await _gather(work)


class VirtualClock:
    """A clock on which waiting costs no time: a sleep moves it forward at once.

    Coroutines given to `together` take turns: one runs until it sleeps or ends, then the one with the earliest
    waking time goes on. So the times that they see depend on nothing but their own sleeps, and a simulated crawl
    of many hosts lasts as long as its slowest host, not as long as all of them.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._taking_turns: set[asyncio.Task[Any] | None] = set()
        self._running = 0
        self._asleep: list[tuple[datetime, int, asyncio.Event]] = []
        self._order = 0

    def now(self) -> datetime:
        """The virtual time, aware, in UTC."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Return at once, `seconds` later on this clock."""
        due = self._now + timedelta(seconds=max(0.0, seconds))
        if asyncio.current_task() in self._taking_turns:
            await self._wait(due)
        else:
            self._now = max(self._now, due)

    async def together(self, work: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Run the coroutines in turns until all are done; the first error cancels the rest."""
        self._running += len(work)
        await _gather([self._in_turn(part) for part in work])

    async def _in_turn(self, part: Coroutine[Any, Any, None]) -> None:
        task = asyncio.current_task()
        self._taking_turns.add(task)
        try:
            await self._wait(self._now)
            await part
        finally:
            part.close()
            self._taking_turns.discard(task)
            self._running -= 1
            # Not at once: if this part failed, the others are cancelled first.
            asyncio.get_running_loop().call_soon(self._wake_next)

    async def _wait(self, due: datetime) -> None:
        woken = asyncio.Event()
        self._order += 1
        entry = (due, self._order, woken)
        heapq.heappush(self._asleep, entry)
        self._running -= 1
        self._wake_next()
        try:
            await woken.wait()
        except asyncio.CancelledError:
            if not woken.is_set():
                self._asleep.remove(entry)
                heapq.heapify(self._asleep)
                self._running += 1
            raise

    def _wake_next(self) -> None:
        if self._running == 0 and self._asleep:
            due, _, woken = heapq.heappop(self._asleep)
            self._now = max(self._now, due)
            self._running += 1
            woken.set()
