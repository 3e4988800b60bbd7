"""Kinds of error that real lists are full of, each with invented titles; docs/matching.md lists them."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendscout.matching.match import Matches, match_listings
from trendscout.store.blocking import candidate_pairs
from trendscout.text.titles import read_title

# Two listings of two platforms that differ in one exclusive fact.
DIFFERENT = {
    "pack": ("Zunova dental floss picks mint 500 ml", "Zunova dental floss picks mint 500 ml pack of 2"),
    "count in Korean": ("주노바 물티슈 캡형 50개입", "주노바 물티슈 캡형 100개입"),
    "short model": ("Korvo Galaxia A36 phone 128GB unlocked", "Korvo Galaxia A56 phone 128GB unlocked"),
    "last letter": ("Korvo Galaxia X9c phone 128GB unlocked", "Korvo Galaxia X9d phone 128GB unlocked"),
    "one digit": ("Korvo Galaxia S8 phone case clear", "Korvo Galaxia S9 phone case clear"),
    "member of a line": ("Tessaro iFone 15 phone case clear matte", "Tessaro iFone 15 Pro phone case clear matte"),
    "longer member": ("Tessaro iFone 15 Pro case clear matte", "Tessaro iFone 15 Pro Max case clear matte"),
    "FE": ("Korvo Galaxia S21 5G phone 128GB", "Korvo Galaxia S21 FE 5G phone 128GB"),
    "camera body": ("Luxar X-T2 mirrorless camera body", "Luxar X-T20 mirrorless camera body"),
    "Roman numeral": ("Luxar Optima III tripod carbon travel", "Luxar Optima IV tripod carbon travel"),
    "mark": ("Luxar Optima mark II camera bag", "Luxar Optima mark III camera bag"),
    "generation": ("Korvo earbuds 2nd generation wireless", "Korvo earbuds 3rd generation wireless"),
    "range": ("Luxar zoom lens 50-140mm f2.8", "Luxar zoom lens 55-200mm f2.8"),
    "mask standard": ("Brindle mask KF94 white large 50 pcs", "Brindle mask KF80 white large 50 pcs"),
    "cable standard": ("Brindle patch cable cat5e 10 m grey", "Brindle patch cable cat6 10 m grey"),
    "processor": ("Korvo Slim laptop i5-1235U 8GB 512GB", "Korvo Slim laptop i7-1255U 8GB 512GB"),
    "graphics": ("Korvo Dual RTX 3050 graphics card 8GB", "Korvo Dual RTX 3060 graphics card 8GB"),
    "suffix of a part": ("Korvo Dual RTX 3050 graphics card 8GB", "Korvo Dual RTX 3050 Ti graphics card 8GB"),
    "memory": ("Honaro 400 phone 8/256 GB silver", "Honaro 400 phone 12GB/256GB silver"),
    "colour in Spanish": ("Brindle mochila viaje negra 30 l", "Brindle mochila viaje roja 30 l"),
    "colour in Czech": ("Brindle batoh cestovni cerny 30 l", "Brindle batoh cestovni cerveny 30 l"),
    "colour in Korean": ("브린들 여행 배낭 블랙 30L", "브린들 여행 배낭 민트그린 30L"),
    "cellular": ("Tessaro Pad 11 tablet Wi-Fi 128GB", "Tessaro Pad 11 tablet Wi-Fi Cellular 128GB"),
    "with or without": ("코르보 노트북 윈도우 포함 512GB", "코르보 노트북 윈도우 미포함 512GB"),
    "sun protection": ("Velmora sun cream SPF50+ PA++++ 50ml", "Velmora sun cream SPF30 PA+++ 50ml"),
    "content in grams": ("Velmora acne clear foam 100ml", "Velmora acne clear foam 60g"),
    "dimensions": ("Brindle wrapping paper gold 40x60 cm", "Brindle wrapping paper gold 50x70 cm"),
    "generation in German": (
        "Luxar Hueva Deckenlampe weiss, alte Generation",
        "Luxar Hueva Deckenlampe weiss, neue Generation",
    ),
    "colour beside a name": (
        "Luxar White & Color Ambiance spot black",
        "Luxar White & Color Ambiance spot silver",
    ),
    "platform of a game": ("Koala Kart 2 game PS4", "Koala Kart 2 game PS5"),
    "refurbished": ("Korvo Galaxia A56 phone 128GB black", "Korvo Galaxia A56 phone 128GB black (Renewed)"),
    "refurbished in German": ("Korvo Netzteil RM900 schwarz", "Korvo Netzteil RM900 schwarz (Generalüberholt)"),
    "refurbished in Chinese": (
        "【科沃 Korvo】QP710 涼暖空氣清淨機 循環風扇 白色",
        "Korvo 科沃 QP710 涼暖空氣清淨機 循環風扇 白色【福利品】",
    ),
    "value set": (
        "【科沃 Korvo】QP710 涼暖空氣清淨機 循環風扇 白色(超值組)",
        "Korvo 科沃 QP710 涼暖空氣清淨機 循環風扇 白色",
    ),
    "prepaid": ("Korvo Galaxia A56 phone 128GB unlocked", "Korvo Galaxia A56 prepaid phone 128GB"),
    "version of a standard": ("Korvo power supply 850W ATX 3.1 black", "Korvo power supply 850W ATX 3.0 black"),
    "kit of modules": ("Korvo Swift memory 16GB (1x16GB) DDR4", "Korvo Swift memory 16GB (2x8GB) DDR4"),
    "so many of each": ("Brindle shampoo 3 x 200 ml", "Brindle shampoo 2 x 300 ml"),
    "timing": ("Korvo Swift memory 16GB CL40-40-40-77", "Korvo Swift memory 16GB CL36-44-44-96"),
    "kind of disk": ("Tessaro laptop 4GB RAM 500GB SSD", "Tessaro laptop 4GB RAM 500GB HDD"),
    "memory glued to its name": ("Tessaro laptop Ram8gb ssd128", "Tessaro laptop SSD 256GB, 4 gb"),
    "pack glued to a code": ("Korvo disk ST3500QZ 500GB", "Korvo disk ST3500QZ-10Pack 500GB"),
    "letter": ("Brindle almond milk brownie Bundle A", "Brindle almond milk brownie Bundle B"),
}
# ... and those that say one thing in two ways.
EQUAL = {
    "memory": ("Honaro 400 phone 8/256 GB silver", "Honaro 400 phone 8GB/256GB silver"),
    "multiplied": ("Brindle air freshener refill (250mlx3)", "Brindle air freshener refill 250 ml pack of 3"),
    "numeral": ("Luxar Optima mark II camera bag", "Luxar Optima mark 2 camera bag"),
    "gigabytes": ("Korvo phone 16G ROM", "Korvo phone 16GB ROM"),
    "year and word": ("2022ladies hand bag", "2022 ladies hand bag"),
    "so many of each": ("Brindle shampoo 3 x 200 ml", "Brindle shampoo 200mlx3"),
    "memory glued to its name": ("Tessaro laptop Ram8gb ssd128", "Tessaro laptop 8GB RAM 128GB SSD"),
    "kind of disk": ("Tessaro laptop 256GB PCIe NVMe SSD", "Tessaro laptop 256GB SSD"),
    "unit after a size": ("Brindle panel 60x60cm", "Brindle panel 60x60 cm"),
}
# What is no model code, though it mixes letters and digits.
NO_CODES = (
    "KF94",
    "cat5e",
    "LGA1151",
    "ATX12V",
    "win32",
    "RTX3050",
    "GDDR6",
    "96bits",
    "i5-12500H",
    "1XL-5XL",
    "IP68",
    "23.6x23.6",
    "60x60cm",
    "3D-Printed",
    "3-Channel",
    "290ANSI",
    "PC4-25600",
    "CL40-40-40-77",
)


def matched(*rows: tuple[str, str], **columns: list[object]) -> Matches:
    """A store of many platforms that has these (source, title) and some goods of others."""
    sources, titles = zip(*rows, strict=True)
    others = [
        (f"shop{place % 5}", f"Korvo {thing} no. {place}") for place, thing in enumerate(("gnome", "fan") * 10)
    ]
    table = pa.table(
        {
            "id": [f"{place:02}" for place in range(len(rows))] + [f"x{place}" for place in range(len(others))],
            "source": [*sources, *(source for source, _ in others)],
            "title": [*titles, *(title for _, title in others)],
            **{name: [*values, *[None] * len(others)] for name, values in columns.items()},
        }
    )
    return match_listings(table, candidate_pairs=candidate_pairs)


def verdict(*rows: tuple[str, str], **columns: list[object]) -> str:
    """What is said of the first two; "different" where they were not even near."""
    pairs = pa.table(matched(*rows, **columns).pairs).to_pylist()
    return next((row["verdict"] for row in pairs if (row["id_a"], row["id_b"]) == ("00", "01")), "different")


def joined(*rows: tuple[str, str], **columns: list[object]) -> bool:
    found = pa.table(matched(*rows, **columns).clusters).to_pylist()
    product = {row["id"]: row["product_id"] for row in found}
    return product["00"] == product["01"]


@pytest.mark.parametrize("kind", DIFFERENT)
def test_one_exclusive_fact_apart_is_never_joined_without_a_word(kind: str) -> None:
    one, other = DIFFERENT[kind]
    assert verdict(("amazon_US", one), ("walmart_US", other)) != "same"
    assert joined(("amazon_US", one), ("walmart_US", one))
    assert not joined(("amazon_US", one), ("amazon_US", other))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(DIFFERENT)), st.permutations(("travel", "home", "gift")), st.booleans())
def test_nor_is_it_with_more_words_around(kind: str, words: list[str], swapped: bool) -> None:
    one, other = sorted(DIFFERENT[kind], reverse=swapped)
    around = " ".join(words)
    assert verdict(("amazon_US", f"{one} {around}"), ("walmart_US", f"{around} {other}")) != "same"


@pytest.mark.parametrize("kind", EQUAL)
def test_one_fact_in_two_ways(kind: str) -> None:
    one, other = map(read_title, EQUAL[kind])
    assert set(one.facts) == set(other.facts)


@pytest.mark.parametrize("word", NO_CODES)
def test_a_standard_is_no_model_code(word: str) -> None:
    assert read_title(f"Brindle thing {word} black").codes == ()


IN_A_LINE = {
    "name of a line": (
        "Luxar Ambience Centris spot dimmable black 4er",
        "Luxar Ambience Perifo spot dimmable black 4er",
    ),
    "two brands": ("Zunova jelly push-up bra wireless comfort", "Qwyxian jelly push-up bra wireless comfort"),
    "material": (
        "Brindle spin mop bucket steel wringer stainless steel",
        "Brindle spin mop bucket steel wringer plastic",
    ),
    "a choice of sizes": (
        "Korvo Galaxia A36 5G phone 128GB/256GB 8GB RAM",
        "Korvo Galaxia A36 5G phone 256GB 8GB RAM",
    ),
}


@pytest.mark.parametrize("kind", IN_A_LINE)
def test_a_name_in_place_of_another_is_not_joined_in_a_store(kind: str) -> None:
    one, other = IN_A_LINE[kind]
    assert not joined(("amazon_US", one), ("walmart_US", other))
    assert joined(("amazon_US", one), ("walmart_US", one))


def test_a_shared_model_code_outweighs_a_name() -> None:
    one, other = (f"Luxar {name} spot dimmable GX-4417ZB" for name in ("Centris", "Perifo"))
    assert joined(("amazon_US", one), ("walmart_US", other))


def test_a_template_does_not_hide_a_name() -> None:
    """The name and its neighbours always stand together, and so share the weight of one word."""
    template = "Luxar Ambience {} spot dimmable {}"
    rows = [(f"shop{place}", template.format("Centris glow", colour)) for place, colour in enumerate(COLOURS)]
    found = matched(("a", template.format("Centris glow", "red")), ("b", template.format("Perifo", "red")), *rows)
    product = {row["id"]: row["product_id"] for row in pa.table(found.clusters).to_pylist()}
    assert product["00"] != product["01"]


COLOURS = ("black", "white", "green", "yellow", "purple", "orange", "pink")


def test_what_it_is_made_for_is_no_model_code_of_its_own() -> None:
    handset = read_title("Brindle extra handset for SN5127 & SN5147 phones, white")
    assert handset.codes == ()
    assert not set(handset.loose) & set(read_title("Brindle SN5127 phone").loose)
    assert read_title("Brindle pump for garden, ZB-2100").codes == ("zb2100",)


def test_a_word_and_a_number_is_no_rare_code() -> None:
    """A brand that no column names, as in front of everything that its shop lists."""
    rows = [f"[TESSARO1004 Official Shop] {goods}" for goods in ("Travel Kit Mo", "Deep Foam", "Must-Have Set")]
    assert not joined(*(("tiktok_shop_US", title) for title in rows))


def test_equal_titles_at_twice_the_price_are_not_one_offer() -> None:
    title = "Brindle continuous deposit slips"
    for price, together in ((11.0, True), (25.0, False)):
        prices = [10.0, price]
        assert joined(*(("ebay_US", title),) * 2, price=prices, currency=["USD"] * 2) is together


def test_a_pack_on_one_side_is_looked_at_whatever_code_is_shared() -> None:
    title = "Korvo disk ST3500QZ-B21 500GB"
    assert verdict(("amazon_US", title), ("walmart_US", f"{title} 10 pack")) != "same"


def test_a_brand_is_no_model_code() -> None:
    brand = ["Tessaro1004", "Tessaro1004"]
    rows = [
        ("a", "Tessaro1004 Centoria calming ampoule 30ml"),
        ("b", "Tessaro1004 Centoria brightening foam 125ml"),
    ]
    assert not joined(*rows, brand=brand)
    assert verdict(*rows, brand=brand) != "same"


@pytest.mark.parametrize("word", ["X8", "MP3", "NO.1", "Y2K", "buy 1 get 1"])
def test_a_member_of_a_line_joins_no_goods_of_all_kinds(word: str) -> None:
    rows = [
        ("a", f"Zunova {word} vacuum packing pump"),
        ("b", f"Korvo phone Malaysia {word}"),
        *((f"shop{place}", title) for place, title in enumerate(("garden gnome", "neck fan", "tea mug"))),
    ]
    assert not joined(*rows)


def test_a_brand_lists_a_code_twice_for_its_variants() -> None:
    rows = [
        ("amazon_DE", "Korvo HX1200i ATX power supply black"),
        ("amazon_DE", "Korvo HX1200i Shift ATX power supply black"),
    ]
    assert joined(*rows)
    assert not joined(*rows, brand=["Korvo", "Korvo"])


def test_a_shared_code_is_no_double_where_one_has_more_memory() -> None:
    one = "Korvo Plus2 notebook NT550XDA-K14AG celeron NVMe 128GB"
    assert joined(("coupang_KR", one), ("coupang_KR", f"{one} grey bag"))
    assert not joined(("coupang_KR", one), ("coupang_KR", f"{one} + SSD 250GB"))


def test_what_goods_of_many_prices_share_is_no_model_code() -> None:
    titles = [f"{name} case for ZQ9000X station" for name in ("Brindle blue", "Korvela red", "Tessaro", "Zunova")]
    rows = [(f"shop{place}", title) for place, title in enumerate(titles)]
    money = {"price": [4.0, 40.0, 400.0, 4000.0], "currency": ["USD"] * 4}
    assert not joined(*rows, **money)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Good Vibes doormat new home gift personalised", "Flowers doormat new home gift personalised"),
        ("Zunova tea lemon and ginger 10 bags", "Zunova tea peach and mango 10 bags"),
        ("Korvo GeForce RTX 3050 6GB graphics card", "Maxal GeForce RTX 3050 6GB graphics card"),
        ("Velmora calming ampoule 100ml", "Velmora calming foam 100ml"),
    ],
)
def test_neighbours_of_one_template_are_not_joined_on_one_platform(one: str, other: str) -> None:
    assert not joined(("etsy_US", one), ("etsy_US", other))


def test_equal_titles_of_one_seller_are_its_variants() -> None:
    rows = [("amazon_US", "Brindle easy-snap dog collar"), ("amazon_US", "Brindle easy-snap dog collar")]
    assert not joined(*rows, brand=["Brindle", "Brindle"])
    assert joined(*rows, brand=["Tessaro", "Korvela"])
    assert joined(*rows, brand=["Brindle", "Brindle"], image=["https://x.example/1.jpg"] * 2)


def test_the_same_offer_once_more_on_one_platform_is_joined() -> None:
    title = "Zunova magnetic drill press 1450W portable"
    assert joined(("coupang_KR", title), ("coupang_KR", f"NEW original {title}"))
    coded = ("Zunova magnetic drill press AN515-58-769J", "AN515-58-769J portable press, magnetic, by Zunova")
    assert joined(*(("coupang_KR", title) for title in coded))


def test_sure_doubles_are_joined_only_on_a_market_of_many_sellers() -> None:
    one = "Korvo Galaxia A56 5G 128GB unlocked smartphone dual camera sealed box"
    other = "Korvo Galaxia A56 5G 128GB unlocked smartphone dual camera sealed box stereo"
    table = pa.table(
        {
            "id": ["a", "b", "c", "d"],
            "source": ["ebay_US", "ebay_US", "shop1", "shop2"],
            "title": [one, other, "garden gnome", "neck fan"],
            "price": [300.0, 310.0, 5.0, 9.0],
            "currency": ["USD"] * 4,
        }
    )
    for markets, together in ((("ebay",), True), ((), False)):
        found = match_listings(table, candidate_pairs=candidate_pairs, markets=markets)
        product = {row["id"]: row["product_id"] for row in pa.table(found.clusters).to_pylist()}
        assert (product["a"] == product["b"]) is together


COPIED = "New summer Tessaro basic mesh short classic floral printed gym shorts men basketball sports {} shorts"


def on_market(*titles: str, **columns: list[object]) -> list[str]:
    """The products of listings of an open market, among others that have the words of COPIED in common."""
    others = [f"{word} goods" for word in [*COPIED.split(), "casual", "beach"]] * 90
    every = [*titles, *others]
    table = pa.table(
        {
            "id": [f"{place:04}" for place in range(len(every))],
            "source": ["ebay_US"] * len(titles) + [f"shop{place % 5}" for place in range(len(others))],
            "title": every,
            **{name: [*values, *[None] * len(others)] for name, values in columns.items()},
        }
    )
    found = match_listings(table, candidate_pairs=candidate_pairs, markets=("ebay",))
    return found.clusters["product_id"].to_pylist()[: len(titles)]


def test_sellers_of_one_market_copy_a_long_title() -> None:
    casual, beach = COPIED.format("casual"), COPIED.format("beach")
    assert len(set(on_market(casual, beach, f"2024 {casual}"))) == 1
    assert len(set(on_market(casual, COPIED.format("Qwyxian")))) == 2, "a rare word names another product"
    assert len(set(on_market(casual, COPIED.format("casual red")))) == 2, "a fact is no common word"
    assert len(set(on_market(casual, beach, brand=["Tessaro", "Tessaro"]))) == 2, "one seller's variants"


def test_a_very_long_title_goes_on_where_another_stops() -> None:
    words = [f"Frombu{place}lator" for place in "abcdefghijklmnopqrstuv"]
    title = " ".join(words)
    assert joined(("amazon_US", title), ("amazon_US", f"{title} Zunova press"))
    assert not joined(("amazon_US", title), ("amazon_US", f"{title} red"))
    assert not joined(("amazon_US", title), ("amazon_US", f"Zunova press {title}"))


def test_one_picture_of_many_listings_is_no_evidence() -> None:
    rows = [
        (f"shop{place % 5}", f"{name} thing")
        for place, name in enumerate("Qwyx Brizzle Frombu Zunova Korve".split() * 2)
    ]
    shared = ["https://x.example/none.jpg"] * len(rows)
    assert not matched(*rows, image=shared).pairs["copy"].to_pylist().count(True)
    assert any(matched(*rows[:4], image=shared[:4]).pairs["copy"].to_pylist())


TITLES = st.sampled_from(
    [
        f"{brand} {goods} {fact}"
        for brand in ("Zunova", "Korvela")
        for goods in ("juicer cup", "desk lamp")
        for fact in ("400ml", "600ml", "ZB-2100", "black")
    ]
)


@settings(max_examples=20, deadline=None)
@given(st.lists(TITLES, min_size=2, max_size=6), st.lists(TITLES, min_size=1, max_size=6))
def test_a_list_of_one_platform_joins_nothing_on_another(here: list[str], there: list[str]) -> None:
    """Whatever is beside them, two listings of one platform are one product only if they are by themselves."""
    mine = [{"id": f"a{place}", "source": "amazon_US", "title": title} for place, title in enumerate(here)]
    theirs = [{"id": f"b{place}", "source": "ebay_US", "title": title} for place, title in enumerate(there)]

    def together(rows: list[dict[str, str]]) -> set[frozenset[str]]:
        found = match_listings(pa.Table.from_pylist(rows), candidate_pairs=candidate_pairs)
        clusters = pa.table(found.clusters).to_pylist()
        mates = [(row["id"], row["product_id"]) for row in clusters if row["id"].startswith("a")]
        return {frozenset((x, y)) for x, p in mates for y, q in mates if x != y and p == q}

    assert together([*mine, *theirs]) <= together(mine)
