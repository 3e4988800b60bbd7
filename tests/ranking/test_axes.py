"""新, 奇 and 特 do what they say; gaps, crowds, seasons and stages too."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendscout.lang import tr
from trendscout.ranking.axes import Facts, newness, specialness
from trendscout.ranking.gap import gaps, usual_leads
from trendscout.ranking.oddness import Vocabulary, _distance, learn, oddness
from trendscout.ranking.seasons import season_of, seasons
from trendscout.ranking.stage import STAGES, stages

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ORDINARY = ("garlic press", "milk frother", "bread box", "egg timer", "tea infuser", "jar opener")
ODD = ("whispering cloud lantern", "levitating moss globe", "pocket theremin octopus")


def facts(title: str = "Vorm Garlic Press", days: float = 10, **more: object) -> Facts:
    return replace(Facts(title, "kitchen", "US", NOW - timedelta(days=days)), **more)  # type: ignore[arg-type]


def test_newness_falls_with_age() -> None:
    young, old = newness(facts(days=1), NOW), newness(facts(days=60), NOW)
    assert young.value is not None
    assert old.value is not None
    assert young.value > 90 > 20 > old.value
    assert tr(young.why, "en", **young.fields) == "first seen 1 day ago"


def test_a_listing_date_is_older_than_the_first_sighting() -> None:
    assert newness(facts(listed_at=NOW - timedelta(days=300)), NOW).value == pytest.approx(0, abs=0.1)


def test_what_is_new_here_is_newer_than_what_was_here_before() -> None:
    here = newness(facts(days=50, first_in_market=NOW - timedelta(days=2)), NOW)
    before = newness(facts(days=50), NOW)
    assert here.value is not None
    assert before.value is not None
    assert here.value > before.value + 20


def test_what_was_there_when_the_watch_began_has_no_age() -> None:
    assert newness(facts(days=10), NOW, watched_since=NOW - timedelta(days=10)).value is None


def test_specialness_is_unknown_without_title_and_seller() -> None:
    assert specialness(facts(near_copies=None, sellers=None)).value is None
    assert specialness(facts(near_copies=None, sellers=1)).value == 100
    assert "copies" not in specialness(facts(near_copies=None, sellers=1)).why


def test_specialness_falls_with_company() -> None:
    alone = specialness(facts(sellers=1)).value
    crowded = specialness(facts(platforms=4, sellers=12, near_copies=9)).value
    assert alone == 100
    assert crowded is not None
    assert crowded < 25


def test_a_price_apart_from_the_crowd_is_special() -> None:
    crowd = [10.0, 11, 12, 9, 10, 10]
    apart = specialness(facts(platforms=3, price_usd=40.0), crowd)
    usual = specialness(facts(platforms=3, price_usd=10.0), crowd)
    assert apart.value is not None
    assert usual.value is not None
    assert apart.value > usual.value
    assert apart.fields["times"] == 4.0


def shelf() -> list[Facts]:
    random = np.random.default_rng(1)
    brands = [f"{head}{tail}" for head in ("Vor", "Tal", "Bex") for tail in ("mica", "dano", "lisk", "peto")]
    features = ("portable", "silent", "foldable", "large", "white", "steel")
    titles = [*ORDINARY * 12, *ODD]
    return [
        facts(
            f"{random.choice(brands)} {noun.title()} {random.choice(features)} X{random.integers(10, 999)} 350 ml"
        )
        for noun in titles
    ]


def test_odd_products_stand_out_and_brands_and_codes_do_not() -> None:
    products = shelf()
    vocabulary = learn(products)
    values = np.array([oddness(one, vocabulary).value for one in products], float)
    odd = np.array([any(noun.title() in one.title for noun in ODD) for one in products])
    auc = (values[odd][:, None] > values[~odd][None]).mean()
    assert auc >= 0.9
    strange_brand = facts("Qwertzuvia Garlic Press white ZX9000")
    assert "qwertzuvia" not in str(oddness(replace(strange_brand, brands=("Qwertzuvia",)), vocabulary).fields)
    assert "zx9000" not in str(oddness(strange_brand, vocabulary).fields)


def test_a_vocabulary_kept_as_bytes_finds_the_same_odd() -> None:
    products = shelf()
    learned = learn([*products, *(replace(one, category="garden", market="UK") for one in products[::3])])
    kept = Vocabulary.from_bytes(learned.to_bytes(), {})
    strange = facts("Qwertzuvia Garlic Press white ZX9000")
    asked = [*products, strange, *(replace(one, market=market) for one in products for market in ("UK", "FR"))]
    assert [oddness(one, kept) for one in asked] == [oddness(one, learned) for one in asked]
    assert {oddness(one, learned).value for one in products} != {None}


WORDS = ("amber", "birch", "cedar", "dusty", "ember", "flint", "glade", "hazel")


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=5, unique=True), min_size=1, max_size=30))
def test_the_nearest_product_is_the_one_that_looking_at_all_of_them_finds(titles: list[list[str]]) -> None:
    vocabulary = learn([facts(" ".join(["the", *words])) for words in titles])
    (category,) = vocabulary.categories
    shelf, rarity = vocabulary.shelf(category), vocabulary.rarity(category, "US")
    for number, words in enumerate(shelf.contents):
        rarest = sorted(rarity[word] for word in words)
        others = [its for other, its in enumerate(shelf.contents) if other != number]
        shared = [sum(-bits for bits, word in rarest if word in its) for its in others]
        whole = sum(-bits for bits, _ in rarest)
        expected = 1 - max(shared, default=0.0) / whole if whole else 1.0
        assert _distance(rarest, words, shelf, number) == expected
        if rarest:
            assert _distance(rarest, words, shelf, None) == expected


def test_titles_that_mix_the_same_words_are_looked_through_once_a_word() -> None:
    """Else such a category takes for ever: 30 words of 60 in each title share some in 2^30 ways."""
    looked_at = 0

    class Counted(frozenset[int]):
        def __rand__(self, among: frozenset[int]) -> frozenset[int]:
            nonlocal looked_at
            looked_at += len(among)
            return frozenset(among) & frozenset(self)

    random = np.random.default_rng(2)
    words = [f"{head}{tail}" for head in WORDS for tail in WORDS][:60]
    vocabulary = learn([facts(" ".join(["the", *random.permutation(words)[:30]])) for _ in range(150)])
    (category,) = vocabulary.categories
    shelf, rarity = vocabulary.shelf(category), vocabulary.rarity(category, "US")
    counted = replace(shelf, postings={word: Counted(its) for word, its in shelf.postings.items()})
    for number, its in enumerate(shelf.contents[:5]):
        looked_at = 0
        _distance(sorted(rarity[word] for word in its), its, counted, number)
        assert 0 < looked_at <= 150 * 30


def test_a_category_of_few_products_has_no_habits() -> None:
    assert oddness(facts(), learn([facts()])).value is None


def test_gaps_are_places_looked_at_with_the_usual_lead() -> None:
    us, jp, uk = ("amazon", "US"), ("amazon", "JP"), ("amazon", "UK")
    watched = dict.fromkeys((us, jp, uk), NOW - timedelta(days=90))
    came = [{us: NOW - timedelta(days=40 + n), jp: NOW - timedelta(days=30)} for n in range(5)]
    usual = usual_leads(came, watched)
    assert usual == {(us, jp): 12.0}
    found = gaps({us: NOW - timedelta(days=4)}, [us, jp, uk], NOW, usual)
    assert [(gap.market, gap.lead_days, gap.usual_days) for gap in found] == [("JP", 4.0, 12.0), ("UK", 4.0, None)]


def test_what_was_there_before_the_watch_is_no_lead() -> None:
    us, jp = ("amazon", "US"), ("amazon", "JP")
    watched = {us: NOW - timedelta(days=9), jp: NOW - timedelta(days=9)}
    assert usual_leads([{us: NOW - timedelta(days=9), jp: NOW - timedelta(days=2)}] * 9, watched) == {}


@pytest.mark.parametrize(
    ("market", "day", "season"),
    [
        ("ID", date(2026, 2, 20), "ramadan"),
        ("TH", date(2026, 4, 1), "songkran"),
        ("US", date(2026, 8, 15), "back to school"),
        ("MY", date(2026, 11, 1), "11.11"),
        ("VN", date(2027, 1, 20), "lunar new year"),
    ],
)
def test_the_calendar_knows(market: str, day: date, season: str) -> None:
    assert season in {one.name for one in seasons(market, day)}


def test_a_title_names_its_season() -> None:
    pumpkin = season_of("Pumpkin string lights", "US", date(2026, 10, 1))
    assert pumpkin is not None
    assert pumpkin.name == "halloween"
    assert season_of("Pumpkin string lights", "US", date(2026, 3, 1)) is None
    assert season_of("Garlic press", "US", date(2026, 10, 1)) is None


@pytest.mark.parametrize(
    ("stage", "changed"),
    [
        ("not_enough_data", {"looks": 1}),
        ("not_enough_data", {"climb": np.nan}),
        ("emerging", {"age_looks": 1, "climb": 2.0}),
        ("rising", {"climb": 1.0}),
        ("peaking", {"climb": 0.0}),
        ("rising", {"age_looks": 1, "climb": 2.0, "there_at_start": True}),
        ("fading", {"climb": -1.0}),
        ("peaking", {"climb": -np.log2(13 / 11)}),
        ("fading", {"rank": 30, "best": 5, "climb": 0.0}),
        ("evergreen", {"age_looks": 200, "climb": 0.0, "roam": 0.05}),
        ("seasonal", {"climb": 1.0, "days_since_peak_before": 370}),
        ("rising", {"climb": 1.0, "days_since_peak_before": 180}),
    ],
)
def test_stages(stage: str, changed: dict[str, float]) -> None:
    usual = {"looks": 50, "climb": 0.0, "rank": 10, "best": 10, "age_looks": 20, "roam": 0.3}
    values = {**usual, "days_since_peak_before": np.nan, "there_at_start": False, **changed}
    code = stages(**{name: np.array([value]) for name, value in values.items()})
    assert STAGES[int(code[0])] == stage
