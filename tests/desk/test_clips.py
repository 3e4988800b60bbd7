"""Clips: what the extension sends is let in by its own key alone, bounded, and read like any saved page."""

import json
from typing import Any

import pytest
from open_desk import Open

from trendscout.sources.clips import CLIPS
from trendscout.sources.source import sources
from trendscout.store.connect import open_store

EXTENSION = "chrome-extension://" + "a" * 32
OTHER = "chrome-extension://" + "b" * 32


def shopee(first: int, count: int, ads: int = 0) -> str:
    """A reply of Shopee's search, with invented goods."""
    items = [
        {
            "itemid": 9_000_000 + number,
            "item_basic": {
                "itemid": 9_000_000 + number,
                "shopid": 77,
                "name": f"Moonleaf mini blender no. {number}",
                "price": 4_500_000_000 + number * 100_000,
                "currency": "IDR",
                "historical_sold": 10 * number,
                "item_rating": {"rating_star": 4.5, "rating_count": [12]},
            },
            **({"adsid": 5} if number - first < ads else {}),
        }
        for number in range(first, first + count)
    ]
    return json.dumps({"error": 0, "total_count": 500, "items": items})


def part(url: str, body: str, kind: str = "application/json") -> dict[str, str]:
    return {"url": url, "type": kind, "at": "2099-01-01T00:00:00Z", "body": body}


def search(newest: int) -> str:
    return f"https://shopee.co.id/api/v4/search/search_items?keyword=mini%20blender&limit=30&newest={newest}"


def send(
    open_: Open, *, origin: str = EXTENSION, key: str | None = None, body: bytes | None = None, **said: Any
) -> Any:
    shown = open_.desk.pairing.key if key is None else key
    content = (
        json.dumps({"protocol": 1, "version": "0.1.0", "lang": "en", **said}).encode() if body is None else body
    )
    headers = {"origin": origin, "authorization": f"Bearer {shown}".encode(), "content-type": "application/json"}
    return open_.client(known=False).post(f"{open_.root}/clip", content=content, headers=headers)


def stored(open_: Open, list_id: str) -> list[tuple[Any, ...]]:
    with open_store(open_.workspace.db) as connection:
        return connection.execute(
            """SELECT rank, item_key, depth FROM observations JOIN snapshots USING (list_key, taken_at)
            JOIN lists USING (list_key) JOIN listings USING (listing) WHERE list_id = ? ORDER BY rank""",
            [list_id],
        ).fetchall()


def test_sixty_goods_seen_are_sixty_in_the_store(own: Open) -> None:
    page = part(
        "https://shopee.co.id/search?keyword=mini%20blender", "<html><body>no list here</body></html>", "text/html"
    )
    parts = [part(search(0), shopee(0, 30)), part(search(30), shopee(30, 30)), page]
    answer = send(own, url=page["url"], parts=parts).json()
    assert answer["text"].lower() == "shopee id · search · mini blender: 60 goods, 0 ads, seen down to place 60."
    assert answer["entries"] == 60
    own.worker.work_off()
    rows = stored(own, "shopee_ID/search/mini blender")
    assert [rank for rank, _, _ in rows] == list(range(1, 61))
    assert {depth for _, _, depth in rows} == {60}
    assert "mini blender" in own.client().get(f"{own.root}/lists").text.lower()


def test_advertisements_are_told_apart(own: Open) -> None:
    answer = send(own, parts=[part(search(0), shopee(0, 30, ads=2))]).json()
    assert "28 goods, 2 ads" in answer["text"]


def test_what_is_no_list_is_told_with_its_reason(own: Open) -> None:
    answer = send(own, parts=[part(search(0), '{"error": 90309999, "items": null}')]).json()
    assert answer["entries"] == 0
    assert "refusal" in answer["text"]
    chinese = send(own, lang="zh-CN", parts=[part(search(0), '{"error": 90309999, "items": null}')]).json()
    assert chinese["text"] != answer["text"]


@pytest.mark.parametrize("key", ["", "x", "ä", "x" * 5000])
def test_a_wrong_key_is_let_in_nowhere(own: Open, key: str) -> None:
    assert send(own, key=key, hello=True).status_code == 403


@pytest.mark.parametrize(
    "origin",
    ["https://shopee.co.id", "null", "", "http://127.0.0.1:8737", "chrome-extension://x", "moz-extension://a"],
)
def test_a_page_that_stole_the_key_is_not_let_in(own: Open, origin: str) -> None:
    """A browser writes the origin itself: no page can claim to be the extension."""
    assert send(own, origin=origin, hello=True).status_code == 403


def test_another_extension_is_not_let_in_once_one_is_paired(own: Open) -> None:
    assert send(own, hello=True).status_code == 200
    assert send(own, origin=OTHER, hello=True).status_code == 403
    own.act(own.client(), "/unpair")
    assert send(own, origin=OTHER, hello=True).status_code == 200
    assert send(own, hello=True).status_code == 403


def test_a_key_that_was_stolen_is_worth_nothing_after_unpairing(own: Open) -> None:
    stolen = own.desk.pairing.key
    own.act(own.client(), "/unpair")
    assert send(own, key=stolen, hello=True).status_code == 403


def test_the_extensions_key_opens_nothing_else(own: Open) -> None:
    send(own, hello=True)
    for path in ("/", "/products", "/progress", "/inbox?name=a", "/say"):
        headers = {"origin": EXTENSION, "authorization": f"Bearer {own.desk.pairing.key}"}
        assert own.client(known=False).get(own.root + path, headers=headers).status_code == 403


def test_another_version_is_told_what_to_do(own: Open) -> None:
    answer = send(own, protocol=99, version="<b>9</b>")
    assert answer.status_code == 409
    assert "trendscout extension" in answer.json()["why"]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/api/v4/search/search_items",
        "file:///etc/passwd",
        "http://shopee.co.id/x",
        "https://shopee.co.id:444/x",
        "https://user:p@shopee.co.id/x",
        "https://shopee.co.id.evil.example/",
        "https://127.0.0.1/",
        "x",
        "https://[",
        "https://x" + "y" * 5000,
    ],
)
def test_only_clipped_sites_are_taken(own: Open, url: str) -> None:
    assert send(own, parts=[part(url, shopee(0, 5))]).status_code == 400
    assert not own.worker.inbox.exists() or not list(own.worker.inbox.iterdir())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"null",
        b'{"protocol":1}',
        b'{"protocol":1,"parts":{}}',
        b'{"protocol":1,"parts":[1,null,{"url":1}]}',
        b"[" * 200_000,
        b'{"protocol":1,"parts":[{"url":"https://shopee.co.id/","body":null}]}',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_clip_is_refused(own: Open, body: bytes) -> None:
    assert send(own, body=body).status_code in (400, 409)


def test_a_clip_is_bounded(own: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendscout.desk.clips.MAX_CLIP", 10_000)
    assert send(own, body=b"x" * 20_000).status_code == 413


def test_the_time_of_a_clip_is_never_later_than_now(own: Open) -> None:
    send(own, parts=[part(search(0), shopee(0, 30))])
    own.worker.work_off()
    with open_store(own.workspace.db) as connection:
        newest = connection.execute("SELECT max(taken_at) FROM snapshots").fetchall()[0][0]
    assert newest <= own.now.replace(tzinfo=None)


def test_every_clipped_source_is_one_and_its_pages_are_whole_sites() -> None:
    assert set(CLIPS) <= set(sources())
    for clip in CLIPS.values():
        assert all(
            page.startswith("https://") and page.endswith("/*") and "*" not in page[8:-1].lstrip("*.")
            for page in clip.pages
        )
