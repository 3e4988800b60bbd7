from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendscout.lang import tr
from trendscout.model import Page, Query
from trendscout.sources import walls
from trendscout.sources.walls import wall_of
from trendscout.text.flags import title_flags

ROWS = "".join(
    f"<li><a href=/p/{n}>Log in lamp {n}, 404 pieces, captcha print</a><b>$9.9{n}</b></li>" for n in range(9)
)


def page(body: str | bytes, status: int = 200, url: str = "https://shop.example/best") -> Page:
    body = body.encode() if isinstance(body, str) else body
    return Page(url, datetime(2026, 11, 20, tzinfo=UTC), status, {}, body, Query("x"))


WALLS = {
    "<title>Robot Check</title>": "a captcha",
    "<title>安全验证</title><body>": "a captcha",
    "<html><head><title>Pardon Our Interruption...</title>": "a browser check",
    "<title lang=en>Access Denied</title>Reference #18.1": "an access refusal",
    "<title>Log in to continue | Shop</title>": "a login page",
    "<title>Đăng nhập</title>": "a login page",
    "<title>Bevor Sie fortfahren</title>": "a consent page",
    "<title>Shop</title>This product is not available in your country": "a country block",
    "<title>404 Not Found</title>": "a missing page",
    "<title>找不到页面</title>": "a missing page",
    "<title>503 Service Unavailable</title>": "an error page",
    "<noscript>You need to enable JavaScript.</noscript><div id=root>": "an empty shell that only a browser fills",
    '{"code": 40101, "msg": "no permission"}': "an error reply: 40101 (no permission)",
    '{"error": 90309999, "data": null}': "an error reply: 90309999",
}


@pytest.mark.parametrize(("body", "wall"), WALLS.items())
def test_walls(body: str, wall: str) -> None:
    assert str(wall_of(page(body))) == wall


@pytest.mark.parametrize(
    "body",
    [
        f"<title>Captcha shirts</title>{ROWS * 80}",  # a search for the word, and a page of list size
        f"<title>Best lamps of 2026</title>{ROWS}",
        '{"code": 0, "msg": "OK", "data": {"list": [1]}}',
        '{"code": 7, "data": [{"id": 1}]}',
        '{"products": []}',
        "[1, 2]",
        "",
        '<?xml version="1.0"?><rss><channel><title>Login news</title><item/></channel></rss>',
    ],
)
def test_lists_are_no_walls(body: str) -> None:
    assert wall_of(page(body)) is None


def test_status_and_address_name_walls() -> None:
    assert str(wall_of(page(ROWS, 403))) == "an access refusal (HTTP 403)"
    assert str(wall_of(page(ROWS, 503))) == "an error page (HTTP 503)"
    assert str(wall_of(page(ROWS, url="https://consent.site.example/m?continue=x"))) == "a consent page"
    assert str(wall_of(page(ROWS, url="https://shop.example/password"))) == "a password page"
    assert str(wall_of(page(ROWS, url="https://shop.example/login/products.json?x=1"))) == "a login page"
    assert wall_of(page(ROWS, url="https://shop.example/c/captcha/lamps/all")) is None


@pytest.mark.parametrize("status", [401, 402, 404, 407, 430, 451, 500, 503, 522, 202, 206])
def test_a_wall_is_said_in_both_languages_whatever_its_status(status: int) -> None:
    found = wall_of(page(ROWS, status))
    assert found
    assert f"(HTTP {status})" in found.said("en")
    assert f"（HTTP {status}）" in found.said("zh")


def test_every_name_of_a_wall_has_its_chinese() -> None:
    names = {*(wall for _, wall in walls._MARKS + walls._SAID), *walls._PLACES.values(), *walls._titles()}
    assert [name for name in names if tr(name, "zh") == name] == []
    reply = wall_of(page('{"code": 40101, "msg": "a captcha"}'))
    assert reply
    assert reply.said("zh") == "错误回复：40101 (a captcha)", "what a site says stays as it said it"


@given(st.binary(max_size=300), st.text(max_size=60), st.integers(100, 599))
def test_any_page_is_a_wall_or_none(body: bytes, url: str, status: int) -> None:
    found = wall_of(page(body, status, url))
    assert found is None or str(found)


FLAGS = [
    ("USB rechargeable LED moon lamp 2000mAh", {"battery": "title: rechargeable, 2000mah"}),
    ("可充电月球灯 磁吸底座", {"battery": "title: 可充电", "magnet": "title: 磁吸"}),
    ("Lampu bulan dengan baterai", {"battery": "title: baterai"}),
    ("Battery-free doorbell", {}),
    ("无电池门铃", {}),
    ("Batteries not included toy", {}),
    ("Phone stand for iPhone 15", {"brand_word": "title: iphone"}),
    ("LEGO’s pop-it fidget", {"brand_word": "title: lego's, pop-it"}),
    ("Pilot pineapple legolas", {}),
    ("Perfume bottle, empty", {}),
    ("Eau de toilette perfume 50ml", {"liquid": "title: perfume"}),
    ("香水喷雾", {"liquid": "title: 香水"}),
    ("Air conditioner cover", {}),
    ("Knife holder for kitchen", {}),
    ("Folding knives and pisau", {"blade": "title: knives, pisau"}),
    ("Wiper blades", {}),
    ("Non-magnetic tray", {}),
    ("Meat thermometer", {}),
    ("医用口罩", {"medical": "title: 医用"}),
    ("", {}),
    (None, {}),
]


@pytest.mark.parametrize(("title", "flags"), FLAGS)
def test_title_flags_say_which_words_raised_them(title: str | None, flags: dict[str, str]) -> None:
    assert {flag.code: flag.rule for flag in title_flags(title)} == flags


@given(st.text(max_size=700))
def test_any_title_can_be_judged(title: str) -> None:
    codes = [flag.code for flag in title_flags(title)]
    assert len(codes) == len(set(codes))


def test_a_long_title_costs_no_time() -> None:
    assert title_flags("a-" * 100_000) == ()
