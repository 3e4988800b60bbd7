"""A product that looks recalled is flagged, with the notice's address; notices themselves are no products."""

from datetime import UTC, datetime

from trendscout import pipeline
from trendscout.model import Entry, ReportQuery, Snapshot
from trendscout.settings.config import Settings
from trendscout.store.load import load_snapshots
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
GOODS = "amazon_bestsellers_US/bestsellers/toys"
RECALLS = "cpsc_recalls_US/recalls/all"


def test_what_looks_recalled_is_flagged(tmp_path):
    workspace = Workspace.at(tmp_path / "s.duckdb")
    rows = (
        Entry(GOODS, 1, "B1", title="PEBBLEX Night Light, Glow Pebbles for Kids Room"),
        Entry(GOODS, 2, "B2", title="Velmora Wooden Chess Set"),
    )
    notice = Entry(
        RECALLS,
        None,
        "90001",
        title="Glow Pebbles Night Light Recalled Due to Burn Hazard",
        url="https://cpsc.example/1",
    )
    looks = [
        Snapshot(GOODS, NOW, "ok", rows, depth=2, layout="grid"),
        Snapshot(RECALLS, NOW, "ok", (notice,), layout="api"),
    ]
    with workspace.store() as store:
        load_snapshots(store, looks, loaded_at=NOW)
    assert pipeline.match(workspace).listings == 3
    made = pipeline.report(workspace, ReportQuery(), now=NOW, settings=Settings())
    flags = {row.facts.item_key: [(flag.code, flag.url) for flag in row.checks.flags] for row in made.rows}
    assert ("recalled", "https://cpsc.example/1") in flags["B1"]
    assert "recalled" not in [code for code, _ in flags["B2"]]
    assert set(flags) == {"B1", "B2"}
