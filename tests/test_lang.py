"""Text in both languages."""

from trendscout.lang import tr


def test_fields_are_filled() -> None:
    assert tr("{n} days", "zh", n=3) == "3 天"
    assert tr("no such sentence {n}", "zh", n=3) == "no such sentence 3"
