"""The demo's sites as they change under way: layouts, phones' pages, fields that fade, lists that grow.

A change is a function of one reply's body; what renames can be undone, as a mended reader reads it.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from trendscout.demo import faults
from trendscout.demo.market import number_of
from trendscout.demo.server import Site, SiteReply
from trendscout.model import Page

Change = Callable[[str], str]

# What a redesign renames: by platform, the marks without which a reader finds no list.
RENAMED = {
    "amazon": (("data-client-recs-list", "data-recs"), ("gridItemRoot", "cardRoot")),
    "aliexpress": (("_init_data_", "_boot_state_"),),
    "tiktok": (('"hashtagID"', '"tagID"'), ('"hashtagName"', '"tagName"')),
    "google_trends": (("<item>", "<search>"), ("</item>", "</search>")),
    "shopify": (('"id": ', '"uid": '),),
}
_APP = "<!DOCTYPE html><html><title>{platform}</title><body><main>Better in the app.</main></body></html>"


def redesigned(platform: str) -> Change:
    """The page with its marks renamed."""
    return lambda body: _renamed(body, RENAMED[platform])


def mended(page: Page, *, moved_prices: bool = False) -> Page:
    """The page as the reader knew it: what a reader that was mended reads, of prices too where it finds them."""
    body = page.body.decode()
    for pairs in (*RENAMED.values(), *(_MOVED.values() if moved_prices else ())):
        body = _renamed(body, [(new, old) for old, new in pairs])
    return replace(page, body=body.encode())


def _renamed(body: str, pairs: Iterable[tuple[str, str]]) -> str:
    for old, new in pairs:
        body = body.replace(old, new)
    return body


def for_phones(platform: str) -> Change:
    """What the site shows a phone: fewer rows to a page, or nothing but its app."""
    change = {"amazon": _cards_only, "aliexpress": _twenty_a_page, "tiktok": _one_row}.get(platform)
    return change or (lambda _: _APP.format(platform=platform))


def _cards_only(body: str) -> str:
    """The thirty cards that are rendered, without the list of all places."""
    return re.sub(r' data-client-recs-list="[^"]*"', "", body)


def _twenty_a_page(body: str) -> str:
    """Twenty rows of a page's sixty: the second page is what would be 21 to 40."""

    def cut(content: list[object], number: int) -> list[object]:
        return content[20 * (number - 1) : 20 * number]  # of the whole page's rows any twenty will do

    return _in_state(body, cut)


def _one_row(body: str) -> str:
    reply = json.loads(body)
    if "items" in reply:
        reply["items"] = reply["items"][:1]
    return json.dumps(reply)


def as_long_as(places: int, a_page: int = 60) -> Change:
    """An AliExpress list that ends after so many places, and does not say how old its goods are."""

    def change(body: str) -> str:
        body = re.sub(r'"totalResults": \d+', f'"totalResults": {places}', body)
        body = re.sub(r'"lunchTime": "[^"]*", ', "", body)
        return _in_state(body, lambda rows, page: rows[: max(0, places - (page - 1) * a_page)])

    return change


def moved_prices(platform: str, share: float) -> Change:
    """The page, on which this share of the rows has its price in another place: always the same rows first."""

    def moves(row: re.Match[str]) -> str:
        moved = number_of("moved", row[1]) % 1000 < share * 1000
        return _renamed(row[0], _MOVED[platform]) if moved else row[0]

    return lambda body: re.sub(_ROW[platform], moves, body)


_ROW = {  # a row with its price, and the id in it
    "amazon": r'(?s)<div id="(B0\w{8})" class="p13n-sc-un.*?</li>',
    "aliexpress": r'"productId": "(\d+)".*?"prices": ',
    "shopify": r'"id": (\d+), "title".*?"price": ',
}
_MOVED = {
    "amazon": (("a-color-price", "a-color-cost"), ("p13n-sc-price", "p13n-sc-cost")),
    "aliexpress": (('"prices": ', '"offer": '),),
    "shopify": (('"price": ', '"amount": '),),
}


_STATE = re.compile(r"(_init_data_= \{ data: )(.*)( \}\n</script>)", re.DOTALL)


def _in_state(body: str, change: Callable[[list, int], list]) -> str:
    """The page of AliExpress with its rows changed; the change sees the page's number."""
    found = _STATE.search(body)
    if not found:
        return body
    state = json.loads(found[2].replace("<\\/", "</"))
    fields = state["data"]["root"]["fields"]
    fields["mods"]["itemList"]["content"] = change(
        fields["mods"]["itemList"]["content"], fields["pageInfo"]["page"]
    )
    said = json.dumps(state, ensure_ascii=False).replace("</", "<\\/")
    return body[: found.start(2)] + said + body[found.end(2) :]


def changing(monkeypatch, plan: Callable[[str, str, int], Change | None], today: Callable[[], int]) -> None:
    """Let the demo's sites answer as changed: `plan` gives the change of a host, target and day.

    The demo's own faults are off: what is told is ours.
    """
    answer = Site.answer

    def changed(site: Site, target: str, body: bytes = b"", cookie: str = "") -> SiteReply:
        reply = answer(site, target, body, cookie)
        change = None if target == "/robots.txt" else plan(site.host, target, today())
        return reply._replace(body=change(reply.body)) if change and reply.status == 200 else reply

    monkeypatch.setattr(Site, "answer", changed)
    monkeypatch.setattr(faults, "fault_of", lambda *_: None)
