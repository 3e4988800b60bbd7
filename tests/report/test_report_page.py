"""The page as text: golden, self-contained, and closed to what titles try."""

import base64
import hashlib
import re
from dataclasses import replace
from itertools import cycle

import pytest
from example import RISING, but, empty, example, hostile
from golden import same
from selectolax.lexbor import LexborHTMLParser, LexborNode

from trendscout.findings import text
from trendscout.lang import Lang
from trendscout.model import Report
from trendscout.report import changes, packs, page
from trendscout.report.clean import picture_address, visible


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_golden(lang: Lang) -> None:
    same(f"page-{lang}.html", page.render(example(), lang=lang).encode())


def test_only_pictures_come_from_outside() -> None:
    tree = LexborHTMLParser(page.render(example(), lang="zh"))
    for node in tree.css("[src], [data-src], link, iframe, object, embed, base, form"):
        assert node.tag == "img"
        assert node.attributes["data-src"].startswith("https://img.example/")
    assert not LexborHTMLParser(page.render(example(), lang="zh", images=False)).css("img")


def test_policy_names_the_hashes_of_the_two_inline_parts() -> None:
    text = page.render(example(), lang="en", images=False)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1].replace("&#39;", "'")
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        part = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "img-src 'none'" in policy
    assert "unsafe" not in policy


def test_hostile_titles_are_text() -> None:
    rows = tuple(
        but(
            RISING,
            product_id=title,
            title=title,
            category=title,
            note=title,
            url=title,
            image=title,
            packs=(title,),
        )
        for title in hostile()
    )
    clean = LexborHTMLParser(page.render(example(), lang="en"))
    tree = LexborHTMLParser(
        page.render(replace(example(), rows=rows, notes=tuple(map(text, hostile()))), lang="en")
    )
    shown = [node.text() for node in tree.css("bdi.title")]
    assert len(shown) == len(rows)
    for found, title in zip(shown, hostile(), strict=True):
        assert (visible(title) or RISING.facts.item_key) in found
    assert len(tree.css("script")) == len(clean.css("script")) == 1
    assert len(tree.css("style")) == 1
    assert not tree.css("img")
    assert not [node for node in tree.css("a") if not node.attributes["href"].startswith("https://")]
    for node in tree.css("*"):
        assert not any(name.startswith("on") or name == "style" for name in node.attributes)


def test_both_languages_are_in_it() -> None:
    text = page.render(packs.judged(example(), packs.load()), lang="zh")
    assert "rank 84 → 21 in 4 days" in text
    assert "4 天内第 84 名 → 21" in text
    assert "低价冲动消费" in text
    assert "Impulse buy under USD 50" in text


def test_mine_that_fade_lead_and_changes_are_marked() -> None:
    before = changes.memory(replace(example(), rows=example().rows[1:]))
    tree = LexborHTMLParser(page.render(example(), lang="en", changes=changes.since(example(), before)))
    cards = tree.css("li.card")
    assert cards[0].attributes["data-mark"] == "mine"
    assert [card.attributes.get("data-change") for card in cards] == [None, "new", None, None]


def many(count: int) -> Report:
    """A report of so many different rows, all of them judged."""
    rows = [
        but(row, product_id=f"{row.product_id}-{n}", position=n + 1, title=f"{row.facts.title} {n}")
        for n, row in zip(range(count), cycle(example().rows), strict=False)
    ]
    return packs.judged(replace(example(), rows=tuple(rows)), packs.load())


def test_later_rows_refer_to_texts_that_stand_once() -> None:
    text = page.render(many(80), lang="en")
    tree = LexborHTMLParser(text)
    texts = LexborHTMLParser(re.search("<template[^>]*>(.*?)</template>", text, re.DOTALL)[1]).body.iter()
    elements = [one.html for one in texts]
    assert len(set(elements)) == len(elements)
    cards = tree.css("li.card")
    whole, short = cards[:30], cards[30:]
    assert not [one for card in whole for one in card.css("[data-t]")]
    assert all(card.css("[data-t]") for card in short)
    parts = ".facts > :not(.links), figcaption"
    firsts = {name(card): card.css(parts) for card in whole}
    assert len(firsts) == 4
    for card in short:
        for part, twin in zip(card.css(parts), firsts[name(card)], strict=True):
            told = [elements[int(number)] for number in part.attributes["data-t"].split()]
            assert told == [one.html for one in twin.iter()]


def name(card: LexborNode) -> str:
    """The product's title without the number that `many` gives it."""
    return card.css_first(".title").text().rpartition(" ")[0]


def test_a_row_more_makes_the_page_little_longer() -> None:
    """1,000 rows stay below 5 MB. These have two curves each, twice of what the usual row has."""
    sizes = [len(page.render(many(count), lang="en").encode()) for count in (100, 300)]
    assert (sizes[1] - sizes[0]) / 200 < 4600


def test_an_empty_page_says_why() -> None:
    assert "nobody could look" in page.render(empty(), lang="en")
    assert "trendscout collect" in page.render(empty(looked=False), lang="zh")


@pytest.mark.parametrize(
    ("address", "loaded"),
    [
        ("https://img.shop.example/a.jpg?x=1", True),
        ("https://img.shop.example:443/a.jpg", True),
        ("https://bücher.example/a.jpg", False),  # written as xn--… by every site
        ("https://xn--bcher-kva.example/a.jpg", True),
        ("http://img.shop.example/a.jpg", False),
        ("https://127.0.0.1/a.jpg", False),
        ("https://2130706433/a.jpg", False),
        ("https://0x7f.1/a.jpg", False),
        ("https://[::1]/a.jpg", False),
        ("https://[::1/a.jpg", False),
        ("https://localhost/a.jpg", False),
        ("https://printer.local/a.jpg", False),
        ("https://metadata.google.internal./a.jpg", False),
        ("https://router.lan/a.jpg", False),
        ("https://img.shop.example:8443/a.jpg", False),
        ("https://user@img.shop.example/a.jpg", False),
        ("javascript:alert(1)", False),
        (None, False),
    ],
)
def test_a_page_loads_pictures_of_the_open_internet_only(address: str | None, loaded: bool) -> None:
    assert picture_address(address) == (address if loaded else None)
