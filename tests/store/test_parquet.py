"""Listings to be matched come from a Parquet file as texts and numbers, and what was found is written as one."""

import pyarrow as pa
import pytest
from pyarrow import parquet

from trendscout.errors import UsageError
from trendscout.steps.match import match_file
from trendscout.store.parquet import read_records, write_parquet
from trendscout.tables import texts_of

GOOD = {"id": ["b", "a", "c"], "title": ["Zunova juicer cup ZB-210", "Juicer cup Zunova ZB-210", None]}


def test_columns_are_read_as_the_matcher_takes_them(tmp_path):
    file = tmp_path / "records[1].parquet"
    parquet.write_table(
        pa.table({"id": [7, 10], "title": ["a", "b"], "price": ["1.5", None], "more": [1, 2]}), file
    )
    read = read_records(file)
    assert read.column_names == ["id", "title", "price"]
    assert (texts_of(read["id"]), read["price"].to_pylist()) == (["7", "10"], [1.5, None])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"id": ["a"]}, "has no column title"),
        ({"id": ["a"], "title": ["x"], "price": ["cheap"]}, "is not a readable Parquet file"),
    ],
)
def test_what_is_no_list_of_goods_is_refused(tmp_path, table, said):
    parquet.write_table(pa.table(table), tmp_path / "r.parquet")
    with pytest.raises(UsageError, match=said):
        read_records(tmp_path / "r.parquet")


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "r.parquet").write_bytes(b"PAR1 and no more")
    for name in ("r.parquet", "none.parquet"):
        with pytest.raises(UsageError, match="not a readable Parquet file"):
            read_records(tmp_path / name)


def test_products_and_pairs_are_files_for_others(tmp_path):
    parquet.write_table(pa.table(GOOD), tmp_path / "r.parquet")
    out, pairs = tmp_path / "it's.parquet", tmp_path / "pairs.parquet"
    done = match_file(tmp_path / "r.parquet", out, pairs)
    assert parquet.read_table(out).to_pylist() == [
        {"id": name, "product_id": product} for name, product in (("a", "p:a"), ("b", "p:a"), ("c", "p:c"))
    ]
    (pair,) = parquet.read_table(pairs).to_pylist()
    assert (pair["id_a"], pair["id_b"], pair["copy"]) == ("a", "b", False)
    assert pair["verdict"] in {"same", "likely"}
    assert (done.listings, done.products, done.joined) == (3, 2, 2)
    write_parquet(read_records(tmp_path / "r.parquet"), out)
    assert parquet.read_table(out).to_pydict() == GOOD
