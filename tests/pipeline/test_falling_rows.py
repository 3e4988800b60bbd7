"""A good that falls is no tip: it stands in no list of the best chances unless the seller asked to hear of it."""

from datetime import UTC, datetime, timedelta

import pytest

from trendscout import pipeline
from trendscout.model import Entry, Report, ReportQuery, Snapshot
from trendscout.settings.config import Settings
from trendscout.store.load import load_snapshots
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 11, 10, 8, tzinfo=UTC)
LIST = "amazon_bestsellers_US/bestsellers/toys"
FALLS, DIPS = "B000000098", "B000000099"
PLACES = {FALLS: (12, 12, 12, 25), DIPS: (15, 15, 15, 18)}


@pytest.fixture(name="workspace")
def _workspace(tmp_path) -> Workspace:
    found = Workspace.at(tmp_path / "s.duckdb")
    looks = []
    for day in range(4):
        order = [f"B{n:09}" for n in range(1, 39)]
        for key, places in sorted(PLACES.items(), key=lambda pair: pair[1][day]):
            order.insert(places[day] - 1, key)
        entries = tuple(Entry(LIST, rank, key, title=f"Thing {key[-2:]}") for rank, key in enumerate(order, 1))
        looks.append(Snapshot(LIST, NOW - timedelta(days=3 - day), "ok", entries, depth=40))
    with found.store() as store:
        load_snapshots(store, looks, loaded_at=NOW)
    pipeline.match(found)
    return found


def asked(workspace: Workspace) -> Report:
    return pipeline.report(workspace, ReportQuery(top=40), now=NOW, settings=Settings(top=40))


def test_what_falls_is_left_out_and_what_dips_is_not(workspace: Workspace) -> None:
    rows = {row.facts.item_key: row.scored for row in asked(workspace).rows}
    assert FALLS not in rows
    assert not rows[DIPS].falling
    assert not any(scored.falling or scored.stage == "fading" for scored in rows.values())


def test_a_marked_one_is_shown_as_it_falls(workspace: Workspace) -> None:
    pipeline.mark(workspace, FALLS, "watch", "", now=NOW)
    rows = {row.facts.item_key: row.scored for row in asked(workspace).rows}
    assert rows[FALLS].falling
