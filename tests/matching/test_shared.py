"""Floors on real lists and on labelled sets (gate/floors.toml), a little below what docs/matching.md says."""

import csv
import os
import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trendscout.matching.match import match_listings
from trendscout.steps.match import open_markets
from trendscout.store.blocking import candidate_pairs

ROOT = Path(__file__).parents[2]
SETS = Path(os.environ.get("TRENDSCOUT_SHARED", "../shared")) / "matching"
FLOORS = tomllib.loads((ROOT / "gate" / "floors.toml").read_text(encoding="utf-8"))["matching"]
REAL = [name for name, floor in FLOORS.items() if isinstance(floor, dict)]
CANDIDATES = {"ember_taobao_zh": 0.8}  # of the true pairs
# How many pairs of each stratum a judged one stands for, where the set does not say it itself.
POPULATION = {"sn": 59, "sc": 146, "ln": 1320, "lc": 1172, "nm": 4494}


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.long) if name in CANDIDATES else name
        for name in sorted(FLOORS.keys() - set(REAL))
    ],
)
def test_floor(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (SETS / name).exists():
        pytest.skip(f"{SETS / name} is not there")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import matching

    score = matching.ours(matching.load(SETS / name, matching.SETS[name]))
    assert score.f1 >= FLOORS[name]
    assert score.candidates >= CANDIDATES.get(name, 0)


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_floor_on_real_lists(name: str) -> None:
    if not (SETS / name).exists():
        pytest.skip(f"{SETS / name} is not there")
    found = judged(name)
    low = {figure: value for figure, value in found.items() if value < FLOORS[name][figure]}
    assert low == {}


def judged(name: str) -> dict[str, float]:
    """The weighted figures of a set whose pairs were judged: S one sellable product, V a variant, D another."""
    table = pq.read_table(SETS / name / "records.parquet")
    matches = match_listings(table, candidate_pairs=candidate_pairs, markets=open_markets())
    product = dict(zip(*(matches.clusters[column].to_pylist() for column in ("id", "product_id")), strict=True))
    same = {(row["id_a"], row["id_b"]) for row in pa.table(matches.pairs).to_pylist() if row["verdict"] == "same"}
    with (SETS / name / "pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    drawn = {stratum: sum(row["stratum"] == stratum for row in rows) for stratum in POPULATION}
    pairs = [
        (
            float(row["weight"]) if "weight" in row else POPULATION[row["stratum"]] / drawn[row["stratum"]],
            row["judgement"] == "S",
            product[row["id_a"]] == product[row["id_b"]],
            tuple(sorted((row["id_a"], row["id_b"]))) in same,
        )
        for row in rows
    ]
    right = sum(weight for weight, true, joined, _ in pairs if true and joined)
    return {
        "joined": right / sum(weight for weight, _, joined, _ in pairs if joined),
        "recall": right / sum(weight for weight, true, _, _ in pairs if true),
        "kept": sum(true and joined for _, true, joined, _ in pairs),
        "same": sum(weight for weight, true, joined, said in pairs if true and joined and said)
        / sum(weight for weight, _, joined, said in pairs if joined and said),
    }
