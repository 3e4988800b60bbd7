"""The report's record: what was shown is kept, and what came of it is what the lists showed."""

from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.pipeline.test_rank import DAYS, morning, rows_of
from tests.ranking.histories import market
from trendscout import pipeline
from trendscout.model import Report, ReportQuery, ShownRow
from trendscout.report import drop, table
from trendscout.settings.config import Settings
from trendscout.steps.record import RIVAL
from trendscout.store import track_record
from trendscout.store.workspace import Workspace

pytestmark = pytest.mark.slow  # sixteen mornings are made again
NOW = morning(DAYS - 1)
BACK = 16  # mornings that are made again


@pytest.fixture(scope="module", name="workspace")
def _workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    from pyarrow import parquet

    from trendscout.store.histories import import_history

    folder = tmp_path_factory.mktemp("record")
    parquet.write_table(rows_of(market(4, days=DAYS, lists=2, length=40)), folder / "h.parquet")
    workspace = Workspace.at(folder / "s.duckdb")
    with workspace.store() as connection:
        import_history(connection, folder / "h.parquet", loaded_at=NOW)
    pipeline.record(workspace, replay_days=BACK, now=NOW, settings=Settings())
    return workspace


@pytest.fixture(scope="module", name="kept")
def _kept(workspace: Workspace) -> list[ShownRow]:
    with workspace.store() as connection:
        return track_record.known(connection, since=NOW - timedelta(days=400), until=NOW)


@pytest.fixture(scope="module", name="ranks")
def _ranks() -> dict[tuple[str, str], list[tuple[datetime, int]]]:
    found = defaultdict(list)
    for row in rows_of(market(4, days=DAYS, lists=2, length=40)).to_pylist():
        found[row["list_id"], row["item_key"]].append((row["snapshot_at"], row["rank"]))
    return found


def test_outcomes_are_what_the_lists_showed(
    workspace: Workspace, kept: list[ShownRow], ranks: dict[tuple[str, str], list[tuple[datetime, int]]]
) -> None:
    with workspace.store() as connection:
        keys = dict(connection.execute("SELECT 'p:' || lower(to_hex(listing)), item_key FROM listings").fetchall())
    assert {row.chosen_by for row in kept} == {"chance", RIVAL}
    assert len(kept) > 200
    assert 0.02 < sum(row.outcome == "came" for row in kept) / len(kept) < 0.98
    for row in kept:
        until = row.shown_at + timedelta(hours=row.horizon_h)
        times = [
            rank <= row.rank / 2
            for at, rank in ranks[row.list_id, keys[row.product_id]]
            if row.shown_at < at <= until
        ]
        assert row.outcome == ("came" if sum(times) >= 2 else "not")


def test_the_rival_shows_as_many_rows_as_the_report(kept: list[ShownRow]) -> None:
    for at in {row.shown_at for row in kept}:
        ours, theirs = (
            [row for row in kept if (row.shown_at, row.chosen_by) == (at, who)] for who in ("chance", RIVAL)
        )
        assert len(ours) == len(theirs)
        assert len({row.product_id for row in theirs}) == len(theirs)
        assert all(row.rank > 10 for row in theirs)


def test_the_record_sums_up_and_is_the_same_when_asked_again(workspace: Workspace, kept: list[ShownRow]) -> None:
    ours = [row for row in kept if row.chosen_by == "chance"]
    for _ in range(2):
        found = pipeline.record(workspace, replay_days=BACK, now=NOW, settings=Settings())
        assert set(found) == {"list", "chance", "week"}
        for groups in found.values():
            assert sum(group["rows"] for group in groups) == len(ours)
            assert sum(group["replayed"] for group in groups) == len(ours)
            came = sum(group["rows"] * group["came"] for group in groups)
            assert came == pytest.approx(sum(row.outcome == "came" for row in ours))
            said = sum(group["rows"] * group["said"] for group in groups)
            assert said == pytest.approx(sum(row.probability or 0 for row in ours))


def test_the_report_ends_with_its_record(workspace: Workspace, kept: list[ShownRow]) -> None:
    made = pipeline.report(workspace, ReportQuery(), now=NOW, settings=Settings())
    week = [row for row in kept if row.due_at > NOW - timedelta(days=7) and row.chosen_by == "chance"]
    assert made.record is not None
    assert made.record.rows == len(week)
    assert made.record.came == pytest.approx(sum(row.outcome == "came" for row in week) / len(week))
    assert made.record.rival is not None
    assert made.record.replayed == len(week)
    text = " ".join(table.text(made, lang="en", width=200).split())
    assert f"Of the {len(week)} rows due in the last week" in text
    assert "replayed" in text
    assert "最近一周到期" in table.text(made, lang="zh", width=200)


def test_why_tells_what_was_said_before(workspace: Workspace, kept: list[ShownRow]) -> None:
    product = next(row.product_id for row in reversed(kept) if row.chosen_by == "chance")
    told = pipeline.why(workspace, product, now=NOW, settings=Settings())
    assert [one.at for one in told.earlier] == sorted((one.at for one in told.earlier), reverse=True)
    assert {one.outcome for one in told.earlier} <= {"came", "not", "not_looked", ""}
    assert told.fitted_at is not None
    assert told.base_rate is not None


def test_what_nobody_looked_at_is_not_a_miss(workspace: Workspace, tmp_path: Path) -> None:
    copy = tmp_path / "s.duckdb"
    copy.write_bytes(Path(str(workspace.db)).read_bytes())
    blind = Workspace.at(copy)
    with blind.store() as connection:
        connection.execute("UPDATE track_record SET outcome = NULL")
        connection.execute("DELETE FROM track_record WHERE chosen_by = ?", [RIVAL])
        for name in ("observations", "snapshots"):
            connection.execute(
                f"DELETE FROM {name} WHERE taken_at > ?", [morning(DAYS - BACK).replace(tzinfo=None)]
            )
    found = pipeline.record(blind, replay_days=0, now=NOW, settings=Settings())
    assert sum(group["rows"] for group in found["list"]) == 0
    assert sum(group["not_looked"] for group in found["list"]) > 100
    assert pipeline.report(blind, ReportQuery(), now=NOW, settings=Settings()).record is None


def test_a_live_report_is_kept_once_a_morning(workspace: Workspace, tmp_path: Path) -> None:
    copy = tmp_path / "s.duckdb"
    copy.write_bytes(Path(str(workspace.db)).read_bytes())
    live = Workspace.at(copy)
    for minutes in (0, 20):
        made = pipeline.report(
            live, ReportQuery(), now=NOW + timedelta(minutes=minutes), settings=Settings(), keep=True
        )
    with live.store() as connection:
        ours = connection.execute(
            "SELECT count(*), bool_or(replayed) FROM track_record WHERE chosen_by = 'chance' AND shown_at >= ?",
            [NOW.replace(tzinfo=None)],
        ).fetchone()
    assert ours == (len(made.rows), False)


def test_today_and_yesterday(tmp_path: Path) -> None:
    """Reports of three mornings: what is new, what runs on and how its chance moved, and what left and why."""
    from pyarrow import parquet

    from trendscout.store.histories import import_history

    parquet.write_table(rows_of(market(4, days=DAYS, lists=2, length=40)), tmp_path / "h.parquet")
    workspace = Workspace.at(tmp_path / "s.duckdb")
    with workspace.store() as connection:
        import_history(connection, tmp_path / "h.parquet", loaded_at=NOW)

    def reported(day: int, reader: str = "") -> Report:
        at = morning(DAYS - 4 + day)
        settings = Settings(reader=reader)
        return pipeline.report(workspace, ReportQuery(), now=at, settings=settings, keep=not reader)

    first, second = reported(0), reported(1)
    assert {row.run.days_shown for row in first.rows} == {None}  # no earlier report is known
    assert first.left == ()
    said = {row.product_id: row.scored.probability for row in first.rows}
    for row in second.rows:
        runs_on = row.product_id in said
        assert row.run.days_shown == (2 if runs_on else 1)
        assert row.run.probability_before == (said[row.product_id] if runs_on else None)
    here = {row.product_id for row in second.rows}
    assert [one.product_id for one in second.left] == [name for name in said if name not in here]
    assert {one.why for one in second.left} <= {"off", "arrived", "falling", "overtaken"}
    assert second.left
    ignored = second.rows[0]
    pipeline.mark(workspace, ignored.product_id, "ignore", "", now=NOW, reader="anna")
    hers = {one.product_id: one for one in reported(2, "anna").left}
    assert hers[ignored.product_id].why == "ignored"
    pipeline.mark(workspace, ignored.product_id, "ignore", "", now=NOW)
    third = reported(2)
    left = {one.product_id: one for one in third.left}
    assert left[ignored.product_id].why == "ignored"
    assert max(row.run.days_shown or 0 for row in third.rows) == 3
    shown = table.text(third, lang="en", width=100)
    assert "Left since the last report" in shown
    assert "you ignore it" in shown
    assert "day 3, " in shown
    assert len(third.record_rows) == len(first.rows) + len(second.rows)
    files = drop.write(third, "{date}/r.{ext}", formats=["csv"], lang="en", folder=tmp_path, machine=True)
    kept = next(file for file in files if file.name == "r.record.csv").read_text(encoding="utf-8").splitlines()
    assert len(kept) == 1 + len(third.record_rows)
    assert "record_rows" not in drop.document(third)
