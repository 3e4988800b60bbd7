"""Text in both languages."""

import re

import pytest

from trendscout.lang import _NOUNS, _chinese, labelled, sentences, tr


def test_fields_are_filled() -> None:
    assert tr("{n} days", "zh", n=3) == "3 天"
    assert tr("no such sentence {n}", "zh", n=3) == "no such sentence 3"


@pytest.mark.parametrize(
    ("text", "count", "said"),
    [
        ("on {n} platforms, {m} sellers", 1, "on 1 platform, 2 sellers"),
        ("on {n} platforms, {m} sellers", 3, "on 3 platforms, 2 sellers"),
        ("{n} near copies", 1, "1 near copy"),
        ("{n} near-copies", 1, "1 near-copy"),
        ("{n} searches", 1, "1 search"),
        ("{n:,} listings are in the store twice.", 1, "1 listing is in the store twice."),
        ("It was tried {n} times.", 1, "It was tried 1 time."),
        ("rank {n} stands {m} times", 1, "rank 1 stands 2 times"),
        ("{n} days", 1.0, "1.0 day"),
        ("{n} days", "1", "1 days"),
    ],
)
def test_a_count_of_one_takes_the_singular(text: str, count: object, said: str) -> None:
    assert tr(text, "en", n=count, m=2) == said


# What may stand behind a field and is nothing that is counted.
NOT_COUNTED = set(
    "addresses as asks bytes does has holds is leads lies makes names needs says sends shows stands this was"
    " redirects".split()
)


def test_every_noun_that_a_sentence_counts_has_its_singular() -> None:
    """A new noun belongs into lang._NOUNS: else a seller reads "1 sellers"."""
    behind = re.compile(r"\{\w+(?:![rs])?(?::[^{}]*)?\}(?: near)? ((?:\w+-)?\w+s)\b")
    counted = {noun for text in _chinese() for noun in behind.findall(text)} - NOT_COUNTED
    assert len(counted) > 40
    assert counted <= set(_NOUNS.split())


def test_sentences_and_labels_stand_as_each_language_writes_them() -> None:
    assert sentences(("Nothing came.", "", "Try again."), "en") == "Nothing came. Try again."
    assert sentences(("什么都没有。", "请重试。"), "zh") == "什么都没有。请重试。"
    assert labelled("Price", "$5", "en") == "Price: $5"
    assert labelled("价格", "$5", "zh") == "价格：$5"
    assert labelled("Shopify UK", "", "en") == "Shopify UK"
