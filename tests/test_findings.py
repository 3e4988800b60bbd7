"""Findings are data: they come back from the store as they went in, and are said when they are shown."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendscout.errors import Blocked, Unreachable
from trendscout.findings import (
    Finding,
    finding,
    from_json,
    next_steps,
    of_error,
    said,
    text,
    to_json,
    whats,
    worst,
)

WALL = Blocked(
    "{source}: the page is {wall}, not a list.", next_step="Check the path.", source="jd", wall="a login"
)
FIELDS = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.text(max_size=20) | st.integers() | st.booleans() | st.none() | st.datetimes(timezones=st.just(UTC)),
    max_size=4,
)


@given(st.lists(st.builds(Finding, st.text(max_size=10), FIELDS, st.sampled_from(["note", "partial", "blocked"]))))
def test_what_is_stored_comes_back(findings: list[Finding]) -> None:
    assert from_json(to_json(findings)) == tuple(findings)


@given(st.text(max_size=200))
def test_a_sentence_of_an_older_version_is_shown_as_it_stands(old: str) -> None:
    assert [one.said("zh") for one in from_json(old) if one.code == "text"] in ([old], [])
    assert said(from_json(f"It was: {old}"), "en") == f"It was: {old}"


def test_an_error_keeps_its_templates_and_is_said_in_both_languages() -> None:
    (kept,) = from_json(to_json((of_error(WALL),)))
    assert kept.severity == "blocked"
    assert kept.said("en") == "jd: the page is a login, not a list. Check the path."
    assert (kept.what("zh"), kept.next_step("zh")) == ("jd：页面是登录页，不是榜单。", "请检查路径。")
    assert (whats([kept, kept], "en"), next_steps([kept], "en")) == (kept.what("en"), "Check the path.")


def test_a_finding_within_a_finding_and_a_time_come_back() -> None:
    outer = finding("channel_unreached", channel="team", why=(finding("variable_not_set", variable="HOOK"),))
    (again,) = from_json(to_json((outer,)))
    assert again.said("en") == "team was not reached: The environment variable HOOK is not set."
    assert "没有设置环境变量 HOOK" in again.said("zh")
    moment = datetime(2026, 3, 1, 7, tzinfo=UTC)
    late = of_error(Unreachable("Until {until:%Y-%m-%d}.", until=moment))
    assert [one.said("en") for one in from_json(to_json((late,)))] == ["Until 2026-03-01."]


def test_plurals() -> None:
    assert finding("rows_doubled", count=1).said("en") == "A doubled row was left out."
    assert finding("rows_doubled", count=2).said("en") == "2 doubled rows were left out."
    assert finding("rows_doubled", count=1).said("zh") == "略去 1 行（重复）。"


def test_words_of_ours_are_said_in_the_language_and_words_of_others_are_not() -> None:
    assert "价格" in finding("rows_said_twice", what="price", count=2).said("zh")


@pytest.mark.parametrize("broken", ["[1]", '{"a": 1}', '[{"code": 1}]', "[", '"x"', "3", "null"])
def test_what_is_no_finding_is_text(broken: str) -> None:
    assert [one.code for one in from_json(broken)] == ["text"]


def test_a_code_of_a_newer_version_says_what_it_can() -> None:
    (newer,) = from_json('[{"code": "not_yet_known", "fields": {"n": 3}, "severity": "partial"}]')
    assert newer.said("en") == 'not_yet_known {"n": 3}'


def test_the_gravest_severity() -> None:
    assert worst([]) == "note"
    assert worst([finding("rows_doubled", count=2), finding("cut_short")]) == "partial"
    assert worst([finding("cut_short"), of_error(WALL), text("x", "failed")]) == "blocked"
