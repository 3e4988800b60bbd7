from collections.abc import Iterable

import pyarrow as pa

from trendscout.matching.match import Decisions, Matches, match_listings
from trendscout.store.blocking import candidate_pairs


def table(rows: Iterable[tuple[str, str, str]]) -> pa.Table:
    return pa.Table.from_pylist([{"id": i, "source": s, "title": t} for i, s, t in rows])


ROWS = (
    ("a1", "amazon_US", "Zunova Portable Mini Juicer Cup USB Rechargeable 400ml ZB-210"),
    ("s1", "shopee_TW", "迷你便携式USB充电榨汁杯 Zunova ZB210 400毫升"),
    ("t1", "tiktok_US", "USB rechargeable juicer cup Zunova ZB 210, portable mini, 0.4L"),
    ("a2", "amazon_US", "Zunova Portable Mini Juicer Cup USB Rechargeable 600ml ZB-310"),
    ("x1", "ebay_US", "Brindle ceramic garden gnome with lantern, 30 cm"),
)


def match(rows: Iterable[tuple[str, str, str]] = ROWS, **options: object) -> Matches:
    return match_listings(table(rows), candidate_pairs=candidate_pairs, **options)  # type: ignore[arg-type]


def products(matches: Matches) -> dict[str, str]:
    return dict(zip(*(matches.clusters[name].to_pylist() for name in ("id", "product_id")), strict=True))


def test_reordered_title_is_the_same_product_and_another_size_is_not() -> None:
    found = products(match())
    assert found["a1"] == found["t1"] == "p:a1"
    assert found["a2"] != found["a1"]
    assert found["x1"] == "p:x1"


def test_new_listings_join_known_products_that_keep_their_ids() -> None:
    first = match(row for row in ROWS if row[0] not in ("a1", "a2"))
    assert products(first)["t1"] == "p:s1"
    second = match([ROWS[0]], known=first.index)
    assert products(second)["a1"] == "p:s1"
    assert products(second) | {"a1": ""} == products(first) | {"a1": ""}


def test_decisions_of_the_user_hold() -> None:
    merged = products(match(decisions=Decisions(merged=(("a1", "x1"),))))
    assert merged["a1"] == merged["x1"] == merged["t1"]
    split = products(match(decisions=Decisions(split=("t1",))))
    assert split["t1"] == "p:t1" != split["a1"]
