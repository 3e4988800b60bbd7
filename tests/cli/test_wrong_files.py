"""One wrong file of the user's costs only itself; pipes and devices are no files; a name is no pattern."""

import json
import os
from dataclasses import replace

import pytest

from trendscout.errors import ConfigError
from trendscout.jobs.run import queries_of
from trendscout.settings.config import Settings, load_settings
from trendscout.settings.jobfile import load_job, load_jobs

ROWS = "list_id,snapshot_at,rank,item_key,item\n" + "\n".join(
    f"shop_US/top/lamps,2026-07-{day:02}T06:00:00Z,{rank},k{rank},Moss lamp {rank}"
    for day in range(1, 7)
    for rank in range(1, 6)
)


@pytest.fixture
def home(tmp_path, run):
    """A home with a store in which three files of the user's are wrong."""
    (tmp_path / "trendscout.toml").write_text('contact = "a@b.example"\n')
    (tmp_path / "h.csv").write_text(ROWS)
    assert run("import", "h.csv").code == 0
    for name, text in (("sources/bad.toml", "name = "), ("packs/bad.toml", "x = 1"), ("costs.toml", "[[")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_wrong_file_is_left_out_and_told(home, run):
    ended = run("doctor", "--json")
    warned = [finding["fields"].get("path") or finding["what"] for finding in json.loads(ended.out)]
    assert ended.code == 3
    assert any("bad.toml" in str(path) for path in warned)
    ended = run("report", "--json")
    notes = " ".join(json.loads(ended.out)["notes"])
    assert ended.code == 3
    assert len(json.loads(ended.out)["rows"]) == 5
    assert "sources/bad.toml is not TOML" in notes
    assert "costs.toml" in notes
    assert "bad" in notes.split("costs.toml")[1], "the pack is told as well"
    (home / "daily.toml").write_text('cron = "0 0 * * *"\n[report]\nformats = ["csv"]\n')
    ended = run("run", "daily.toml")
    assert ended.code == 3
    assert "bad.toml is not TOML" in ended.err
    assert list(home.glob("drops/*/*.csv"))
    (home / "sources/bad.toml").unlink()
    assert run("sources").code == 0


LAMPS = """
name = "lamps"
format = "json"
terms = "https://lamps.example/terms"
items = "rows"
[fields]
item_key = "id"
title = "name"
"""


@pytest.fixture
def lamps(tmp_path, run, monkeypatch):
    """A home whose store has a list of a declared source, and the file that declares it is wrong today."""
    monkeypatch.setattr("trendscout.sources.source._declared", {})
    monkeypatch.setattr("trendscout.sources.source._left_out", {})
    (tmp_path / "trendscout.toml").write_text('contact = "a@b.example"\nsources = ["lamps"]\n')
    declared = tmp_path / "sources" / "l.toml"
    declared.parent.mkdir()
    declared.write_text(LAMPS)
    rows = [{"id": f"k{n}", "name": f"Moss lamp {n}"} for n in range(4)]
    (tmp_path / "l.json").write_text(json.dumps({"rows": rows}))
    (tmp_path / "h.csv").write_text(ROWS)
    assert run("import", "h.csv").code == 0
    assert run("ingest", "l.json", "--source", "lamps").code == 0
    monkeypatch.setattr("trendscout.sources.source._declared", {})
    declared.write_text(LAMPS.replace('"json"', '"yaml"'))
    assert run("sources").code == 3
    return tmp_path


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("The source lamps is left out: ", "l.toml, line 3: format", "Mend that line.")),
        ("zh", ("来源 lamps 没有启用：", "l.toml, line 3：format", "请改正那一行。")),
    ],
)
def test_a_source_whose_file_is_wrong_says_that_and_why(lamps, run, lang, words):
    for command in (
        ("sources", "lamps"),
        ("collect", "lamps"),
        ("collect",),
        ("ingest", "l.json", "--source", "lamps"),
    ):
        ended = run("--lang", lang, *command)
        assert ended.code == 2, command
        assert [word for word in words if word not in ended.err] == [], (command, ended.err)
    assert "no source" in run("sources", "lamp").err
    told = run("doctor").out
    assert "l.toml, line 3: format" in told
    assert "do not exist" not in told


def test_a_source_whose_file_is_wrong_costs_nobody_else(lamps, run):
    """What the job, the settings and the archive have of it waits; the others are read."""
    job = 'cron = "0 0 * * *"\n[collect]\n{}\n[report]\nformats = ["csv"]\n'
    (lamps / "trendscout.toml").write_text('contact = "a@b.example"\nsources = ["ecb_rates", "lamps"]\n')
    settings = replace(load_settings(lamps / "trendscout.toml"), markets=("DE",))
    for named, asked in (
        ("", ["ecb_rates"]),
        ('sources = ["lamps"]', []),
        ('sources = ["lamps", "ecb_rates"]', ["ecb_rates"]),
    ):
        (lamps / "daily.toml").write_text(job.format(named))
        found = queries_of(load_job(lamps / "daily.toml", settings), settings)
        assert [query.source for query in found] == asked, named
    (lamps / "daily.toml").write_text(job.format('sources = ["lamps"]'))
    ended = run("run", "daily.toml")
    assert (ended.code, "l.toml, line 3" in ended.err) == (3, True), ended
    assert list(lamps.glob("drops/*/*.csv"))

    def shown() -> set[tuple[str, int]]:
        return {(row["list_id"], row["rank"]) for row in json.loads(run("report", "--json").out)["rows"]}

    of_history = {("shop_US/top/lamps", rank) for rank in range(1, 6)}
    of_lamps = {("lamps_XX/list/l", rank) for rank in range(1, 5)}
    assert shown() == of_history | of_lamps
    again = run("replay", "--json")
    assert again.code == 3
    assert "lamps is no source: a page of it was not read again" in again.err
    assert shown() == of_history | of_lamps
    (lamps / "trendscout.duckdb").unlink()
    assert run("replay").code == 3
    assert shown() == of_history
    (lamps / "sources" / "l.toml").write_text(LAMPS)
    assert run("replay").code == 0
    assert shown() == of_history | of_lamps


def test_a_wrong_job_keeps_no_other_from_its_hour(tmp_path):
    (tmp_path / "a.toml").write_text("cron = ")
    told: list[ConfigError] = []
    with pytest.raises(ConfigError, match=r"a\.toml"):
        load_jobs(tmp_path, Settings(), tell=told.append)
    (tmp_path / "b.toml").write_text('cron = "0 0 * * *"\n')
    told.clear()
    assert [job.name for job in load_jobs(tmp_path, Settings(), tell=told.append)] == ["b"]
    assert "a.toml is not TOML" in str(told[0])


@pytest.mark.parametrize("folder", ["{elsewhere}/drops", "../drops", "a/../../drops"])
def test_a_job_drops_nothing_outside_unless_that_is_allowed(tmp_path, run, folder):
    home = tmp_path / "home"
    home.mkdir()
    (home / "trendscout.toml").write_text("")
    job = home / "daily.toml"
    where = folder.format(elsewhere=tmp_path / "elsewhere")
    job.write_text(f'cron = "0 0 * * *"\n[report]\nformats = ["csv"]\nfolder = "{where}"\n')
    (home / "h.csv").write_text(ROWS)
    config = ("--config", home / "trendscout.toml")
    assert run(*config, "import", home / "h.csv").code == 0
    ended = run(*config, "run", job)
    assert (ended.code, "outside" in ended.err) == (2, True), ended
    assert not list(tmp_path.glob("*/**/*.csv")) or [path.name for path in tmp_path.glob("*/**/*.csv")] == [
        "h.csv"
    ]
    assert run(*config, "run", job, "--allow-outside").code == 0
    assert len(list(tmp_path.glob("*/**/*.csv")) + list(tmp_path.glob("drops/**/*.csv"))) >= 2


@pytest.mark.skipif(os.name == "nt", reason="there are no such pipes")
@pytest.mark.timeout(30)
def test_a_pipe_or_a_device_is_no_file(tmp_path, run):
    for name in ("p.html", "p.har", "p.csv", "p.parquet", "p.xlsx", "p.warc.gz", "p.toml"):
        os.mkfifo(tmp_path / name)
    for command in (
        ("import", "p.csv"),
        ("import", "p.parquet"),
        ("import", "p.xlsx"),
        ("ingest", "p.html"),
        ("ingest", "p.har"),
        ("ingest", "p.warc.gz"),
        ("ingest", "."),
        ("ingest", "/dev/zero"),
        ("import", "/dev/zero"),
        ("parse", "p.html", "--source", "shopee"),
        ("source", "test", "p.toml", "--page", "p.html"),
        ("run", "p.toml"),
        ("backtest", "p.parquet"),
        ("--config", "p.toml", "doctor"),
    ):
        ended = run(*command)
        assert ended.code == 2, (command, ended)
        assert "p." in ended.err + ended.out or "/dev/zero" in ended.err + ended.out, command


@pytest.mark.parametrize(
    "name", ["h[1].csv", "h*.csv", "h?.csv", "h[!1].csv", "rank=9/h.csv", "a[1]/h{1,2}.csv", "h'.csv"]
)
def test_a_name_is_no_pattern(tmp_path, run, name):
    (tmp_path / "h1.csv").write_text("list_id,snapshot_at,rank,item_key\nother_US/x/y,2026-01-01,1,wrong\n")
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(ROWS)
    ended = run("import", name, "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["loaded"]["observations"] == 30
    rows = json.loads(run("report", "--json").out)["rows"]
    assert {row["title"] for row in rows} == {f"Moss lamp {n}" for n in range(1, 6)}
    assert sorted(row["rank"] for row in rows) == [1, 2, 3, 4, 5]
