"""Sources declared in TOML, on pages of invented shops."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trendscout.errors import ConfigError, LayoutChanged, TrendscoutError, UsageError
from trendscout.findings import Finding
from trendscout.intake import load_source, load_sources
from trendscout.model import Page, Query
from trendscout.sources.source import Source, declare, get_source, read_page, sources

HTML = """
name = "gadget_house"
title = "Gadget House best sellers"
format = "html"
url = "https://shop.gadget-house.example/best?p={page}&c={category}"
pages = 2
length = 4
markets = ["DE"]
terms = "https://shop.gadget-house.example/terms"
count_kind = "sold"
items = "li.card"

[fields]
item_key = { at = "a@href", pick = '/p/(\\d+)' }
title = "h3"
url = "a@href"
image = "img@src"
price = ".price"
count = ".sold"
rating = ".stars@aria-label"
reviews = ".stars em"
seller = "@data-brand"
"""
CARDS = """<ul>
<li class=card data-brand="Nova"><a href="/p/7001?ref=x"><img src="//img.example/1.jpg"><h3>Mond Lampe</h3></a>
<span class=price>1.299,00 €</span><i class=sold>1.234 verkauft</i>
<b class=stars aria-label="4,6 von 5"><em>(88)</em></b></li>
<li class=card><a href="/p/7002"><h3>Katzen Höhle</h3></a><span class=price>ab 12,99 €</span></li></ul>"""


def declared(folder: Path, text: str) -> Source:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_source(path)


def page(source: Source, body: str | bytes, number: int = 1, **told: object) -> Page:
    body = body.encode() if isinstance(body, str) else body
    query = Query(source.name, source.markets[0], source.kinds[0], **told)  # type: ignore[arg-type]
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return Page("https://shop.gadget-house.example/best", at, 200, {}, body, query, number)


def test_html(tmp_path: Path) -> None:
    source = declared(tmp_path, HTML)
    lamp, cave = read_page(source, page(source, CARDS, category="home")).entries
    assert (lamp.list, lamp.rank, lamp.item_key) == ("gadget_house_DE/list/home", 1, "7001")
    assert (lamp.title, lamp.url) == ("Mond Lampe", "https://shop.gadget-house.example/p/7001?ref=x")
    assert (lamp.price, lamp.currency, lamp.count, lamp.count_kind) == (Decimal(1299), "EUR", 1234, "sold")
    assert (lamp.rating, lamp.reviews, lamp.seller, lamp.image) == (4.6, 88, "Nova", "https://img.example/1.jpg")
    assert (cave.rank, cave.price, cave.count, cave.rating) == (2, Decimal("12.99"), None, None)
    assert [entry.rank for entry in read_page(source, page(source, CARDS, 2)).entries] == [3, 4]


def test_requests_stay_on_the_declared_host(tmp_path: Path) -> None:
    source = declared(tmp_path, HTML)
    assert source.requests is not None
    urls = [
        request.url for request in source.requests(Query(source.name, "DE", category="../x?y=1#@evil.example/"))
    ]
    start = "https://shop.gadget-house.example/best?p="
    assert urls == [f"{start}{n}&c=..%2Fx%3Fy%3D1%23%40evil.example%2F" for n in (1, 2)]
    assert source.hosts == ("shop.gadget-house.example",)
    assert source.query_of is not None
    assert source.query_of("https://shop.gadget-house.example/best?p=1") == Query("gadget_house", "DE")
    assert source.query_of("https://evil.example/best?p=1") is None


JSON = """
name = "gadget_api"
format = "json"
url = "https://api.gadget.example/top"
method = "POST"
body = '{"page": {page}, "cat": "{category}"}'
pages = 3
first_page = 0
markets = ["ID"]
key_env = "TRENDSCOUT_GADGET_API_KEY"
terms = "https://api.gadget.example/terms"
items = "data.rows[?kind=='goods']"
ordered = false
count_kind = "sold"

[headers]
authorization = "Bearer {key}"

[fields]
item_key = "id"
title = "name"
price = "price.text"
count = "join(' ', [sold, 'terjual'])"
listed_at = "created"
"""


def test_json(tmp_path: Path) -> None:
    source = declared(tmp_path, JSON)
    body = """)]}'
{"data": {"rows": [{"kind": "ad"}, {"kind": "goods", "id": 1729384756102938475, "name": "Lampu bulan",
"price": {"text": "Rp187.000"}, "sold": "1,2rb+", "created": 1790000000},
{"kind": "goods", "id": "2", "sold": 5}]}}"""
    lamp, other = read_page(source, page(source, body)).entries
    assert (lamp.rank, lamp.item_key, lamp.price, lamp.currency) == (
        None,
        "1729384756102938475",
        Decimal(187000),
        "IDR",
    )
    assert (lamp.count, lamp.count_floor) == (1200, True)
    assert lamp.listed_at == datetime.fromtimestamp(1790000000, UTC)
    assert (other.item_key, other.title, other.count) == ("2", None, None)
    assert source.requests is not None
    first, *_, last = source.requests(Query(source.name, category='a"b'))
    assert (first.method, first.body, last.body) == (
        "POST",
        b'{"page": 0, "cat": "a b"}',
        b'{"page": 2, "cat": "a b"}',
    )
    assert first.headers == (("authorization", "Bearer {key}"),)
    assert source.way_in == ("key",)


FEED = 'name = "odd_news"\nformat = "feed"\nurl = "https://odd.example/feed"\nterms = "https://odd.example/t"\n[fields]\n'


def test_feeds(tmp_path: Path) -> None:
    source = declared(tmp_path, FEED + 'count = "ht:approx_traffic"\n')
    rss = """<?xml version="1.0"?><rss xmlns:ht="x"><channel><item><title>Lamp that sings</title>
    <link>https://odd.example/1</link><pubDate>Wed, 9 Sep 2026 05:30:00 -0700</pubDate>
    <ht:approx_traffic>2000+</ht:approx_traffic></item></channel></rss>"""
    (entry,) = read_page(source, page(source, rss)).entries
    assert (entry.title, entry.item_key, entry.count) == ("Lamp that sings", "https://odd.example/1", 2000)
    assert entry.listed_at == datetime(2026, 9, 9, 12, 30, tzinfo=UTC)
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:1</id><title>Lamp</title>
    <link href="https://odd.example/1"/><updated>2026-09-09T12:30:00Z</updated></entry></feed>"""
    (entry,) = read_page(source, page(source, atom)).entries
    assert (entry.item_key, entry.url) == ("tag:1", "https://odd.example/1")
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><rss><item><title>&a;</title></item></rss>'
    with pytest.raises(LayoutChanged):
        read_page(source, page(source, bomb))


WRONG = [
    ('items = "li.card"', 'items = "li["', r"line \d+: items: a CSS selector"),
    ('title = "h3"', 'title = "h3["', r"line \d+: fields\.title: 'h3\['"),
    ('title = "h3"', 'titel = "h3"', r"line \d+"),
    ("/p/(\\d+)", "/p/(", "no regular expression"),
    ("/p/(\\d+)", "/p/", "exactly one group"),
    ("https://shop.gadget-house.example/best", "https://{category}.example/best", r"line \d+: url: it must begin"),
    ("https://shop.gadget-house.example/best", "file:///etc/passwd", "url"),
    ("https://shop.gadget-house.example/best", "https://me:secret@host.example/best", "user names"),
    ("{category}", "{category.__class__}", None),
    ("{category}", "{password}", r"unknown placeholder \{password\}"),
    ("{category}", "{key}", "key_env"),
    ('name = "gadget_house"', 'name = "ebay"', "comes along"),
    ('name = "gadget_house"', 'name = "../x"', r"line \d+: name"),
    ('format = "html"', 'format = "json"', r"fields|JMESPath"),
    ('format = "html"', "format = html", "is not TOML"),
    ("pages = 2", "pages = 2000", r"line \d+: pages"),
    ('terms = "', 'term = "', "terms"),
]


@pytest.mark.parametrize(("old", "new", "fault"), WRONG)
def test_faults_are_told_with_line_and_key(tmp_path: Path, old: str, new: str, fault: str | None) -> None:
    assert old in HTML
    if fault is None:  # not a placeholder: it stays text, nothing is looked up
        source = declared(tmp_path, HTML.replace(old, new))
        assert source.requests is not None
        assert "{category.__class__}" in source.requests(Query(source.name))[0].url
        return
    with pytest.raises(ConfigError, match=fault) as found:
        declared(tmp_path, HTML.replace(old, new))
    told = found.value.fields.get("fault")
    if isinstance(told, Finding):  # what a schema says is a library's
        assert told.said("zh") != told.said("en")


def test_a_page_of_another_shape_is_told(tmp_path: Path) -> None:
    source = declared(tmp_path, HTML)
    with pytest.raises(LayoutChanged, match="gadget_house"):
        read_page(source, page(source, "<p>sold out"))
    unknown = replace(page(source, CARDS), query=Query(source.name))
    assert read_page(source, unknown).entries[0].list == "gadget_house_XX/all/all"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=2000)
@given(
    st.binary(max_size=300)
    | st.sampled_from([b"<li class=card>" * 500, b"[" * 5000, b'{"data":{"rows":[1,[],{}]}}'])
)
def test_any_page_is_read_or_refused(tmp_path: Path, body: bytes) -> None:
    for text in (HTML, JSON, FEED):
        source = declared(tmp_path, text)
        try:
            read_page(source, page(source, body))
        except TrendscoutError:
            continue


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=2000)
@given(st.text(max_size=40), st.sampled_from(["html", "json"]), st.sampled_from(["items", "title", "pick", "url"]))
def test_any_declaration_is_taken_or_refused(tmp_path: Path, text: str, form: str, key: str) -> None:
    import json

    value = json.dumps(text)
    base = HTML.replace('format = "html"', f'format = "{form}"')
    changed = {
        "items": base.replace('items = "li.card"', f"items = {value}"),
        "title": base.replace('title = "h3"', f"title = {value}"),
        "pick": base.replace("'/p/(\\d+)'", value),
        "url": base.replace('url = "https', f"url = {json.dumps(text + 'https')[:-1]}"),
    }[key]
    try:
        source = declared(tmp_path, changed)
        read_page(source, page(source, CARDS if form == "html" else "[]"))
    except TrendscoutError:
        return


def test_the_files_of_a_folder_become_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendscout.sources.source._declared", {})
    monkeypatch.setattr("trendscout.sources.source._left_out", {})
    assert load_sources(tmp_path / "none") == ((), ())
    (tmp_path / "a.toml").write_text(HTML, encoding="utf-8")
    (tmp_path / "b.toml").write_text(JSON, encoding="utf-8")
    found, faults = load_sources(tmp_path)
    assert faults == ()
    declare(found)
    assert get_source("gadget_house").markets == ("DE",)
    assert sources().keys() > {"gadget_house", "gadget_api", "ebay"}
    (tmp_path / "c.toml").write_text(JSON, encoding="utf-8")
    (tmp_path / "d.toml").write_text("name = ", encoding="utf-8")
    found, faults = load_sources(tmp_path)
    assert [source.name for source in found] == ["gadget_house", "gadget_api"]
    declare((), faults)
    assert [name for name, _ in faults] == ["gadget_api", "d"]
    assert get_source("gadget_api").name == "gadget_api", "of b.toml"
    with pytest.raises(UsageError, match=r"The source d is left out: .*d\.toml is not TOML"):
        get_source("d")
    told = [str(fault) for _, fault in faults]
    assert re.search(r"c\.toml and .*b\.toml both declare the source gadget_api", told[0])
    assert "d.toml is not TOML" in told[1]


@pytest.mark.parametrize(
    ("name", "variable", "why"),
    [
        ("gadget_api", "TRENDSCOUT_WECOM_URL", "can only be TRENDSCOUT_GADGET_API_KEY"),
        ("gadget_api", "TRENDSCOUT_RAKUTEN_KEY", "can only be TRENDSCOUT_GADGET_API_KEY"),
        ("youtube", "TRENDSCOUT_YOUTUBE_KEY", "holds a secret of another source"),
        ("team", "TRENDSCOUT_TEAM_KEY", "holds a secret of another source or of a channel"),
    ],
)
def test_a_file_of_somebody_elses_gets_no_secret_but_its_own(
    tmp_path: Path, name: str, variable: str, why: str
) -> None:
    text = JSON.replace("gadget_api", name).replace("TRENDSCOUT_GADGET_API_KEY", variable)
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    found, faults = load_sources(tmp_path, taken={"TRENDSCOUT_TEAM_KEY"})
    assert found == ()
    assert why in str(faults[0])


ADS = HTML.replace("[fields]", "[fields]\nis_ad = { at = '@class', pick = '(promoted)' }")
MIXED = """<ul><li class=card><a href="/p/1">a</a></li><li class="card promoted"><a href="/p/2">b</a></li>
<li class=card><a href="/p/3">c</a></li></ul>"""


def test_an_advertisement_holds_no_place(tmp_path: Path) -> None:
    reading = read_page(source := declared(tmp_path, ADS), page(source, MIXED))
    assert [(entry.item_key, entry.rank, entry.is_ad) for entry in reading.entries] == [
        ("1", 1, False),
        ("2", None, True),
        ("3", 2, False),
    ]


def test_a_mark_that_all_items_have_is_no_mark_of_advertisements(tmp_path: Path) -> None:
    source = declared(tmp_path, ADS.replace("{ at = '@class', pick = '(promoted)' }", '"@class"'))
    with pytest.raises(LayoutChanged, match="marks all 3 items"):
        next(iter(source.readers[0].read(page(source, MIXED))))


FLAGS = """name = "flags"
format = "json"
terms = "https://flags.example/terms"
markets = ["DE"]
items = "goods"
[fields]
item_key = "id"
price = "cost"
count = "sold"
rating = "stars"
is_ad = "ad"
"""


@pytest.mark.parametrize(
    ("paid", "free"),
    [
        ("true", "false"),
        ("1", "0"),
        ('"true"', '"false"'),
        ('"Sponsored"', '""'),
        ('{"id": 5}', "{}"),
        ("true", "null"),
    ],
)
def test_a_reply_marks_advertisements_in_any_way(tmp_path: Path, paid: str, free: str) -> None:
    source = declared(tmp_path, FLAGS)
    rows = (f'{{"id": "{place}", "ad": {flag}}}' for place, flag in enumerate((free, paid, free)))
    reading = read_page(source, page(source, f'{{"goods": [{", ".join(rows)}]}}'))
    assert [(entry.rank, entry.is_ad) for entry in reading.entries] == [(1, False), (None, True), (2, False)]


@pytest.mark.parametrize(
    ("where", "paid", "free"),
    [
        ("@data-ad", "<li class=card data-ad>", "<li class=card>"),
        ("@data-ad", '<li class=card data-ad="true">', '<li class=card data-ad="false">'),
        (".badge", "<li class=card><i class=badge></i>", "<li class=card>"),
        ("i@title", "<li class=card><i title=Ad></i>", "<li class=card><i></i>"),
    ],
)
def test_a_page_marks_advertisements_by_what_is_there(tmp_path: Path, where: str, paid: str, free: str) -> None:
    source = declared(tmp_path, ADS.replace("{ at = '@class', pick = '(promoted)' }", f'"{where}"'))
    cards = (f'{card}<a href="/p/{place}">x</a></li>' for place, card in enumerate((free, paid, free)))
    reading = read_page(source, page(source, f"<ul>{''.join(cards)}</ul>"))
    assert [(entry.rank, entry.is_ad) for entry in reading.entries] == [(1, False), (None, True), (2, False)]


def test_a_number_of_a_reply_is_one_in_every_country(tmp_path: Path) -> None:
    """As text "12.999" is twelve thousand in Germany; as a number it is what it is."""
    source = declared(tmp_path, FLAGS)
    body = """{"goods": [{"id": 1, "cost": 12.999, "sold": 1234, "stars": 4.125, "ad": false},
        {"id": 2, "cost": "12.999", "sold": "1.234", "stars": "4,5"},
        {"id": 3, "cost": true, "sold": -1, "stars": 9}]}"""
    reading = read_page(source, page(source, body))
    assert [(entry.item_key, entry.price, entry.count, entry.rating) for entry in reading.entries] == [
        ("1", Decimal("12.999"), 1234, 4.125),
        ("2", Decimal(12999), 1234, 4.5),
        ("3", None, None, None),
    ]
    assert (reading.entries[0].price_text, reading.entries[0].count_text) == ("12.999", "1234")


def test_rows_whose_rank_is_not_told_get_none(tmp_path: Path) -> None:
    source = declared(tmp_path, HTML.replace("[fields]", '[fields]\nrank = "em"'))
    body = '<li class=card><em>#3</em><a href="/p/1">a</a></li><li class=card><a href="/p/2">b</a></li>'
    reading = read_page(source, page(source, body))
    assert [entry.rank for entry in reading.entries] == [3, None]
    assert (reading.status, [one.code for one in reading.findings]) == ("partial", ["rows_without_rank"])


def test_a_reply_names_its_currency(tmp_path: Path) -> None:
    text = """name = "sum"
format = "json"
terms = "https://sum.example/terms"
items = "goods"
[fields]
item_key = "id"
price = "cost"
currency = "money"
"""
    source = declared(tmp_path, text)
    body = '{"goods": [{"id": "7", "cost": "12.50", "money": "CAD"}, {"id": "8", "cost": "3.00", "money": "?"}]}'
    reading = read_page(source, page(source, body))
    assert [(entry.price, entry.currency) for entry in reading.entries] == [
        (Decimal("12.50"), "CAD"),
        (Decimal("3.00"), None),
    ]


# --- one list in several forms -----------------------------------------------------------------------------------

BOTH = (
    HTML
    + """
[[layouts]]
format = "json"
items = "data.cards"
currency = "EUR"

[layouts.fields]
item_key = "sku"
title = "name"
price = "price"
"""
)


def test_a_shop_has_a_page_and_a_reply_and_their_ids_meet(tmp_path: Path) -> None:
    source = declared(tmp_path, BOTH)
    shown = read_page(source, page(source, CARDS)).entries
    reply = '{"data": {"cards": [{"sku": "7001", "name": "Mond Lampe", "price": "1.299,00"}]}}'
    reading = read_page(source, page(source, reply))
    (loaded,) = reading.entries
    assert (loaded.list, loaded.item_key, loaded.price) == (shown[0].list, shown[0].item_key, shown[0].price)
    assert (loaded.currency, loaded.count_kind, loaded.rank) == ("EUR", None, 1)
    assert reading.layout == "declared in mine.toml, layout 2"


def test_what_neither_form_reads_is_refused(tmp_path: Path) -> None:
    source = declared(tmp_path, BOTH)
    for body in ("<ul></ul>", '{"data": {"rows": []}}'):
        with pytest.raises(LayoutChanged):
            read_page(source, page(source, body))


def test_a_fault_in_another_form_is_told_with_its_key(tmp_path: Path) -> None:
    line = BOTH.splitlines().index('items = "data.cards"') + 1
    with pytest.raises(ConfigError, match=rf"line {line}: layouts\.items: no JMESPath"):
        declared(tmp_path, BOTH.replace('"data.cards"', '"data..["'))
