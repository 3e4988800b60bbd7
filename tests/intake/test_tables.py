"""Tables that are nearly right: where the header stands, which rows are the table's, what a cell can say."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from trendscout.errors import UsageError
from trendscout.intake import Export, kind_of, load_profile, propose, read_export
from trendscout.intake.lettering import table_text
from trendscout.model import Entry

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
HEAD = "Rank,Product ID,Product Title,Price,Item Sold,Product Rating,Review Count,Country/Region,Launch Date\n"
ID = "17293847561029384{:02}"
DIGITS = "0123456789"


def written(folder: Path, text: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def entries(export: Export) -> list[Entry]:
    return [entry for snapshot in export.snapshots for entry in snapshot.entries]


def read(folder: Path, text: str | bytes, name: str = "a.csv", **options: Any) -> Export:
    return read_export(written(folder, text, name), now=AT, **options)


# --- cells ---------------------------------------------------------------------------------------------------

CELLS = [  # price, count, floor, rating, reviews
    ("#DIV/0!", None, "#DIV/0!", None, "#DIV/0!", None, "#DIV/0!", None),
    ("<$5", None, "<100", None, "4.8/5", 4.8, "≤50", None),
    ("under $5", None, "100-200", None, "4,7", 4.7, "1.2K+", 1200),
    ("$5起", 5, "1000以上", (1000, True), "4.8 out of 5 stars", 4.8, "(1,234)", 1234),
    ("$1,299.00", 1299, ">1000", (1000, True), "★4.5", 4.5, "1200", 1200),
    ("12.5%", None, "50%", None, "90%", None, "3%", None),
    ("约$5", 5, "约1.2万", (12000, True), "9.2/10", None, "12 reviews", 12),
    ("sold out", None, "∞", None, "0", None, "0", 0),
    ("US $5.00 - US $7.00", 5, "5w+", (50000, True), "48", None, "5w+", 50000),
    ("٣٥٫٥٠ ر.س", Decimal("35.5"), "١٬٢٠٠", (1200, False), "٤٫٥", 4.5, "١٢", 12),
    ("(5.00)", None, "(100)", None, "-4", None, "-1", None),
    ("5-", None, "5-", None, "4. 5", None, "1,5", None),
    ("USD 5", 5, "5 千", (5000, False), "5.0 (123)", 5.0, "1.2k reviews", 1200),
    ("$99999999999999999999.99", None, "9" * 20, None, "4.5★", 4.5, "9" * 12, None),
    ("Infinity", None, "NaN", None, "inf", None, "1e400", None),
    ("7.5", Decimal("7.5"), "10533.0", (10533, False), 4.5, 4.5, "3.0", 3),
    ("2.794000000000000e+01", Decimal("27.94"), "1E+05", None, "4.567", 4.567, "1.0E+3", None),
    ("12.37 -409", Decimal("12.37"), "100以下", None, "5つ星のうち4.5", 4.5, "1万", 10000),
    ("$5 plus shipping? maybe", None, "ask seller 100 times", None, "good", None, "many", None),
]


@pytest.mark.parametrize("row", CELLS, ids=lambda row: f"{row[0]} {row[2]} {row[4]} {row[6]}"[:40])
def test_nothing_but_what_is_known_stands_beside_a_number(tmp_path: Path, row: tuple[Any, ...]) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([1, ID.format(1), "Moss lantern", row[0], row[2], row[4], row[6], "US", "2026-03-01"])
    export = read(tmp_path, HEAD + out.getvalue())
    (entry,) = entries(export)
    assert (entry.price, entry.count and (entry.count, entry.count_floor)) == (row[1], row[3])
    assert (entry.rating, entry.reviews) == (row[5], row[7])
    assert (entry.price_text, entry.count_text) == (
        None if row[0] == "NaN" else row[0],
        None if row[2] == "NaN" else str(row[2]),
    )
    told = " ".join(tuple(map(str, export.findings)))
    for name, cell, value in (("price", row[0], row[1]), ("count", row[2], row[3]), ("reviews", row[6], row[7])):
        assert (f"{name}: 1 of 1 cell " in told) == (value is None and cell != "NaN"), name


@pytest.mark.parametrize(
    ("market", "price", "count", "got"),
    [
        ("ID", "Rp187.000", "5.300", (Decimal(187000), "IDR", 5300)),
        ("VN", "187.000₫", "5.300", (Decimal(187000), "VND", 5300)),
        ("DE", "12,90 €", "5.300", (Decimal("12.90"), "EUR", 5300)),
        ("BR", "R$1.364", "5.300", (Decimal(1364), "BRL", 5300)),
        ("", "7", "5.300", (Decimal(7), None, None)),
        ("US", "$12.345", "5.300", (None, None, None)),
    ],
)
def test_the_market_settles_how_numbers_are_written(
    tmp_path: Path, market: str, price: str, count: str, got: tuple[Any, ...]
) -> None:
    text = f'{HEAD}1,{ID.format(1)},Moss lantern,"{price}",{count},,,{market},\n'
    export = read(tmp_path, text)
    (entry,) = entries(export)
    assert (entry.price, entry.currency, entry.count) == got
    assert any("cannot be read, such as '5.300'" in finding for finding in tuple(map(str, export.findings))) == (
        got[2] is None
    )
    assert any("of which market" in finding for finding in tuple(map(str, export.findings))) == (not market)


def test_what_few_cells_of_a_column_say_is_told_with_an_example(tmp_path: Path) -> None:
    rows = "".join(f"{n},{ID.format(n)},Owl {n},{'12.50' if n < 3 else 'ask'},7,,,US,\n" for n in range(1, 10))
    export = read(tmp_path, HEAD + rows)
    assert "price: 7 of 9 cells of 'Price' cannot be read, such as 'ask'." in tuple(map(str, export.findings))


def test_every_column_that_is_not_kept_is_named(tmp_path: Path) -> None:
    text = "Rank,Product ID,Product Title,Item Sold,Revenue,Mood,,Empty\n" + f"1,{ID.format(1)},Owl,7,84,good,x,\n"
    export = read(tmp_path, text, market="US")
    assert "These columns are not kept in the store: Revenue, Mood, column 7." in tuple(map(str, export.findings))


def test_excel_s_money_formats_are_no_ranges(tmp_path: Path) -> None:
    text = (
        "ASIN,Title,Sales Rank: Current,Buy Box: Current\n"
        "B0TESTAAA1,Tamper,922769,879.00 -409\nB0TESTAAA2,Mat,5,113.38 -C0A\n"
        ',,,"Exported on 2026-01-19 16:16 (UTC) by ✜ Keepa.com"\n'
    )
    export = read(tmp_path, text, market="US")
    assert [entry.price for entry in entries(export)] == [Decimal("879.00"), Decimal("113.38")]
    assert export.snapshots[0].taken_at == datetime(2026, 1, 19, 16, 16, tzinfo=UTC)
    assert export.snapshots[0].status == "ok"


# --- times ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("market", "cells", "days"),
    [
        ("US", ["13/02/2026", "03/04/2026", "01.03.2026"], [(2, 13), (4, 3), (3, 1)]),
        ("DE", ["01.03.2026", "11.02.2026", "46082"], [(3, 1), (2, 11), (3, 1)]),
        ("ID", ["01/03/2026", "11/02/2026", "2026-03-05"], [(3, 1), (2, 11), (3, 5)]),
        ("US", ["01/03/2026", "11/02/2026", "Mar 5, 2026"], [(1, 3), (11, 2), (3, 5)]),
        ("CA", ["01/03/2026", "01-Mar-2026", "05/05/2026"], [None, (3, 1), (5, 5)]),
        ("US", ["13/02/2026", "02/13/2026", "03/04/2026"], [(2, 13), (2, 13), None]),
        ("US", ["2026-03-01 4:16 PM", "3/5/2026 11:30 PM", "2026年3月7日"], [(3, 1), (3, 5), (3, 7)]),
        ("US", ["06-05-21", "0000-00-00", "9999-12-31"], [None, None, None]),
    ],
)
def test_dates_are_read_by_column(
    tmp_path: Path, market: str, cells: list[str], days: list[tuple[int, int] | None]
) -> None:
    rows = "".join(f'{n},{ID.format(n)},Owl,5,7,,,{market},"{cell}"\n' for n, cell in enumerate(cells, start=1))
    export = read(tmp_path, HEAD + rows)
    assert [e.listed_at and (e.listed_at.month, e.listed_at.day) for e in entries(export)] == days
    lost = sum(day is None for day in days)
    assert any(f"listed_at: {lost} of 3 cells" in finding for finding in tuple(map(str, export.findings))) == bool(
        lost
    )


def test_a_table_with_times_gives_a_look_for_each_day(tmp_path: Path) -> None:
    link = "https://www.amazon.com/dp/B0TESTAAA{}"
    text = "title,url,price,rank,scraped_at\n" + "".join(
        f"Owl,{link.format(n)},$5,{n},{day}/11/2026 0{n}:00:00\n" for day in (17, 18) for n in (1, 2)
    )
    export = read(tmp_path, text)
    assert [(s.taken_at, len(s.entries)) for s in export.snapshots] == [
        (datetime(2026, 11, 17, 2, tzinfo=UTC), 2),
        (datetime(2026, 11, 18, 2, tzinfo=UTC), 2),
    ]


# --- rows and header -----------------------------------------------------------------------------------------

ROWS = f"1,{ID.format(1)},Moss lantern,12.9,5300,,,US,\n2,{ID.format(2)},Tea egg,7.5,4100,,,US,\n"


def test_uneven_rows_are_left_out_and_told(tmp_path: Path) -> None:
    bad = f"3,{ID.format(3)},Owl,$1,299.00,7,,,US,\n4,{ID.format(4)},short\n"
    export = read(tmp_path, HEAD + ROWS + bad)
    assert [entry.rank for entry in entries(export)] == [1, 2]
    assert export.snapshots[0].status == "partial"
    assert "One row was left out: more cells than the header." in tuple(map(str, export.findings))
    assert "One row was left out: fewer cells than the header." in tuple(map(str, export.findings))


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_sign_that_parts_all_rows_alike_is_the_delimiter(tmp_path: Path, sign: str) -> None:
    title = {
        ",": "Lamp; green; 2 pcs | x",
        ";": "Lamp, green, 2 pcs, USB, warm, cold, cosy",
        "|": "a, b, c; d",
    }.get(sign, "a,b;c|d")
    names = HEAD.replace(",", sign)
    row = [1, ID.format(1), title, "12.9", 5300, "", "", "US", ""]
    export = read(tmp_path, names + sign.join(map(str, row)) + "\n")
    (entry,) = entries(export)
    assert (entry.title, entry.count) == (title, 5300)


def test_bars_in_titles_are_no_columns(tmp_path: Path) -> None:
    text = "Name,Price,Seller,Url\nLaptop (I5 | 8GB | 512GB | RTX | 15.6),15690000,Nova,https://tiki.vn/den-p1234.html\n"
    (entry,) = entries(read(tmp_path, text))
    assert (entry.title, entry.price, entry.item_key) == (
        "Laptop (I5 | 8GB | 512GB | RTX | 15.6)",
        15690000,
        "1234",
    )


@pytest.mark.parametrize(
    "above",
    [
        "",
        "Exported list\nAll shops, all times\n\n",
        "".join(f"Note {n},text\n" for n in range(25)),
        "排名,商品ID,商品标题,平均单价,销量,商品评分,评论数,国家/地区,上架时间\n",
        "Goods,,,Figures,,,,Other,\n",
    ],
)
def test_the_header_is_found_below_what_stands_above_it(tmp_path: Path, above: str) -> None:
    export = read(tmp_path, above + HEAD + ROWS)
    assert [(e.rank, e.title, e.count) for e in entries(export)] == [
        (1, "Moss lantern", 5300),
        (2, "Tea egg", 4100),
    ]
    assert export.snapshots[0].list_id == "tiktok_shop_US/kalodata/all"


@pytest.mark.parametrize(
    "below",
    [
        "排名,商品ID,商品标题,平均单价,销量,商品评分,评论数,国家/地区,上架时间\n",
        ",,,($),(件),,,,\n",
        HEAD,
    ],
)
def test_a_second_row_of_names_or_units_is_no_good(tmp_path: Path, below: str) -> None:
    export = read(tmp_path, HEAD + below + ROWS)
    assert [entry.rank for entry in entries(export)] == [1, 2]
    assert export.snapshots[0].status == "ok"
    if "$" in below:
        assert entries(export)[0].currency == "USD"


def test_names_in_two_rows_are_one_header(tmp_path: Path) -> None:
    text = (
        "Rank,Product ID,Product Title,Money,,Country/Region\n,,,Price,Item Sold,\n"
        f"1,{ID.format(1)},Owl,5.5,7,US\n"
    )
    (entry,) = entries(read(tmp_path, text))
    assert (entry.price, entry.count) == (Decimal("5.5"), 7)


def test_a_file_without_a_header_says_so_and_gets_a_draft_by_place(tmp_path: Path) -> None:
    text = "".join(f'{n},"Spin mop, {n} refills, blue",B0TESTAAA{n},"₹1,{n}99.00"\n' for n in range(1, 9))
    path = written(tmp_path, text)
    with pytest.raises(UsageError, match="has no header row: its first row is 1, Spin mop") as error:
        read_export(path, now=AT)
    draft = written(tmp_path, error.value.fields["draft"], "mine.toml")
    export = read_export(path, now=AT, profile=load_profile(str(draft)), market="IN")
    assert [(e.rank, e.item_key, e.price, e.currency) for e in entries(export)][:2] == [
        (1, "B0TESTAAA1", Decimal("1199.00"), "INR"),
        (2, "B0TESTAAA2", Decimal("1299.00"), "INR"),
    ]


def test_an_open_quotation_mark_is_told_with_its_line(tmp_path: Path) -> None:
    more = "".join(f"{n},{ID.format(n)},Owl,5,7,,,US,\n" for n in range(10, 99)) * 3
    with pytest.raises(UsageError, match="quotation mark opened in line 4 is not closed"):
        read(tmp_path, HEAD + ROWS + f'3,{ID.format(3)},"Owl,5,7,,,US,\n' + more)


# --- workbooks and pages ---------------------------------------------------------------------------------------


def book(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as made:
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
    return path


LIST = [["Rank", "Product ID", "Product Title", "Price", "Item Sold"], [1, ID.format(1), "Owl", 5.5, 7]]


def test_of_several_sheets_the_table_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx",
        {"说明": [["数据说明", "本表由系统导出"], ["注意", "仅供参考"]], "Data": LIST, "Old": LIST},
    )
    export = read_export(path, now=AT, market="US")
    assert [entry.title for entry in entries(export)] == ["Owl"]
    assert "The sheet 'Data' was read, not '说明', 'Old': --sheet chooses." in tuple(map(str, export.findings))
    assert entries(read_export(path, now=AT, market="US", sheet="Old"))[0].title == "Owl"
    with pytest.raises(UsageError, match=r"no sheet 'New'.*'Data'"):
        read_export(path, now=AT, sheet="New")


def test_formulas_that_nobody_computed_are_told(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        for place, row in enumerate([LIST[0], [*LIST[1][:3], None, 7]], start=1):  # a table that begins at B2
            sheet.write_row(place, 1, row)
        sheet.write_formula(2, 4, "=F3*1.2", None, "")
    export = read_export(path, now=AT, market="US")
    assert entries(export)[0].count == 7
    assert "price: 1 of 1 cell of 'Price' cannot be read, such as '=F3*1.2'." in tuple(map(str, export.findings))


def test_a_page_named_xls_is_read(tmp_path: Path) -> None:
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in LIST)
    text = f'<html><head><meta charset="gbk"></head><body><table>{rows}</table></body></html>'.replace(
        "Owl", "会唱歌的仙人掌"
    )
    export = read(tmp_path, text.encode("gbk"), "a.xls", market="US")
    assert [(e.rank, e.title, e.count) for e in entries(export)] == [(1, "会唱歌的仙人掌", 7)]


def test_rounded_ids_leave_nothing_and_say_why(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", {"Data": [LIST[0], [1, 1729384756102938475, "Owl", 5.5, 7]]})
    export = read_export(path, now=AT, market="US")
    assert (export.snapshots, export.stock) == ((), ())
    assert "One row was left out: an id that a spreadsheet rounded (export it as text)." in tuple(
        map(str, export.findings)
    )


@pytest.mark.parametrize(
    ("encoding", "title"),
    [("gbk", "会唱歌的茶蛋"), ("gbk", "苔藓灯"), ("euc-kr", "노래하는 선인장"), ("euc-kr", "고양이 집")],
)
def test_a_few_letters_tell_chinese_from_korean(encoding: str, title: str) -> None:
    """The bytes of either are whole signs of the other; the same title again and again proves no more."""
    assert (
        table_text(f"item,rank\n{title},1\n{title},2\n{title},3\n".encode(encoding)).split("\n")[1] == f"{title},1"
    )


@pytest.mark.parametrize("encoding", ["big5", "gbk", "shift_jis", "euc-kr", "utf-16", "cp1252"])
def test_the_letters_tell_the_charset(tmp_path: Path, encoding: str) -> None:
    title = {
        "big5": "會唱歌的仙人掌與摺疊貓窩",
        "gbk": "会唱歌的仙人掌和折叠猫窝",
        "shift_jis": "うたうサボテンとネコのベッド",
        "euc-kr": "노래하는 선인장과 고양이 집",
        "cp1252": "Singender Kaktus für Gäste, größer",
    }.get(encoding, "会唱歌的仙人掌")
    text = f'{HEAD}1,{ID.format(1)},"{title}",5,7,,,US,\n'
    (entry,) = entries(read(tmp_path, text.encode(encoding)))
    assert entry.title == title


# --- what a draft and the links make of unknown tables -----------------------------------------------------------


def test_two_charts_in_one_file_are_two_lists(tmp_path: Path) -> None:
    link = "https://www.amazon.com/dp/B0TESTAAA{}"
    rows = [("women", 1, 1), ("women", 2, 2), ("men", 1, 3), ("men", 2, 1)]
    text = "category,rank,asin,title,price,url\n" + "".join(
        f"{chart},{rank},B0TESTAAA{n},Owl {n},$5,{link.format(n)}\n" for chart, rank, n in rows
    )
    export = read(tmp_path, text, "charts.csv")
    assert [(s.list_id, [(e.rank, e.item_key[-1]) for e in s.entries]) for s in export.snapshots] == [
        ("amazon_bestsellers_US/charts/women", [(1, "1"), (2, "2")]),
        ("amazon_bestsellers_US/charts/men", [(1, "3"), (2, "1")]),
    ]


def test_ranks_that_begin_anew_without_a_word_are_not_kept(tmp_path: Path) -> None:
    text = "rank,asin,title,price\n" + "".join(
        f"{rank},B0TESTAA{chart}{rank},Owl,$5\n" for chart in range(3) for rank in range(1, 6)
    )
    export = read(tmp_path, text, market="US")
    assert {entry.rank for entry in entries(export)} == {None}
    assert any("rank 1 stands 3 times" in finding for finding in tuple(map(str, export.findings)))


def test_a_product_with_its_variants_is_no_list(tmp_path: Path) -> None:
    row = "Slipper {0},$14.0{0},https://www.aliexpress.com/item/1005005206354317.html?sku={0}\n"
    with pytest.raises(UsageError, match="all rows are of one item"):
        read(tmp_path, "Title,Price,Product_link\n" + "".join(row.format(n) for n in range(4)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("date,main_bsr,sub_bsr\n2025-09-29,46533,2130\n2025-10-06,77821,3988\n", "no column names the goods"),
        (",bff_meta,error,data\naccount,,,x\nctime,,,16055\n", "no column names the goods"),
        ("Title,Colour\nOwl,blue\nLamp,red\n", "no column holds a price, a count or a rank"),
        ("序号,产品,关键词,搜索量\n,,,\n", "no column|no rows"),
    ],
)
def test_a_table_without_a_list_is_refused_with_the_reason(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read(tmp_path, text)


DRAFTS = {
    "no id, no link": "Name,Price,Seller,Image\nOwl,499000,Nova,https://salt.tikicdn.com/a/1.png\n",
    "unknown shop": "Name,Price,Url\nOwl,12.5,https://nova.example/owl-p1.html\nLamp,7,https://nova.example/lamp\n",
    "ids of one platform": f"rank,product_id,title,price,sold_count\n1,{ID.format(1)},Owl,155.66,2163748\n",
    "index column": ',title,price,url\n1,Whale print,16.86,https://nova.example/listing/246227091\n',
    "own goods": "货号,产品SKU,可售,退货率(%),采购价\nx,A-1,5,1.5,3\n",
}  # fmt: skip


@pytest.mark.parametrize("text", DRAFTS.values(), ids=DRAFTS)
def test_a_draft_works_as_it_is_printed(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    draft = written(tmp_path, propose(path).toml, "mine.toml")
    export = read_export(path, now=AT, profile=load_profile(str(draft)))
    assert len(entries(export)) + len(export.stock) == text.count("\n") - 1
    assert "my_tool" not in draft.read_text(encoding="utf-8")


# --- nothing is silently lost ----------------------------------------------------------------------------------

NUMBERS = st.sampled_from(
    "12 12.5 1,204 1.204 1,204.50 1.204,50 1.2万 5w+ <5 (7) 7- 50% #DIV/0! 1e3 1E+05 0 -3 3.0 ~9 9+ 9以上 free "
    "¥5 5元 $5 US$5 5€ 4.8/5 ★4 12.37_-409 inf NaN 9999999999999999999 2.50e+00 5'300 ٣٥ 5~7 5-7".split()
).map(lambda text: text.replace("_", " "))
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
CELL = st.one_of(NUMBERS, TEXT, st.integers(-5, 10**12).map(str), st.decimals(0, 10**6, places=2).map(str))
NAMED = ("Price", "Item Sold", "Product Rating", "Review Count", "Launch Date")


def survives(cell: str, entry: Entry, name: str) -> bool:
    """Whether the cell has left a value, or says nothing."""
    value = {
        "Price": entry.price,
        "Item Sold": entry.count,
        "Product Rating": entry.rating,
        "Review Count": entry.reviews,
        "Launch Date": entry.listed_at,
    }[name]
    return value is not None or cell.strip() == ""


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=2000)
@given(
    st.lists(st.tuples(*(CELL for _ in NAMED)), min_size=1, max_size=4), st.sampled_from(["US", "DE", "ID", ""])
)
@example([("1.204", "1.204", "1.204", "1.204", "1.204")], "DE")
def test_a_cell_is_kept_or_named_among_the_lost(tmp_path: Path, rows: list[tuple[str, ...]], market: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Rank", "Product ID", "Product Title", *NAMED, "Country/Region"])
    for place, cells in enumerate(rows, start=1):
        writer.writerow([place, ID.format(place), f"Owl {place}", *cells, market])
    export = read(tmp_path, out.getvalue())
    told = " ".join(tuple(map(str, export.findings)))
    found = {entry.rank: entry for entry in entries(export)}
    assert len(found) == len(rows)
    fields = dict(zip(NAMED, ("price", "count", "rating", "reviews", "listed_at"), strict=True))
    for name, field in fields.items():
        column = [cells[NAMED.index(name)] for cells in rows]
        kept = [survives(cell, found[place], name) for place, cell in enumerate(column, start=1)]
        silent = {
            "n.a.",
            "n.a",
            "なし",
            "없음",
            "",
            "-",
            "--",
            "—",
            "/",
            "n/a",
            "na",
            "nan",
            "null",
            "none",
            "nil",
            "[]",
            "无",
            "暂无",
            "undefined",
            "0",
        }
        for cell, is_kept in zip(column, kept, strict=True):
            if not is_kept and " ".join(cell.split()).lower() not in silent and not zero(cell, field):
                assert f"{field}: " in told, (name, cell)


def zero(cell: str, field: str) -> bool:
    """A rating of 0 says that nobody rated."""
    return field == "rating" and not cell.strip("0., ★")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=2000)
@given(
    st.integers(0, 10**9),
    st.sampled_from(["{:d}", "{:,d}", "{:d}.0", "{:d}+", "{:d}以上", "{:d} sold"]),
    st.sampled_from(["US", "CN", ""]),
)
def test_a_whole_number_is_itself_however_it_is_written(
    tmp_path: Path, value: int, form: str, market: str
) -> None:
    text = f'{HEAD}1,{ID.format(1)},Owl,5,"{form.format(value)}",,,{market},\n'
    (entry,) = entries(read(tmp_path, text))
    assert entry.count == value
    assert entry.count_floor is ("+" in form or "以上" in form)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=2000)
@given(st.decimals(0, 10**8, places=2), st.sampled_from(["${:,}", "{:,}", "US ${:,}", "{:,} USD"]))
def test_a_price_is_itself_however_it_is_written(tmp_path: Path, value: Decimal, form: str) -> None:
    text = f'{HEAD}1,{ID.format(1)},Owl,"{form.format(value)}",5,,,US,\n'
    (entry,) = entries(read(tmp_path, text))
    assert entry.price == value


# --- Excel 2003's XML ----------------------------------------------------------------------------------------

SPREADSHEET = """<?xml version="1.0" encoding="UTF-8"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="榜单"><Table>
<Row><Cell><Data ss:Type="String">Rank</Data></Cell><Cell><Data ss:Type="String">Product ID</Data></Cell>
<Cell><Data ss:Type="String">Product Title</Data></Cell><Cell><Data ss:Type="String">Price</Data></Cell>
<Cell><Data ss:Type="String">Item Sold</Data></Cell><Cell><Data ss:Type="String">Country/Region</Data></Cell></Row>
{rows}</Table></Worksheet></Workbook>"""
XML_ROW = """<Row><Cell><Data ss:Type="Number">{n}</Data></Cell>
<Cell><Data ss:Type="String">17293847561029384{n}</Data></Cell>
<Cell><Data ss:Type="String">Moss <B>lantern</B> {n}</Data></Cell>{price}
<Cell ss:Index="5"><Data ss:Type="Number">1200</Data></Cell><Cell><Data ss:Type="String">US</Data></Cell></Row>"""
PRICE = '<Cell><Data ss:Type="Number">12.9</Data></Cell>'


@pytest.mark.parametrize("name", ["erp.xls", "erp.xml"])
def test_the_xml_of_excel_2003_is_a_workbook(tmp_path: Path, name: str) -> None:
    rows = XML_ROW.format(n=1, price=PRICE) + XML_ROW.format(n=2, price="") + XML_ROW.format(n=3, price=PRICE)
    path = written(tmp_path, SPREADSHEET.format(rows=rows), name)
    assert kind_of(path) == "export"
    found = [(one.rank, one.title, one.price, one.count) for one in entries(read_export(path, now=AT))]
    assert found == [
        (1, "Moss lantern 1", Decimal("12.9"), 1200),
        (2, "Moss lantern 2", None, 1200),
        (3, "Moss lantern 3", Decimal("12.9"), 1200),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        '<Row><Cell ss:Index="999999999"><Data ss:Type="Number">1</Data></Cell></Row>',
        '<Row><Cell ss:Index="99999"><Data ss:Type="Number">1</Data></Cell></Row>',
        '<Row>' + '<Cell ss:MergeAcross="900"/>' * 300 + "</Row>",
        '<Row><Cell ss:Index="-3"><Data ss:Type="Number">x</Data></Cell>',
        "<Row/>" * 400_001,
    ],
)  # fmt: skip
def test_a_hostile_xml_of_excel_is_refused(tmp_path: Path, rows: str) -> None:
    with pytest.raises(UsageError):
        read(tmp_path, SPREADSHEET.format(rows=rows), "bad.xls")
