"""How the seller names a product: by its id, an item key, a part of a title, or words of one."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from trendscout.errors import UsageError
from trendscout.model import Entry, Snapshot
from trendscout.store.connect import open_store
from trendscout.store.load import load_snapshots
from trendscout.store.products import find_product
from trendscout.store.runs import remember

NOW = datetime(2026, 7, 1, tzinfo=UTC)
LIST = "ebay_US/search/toys"
TITLES = ("Velnixo with lid sand molds", "Velnixo beach set", "Sand timer, pack of 3", "Sand timer", "100 % wool")


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "store.duckdb") as connection:
        rows = tuple(Entry(LIST, rank, f"key-{rank}", title=title) for rank, title in enumerate(TITLES, start=1))
        look = Snapshot(LIST, NOW, status="ok", entries=rows, depth=len(rows), layout="grid")
        load_snapshots(connection, [look], loaded_at=NOW)
        yield connection


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("key-2", TITLES[1]),
        ("BEACH", TITLES[1]),
        ("velnixo sand molds", TITLES[0]),
        ("molds Velnixo", TITLES[0]),
        ("timer, pack", TITLES[2]),
        ("%", TITLES[4]),
    ],
)
def test_a_product_is_found(store, text, title):
    found = find_product(store, text)
    assert found.title == title
    assert find_product(store, found.product) == find_product(store, found.product[:12]) == found


def test_a_row_of_the_last_report_is_found(store):
    product = find_product(store, "BEACH").product
    seen = {product: {"position": 2}, "p:other": {"position": 1}}
    remember(store, "terminal", json.dumps(seen), NOW)
    assert find_product(store, "2").product == find_product(store, "#2").product == product


def test_the_last_report_is_the_one_shown_last_of_whatever_morning(store):
    """A seller who looks at an earlier morning means the rows that she sees, and those of a filter as well."""
    beach, other = (find_product(store, TITLES[at]).product for at in (1, 2))
    for reader, product, at in (
        ("terminal", beach, NOW),
        ("terminal market=UK", other, NOW),
        ("terminal as_of", beach, NOW - timedelta(days=9)),
        ("terminal", other, NOW - timedelta(days=9)),
        ("terminal market=UK", beach, NOW),
    ):
        remember(store, reader, json.dumps({product: {"position": 1}}), at)
        assert find_product(store, "1").product == product
        store.execute("CHECKPOINT")


def test_words_of_a_shown_gloss_name_it_or_say_which_have_them(store):
    beach, other = (find_product(store, TITLES[at]).product for at in (0, 2))
    seen = {beach: {"position": 1, "gloss": "磁力片 收纳"}, other: {"position": 2, "gloss": "磁力片 大号"}}
    remember(store, "terminal", json.dumps(seen), NOW)
    assert find_product(store, "磁力片 大号").product == other
    with pytest.raises(UsageError) as told:
        find_product(store, "磁力片")
    assert beach in str(told.value)
    assert other in str(told.value)


def test_a_word_of_ones_title_and_of_anothers_gloss_names_both(store):
    beach, other = (find_product(store, TITLES[at]).product for at in (0, 2))
    word = TITLES[0].split()[0]
    remember(store, "terminal", json.dumps({other: {"position": 1, "gloss": f"{word} 收纳"}}), NOW)
    with pytest.raises(UsageError) as told:
        find_product(store, word)
    assert beach in str(told.value)
    assert other in str(told.value)


def test_a_whole_phrase_goes_before_words(store):
    with pytest.raises(UsageError) as told:
        find_product(store, "sand timer")
    assert TITLES[2] in str(told.value)
    assert TITLES[0] not in str(told.value)


@pytest.mark.parametrize("text", ["velnixo timer", "", " "])
def test_what_names_none_or_all_is_told(store, text):
    with pytest.raises(UsageError, match=r"No product is called|names several products"):
        find_product(store, text)
