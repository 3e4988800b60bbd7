"""The read file: what it holds is what the report says, it is whole or not there, and every filter is SQL."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from open_desk import Open

from trendscout import pipeline
from trendscout.desk.filters import asked
from trendscout.model import ReportQuery, Row
from trendscout.settings.config import Settings
from trendscout.steps.publish import publish
from trendscout.store import read_file
from trendscout.store.connect import open_store
from trendscout.store.read_file import SORTS, ReadFile, Wanted, current_file


@pytest.fixture(scope="module")
def file(seen: Open) -> ReadFile:
    path = current_file(seen.desk.folder)
    assert path is not None
    return ReadFile(path)


def test_it_says_of_every_product_what_the_report_says(seen: Open, file: ReadFile) -> None:
    report = pipeline.report(seen.workspace, ReportQuery(top=100_000), now=seen.now, settings=Settings())
    rows, total = file.products(Wanted(tips=True), limit=100_000)
    assert total == len(report.rows) > 100
    assert [bare(row) for row in rows] == [bare(row) for row in report.rows]
    assert file.products(Wanted(), limit=1)[1] == report.total > total


def bare(row: Row) -> Row:
    """The row without its curves and its place among the shown."""
    sightings = tuple(replace(one, curve=()) for one in row.facts.sightings)
    return replace(row, position=0, facts=replace(row.facts, sightings=sightings))


@pytest.mark.parametrize("sort", list(SORTS))
def test_every_order(file: ReadFile, sort: str) -> None:
    first, total = file.products(Wanted(sort=sort), limit=20)
    second, _ = file.products(Wanted(sort=sort), limit=20, offset=20)
    assert len({row.product_id for row in (*first, *second)}) == 40
    assert total > 200


def on(row: Row, beginning: str) -> bool:
    return any(one.list_id.startswith(beginning) for one in row.facts.sightings)


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("stage=rising", lambda row: row.scored.stage == "rising"),
        ("place=amazon UK", lambda row: on(row, "amazon_bestsellers_UK/")),
        ("platform=aliexpress", lambda row: any(s.platform == "aliexpress" for s in row.facts.sightings)),
        ("market=UK", lambda row: any(s.market == "UK" for s in row.facts.sightings)),
        ("kind=bestsellers", lambda row: any("/bestsellers/" in s.list_id for s in row.facts.sightings)),
        ("tree=aliexpress_UK/search", lambda row: on(row, "aliexpress_UK/search/")),
        ("flag=fading", lambda row: any(flag.code == "fading" for flag in row.checks.flags)),
        ("pack=impulse", lambda row: "impulse" in row.checks.packs),
        ("price_min=20", lambda row: row.facts.price_usd is not None and row.facts.price_usd >= 20),
        ("price_max=9.5&count_min=10", lambda row: row.facts.price_usd <= 9.5 and row.facts.count >= 10),
        ("rating_min=4.5", lambda row: row.facts.rating is not None and row.facts.rating >= 4.5),
        ("q=black set", lambda row: {"black", "set"} <= set(row.facts.title.lower().split())),
    ],
)  # fmt: skip
def test_every_filter_gives_those_that_hold_and_no_others(file: ReadFile, query: str, holds: object) -> None:
    everything, all_ = file.products(Wanted(), limit=100_000)
    pairs = [tuple(part.split("=")) for part in query.split("&")]
    rows, total = file.products(asked(pairs).wanted, limit=100_000)  # type: ignore[arg-type]

    def passes(row: object) -> bool:
        try:
            return bool(holds(row))  # type: ignore[operator]
        except TypeError:  # not known: it passes no bound
            return False

    assert [row.product_id for row in rows] == [row.product_id for row in everything if passes(row)]
    assert 0 < total < all_ or query == "market=UK"


HOSTILE = (
    "' OR 1=1 --",
    "%",
    "_",
    '"',
    "\\",
    "); DROP TABLE products; --",
    "\x00",
    "😀" * 50,
    "1e999",
    "nan",
    "-1",
)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_values(file: ReadFile, value: str) -> None:
    for name in (
        "q",
        "tree",
        "kind",
        "place",
        "market",
        "platform",
        "stage",
        "flag",
        "pack",
        "mark",
        "sort",
        "page",
    ):
        _, total = file.products(asked([(name, value)]).wanted, limit=5)
        assert total == 0 or name in ("sort", "page") or (name == "q" and value in ("%", "_", "-1", '"', "nan"))
    for name in ("price_min", "age_max"):
        file.products(asked([(name, value)]).wanted, limit=5)
    assert file.products(Wanted(), limit=1)[1] > 200


def test_questions_about_some_products_see_their_listings_alone(file: ReadFile) -> None:
    rows, _ = file.products(Wanted(), limit=3)
    chosen = [row.product_id for row in rows]
    assert file.listings(chosen)
    for products in (chosen, chosen[:1], []):
        with file.about(products) as connection:
            for table in ("observations", "listings"):
                seen = connection.execute(f"SELECT DISTINCT listing FROM {table}").fetchall()
                assert {key for (key,) in seen} == set(file.listings(products)), (table, len(products))


def test_an_address_says_the_same_when_read_again() -> None:
    first = asked([("q", "mini & maxi"), ("stage", "rising"), ("price_min", "3"), ("x", "1"), ("sort", "nope")])
    assert first.query() == "?q=mini+%26+maxi&stage=rising&price_min=3"
    assert asked([("page", "7"), ("q", "")]).page == 7
    assert asked([("page", "0")]).page == 1


def test_a_reader_goes_on_while_a_writer_publishes_and_gets_all_or_nothing(own: Open) -> None:
    """Every question asked meanwhile is answered in full, from the one file or the other."""
    totals, done = set(), threading.Event()

    def look() -> None:
        while not done.is_set():
            shown = own.desk.file()
            assert shown is not None
            totals.add((shown.path.name, shown.products(Wanted(), limit=5)[1]))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for hour in (1, 2):
            publish(own.workspace, now=own.now + timedelta(hours=hour))
    finally:
        done.set()
        reader.join()
    assert len({total for _, total in totals}) == 1
    assert len(list(own.desk.folder.glob("read-*.duckdb"))) == 2


def test_a_failed_publication_leaves_what_was_there(own: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    before = current_file(own.desk.folder)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(read_file, "_write_rows", full)
    pipeline.publish(own.workspace, now=own.now + timedelta(hours=1))
    assert current_file(own.desk.folder) == before
    assert not list(own.desk.folder.glob("*.part*"))
    assert "No space left" in own.client().get(f"{own.root}/").text
    monkeypatch.undo()
    pipeline.publish(own.workspace, now=own.now + timedelta(hours=1))
    assert "No space left" not in own.client().get(f"{own.root}/").text


def test_an_older_time_does_not_take_the_place_of_a_newer(own: Open) -> None:
    before = current_file(own.desk.folder)
    pipeline.publish(own.workspace, now=own.now - timedelta(days=3))
    assert current_file(own.desk.folder) == before


def test_without_a_desk_nothing_is_published(own: Open) -> None:
    import shutil

    shutil.rmtree(own.desk.folder)
    pipeline.publish(own.workspace, now=own.now)
    assert not own.workspace.desk.exists()


def test_pages_are_shown_while_another_process_holds_the_store(own: Open) -> None:
    import time

    with open_store(own.workspace.db):
        began = time.monotonic()
        for path in ("/", "/products", "/lists", "/right"):
            assert own.client().get(own.root + path).status_code == 200
        assert time.monotonic() - began < 8
