"""What each real table gives: read right, by cells that were compared with the file by eye, or refused and why."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from trendscout.errors import UsageError
from trendscout.intake import Export, load_profile, propose, read_export

SHARED = Path(os.environ.get("TRENDSCOUT_SHARED", "../shared"))
EXPORTS = SHARED / "exports"
NOW = datetime(2026, 11, 29, 19, tzinfo=UTC)
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not EXPORTS.exists(), reason="no TRENDSCOUT_SHARED"),
]


@dataclass(frozen=True)
class Read:
    """A table that holds a list or goods of the seller's own."""

    profile: str
    lists: tuple[str, ...]
    rows: int
    cells: tuple[tuple[str, str, object], ...] = ()  # item, field, value
    told: tuple[str, ...] = ()  # beginnings of findings, the columns that are not kept left aside
    dated: str = ""


NO_MARKET, NO_MONEY, NO_RANK = "Nothing says of which market", "Nothing says in which currency", "No column says"
PICTURES = "Of several pictures"
TABLES: dict[str, Read] = {
    "amazon_aba_search_terms_2026-04-11.csv": Read(
        "amazon_search_terms",
        ("aba_XX/search_terms/all",),
        2,
        (("storage cabinet", "rank", 2),),
        (NO_MARKET,),
        "2026-04-11",
    ),
    "amazon_ads_advertised_product_2026-07.csv": Read(
        "amazon_advertised",
        ("amazon_bestsellers_US/advertised/all",),
        1,
        (("B0GWCDX3HY", "count", 11), ("B0GWCDX3HY", "seller", "BasicGear")),
        (NO_RANK,),
        "2026-07-29",
    ),
    "amazon_business_report_child_2026-07.csv": Read(
        "amazon_business", (), 1, (("5K-SC4U-PO06", "sales", 683.0), ("5K-SC4U-PO06", "item_key", "B096MCMDPL"))
    ),
    "amazon_dataset.csv": Read(
        "plain",
        ("amazon_bestsellers_IN/amazon_dataset/all",),
        48,
        (
            ("B01N66F4CH", "price", Decimal("595.0")),
            ("B01N66F4CH", "rating", 3.9),
            ("B0855YNHGN", "reviews", 26825),
            ("B09HCHRKTS", "price", Decimal("937.0")),
        ),
        ("One row was left out: an address without an id", NO_MONEY, NO_RANK),
    ),
    "amazon_in_bestsellers_scraper.csv": Read(
        "plain",
        tuple(
            f"amazon_bestsellers_IN/amazon_in_bestsellers_scraper/{name}"
            for name in ("toys", "kitchen", "beauty", "sports", "automotive", "pet-supplies")
        ),
        179,
        (
            ("B09LVNPXB4", "price", Decimal("236.00")),
            ("B00GTJSGXE", "rating", 4.5),
            ("B078KJV8JQ", "currency", "INR"),
        ),
        (NO_RANK,),
    ),
    "amazon_in_no_header.csv": Read(
        "draft",
        ("amazon_bestsellers_XX/amazon_in_no_header/all",),
        178,
        (
            ("B07D4T4YT2", "price", Decimal("1399.00")),
            ("B07LDKFM2Y", "currency", "INR"),
            ("B07D4T4YT2", "rank", None),
        ),
        ("783 rows were left out: an item once more", "Ranks were left out: rank", NO_MARKET),
    ),
    "amazon_us_bestsellers_scraper.csv": Read(
        "plain",
        (
            "amazon_bestsellers_US/amazon_us_bestsellers_scraper/womens_clothing",
            "amazon_bestsellers_US/amazon_us_bestsellers_scraper/mens_clothing",
        ),
        60,
        (
            ("B0F6V8RDYM", "reviews", 6676),
            ("B0F6V8RDYM", "rank", 1),
            ("B0FP5BYXVR", "price", Decimal("17.99")),
            ("B07JD592BB", "reviews", 134577),
            ("B07JD592BB", "rank", 30),
        ),
    ),
    "brightdata_lazada.csv": Read(
        "brightdata",
        tuple(f"lazada_{market}/brightdata/all" for market in ("ID", "TH", "PH", "SG", "MY")),
        404,
        (
            ("6872778045", "price", Decimal(10000)),
            ("6872778045", "count", 111),
            ("7113060757", "price", Decimal(6099000)),
            ("7113060757", "reviews", 47),
            ("1297292854", "currency", "THB"),
            ("556644369", "price", Decimal("7.12")),
        ),
        ("596 rows were left out: an item once more", PICTURES, NO_RANK),
    ),
    "helium10_xray_2019-12.csv": Read(
        "helium10",
        ("amazon_bestsellers_XX/helium10/all",),
        1852,
        (
            ("B07NKZZ7XR", "rank", 362467),
            ("B07NKZZ7XR", "count", 3),
            ("B07WQ1XGRY", "price", Decimal("13.98")),
            ("B07WQ1XGRY", "rating", None),
            ("B01KAOX10G", "rank", 1185573),
        ),
        (
            "19 rows were left out: an item once more",
            "count: 1 of 1267 cells of 'Sales' cannot be read, such as '-1.0'",
            "rank: 2 of 1565 cells of 'BSR' cannot be read, such as '0'",
            NO_MARKET,
            NO_MONEY,
        ),
    ),
    "keepa_de_resaved_by_excel_2026.csv": Read(
        "keepa",
        ("amazon_bestsellers_XX/keepa/all",),
        910,
        (
            ("B00PB6YDPG", "price", Decimal("142.93")),
            ("B0CJ9D3QGL", "rank", 8346),
            ("B0DD1PZMTZ", "price", Decimal("499.99")),
            ("B0DD1PZMTZ", "rating", 4.4),
        ),
        ("The list is of 2026-03-11 11:06 UTC", PICTURES, NO_MARKET, NO_MONEY),
        "2026-03-11",
    ),
    "keepa_jp_renamed_headers.csv": Read(
        "plain",
        ("amazon_bestsellers_XX/keepa_jp_renamed_headers/all",),
        381,
        (
            ("B0BKVQGJWV", "price", Decimal(4467)),
            ("B0BKVQGJWV", "count", 300),
            ("B08JJ1SWPX", "price", Decimal(5354)),
        ),
        (PICTURES, NO_MARKET, NO_MONEY, NO_RANK),
    ),
    "lazada_vn_scraper.csv": Read(
        "plain",
        ("lazada_VN/lazada_vn_scraper/all",),
        1064,
        (("1424506100", "price", Decimal(167000)), ("1816844263", "currency", "VND")),
        ("2936 rows were left out: an item once more", NO_RANK),
    ),
    "mercadolibre_br_scraper.csv": Read(
        "plain",
        ("mercadolibre_BR/mercadolibre_br_scraper/all",),
        148,
        (
            ("MLB33477379", "price", Decimal("1254.97")),
            ("MLB4587570834", "price", Decimal(1364)),
            ("MLB4943578344", "seller", "Gigantec.com.br"),
        ),
        (NO_RANK,),
        "2024-11-30",
    ),
    "sea_top_products_2026-08.csv": Read(
        "draft",
        ("tiktok_shop_XX/sea_top_products/all",),
        50,
        (("1731815305462057536", "count", 2163748), ("1730626521007098664", "price", Decimal("271.83"))),
        (NO_MARKET, NO_MONEY),
    ),
    "shopify_product_import.csv": Read(
        "shopify_products", (), 32, (("B0FT4QF9D5-S", "stock", 100.0), ("B0FTSVKP9B-L", "weight_g", 250.0))
    ),
    "sorftime_us_cell_phones_2026-03-05.csv": Read(
        "sorftime",
        ("amazon_bestsellers_XX/sorftime/all",),
        20,
        (
            ("B0CP6DDN1H", "count", 10533),
            ("B0CP6DDN1H", "rank", 1),
            ("B0CMPMY9ZZ", "price", Decimal("404.99")),
            ("B0BN92S2ZZ", "reviews", 5255),
        ),
        ("The list is of 2026-03-05", NO_MARKET, NO_MONEY, NO_RANK),
        "2026-03-05",
    ),
    "tiki_vn_bars_in_titles.csv": Read(
        "draft",
        ("tiki_XX/tiki_vn_bars_in_titles/all",),
        365,
        (
            (
                "Laptop Gigabyte U4 UD-50VN823SO 14 inch Core i5-1155G7/ Win 11 - Hàng Chính Hãng",
                "price",
                Decimal(15490000),
            ),
        ),
        ("19 rows were left out: an item once more", NO_MARKET, NO_MONEY, NO_RANK),
    ),
    "tiktok_top_ads_us.xlsx": Read(
        "apify_tiktok",
        ("tiktok_videos_XX/apify/all",),
        97,
        (("7516623548677426463", "count", 704), ("7458085071032159534", "count", 61900)),
        ("One row was left out: no id", NO_MARKET, NO_RANK),
    ),
    "tokopedia_id_scraper.csv": Read(
        "plain",
        ("tokopedia_ID/tokopedia_id_scraper/all",),
        80,
        (
            (
                "foxcomp/obrall-harga-promo-laptop-hp2570p-ci5-gen3-harga-murah-barang-mulus-ram8gb-ssd128",
                "price",
                Decimal(2850000),
            ),
        ),
        (NO_RANK,),
    ),
}
REFUSED = {
    "aliexpress_scraper.csv": "all rows are of one item",
    "amazon_jp_ranking.xlsx": "it has no header row, and no column of it shows ids or links",
    "bsr_weekly.xlsx": "no column names the goods",
    "shopee_id_scraper.csv": "no column names the goods",
    "xuanpin_four_sheets.xlsx": "no column names the goods",
}


def drafted(path: Path, folder: Path) -> Export:
    """What the file gives after its draft was confirmed unchanged."""
    draft = folder / "mine.toml"
    draft.write_text(propose(path).toml, encoding="utf-8")
    return read_export(path, now=NOW, profile=load_profile(str(draft)))


def found(export: Export) -> Iterator[tuple[str, object]]:
    yield from ((one.item_key, one) for snapshot in export.snapshots for one in snapshot.entries)
    yield from ((one.sku, one) for one in export.stock)


def test_the_table_names_every_file() -> None:
    assert {path.name for path in EXPORTS.iterdir()} == TABLES.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", TABLES)
def test_a_real_table_is_read_right(tmp_path: Path, name: str) -> None:
    wanted = TABLES[name]
    if wanted.profile == "draft":
        with pytest.raises(UsageError, match=r"\[columns\]"):
            read_export(EXPORTS / name, now=NOW)
        export = drafted(EXPORTS / name, tmp_path)
    else:
        export = read_export(EXPORTS / name, now=NOW)
        assert export.profile == wanted.profile
    assert sorted(snapshot.list_id for snapshot in export.snapshots) == sorted(wanted.lists)
    rows = list(found(export))
    assert len(rows) == wanted.rows
    for key, field, value in wanted.cells:
        assert [getattr(one, field) for item, one in rows if item == key] == [value], (key, field)
    told = [finding for finding in tuple(map(str, export.findings)) if "not kept in the store" not in finding]
    assert len(told) == len(wanted.told), told
    for finding, begins in zip(sorted(told), sorted(wanted.told), strict=True):
        assert finding.startswith(begins)
    if wanted.dated:
        assert {f"{snapshot.taken_at:%Y-%m-%d}" for snapshot in export.snapshots} == {wanted.dated}


@pytest.mark.parametrize("name", REFUSED)
def test_a_real_table_without_a_list_is_refused_for_the_true_reason(name: str) -> None:
    with pytest.raises(UsageError, match=REFUSED[name]):
        read_export(EXPORTS / name, now=NOW)


def test_drafts_work_as_they_are_printed(tmp_path: Path) -> None:
    """Of the 19 tables with a list or goods, also those that a profile knows."""
    stored = []
    for name in TABLES:
        try:
            export = drafted(EXPORTS / name, tmp_path)
        except UsageError:
            continue
        stored += [name] if export.snapshots or export.stock else []
    assert len(stored) * 10 >= len(TABLES) * 9, sorted(TABLES.keys() - set(stored))


CASES = SHARED / "cases"


def test_the_small_inputs_give_what_is_expected() -> None:
    """Those that the fixtures of test_tables.py do not repeat cell by cell."""
    read = {path.name: read_export(path, now=NOW) for path in CASES.glob("*/*.xlsx")}
    for name in ("bilingual.xlsx", "cover_sheet.xlsx", "deepheader.xlsx"):
        (snapshot,) = read[name].snapshots
        assert [(e.rank, e.title, e.price, e.count) for e in snapshot.entries] == [
            (1, "Foldable moss lantern", Decimal("12.9"), 5300),
            (2, "Whistling tea egg", Decimal("7.5"), 4100),
        ]
    assert not read["id_number.xlsx"].snapshots
    (local,) = read["local.xlsx"].snapshots
    assert [(e.price, e.currency, e.count, e.listed_at and e.listed_at.day) for e in local.entries] == [
        (Decimal(187000), "IDR", 5300, 1),
        (Decimal(99900), "IDR", 4100, 11),
    ]
    big5 = read_export(CASES / "15-charset-labels" / "big5.csv", now=NOW)
    assert [entry.price for entry in big5.snapshots[0].entries] == [Decimal("12.90"), Decimal("7.50")]
    semi = read_export(CASES / "09-csv-delimiter" / "semi_commas.csv", now=NOW)
    assert [entry.count for entry in semi.snapshots[0].entries] == [5300, 4100]
    assert not read_export(CASES / "10-csv-row-wider-than-header" / "commainprice.csv", now=NOW).snapshots
    assert not read_export(CASES / "10-csv-row-wider-than-header" / "ragged.csv", now=NOW).snapshots


TRENDS = SHARED / "captures_2" / "google_trends"


@pytest.mark.parametrize(
    ("name", "lists", "last"),
    [
        ("us_multiTimeline.csv", ["google_trends_US/interest/cerave"], "cerave"),
        ("jp_multiTimeline.csv", ["google_trends_XX/interest/カップケーキ"], "カップケーキ"),
        (
            "us_relatedQueries.csv",
            ["google_trends_US/related_top/Neutrogena", "google_trends_US/related_rising/Neutrogena"],
            "neutrogena hydro boost cleanser",
        ),
    ],
)
def test_downloads_of_google_trends(name: str, lists: list[str], last: str) -> None:
    export = read_export(TRENDS / name, now=NOW)
    assert [snapshot.list_id for snapshot in export.snapshots] == lists
    assert export.snapshots[-1].entries[-1].item_key == last
