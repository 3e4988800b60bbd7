"""Saved pages, HAR, WARC and folders: what is taken, what is left, and that no secret passes."""

import base64
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trendscout.findings import Finding, said
from trendscout.intake import pages_in
from trendscout.intake.har import har_pages
from trendscout.model import Page, Query
from trendscout.sources.source import get_source

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
SHARED = Path(os.environ.get("TRENDSCOUT_SHARED", "../shared")) / "captures"

PRODUCTS = {
    "products": [
        {
            "id": 7001 + n, "title": f"Moon lamp {n}", "handle": f"moon-lamp-{n}", "vendor": "Nova",
            "published_at": "2026-10-02T08:00:00+01:00", "created_at": "2026-10-01T08:00:00+01:00", "tags": [],
            "product_type": "Lamp",
            "updated_at": "2026-10-02T08:00:00+01:00", "body_html": "",
            "variants": [{"id": 1, "title": "x", "sku": "a", "price": "19.90", "available": True, "position": 1}],
            "images": [{"src": "https://cdn.example/1.jpg"}], "options": [],
        }
        for n in range(3)
    ]
}  # fmt: skip
SHOP = "https://nova-lamps.myshopify.com/products.json?limit=250&token=hidden"


def entry(url: str, text: str, **content: object) -> dict[str, object]:
    return {
        "startedDateTime": "2026-11-19T10:00:00.000Z",
        "request": {
            "url": url, "method": "GET", "headers": [{"name": "Authorization", "value": "Bearer TOPSECRET"}],
            "cookies": [{"name": "sid", "value": "TOPSECRET"}],
            "postData": {"text": '{"password": "TOPSECRET", "countryCode": "UK"}'},
        },
        "response": {
            "status": 200, "headers": [{"name": "Set-Cookie", "value": "sid=TOPSECRET"}],
            "content": {"mimeType": "application/json", "text": text, **content},
        },
    }  # fmt: skip


def har(*entries: dict[str, object]) -> bytes:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": entries}}).encode()


def test_a_har_gives_known_replies_and_no_secrets(tmp_path: Path) -> None:
    packed = base64.b64encode(json.dumps(PRODUCTS).encode()).decode()
    path = tmp_path / "shop.har"
    path.write_bytes(
        har(
            entry("https://bank.example/account", '{"iban": "TOPSECRET"}'),
            entry(SHOP.replace("hidden", "TOPSECRET"), packed, encoding="base64"),
            entry("https://pixel.example/p.gif", ""),
        )
    )
    bank, shop, pixel = pages_in([path], now=NOW)
    assert (shop.status, shop.source, shop.file) == ("taken", "shopify", f"{path}#2")
    assert shop.page is not None
    assert shop.reading is not None
    assert len(shop.reading.entries) == 3
    assert shop.page.fetched_at == datetime(2026, 11, 19, 10, tzinfo=UTC)
    assert shop.page.query.market == "UK"
    assert (bank.status, bank.page, pixel.page) == ("left", None, None)
    assert "no source is known for this address" in said(bank.findings, "en")
    assert "body was not saved" in said(pixel.findings, "en")
    assert "TOPSECRET" not in repr((bank, shop, pixel))


def test_the_address_is_found_in_the_page(tmp_path: Path) -> None:
    path = tmp_path / "saved.html"
    path.write_text(
        "<!DOCTYPE html>\n<!-- saved from url=(0040)https://www.ebay.co.uk/sch/i.html?_nkw=lamp -->\n<p>x"
    )
    (found,) = pages_in([path], now=NOW)
    assert (found.status, found.source) == ("left", "ebay")
    assert "no reader found a list" in said(found.findings, "en")


def test_a_single_file_archive_is_unwrapped(tmp_path: Path) -> None:
    path = tmp_path / "saved.mhtml"
    path.write_bytes(
        b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        b"Content-Location: https://www.ebay.com/sch/i.html?_nkw=3Dlamp\r\n\r\n<p>caf=C3=A9</p>\r\n--b--\r\n"
    )
    (found,) = pages_in([path], now=NOW)
    assert found.source == "ebay"


def test_a_wall_is_told_as_one(tmp_path: Path) -> None:
    path = tmp_path / "wall.html"
    path.write_text("<title>Just a moment...</title>")
    (found,) = pages_in([path], now=NOW, source=get_source("ebay"), market="US")
    assert (found.status, found.source) == ("blocked", "ebay")


def test_folders_are_walked_without_surprises(tmp_path: Path) -> None:
    (tmp_path / "a" / "page_files").mkdir(parents=True)
    (tmp_path / "a" / "page_files" / "script.json").write_text("{}")
    (tmp_path / "a" / "one.json").write_text(json.dumps(PRODUCTS))
    (tmp_path / "a" / "photo.png").write_bytes(b"\x89PNG")
    (tmp_path / ".hidden.json").write_text("{}")
    (tmp_path / "link.json").symlink_to("/etc/hostname")
    found = list(pages_in([tmp_path], now=NOW, url=SHOP, market="UK"))
    assert [(Path(one.file).name, one.status) for one in found] == [("one.json", "taken"), ("photo.png", "left")]
    assert found[0].page is not None
    assert found[0].page.url.endswith("token=removed")


def test_a_warc_is_read_through_the_reader_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "kept.warc.gz"
    path.write_bytes(b"\x1f\x8b")
    body = json.dumps(PRODUCTS).encode()
    pages = [
        Page(SHOP, NOW, 200, {}, body, Query("")),
        Page("https://elsewhere.example/", NOW, 200, {}, body, Query("")),
    ]
    first, second = pages_in([path], now=NOW, market="UK", read_warc=lambda _: pages)
    assert (first.status, first.source, second.status) == ("taken", "shopify", "left")
    (left,) = pages_in([path], now=NOW)
    assert left.status == "left"


def test_missing_and_odd_files_do_not_stop_the_others(tmp_path: Path) -> None:
    good = tmp_path / "good.json"
    good.write_text(json.dumps(PRODUCTS))
    missing, _odd, taken = pages_in(
        [tmp_path / "none.html", _written(tmp_path / "x.har", b"[1]"), good], now=NOW, url=SHOP
    )
    assert said(missing.findings, "en").startswith("It cannot be read")
    assert taken.status == "taken"


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["log", "entries", "request", "response", "url", "content", "text", "status"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSONISH.map(lambda value: {"log": {"entries": [value]}}) | JSONISH)
def test_any_json_is_a_har_or_none(value: object) -> None:
    for found in har_pages(json.dumps(value).encode(), at=NOW):
        assert isinstance(found, (Finding, Page))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=3000)
@given(st.binary(max_size=300) | JSONISH.map(lambda value: json.dumps(value).encode()))
def test_any_file_is_taken_or_left(tmp_path: Path, body: bytes) -> None:
    for name in ("any.html", "any.har", "any.mhtml"):
        found = list(pages_in([_written(tmp_path / name, body)], now=NOW))
        assert all(one.status in ("taken", "blocked", "left") for one in found)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="no TRENDSCOUT_SHARED")
def test_the_source_of_real_replies_is_guessed() -> None:
    same = "aliexpress coupang ebay etsy jd lazada mercadolibre pinduoduo producthunt rakuten shein shopee shopify"
    names = {name: name for name in f"{same} taobao tokopedia walmart".split()}
    names |= {"1688": "alibaba_1688", "recalls": "cpsc_recalls", "youtube": "youtube_hashtag"}
    for folder, source in names.items():
        for found in pages_in(sorted((SHARED / folder).iterdir()), now=NOW):
            assert (found.status, found.source) == ("taken", source), found.file


def test_an_empty_file_and_an_empty_recording_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b" \n")
    (tmp_path / "b.har").write_text('{"log": {"creator": {}, "entries": []}}')
    reasons = [said(found.findings, "en") for found in pages_in([tmp_path], now=NOW)]
    assert reasons == ["It is empty.", "It holds no reply: record again with the developer tools open."]


def test_a_recorded_second_page_keeps_its_places_and_its_words(tmp_path: Path) -> None:
    reply = (Path(__file__).parents[1] / "sources" / "tokopedia" / "ok_search_v5" / "page.json").read_text("utf-8")
    posted = json.dumps(
        [{"variables": {"params": "device=desktop&page=2&q=lampu%20bulan&rows=60&start=60&user_id=9"}}]
    )
    recorded = {
        "startedDateTime": "2026-11-20T08:00:00Z",
        "request": {"url": "https://gql.tokopedia.com/graphql/SearchProductV5Query", "postData": {"text": posted}},
        "response": {"status": 200, "content": {"mimeType": "application/json", "text": reply}},
    }
    (tmp_path / "a.har").write_text(json.dumps({"log": {"creator": {}, "entries": [recorded]}}))
    (found,) = pages_in([tmp_path], now=NOW)
    assert found.reading
    assert found.page
    assert {entry.list for entry in found.reading.entries} == {"tokopedia_ID/search/lampu bulan"}
    assert next(entry.rank for entry in found.reading.entries if not entry.is_ad) == 61
    assert "9" not in str(found.page.query.params)
