"""Requests to the official APIs: what is asked for, and what the user's own key adds just before sending."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from trendscout.model import Query, Request
from trendscout.sources.source import get_source, sources

NOW = datetime(2026, 8, 4, 12, 30, 5, tzinfo=UTC)
KEY = "planted-id:planted-secret"
ASKED = (
    Query("rakuten", "JP", "ranking", "201488"),
    Query("mercadolibre", "BR", "bestsellers", "MLB1051"),
    Query("mercadolibre", "MX", "trends"),
    Query("coupang", "KR", "bestsellers", "1013"),
    Query("etsy", None, "search", "cat bed"),
    Query("shopee", "SG", "affiliate", 'mop "new"'),
)


def requests_of(query: Query) -> list[Request]:
    ask = get_source(query.source).requests
    assert ask is not None
    return list(ask(query))


def signed(request: Request, name: str) -> Request:
    sign = get_source(name).sign
    assert sign is not None
    return sign(request, KEY, NOW)


def header(request: Request, name: str) -> str:
    return dict(request.headers)[name]


@pytest.mark.parametrize("query", ASKED, ids=lambda query: f"{query.source}-{query.kind}")
def test_requests_go_to_declared_hosts_and_carry_no_key(query: Query) -> None:
    source = get_source(query.source)
    requests = requests_of(query)
    assert requests
    assert [request.page for request in requests] == list(range(1, len(requests) + 1))
    for request in requests:
        assert urlsplit(request.url).hostname in source.hosts
        assert source.sign or "{key}" in request.url + str(request.headers)


@pytest.mark.parametrize("query", [Query("coupang", "KR"), Query("mercadolibre", "BR"), Query("shopee", None)])
def test_a_query_that_names_no_list_asks_for_nothing(query: Query) -> None:
    assert requests_of(query) == []


def test_every_source_with_requests_and_a_key_can_use_it() -> None:
    for source in sources().values():
        if source.sign:
            assert source.key_env


def test_coupang_signature() -> None:
    (request,) = requests_of(Query("coupang", "KR", "bestsellers", "1013"))
    parts = urlsplit(request.url)
    message = f"260804T123005ZGET{parts.path}limit=100"
    wanted = hmac.new(b"planted-secret", message.encode(), hashlib.sha256).hexdigest()
    assert header(signed(request, "coupang"), "Authorization") == (
        f"CEA algorithm=HmacSHA256, access-key=planted-id, signed-date=260804T123005Z, signature={wanted}"
    )


def test_shopee_signature_covers_the_body_as_sent() -> None:
    request = signed(requests_of(Query("shopee", "VN", "affiliate", "kệ sách"))[0], "shopee")
    stamp = str(int(NOW.timestamp()))
    wanted = hashlib.sha256(b"planted-id" + stamp.encode() + (request.body or b"") + b"planted-secret").hexdigest()
    assert header(request, "Authorization").endswith(f"Timestamp={stamp},Signature={wanted}")
    assert "planted-secret" not in str(request)


def test_rakuten_puts_both_keys_into_the_address() -> None:
    request = requests_of(Query("rakuten", "JP", "realtime"))[1]
    told = parse_qs(urlsplit(signed(request, "rakuten").url).query)
    assert (told["applicationId"], told["accessKey"]) == (["planted-id"], ["planted-secret"])
    assert (told["page"], told["period"]) == (["2"], ["realtime"])
