"""What the user says and brings by click: it waits for the writer, is shown as pending, and is done once."""

import re
from datetime import timedelta
from urllib.parse import unquote

import feedparser
import pytest
from open_desk import Open

from trendscout import pipeline
from trendscout.demo.market import World
from trendscout.demo.server import MarketServer
from trendscout.desk.app import safe_name
from trendscout.desk.words import JUDGEMENTS
from trendscout.store.connect import open_store
from trendscout.store.labels import WORDS, doubts, keep_label
from trendscout.store.products import decide, decisions, marks
from trendscout.store.read_file import Wanted
from trendscout.store.said import said_on


def top(open_: Open, most: int = 10, **wanted: object) -> list[str]:
    file = open_.desk.file()
    assert file is not None
    return [row.product_id for row in file.products(Wanted(**wanted), limit=most)[0]]  # type: ignore[arg-type]


def test_a_mark_waits_is_shown_and_is_done(own: Open) -> None:
    client, (product, *_) = own.client(), top(own)
    answer = own.act(client, "/say", word="mine", product=product, note="200 in stock", title="A good", back="")
    assert answer.status_code == 303
    assert "Pending (1):" in client.get(f"{own.root}/products").text
    with open_store(own.workspace.db, wait_s=0.1) as connection:
        assert product not in marks(connection)
    own.worker.work_off()
    with open_store(own.workspace.db) as connection:
        assert marks(connection)[product] == ("mine", "200 in stock")
    page = client.get(f"{own.root}/products", params={"mark": "mine"}).text
    assert "Pending" not in page
    assert page.count('<li class="card">') == 1
    assert "200 in stock" in client.get(f"{own.root}/product/{product}").text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_markup_stands_in_an_attribute(seen: Open, lang: str) -> None:
    client = seen.client()
    for path in ("/", "/products", "/lists", "/right", f"/product/{top(seen)[0]}"):
        page = client.get(f"{seen.root}{path}?lang={lang}").text
        assert "<h1>" in page
        assert re.search(r'="[^">]*<', page) is None


def test_words_wait_while_another_process_holds_the_store(own: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    from trendscout.errors import StoreBusy

    product = top(own)[0]
    own.desk.words.say("watch", product, at=own.now)

    def busy(*_: object, **__: object) -> None:
        raise StoreBusy("The store {path} is in use by {holder}.", path="s", holder="trendscout (process 1)")

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "mark", busy)
        own.worker.work_off()
    assert [word.product for _, word in own.desk.words.waiting()] == [product]
    assert "The store is at work elsewhere" in own.client().get(f"{own.root}/").text
    own.worker.work_off()
    assert not own.desk.words.waiting()
    assert "The store is at work elsewhere" not in own.client().get(f"{own.root}/").text


def test_a_bug_in_one_word_does_not_end_the_writer(own: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    own.desk.words.say("watch", top(own)[0], at=own.now)

    def broken(*_: object, **__: object) -> None:
        raise KeyError("lists")

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "mark", broken)
        own.worker.work_off()
    assert "KeyError" in own.client().get(f"{own.root}/").text
    own.worker.work_off()
    assert not own.desk.words.waiting()


def test_a_merge_and_a_split_hold(own: Open) -> None:
    first, second = top(own, tree="amazon_bestsellers_UK/bestsellers/kitchen")[:2]
    client = own.client()
    own.act(client, "/say", word="merge", product=first, other=second)
    own.worker.work_off()
    with open_store(own.workspace.db) as connection:
        assert {one.action for one in decisions(connection)} == {"merge"}
    page = client.get(f"{own.root}/product/{first}")
    if page.status_code == 303:  # it has the other's id now
        page = client.get(page.headers["location"])
    assert "by hand" in page.text
    own.act(client, "/say", word="split", product=unquote(str(page.url).rpartition("/")[2]))
    own.worker.work_off()
    assert not own.desk.words.refused()
    assert all("by hand" not in client.get(f"{own.root}/product/{one}").text for one in (first, second))


def joined_in_doubt(open_: Open, products: list[str]) -> None:
    """Each of the products with one listing more, as the matcher joins what it is half sure of."""
    with open_store(open_.workspace.db) as connection:
        others = connection.execute(
            "SELECT listing FROM memberships WHERE NOT list_contains(?, product_id) ORDER BY ALL LIMIT ?",
            [products, len(products)],
        ).fetchall()
        joined = "UPDATE memberships SET product_id = ?, verdict = 'likely', probability = 0.5 WHERE listing = ?"
        connection.executemany(
            joined, [[product, *other] for product, other in zip(products, others, strict=True)]
        )
    pipeline.publish(open_.workspace, now=open_.now)


def test_a_doubtful_join_is_answered_and_holds(own: Open) -> None:
    joined_in_doubt(own, top(own, most=1, tips=True))
    client = own.client()
    page = client.get(f"{own.root}/").text
    product, pair = re.findall(
        r'name="product" value="([^"]+)".*?name="word" value="same"><.*?name="other" value="([^"]+)"', page
    )[0]
    first, _, second = pair.partition(" ")

    def products() -> set[str]:
        with open_store(own.workspace.db) as connection:
            return {
                name
                for (name,) in connection.execute(
                    "SELECT product_id FROM memberships WHERE lower(to_hex(listing)) IN (?, ?)", [first, second]
                ).fetchall()
            }

    assert len(products()) == 1
    own.act(client, "/say", word="same", product=product, other=pair)
    own.worker.work_off()
    assert len(products()) == 1
    assert pair not in client.get(f"{own.root}/").text, "it is answered"
    own.act(client, "/say", word="another", product=product, other=pair)
    own.worker.work_off()
    assert len(products()) == 2
    with open_store(own.workspace.db) as connection:
        assert connection.execute("SELECT judgement FROM labels ORDER BY answered_at").fetchall() == [
            ("S",),
            ("D",),
        ]
    own.act(client, "/say", word="a variant", product=product, other=pair)
    own.worker.work_off()
    assert "These two listings are not one product" in client.get(f"{own.root}/").text


ASKED = re.compile(r'name="word" value="same"><input type="hidden" name="other" value="([^"]+)"')


def test_up_to_five_pairs_of_shown_rows_are_asked_about(own: Open) -> None:
    """The questions are those of `trendscout review`; what is answered is gone before the store has it."""
    joined_in_doubt(own, top(own, most=20, tips=True))
    shown = {name: row for row, name in enumerate(top(own, most=20, tips=True), 1)}
    with open_store(own.workspace.db) as connection:
        asked = doubts(connection, shown, most=100, now=own.now)
    expected = [one.pair for one in asked[:5]]
    client = own.client()
    page = client.get(f"{own.root}/").text
    assert ASKED.findall(page) == expected
    assert len(expected) == 5 < len(asked)
    for place, pair in enumerate(expected[:3]):
        own.act(client, "/say", word=("same", "a variant", "another")[place], product="p:1", other=pair)
        assert ASKED.findall(client.get(f"{own.root}/").text) == expected[place + 1 :]
    with open_store(own.workspace.db) as connection:
        for (file, word), doubt in zip(own.desk.words.waiting(), asked, strict=False):
            judgement = JUDGEMENTS[word.word]
            keep_label(connection, doubt, judgement, 1, own.now)
            decide(connection, WORDS[judgement], [doubt.listing], [doubt.other], own.now)
            own.desk.words.done(file)
    pipeline.publish(own.workspace, now=own.now + timedelta(hours=2))
    page = client.get(f"{own.root}/").text
    assert len(ASKED.findall(page)) == 2, "with the three answered they are five a day"
    assert not set(ASKED.findall(page)) & set(expected[:3])
    assert "Of the joins that you judged, right: 1 of 3." in page


def test_what_cannot_be_done_is_told(own: Open) -> None:
    client = own.client()
    own.act(client, "/say", word="split", product="p:none", title="<b>nothing</b>")
    own.worker.work_off()
    page = client.get(f"{own.root}/").text
    assert "Refused:" in page
    assert "&lt;b&gt;nothing" in page
    own.act(client, "/forget")
    assert "Refused:" not in client.get(f"{own.root}/").text


@pytest.mark.parametrize(
    "fields", [{"word": "drop"}, {"word": "mine", "product": ""}, {"word": "mine", "note": "x" * 3000}]
)
def test_a_word_that_is_none_is_refused_at_once(own: Open, fields: dict[str, str]) -> None:
    answer = own.act(own.client(), "/say", **{"product": "p:1", **fields})
    assert answer.status_code == 400
    assert not own.desk.words.waiting()


def test_an_ignored_product_leaves_the_list_and_can_be_found_again(own: Open) -> None:
    product = top(own)[0]
    own.desk.words.say("ignore", product, at=own.now)
    own.worker.work_off()
    assert product not in top(own)
    assert top(own, held=(("mark", "ignore"),)) == [product]


def test_views_are_kept_and_forgotten(own: Open) -> None:
    client = own.client()
    own.act(client, "/views", name="Cheap & new", query="?stage=emerging&price_max=20&evil=1")
    page = client.get(f"{own.root}/products").text
    assert "Cheap &amp; new" in page
    assert own.desk.views == [("Cheap & new", "?stage=emerging&price_max=20")]
    own.act(client, "/views", name="Cheap & new", remove="1")
    assert own.desk.views == []
    own.desk.save_views([(str(number), "?q=x") for number in range(50)])
    answer = own.act(client, "/views", name="one more", query="?q=y")
    assert (answer.status_code, len(own.desk.views)) == (400, 50), "none is thrown away for it"
    assert own.act(client, "/views", name="7", query="?q=y").status_code == 303


def test_an_action_leads_back_to_the_filters_it_came_from(own: Open) -> None:
    client = own.client()
    own.act(client, "/say", word="split", product="p:none")
    own.worker.work_off()
    page = client.get(f"{own.root}/products?q=kitchen&sort=chance").text
    back = re.findall(r'action="[^"]+/forget">.*?name="back" value="([^"]+)"', page)[0].replace("&amp;", "&")
    location = own.act(client, "/forget", back=back).headers["location"]
    assert location == f"/{own.keys.folder}/products?q=kitchen&sort=chance"


def test_a_file_that_is_dropped_is_read_and_told(own: Open) -> None:
    client = own.client()
    with MarketServer(World(7, 30, ("UK",))) as server:
        server.turn(20)
        body = server.sites["www.amazon.co.uk"].answer("/gp/bestsellers/kitchen").body
    headers = {"origin": "http://127.0.0.1:8737", "x-desk-token": own.keys.token}
    for name, content in (("kitchen.html", body.encode()), ("junk.bin", b"\x00" * 50), ("bad.xlsx", b"PK no")):
        answer = client.post(f"{own.root}/inbox", params={"name": name}, content=content, headers=headers)
        assert answer.json() == {"taken": name, "bytes": len(content)}
    own.worker.work_off()
    taken = {one.name.partition("#")[0]: one for one in own.worker.progress.taken}
    assert taken["kitchen.html"].entries > 0
    assert taken["junk.bin"].findings
    assert taken["bad.xlsx"].status == "refused"
    assert not list(own.worker.inbox.iterdir())


def test_an_upload_is_bounded(own: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendscout.desk.app.MAX_UPLOAD", 1000)
    headers = {"origin": "http://127.0.0.1:8737", "x-desk-token": own.keys.token}
    answer = own.client().post(f"{own.root}/inbox?name=a.html", content=b"x" * 2000, headers=headers)
    assert answer.status_code == 400
    assert "more than" in answer.json()["why"]
    assert not list(own.worker.inbox.iterdir())
    assert not own.worker.progress.tasks


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\a.html", "a.html"),
        ("", "file"),
        ("...", "file"),
        ("a/b/c.har", "c.har"),
        ("x" * 300 + ".html", "x" * 100 + ".html"),
        ("a\x00b\n.html", "a_b_.html"),
        ("商品.xlsx", "商品.xlsx"),
        (".hidden", "hidden"),
    ],
)
def test_a_file_name_is_no_path(name: str, plain: str) -> None:
    assert safe_name(name) == plain


def test_what_waited_when_the_desk_was_closed_is_done_by_the_next(own: Open) -> None:
    from open_desk import opened

    folder = own.worker.inbox / "1"
    folder.mkdir(parents=True)
    (folder / "junk.html").write_text("<html></html>")
    own.desk.words.say("watch", top(own)[0], at=own.now)
    again = opened(own.workspace.db.file.parent, own.now)
    again.worker.work_off()
    assert [one.name for one in again.worker.progress.taken] == ["junk.html"]
    assert not again.desk.words.waiting()


def test_chances_are_held_to_what_came(own: Open) -> None:
    """What was said of a product that then reached its goal came true, of one that did not, did not."""
    file = own.desk.file()
    assert file is not None
    with open_store(own.workspace.db) as connection:
        connection.execute("DELETE FROM said")
        connection.execute(
            """INSERT INTO said SELECT taken_at, listing, list_id, row_number() OVER (), rank, 0.4, 'top',
                   if(now_rank <= 30, 30, 1), 48
            FROM (SELECT o.*, lead(rank) OVER (PARTITION BY list_key, listing ORDER BY taken_at) AS now_rank,
                         dense_rank() OVER (PARTITION BY list_key ORDER BY taken_at) AS look FROM observations o)
            JOIN lists USING (list_key)
            WHERE look = 2 AND rank > 30 AND list_id = 'amazon_bestsellers_UK/bestsellers/kitchen'"""
        )
        found = said_on(connection, days_ago=2, now=own.now, top=1000)
        assert len(found) > 20
        for one in found:
            assert one.came is (one.best_rank is not None and one.best_rank <= 30) or one.came is False
        assert {one.came for one in found} == {True, False}


def test_what_changed_is_a_feed(seen: Open) -> None:
    answer = seen.client().get(f"{seen.root}/feed.atom")
    assert answer.headers["content-type"] == "application/atom+xml"
    feed = feedparser.parse(answer.content)
    assert (feed.bozo, feed.version) == (False, "atom10")
    assert len(feed.entries) == 20  # nothing earlier was published: the whole top
