"""A released step is never edited, and a store whose steps were others is known and told what to do."""

from pathlib import Path

import duckdb
import pytest

from trendscout.errors import StoreError
from trendscout.store import migrate
from trendscout.store.connect import open_store
from trendscout.store.upkeep import MADE_ANEW, TABLES

# A new step is added here with what `migrate.digest` gives; one that stands here never changes.
RELEASED = {
    "0001_initial.sql": "9ce8e6ba1e04da46fbd581065326ce7eb10195197174cca1da94d23c0b6ab780",
    "0002_folds.sql": "5d56d1515c0405a5322d3dc3db6dd1d7207470b1e29e0581716e2715d21262fb",
    "0003_decisions.sql": "7c4375090bdaf8f80884869c420205caff3c9f71dcf44446a63b8e7347d7daa0",
    "0004_brought.sql": "16bcb8664d486c09dc8a05553dea9a5ff941ae3cf7742cad250d5d0cd0c4bb97",
    "0005_first_titles.sql": "0c1224bc3844911bf76d22112843e321ad984ed015d2beaba2dd7f5e8a05abaa",
    "0006_said.sql": "f100dc7f6654b34c410ca71e962bf6f0bb42b66700239f4bc77d4529dd540243",
    "0007_track_record.sql": "32e5e6743f3c42ea48cbf88c135080e52ad313e9ac20c26f72ab7448b5ac9ca7",
    "0008_labels.sql": "dbc97c02930b6b5254080c1fc02ebafa5bf1b2ac5511e58d152c0394c45b541d",
    "0009_rates.sql": "d59e9000d10dbf0114c8b2494df1f4fd9cb9a3481fb70d8e254be8d8891cfcdf",
    "0010_goods.sql": "d846bd80ab89c7a08dfb16573fa71862b472f0ad1427f999afed887c292f04c6",
    "0011_list_items.sql": "67feee1ce30482dcc1c7c439f1285c28650ec2ba424b3521cc4d5cfdc136dcc4",
    "0012_readers.sql": "843e6197fa2a65090b5ff2818bee04d0580f03d21ad69a3df1a041290407f797",
    "0013_kept.sql": "0cbda2fccbde1e28d516ee24272942a677c5b686e73c71eaff41f1d9888a30b5",
    "0014_field_shares.sql": "5c2f0baaf867f7ef5f34fe11edeaca0933d1287f15f15e5ae28568c7d26ef337",
    "0015_title_marks.sql": "0f5096b274a85abfdc433bf6a49cedca38984e8bf83003d47cd3025430262024",
}
NEVER_RELEASED = sorted((Path(__file__).parent / "schemas").glob("*.sql"))


def test_no_released_step_was_edited():
    assert {file.name: migrate.digest(file) for _, file in migrate.steps()} == RELEASED


def test_a_store_keeps_the_digest_of_each_step(tmp_path):
    with open_store(tmp_path / "s.duckdb") as store:
        kept = dict(store.execute("SELECT name, digest FROM migrations").fetchall())
    assert kept == RELEASED


def old_store(path, sql: str) -> Path:
    """A store as programs made it that kept no digests."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE migrations (version INTEGER, name VARCHAR, applied_at TIMESTAMP)")
        connection.execute(sql)
        connection.execute("INSERT INTO migrations VALUES (1, '0001_initial.sql', now()::TIMESTAMP)")
    return path


def test_a_store_without_digests_is_known_by_its_tables_and_keeps_them(tmp_path):
    path = old_store(tmp_path / "s.duckdb", migrate.steps()[0][1].read_text(encoding="utf-8"))
    for _ in range(2):
        with open_store(path) as store:
            assert dict(store.execute("SELECT name, digest FROM migrations").fetchall()) == RELEASED


@pytest.mark.parametrize("file", NEVER_RELEASED, ids=lambda file: file.stem)
def test_a_store_of_an_edited_first_step_is_refused_as_it_is(tmp_path, file):
    path = old_store(tmp_path / "s.duckdb", file.read_text(encoding="utf-8"))
    before = path.read_bytes()
    with pytest.raises(StoreError, match="never released") as caught, open_store(path):
        pass
    assert "hosts." in str(caught.value) or "calls." in str(caught.value)
    assert "replay" in str(caught.value)
    assert path.read_bytes() == before


def test_a_step_that_was_edited_later_is_noticed(tmp_path):
    path = tmp_path / "s.duckdb"
    with open_store(path) as store:
        store.execute("UPDATE migrations SET digest = 'other' WHERE version = 2")
    with pytest.raises(StoreError, match="0002"), open_store(path):
        pass


def test_every_table_is_copied_by_backup_compact_and_move_or_made_anew(tmp_path):
    with open_store(tmp_path / "s.duckdb") as store:
        tables = {row[0] for row in store.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert tables == {*TABLES, *MADE_ANEW, "migrations"}
