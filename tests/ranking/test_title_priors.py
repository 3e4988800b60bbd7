"""Titles speak for each other, and never for themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ranking.histories import made
from trendscout.history import History
from trendscout.ranking.title_marks import READINGS, TitleMarks
from trendscout.ranking.title_priors import TitlePriors
from trendscout.ranking.title_words import characters_of, form_of


def past(*last: str) -> History:
    """Thirty lamps that reached the top and thirty mugs that did not, and then items with the titles given."""
    rows = [("shop_US/bestsellers", hour, 1, f"glow lamp {hour}") for hour in range(30)]
    rows += [("shop_US/bestsellers", hour, 40, f"plain mug {hour}") for hour in range(30)]
    return made([*rows, *(("shop_US/bestsellers", 30, 50 + place, title) for place, title in enumerate(last))])


def priors_of(history: History, title: str) -> dict[str, float]:
    row = np.flatnonzero(history.items[history.obs_item] == title)[-1:]
    return {name: float(values[0]) for name, values in TitlePriors(history).of(row).items()}


def test_words_that_rose_before_speak_for_a_newcomer() -> None:
    history = past("glow lamp new", "plain mug new", "something else")
    lamp, mug, other = (
        priors_of(history, title)["title_words"] for title in ("glow lamp new", "plain mug new", "something else")
    )
    assert lamp > 0 > mug
    assert other == pytest.approx(0.0)


def test_an_item_does_not_speak_for_itself() -> None:
    rows = [("shop_US/bestsellers", hour, 1, "only one") for hour in range(30)]
    rows += [("shop_US/bestsellers", hour, 40, f"filler {hour}") for hour in range(30)]
    assert priors_of(made(rows), "only one")["title_words"] == pytest.approx(0.0)


def test_what_came_later_says_nothing() -> None:
    early = ("shop_US/bestsellers", 0, 50, "glow lamp first")
    later = [("shop_US/bestsellers", hour, 1, f"glow lamp {hour}") for hour in range(1, 30)]
    alone, followed = made([early]), made([early, *later])
    assert priors_of(alone, "glow lamp first") == priors_of(followed, "glow lamp first")


def test_titles_without_a_chinese_character_are_read_however_many_looks_there_were() -> None:
    """More times than a byte counts, and no mark at all by one reading."""
    history = made([("shop_US/bestsellers", hour, 1 + hour % 50, f"glow lamp {hour}") for hour in range(300)])
    found = TitlePriors(history).of(np.arange(300))
    assert found["title_words"].any()
    assert not found["title_characters"].any()


def test_a_history_without_titles_has_no_priors() -> None:
    history = past("glow lamp new")
    untitled = History(**{name: getattr(history, name) for name in History.__slots__ if name != "titles"})
    assert all(not values.any() for values in TitlePriors(untitled).of(np.arange(3)).values())


@given(st.lists(st.text(max_size=30), min_size=1, max_size=30), st.integers(0, 30))
def test_marks_that_were_kept_are_those_of_the_titles(titles: list[str], known: int) -> None:
    first = TitleMarks()
    for name in READINGS:
        first.of(name, first.places_of(titles[:known]))
    kept = TitleMarks.from_bytes(first.to_bytes())
    places = kept.places_of(titles)
    assert len(kept.places) == len(set(titles))
    assert kept.worth_keeping == (len(set(titles)) > len(set(titles[:known])))
    for name, read in READINGS.items():
        codes, sizes = kept.of(name, places)
        marks = [kept.readings[name].marks[code] for code in codes]
        assert marks == [mark for title in titles for mark in read(title)]
        assert sizes.tolist() == [len(read(title)) for title in titles]


def test_a_few_new_titles_are_not_worth_keeping_all_anew() -> None:
    first = TitleMarks()
    first.places_of(f"lamp {number}" for number in range(1000))
    kept = TitleMarks.from_bytes(first.to_bytes())
    kept.places_of(f"mug {number}" for number in range(10))
    assert not kept.worth_keeping
    kept.places_of(["one more"])
    assert kept.worth_keeping


def test_characters_are_counted_once_and_letters_are_not() -> None:
    assert characters_of("发光发夹 LED") == ("发", "光", "夹")


@pytest.mark.parametrize("title", ["B0ABCDEFGH", "#glowlamp", "", "  "])
def test_a_single_word_has_no_form(title: str) -> None:
    assert form_of(title) == ()


def test_a_form_tells_length_and_punctuation() -> None:
    assert {"！", "digits 2", "first 发", "last ！"} <= set(form_of("发光发夹12！"))
    assert form_of("a" + " b" * 10_000)
