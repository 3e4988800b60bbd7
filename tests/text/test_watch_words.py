"""Which titles a list of words meets, in either language, and that no pattern can be made slow."""

import time

import pytest

from trendscout.text.stock_words import stock_words
from trendscout.text.watch_words import read

TITLES = {
    "Automatic Pet Water Fountain, USB": {"usb", "alias"},
    "宠物自动飲水機 静音": {"alias"},
    "Cat Scratcher Lounge, Sisal": {"glossary"},
    "Petite Fountains of Rome, a poster": set(),
    "Used USB hub": set(),
    "iPhone 18 stand": {"pattern"},
}


@pytest.mark.parametrize(("title", "met"), TITLES.items())
def test_a_title_meets_its_lists(title, met):
    lists = read(
        {
            "usb": ["+usb", "-used", "-hub"],
            "alias": ["pet water fountain = 宠物自动饮水机"],
            "glossary": ["猫抓板"],
            "pattern": ["/iphone 1[78]/"],
        }
    )
    assert {one.name for one in lists if one.meets(title)} == met


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["/(a+)+b/"], "one of"),
        (["/a*b*/"], "one of"),
        (["/a?a?a?a?/"], "one of"),
        (["/(a|b)(a|b)(a|b)/"], "one of"),
        ([r"/(a)\1/"], "one of"),
        (["/(?=a)b/"], "one of"),
        (["/" + "a" * 121 + "/"], "120"),
        (["/[/"], "unterminated"),
        (["-only"], "not wanted"),
        ([], "no words"),
        ("word", "no words"),
        (["!!"], "no letters"),
    ],
)
def test_what_cannot_be_used_is_told(words, fault):
    with pytest.raises(ValueError, match=fault):
        read({"list": words})


def test_the_slowest_pattern_that_is_taken_is_quick():
    (slow,) = read({"list": ["/(a?|a)a?(a|.)a*b/"]})
    begun = time.perf_counter()
    assert not slow.meets("a" * 10_000)
    assert time.perf_counter() - begun < 0.5


@pytest.mark.parametrize(
    ("title", "codes"),
    [
        ("Moon lamp (SOLD OUT)", {"sold_out"}),
        ("星空灯 仅剩3件 补货中", {"few_left", "restock"}),
        ("【预售】猫窝", {"preorder"}),
        ("Lámpara agotada, agotado", {"sold_out"}),
        ("Moon lamp", set()),
    ],
)
def test_stock_words(title, codes):
    assert stock_words(title) == codes
