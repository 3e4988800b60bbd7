"""Virtual time depends on nothing but the sleeps themselves."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta

import pytest

from trendscout.clock import Clock, SystemClock, VirtualClock

START = datetime(2026, 3, 1, tzinfo=UTC)


async def run(clock: Clock, naps: dict[str, list[float]]) -> list[tuple[str, float]]:
    seen: list[tuple[str, float]] = []

    async def one(name: str) -> None:
        for nap in naps[name]:
            await asyncio.sleep(0)  # a reply from the network, at any moment
            await clock.sleep(nap)
            seen.append((name, (clock.now() - START).total_seconds()))

    await clock.together([one(name) for name in naps])
    return seen


def test_side_by_side_sleeps_overlap() -> None:
    clock = VirtualClock(START)
    seen = asyncio.run(run(clock, {"a": [10, 10], "b": [3, 3, 3], "c": [25]}))
    assert seen == [("b", 3), ("b", 6), ("b", 9), ("a", 10), ("a", 20), ("c", 25)]
    assert clock.now() == START + timedelta(seconds=25)


def test_a_lone_sleep_moves_the_clock_at_once() -> None:
    clock = VirtualClock(START)
    asyncio.run(clock.sleep(3600))
    asyncio.run(clock.sleep(-5))
    assert clock.now() == START + timedelta(hours=1)


@pytest.mark.parametrize("clock", [VirtualClock(START), SystemClock()], ids=["virtual", "system"])
def test_the_first_error_cancels_the_rest(clock: Clock) -> None:
    done: list[str] = []

    async def fails() -> None:
        await clock.sleep(0.01)
        raise ValueError("mine")

    async def goes_on() -> None:
        await clock.sleep(60)
        done.append("late")

    with pytest.raises(ValueError, match="mine"):
        asyncio.run(clock.together([goes_on(), fails()]))
    assert done == []


def test_it_can_be_used_again_after_a_failure_and_a_cancellation() -> None:
    clock = VirtualClock(START)

    async def fails() -> None:
        raise ValueError("mine")

    async def outer() -> list[tuple[str, float]]:
        with pytest.raises(ValueError, match="mine"):
            await clock.together([clock.sleep(5), fails(), clock.sleep(1)])
        waiting = asyncio.Event()

        async def stuck() -> None:
            await waiting.wait()

        parts: list[Coroutine[object, object, None]] = [stuck(), clock.sleep(9)]
        work = asyncio.create_task(clock.together(parts))
        await asyncio.sleep(0.01)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        before = (clock.now() - START).total_seconds()
        return [(name, at - before) for name, at in await run(clock, {"a": [2], "b": [1]})]

    assert asyncio.run(outer()) == [("b", 1), ("a", 2)]


def test_the_system_clock_tells_utc_and_waits() -> None:
    clock = SystemClock()
    before = clock.now()
    asyncio.run(clock.sleep(0.02))
    assert before.tzinfo is UTC
    assert (clock.now() - before).total_seconds() >= 0.019
