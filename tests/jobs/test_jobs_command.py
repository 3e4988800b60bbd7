"""`trendscout jobs`: what there is, what ran, what runs next, and a try that leaves no trace."""

import json
from datetime import UTC, date, datetime

import pytest

from trendscout.store import runs
from trendscout.store.connect import open_store

LINES = ["list_id,snapshot_at,rank,item,item_key"]
LINES += [
    f"shop_US/bestsellers/toys,2026-03-{day:02} 06:00:00,{item + 1},Toy {item + day},T{item + day:09}"
    for day in (1, 2, 3)
    for item in range(12)
]
KEPT = "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM snapshots)"
NIGHT = datetime(2026, 3, 2, 6, tzinfo=UTC)


@pytest.fixture
def shop(run, tmp_path, monkeypatch):
    """A folder with a store of three looks, two jobs, and one channel without an address."""
    monkeypatch.delenv("TEAM", raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "trendscout.toml").write_text(
        'contact = "me@example.com"\n[push.team]\nkind = "wecom"\nenv = "TEAM"\n'
    )
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "daily.toml").write_text(
        'cron = "30 7 * * *"\ntimezone = "Asia/Shanghai"\n'
        '[collect]\nsources = ["google_trends"]\nmarkets = ["US"]\n'
        '[report]\nformats = ["csv"]\n[push]\nchannels = ["team"]\n'
    )
    (tmp_path / "jobs" / "wrong.toml").write_text("cron = 7\n")
    (tmp_path / "history.csv").write_text("\n".join(LINES) + "\n")
    assert run("import", "history.csv").code == 0
    with open_store(tmp_path / "trendscout.duckdb") as connection:
        begun = runs.Run("host:1", "daily", date(2026, 3, 2), NIGHT, None, "running", {})
        runs.claim(connection, begun, alive=lambda _: True)
        why = {"pushes": {"team": "refused"}, "paths": ["drops/2026-03-02/daily.csv"]}
        runs.advance(connection, begun, "partial", why, NIGHT)
    return run


def test_jobs_are_listed_with_last_and_next_run_in_their_own_zone(shop):
    ended = shop("jobs", "list", "--json")
    assert ended.code == 3, "wrong.toml is told and costs nothing else"
    assert "wrong.toml" in ended.err
    (daily,) = json.loads(ended.out)
    assert (daily["name"], daily["state"], daily["last_run"]) == ("daily", "partial", "2026-03-02T06:00:00Z")
    assert daily["due"].endswith("T23:30:00Z")
    table = shop("jobs", "list").out
    assert "2026-03-02 14:00" in table
    assert "collects, reports, → team" in " ".join(table.split())


def test_runs_tell_what_was_written_whom_it_did_not_reach_and_the_next_times(shop):
    said = json.loads(shop("jobs", "runs", "daily", "--next", "2", "--json").out)
    assert [one["local_date"] for one in said["runs"]] == ["2026-03-02"]
    assert said["runs"][0]["paths"] == ["drops/2026-03-02/daily.csv"]
    assert len(said["next"]) == 2
    assert "团队" not in shop("--lang", "zh", "jobs", "runs", "daily").out
    assert "待运行" in shop("--lang", "zh", "jobs", "runs", "daily").out
    missing = shop("jobs", "runs", "weekly")
    assert (missing.code, "There are: daily, wrong." in missing.err) == (2, True)


def test_a_try_leaves_files_and_no_trace(shop, tmp_path):
    with open_store(tmp_path / "trendscout.duckdb") as connection:
        before = connection.execute(
            "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM snapshots)"
        ).fetchall()
    ended = shop("jobs", "try", "daily")
    assert ended.code == 3, "the channel has no address"
    assert "daily would ask 1 list" in ended.err
    assert "The environment variable TEAM is not set." in ended.err
    assert (tmp_path / "drops" / "try" / "daily.csv").is_file()
    assert not (tmp_path / "drops" / "latest").exists()
    with open_store(tmp_path / "trendscout.duckdb") as connection:
        after = connection.execute(
            "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM snapshots)"
        ).fetchall()
        assert connection.execute("SELECT count(*) FROM shown").fetchall() == [(0,)]
    assert after == before


def test_rank_shows_nothing_in_the_record_and_report_does(shop, tmp_path):
    assert "Best sellers · Toys" in shop("rank").out
    with open_store(tmp_path / "trendscout.duckdb") as connection:
        assert connection.execute("SELECT count(*) FROM shown").fetchall() == [(0,)]
    shop("report")
    with open_store(tmp_path / "trendscout.duckdb") as connection:
        assert connection.execute("SELECT count(*) FROM shown").fetchall() == [(1,)]
