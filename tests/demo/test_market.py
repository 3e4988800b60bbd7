"""The simulated world: reproducible, planted, and shaped like real lists."""

import numpy as np
import pytest

from trendscout.demo import goods
from trendscout.demo.curves import breakout_curve, fad_curve
from trendscout.demo.faults import RATES, fault_of
from trendscout.demo.market import START, Shelf, World

DAYS = 45
MARKETS = ("US", "UK", "ID")


@pytest.fixture(scope="module")
def world() -> World:
    return World(7, DAYS, MARKETS)


def ranks(shelf: Shelf) -> np.ndarray:
    """Rank of every good on every day; 0 where it is off the list."""
    table = np.zeros(shelf.popularity.shape, int)
    for day in range(shelf.popularity.shape[1]):
        for rank, position in enumerate(shelf.ranking(day), start=1):
            table[position, day] = rank
    return table


def test_same_seed_same_world(world: World) -> None:
    again = World(7, DAYS, MARKETS)
    assert again.goods == world.goods
    for one, other in zip(world.shelves, again.shelves, strict=True):
        assert one.keys == other.keys
        assert np.array_equal(one.popularity, other.popularity)


def test_another_seed_is_another_world(world: World) -> None:
    assert World(8, DAYS, MARKETS).goods != world.goods


def test_a_market_does_not_depend_on_the_others(world: World) -> None:
    alone = World(7, DAYS, ("UK",))
    for shelf in alone.shelves:
        assert np.array_equal(
            shelf.popularity,
            world.shelf("tiktok" if not shelf.category else shelf.platform, "UK", shelf.category).popularity,
        )


def test_ids_are_unique_and_have_the_sites_form(world: World) -> None:
    for shelf in world.shelves:
        assert len(set(shelf.keys)) == len(shelf.keys)
        form = {"amazon": (10, "B0"), "aliexpress": (16, "32568"), "tiktok": (16, "")}[shelf.platform]
        assert all(len(key) == form[0] and key.startswith(form[1]) for key in shelf.keys)


def test_planted_breakouts_reach_the_top_ten_and_are_about_four_percent(world: World) -> None:
    listed = reached = planted = 0
    for shelf in world.shelves:
        table = ranks(shelf)
        rising = np.array([rise is not None for rise in shelf.rises])
        in_top = ((table > 0) & (table <= 10)).any(axis=1)
        listed += int((table > 0).any(axis=1).sum())
        planted += int(rising.sum())
        reached += int((rising & in_top).sum())
    assert 0.02 <= reached / listed <= 0.06
    assert reached >= 0.6 * planted  # the rest rise too late to arrive


def test_shop_lists_move_like_real_best_seller_lists(world: World) -> None:
    """Bounds: what the daily real lists show over their categories (docs/demo.md), a little widened."""
    for shelf in world.shelves:
        if shelf.platform != "amazon":
            continue
        table = ranks(shelf)
        before, after = table[:, :-1], table[:, 1:]
        both = (before > 0) & (after > 0)
        moves = np.log(after[both] / before[both])
        middle = (before[both] > 10) & (before[both] <= 60)
        assert 0.12 <= moves[middle].std() <= 0.32
        gone = ((before > 0) & (after == 0)).sum() / (before > 0).sum()
        assert 0.04 <= gone <= 0.13
        debut = np.array(
            [row[row > 0][0] for row, fresh in zip(table, table[:, 0] == 0, strict=True) if fresh and row.any()]
        )
        assert 70 <= np.median(debut) <= 96


def test_most_newcomers_fade(world: World) -> None:
    shares = []
    for shelf in world.shelves:
        table = ranks(shelf)
        new = [row for row in table if row[0] == 0 and row[:-8].any()]
        shares.append(np.mean([np.flatnonzero(row)[-1] - np.flatnonzero(row)[0] < 7 for row in new]))
    assert 0.35 <= np.mean(shares) <= 0.65


def test_a_breakout_is_steady_and_a_fad_passes() -> None:
    rng = np.random.default_rng(1)
    age = np.arange(-5, 40)
    rise = breakout_curve(age, 0.2, rng)
    assert (rise[:5] == 0).all()
    assert rise.max() > 2.5
    fad = fad_curve(age, 1.5, rng)
    assert fad[:3].max() <= 0
    assert fad[-1] < 0 < fad.max()


def test_siblings_share_the_family_and_are_other_goods(world: World) -> None:
    families: dict[int, list[goods.Good]] = {}
    for good in world.goods:
        families.setdefault(good.family, []).append(good)
    pairs = [members for members in families.values() if len(members) > 1]
    assert len(pairs) > 40
    for one, other, *_ in pairs:
        assert one.noun == other.noun
        assert (one.code, one.size, one.pack) != (other.code, other.size, other.pack)
        assert goods.amazon_title(one) != goods.amazon_title(other)


def test_sites_word_the_same_good_differently(world: World) -> None:
    good = next(good for good in world.goods if good.number % 3 == 0 and good.kind == "breakout")
    texts = {
        goods.amazon_title(good),
        goods.aliexpress_title(good),
        goods.shop_title(good, "US"),
        goods.shop_title(good, "ID"),
        goods.hashtag(good, "US"),
    }
    assert len(texts) == 5
    assert good.noun.zh in goods.shop_title(good, "US")
    assert good.noun.id.title() in goods.shop_title(good, "ID")


def test_seasonal_goods_peak_in_their_week(world: World) -> None:
    shelf = world.shelf("amazon", "US", "toys-and-games")
    peaks = [
        int(np.argmax(shelf.popularity[position])) - good.season
        for position, good in enumerate(shelf.goods)
        if good and good.season is not None and good.season < DAYS - 5
    ]
    assert peaks
    assert abs(np.median(peaks)) <= 2
    assert START.isoformat() == "2026-02-02"


def test_faults_come_at_their_rates() -> None:
    found = [fault_of(7, "www.amazon.com", day) for day in range(3, 4003)]
    for fault, rate in RATES:
        assert found.count(fault) / 4000 == pytest.approx(rate / 1000, abs=0.012)
    assert "captcha" not in {fault_of(7, "ads.tiktok.com", day) for day in range(4000)}
    assert not any(fault_of(seed, "www.amazon.com", day) for seed in range(50) for day in range(3))
