"""Of what was learned the store keeps what later mornings go on from, and no more."""

from pathlib import Path

import pytest

from trendscout.store.connect import open_store
from trendscout.store.learned import kept_states, save_states

# (snapshots, whether they are the latest) in the order in which they are kept -> what is there at the end.
KEPT = {
    "the first of both": ([(180, False), (365, True)], {180, 365}),
    "a later morning": ([(180, False), (365, True), (400, True)], {180, 400}),
    "a later training": ([(180, False), (365, True), (200, False)], {200, 365}),
    "both again": ([(180, False), (365, True), (200, False), (400, True), (410, True)], {200, 410}),
    "a training alone": ([(20, False), (25, False)], {25}),
    "a training up to the last morning": ([(180, False), (365, True), (365, False)], {365}),
    "a morning of the past": ([(180, False), (365, True), (190, True)], {180, 190}),
}


@pytest.mark.parametrize(("saved", "left"), KEPT.values(), ids=KEPT)
def test_a_list_has_one_state_before_the_training_and_a_later_one(tmp_path: Path, saved, left) -> None:
    with open_store(tmp_path / "s.duckdb") as store:
        for snapshots, latest in saved:
            states = dict.fromkeys(("a/b/c", "a/b/d"), (snapshots, "digest", 1, b"item", b"list"))
            save_states(store, states, latest=latest)
        save_states(store, {"a/b/e": (7, "digest", 1, b"item", b"list")}, latest=True)
        found = kept_states(store, ["a/b/c", "a/b/d", "a/b/e"])
    assert {name: sorted(row[0] for row in rows) for name, rows in found.items()} == {
        "a/b/c": sorted(left),
        "a/b/d": sorted(left),
        "a/b/e": [7],
    }
