"""Changed pages are read as they are or told about: a small form of benchmarks/mutations.py, held to zero."""

from __future__ import annotations

import importlib
import sys
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from trendscout.model import Entry

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"
EACH = 120  # of every fixture: about 13,000 in all, a few seconds


@pytest.fixture(scope="module")
def mutations() -> Any:
    sys.path.insert(0, str(BENCHMARKS))
    module: ModuleType = importlib.import_module("mutations")
    return module


@pytest.mark.slow
def test_no_changed_page_is_read_wrong_without_a_word(mutations: Any) -> None:
    seeds = list(mutations.fixture_seeds())
    table, wrong = mutations.run(seeds, EACH)
    assert not wrong
    assert sum(counts.total() for counts in table.values()) > 90 * len(seeds)
    assert all(counts.total() for counts in table.values())
    assert sum(counts["told"] for counts in table.values()) > 1000


def entry(**fields: Any) -> Entry:
    return Entry(**({"list": "x_US/a/b", "rank": 1, "item_key": "1", "price": Decimal(5), "count": 10} | fields))


PAGE = [entry(), entry(item_key="2", rank=2), entry(item_key="3", rank=3)]


@pytest.mark.parametrize(
    ("after", "removed", "kind"),
    [
        (PAGE, False, "same"),
        ([PAGE[0], entry(item_key="2", rank=2, price=None), PAGE[2]], False, "less"),
        ([PAGE[0], entry(item_key="3", rank=2)], True, "less"),  # closed up
        ([PAGE[0], entry(item_key="3", rank=2)], False, "wrong"),  # lost without a reason
        ([PAGE[0], entry(item_key="2", rank=2, price=Decimal(50)), PAGE[2]], True, "wrong"),
        ([PAGE[0], entry(item_key="2", rank=2, count=11), PAGE[2]], True, "wrong"),
        ([PAGE[0], entry(item_key="2", rank=2, count=9, count_floor=True), PAGE[2]], True, "same"),
        ([PAGE[0], PAGE[1], entry(item_key="4", rank=3)], True, "wrong"),  # never shown
        ([PAGE[0], entry(item_key="2", rank=3), entry(item_key="3", rank=2)], True, "wrong"),
    ],
)
def test_the_judge_sees_what_is_wrong(mutations: Any, after: list[Entry], removed: bool, kind: str) -> None:
    mutant = mutations.Mutant("a change", b"", removed=removed)
    assert mutations.compared(PAGE, after, mutant).kind == kind
