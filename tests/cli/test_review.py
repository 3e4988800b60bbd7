"""`trendscout review`: each key of the terminal is an answer that holds, or leaves the question for later."""

import io
import json
import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trendscout.steps.match import match_store
from trendscout.store.histories import import_history
from trendscout.store.read_file import ReadFile, current_file
from trendscout.store.runs import remember
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 5, 2, tzinfo=UTC)
JUICER = (
    "Zunova Portable Mini Juicer Cup USB Rechargeable 400ml ZB-210",
    "USB rechargeable juicer cup Zunova ZB-210, portable mini, 0.4L",
)
LANTERN = (
    "Brindle Camping Lantern LED Foldable 1200 lumen CL-77 with hook",
    "Foldable LED camping lantern Brindle CL-77, 1200 lumen, with hook",
)


@pytest.fixture
def store(tmp_path: Path) -> Workspace:
    """Two products of two listings each, both joined with doubt, in rows 1 and 2 of the report shown last."""
    lines = ["list_id,snapshot_at,rank,item,item_key,count"]
    for place, titles in enumerate(zip(JUICER, LANTERN, strict=True)):
        for rank, title in enumerate(titles, 1):
            row = f'shop{place}_best/US/bestsellers/x,2026-05-01T06:00:00Z,{rank},"{title}",k{rank}{place},'
            lines.append(row)
    file = tmp_path / "lists.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    workspace = Workspace.at(tmp_path / "store.duckdb")
    with workspace.writing() as connection:
        import_history(connection, file, loaded_at=NOW)
        match_store(connection)
        connection.execute("UPDATE memberships SET verdict = 'likely', probability = 0.5")
        names = [connection.execute(_PRODUCT_OF, [key]).fetchall()[0][0] for key in ("k10", "k20")]
        assert len(set(names)) == 2
        shown = {name: {"position": row} for row, name in enumerate(names, 1)}
        remember(connection, "terminal", json.dumps(shown), NOW)
    return workspace


_PRODUCT_OF = "SELECT product_id FROM memberships JOIN listings USING (listing) WHERE item_key = ?"


def kept(workspace: Workspace) -> tuple[list[str], set[str], list[str]]:
    """The labels' judgements, the decisions' actions, the products of the four listings."""
    with workspace.store() as connection:
        labels = connection.execute("SELECT judgement FROM labels ORDER BY answered_at").fetchall()
        actions = connection.execute("SELECT DISTINCT action FROM decisions").fetchall()
        products = [
            connection.execute(_PRODUCT_OF, [key]).fetchall()[0][0] for key in ("k10", "k11", "k20", "k21")
        ]
    return [one for (one,) in labels], {one for (one,) in actions}, products


def asked(run, monkeypatch, keys: str):
    monkeypatch.setattr(sys, "stdin", io.StringIO(keys))
    return run("--db", "store.duckdb", "--lang", "en", "review")


@pytest.mark.parametrize(
    ("key", "label", "action", "together"),
    [
        ("s", "S", "merge", True),
        ("v", "V", "variants", False),
        ("d", "D", "split", False),
        ("S", "S", "merge", True),
    ],
)
def test_a_key_is_an_answer_that_holds(store, run, monkeypatch, key, label, action, together):
    ended = asked(run, monkeypatch, f"{key}\nq\n")
    assert ended.code == 0
    assert ended.err.count("is this one product?") == 2
    assert "Row 1" in ended.err.split("Row 2")[0]
    assert JUICER[0] in ended.err
    assert JUICER[1] in ended.err
    labels, actions, (first, second, third, fourth) = kept(store)
    assert (labels, actions) == ([label], {action})
    assert (first == second) is together
    assert third == fourth, "the other product was not asked about"
    right = int(label == "S")
    assert f"Of the joins that you judged, right: {right} of 1." in ended.err
    again = asked(run, monkeypatch, "q\n")
    assert "Row 1" not in again.err, "what was answered is not asked again"
    assert "Row 2" in again.err


@pytest.mark.parametrize("keys", ["x\nx\n", "\n\n", "1\n2\n", "", "q\n", "Q\ns\n"])
def test_any_other_key_leaves_it_for_later(store, run, monkeypatch, keys):
    ended = asked(run, monkeypatch, keys)
    assert ended.code == 0
    assert kept(store)[:2] == ([], set())
    assert ended.err.count("is this one product?") == (2 if keys[:1] in ("x", "\n", "1") else 1)
    assert asked(run, monkeypatch, "").err.count("Row 1") == 1


def test_every_question_has_its_own_answer(store, run, monkeypatch):
    asked(run, monkeypatch, "d\nv\n")
    labels, actions, products = kept(store)
    assert (labels, actions) == (["D", "V"], {"split", "variants"})
    assert len(set(products)) == 4
    assert "Nothing doubtful" in asked(run, monkeypatch, "").err


def test_for_programs_it_lists_the_questions_and_takes_no_answer(store, run):
    (first, second) = json.loads(run("--db", "store.duckdb", "review", "--json").out)
    assert (first["position"], second["position"]) == (1, 2)
    assert {side["title"] for side in first["sides"]} == set(JUICER)
    assert kept(store)[0] == []


def test_an_answer_is_published_to_a_desk(store, run, monkeypatch):
    store.desk.mkdir()
    asked(run, monkeypatch, "d\n")
    made = current_file(store.desk)
    assert made is not None
    with closing(ReadFile(made)) as file, closing(file.cursor()) as cursor:
        assert cursor.execute("SELECT judgement FROM labels").fetchall() == [("D",)]


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_in_a_terminal_one_key_is_enough(store, tmp_path):
    """No Enter: the key itself is the answer."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "trendscout", "--db", "store.duckdb", "--lang", "en", "review"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=theirs, stderr=subprocess.PIPE, text=True) as asking:

        def listens() -> bool:
            return not termios.tcgetattr(theirs)[3] & termios.ICANON

        def wait(what) -> None:
            ends = time.monotonic() + 120
            while not what() and asking.poll() is None and time.monotonic() < ends:
                time.sleep(0.01)

        for key in (b"s", b"v"):
            wait(listens)
            os.write(ours, key)
            wait(lambda: not listens())
        said = asking.communicate(timeout=120)[1]
    os.close(ours)
    os.close(theirs)
    assert asking.returncode == 0
    assert "Of the joins that you judged, right: 1 of 2." in said
    assert kept(store)[:2] == (["S", "V"], {"merge", "variants"})
