"""Which pairs are joined without a word, and what keeps a pair from it."""

import pyarrow as pa
import pytest

from trendscout.matching.match import Decisions, match_listings
from trendscout.store.blocking import candidate_pairs

BASE = "Glenvale solid air freshener 170 g, {}"


def verdict(*rows: dict[str, object], apart: tuple[tuple[str, str], ...] = ()) -> str:
    """What is said of the first two of these listings."""
    listings = [{"id": f"{place}", "source": f"shop{place}", **row} for place, row in enumerate(rows)]
    # Goods of others, so that rare words are known as rare.
    others = [
        {"id": f"x{place}", "source": "shop9", "title": f"Korvo {thing} no. {place}"}
        for place, thing in enumerate(("garden gnome", "neck fan", "desk lamp", "air pump", "yoga mat") * 8)
    ]
    table = pa.Table.from_pylist(listings + others)
    matches = match_listings(table, candidate_pairs=candidate_pairs, decisions=Decisions(apart=apart))
    found = {(row["id_a"], row["id_b"]): row["verdict"] for row in pa.table(matches.pairs).to_pylist()}
    return str(found["0", "1"])


def titled(one: str, other: str, **more: object) -> tuple[dict[str, object], dict[str, object]]:
    return {"title": one, **more}, {"title": other, **more}


def test_the_same_words_in_another_order_are_the_same() -> None:
    assert verdict(*titled(BASE.format("lavender"), "Lavender Glenvale air freshener, solid, 170g")) == "same"


def test_a_word_more_on_one_side_only_is_no_replacement() -> None:
    long = "Glenvale Breezo solid air freshener deodoriser, crystal jar, home bathroom, 170 g, {}"
    assert verdict(*titled(long.format("lavender"), long.format("lavender meadow"))) == "same"


@pytest.mark.parametrize("scent", ["clean linen", "honey"])
def test_a_rare_word_in_place_of_another_is_not_joined(scent: str) -> None:
    long = "Glenvale Breezo solid air freshener deodoriser, crystal jar, home bathroom, 170 g, {}"
    assert verdict(*titled(long.format("lavender"), long.format(scent))) == "different"


def test_a_shared_code_outweighs_a_replaced_word() -> None:
    assert verdict(*titled(BASE.format("meadow GV-4417X"), BASE.format("orchard GV-4417X"))) == "same"


def test_a_code_in_place_of_another_is_not_joined_without_a_word() -> None:
    both = "QB-9081Z " + BASE.format("lavender")
    assert verdict(*titled(f"{both} GV-4417X", f"{both} GV-5523Y")) != "same"


@pytest.mark.parametrize(("price", "said"), [(3.9, "same"), (8.1, "likely")])
def test_twice_the_price_is_looked_at(price: float, said: str) -> None:
    one, other = titled(BASE.format("lavender"), BASE.format("lavender"), currency="USD")
    assert verdict({**one, "price": 4.0}, {**other, "price": price}) == said


def test_a_rival_of_another_product_that_is_as_much_alike_is_looked_at() -> None:
    three = [*titled(BASE.format("lavender"), BASE.format("lavender")), {"title": BASE.format("lavender")}]
    assert verdict(*three) == "same"
    assert verdict(*three, apart=(("0", "2"), ("1", "2"))) == "likely"
