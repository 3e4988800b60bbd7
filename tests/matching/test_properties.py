"""What must hold whatever the listings are."""

from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from trendscout.matching.listings import occurrences
from trendscout.matching.match import Decisions, Matches, match_listings
from trendscout.tables import Table

BRANDS = ("Zunova", "Korvela", "Tessaro")
GOODS = ("juicer cup", "phone case", "desk lamp", "榨汁杯", "手机壳", "台灯")
FACTS = ("400ml", "600ml", "2 pcs", "black", "red", "20W", "黑色", "400毫升", "iPhone 14", "ZB-210", "ZB-310")

facts = st.lists(st.sampled_from(FACTS), max_size=3)
titles = st.tuples(st.sampled_from(BRANDS), st.sampled_from(GOODS), facts).map(
    lambda parts: " ".join((parts[0], parts[1], *parts[2]))
)
sources = st.sampled_from(("amazon_US", "shopee_TW", "ebay_US"))
markets = st.lists(st.tuples(titles, sources), min_size=1, max_size=12)
quick = settings(max_examples=25, deadline=None)

Row = dict[str, str]


def candidate_pairs(
    keys: Table, _most: object, *, first_new: int = 0
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """All pairs that share a key: of two dozen listings a database would take most of the time for its start."""
    rows = defaultdict(set)
    for row, key in zip(keys["row"].to_pylist(), keys["key"].to_pylist(), strict=True):
        rows[key].add(row)
    pairs = sorted(
        {pair for its in rows.values() for pair in combinations(sorted(its), 2) if pair[1] >= first_new}
    )
    a, b = (np.array([pair[end] for pair in pairs], np.int32) for end in (0, 1))
    return a, b


def rows_of(market: list[tuple[str, str]]) -> list[Row]:
    return [{"id": f"l{i:02}", "title": title, "source": source} for i, (title, source) in enumerate(market)]


def products(rows: list[Row]) -> dict[str, str]:
    return products_in(match_listings(pa.Table.from_pylist(rows), candidate_pairs=candidate_pairs))


def products_in(matches: Matches) -> dict[str, str]:
    clusters = matches.clusters
    return dict(zip(clusters["id"].to_pylist(), clusters["product_id"].to_pylist(), strict=True))


@quick
@given(markets, st.randoms())
def test_the_order_of_listings_does_not_matter(market: list[tuple[str, str]], random: object) -> None:
    rows = rows_of(market)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert products(shuffled) == products(rows)


@quick
@given(markets, st.data())
def test_a_duplicate_row_changes_nothing(market: list[tuple[str, str]], data: st.DataObject) -> None:
    rows = rows_of(market)
    assert products([*rows, data.draw(st.sampled_from(rows))]) == products(rows)


@quick
@given(markets)
def test_an_unrelated_listing_neither_splits_nor_joins_others(market: list[tuple[str, str]]) -> None:
    rows = rows_of(market)
    stranger = {"id": "a0", "title": "Qwyx brizzle frombulator", "source": "etsy_US"}
    found = products([*rows, stranger])
    assert found.pop("a0") == "p:a0"
    assert found == products(rows)


@quick
@given(markets)
def test_units_and_scripts_do_not_matter(market: list[tuple[str, str]]) -> None:
    rows = rows_of(market)
    other_ways = (("400ml", "0.4 L"), ("600ml", "600毫升"), ("手机壳", "手機殼"))
    rewritten = []
    for row in rows:
        title = row["title"]
        for one, other in other_ways:
            title = title.replace(one, other)
        rewritten.append(row | {"title": title})
    assert products(rewritten) == products(rows)


@quick
@given(markets, markets, st.data())
def test_what_was_split_stays_split_and_moves_nothing_else(
    market: list[tuple[str, str]], tomorrow: list[tuple[str, str]], data: st.DataObject
) -> None:
    rows = rows_of(market)
    at_first = match_listings(pa.Table.from_pylist(rows), candidate_pairs=candidate_pairs)
    before = products_in(at_first)
    product = data.draw(st.sampled_from(sorted(before.values())))
    parts = [name for name, its in before.items() if its == product]
    decided = Decisions(apart=tuple(combinations(parts, 2)))
    new = [row | {"id": f"n{row['id']}"} for row in rows_of(tomorrow)]
    index = at_first.index
    for given_rows in ([], new, []):
        table = pa.Table.from_pylist(given_rows, schema=pa.schema([(name, pa.string()) for name in rows[0]]))
        found = match_listings(table, candidate_pairs=candidate_pairs, known=index, decisions=decided)
        index, after = found.index, products_in(found)
        assert len({after[name] for name in parts}) == len(parts)
        assert product in {after[name] for name in parts}
        assert {name: after[name] for name in before if name not in parts} == {
            name: its for name, its in before.items() if name not in parts
        }
    anew = products_in(
        match_listings(pa.Table.from_pylist(rows), candidate_pairs=candidate_pairs, decisions=decided)
    )
    assert len({anew[name] for name in parts}) == len(parts)


@pytest.mark.parametrize("kind", [np.uint32, np.uint64])
@pytest.mark.parametrize("size", [0, 1, 5_000])
def test_tokens_are_counted_whatever_slots_they_share(kind: type[np.unsignedinteger], size: int) -> None:
    tokens = np.random.default_rng(3).integers(0, 2_000, size).astype(kind) * kind(2**20 + 1)
    count = Counter(tokens.tolist())
    assert occurrences(tokens).tolist() == [count[token] for token in tokens.tolist()]
