"""Configuration, jobs and imports from somebody else: only our own errors, in plain words."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from trendscout.errors import ConfigError, UsageError
from trendscout.money import read_own
from trendscout.pipeline import import_file
from trendscout.report import costs, packs
from trendscout.settings.config import Settings, load_settings, load_toml
from trendscout.settings.jobfile import load_job
from trendscout.steps.red_ocean import read_table
from trendscout.steps.watch_words import read_lists
from trendscout.store.upkeep import check
from trendscout.store.workspace import Workspace

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 5, 1, tzinfo=UTC)
HERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
KEYS = st.sampled_from(
    """contact lang db data_path markets sources categories timezone collect spacing_s timeout_s report top folder
    archive keep_days keep_gb alerts push team kind env whole cron catch_up formats out channels name sort pack x
    """.split()
)


def written(value: Any) -> str:
    """A value as TOML."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            escaped = "".join(c if c.isalnum() or c in " */,-." else f"\\U{ord(c):08x}" for c in value)
            return f'"{escaped}"'
        case list():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            return "{" + ", ".join(f"{key} = {written(part)}" for key, part in value.items()) + "}"
        case _:
            return str(value)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LEAF = st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from(["* * * * *", "UTC", "xlsx", "US"])
VALUE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
TABLES = st.dictionaries(KEYS, VALUE, max_size=6).map(
    lambda table: "\n".join(f"{key} = {written(value)}" for key, value in table.items()).encode()
)
ANYTHING = TABLES | TABLES.map(lambda text: b'cron = "0 7 * * *"\n' + text) | st.binary(max_size=200)


def refusal(work: Callable[..., object], *given: object, **named: object) -> str | None:
    """What a usage error of ours said, if there was one; any other error is a fault and is raised."""
    try:
        work(*given, **named)
    except UsageError as error:
        return str(error)
    return None


@HERE
@given(ANYTHING)
@example(b"a = " + b"[" * 5000)
@example(b'cron = "99 99 * * *"')
@example(b'cron = "0 7 * * *"\ntimezone = "../../etc/passwd"')
@example(b"top = 1" + b"0" * 5000)
def test_any_configuration_or_job_is_taken_or_refused_in_our_words(tmp_path, data):
    file = tmp_path / "given.toml"
    file.write_bytes(data)
    for load in (load_settings, lambda path: load_job(path, Settings(path=path))):
        said = refusal(load, file)
        assert said is None or "given.toml" in said


def history_with(**columns: Any) -> pa.Table:
    """Two good rows, but for the columns given."""
    good = {
        "list_id": ["l/US/k/c"] * 2,
        "snapshot_at": ["2026-05-01T06:00:00Z"] * 2,
        "rank": [1, 2],
        "item": ["Mop", "Broom"],
        "item_key": ["a", "b"],
        "count": [None, None],
    }
    return pa.table(good | columns)


TABLES_OF_OTHERS = {
    "no rows": history_with().slice(0, 0),
    "rank of words": history_with(rank=["first", "second"]),
    "rank below one": history_with(rank=[0, -1]),
    "rank beyond all": history_with(rank=[2**62, 2**62]),
    "times that are none": history_with(snapshot_at=["soon", "later"]),
    "no keys": history_with(item_key=["", None]),
    "binary keys": history_with(item_key=[b"\xff\xfe", b"\x00"]),
    "nested ranks": history_with(rank=[[1], [2]]),
    "structs for ids": history_with(list_id=[{"a": 1}, {"a": 2}]),
    "a column less": history_with().drop_columns(["item_key"]),
}


@pytest.mark.parametrize("name", TABLES_OF_OTHERS)
def test_a_history_that_is_none_loads_nothing(tmp_path, name):
    file = tmp_path / "h.parquet"
    parquet.write_table(TABLES_OF_OTHERS[name], file)
    workspace = Workspace.at(tmp_path / "s.duckdb")
    said = refusal(import_file, workspace, file, profile=None, market=None, at=None, now=NOW)
    assert (said is None) == (tmp_path / "archive").exists(), "only what was loaded is kept"
    assert said is None or "h.parquet" in said
    if (tmp_path / "s.duckdb").exists():
        assert check(workspace.db) == []


HOSTILE = {
    "noise.parquet": os.urandom(4096),
    "torn.parquet": b"PAR1" + b"\x00" * 200,
    "footer.parquet": b"PAR1\xff\xff\xff\x7fPAR1",
    "empty.csv": b"",
    "nul.csv": b"list_id,snapshot_at,rank,item,item_key,count\n" + b"\x00" * 1000,
    "wide.csv": b"a," * 50_000,
    "quote.csv": b'list_id,snapshot_at,rank,item,item_key,count\n"' + b"x" * 100_000,
    "latin.csv": b"list_id,snapshot_at,rank,item,item_key,count\nl,2026-05-01,x,\xe9\xff,k,\n",
    "words.csv": b"these are notes\nnot a table\n",
    "page.xlsx": b"<html>not a workbook</html>",
    "zip.xlsx": b"PK\x03\x04" + b"\x00" * 100,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_import_ends_with_two_and_plain_words(tmp_path, name):
    (tmp_path / name).write_bytes(HOSTILE[name])
    done = subprocess.run(
        [sys.executable, "-m", "trendscout", "import", name],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
        capture_output=True,
        check=False,
        timeout=30,
    )
    said = done.stderr.decode()
    assert (done.returncode, name in said, "Traceback" in said) == (2, True, False), said
    assert not (tmp_path / "archive").exists()


BY_HAND: dict[str, tuple[int, Callable[[Path], object]]] = {  # more bytes than each may have, and its reader
    "trendscout.toml": (300_000, lambda file: load_toml(file, "config")),
    "rates.toml": (1_000_001, read_own),
    "costs.toml": (10_000_001, costs.load),
    "categories.toml": (300_000, read_table),
    "words.toml": (300_000, read_lists),
    "packs/own.toml": (300_000, lambda file: packs.load(file.parent)),
}


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("deep", [True, False])
def test_a_file_written_by_hand_that_would_keep_the_parser_busy_is_refused(tmp_path, name, deep):
    most, read = BY_HAND[name]
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(".".join("a" * 600) + " = 1" if deep else "# " + "x" * most, encoding="utf-8")
    with pytest.raises(ConfigError, match="larger, or nested deeper"):
        read(file)


def test_a_pack_saved_with_a_byte_order_mark_is_read(tmp_path):
    text = '[title]\nen = "Anything"\n[[lines]]\nvalue = "rank"\nat_least = 1\n'
    (tmp_path / "own.toml").write_text(text, encoding="utf-8-sig")
    assert packs.load(tmp_path)["own"].titles == {"en": "Anything"}
