import pytest
import traditional
from hypothesis import given
from hypothesis import strategies as st

from trendscout.text import glossary
from trendscout.text.gloss import gloss_zh, search_1688
from trendscout.text.titles import fold, read_title


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bottle 0.5 L", "bottle 500ml"),
        ("bottle 500毫升", "bottle 0,5 Liter"),
        ("两件装", "2 pcs"),
        ("三合一", "3 in 1"),
        ("pack of 6", "6-Pack"),
        ("1,5 kg", "1500 g"),
        ("2TB", "2048 GB"),
        ('24"', "24 inch"),
        ("行動電源 20000毫安", "行动电源 20000mAh"),
        ("2nd gen", "V2"),
        ("17.0", "17"),
    ],
)
def test_one_fact_however_it_is_written(one: str, other: str) -> None:
    assert read_title(one).facts
    assert read_title(one).facts == read_title(other).facts


@pytest.mark.parametrize(
    ("title", "code"),
    [("Velor RS-120 headset", "rs120"), ("velor rs120", "rs120"), ("Velor AB397G/A dock", "ab397ga")],
)
def test_codes_lose_their_punctuation(title: str, code: str) -> None:
    assert code in read_title(title).codes


def test_a_code_written_apart_is_still_found() -> None:
    assert set(read_title("Velor RS 120").loose) & set(read_title("Velor RS120").loose)


def test_a_word_and_a_number_written_together_are_two() -> None:
    assert read_title("iphone14").words == read_title("iPhone 14").words


def test_the_year_of_a_fresh_offer_is_no_fact() -> None:
    assert read_title("2025 new lamp").facts == ()
    assert read_title("lamp 2007").facts == (("number", "2007"),)


def test_traditional_and_simplified_are_one() -> None:
    assert read_title("無線藍牙耳機") == read_title("无线蓝牙耳机")


@given(st.text(max_size=700))
def test_any_text_is_read(text: str) -> None:
    read = read_title(text)
    assert len(set(read.words)) == len(read.words)
    assert fold(fold(text)) == fold(fold(fold(text)))


def test_the_glossary_is_large_folded_and_without_doubles() -> None:
    entries = glossary.entries()
    assert len(entries) >= 1500
    spellings = [spelling for entry in entries for spelling in entry.chinese]
    assert len(spellings) == len(set(spellings))
    assert all(fold(word) == word for entry in entries for word in entry.chinese + entry.english + entry.other)


def test_gloss_names_the_goods_and_the_facts() -> None:
    gloss = gloss_zh("Zunova Foldable Juicer Cup 400ml USB Rechargeable")
    assert gloss is not None
    assert {"榨汁杯", "可折叠", "400毫升"} <= set(gloss.split())
    assert gloss_zh("便携榨汁杯") is None
    assert gloss_zh("Qwx Zzyp 77") is None
    assert search_1688("杯").endswith("keywords=%B1%AD")


def test_the_table_of_characters_is_what_opencc_says() -> None:
    assert traditional.TABLE.read_text(encoding="utf-8") == traditional.table(), "run `make update`"
