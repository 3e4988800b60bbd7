"""An exact count beside a text: which of the two is believed, and when neither is."""

import pytest

from trendscout.sources._fields import exact_count, rating, shown_count
from trendscout.sources._rows import Doubts


@pytest.mark.parametrize(
    ("exact", "shown", "count", "floor", "doubted"),
    [
        (5327, "5rb+ terjual", 5327, False, False),
        (0, "5rb+ terjual", 5000, True, False),  # hidden from who is not logged in
        (None, "5rb+ terjual", 5000, True, False),
        (0, None, 0, False, False),
        (0, "0 terjual", 0, False, False),
        (4800, "5rb+ terjual", None, None, True),
        (1150, "1,2rb terjual", 1150, False, False),  # rounded up
        (800, "1,2rb terjual", None, None, True),
        (7, "habis", 7, False, False),
    ],
)
def test_the_exact_count_must_not_be_below_the_text(
    exact: int | None, shown: str | None, count: int | None, floor: bool | None, doubted: bool
) -> None:
    doubts = Doubts()
    fields = doubts.counted(exact_count(exact, "sold", shown), shown_count(shown, "sold", "ID", "id"))
    assert (fields.get("count"), fields.get("count_floor")) == (count, floor)
    assert fields.get("count_text") == shown
    assert bool(doubts.note("x").findings) is doubted


def test_ratings_come_as_long_floats() -> None:
    assert rating("4.833333333333333") == 4.833
