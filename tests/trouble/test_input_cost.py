"""No input costs more than its length allows: a small form of benchmarks/input_cost.py, held to zero."""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SIZE = 60_000  # what takes time with the square of its length shows at a tenth of a second

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")


@pytest.fixture(scope="module")
def cost() -> Any:
    sys.path.insert(0, str(BENCHMARKS))
    return importlib.import_module("input_cost")


def test_no_flood_costs_more_than_its_length_allows(cost: Any) -> None:
    some = [*cost.readers(), *cost.source_readers(random.Random(7), 1)]
    found = list(cost.costs(some, SIZE))
    assert len(found) > 500
    assert [one for one in found if one.is_wrong] == []


def test_the_measure_sees_time_memory_and_faults(cost: Any) -> None:
    def slow(data: bytes) -> object:
        return sum(hash(data[:n]) for n in range(len(data)))

    def hungry(data: bytes) -> object:
        return b"x" * (len(data) * 3000)

    def broken(data: bytes) -> object:
        raise KeyError(data[:1])

    wrong = list(cost.costs([cost.Reader("", run, (b"a",)) for run in (slow, hungry, broken)], SIZE))
    assert [one.is_wrong for one in wrong] == [True, True, True]
    assert wrong[0].s_per_mb > cost.MAX_S_PER_MB
    assert wrong[1].bytes_per_byte > cost.MAX_BYTES_PER_BYTE
    assert wrong[2].end.startswith("KeyError")
