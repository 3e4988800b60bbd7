"""What must hold whatever the listings are."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from trendscout.matching.match import match_listings
from trendscout.store.blocking import candidate_pairs

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


def rows_of(market: list[tuple[str, str]]) -> list[Row]:
    return [{"id": f"l{i:02}", "title": title, "source": source} for i, (title, source) in enumerate(market)]


def products(rows: list[Row]) -> dict[str, str]:
    clusters = match_listings(pa.Table.from_pylist(rows), candidate_pairs=candidate_pairs).clusters
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
