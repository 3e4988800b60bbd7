"""Text in both languages, also where it was filled in before it was kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendscout.lang import retold, tr


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "amazon_bestsellers: the page is a captcha, not a list. Nothing was known.",
            "amazon_bestsellers：页面是验证码，不是榜单。Nothing was known.",
        ),
        ("12 rows where this list usually has 50.", "只有 12 行，该榜单通常有 50 行。"),
        ("Something else happened. 12 rows where this list usually has 50.",
         "Something else happened. 只有 12 行，该榜单通常有 50 行。"),
        ("Nobody wrote this: no.", "Nobody wrote this: no."),  # though "{product}: {word}." is a sentence of ours
        ("", ""),
    ],
)  # fmt: skip
def test_kept_sentences_are_told_again(english: str, chinese: str) -> None:
    assert retold(english, "zh") == chinese
    assert retold(english, "en") == english


@given(st.text(alphabet="ab. {}:,\n", max_size=200))
def test_what_is_not_ours_loses_nothing(text: str) -> None:
    assert retold(text, "zh").split() == text.split()


def test_fields_are_filled() -> None:
    assert tr("{n} days", "zh", n=3) == "3 天"
    assert tr("no such sentence {n}", "zh", n=3) == "no such sentence 3"
