"""A sort and a pack show what putting every product together would have shown, and put together what they show."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.pipeline.test_rank import morning, rows_of
from tests.ranking.histories import market
from trendscout import pipeline
from trendscout.model import ReportQuery, Row
from trendscout.settings.config import Settings
from trendscout.steps import rows
from trendscout.steps.match import match_store
from trendscout.steps.rank import rank
from trendscout.steps.report import make_report
from trendscout.steps.rows import SORTS, context_of, sort_value
from trendscout.store.connect import open_store
from trendscout.store.histories import import_history
from trendscout.store.query import ANYWHERE
from trendscout.store.sql import Connection
from trendscout.store.workspace import Workspace

DAYS, TOP = 20, 7
NOW = morning(DAYS)
PACK = """
title = { en = "Cut", zh = "降" }
about = { en = "Cheaper.", zh = "降价。" }
lines = [{ value = "price_change", at_most = -0.001, needed = true }]
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lists whose goods have words, prices that fall for some, and sellers."""
    folder = tmp_path_factory.mktemp("sorts")
    parquet.write_table(rows_of(market(4, days=DAYS, lists=3, length=30)), folder / "history.parquet")
    with open_store(folder / "s.duckdb") as connection:
        import_history(connection, folder / "history.parquet", loaded_at=NOW)
        connection.execute(
            """UPDATE listings SET currency = 'USD', price = 1 + hash(item_key) % 90,
            seller = 'S' || hash(title) % 4,
            title = title || ' ' || ['glow', 'paper', 'kettle', 'clock'][(1 + hash(item_key, 1) % 4)::BIGINT]"""
        )
        connection.execute(
            """UPDATE observations SET currency = 'USD', price = 1 + hash(listing) % 90
            - if(listing % 3 = 0, least(day(taken_at), 20) * 0.02, 0)"""
        )
        match_store(connection)
    (folder / "packs").mkdir()
    (folder / "packs" / "cut.toml").write_text(PACK, encoding="utf-8")
    return folder


def every_row(connection: Connection) -> list[Row]:
    scores = rank(connection, ANYWHERE, now=NOW)
    return list(rows.rows_of(connection, scores, context_of(connection, NOW)))


def test_a_sighting_says_the_rank_that_it_was_first_seen_at(store: Path) -> None:
    """Newness on a list that grew needs it, and a sort by it has no curves."""
    with open_store(store / "s.duckdb") as connection:
        sightings = [sighting for row in every_row(connection) for sighting in row.facts.sightings]
    for sighting in sightings:
        first = next(point for point in sighting.curve if point.rank is not None)
        assert (first.at, first.rank) == (sighting.since, sighting.first_rank)
    assert any(sighting.first_rank != sighting.best_rank for sighting in sightings)


def test_how_odd_goods_are_is_kept_of_the_span_that_it_was_learned_from(store: Path) -> None:
    with open_store(store / "s.duckdb") as connection:
        make_report(connection, ReportQuery(top=TOP), now=NOW, settings=Settings())
        state = rank(connection, ANYWHERE, now=NOW).state
        kept = dict(context_of(connection, NOW, state=state).vocabulary.levels)
        vocabulary = context_of(connection, NOW).vocabulary
        later = NOW + timedelta(days=20)  # half of the looks are older than the span
        assert rank(connection, ANYWHERE, now=later).state == state
        assert context_of(connection, later, state=state).vocabulary.levels == {}
    assert kept
    assert kept == {category: vocabulary.levels_of(category) for category in kept}


def test_a_second_view_reads_no_title_of_the_month(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for those of the rows: what they taught is kept of the span."""

    def view() -> tuple[Row, ...]:
        with open_store(store / "s.duckdb") as connection:
            return make_report(connection, ReportQuery(top=TOP), now=NOW, settings=Settings()).rows

    first = view()
    monkeypatch.setattr(rows, "known_products", pytest.fail)
    assert view() == first
    assert any(row.facts.oddness.value for row in first)


def test_a_row_by_its_number_is_told_of_from_its_list(tmp_path: Path) -> None:
    """A filter shows a good from a list that is not its best; its id names the good, wherever it does best."""
    looks = rows_of(market(4, days=DAYS, lists=1, length=30)).to_pylist()
    turned = [{**look, "list_id": "shop_US/bestsellers/turned", "rank": 31 - look["rank"]} for look in looks]
    parquet.write_table(pa.Table.from_pylist(looks + turned), tmp_path / "h.parquet")
    workspace = Workspace.at(tmp_path / "s.duckdb")
    with workspace.store() as connection:
        import_history(connection, tmp_path / "h.parquet", loaded_at=NOW)
    whole = pipeline.report(workspace, ReportQuery(top=30), now=NOW, settings=Settings())
    best = {row.product_id: row.scored for row in whole.rows}
    query = ReportQuery(top=30, category="turned")
    made, _ = pipeline.read_report(workspace, query, "", only_changes=False, now=NOW, settings=Settings())
    apart = [row for row in made.rows if row.scored.list_id != best[row.product_id].list_id]
    assert apart
    for row in apart[:4]:
        by_number = pipeline.why(workspace, f"#{row.position}", now=NOW, settings=Settings())
        assert by_number.row.scored == row.scored
        by_id = pipeline.why(workspace, row.product_id, now=NOW, settings=Settings())
        assert by_id.row.scored == best[row.product_id]


@pytest.mark.parametrize("sort", SORTS)
def test_a_sort_shows_the_first_of_all_rows_sorted(store: Path, sort: str) -> None:
    with open_store(store / "s.duckdb") as connection:
        made = make_report(connection, ReportQuery(top=TOP, sort=sort), now=NOW, settings=Settings())
        every = every_row(connection)

    def place(row: Row) -> tuple[bool, float, int]:
        value = sort_value(row, sort)
        return value is None, -(value or 0.0), row.position

    if sort == "score":
        wanted = [row for row in every if not row.scored.falling]
    else:
        wanted = sorted(every, key=place)
        assert len({sort_value(row, sort) for row in every}) > 3
    shown = wanted[:TOP]
    assert [row.product_id for row in made.rows] == [row.product_id for row in shown]
    assert [row.facts for row in made.rows] == [row.facts for row in shown]
    assert [row.position for row in made.rows] == list(range(1, TOP + 1))


@pytest.mark.parametrize(("pack", "sort"), [("impulse", "score"), ("impulse", "new"), ("cut", "rank")])
def test_a_pack_shows_whole_rows_of_what_meets_it(store: Path, pack: str, sort: str) -> None:
    settings = Settings(folder=store)
    with open_store(store / "s.duckdb") as connection:
        every = make_report(connection, ReportQuery(top=1000, sort="rank"), now=NOW, settings=settings).rows
        made = make_report(connection, ReportQuery(top=1000, sort=sort, pack=pack), now=NOW, settings=settings)
    meet = {row.product_id: row for row in every if pack in row.checks.packs}
    assert 0 < len(meet) < len(every)
    assert {row.product_id for row in made.rows} == set(meet)
    for row in made.rows:
        whole = meet[row.product_id]
        assert (row.facts, row.checks, row.own) == (whole.facts, whole.checks, whole.own)
        assert all(one.curve for one in row.facts.sightings)


@pytest.mark.parametrize("query", [ReportQuery(top=3, sort="new"), ReportQuery(top=3, pack="impulse")])
def test_details_of_all_products_are_fetched_at_once_and_without_curves(
    store: Path, query: ReportQuery, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[tuple[int, bool]] = []
    fetch = rows.sightings_of

    def counted(connection, products, *, since, until):
        fetched.append((len(products), since is not None))
        return fetch(connection, products, since=since, until=until)

    monkeypatch.setattr(rows, "sightings_of", counted)
    with open_store(store / "s.duckdb") as connection:
        made = make_report(connection, query, now=NOW, settings=Settings())
    assert fetched == [(made.total, False), (len(made.rows), True)]
