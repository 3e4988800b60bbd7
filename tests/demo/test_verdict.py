"""The verdict by hand-made reports on a real world's truth."""

import pytest

from trendscout.demo.market import World, item_key
from trendscout.demo.verdict import PATIENCE, Listing, Truth, biggest_changes


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth(World(7, 45, ("US", "UK")))


def firsts(truth: Truth) -> dict[int, int]:
    """Of each good that breaks out, the day on which it first does."""
    found: dict[int, int] = {}
    for one in truth.breakouts:
        if one.arrived is not None:
            found[one.good] = min(one.arrived, found.get(one.good, one.arrived))
    return found


def test_an_oracle_catches_everything_and_is_never_wrong(truth: Truth) -> None:
    shown: dict[int, list[frozenset[Listing]]] = {}
    first = firsts(truth)
    for good, day in first.items():
        listing = next(one.listing for one in truth.breakouts if one.good == good)
        shown.setdefault(max(0, day - 6), []).append(frozenset([listing]))
    found = truth.figures(shown)
    assert found.share == 1
    assert min(found.leads) == 6
    assert found.false == 0


def test_an_empty_report_catches_nothing(truth: Truth) -> None:
    found = truth.figures({})
    assert (found.caught, found.share, found.lead, found.false_share) == (0, 0.0, 0.0, 0.0)
    assert found.planted == sum(breakout.arrived is not None for breakout in truth.breakouts)


def test_a_late_report_catches_nothing(truth: Truth) -> None:
    last: dict[int, int] = {}
    for one in truth.breakouts:
        if one.arrived is not None:
            last[one.good] = max(one.arrived, last.get(one.good, 0))
    shown: dict[int, list[frozenset[Listing]]] = {}
    for good, day in last.items():
        listing = next(one.listing for one in truth.breakouts if one.good == good)
        shown.setdefault(day, []).append(frozenset([listing]))
    assert truth.figures(shown).caught == 0


def test_what_never_arrives_is_a_false_alarm(truth: Truth) -> None:
    arriving = {truth.thing_of(frozenset([listing])) for listing in truth.arrivals}
    shelf = truth.world.shelf("amazon", "US", "kitchen")
    quiet = [key for n, key in enumerate(shelf.keys) if shelf.good(n).number not in arriving][:5]
    rows = [frozenset([("amazon", "US", key)]) for key in quiet]
    assert (truth.figures({3: rows}).shown, truth.figures({3: rows}).false) == (5, 5)
    assert truth.figures({45 - PATIENCE: rows}).shown == 0  # too late to tell
    again = truth.figures({3: rows, 4: rows})
    assert (again.shown, again.goods) == (10, 5)


def test_only_the_first_twenty_rows_count(truth: Truth) -> None:
    good = next(good for good, day in firsts(truth).items() if day > 3)
    row = frozenset([next(one.listing for one in truth.breakouts if one.good == good)])
    others = [frozenset([("amazon", "US", f"none{number}")]) for number in range(20)]
    assert truth.figures({1: [*others, row]}).caught == 0
    assert truth.figures({1: [*others[1:], row]}).caught >= 1


def test_a_good_is_caught_on_each_of_its_lists_by_any_of_its_listings(truth: Truth) -> None:
    by_good: dict[int, list[int]] = {}
    for breakout in truth.breakouts:
        if breakout.arrived is not None:
            by_good.setdefault(breakout.good, []).append(breakout.arrived)
    good, days = max(by_good.items(), key=lambda item: len(item[1]))
    listing = next(one.listing for one in truth.breakouts if one.good == good)
    found = truth.figures({0: [frozenset([listing])]})
    assert found.caught == len(days) > 1
    assert sorted(found.leads) == sorted(days)
    assert truth.figures({0: [frozenset([listing])]}, as_listings=True).caught == 1


def test_a_product_is_the_good_that_most_of_its_listings_are(truth: Truth) -> None:
    shelf = truth.world.shelf("amazon", "US", "kitchen")
    one, other, third = (("amazon", "US", key) for key in shelf.keys[:3])
    again = ("shopify", "US", item_key("shopify", 7, shelf.good(0).number))
    assert truth.thing_of(frozenset([one, again, other])) == shelf.good(0).number
    assert truth.thing_of(frozenset([other, third])) in (shelf.good(1).number, shelf.good(2).number)
    assert truth.thing_of(frozenset([("google_trends", "US", "kite")])) == ("google_trends", "US", "kite")


def test_biggest_changes() -> None:
    def listing(key: str) -> Listing:
        return ("amazon", "US", key)

    before = {"list": {listing("a"): 50, listing("b"): 20, listing("c"): 12, listing("e"): 60}}
    today = {
        "list": {listing("a"): 30, listing("b"): 19, listing("c"): 4, listing("new"): 15, listing("e"): 61},
        "unseen before": {listing("d"): 11},
    }
    found = [next(iter(product))[2] for product in biggest_changes(before, today)]
    assert found == ["new", "a", "b", "e"]


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
