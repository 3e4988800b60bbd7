"""`lang = "zh"` of the configuration rules everything that is said, Typer's own words too."""

import os
import re
import subprocess
import sys

import pytest
from test_command_line import ALL

from trendscout.cli.language import configured

CONFIG = 'lang = "zh"\n'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "--nothing"), "没有选项 --nothing。"),
        (("nothing",), "没有命令 nothing。"),
        (("why",), "缺少 PRODUCT。"),
        (("report", "--top", "x"), "--top 的值不合要求。"),
        (("why", "a", "b"), "这里不应有："),
        (("report",), "没有数据库"),
    ],
)
def test_errors_are_chinese(run, tmp_path, arguments, said):
    (tmp_path / "trendscout.toml").write_text(CONFIG)
    ended = run(*arguments)
    assert ended.code in (2, 4)
    assert said in ended.err
    assert not any(word in ended.err for word in ("No such", "Missing", "Invalid", "unexpected", "Try"))


def test_help_is_chinese_by_the_configuration_and_english_by_the_option(run, tmp_path):
    named = tmp_path / "mine.toml"
    named.write_text(CONFIG)
    assert "参数" in run("why", "--help", "--config", named).out
    assert "选项" in run("report", "--help", f"--config={named}").out
    assert "Options" in run("report", "--help", "--config", named, "--lang", "en").out
    named.write_text('[collect]\nlang = "zh"\n')
    assert configured(["--config", str(named)]) == ""


def test_a_time_to_come_is_refused(run):
    ended = run("report", "--as-of", "2999-01-01")
    assert ended.code == 2
    assert "2999-01-01 is in the future." in ended.err


# Three English words in a row, of which none is a command's, an option's or a name's, are a sentence of ours.
SENTENCE = re.compile(r"(?<![\w/.`-])(?:[A-Za-z][a-z']+ ){2,}[a-z]+")
COMMAND = re.compile(r"`[^`]*`|trendscout [\w .-]+|https?://\S+|Usage: .*|[\w-]+\.(?:toml|csv|html|duckdb)")
NAMES = ("Creative Center", "Product Hunt", "Mercado Libre", "Safety Gate", "Google Trends", "led strip lights")
ASKED = """backtest --label halve|backtest --label x|backtest --horizon q|backtest|doctor|sources|sources ebay
record|match|db check|db compact --dry-run|why 1|why zzz|rank --top 2|report --top 2
report --top 2 --sort odd|report --format x|report --as-of 2999-01-01|report --as-of x
report --changes|report --pack x|report --sort x|report --market XX|ingest nothing.html
ingest broken.html|import nothing.csv|import broken.csv|collect google_trends --market US
collect nosuch|push list|push retry|push drop x|replay|variants 1 2|merge 1 1|split 1|split zzz
run x.toml|run daily|schedule y|report --top|report --top 0|jobs list|jobs runs daily|jobs runs x
jobs try daily|mark 1 mine|mark 1 x|mark zzz mine|ingest --undo list|ingest --undo zzz|init .
init other --yes --no-collect|parse broken.html --source ebay|import history.csv|source test|review
costs|report --format csv --out x/../../y.csv|demo --days 1|demo --market XX"""


@pytest.mark.slow
def test_no_command_says_a_sentence_in_english(run, tmp_path):
    lines = ["list_id,snapshot_at,rank,item,item_key"]
    lines += [
        f"shop_US/bestsellers/toys,2026-03-0{day} 06:00:00,{n + 1},货 {n},T{n:09}"
        for day in (1, 2)
        for n in range(9)
    ]
    (tmp_path / "history.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "broken.html").write_text("<html>nothing</html>")
    (tmp_path / "broken.csv").write_text("a,b\n1\n")
    (tmp_path / "trendscout.toml").write_text(CONFIG)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "daily.toml").write_text('cron = "30 7 * * *"\n[report]\nformats = ["csv"]\n')
    said = {"import": run("import", "history.csv")}
    said |= {asked: run(*asked.split()) for asked in re.split(r"[|\n]", ASKED)}
    assert {
        (asked, found) for asked, ended in said.items() for found in english(f"{ended.out}\n{ended.err}")
    } == set()


@pytest.mark.slow
def test_no_help_says_a_sentence_in_english(tmp_path):
    """In a process of its own: what help says is read where a command is declared."""
    script = (
        "import sys\nfrom contextlib import suppress\nfrom trendscout.cli import run\n"
        "for asked in sys.stdin.read().splitlines():\n"
        "    sys.argv = ['trendscout', '--lang', 'zh', *asked.split(), '--help']\n"
        "    with suppress(SystemExit):\n        run()\n"
    )
    environment = {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "200", "TRENDSCOUT_LANG": "zh"}
    told = subprocess.run(
        [sys.executable, "-c", script, "--lang", "zh"],
        input="\n".join(("", *(" ".join(one) for one in ALL))).encode(),
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    ).stdout.decode()
    assert told.count("选项") > len(ALL)
    assert list(english(told)) == []


def english(text):
    """The sentences in English that a text holds."""
    for line in text.splitlines():
        for found in SENTENCE.findall(COMMAND.sub("", line)):
            if not any(name in found for name in NAMES):
                yield found
