"""Profiles of sellers' own reports, of data sets and of scrapers. Headers are the tools', goods are invented."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from trendscout.errors import UsageError
from trendscout.intake import profiles, read_export

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)


def written(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_sorftime(tmp_path: Path) -> None:
    text = (
        "ASIN,标题,月销量,月销额,品牌,所处类目排名,价格,外包装尺寸,产品分类,上线天数,上线日期,评论数,星级,卖家来源,卖家\n"
        "B0TESTAAA1,Moss lantern,10533,1200762.00,Nova,类目：Lamps，排名:3,114.0,20*17*3,LAMP,0,2024-02-09,4827,"
        "4.3,美国,Nova\n"
    )
    export = read_export(written(tmp_path, text, "sorftime_lamps_2026-03-05.csv"), now=AT)
    (snapshot,) = export.snapshots
    (entry,) = snapshot.entries
    assert (export.profile, snapshot.taken_at) == ("sorftime", datetime(2026, 3, 5, tzinfo=UTC))
    assert (entry.rank, entry.item_key, entry.count, entry.price) == (1, "B0TESTAAA1", 10533, Decimal("114.0"))
    assert (entry.rating, entry.reviews, entry.listed_at) == (4.3, 4827, datetime(2024, 2, 9, tzinfo=UTC))
    assert "No column says the rank: it is the order of the rows." in tuple(map(str, export.findings))
    assert any("所处类目排名" in finding for finding in tuple(map(str, export.findings)))


def test_amazon_search_terms_are_searches_and_not_goods(tmp_path: Path) -> None:
    text = (
        'Reporting Range=["Weekly"],Select week=["Week 15 | 2026-04-05 - 2026-04-11 2026"]\n'
        '"Search Frequency Rank","Search Term","Top Clicked Brand #1","Top Clicked Product #1: ASIN",'
        '"Top Clicked Product #1: Click Share","Reporting Date"\n'
        '"1","moss lantern","Nova","B0TESTAAA1","4.5","2026-04-11"\n'
        '"2","tea egg","Nova","B0TESTAAA2","3.5","2026-04-11"\n'
    )
    export = read_export(written(tmp_path, text), now=AT, market="US")
    (snapshot,) = export.snapshots
    assert (export.profile, snapshot.list_id) == ("amazon_search_terms", "aba_US/search_terms/all")
    assert snapshot.taken_at == datetime(2026, 4, 11, tzinfo=UTC)
    assert [(entry.rank, entry.item_key) for entry in snapshot.entries] == [(1, "moss lantern"), (2, "tea egg")]


def test_a_business_report_gives_the_units_ordered(tmp_path: Path) -> None:
    text = (
        "(Parent) ASIN,(Child) ASIN,Title,SKU,Sessions - Total,Units Ordered,Ordered Product Sales\n"
        'B0TESTAAA0,B0TESTAAA1,Moss lantern,L-1,"12,131",683,"$12,905.25"\n'
    )
    export = read_export(written(tmp_path, text), now=AT)
    (lamp,) = export.stock
    assert (export.profile, lamp.sku, lamp.item_key, lamp.sales) == ("amazon_business", "L-1", "B0TESTAAA1", 683.0)
    (told,) = tuple(map(str, export.findings))
    assert all(name in told for name in ("Sessions - Total", "Ordered Product Sales", "Title"))


def test_an_fba_inventory_gives_stock_and_sales(tmp_path: Path) -> None:
    text = (
        "snapshot-date,sku,fnsku,asin,product-name,available,units-shipped-t30,your-price\n"
        "2026-07-01,L-1,X0001,B0TESTAAA1,Moss lantern,120,33,12.90\n"
    )
    export = read_export(written(tmp_path, text), now=AT)
    (lamp,) = export.stock
    assert (export.profile, lamp.stock, lamp.sales) == ("amazon_fba_inventory", 120.0, 33.0)
    assert any("your-price" in finding for finding in tuple(map(str, export.findings)))


def test_what_ads_sold_is_no_sales_of_ones_own_goods(tmp_path: Path) -> None:
    text = (
        "Budget currency,Date range,Advertised product ID,Advertised product name,Advertised product SKU,"
        "Advertised product marketplace,Impressions,Units sold\n"
        'USD,"Jul 06, 2026 - Jul 29, 2026",B0TESTAAA1,Moss lantern,L-1,AMAZON.COM,9582,11\n'
    )
    export = read_export(written(tmp_path, text), now=AT)
    (snapshot,) = export.snapshots
    assert (export.profile, export.stock) == ("amazon_advertised", ())
    assert (snapshot.list_id, snapshot.taken_at.day) == ("amazon_bestsellers_US/advertised/all", 29)
    assert [(entry.item_key, entry.count) for entry in snapshot.entries] == [("B0TESTAAA1", 11)]


def test_a_shopify_export_gives_ones_own_variants(tmp_path: Path) -> None:
    text = (
        "Handle,Title,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price\n"
        "lantern,Moss lantern,L-1-S,250,100,32.99\nlantern,,L-1-M,260,90,32.99\n"
    )
    export = read_export(written(tmp_path, text), now=AT)
    assert export.profile == "shopify_products"
    assert [(one.sku, one.stock, one.weight_g) for one in export.stock] == [
        ("L-1-S", 100.0, 250.0),
        ("L-1-M", 90.0, 260.0),
    ]


def test_a_data_set_of_several_countries_gives_a_list_for_each(tmp_path: Path) -> None:
    text = (
        "url,title,rating,reviews,initial_price,final_price,currency,image,sku,number_sold\n"
        "https://www.lazada.co.id/products/lantern-i123456-s9.html,Lentera,4.6,27,0,1.000000000000000e+04,IDR,"
        '"[""https://img.example/a.jpg"",""https://img.example/b.jpg""]",123456_ID-9,111\n'
        "https://www.lazada.sg/products/egg-i99-s1.html,Tea egg,0,0,0,2.790000000000000e+01,SGD,,99_SG-1,0\n"
    )
    export = read_export(written(tmp_path, text), now=AT)
    assert export.profile == "brightdata"
    assert [snapshot.list_id for snapshot in export.snapshots] == [
        "lazada_ID/brightdata/all",
        "lazada_SG/brightdata/all",
    ]
    (lamp,), (egg,) = (snapshot.entries for snapshot in export.snapshots)
    assert (lamp.item_key, lamp.price, lamp.currency, lamp.count) == ("123456", Decimal(10000), "IDR", 111)
    assert lamp.image == "https://img.example/a.jpg"
    assert (egg.price, egg.rating) == (Decimal("27.9"), None)


def test_videos_are_known_by_their_address_since_the_id_is_rounded(tmp_path: Path) -> None:
    text = (
        "id,text,webVideoUrl,playCount,diggCount,createTimeISO\n"
        "7.5E+18,Folding a moss lantern,https://www.tiktok.com/@nova/video/7516623548677426463,61900,5,2025-06-16T18:58:41.000Z\n"
    )
    export = read_export(written(tmp_path, text), now=AT)
    ((entry,),) = (snapshot.entries for snapshot in export.snapshots)
    assert (export.profile, entry.item_key, entry.count, entry.count_kind) == (
        "apify_tiktok",
        "7516623548677426463",
        61900,
        "views",
    )


def test_a_plain_chinese_table_is_read_without_a_profile(tmp_path: Path) -> None:
    text = (
        "商品名称,商品链接,价格,月销量,站点,排名\n"
        "苔藓灯,https://www.amazon.com/dp/B0TESTAAA1,$12.90,1.2万,美国,1\n"
        "茶叶蛋,https://www.amazon.com/dp/B0TESTAAA2,$7.50,1000+,美国,2\n"
    )
    export = read_export(written(tmp_path, text, "选品_2026-05-01.csv"), now=AT)
    (snapshot,) = export.snapshots
    assert (export.profile, snapshot.list_id) == ("plain", "amazon_bestsellers_US/plain/all")
    assert snapshot.taken_at == datetime(2026, 5, 1, tzinfo=UTC)
    assert [(e.rank, e.item_key, e.price, e.currency, e.count, e.count_floor) for e in snapshot.entries] == [
        (1, "B0TESTAAA1", Decimal("12.90"), "USD", 12000, False),
        (2, "B0TESTAAA2", Decimal("7.50"), "USD", 1000, True),
    ]


LINKS = """
Nama Produk,Link,Harga,Terjual|https://shopee.co.id/Lentera-i.48806428.1201580133|shopee ID 1201580133
Título,Link,Preço,Vendidos|https://www.mercadolivre.com.br/luz/p/MLB33477379#x|mercadolibre BR MLB33477379
Nombre,Enlace,Precio,Ventas|https://mercadolibre.com.mx/MLM-1234567890-luz-_JM|mercadolibre MX MLM1234567890
Tên sản phẩm,Liên kết,Giá,Đã bán|https://www.lazada.vn/products/den-i1424506100.html|lazada VN 1424506100
商品名,リンク,価格,販売数|https://www.amazon.co.jp/lantern/dp/B0TESTAAA1/ref=x|amazon_bestsellers JP B0TESTAAA1
商品標題,連結,價格,銷量|https://shopee.tw/燈-i.106.2201580133|shopee TW 2201580133
"""


@pytest.mark.parametrize("line", LINKS.strip().splitlines())
def test_names_of_many_languages_and_the_links_tell_whose_goods_they_are(tmp_path: Path, line: str) -> None:
    header, link, names = line.split("|")
    source, market, key = names.split()
    export = read_export(written(tmp_path, f"{header}\nMoss lantern,{link},12,7\n"), now=AT)
    (snapshot,) = export.snapshots
    ((entry,),) = (one.entries for one in export.snapshots)
    assert snapshot.list_id.startswith(f"{source}_{market}/")
    assert (entry.item_key, entry.title, entry.price, entry.count) == (key, "Moss lantern", Decimal(12), 7)


def test_returns_are_known_and_refused_for_what_they_lack(tmp_path: Path) -> None:
    text = (
        "return-date\torder-id\tsku\tasin\tfnsku\tproduct-name\tquantity\tdetailed-disposition\n"
        "2026-03-01T10:00:00+00:00\t1-2\tL-1\tB0TESTAAA1\tX1\tLantern\t1\tSELLABLE\n"
    )
    assert profiles()["amazon_returns"].refused
    with pytest.raises(UsageError, match="a return rate needs what was sold"):
        read_export(written(tmp_path, text), now=AT)


def test_a_row_of_totals_is_no_item(tmp_path: Path) -> None:
    text = "ASIN,Title,Price,Sales\nB0TESTAAA1,Owl,$5,7\nB0TESTAAA2,Lamp,$6,8\nTotal,,,15\n"
    export = read_export(written(tmp_path, text), now=AT, market="US")
    assert [entry.item_key for entry in export.snapshots[0].entries] == ["B0TESTAAA1", "B0TESTAAA2"]
    assert "One row was left out: an id that is none of the platform's." in map(str, export.findings)


def test_videos_by_their_links_are_counted_in_views(tmp_path: Path) -> None:
    text = "title,url,views\nOwl,https://www.tiktok.com/@a/video/7516623548677426463,1.2M\n"
    ((entry,),) = (one.entries for one in read_export(written(tmp_path, text), now=AT).snapshots)
    assert (entry.list.split("_XX")[0], entry.count, entry.count_kind) == ("tiktok_videos", 1_200_000, "views")


def test_a_table_of_which_no_row_fits_says_so(tmp_path: Path) -> None:
    text = "title,url,price\nOwl,https://www.amazon.com/dp/B0TESTAAA1,$1,299\n"
    with pytest.raises(UsageError, match="none of its rows has as many cells as the header"):
        read_export(written(tmp_path, text), now=AT)


GENERAL = {
    "sku",
    "asin",
    "price",
    "name",
    "title",
    "url",
    "brand",
    "rank",
    "sales",
    "rating",
    "category",
    "销量",
    "价格",
    "标题",
}


def test_no_general_word_proves_a_tool() -> None:
    for profile in profiles().values():
        assert not GENERAL & {name.lower() for name in profile.distinct}, profile.name


@pytest.mark.parametrize(
    "text",
    [
        "SKU,DATE,CUSTOMER,RATE\nA-1,06-05-21,X,616.56\n",
        "SKU,Title,Price\nA-1,Moss lantern,12.90\n",
        "SKU,Sales\nA-1,12\n",
    ],
)
def test_a_sku_alone_makes_no_goods_of_ones_own(tmp_path: Path, text: str) -> None:
    try:
        export = read_export(written(tmp_path, text), now=AT)
    except UsageError:
        return
    assert export.stock == ()
