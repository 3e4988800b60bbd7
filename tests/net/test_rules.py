"""Small decisions as tables: addresses, Retry-After, robots.txt, the circuit breaker, what is secret."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendscout.archive.wire import public_headers, public_url
from trendscout.fetch.breaker import after_block, after_fault, after_overload, plausible, waits
from trendscout.fetch.connection import is_public, resolve
from trendscout.fetch.retry import retry_after_s
from trendscout.fetch.robots import Robots, read_robots
from trendscout.findings import words
from trendscout.model import HostState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAPTCHA = words("a captcha")
BUSY = words("HTTP {status}", status=503)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to judge
        ("255.255.255.255", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::7fff:ff01", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
        ("ff02::1", False),
        ("fec0::1", False),
        ("feff::1", False),
        ("3fff:0:1::1", False),
        ("192.88.99.1", False),
        ("::ffff:192.88.99.1", False),
        ("2002:c058:6301::1", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_only_the_open_internet_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120.0),
        ("Sun, 01 Mar 2026 14:02:00 +0200", 120.0),
        ("Sunday, 01-Mar-26 12:02:00 GMT", 120.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("9" * 400, 999999999.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1e3", None),
        ("٣", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after_s(value, NOW) == seconds


@given(st.text(max_size=60))
def test_any_retry_after_is_a_number_or_nothing(value: str) -> None:
    seconds = retry_after_s(value, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /a", "/ab", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /s?*rh=", "/s?k=x&rh=1", False),
        ("User-agent: *\nDisallow: /\nAllow: /ab", "/abc", True),
        ("User-agent: *\nDisallow: /gp/*/x", "/gp/bestsellers/x", False),
        ("User-agent: *\nAllow: /gp\nDisallow: /gp", "/gp", True),
        ("User-agent: TrendScout\nDisallow: /", "/a", False),
        ("User-agent: trendscout\nAllow: /\n\nUser-agent: *\nDisallow: /", "/a", True),
        ("user-agent : *\r\ndisallow : /a # why\r\n", "/a", False),
        ("Disallow: /a", "/a", True),
        ("User-agent: trendscout/1.0\nDisallow: /a", "/a", False),
        ("User-agent: trend\nDisallow: /a", "/a", False),
        ("User-agent: badbot\nUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\nUser-agent: badbot\nDisallow: /a", "/a", False),
        ("User-agent: badbot\nDisallow: /\nUser-agent: *\nDisallow: /b", "/a", True),
        ("User-agent: *\nDisallow: /b\nUser-agent: badbot\nDisallow: /", "/a", True),
        ("useragent badbot\nDisallow: /\nUser agent: *\nAllow: /", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /%E4%B8%AD", "/中", False),
    ],
)
def test_robots(text: str, path: str, allowed: bool) -> None:
    assert read_robots(200, text.encode(), NOW).allows("https://x.example.com" + path) is allowed


@given(st.binary(max_size=2000) | st.text("*/alow:disAgentUr-\n# $", max_size=300).map(str.encode))
def test_any_robots_txt_can_be_asked(body: bytes) -> None:
    rules = read_robots(200, b"User-agent: *\nDisallow: /" + body, NOW)
    assert rules.allows("https://x.example.com/" + "a" * 100) in (True, False)
    assert rules.delay_s() >= 0


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        (404, True),
        (401, True),
        (410, True),
        (429, False),
        (500, False),
        (503, False),
        (302, False),
        (300, False),
        (299, True),
        (199, False),
    ],
)
def test_robots_by_status(status: int, allowed: bool) -> None:
    assert read_robots(status, b"", NOW).allows("https://x.example.com/a") is allowed


def test_robots_hold_for_a_day_but_an_outage_for_minutes() -> None:
    assert read_robots(200, b"", NOW).is_fresh(NOW + timedelta(hours=23))
    assert not read_robots(200, b"", NOW).is_fresh(NOW + timedelta(hours=24))
    assert read_robots(503, b"", NOW).is_fresh(NOW + timedelta(minutes=9))
    assert not read_robots(503, b"", NOW).is_fresh(NOW + timedelta(minutes=10))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Crawl-delay: 7", 7.0),
        ("Crawl-delay: 0.5", 0.5),
        ("Request-rate: 1/30", 30.0),
        ("Request-rate: 3/30", 10.0),
        ("Crawl-delay: 2\nRequest-rate: 1/10s", 10.0),
        ("Crawl-delay: many", 0.0),
        ("", 0.0),
    ],
)
def test_the_time_that_a_host_asks_for(text: str, seconds: float) -> None:
    rules = read_robots(200, f"User-agent: *\n{text}\nDisallow: /x".encode(), NOW)
    assert rules.delay_s() == seconds


def test_a_robots_without_rules_says_nothing_of_time() -> None:
    assert Robots(NOW, None).delay_s() == 0.0


def test_each_block_in_a_row_waits_twice_as_long_up_to_a_week() -> None:
    state, now, hours = HostState("x"), NOW, []
    for _ in range(12):
        state = after_block(state, now, CAPTCHA)
        hours.append(waits(state, now) / 3600)
        assert state.open_until
        now = state.open_until
        assert waits(state, now) == 0.0  # one try
    assert hours == [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 168, 168, 168]
    assert (state.trips, state.reason) == (12, CAPTCHA)


def test_a_site_that_names_a_longer_time_gets_it() -> None:
    assert waits(after_overload(HostState("x"), NOW, BUSY, at_least_s=86_400), NOW) == 86_400
    assert waits(after_overload(HostState("x"), NOW, BUSY, at_least_s=9e9), NOW) == 7 * 86_400


def test_an_overload_is_no_block() -> None:
    state, minutes = HostState("x"), []
    for _ in range(8):
        state = after_overload(state, NOW, BUSY)
        minutes.append(waits(state, NOW) / 60)
    assert minutes == [10, 20, 40, 80, 160, 320, 480, 480]


def test_three_faults_rest_a_host_and_one_while_on_trial_does_too() -> None:
    state = HostState("x")
    for _ in range(2):
        state = after_fault(state, NOW, words("it fell silent"))
        assert waits(state, NOW) == 0.0
    state = after_fault(state, NOW, words("it fell silent"))
    assert waits(state, NOW) == 1800
    later = NOW + timedelta(hours=1)
    assert waits(after_fault(state, later, words("it fell silent")), later) == 3600


def test_a_clock_that_was_ahead_closes_no_host_for_longer_than_a_week() -> None:
    ahead = after_block(HostState("x"), NOW + timedelta(days=400), CAPTCHA)
    assert waits(plausible(ahead, NOW), NOW) == 7 * 86_400
    within = after_block(HostState("x"), NOW, CAPTCHA)
    assert plausible(within, NOW) == within


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/l?page=2&q=key+ring", "https://a.example/l?page=2&q=key+ring"),
        ("https://u:p@a.example/l", "https://a.example/l"),
        ("https://a.example/l?access_token=s3&x=1", "https://a.example/l?access_token=removed&x=1"),
        ("https://a.example/l?x=1&API-Key=s3", "https://a.example/l?x=1&API-Key=removed"),
        ("https://a.example/l?monkey=1&design=2", "https://a.example/l?monkey=1&design=2"),
        ("https://[::1", "https://[::1"),
        ("https://[::1?token=s3", "https://[::1?token=removed"),
        ("https://a.example/l?q=1#id_token=s3&x=2", "https://a.example/l?q=1#id_token=removed&x=2"),
        ("https://a.example/l;jsessionid=s3?x=1", "https://a.example/l;jsessionid=removed?x=1"),
        ("https://a.example/l?%6bey=s3&%2561pi_key=s3", "https://a.example/l?%6bey=removed&%2561pi_key=removed"),
        ("https://a.example/l?X-Amz-Signature=s3", "https://a.example/l?X-Amz-Signature=removed"),
        (
            "https://a.example/l?keyword=1&search_key=2&keyWord=3",
            "https://a.example/l?keyword=1&search_key=2&keyWord=3",
        ),
        ("https://a.example/l?pageToken=CAo", "https://a.example/l?pageToken=CAo"),
        ("https://a.example/eyJhbGciOi.eyJzdWIiOi.s3/l", "https://a.example/removed/l"),
        (
            "https://a.example/l?to=https%3A%2F%2Fb.example%2F%3Fjwt%3Ds3%26x%3D1",
            "https://a.example/l?to=https%3A%2F%2Fb.example%2F%3Fjwt%3Dremoved%26x%3D1",
        ),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, shown: str) -> None:
    assert public_url(url) == shown


@pytest.mark.parametrize("secret", ["0a", "Abc", "removed", "zz", "~"])
def test_an_address_within_an_address_keeps_no_secret_whatever_it_begins_with(secret: str) -> None:
    inner = f"https://c.example/?token={secret}"
    for _ in range(2):
        outer = f"https://b.example/?to={quote(inner, safe='')}"
        assert public_url(outer) == outer.replace(quote(secret), "removed")
        inner = outer


NAMES = """access_token accessToken id_token refresh-token jwt h5st a_bogus X-Bogus msToken _signature sign sig
x-amz-signature X-Amz-Credential X-Amz-Security-Token api_key apikey appKey app_secret client_secret auth
auth_token authorization password passwd pwd pass session session_id sessionid PHPSESSID JSESSIONID sid
csrf_token xsrf _tb_token_ x5sec _m_h5_tk ticket hmac oauth_verifier code_token subscription-key
Ocp-Apim-Subscription-Key key verifyFp anti_content SAMLResponse consumer_key private_key""".split()


@pytest.mark.parametrize("name", NAMES)
def test_no_address_and_no_header_keeps_a_key(name: str) -> None:
    for address in (f"https://a.example/l?a=1&{name}=MARK&b=2", f"https://a.example/l#{name}=MARK"):
        assert "MARK" not in public_url(address)
        assert "MARK" not in public_url(f"https://b.example/?to={quote(address, safe='')}")
        for field in (address, f"<{address}>; rel=next", f"0;url={address}"):
            assert "MARK" not in str(public_headers([("X-Where", field), ("Refresh", field)]))


def test_harmless_header_fields_are_kept() -> None:
    fields = [
        ("Content-Type", "text/html"),
        ("ETag", "x"),
        ("Date", "y"),
        ("Retry-After", "3"),
        ("Vary", "Cookie"),
    ]
    assert list(public_headers(fields)) == fields


def test_addresses_of_the_older_kind_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many networks have names of both kinds and a way to the older one only."""

    async def both(_loop: object, *_: object, **__: object) -> list[tuple[object, ...]]:
        six = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2606:4700::1", 443, 0, 0))
        four = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443))
        return [six, four, six]

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", both)
    assert asyncio.run(resolve("list.example.com", 443)) == ["1.1.1.1", "2606:4700::1"]
