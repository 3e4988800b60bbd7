"""A view changes no evidence: whatever is filtered, the same product on the same list has the same chance."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.pipeline.test_rank import DAYS, morning, rows_of
from tests.ranking.histories import START, market
from trendscout.errors import UsageError
from trendscout.model import ScoredItem
from trendscout.steps.rank import rank
from trendscout.store.connect import open_store
from trendscout.store.histories import import_history
from trendscout.store.query import ANYWHERE, Scope
from trendscout.store.sql import Connection

NOW = morning(DAYS - 1)
PLACES = ("shop_US/bestsellers", "shop_UK/bestsellers", "mall_US/bestsellers")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Six lists of two shops in two markets, with one category that all of them have."""
    folder = tmp_path_factory.mktemp("filters")
    tables = []
    for seed, place in enumerate(PLACES):
        rows = rows_of(market(seed, days=DAYS, length=30, lists=2))
        names = [name.replace("shop_US/bestsellers", place) for name in rows["list_id"].to_pylist()]
        keys = [f"{seed}-{key}" for key in rows["item_key"].to_pylist()]
        rows = rows.set_column(0, "list_id", pa.array(names))
        tables.append(rows.set_column(rows.column_names.index("item_key"), "item_key", pa.array(keys)))
    parquet.write_table(pa.concat_tables(tables), folder / "history.parquet")
    with open_store(folder / "s.duckdb") as connection:
        import_history(connection, folder / "history.parquet", loaded_at=START)
        yield connection


@pytest.fixture(scope="module")
def everywhere(store: Connection) -> dict[tuple[str, str], ScoredItem]:
    scores = rank(store, ANYWHERE, now=NOW)
    assert np.isfinite(scores.probability).sum() > 50
    return {(one.list_id, one.item_key): one for one in scores}


@pytest.mark.parametrize(
    "scope",
    [
        Scope(*chosen)
        for chosen in product((None, "US", "UK"), (None, "shop", "mall"), (None, "c0", "c1"))
        if chosen[:2] != ("UK", "mall")
    ],
)
def test_a_filter_shows_less_and_changes_nothing(
    store: Connection, everywhere: dict[tuple[str, str], ScoredItem], scope: Scope
) -> None:
    shown = {(one.list_id, one.item_key): one for one in rank(store, scope, now=NOW)}
    within = {
        key
        for key in everywhere
        if all(wanted in key[0] for wanted in (scope.market, scope.source, scope.category) if wanted)
    }
    assert shown.keys() == within
    assert all(one == everywhere[key] for key, one in shown.items())


def test_a_filter_that_holds_nothing_says_so(store: Connection) -> None:
    with pytest.raises(UsageError, match="No such list"):
        rank(store, Scope("UK", "mall", None), now=NOW)
