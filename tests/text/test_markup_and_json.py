"""HTML, feeds and JSON as sites and enemies send them."""

import contextlib
import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendscout.errors import LayoutChanged
from trendscout.model import Page, Query
from trendscout.text.charset import decode
from trendscout.text.jsontext import MAX_DEPTH, after, batchexecute, dicts_with, dig, in_script, parse_json
from trendscout.text.markup import attr_of, page_text, parse_feed, parse_html, text_of


def page(body: bytes, content_type: str = "text/html") -> Page:
    return Page(
        "https://x.example",
        datetime(2026, 11, 20, tzinfo=UTC),
        200,
        {"content-type": content_type},
        body,
        Query("x"),
    )


TITLE = "月光灯 café ₫ 東京"


@pytest.mark.parametrize(
    ("encoding", "declared", "text"),
    [
        ("utf-8", "", TITLE),
        ("utf-8-sig", "gbk", TITLE),
        ("utf-8", "gbk", TITLE),  # saved as UTF-8 by the browser, the old label still there
        ("utf-16", "", TITLE),
        ("utf-16-le", "", "price list 12,99 月光灯"),
        ("gb18030", "gb2312", "月光灯 东京"),
        ("big5", "big5", "月光燈 東京"),
        ("shift_jis", "Shift_JIS", "月の光 ライト"),
        ("euc-kr", "euc-kr", "달빛 램프"),
        ("cp1252", "iso-8859-1", "café “quoted”"),
        ("cp1251", "windows-1251", "Лунная лампа"),
    ],
)
def test_charsets(encoding: str, declared: str, text: str) -> None:
    html = f"<title>{text}</title>".encode(encoding)
    in_header = page(html, f"text/html; charset={declared}" if declared else "text/html")
    assert text_of(parse_html(in_header), "title") == text
    if declared and encoding != "utf-8-sig":
        meta = f"<meta charset='{declared}'><title>{text}</title>".encode(encoding)
        assert text_of(parse_html(page(meta)), "title") == text


@pytest.mark.parametrize("label", ["zlib", "rot13", "idna", "utf-7", "punycode", "../x", ""])
def test_labels_that_are_no_charset_of_the_web_are_not_trusted(label: str) -> None:
    assert decode(b"caf\xe9", (label,)) == "café"


def test_glued_nodes_are_kept_apart() -> None:
    tree = parse_html(b"<div class=p><s>Was:$199.97</s><b>30% off</b></div><a href=' /x '>\xc2\xa0</a>")
    assert text_of(tree, ".p") == "Was:$199.97 30% off"
    assert (attr_of(tree, "a", "href"), text_of(tree, "a"), text_of(tree, "i")) == ("/x", None, None)


@pytest.mark.parametrize("body", [b"<div>" * 390_000, b"<div></b>" * 190_000, b"<svg><g>" * 190_000])
def test_endless_nesting_is_refused_in_bounded_time(body: bytes) -> None:
    start = time.process_time()
    with pytest.raises(LayoutChanged, match="nests"):
        parse_html(body)
    assert time.process_time() - start < 2


def test_formatting_that_is_opened_again_and_again_is_refused() -> None:
    fonts = b"".join(b"<font a=%d>" % number for number in range(300))
    with pytest.raises(LayoutChanged, match="formatting"):
        parse_html(b"<p>" + fonts + b"</p>" + b"<p>x</p>" * 5000)
    assert len(parse_html(b"<p><b class=x>x</b></p>" * 5000).css("b")) == 5000


def test_many_flat_elements_are_read() -> None:
    assert len(parse_html(b"<ul>" + b"<li><p>x<br>" * 60_000).css("li")) == 60_000


def test_feeds_with_declarations_are_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss>&b;</rss>'
    for body in (
        bomb,
        bomb.decode().encode("utf-16"),
        bomb.decode().encode("utf-16-le"),
        b"<rss>" * 5,
        b"\xff\xfe",
        b"<a/>" * 2,
    ):
        with pytest.raises(LayoutChanged):
            parse_feed(body)
    assert parse_feed("<?xml version='1.0' encoding='utf-16'?><rss/>".encode("utf-16")).tag == "rss"


@given(st.binary(max_size=200))
def test_any_bytes_are_html_and_maybe_a_feed(body: bytes) -> None:
    text_of(parse_html(body), "body")
    page_text(page(body, "text/html; charset=shift_jis"))
    with contextlib.suppress(LayoutChanged):
        parse_feed(body)


# --- JSON --------------------------------------------------------------------------------------------------


GUARDED = (
    "{}",
    ")]}}'\n{}",
    ")]}}',\n{}",
    "\ufeff{}",
    "while(1);{}",
    "for (;;);{}",
    "cb({});",
    "/**/ window.cb_1( {} )",
)


@pytest.mark.parametrize("text", [form.format('{"a": 1}') for form in GUARDED])
def test_guards_and_callbacks_are_skipped(text: str) -> None:
    assert parse_json(text) == {"a": 1}
    assert parse_json(text.encode()) == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "[" * 100_000,
        '{"a":' * 50_000,
        "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2),
        '{"a": 1',
        '{"a": 1} {"b": 2}',
    ],
)
def test_what_is_no_json_is_told(text: str) -> None:
    with pytest.raises(LayoutChanged):
        parse_json(text)


def test_numbers_that_are_none() -> None:
    assert parse_json("[NaN, Infinity, 1e999, 12345678901234567890, 0.5]") == [
        None,
        None,
        None,
        12345678901234567890,
        0.5,
    ]
    assert parse_json("[" + "9" * 5000 + "]") == [None]


def test_batchexecute_in_both_frames() -> None:
    payload = json.dumps([None, [["moon lamp"]]])
    row = json.dumps([["wrb.fr", "i0OFE", payload, None], ["di", 12]])
    for text in (f")]}}'\n\n{row}", f')]}}\'\n\n{len(row)}\n{row}\n25\n[["e",4,null,null,138]]\n'):
        assert batchexecute(text, "i0OFE") == [[None, [["moon lamp"]]]]
    with pytest.raises(LayoutChanged):
        batchexecute(")]}'\n[]", "i0OFE")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('window.pageData = {"a": [1]};', {"a": [1]}),
        (r"pageData={ a: 'it\'s', $b_1: [1,2,], 'c': undefined, d: !0 }", {
            "a": "it's", "$b_1": [1, 2], "c": None, "d": True}),
        ("pageData={ e: !1, /* x */ f: .5, // y\n g: 0x1F }", {"e": False, "f": 0.5, "g": 31}),
        ("window.pageData = JSON.parse(\"{\\\"a\\\": \\\"\\u0041\\\"}\");", {"a": "A"}),
        ("window.pageData={id: 1729384756102938475, t: 'a\\x41'}", {"id": 1729384756102938475, "t": "aA"}),
        ('window["pageData"] = [void 0, null]', [None, None]),
    ],
)  # fmt: skip
def test_objects_in_scripts(text: str, value: object) -> None:
    assert after(f"<script>{text}</script>", "pageData") == value


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "pageData",
        "pageData = alert(1)",
        "pageData={a: f()}",
        "pageData={a: `x`}",
        "pageData={",
        "pageData=" + "[" * 9999,
    ],
)
def test_code_is_never_taken_for_data(text: str) -> None:
    with pytest.raises(LayoutChanged):
        after(text, "pageData")


def test_script_elements() -> None:
    html = '<script id="__NEXT_DATA__" type="application/json">{"props": {"x": [{"id": 1}, {"id": 2}]}}</script>'
    data = in_script(html, "__NEXT_DATA__")
    assert dig(data, "props", "x", -1, "id") == 2
    assert dig(data, "props", "y", 0) is None
    assert [row["id"] for row in dicts_with(data, "id")] == [1, 2]
    with pytest.raises(LayoutChanged):
        in_script("<script id=other>{}</script>", "__NEXT_DATA__")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN.filter(lambda value: isinstance(value, (dict, list))))
def test_what_json_writes_is_read_back(value: object) -> None:
    assert parse_json(json.dumps(value)) == value
    text = json.dumps(value, ensure_ascii=False)
    assert after(f"x={text};", "x") == value
    # The inner value of `{word: JSON}` goes another way; with a second key it goes the slow one.
    assert after(f"x={{data: {text} }};", "x") == {"data": value}
    assert after(f"x={{data: {text}, more: 1}};", "x") == {"data": value, "more": 1}


@given(st.text(alphabet="{}[]'\"\\,:/*x1.e-!u \n", max_size=80))
def test_any_script_gives_a_value_or_says_no(text: str) -> None:
    for read in (
        parse_json,
        lambda t: after("m=" + t, "m"),
        lambda t: batchexecute(t, "x"),
        lambda t: in_script("<script id=a>" + t, "a"),
    ):
        try:
            read(text)
        except LayoutChanged:
            continue


@pytest.mark.parametrize(
    "text",
    ["{a:'" + "\\" * 200_000, "{" + "a:1," * 100_000, "[" + " " * 500_000, "/*" * 200_000, "{a:" + "'x'" * 99_999],
)
def test_long_literals_cost_no_time(text: str) -> None:
    start = time.process_time()
    with pytest.raises(LayoutChanged):
        after("m=" + text, "m")
    assert time.process_time() - start < 2


def test_what_stands_inside_of_a_found_dict_is_about_the_same_thing() -> None:
    value = {"rows": [{"id": 1, "related": [{"id": 2}]}, {"more": {"id": 3}}]}
    assert [found["id"] for found in dicts_with(value, "id")] == [1, 2, 3]
    assert [found["id"] for found in dicts_with(value, "id", nested=False)] == [1, 3]


def test_endless_names_and_list_items_are_refused_in_bounded_time() -> None:
    with pytest.raises(LayoutChanged, match="different names"):
        parse_html(b"<p>" + b"".join(b"<br a%d=1>" % n for n in range(70_000)))
    with pytest.raises(LayoutChanged, match="nests"):
        parse_html(b"<div>" * 15_000 + b"<li>x</li>" * 40_000)


def test_a_feed_of_endless_tags_is_refused() -> None:
    with pytest.raises(LayoutChanged, match="tags"):
        parse_feed(b"<rss>" + b"<a/>" * 400_001 + b"</rss>")
