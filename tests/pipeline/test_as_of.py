"""As of a morning means as of that morning: a store that knows what came later gives the same answer."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

from tests.pipeline.test_rank import DAYS, morning, rows_of
from tests.ranking.histories import START, market
from trendscout import pipeline
from trendscout.model import ReportQuery, ScoredItem
from trendscout.report import drop
from trendscout.settings.config import Settings
from trendscout.steps.rank import rank
from trendscout.store.connect import open_store
from trendscout.store.histories import import_history
from trendscout.store.query import ANYWHERE
from trendscout.store.workspace import Workspace

pytestmark = pytest.mark.slow

WORDS = ("glow", "quiet", "folding", "pocket", "mini", "steel", "amber", "twin")
MOMENTS = [morning(day) for day in (28, 33, 47)]


def titled(*, renamed_from: int | None = None) -> pa.Table:
    """Two lists of goods that come and go, with titles of common words; some have another title from a day on."""
    table = rows_of(market(4, days=DAYS, lists=2, length=30))
    keys = table["item_key"].to_pylist()
    titles = np.array([f"{WORDS[hash_of(key) % 8]} {WORDS[hash_of(key) // 8 % 8]} mop" for key in keys], object)
    if renamed_from is not None:
        late = np.array(table["snapshot_at"].to_pylist()) >= morning(renamed_from)
        titles[late] = "renamed bargain"
    return table.set_column(table.column_names.index("item"), "item", pa.array(titles))


def hash_of(key: str) -> int:
    return sum(ord(letter) * 31**place for place, letter in enumerate(key))


def store_of(table: pa.Table, path: Path) -> Path:
    parquet.write_table(table, path.with_suffix(".parquet"))
    with open_store(path) as connection:
        import_history(connection, path.with_suffix(".parquet"), loaded_at=START)
    return path


def until(table: pa.Table, moment: datetime) -> pa.Table:
    return table.filter(pc.less_equal(table["snapshot_at"], pa.scalar(moment)))


def scored(path: Path, moment: datetime) -> list[ScoredItem]:
    with open_store(path) as connection:
        return sorted(rank(connection, ANYWHERE, now=moment), key=lambda one: (one.list_id, one.item_key))


@pytest.fixture(scope="module", name="whole")
def _whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_of(titled(renamed_from=50), tmp_path_factory.mktemp("whole") / "s.duckdb")


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: f"{moment:%m-%d}")
def test_scores_are_those_of_a_store_that_ends_there(whole: Path, moment: datetime, tmp_path: Path) -> None:
    cut = store_of(until(titled(), moment), tmp_path / "cut.duckdb")
    ours = scored(whole, moment)
    assert ours == scored(cut, moment)
    assert any(one.probability and not one.early for one in ours)


def test_the_same_morning_asked_twice_and_after_others_is_the_same(whole: Path) -> None:
    first = scored(whole, MOMENTS[1])
    for other in (MOMENTS[2], MOMENTS[1] + timedelta(hours=30), MOMENTS[0]):
        scored(whole, other)
    assert scored(whole, MOMENTS[1]) == first


def test_the_whole_answer_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    moment = MOMENTS[1]
    whole = store_of(titled(), tmp_path / "whole.duckdb")
    cut = store_of(until(titled(), moment), tmp_path / "cut.duckdb")
    assert answer(whole, moment) == answer(cut, moment)


def answer(path: Path, moment: datetime) -> str:
    workspace = Workspace.at(path)
    made = pipeline.report(workspace, ReportQuery(), now=moment, settings=Settings())
    return drop.as_json(drop.document(made)["rows"])
