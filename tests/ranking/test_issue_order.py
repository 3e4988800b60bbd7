"""Ids that are issued in order tell which listing is younger; others tell nothing."""

import pytest

from tests.ranking.histories import made
from trendscout.ranking.issue_order import issue_order


def numbers(*keys: str) -> dict[str, float]:
    history = made(("shop_US/bestsellers", 0, place + 1, key) for place, key in enumerate(keys))
    return dict(zip(history.items, issue_order(history), strict=True))


def test_an_upload_number_is_read_out_of_an_id() -> None:
    assert numbers("BV1xx411c7mD", "BV17x411w7KC") == {"BV1xx411c7mD": 2, "BV17x411w7KC": 170001}


def test_later_ids_are_greater() -> None:
    order = numbers("B09ZZZZZZZ", "B0A0000000", "0306406152")
    assert order["0306406152"] < order["B09ZZZZZZZ"] < order["B0A0000000"]
    order = numbers("99999999", "7301234567890123456", "1005001234567890")
    assert order["99999999"] < order["1005001234567890"] < order["7301234567890123456"]


@pytest.mark.parametrize(
    "key", ["glow lamp", "#glowlamp", "2026", "dQx4w9WgXcQ", "发光发夹", "", "٣٤٥٦٧٨٩", "BV1" + "0" * 9]
)
def test_titles_and_random_ids_have_no_order(key: str) -> None:
    assert numbers(key, "other")[key] == 0
