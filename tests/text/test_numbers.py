"""Counts and prices as sites show them. numbers.csv is ours; `provenance` says how an example came to be:

made     written while the rules were, from the forms that the sources are known to show
unseen   written afterwards, with the expected answer, before it was ever run. At first sight, batch by batch,
         right and wrong: 623 texts in five batches 95.8 % and 0.8 %; 649 texts of 45 markets 88.8 % and 4.0 %;
         then, with what each batch had taught, 304: 98.7 and 0.3; 278: 96.4 and 0.4; 258: 97.7 and 1.6 (offers
         read as prices); 286: 97.9 and 1.0 (the same); and 272, since only known words may stand beside a price:
         98.9 and 0.0
trap     no count or price, or one that can be read in two ways: None is right
"""

import csv
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trendscout.text.digits import plain, style_of
from trendscout.text.numbers import parse_count, parse_price

TABLE = list(csv.DictReader((Path(__file__).parent / "numbers.csv").read_text(encoding="utf-8").splitlines()))
SHARED = Path(os.environ.get("TRENDSCOUT_SHARED", "../shared")) / "numbers" / "number_formats.csv"

KNOWN_MISSES = [
    ("1 tūkst. pārdots", "LV", "lv", 1000),
    ("tausend verkauft", "DE", "de", 1000),
    ("一千件已售", "CN", "zh", 1000),
    ("10–20 sold", "US", "en", 10),
]


def count_of(row: dict[str, str]) -> dict[str, str]:
    """What is read in a row's text, as the table says it; nothing is "", as in the table."""
    count = parse_count(row["text"], row["market"] or None, row["language"] or None)
    if count is None:
        return {"value": "", "floor": "", "unit": ""}
    return {"value": str(count.value), "floor": "yes" if count.is_floor else "no", "unit": count.unit or ""}


def price_of(row: dict[str, str]) -> tuple[Decimal | None, Decimal | None, str | None]:
    price = parse_price(row["text"], row["market"] or None)
    return (price.amount, price.high, price.currency) if price else (None, None, None)


def test_table() -> None:
    """All rows in one test: as 2,832 tests of their own they took 6 CPU s more, which pytest spent on itself."""
    wrong = []
    for line, row in enumerate(TABLE, 2):
        got: object
        wanted: object
        if row["kind"] == "count":
            got, wanted = count_of(row), {key: row[key] for key in ("value", "floor", "unit")}
        else:
            low, _, high = row["value"].partition("..")
            got = price_of(row)
            wanted = (Decimal(low) if low else None, Decimal(high) if high else None, row["unit"] or None)
        if got != wanted:
            wrong.append((f"numbers.csv:{line}", row["kind"], row["text"], got, wanted))
    assert wrong == []


@pytest.mark.parametrize(("text", "market", "language", "value"), KNOWN_MISSES)
@pytest.mark.xfail(strict=True, reason="not read yet")
def test_known_misses(text: str, market: str, language: str, value: int) -> None:
    count = parse_count(text, market, language)
    assert count is not None
    assert count.value == value


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="no TRENDSCOUT_SHARED")
def test_attested_texts() -> None:
    """At least 99 % right. Two texts of the table stand beside another number than the one they show."""
    verdicts: Counter[str] = Counter()
    for row in csv.DictReader(SHARED.read_text(encoding="utf-8").splitlines()):
        if row["kind"] == "count":
            count = parse_count(row["text"], row["market"], row["language"])
            got = None if count is None else Decimal(count.value)
        elif row["kind"] == "price":
            price = parse_price(row["text"], row["market"])
            got = None if price is None else price.amount
        else:
            continue
        verdicts["right" if got == Decimal(row["value"]) else "missed" if got is None else "wrong"] += 1
    assert verdicts.total() == 312
    assert verdicts["right"] >= 310
    assert verdicts["missed"] == 0


@pytest.mark.parametrize("text", ["1.234 sold", "1.234", "12.345 views", "$1.234"])
def test_the_text_alone_does_not_settle_a_lone_point(text: str) -> None:
    assert parse_count(text) is None
    assert parse_price(text) is None or "$" not in text


def test_the_market_settles_a_lone_point() -> None:
    settled = {market: parse_count("1.234 sold", market) for market in ("DE", "BR", "ID", "VN", "US", "UK", "JP")}
    assert {market for market, count in settled.items() if count} == {"DE", "BR", "ID", "VN"}
    assert {count.value for count in settled.values() if count} == {1234}


# --- formatting a number in a locale and reading it back is the identity -------------------------------

MARKETS = {
    "US": "en_US", "UK": "en_GB", "DE": "de_DE", "FR": "fr_FR", "IT": "it_IT", "ES": "es_ES", "BR": "pt_BR",
    "MX": "es_MX", "AR": "es_AR", "CL": "es_CL", "CO": "es_CO", "ID": "id_ID", "VN": "vi_VN", "TH": "th_TH",
    "MY": "ms_MY", "PH": "en_PH", "SG": "en_SG", "TW": "zh_TW", "CN": "zh_CN", "JP": "ja_JP", "KR": "ko_KR",
    "IN": "en_IN", "PL": "pl_PL", "SE": "sv_SE", "NO": "nb_NO", "DK": "da_DK", "CZ": "cs_CZ", "RU": "ru_RU",
    "UA": "uk_UA", "TR": "tr_TR", "NL": "nl_NL", "SA": "ar_SA", "EG": "ar_EG",
}  # fmt: skip
CURRENCY_OF = {
    "US": "USD", "UK": "GBP", "DE": "EUR", "FR": "EUR", "IT": "EUR", "ES": "EUR", "BR": "BRL", "MX": "MXN",
    "CO": "COP", "ID": "IDR", "VN": "VND", "TH": "THB", "MY": "MYR", "PH": "PHP", "SG": "SGD", "TW": "TWD",
    "CN": "CNY", "JP": "JPY", "KR": "KRW", "IN": "INR", "PL": "PLN", "SE": "SEK", "NO": "NOK", "DK": "DKK",
    "CZ": "CZK", "RU": "RUB", "UA": "UAH", "TR": "TRY", "NL": "EUR", "CL": "CLP", "AR": "ARS",
}  # fmt: skip


@given(st.integers(0, 10**12), st.sampled_from(sorted(MARKETS)))
@example(1234, "DE")
@example(1234, "EG")
def test_counts_survive_a_round_trip_through_a_locale(value: int, market: str) -> None:
    from babel.numbers import format_decimal

    text = format_decimal(value, locale=MARKETS[market], numbering_system="default")
    count = parse_count(text, market)
    assert count is not None
    assert count.value == value


@given(st.integers(1, 10**9), st.sampled_from(sorted(CURRENCY_OF)))
@example(123456, "ID")
def test_prices_survive_a_round_trip_through_a_locale(cents: int, market: str) -> None:
    from babel.numbers import format_currency, get_currency_precision

    code = CURRENCY_OF[market]
    value = Decimal(cents) / (100 if get_currency_precision(code) else 1)
    price = parse_price(format_currency(value, code, locale=MARKETS[market]), market)
    assert price is not None
    assert (price.amount, price.currency) == (value, code)


COMPACT = (
    "en de fr es pt_BR it nl sv da nb fi pl cs sk hu ro bg hr sr sl el ru uk tr he ar th ja ko zh zh_Hant hi bn et"
).split()


@given(st.integers(11, 989), st.integers(3, 8), st.sampled_from(COMPACT))
@example(12, 9, "da")
def test_counts_survive_the_compact_form_of_a_language(value: int, power: int, language: str) -> None:
    """As YouTube and others shorten them: "12 mn" in Swedish, "12万" in Japanese; some billions are None."""
    from babel.numbers import format_compact_decimal

    number = value * 10**power
    text = format_compact_decimal(number, locale=language, fraction_digits=2)
    count = parse_count(text, None, language.partition("_")[0])
    assert count is None or count.value == number, text
    if number < 10**9:
        assert count is not None, text


@given(
    st.integers(1, 999), st.integers(0, 9), st.sampled_from([("rb", "ID", 3), ("tr", "VN", 6), ("万", "CN", 4)])
)
def test_scaled_counts_round_trip(whole: int, tenth: int, scale: tuple[str, str, int]) -> None:
    word, market, power = scale
    style = style_of(market)
    assert style is not None
    count = parse_count(f"{whole}{style.decimal}{tenth}{word}+", market)
    assert count is not None
    assert count.value == (whole * 10 + tenth) * 10 ** (power - 1)
    assert count.is_floor


# --- hostile texts --------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [*"0123456789.,+-% $€¥'()|/万千억만พัน", "rb", "sold", " terjual", "Rp", "US $", "12.99", "٣"]
)


@given(
    st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=25).map("".join)),
    st.sampled_from([None, "US", "ID"]),
)
def test_any_text_gives_a_count_and_price_or_none(text: str, market: str | None) -> None:
    count, price = parse_count(text, market), parse_price(text, market)
    assert count is None or (count.value >= 0 and count.text == text)
    assert price is None or (price.amount.is_finite() and price.text == text)
    assert price is None or price.high is None or price.high > price.amount


@pytest.mark.parametrize("unit", ["9", "9,", "9 ", "1.", "+", "Rp", "vendido(s)", "万", "a", "(", "((9"])
def test_long_texts_cost_no_time(unit: str) -> None:
    text = unit * 100_000
    assert parse_count(text) is None
    assert parse_price(text) is None
    parse_count(text[:400], "US")
    parse_price(text[:400], "US")


def test_glued_and_split_nodes_are_mended() -> None:
    assert plain("Was:$199.9730% off") == "Was:$199.97 30% off"
    assert plain("$ 19 . 99") == "$ 19.99"
    assert plain("１\u00a0２３４，５") == "1 234,5"
