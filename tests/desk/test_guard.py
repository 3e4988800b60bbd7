"""Attacks on the port: other pages in the browser, other users and programs of the machine get nothing."""

import os
import stat
from typing import Any

import pytest
from open_desk import Open, opened

from trendscout.desk.guard import keys_in

OURS = {"origin": "http://127.0.0.1:8737"}
PAGES = (
    "/",
    "/products",
    "/lists",
    "/right",
    "/progress",
    "/static/desk.js",
    "/product/p:1",
    "/product/p:1/curve.csv",
    "/feed.atom",
)
ACTIONS = ("/say", "/forget", "/views", "/collect", "/job", "/inbox?name=a.html", "/unpair")


def blind(answer: Any) -> bool:
    """Whether the answer shows nothing of the desk."""
    return (
        answer.status_code in (403, 404, 421) and b"<h1>" not in answer.content and b"token" not in answer.content
    )


@pytest.mark.parametrize("path", PAGES)
def test_without_the_key_nothing_is_shown(seen: Open, path: str) -> None:
    assert blind(seen.client(known=False).get(seen.root + path))


def test_with_the_key_the_page_is_shown(seen: Open) -> None:
    client = seen.client()
    assert "<h1>" in client.get(f"{seen.root}/").text
    cookie = seen.client(known=False).get(seen.address).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert f"Path=/{seen.keys.folder}" in cookie
    assert seen.keys.key not in cookie


@pytest.mark.parametrize("key", ["", "x", "%00", "ä", "x" * 10_000])
def test_a_wrong_key_opens_nothing(seen: Open, key: str) -> None:
    answer = seen.client(known=False).get(f"{seen.root}/?key={key}")
    assert blind(answer)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("cookie", ["desk=", "desk=x", "desk=\x80", "desk", ";;;", "desk=x; desk=y", "=" * 5000])
def test_a_wrong_cookie_opens_nothing(seen: Open, cookie: str) -> None:
    answer = seen.client(known=False).get(f"{seen.root}/", headers={"cookie": cookie.encode("latin-1")})
    assert blind(answer)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8737",
        "127.0.0.1",
        "127.0.0.1:80",
        "0.0.0.0:8737",
        "[::1]:8737",
        "127.0.0.1.evil",
        "",
    ],
)
def test_a_name_that_was_turned_onto_loopback_opens_nothing(seen: Open, host: str) -> None:
    client = seen.client()
    assert blind(client.get(f"{seen.root}/", headers={"host": host}))
    assert blind(client.get(seen.address, headers={"host": host}))


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:80", "http://localhost", "chrome-extension://a"]
)
def test_another_origin_gets_nothing_even_with_the_cookie(seen: Open, origin: str) -> None:
    client = seen.client()
    assert blind(client.get(f"{seen.root}/", headers={"origin": origin}))
    for path in ACTIONS:
        answer = client.post(seen.root + path, data={"token": seen.keys.token}, headers={"origin": origin})
        assert blind(answer)


def test_a_script_of_another_site_gets_nothing_even_with_the_cookie(seen: Open) -> None:
    for site in ("cross-site", "same-site"):
        headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
        assert blind(seen.client().get(f"{seen.root}/static/desk.js", headers=headers))


@pytest.mark.parametrize("path", ACTIONS)
@pytest.mark.parametrize("token", [None, "", "x", "ä" * 40])
def test_an_action_needs_the_token(seen: Open, path: str, token: str | None) -> None:
    fields = {} if token is None else {"token": token}
    answer = seen.client().post(seen.root + path, data=fields, headers=OURS)
    assert blind(answer)
    assert not seen.desk.words.waiting()
    assert not seen.worker.progress.tasks


@pytest.mark.parametrize("path", ACTIONS)
def test_an_action_needs_an_origin(seen: Open, path: str) -> None:
    assert blind(seen.client().post(seen.root + path, data={"token": seen.keys.token}))


@pytest.mark.parametrize("path", ACTIONS)
def test_an_action_is_no_get(seen: Open, path: str) -> None:
    assert seen.client().get(f"{seen.root}{path}", params={"token": seen.keys.token}).status_code in (404, 405)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(seen: Open, method: str) -> None:
    assert seen.client().request(method, f"{seen.root}/say", headers=OURS).status_code == 405


@pytest.mark.parametrize("path", ["/", "/products", "/static/desk.js", "/progresss"])
def test_pages_may_do_nothing_but_what_is_ours(seen: Open, path: str) -> None:
    answer = seen.client().get(seen.root + path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/products", "//", "/.env", "/x/products"])
def test_outside_of_the_secret_folder_there_is_nothing(seen: Open, path: str) -> None:
    client = seen.client()
    assert blind(client.get(f"http://127.0.0.1:8737{path}"))
    assert seen.keys.folder not in client.get(f"http://127.0.0.1:8737{path}").text


@pytest.mark.parametrize(
    "name", ["..%2f..%2fkeys.json", "%2e%2e%2fapp.py", "base.html.j2", "../guard.py", "desk.js%00"]
)
def test_no_other_file_is_given_out(seen: Open, name: str) -> None:
    assert seen.client().get(f"{seen.root}/static/{name}").status_code == 404


def test_a_form_is_bounded(seen: Open) -> None:
    answer = seen.client().post(f"{seen.root}/say", data={"note": "x" * 100_000}, headers=OURS)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/x", "\\evil", "/%0d%0aSet-Cookie: a=b"]
)
def test_an_action_leads_back_to_our_pages_only(own: Open, back: str) -> None:
    client = own.client()
    answer = own.act(client, "/forget", back=back)
    assert answer.headers["location"] == f"/{own.keys.folder}/"


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
def test_other_users_cannot_look_into_the_folder(own: Open) -> None:
    assert stat.S_IMODE(own.desk.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((own.desk.folder / "keys.json").stat().st_mode) == 0o600


def test_the_folder_lasts_and_the_key_does_not(own: Open) -> None:
    again = keys_in(own.desk.folder)
    assert again.folder == own.keys.folder
    assert again.key != own.keys.key
    assert again.session != own.keys.session


def test_a_cookie_that_was_stolen_ends_with_the_run(own: Open) -> None:
    stolen = own.client(known=False).get(own.address).headers["set-cookie"].partition(";")[0]
    headers = {"cookie": stolen}
    assert "<h1>" in own.client(known=False).get(f"{own.root}/", headers=headers).text
    again = opened(own.workspace.db.file.parent, own.now)
    assert again.root == own.root
    for path in PAGES:
        assert blind(again.client(known=False).get(f"{again.root}{path}", headers=headers))
