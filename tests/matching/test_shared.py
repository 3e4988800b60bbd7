"""Floors under F1 on real labelled sets, a little below what docs/matching.md says."""

import os
from pathlib import Path

import pytest

SETS = Path(os.environ.get("TRENDSCOUT_SHARED", "../shared")) / "matching"
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FLOORS = {
    "abt_buy": 0.90,
    "amazon_google": 0.71,
    "flash_storage_multilingual": 0.61,
    "wdc_computers": 0.71,
    "promap_en": 0.65,
}


@pytest.mark.shared
@pytest.mark.parametrize("name", FLOORS)
def test_floor(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (SETS / name).exists():
        pytest.skip(f"{SETS / name} is not there")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import matching

    score = matching.ours(matching.load(SETS / name, matching.SETS[name]))
    assert score.f1 >= FLOORS[name]
