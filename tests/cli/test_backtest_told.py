"""What `backtest` tells of a bare history: the seller's words first, then what is asked, then the first days."""

import csv
import json
from datetime import UTC, datetime

import pytest

from tests.ranking.histories import market
from trendscout.lang import Lang

TOLD: dict[Lang, tuple[str, ...]] = {
    "en": (
        "Of the 20 that it named each time",
        "asked of it",
        "The first 14 days of a new store",
        "P@10",
        "base rate",
    ),
    "zh": ("每次点名的 20 个中", "要求", "新仓库的头 14 天", "P@10", "基准"),
}


@pytest.fixture(name="bare")
def _bare(tmp_path):
    past = market(3, days=30, length=40)
    with (tmp_path / "bare.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("list_id", "snapshot_at", "rank", "item_key"))
        for snap, item, rank in zip(past.obs_snap, past.obs_item, past.obs_rank, strict=True):
            at = datetime.fromtimestamp(int(past.snap_time[snap]), UTC)
            table.writerow((past.lists[past.snap_list[snap]], at.isoformat(), rank, past.items[item]))
    return "bare.csv"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_bare_history_is_told_in_a_sellers_order(run, bare, lang):
    ended = run("--lang", lang, "backtest", bare)
    assert ended.code == 0, ended.err
    places = [ended.out.find(words) for words in TOLD[lang]]
    assert -1 not in places, ended.out
    assert places == sorted(places)
    days = [line.split() for line in ended.out.splitlines() if line.strip()[:2].strip().isdigit()]
    assert [int(cells[0]) for cells in days] == list(range(1, 15))
    assert ("✓" in ended.out) or ("✗" in ended.out)


def test_the_same_is_told_as_json(run, bare):
    group = json.loads(run("backtest", bare, "--json").out)["groups"][0]
    assert [day["day"] for day in group["first_days"]] == list(range(1, 15))
    assert {"named", "with_chance", "came", "plain", "luck", "ap", "plain_ap", "moments"} <= set(
        group["first_days"][0]
    )
    assert group["shown"]["with_chance"] <= group["shown"]["named"]
    for target in group["targets"]:
        assert (target["held"] is None) == (not target["reached"])
