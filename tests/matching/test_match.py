from collections.abc import Iterable

import pyarrow as pa

from trendscout.lang import tr
from trendscout.matching.match import Decisions, Matches, match_listings
from trendscout.matching.reasons import AGAINST, FEW, FOR, NEIGHBOUR
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
    parted = products(match(decisions=Decisions(apart=(("t1", "a1"), ("s1", "t1")))))
    assert parted["t1"] == "p:t1"
    assert parted["a1"] == parted["s1"] == "p:a1"


def test_a_known_product_falls_into_the_parts_that_are_to_be_apart() -> None:
    first = match(decisions=Decisions(merged=(("a1", "x1"),)))
    assert products(first)["x1"] == "p:a1"
    apart = tuple(("x1", name) for name in ("a1", "s1", "t1"))
    again = match(
        [("n1", "etsy_US", "Zunova juicer cup ZB-210 400ml")], known=first.index, decisions=Decisions(apart=apart)
    )
    found = products(again)
    assert {found[name] for name in ("a1", "s1", "t1", "n1")} == {"p:a1"}
    assert found["x1"] == "p:x1"


def test_a_hashtag_joins_the_product_whose_words_it_has() -> None:
    rows = [
        ("a1", "amazon_US", "Pop It Ball fidget toy"),
        ("a2", "temu_US", "Fidget toy pop it ball rainbow"),
        ("h1", "tiktok_US", "#popitball"),
        ("h2", "tiktok_US", "#zzgardenlove"),
        ("x1", "ebay_US", "Brindle ceramic garden gnome"),
    ]
    found = products(match(rows))
    assert found["h1"] == found["a1"]
    assert found["h2"] == "p:h2"


def test_variants_and_near_copies_are_counted_apart() -> None:
    rows = [
        {
            "id": "a",
            "source": "s",
            "title": "Zunova juicer cup ZB-210 400ml white",
            "brand": "Zunova",
            "image": "",
        },
        {"id": "b", "source": "s", "title": "Zunova juicer cup ZB-210 600ml white", "brand": "Zunova"},
        {"id": "c", "source": "s", "title": "Korvo fan", "brand": "Korvo", "image": "https://x.example/1.jpg"},
        {
            "id": "d",
            "source": "s",
            "title": "Mexal neck breeze",
            "brand": "Mexal",
            "image": "https://x.example/1.jpg",
        },
    ]
    found = match_listings(pa.Table.from_pylist(rows), candidate_pairs=candidate_pairs)
    beside = {row["product_id"]: row for row in pa.table(found.products).to_pylist()}
    assert beside["p:a"]["variants"] == beside["p:b"]["variants"] == 1
    assert beside["p:b"]["line_id"] == "p:a"
    assert beside["p:c"]["near_copies"] == beside["p:d"]["near_copies"] == 1
    verdicts = {(row["id_a"], row["id_b"]): row["verdict"] for row in pa.table(found.pairs).to_pylist()}
    assert verdicts["a", "b"] == "variant"


def test_a_branded_offer_far_below_the_others_is_suspect() -> None:
    title = "Zunova juicer cup ZB-210 400ml white"
    rows = [
        {"id": f"a{i}", "source": f"s{i}", "title": title, "brand": "Zunova", "price": price, "currency": "USD"}
        for i, price in enumerate((30.0, 29.0, 31.0, 28.0, 4.0))
    ]
    found = match_listings(pa.Table.from_pylist(rows), candidate_pairs=candidate_pairs)
    assert found.suspects["id"].to_pylist() == ["a4"]


def test_prices_are_compared_in_one_money() -> None:
    rows = [
        {"id": "a", "source": "s", "title": "Zunova juicer cup", "price": 30.0, "currency": "USD"},
        {"id": "b", "source": "t", "title": "Zunova juicer cup", "price": 480_000.0, "currency": "IDR"},
        {"id": "c", "source": "t", "title": "Zunova juicer cup", "price": 480_000.0, "currency": "XYZ"},
    ]
    pairs = pa.table(match_listings(pa.Table.from_pylist(rows), candidate_pairs=candidate_pairs).pairs).to_pylist()
    chance = {(row["id_a"], row["id_b"]): row["probability"] for row in pairs}
    assert chance["a", "b"] > 0.5
    assert chance["a", "c"] > 0.5


def test_every_reason_has_its_chinese() -> None:
    texts = [text for _, text in FOR + AGAINST] + [FEW, NEIGHBOUR]
    assert all(tr(text, "zh") != text for text in texts)


def test_nothing_gives_nothing() -> None:
    empty = table([ROWS[0]]).slice(0, 0)
    found = match_listings(empty, candidate_pairs=candidate_pairs)
    assert len(found.clusters) == len(found.pairs) == len(found.products) == 0
    one = match([ROWS[0]])
    assert products(one) == {"a1": "p:a1"}
    assert len(match_listings(empty, candidate_pairs=candidate_pairs, known=one.index).clusters) == 1
