from datetime import date

import pytest

from trendscout.money import in_usd, usd_per


@pytest.mark.parametrize("code", ["VND", "TWD", "SAR", "AED", "BDT", "EUR", "CNY", "IDR"])
def test_every_market_we_read_has_a_rate(code: str) -> None:
    rate = usd_per(code)
    assert rate is not None
    assert 1e-5 < rate < 2


def test_a_rate_is_of_its_day() -> None:
    assert usd_per("VND", date(2019, 6, 1)) == pytest.approx(1 / 23_050)
    assert usd_per("VND", date(2000, 1, 1)) == pytest.approx(1 / 22_600)
    assert usd_per("EUR", date(2022, 9, 28)) == pytest.approx(0.9565, abs=0.001)


def test_unknown_money_is_not_guessed() -> None:
    assert usd_per("XYZ") is None
    assert in_usd(10, None) is None
    assert in_usd(10, "usd") == 10
