"""The command line is a contract: commands, examples, exit codes, and clean JSON on stdout."""

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from trendscout.cli import _COMMANDS, globals_first
from trendscout.cli.app import app

ROOT = Path(__file__).parents[2]
for part in _COMMANDS:
    import_module(f"trendscout.cli.{part}")


def commands(group, before=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name)


ALL = sorted(commands(typer.main.get_command(app)))
PROMISED = """demo init sources collect ingest parse import match rank report mark merge split why backtest run
schedule replay doctor""".split()


def test_every_promised_command_exists():
    names = {" ".join(command) for command in ALL}
    assert names >= {*PROMISED, "db backup", "db restore", "db check", "db compact", "source test"}


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_every_command_answers_help_with_an_example(run, command):
    ended = run(*command, "--help")
    assert ended.code == 0
    assert "Example" in ended.out
    assert f"trendscout {' '.join(command)}" in " ".join(ended.out.split())


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_every_command_of_the_readme_exists(page):
    used = re.findall(r"trendscout (?:--lang zh )?([a-z]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert set(used) <= {command[0] for command in ALL} | {"is"}


def test_help_speaks_chinese():
    command = [sys.executable, "-m", "trendscout", "--lang", "zh", "--help"]
    said = subprocess.run(
        command, capture_output=True, check=True, cwd=ROOT, env={**os.environ, "PYTHONUTF8": "1"}
    )
    assert "公开榜单" in said.stdout.decode()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["report", "--db", "x.duckdb"], ["--db", "x.duckdb", "report"]),
        (["report", "--lang=zh", "--top", "3"], ["--lang=zh", "report", "--top", "3"]),
        (["why", "--", "--db"], ["why", "--", "--db"]),
        (["why", "x", "-v", "--quiet"], ["-v", "--quiet", "why", "x"]),
        (["report", "--db"], ["--db", "report"]),
    ],
)
def test_global_options_may_stand_anywhere(given, expected):
    assert globals_first(given) == expected


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["report"], 4, "There is no store"),
        (["report", "--format", "pdf"], 2, "Choose one of table, json, csv, xlsx, html, atom."),
        (["report", "--as-of", "yesterday"], 2, "is not a time"),
        (["report", "--top", "0"], 2, ""),
        (["nonsense"], 2, ""),
        (["--lang", "fr", "sources"], 2, "--lang fr is not known"),
        (["--config", "missing.toml", "sources"], 2, "missing.toml cannot be read"),
        (["collect", "no_such_source"], 2, "no source"),
        (["collect", "tiktok_shop"], 2, "cannot be collected"),
        (["parse", "missing.html", "--source", "ebay"], 2, "cannot be read"),
        (["import", "missing.parquet"], 2, "cannot be read"),
        (["mark", "x", "loved"], 2, "is no mark"),
        (["match", "records.parquet"], 2, "needs --out"),
        (["run", "jobs/none.toml"], 2, "cannot be read"),
        (["schedule", "nowhere"], 2, "has no job"),
        (["backtest", "missing.parquet"], 2, "no readable history"),
        (["db", "restore", "missing.duckdb"], 2, "is not there"),
        (["doctor"], 0, ""),
    ],
)
def test_exit_codes_and_plain_words(run, arguments, code, said):
    ended = run(*arguments)
    assert (ended.code, said in ended.err) == (code, True), ended


def test_a_live_list_is_not_asked_without_a_contact(run):
    ended = run("collect", "google_trends", "--market", "US")
    assert ended.code == 2
    assert "contact" in ended.err


def test_json_is_one_document_and_nothing_else(run):
    for arguments in (["sources", "--json"], ["doctor", "--json"], ["sources", "ebay", "--json"]):
        json.loads(run(*arguments).out)


def test_the_ledger_says_everything_about_a_source(run):
    entry = json.loads(run("sources", "amazon_bestsellers", "--json").out)
    needed = "name kinds markets way_in default_on why terms robots robots_at spacing_s"
    needed += " last_status looks_7d ok_7d coverage"
    assert set(entry) >= set(needed.split())
    assert entry["terms"].startswith("https://")


def test_sources_says_what_is_left_out(run):
    assert "NoxInfluencer" in run("sources").out
    assert "个人数据" in run("--lang", "zh", "sources").out


@pytest.mark.parametrize(
    ("name", "way", "begin"),
    [
        ("amazon_bestsellers", "在线：在 robots.txt", "trendscout collect amazon_bestsellers --market US"),
        ("temu", "自备：您自己", "trendscout ingest saved.html --source temu --market US"),
    ],
)
def test_a_source_says_in_words_how_to_begin_with_it(run, name, way, begin):
    said = run("--lang", "zh", "sources", name).out
    assert way in said
    assert begin in said
    assert "looks_7d" not in said


@pytest.mark.parametrize(("name", "step"), [("shope", "Did you mean: shopee"), ("qqqq", "lists them")])
def test_only_near_names_are_offered(run, name, step):
    assert step in run("sources", name).err


def test_a_fault_of_ours_exits_with_1_and_says_so(run, monkeypatch):
    import trendscout.steps.ledger

    def broken(*_):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(trendscout.steps.ledger, "ledger", broken)
    ended = run("sources")
    assert ended.code == 1
    assert "fault of trendscout" in ended.err
    assert "Traceback" not in ended.err


def test_init_writes_a_configuration_that_doctor_finds_sound(run, tmp_path):
    assert run("init", "shop", "--yes").code == 0
    written = {path.name for path in (tmp_path / "shop" / "jobs").iterdir()}
    assert {"daily.toml", "hourly.toml", "crontab"} <= written
    assert "sound" in run("--config", "shop/trendscout.toml", "doctor").out
    again = run("init", "shop", "--yes")
    assert (again.code, "is there already" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("top = 5\n", "line 1"),
        ("[report]\ntop = 0\n", "line 2"),
        ('lang = "fr"\n', "lang"),
        ("markets = [\n", "is not TOML"),
        ('[push.team]\nkind = "pigeon"\nenv = "X"\n', "push.team.kind"),
    ],
)
def test_a_wrong_configuration_is_told_by_line_and_key(run, tmp_path, text, fault):
    (tmp_path / "trendscout.toml").write_text(text)
    ended = run("sources")
    assert (ended.code, fault in ended.err) == (2, True), ended.err


def test_changes_are_told_against_the_last_answer_to_the_same_question(run, tmp_path):
    lines = ["list_id,snapshot_at,rank,item,item_key,count"]
    for day in range(1, 13):
        order = [(place + day * (place % 3)) % 12 for place in range(12)]
        lines += [
            f"shop_US/bestsellers/toys,2026-03-{day:02} 06:00:00,{rank},Toy number {item},T{item:09},"
            for rank, item in enumerate(dict.fromkeys(order), 1)
        ]
    (tmp_path / "history.csv").write_text("\n".join(lines) + "\n")
    assert run("import", "history.csv").code == 0
    asked = ("report", "--as-of", "2026-03-12T07:00Z", "--top")
    assert run(*asked, "3").code == 0
    assert "everything is new" in run(*asked, "5", "--changes").out
    assert "Nothing changed" in run(*asked, "3", "--changes").out


def test_pandas_is_not_imported_where_it_is_installed(tmp_path):
    """DuckDB would import it at the first parameter of a statement."""
    (tmp_path / "pandas.py").write_text("open('imported', 'w').close()\n")
    (tmp_path / "h.csv").write_text("list_id,snapshot_at,rank,item_key\nshop_US/top/lamps,2026-07-01,1,k1\n")
    done = subprocess.run(
        [sys.executable, "-m", "trendscout", "--db", "s.duckdb", "import", "h.csv"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))},
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "imported").exists()
