"""What a currency is worth on a day, and how old that is."""

from datetime import date

import pytest

from trendscout.errors import ConfigError
from trendscout.money import SHIPPED, Rates, read_own, usd_per
from trendscout.sources.source import sources
from trendscout.text.currencies import CURRENCIES


@pytest.mark.parametrize("code", sorted(CURRENCIES))
def test_every_currency_that_is_read_has_a_rate(code: str) -> None:
    rate = usd_per(code)
    assert rate is not None
    assert 1e-7 < rate < 4


def test_a_rate_is_of_its_day_or_the_nearest_before() -> None:
    euro = SHIPPED.rate("eur", date(2022, 9, 30))
    assert euro
    assert (euro.usd, euro.day, euro.origin) == (pytest.approx(0.9748, abs=1e-4), date(2022, 9, 30), "ecb")
    peso = SHIPPED.rate("ARS", date(2025, 8, 1))
    assert peso
    assert (round(1 / peso.usd), peso.day, peso.origin) == (1204, date(2025, 7, 1), "package")


def test_before_the_first_rate_nothing_is_guessed() -> None:
    assert SHIPPED.rate("ARS", date(2024, 3, 31)) is None
    assert SHIPPED.rate("XYZ") is None
    assert SHIPPED.in_usd(10, None) is None
    assert SHIPPED.in_usd(10, "usd") == 10


def test_what_the_bank_stopped_to_quote_has_the_later_table() -> None:
    then, now = SHIPPED.rate("RUB", date(2022, 3, 15)), SHIPPED.rate("RUB", date(2026, 10, 1))
    assert then
    assert now
    assert (then.origin, now.origin) == ("ecb", "package")


def test_the_nearest_day_counts_and_the_users_word_before_the_packages() -> None:
    bank = {"CNY": ((date(2026, 11, 2), 0.15), (date(2026, 11, 27), 0.16))}
    own = {
        "CNY": ((date(2026, 11, 20), 0.2),),
        "ARS": ((date(2025, 1, 5), 0.001),),
        "AED": ((date(2026, 1, 1), 0.3),),
    }
    rates = Rates(own, bank)
    for day, usd, origin in ((10, 0.15, "ecb"), (20, 0.2, "own"), (26, 0.2, "own"), (27, 0.16, "ecb")):
        rate = rates.rate("CNY", date(2026, 11, day))
        assert rate
        assert (rate.usd, rate.origin) == (usd, origin)
    assert rates.in_usd(1000, "ARS", date(2026, 11, 1)) == 1
    fixed = SHIPPED.rate("AED")
    assert fixed
    assert (fixed.day, fixed.origin) == (None, "fixed")
    assert rates.in_usd(10, "AED", date(2026, 11, 1)) == 3


def test_the_users_file_gives_units_for_a_dollar(tmp_path) -> None:
    file = tmp_path / "rates.toml"
    assert read_own(file) == {}
    file.write_text("[ars]\n2026-11-01 = 1600\n2026-10-01 = 1500.0\n", encoding="utf-8")
    assert read_own(file) == {"ARS": [(date(2026, 10, 1), 1 / 1500), (date(2026, 11, 1), 1 / 1600)]}


@pytest.mark.parametrize(
    "text",
    ["[PESO]\n2026-11-01 = 1", "[ARS]\n2026-11-01 = 0", "[ARS]\nmay = 5", "ARS = 5", "[ARS]\n2026-11-01 = inf"],
)
def test_a_wrong_file_is_told_with_its_name(tmp_path, text: str) -> None:
    file = tmp_path / "rates.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"rates\.toml"):
        read_own(file)


def test_sources_list_in_no_currency_without_a_rate() -> None:
    from babel.numbers import get_territory_currencies

    markets = {market for source in sources().values() for market in source.markets} - {"UK", "EU"}
    used = {code for market in markets for code in get_territory_currencies(market)}
    assert {code for code in used if usd_per(code) is None} == set()
