"""Exports of paid tools and ERPs. The goods are invented; headers are those that the tools' pages show."""

import time
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trendscout.errors import ConfigError, TrendscoutError, UsageError
from trendscout.intake import kind_of, load_profile, profiles, propose, read_export

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
KALODATA = (
    "排名,商品名称,商品ID,商品链接,平均单价($),销量,成交金额($),成交金额增长率,上架时间,国家/地区\n"
    '1,月光捏捏乐,1729384756102938475,https://shop.tiktok.com/view/product/1729384756102938475,"$1,204.50","12,480",'
    '"$62,275",12.5%,2026/10/02,美国\n'
    "2,会唱歌的仙人掌,1729384756102938476,,4.99,1.2万,5988,-,2026年9月1日,美国\n"
    "3,折叠猫窝,1.73E+18,,9.99,100,999,,2026-09-01,美国\n"
)


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le"])
def test_a_chinese_export_reads_the_same_in_every_charset(tmp_path: Path, encoding: str) -> None:
    export = read_export(written(tmp_path, "商品.csv", KALODATA, encoding), at=AT)
    assert export.profile == "kalodata"
    (snapshot,) = export.snapshots
    assert (snapshot.list_id, snapshot.status, snapshot.taken_at) == ("tiktok_shop_US/kalodata/all", "partial", AT)
    first, second = snapshot.entries
    assert (first.rank, first.item_key, first.title) == (1, "1729384756102938475", "月光捏捏乐")
    assert (first.price, first.currency, first.count, first.count_kind) == (
        Decimal("1204.50"),
        "USD",
        12480,
        "sold",
    )
    assert first.listed_at == datetime(2026, 10, 2, tzinfo=UTC)
    assert first.extra == {"revenue": 62275.0, "revenue_growth": "12.5%"}
    assert (second.count, second.price, second.currency) == (12000, Decimal("4.99"), "USD")
    assert tuple(map(str, export.findings)) == (
        "One row was left out: an id that a spreadsheet rounded (export it as text).",
        "These columns are not kept in the store: 成交金额($), 成交金额增长率.",
    )


HEADERS = {
    "fastmoss": "排名,商品名称,商品ID,商品售价,近7天销量,关联达人数,预估商品上架时间,国家/地区\n"
    '1,星空投影灯,1729000000000000001,RM29.90,"3,204",88,2026-08-09,马来西亚\n',
    "echotik": "Product Name,Product ID,Region,Avg Price,Sales(7D),GMV(7D),Influencers\n"
    "Star lamp,1729000000000000001,MY,RM29.90,3204,95799,88\n",
    "sellersprite": "ASIN,商品标题,商品详情页链接,小类BSR,月销量,价格($),评分数,评分,留评率,上架时间\n"
    "B0TESTAAA1,Star lamp,https://www.amazon.com/dp/B0TESTAAA1,1,3204,29.90,88,4.6,1.2%,2026-08-09\n",
    "helium10": "Display Order,Product Details,ASIN,URL,Price US$,ASIN Sales,ASIN Revenue,BSR,Ratings,"
    "Review Count\n"
    '1,Star lamp,B0TESTAAA1,https://www.amazon.com/dp/B0TESTAAA1,29.90,"3,204","95,799",1,4.6,88\n',
    "junglescout": "ASIN,Product Name,Brand,Price,Mo. Sales,Mo. Revenue,Rank,Reviews,Rating,Date First Available\n"
    'B0TESTAAA1,Star lamp,Nova,$29.90,"3,204","$95,799",1,88,4.6,08/09/2026\n',
    "keepa": "Locale,Title,Sales Rank: Current,Reviews: Rating,Reviews: Rating Count,Bought in past month,"
    "New: Current,ASIN,Listed since\n"
    "com,Star lamp,1,4.6,88,3204,$ 29.90,B0TESTAAA1,2026/08/09\n",
}


@pytest.mark.parametrize("name", HEADERS)
def test_each_tool_is_known_by_its_columns(tmp_path: Path, name: str) -> None:
    export = read_export(written(tmp_path, "export.csv", HEADERS[name]), at=AT, market="US")
    assert export.profile == name
    (entry,) = export.snapshots[0].entries
    assert entry.title in ("星空投影灯", "Star lamp")
    assert (entry.rank, entry.count, entry.price) == (1, 3204, Decimal("29.90"))
    assert entry.item_key in ("1729000000000000001", "B0TESTAAA1")
    assert entry.currency in ("MYR", "USD")
    assert not [
        finding
        for finding in tuple(map(str, export.findings))
        if "left out" in finding or "cannot be read" in finding
    ]


def test_every_shipped_profile_is_tested() -> None:
    others = ("test_shipped_profiles.py", "test_trends.py")
    elsewhere = "".join((Path(__file__).parent / name).read_text(encoding="utf-8") for name in others)
    assert [
        name
        for name in profiles()
        if name not in HEADERS.keys() | {"kalodata", "erp"} and f'"{name}"' not in elsewhere
    ] == []


def test_an_erp_export_gives_the_sellers_own_goods(tmp_path: Path) -> None:
    text = (
        "易仓库存报表,,,,,,,,,,\n导出时间 2026-11-20,,,,,,,,,,\n"
        "SKU,ASIN,产品名称,近30天销量,退货率,可用库存,采购单价(元),产品重量(kg),站点,品类,包装尺寸(cm),头程运费(元),费用合计\n"
        'LAMP-01,B0TESTAAA1,星空灯,"1,204",16.5%,"3,000",￥23.50,0.42,美国,灯具,20*12*8.5,8.4,$5.10\n'
        '="00123",,猫窝,30,0.08,12,11,1.5,德国,,,,\n'
        ",,没有编码,1,1%,1,1,1,美国,,,,\n"
    )
    export = read_export(written(tmp_path, "erp.csv", text, "gbk"), at=AT)
    lamp, bed = export.stock
    assert export.profile == "erp"
    assert tuple(map(str, export.findings)) == (
        "One row was left out: no SKU.",
        "These columns are not kept in the store: 产品名称.",
    )
    assert (lamp.sku, lamp.item_key, lamp.market) == ("LAMP-01", "B0TESTAAA1", "US")
    assert (lamp.return_rate, lamp.sales, lamp.stock, lamp.cost) == (0.165, 1204.0, 3000.0, Decimal("23.50"))
    assert (lamp.weight_g, lamp.volume_cm3, lamp.category) == (420.0, 2040.0, "灯具")
    assert (lamp.freight, lamp.freight_currency) == (Decimal("8.4"), "CNY")
    assert (lamp.fees, lamp.fees_currency) == (Decimal("5.10"), "USD")
    assert (bed.volume_cm3, bed.freight, bed.fees) == (None, None, None)
    assert (bed.sku, bed.return_rate, bed.weight_g, bed.market) == ("00123", 0.08, 1500.0, "DE")


def test_an_unknown_table_gets_a_profile_to_confirm(tmp_path: Path) -> None:
    path = written(tmp_path, "other.csv", "Nr;商品名称;商品ID;卖价;评分数\n1;灯;99;3,50;4\n")
    with pytest.raises(UsageError, match=r"No column profile fits[\s\S]*\[columns\]\nitem_key|title") as error:
        read_export(path, at=AT)
    assert '# ? = ["Nr"]' in error.value.fields["draft"]
    draft = tmp_path / "mine.toml"
    draft.write_text(error.value.fields["draft"], encoding="utf-8")
    export = read_export(path, at=AT, profile=load_profile(str(draft)), market="DE")
    assert [(entry.item_key, entry.title, entry.reviews) for entry in export.snapshots[0].entries] == [
        ("99", "灯", 4)
    ]
    assert propose(path).toml == draft.read_text(encoding="utf-8")


def test_a_wrong_profile_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "mine.toml", 'name = "mine"\nrole = "list"\n\n[columns]\ntitel = ["x"]\n')
    with pytest.raises(ConfigError, match=r"mine\.toml, line \d: columns"):
        load_profile(str(path))
    with pytest.raises(UsageError, match="kalodata"):
        load_profile("kalodatta")


def test_xlsx_dates_numbers_and_long_ids(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "kalodata.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["Product ID", "Product Title", "Item Sold", "Avg. Unit Price($)", "Launch Date"])
        sheet.write_row(1, 0, ["1729384756102938475", "Moon squishy", 12480, 4.99])
        sheet.write_datetime(1, 4, datetime(2026, 10, 2), day)  # noqa: DTZ001 - a spreadsheet knows no zone
        sheet.write_row(2, 0, [1729384756102938475, "Rounded by Excel", 1, 1])
    export = read_export(path, at=AT, market="UK")
    (entry,) = export.snapshots[0].entries
    assert (entry.list, entry.count, entry.price) == ("tiktok_shop_UK/kalodata/all", 12480, Decimal("4.99"))
    assert entry.listed_at == datetime(2026, 10, 2, tzinfo=UTC)
    assert "rounded" in str(export.findings[0])


def workbook(path: Path, sheet: str) -> Path:
    """A minimal workbook whose one sheet is the given XML."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    relation = (
        f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{rel}/%s" Target="%s"/>'
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": relation % ("officeDocument", "xl/workbook.xml") + "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relation % ("worksheet", "worksheets/sheet1.xml") + "</Relationships>",
        "xl/worksheets/sheet1.xml": sheet.replace("MAIN", main),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name, text)
    return path


CELLS = '<c r="A1" t="inlineStr"><is><t>SKU</t></is></c><c r="B1" t="inlineStr"><is><t>退货率</t></is></c>'
ROW = '<row r="2"><c r="A2" t="inlineStr"><is><t>L1</t></is></c><c r="B2"><v>0.2</v></c></row>'


OPEN, CLOSE = '<worksheet xmlns="MAIN"><sheetData>', "</sheetData></worksheet>"
FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
HOSTILE = {
    "far cell": (OPEN + FAR + CLOSE, "spans 1048576 rows and 16384 columns"),
    "entity bomb": ('<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + OPEN + CLOSE, "entities"),
    "external entity": ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + OPEN + CLOSE, "entities"),
    "zip bomb": (OPEN + " " * (200 << 20) + CLOSE, "unpacks to more than 64 MiB"),
    "torn": ("<worksheet", "no workbook that can be read|no sheet holds"),
}


def test_the_minimal_workbook_is_read(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "x.xlsx",
        f'<worksheet xmlns="MAIN"><sheetData><row r="1">{CELLS}</row>{ROW}</sheetData></worksheet>',
    )
    assert read_export(path, at=AT).stock[0].return_rate == 0.2


@pytest.mark.parametrize(("sheet", "why"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_workbooks_are_refused_before_they_are_unpacked(tmp_path: Path, sheet: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_export(workbook(tmp_path / "x.xlsx", sheet), at=AT)


def test_a_workbook_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", OPEN + " " * (1 << 20) + CLOSE)
    with zipfile.ZipFile(path) as book:
        true_size = book.getinfo("xl/worksheets/sheet1.xml").file_size.to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(true_size, (100).to_bytes(4, "little")))
    with pytest.raises(UsageError, match="damaged"):
        read_export(path, at=AT)


def test_kinds_are_told_apart(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = ["list_id", "snapshot_at", "rank", "item", "item_key", "count"]
    pq.write_table(pa.table({name: ["1"] for name in names}), tmp_path / "h.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "h.parquet").read_bytes()[:-20])
    (tmp_path / "long.parquet").write_bytes(b"PAR1\xff\xff\x00\x00PAR1")
    (tmp_path / "short.parquet").write_bytes(b"PAR1")
    assert kind_of(tmp_path / "h.parquet") == "history"
    assert kind_of(tmp_path / "other.parquet") == "history", "a column that is missing is then named"
    assert kind_of(written(tmp_path, "h.csv", ",".join(names) + "\n", "utf-8-sig")) == "history"
    assert kind_of(written(tmp_path, "k.csv", KALODATA)) == "export"
    assert kind_of(written(tmp_path, "p.html", "<p>list_id,snapshot_at")) == "page"
    for missing in ("bad.parquet", "cut.parquet", "long.parquet", "short.parquet", "none.csv"):
        with pytest.raises(UsageError):
            kind_of(tmp_path / missing)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=2000)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=300).map(str.encode),
        st.binary(max_size=300).map(lambda b: b"PK\x03\x04" + b),
    )
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    for profile in (None, profiles()["kalodata"]):
        try:
            read_export(path, at=AT, profile=profile)
        except TrendscoutError:
            continue


CELL = st.one_of(
    st.text(max_size=15),
    st.sampled_from(["1,204", "12.5%", "-", "1.2万", "2026/13/45", "1e400", "99" * 60, "$", "Infinity"]),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=2000)
@given(st.lists(st.lists(CELL, min_size=10, max_size=10), max_size=4))
def test_any_cells_below_known_headers_are_read(tmp_path: Path, rows: list[list[str]]) -> None:
    import csv

    path = tmp_path / "any.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(KALODATA.splitlines()[0] + "\n")
        csv.writer(file).writerows(rows)
    for snapshot in read_export(path, at=AT, profile=profiles()["kalodata"]).snapshots:
        for entry in snapshot.entries:
            assert entry.item_key
            assert entry.price is None or entry.price >= 0


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=2000)
@given(st.text(max_size=30), st.sampled_from(["columns", "key_in_url", "role", "distinct", "market", "extra"]))
def test_any_profile_is_taken_or_refused(tmp_path: Path, text: str, key: str) -> None:
    import json

    value = json.dumps(text)
    table = {
        "columns": f"[columns]\ntitle = [{value}]\nitem_key = [{value}]\n",
        "extra": f"[columns]\ntitle = ['a']\nurl = ['b']\n[extra]\n{value} = [{value}]\n",
        "distinct": f"distinct = [{value}]\n[columns]\ntitle = ['a']\nurl = ['b']\n",
    }.get(key, f"{key} = {value}\n[columns]\ntitle = ['a']\nurl = ['b']\n")
    path = written(tmp_path, "mine.toml", f'name = "mine"\nsource = "x"\nrole = "list"\n{table}')
    data = written(tmp_path, "any.csv", f"{text.strip() or 'a'},a,b\n1,2,3\n")
    try:
        read_export(data, at=AT, profile=load_profile(str(path)))
    except TrendscoutError:
        return


def test_a_long_table_is_cut_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendscout.intake.tables.MAX_ROWS", 100)
    export = read_export(
        written(tmp_path, "erp.csv", "SKU,退货率\n" + "".join(f"a{n},1%\n" for n in range(101))), at=AT
    )
    assert len(export.stock) == 100
    assert tuple(map(str, export.findings)) == ("Only the first 100 rows were read.",)


SCOUT = "ASIN;Title;Price;Mo. Sales;Mo. Revenue;BSR\nB0TESTAAA1;Star lamp;{price};{sales};{revenue};{bsr}\n"


@pytest.mark.parametrize(
    ("cells", "price", "count"),
    [
        ({"price": "1.299,90", "sales": "1.234"}, Decimal("1299.90"), 1234),
        ({"price": "1,299.90", "sales": "1,234"}, Decimal("1299.90"), 1234),
        ({"price": "12", "sales": "1.234.567"}, Decimal(12), 1234567),
        ({"price": "12", "sales": "1.234"}, Decimal(12), None),  # nothing proves what the point is
        ({"price": "1.299", "sales": "7"}, None, 7),
        (
            {"price": "12,50", "sales": "1.25"},
            Decimal("12.50"),
            None,  # a count is whole
        ),
    ],
)
def test_the_table_proves_how_it_writes_numbers(
    tmp_path: Path, cells: dict[str, str], price: Decimal | None, count: int | None
) -> None:
    text = SCOUT.format(**{"revenue": "5", "bsr": "1"} | cells)
    ((entry,),) = [snapshot.entries for snapshot in read_export(written(tmp_path, "a.csv", text), at=AT).snapshots]
    assert (entry.price, entry.count) == (price, count)


def test_a_table_without_rows_is_told(tmp_path: Path) -> None:
    export = read_export(written(tmp_path, "a.csv", SCOUT.splitlines()[0] + "\n"), at=AT)
    assert (export.snapshots, tuple(map(str, export.findings))) == ((), ("The table has a header and no rows.",))


def test_a_line_of_more_columns_than_any_table_has_is_refused_at_once(tmp_path):
    file = tmp_path / "wide.csv"
    file.write_text("\n".join(",".join("1" * 200_000) for _ in range(20)))
    began = time.process_time()
    with pytest.raises(UsageError, match="line 1 has 200,000 columns") as caught:
        read_export(file, at=AT)
    assert time.process_time() - began < 1.0
    assert len(str(caught.value)) < 300


def test_a_table_of_more_cells_than_can_be_held_is_refused(tmp_path):
    file = tmp_path / "large.csv"
    file.write_text(("," * 9_999 + "\n") * 900)
    with pytest.raises(UsageError, match="more than 8,000,000 cells"):
        read_export(file, at=AT)
