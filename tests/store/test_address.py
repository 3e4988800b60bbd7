"""An address is written out without its password, in every form that libpq takes."""

import copy
import json
from dataclasses import dataclass

import pytest

from trendscout.cli.output import plain
from trendscout.errors import StoreError, UsageError, masked, reason, trace
from trendscout.store.address import StoreAddress

SECRETS = ("hunter2", "my pass", "it's", "back\\slash", "p@ss/word", "100%", "p")
PATTERNS = ("pairs", "spaced", "uri", "query")


def quoted(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def percent(value):
    return "".join(f"%{byte:02x}" for byte in value.encode())


def address(secret, form):
    return (
        "ducklake:postgres:"
        + {
            "pairs": f"dbname=ts host=db.example password={quoted(secret)} user=scout",
            "spaced": f"host = db.example  password = {quoted(secret)} dbname = ts user=scout",
            "uri": f"postgresql://scout:{percent(secret)}@db.example:5432/ts",
            "query": f"postgres://db.example/ts?user=scout&password={percent(secret)}",
        }[form]
    )


@pytest.mark.parametrize("form", PATTERNS)
@pytest.mark.parametrize("secret", SECRETS)
def test_no_form_shows_its_password(secret, form):
    @dataclass
    class Told:
        at: StoreAddress

    text = address(secret, form)
    one = StoreAddress(text)
    shown = [str(one), repr(one), f"{one}", json.dumps(plain({"db": Told(copy.deepcopy(one))}))]
    fault = StoreError("{at} says {why}.", at=one, why=f"no server at {text}")
    other = RuntimeError(f"bad address {text}")
    other.__cause__ = fault
    shown += [str(fault), reason(other), trace(other)]
    standing = text.removeprefix("ducklake:postgres:").replace(quoted(secret), "").replace(percent(secret), "")
    for said in shown:
        rest = said.replace(standing, "").replace("db.example", "").replace("postgres", "")
        assert percent(secret) not in said
        assert quoted(secret) not in said
        assert len(secret) == 1 or secret not in rest, said
    assert "db.example" in str(one)
    assert one.for_attach() == text


@pytest.mark.parametrize(
    "string",
    [
        "dbname=ts password=my secret",  # libpq would quote the second word
        "password='open",
        "postgresql://scout:pa%ss@db/ts",
        "postgresql://scout:pass/word@db/ts",
        "dbname=postgresql://scout:hunter2@db/ts",
        "dbname='password=hunter2'",
    ],
)
def test_what_libpq_would_quote_in_its_error_is_refused_without_it(string):
    with pytest.raises(UsageError) as caught:
        StoreAddress(f"ducklake:postgres:{string}")
    assert not any(part in str(caught.value) for part in ("secret", "hunter2", "open", "pa%ss", "word@"))


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:hunter2@h/db",
        "postgres:dbname=x password=hunter2",
        "ducklake:sqlite:x",
        "ducklake:x.duckdb",
    ],
)
def test_an_address_of_another_kind_is_no_file(text):
    with pytest.raises(UsageError, match="ducklake:postgres:") as caught:
        StoreAddress(text)
    assert "hunter2" not in str(caught.value)


def test_a_short_secret_is_taken_out_as_a_word_only():
    StoreAddress("ducklake:postgres:dbname=ts password=ok1")
    assert masked("ok1 token1 ok12 'ok1'") == "*** token1 ok12 '***'"


def test_a_file_is_shown_as_it_is(tmp_path):
    one = StoreAddress(tmp_path / "s.duckdb")
    assert (str(one), one.file, one.archive, one.shared) == (
        str(tmp_path / "s.duckdb"), tmp_path / "s.duckdb", tmp_path / "archive", False,
    )  # fmt: skip
