"""Our own labelled pairs: a floor under the shipped weights."""

import csv
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from trendscout.matching.listings import read_listings, weigh
from trendscout.matching.match import score
from trendscout.matching.pair_model import shipped
from trendscout.tables import table

ROOT = Path(__file__).parents[2]
with (ROOT / "tests" / "gold" / "pairs.csv").open(encoding="utf-8", newline="") as file:
    PAIRS = list(csv.DictReader(file))

# F1 at probability .5, a little under what is measured; half of the pairs differ in a single word.
FLOORS = {"zh/zh": 0.75, "zh/en": 0.78, "en/en": 0.80, "id/en": 0.68, "zh/id": 0.75}


def test_the_set_is_as_large_and_as_hard_as_promised() -> None:
    assert len(PAIRS) >= 1000
    assert sum(pair["label"] == "0" for pair in PAIRS) * 2 == len(PAIRS)
    kinds = {pair["kind"] for pair in PAIRS}
    assert {"unit", "model", "pack", "generation", "gender", "side", "compatible"} <= kinds


def test_the_file_is_what_its_source_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    sys.modules.pop("gold", None)
    import gold

    made = [{name: str(value) for name, value in pair._asdict().items()} for pair in gold.pairs()]
    assert made == PAIRS


def test_gold_floor() -> None:
    titles = sorted({pair[side] for pair in PAIRS for side in ("title_a", "title_b")})
    row = {title: number for number, title in enumerate(titles)}
    ids = [f"{number:05}" for number in range(len(titles))]
    listings = weigh(read_listings(table({"id": ("VARCHAR", ids), "title": ("VARCHAR", titles)})))
    a, b = (np.array([row[pair[side]] for pair in PAIRS], np.int32) for side in ("title_a", "title_b"))
    chance = score(listings, a, b, shipped()).probability
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for pair, joined in zip(PAIRS, chance >= 0.5, strict=True):
        label = int(pair["label"])
        counts[pair["languages"]][0] += 2 * (label and int(joined))
        counts[pair["languages"]][1] += label + int(joined)
    found = {languages: right / both for languages, (right, both) in counts.items()}
    assert all(found[languages] >= floor for languages, floor in FLOORS.items()), found
