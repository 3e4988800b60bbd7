"""`trendscout init` shows what sources offer, checks each answer, and offers only what is installed."""

import io
import tomllib

import pytest

from trendscout.cli import init
from trendscout.errors import UsageError


def test_questions_show_what_sources_offer_and_are_asked_again(run, tmp_path, monkeypatch):
    answers = (
        "nobody",
        "me@example.com",
        "US",
        "kitchen, pet supplies!",
        "kitchen, beauty",
        "",
        "fr",
        "en",
        "UTC",
    )
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join((*answers, "drops", "pigeon", "")) + "\n"))
    ended = run("init", "shop", "--no-collect")
    assert ended.code == 0, ended
    written = tomllib.loads((tmp_path / "shop" / "trendscout.toml").read_text())
    assert written["categories"] == {"amazon_bestsellers": ["kitchen", "beauty"], "tiktok_hashtags": ["education"]}
    assert written["contact"] == "me@example.com"
    for told in ("toys-and-games", "'nobody' is no address", "is no category", "pigeon is no channel"):
        assert told in ended.err


def test_apprise_is_offered_where_it_is_installed(monkeypatch):
    assert init.push_of("wecom") == "wecom"
    monkeypatch.setattr(init, "find_spec", lambda _: None)
    with pytest.raises(UsageError) as caught:
        init.push_of("apprise")
    assert "pip install" in caught.value.next_step
