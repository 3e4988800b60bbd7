"""The verdict by hand-made reports on a real world's truth."""

import pytest

from trendscout.demo.market import World
from trendscout.demo.verdict import PATIENCE, Listing, Truth, biggest_changes


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth(World(7, 45, ("US", "UK")))


def test_an_oracle_catches_everything_and_is_never_wrong(truth: Truth) -> None:
    shown: dict[tuple[str, int], list[frozenset[Listing]]] = {}
    for breakout in truth.breakouts:
        if breakout.arrived:
            day = max(0, breakout.arrived - 6)
            shown.setdefault((breakout.listing[1], day), []).append(frozenset([breakout.listing]))
    found = truth.figures(shown)
    assert found.share > 0.95  # two of one morning's many may lie beyond the top 20
    assert found.lead == 6
    assert found.false == 0


def test_an_empty_report_catches_nothing(truth: Truth) -> None:
    found = truth.figures({})
    assert (found.caught, found.share, found.lead, found.false_share) == (0, 0.0, 0.0, 0.0)
    assert found.planted == sum(breakout.arrived is not None for breakout in truth.breakouts)


def test_a_late_report_catches_nothing(truth: Truth) -> None:
    shown = {
        (breakout.listing[1], breakout.arrived): [frozenset([breakout.listing])]
        for breakout in truth.breakouts
        if breakout.arrived is not None
    }
    assert truth.figures(shown).caught == 0


def test_what_never_arrives_is_a_false_alarm(truth: Truth) -> None:
    shelf = truth.world.shelf("amazon", "US", "kitchen")
    quiet = [key for key in shelf.keys if ("amazon", "US", key) not in truth.arrivals][:5]
    shown = {("US", 3): [frozenset([("amazon", "US", key)]) for key in quiet]}
    assert (truth.figures(shown).shown, truth.figures(shown).false) == (5, 5)
    too_late_to_tell = {("US", 45 - PATIENCE): shown["US", 3]}
    assert truth.figures(too_late_to_tell).shown == 0


def test_only_the_first_twenty_rows_count(truth: Truth) -> None:
    breakout = next(one for one in truth.breakouts if one.arrived is not None and one.arrived > 3)
    market = breakout.listing[1]
    others = [frozenset([("amazon", market, f"none{number}")]) for number in range(20)]
    assert truth.figures({(market, 1): [*others, frozenset([breakout.listing])]}).caught == 0
    assert truth.figures({(market, 1): [*others[1:], frozenset([breakout.listing])]}).caught == 1


def test_a_listing_is_not_caught_by_another_markets_report(truth: Truth) -> None:
    breakout = next(one for one in truth.breakouts if one.arrived and one.listing[1] == "US")
    assert truth.figures({("UK", 0): [frozenset([breakout.listing])]}).caught == 0


def test_biggest_changes() -> None:
    def listing(key: str) -> Listing:
        return ("amazon", "US", key)

    before = {"list": {listing("a"): 50, listing("b"): 20, listing("c"): 12, listing("e"): 60}}
    today = {
        "list": {listing("a"): 30, listing("b"): 19, listing("c"): 4, listing("new"): 15, listing("e"): 61},
        "unseen before": {listing("d"): 11},
    }
    found = [next(iter(product))[2] for product in biggest_changes(before, today, "US")]
    assert found == ["new", "a", "b", "e"]
    assert biggest_changes(before, today, "UK") == []


def test_joined_pairs_are_counted_by_good(truth: Truth) -> None:
    shelves = [truth.world.shelf(platform, "US", "kitchen") for platform in ("amazon", "aliexpress")]
    of_good = [{shelf.good(n).number: key for n, key in enumerate(shelf.keys)} for shelf in shelves]
    both = sorted(of_good[0].keys() & of_good[1].keys())[:2]
    (a1, a2), (b1, b2) = (
        [(shelf.platform, "US", of_good[at][number]) for at, shelf in enumerate(shelves)] for number in both
    )
    assert truth.joined([frozenset([a1, a2]), frozenset([b1, b2])]) == (2, 2)
    assert truth.joined([frozenset([a1, a2, b1])]) == (3, 1)
    assert truth.joined([frozenset([a1, ("google_trends", "US", "kite")])]) == (0, 0)
