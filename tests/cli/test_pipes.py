"""Answers into pipes, input from them, and what a file brought taken back: as a seller types it."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

PAGE = Path(__file__).parents[1] / "sources" / "amazon_bestsellers" / "ok_grid" / "page.html"
NAMED = ("--source", "amazon_bestsellers", "--market", "US", "--category", "kitchen")


@pytest.fixture
def typed(monkeypatch):
    """Puts bytes on standard input."""

    def put(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: False))

    return put


def test_a_page_comes_by_standard_input(run, typed):
    typed(PAGE.read_bytes())
    ended = run("ingest", "-", *NAMED, "--at", "2026-11-19T08:00Z", "--json")
    (one,) = json.loads(ended.out)
    assert (one["name"], one["status"]) == ("-", "ok")
    assert one["taken_at"] == "2026-11-19T08:00:00Z"
    typed(PAGE.read_bytes())
    lines = run("parse", "-", *NAMED, "--at", "2026-11-19T08:00Z").out.splitlines()
    assert len(lines) == one["entries"]
    assert json.loads(lines[0])["list"] == one["lists"][0], "parse shows what ingest stores"
    assert json.loads(lines[0])["taken_at"] == one["taken_at"]


def test_what_a_file_brought_is_taken_back(run):
    (one,) = json.loads(run("ingest", PAGE, *NAMED, "--json").out)
    (listed,) = json.loads(run("ingest", "--undo", "list", "--json").out)
    assert (listed["file_id"], listed["looks"]) == (one["file_id"], 1)
    assert run("ingest", "--undo", one["file_id"]).code == 0
    assert json.loads(run("ingest", "--undo", "list", "--json").out) == []
    assert "No file that counts" in run("ingest", "--undo", one["file_id"]).err


def test_there_must_be_something_to_ingest(run):
    assert run("ingest").code == 2
    assert "There is no inbox" in run("ingest", "--inbox").err


def test_answers_go_to_standard_output_where_it_is_named(run):
    run("ingest", PAGE, *NAMED)
    run("match")
    assert run("rank", "--format", "csv", "--top", "1").out.startswith("as_of,position,product_id")
    for name in ("-", "/dev/stdout"):
        told = json.loads(run("report", "--format", "json", "--top", "1", "--out", name).out)
        assert len(told["rows"]) == 1
    assert run("report", "--format", "csv", "--machine", "--out", "-").out.startswith("as_of,position")


class Terminal(io.StringIO):
    """Where people look."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("words", [("report", "--format", "json"), ("rank", "--json")], ids=["report", "rank"])
def test_json_is_indented_where_people_look(run, monkeypatch, words):
    run("ingest", PAGE, *NAMED)
    piped = run(*words, "--top", "2").out
    monkeypatch.setattr("io.StringIO", Terminal)
    shown = run(*words, "--top", "2").out
    assert piped.count("\n") == 1
    assert shown.count("\n") > 20
    assert json.loads(shown).keys() == json.loads(piped).keys()
