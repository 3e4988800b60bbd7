"""Names on the command line: markets in every form, what is near, what a shell completes, where things are."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from trendscout.cli import _COMMANDS, _GROUPS, choices
from trendscout.cli.app import app, market_code
from trendscout.cli.init import contact_of, lang_of, local_zone, markets_of, push_of, zone_of
from trendscout.errors import UsageError
from trendscout.intake.declarative import _request
from trendscout.lang import tr
from trendscout.model import Query
from trendscout.resources import home, users_home
from trendscout.settings.config import load_settings
from trendscout.steps.rank import rank
from trendscout.store.connect import open_store
from trendscout.store.query import Scope


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("US", "US"),
        ("us", "US"),
        ("USA", "US"),
        ("美国", "US"),
        ("united states", "US"),
        ("gb", "UK"),
        ("英国", "UK"),
    ],
)
def test_a_market_has_many_names(text: str, code: str) -> None:
    assert market_code(text) == code


def test_what_is_no_market_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no market 'Germny'.*DE \(germany\)"):
        market_code("Germny")
    with pytest.raises(UsageError, match="US, UK or ID"):
        market_code("🔥")


def test_what_the_store_does_not_have_is_told_with_what_it_has(tmp_path: Path) -> None:
    with open_store(tmp_path / "s.duckdb") as connection:
        connection.execute(
            """INSERT INTO lists (list_key, list_id, source, platform, market, kind, category) VALUES
            (1, 'amazon_bestsellers_US/bestsellers/kitchen', 'amazon_bestsellers', 'amazon', 'US', 'bestsellers',
             'kitchen')"""
        )
        from datetime import UTC, datetime

        for scope, told in (
            (Scope(market="DE"), "--market 'DE'. There are: US"),
            (Scope(source="amazon_bestseller"), "There are: amazon_bestsellers, amazon"),
            (Scope(category="kitchn"), "--category 'kitchn'. There are: kitchen"),
        ):
            with pytest.raises(UsageError) as caught:
                rank(connection, scope, now=datetime.now(UTC))
            assert told in str(caught.value)


@pytest.mark.parametrize(
    ("complete", "typed", "has"),
    [
        (choices.given_sources, "amazon_", "amazon_bestsellers"),
        (choices.given_markets, "u", "US"),
        (choices.given_categories, "kit", "kitchen"),
        (choices.given_packs, "hid", "hidden-hit"),
        (choices.given_sorts, "v", "velocity"),
    ],
)
def test_a_shell_completes_what_there_is(complete, typed: str, has: str) -> None:
    found = complete(typed)
    assert has in found
    assert all(name.lower().startswith(typed) for name in found)


def test_jobs_are_completed_and_a_broken_configuration_completes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRENDSCOUT_HOME", raising=False)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "daily.toml").write_text("")
    assert choices.given_jobs("jobs/d") == [str(Path("jobs/daily.toml"))]
    assert choices.given_products("") == []
    (tmp_path / "trendscout.toml").write_text("lang = ")
    assert choices.given_packs("") == []


def test_the_shell_is_answered_by_the_program() -> None:
    asked = {
        "_TRENDSCOUT_COMPLETE": "complete_bash",
        "COMP_WORDS": "trendscout report --market U",
        "COMP_CWORD": "3",
    }
    script = "import sys; sys.argv[0] = 'trendscout'; from trendscout.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    assert "US" in done.stdout.split()


def test_every_command_stands_under_a_heading() -> None:
    for part in _COMMANDS:
        import_module(f"trendscout.cli.{part}")
    named = {one.name or one.callback.__name__ for one in app.registered_commands}
    named |= {one.name for one in app.registered_groups}
    assert named == {name for names in _GROUPS.values() for name in names}


def test_the_configuration_is_where_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, named, data = tmp_path / "here", tmp_path / "named", tmp_path / "data"
    for folder in (here, named, data):
        folder.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.delenv("TRENDSCOUT_HOME", raising=False)
    monkeypatch.setattr("trendscout.resources.users_home", lambda: data)
    assert home() == Path()
    (data / "trendscout.toml").write_text('lang = "zh"\n')
    assert home() == data
    assert load_settings(None).lang == "zh"
    (here / "trendscout.toml").write_text('lang = "en"\n')
    assert home() == Path()
    monkeypatch.setenv("TRENDSCOUT_HOME", str(named))
    assert load_settings(None).home == named
    (named / "trendscout.toml").write_text("markets = ['DE']\n")
    assert load_settings(None).markets == ("DE",)


def test_the_users_folder_is_the_platforms() -> None:
    assert users_home().name == "trendscout"
    assert users_home().is_absolute()


def test_answers_of_init_are_checked_when_they_are_given() -> None:
    assert markets_of("us, 英国，ID") == ("US", "UK", "ID")
    assert zone_of("Asia/Shanghai") == "Asia/Shanghai"
    assert contact_of("") == ""
    assert contact_of("you@example.com") == "you@example.com"
    assert lang_of("ZH") == "zh"
    assert zone_of(local_zone()) == local_zone()
    for check, wrong, told in (
        (markets_of, "Narnia", "no market"),
        (markets_of, " ", "no market in it"),
        (zone_of, "Asia/Shanghia", "Asia/Shanghai"),
        (zone_of, "../etc", "no time zone"),
        (contact_of, "nobody", "no address"),
        (contact_of, 'a@b.c"\nx = 1', "no address"),
        (lang_of, "fr", "no language"),
        (push_of, "fax", "no channel"),
    ):
        with pytest.raises(UsageError, match=told):
            check(wrong)


def test_what_the_user_named_keeps_its_name_in_chinese() -> None:
    assert tr("rising", "zh") == "上升"
    assert tr("{job}: {state}.", "zh", job="rising", state="done") == "rising: 完成."
    assert "rising" in tr("{file} is there already.", "zh", file="rising")
    assert "rising" in tr("No product is called {name!r}.", "zh", name="rising")


@pytest.mark.parametrize("command", ["report", "rank"])
def test_a_file_is_what_its_ending_says_or_refused(run, command: str) -> None:
    Path("ranks.csv").write_text(
        "list_id,snapshot_at,rank,item_key\na_US/x/y,2026-10-01,1,k1\na_US/x/y,2026-10-02,2,k1\n"
    )
    assert run("import", "ranks.csv").code == 0
    ended = run(command, "--format", "csv", "--out", "x.xlsx", "--as-of", "2026-10-02T12:00Z")
    assert ended.code == 2
    assert "x.xlsx" in ended.err
    assert "csv" in ended.err
    assert not Path("x.xlsx").exists()


def test_an_address_has_the_market_in_both_forms() -> None:
    table = {"url": "https://x.example/{market}/{country}/{category}"}
    for market, address in (("UK", "UK/gb"), ("US", "US/us")):
        request = _request(table, Query("x", market, category="a"), 1, 1)
        assert request.url == f"https://x.example/{address}/a"
