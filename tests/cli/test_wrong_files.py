"""One wrong file of the user's costs only itself; pipes and devices are no files; a name is no pattern."""

import json
import os

import pytest

from trendscout.errors import ConfigError
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import load_jobs

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
