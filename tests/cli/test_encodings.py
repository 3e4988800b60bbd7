"""Answers pass a pipe of any encoding: a Chinese or Western Windows, LANG=C. JSON is UTF-8 everywhere."""

import io
import itertools
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from trendscout.cli import _COMMANDS
from trendscout.cli.app import app

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ENCODINGS = ("gbk", "cp1252", "big5", "ascii")
TITLES = (
    "โคมไฟพับได้",
    "접이식 이끼 랜턴",
    "折叠苔藓灯 🔥",
    "Lampe à mousse – pliante",
    "مصباح طحلب",
    "Glow\udcffMoss",
)
LIST = "amazon_bestsellers_US/bestsellers/kitchen"
# Every command that answers with what is in the store, or asks for nothing.
COMMANDS = (
    ("report", "--top", "8"),
    ("report", "--json"),
    ("report", "--format", "csv", "--out", "drops/{date}/灯🔥.csv"),
    ("rank",),
    ("rank", "--json"),
    ("why", "Lampe"),
    ("why", "Lampe", "--json"),
    ("match",),
    ("record",),
    ("review",),
    ("doctor",),
    ("doctor", "--json"),
    ("push", "list"),
    ("mcp", "--skill"),
    ("jobs", "list"),
    ("costs",),
    ("alert", "list"),
    ("words",),
    ("sources",),
    ("sources", "shopee"),
    ("sources", "--json"),
    ("db", "check"),
    ("ingest", "🔥.html"),
    ("parse", "🔥.html", "--source", "shopee"),
    ("run", "🔥.toml"),
    ("report", "--market", "🔥"),
    ("--help",),
    ("report", "--help"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a store whose titles no single one of the encodings can say."""
    folder = tmp_path_factory.mktemp("encodings")
    rows = ["list_id,snapshot_at,rank,item_key,item"]
    for day, (rank, title) in itertools.product(range(1, 9), enumerate(TITLES[:5], 1)):
        rows.append(f"{LIST},2026-07-{day:02}T06:00:00Z,{(rank + day) % 5 + 1},B00000E00{rank},{title}")
    (folder / "history.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "🔥.html").write_text("<title>🔥</title>", encoding="utf-8")
    ended = ran(folder, "utf-8", "--db", "x.duckdb", "import", "history.csv")
    assert ended[0] == 0, ended
    return folder


def ran(folder: Path, encoding: str, *arguments: str) -> tuple[int, bytes, str]:
    """How a command ends in this process when stdout and stderr are pipes of an encoding."""
    from trendscout.cli import run
    from trendscout.cli.language import help_lang

    help_lang.cache_clear()
    out, err = io.BytesIO(), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["trendscout", *arguments])
        patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding, write_through=True))
        patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding, "backslashreplace", write_through=True))
        code = 0
        try:
            run()
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, out.getvalue(), err.getvalue().decode(encoding)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_command_answers_in_every_encoding(home, encoding, lang):
    for command in COMMANDS:
        code, out, err = ran(home, encoding, "--db", "x.duckdb", "--lang", lang, *command)
        assert code in (0, 2, 3), (command, err)
        assert "UnicodeEncodeError" not in err, command
        if "--json" in command:
            assert json.loads(out.decode("utf-8")), command
        else:
            assert out.decode(encoding) or err, command


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_real_pipe(home, encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "0"}
    for command in (("--lang", "zh", "--help"), ("--db", "x.duckdb", "report", "--json")):
        done = subprocess.run(
            [sys.executable, "-m", "trendscout", *command],
            check=False,
            cwd=home,
            env=environment,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        text = done.stdout.decode("utf-8" if "--json" in command else encoding)
        assert json.loads(text)["rows"] if "--json" in command else "report" in text


def test_the_json_says_each_title_whole(home):
    code, out, _ = ran(home, "cp1252", "--db", "x.duckdb", "report", "--sort", "rank", "--json")
    told = {row["title"] for row in json.loads(out)["rows"]}
    assert code == 0
    assert told == set(TITLES[:5])


def test_a_name_that_is_no_text_can_be_told(home):
    code, out, err = ran(home, "utf-8", "ingest", "no\udcff.html", "--json")
    assert (code, json.loads(out)[0]["name"]) == (2, "no?.html"), err


def test_every_command_is_tried_or_needs_more_than_a_store():
    for part in _COMMANDS:
        import_module(f"trendscout.cli.{part}")
    needs_more = {"demo", "init", "collect", "schedule", "replay", "backtest", "import", "source", "db"}
    needs_more |= {"serve", "extension"}
    words = {"merge", "split", "variants", "mark"}  # they answer with one sentence
    tried = {command[0] for command in COMMANDS}
    assert set(typer.main.get_command(app).commands) <= tried | needs_more | words
