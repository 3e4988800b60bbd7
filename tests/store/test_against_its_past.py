"""A look against its list's past: what fades, grows or comes short is told, and none of it is movement."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from trendscout.findings import finding
from trendscout.model import Entry, Snapshot
from trendscout.report.absences import changed
from trendscout.sources.snapshots import usual_of, with_drift
from trendscout.store import coverage as coverage_module
from trendscout.store.connect import open_store
from trendscout.store.coverage import coverage, usual
from trendscout.store.load import load_snapshots
from trendscout.store.query import watched_since

START = datetime(2026, 3, 1, 7, tzinfo=UTC)
LIST = "aliexpress_US/search/kitchen"


def look(ranks, *, priced: float = 1.0, rated: float = 1.0) -> Snapshot:
    """A whole look with those places; the first rows have price and rating, by share."""
    count = len(ranks)
    entries = tuple(
        Entry(
            LIST,
            rank,
            f"32568{rank:08d}",
            title=f"Kettle {rank}",
            price=Decimal(9) if place < round(priced * count) else None,
            rating=4.5 if place < round(rated * count) else None,
        )
        for place, rank in enumerate(ranks)
    )
    return Snapshot(LIST, START, "ok", entries, depth=max(ranks), layout="cards")


def play(path, looks) -> list[Snapshot]:
    """The looks, a morning each, as they are judged and kept one after another."""
    judged = []
    with open_store(path) as store:
        for day, one in enumerate(looks):
            at = START + timedelta(days=day)
            one = Snapshot(LIST, at, one.status, one.entries, one.depth, layout=one.layout)
            (one,) = with_drift([one], usual(store, [LIST], before=at))
            load_snapshots(store, [one], loaded_at=at)
            judged.append(one)
    return judged


@pytest.mark.parametrize("slow", [0.01, 0.05])
def test_a_field_that_fades_by_a_row_a_day_is_told_when_three_in_ten_are_gone(tmp_path, slow):
    days = round(0.4 / slow)
    looks = [look(range(1, 101))] * 5 + [look(range(1, 101), priced=1 - slow * day) for day in range(1, days)]
    judged = play(tmp_path / "s.duckdb", looks)
    told = [day for day, one in enumerate(judged) if one.status != "ok"]
    assert told
    first = judged[told[0]]
    assert first.shares[1] == pytest.approx(0.7, abs=0.04 if slow < 0.05 else 0.06)
    assert [one.code for one in first.findings] == ["field_fades"]
    assert "price" in first.findings[0].said("en")
    assert "价格" in first.findings[0].said("zh")
    assert told == list(range(told[0], len(looks)))
    assert (first.depth, len([e for e in first.entries if e.rank])) == (100, 100), "the places are as good as ever"


def test_what_varies_by_chance_fades_not(tmp_path):
    """A field of two rows in five, of a list of thirty: 12 rows, and now and then 6."""
    looks = [look(range(1, 31), rated=share) for share in (0.4, 0.5, 0.4, 0.3, 0.4, 0.2, 0.4, 0.5, 0.2)]
    assert {one.status for one in play(tmp_path / "s.duckdb", looks)} == {"ok"}


def test_what_has_been_so_for_two_months_is_usual(tmp_path, monkeypatch):
    """Of the last looks, ten here, too few are otherwise."""
    assert coverage_module._USUAL_LOOKS == 60
    monkeypatch.setattr(coverage_module, "_USUAL_LOOKS", 10)
    looks = [look(range(1, 21))] * 4 + [look(range(1, 21), priced=0.2)] * 9
    states = [one.status for one in play(tmp_path / "s.duckdb", looks)]
    assert states == ["ok"] * 4 + ["partial"] * 8 + ["ok"]


def test_a_list_that_grew_is_told_on_its_day_and_stays_whole(tmp_path):
    judged = play(tmp_path / "s.duckdb", [look(range(1, 51))] * 5 + [look(range(1, 101))] * 3)
    assert [one.status for one in judged] == ["ok"] * 8
    assert [[found.code for found in one.findings] for one in judged] == [[]] * 5 + [["list_grew"]] + [[]] * 2
    with open_store(tmp_path / "s.duckdb") as store:
        on_the_day, next_day = (coverage(store, now=START + timedelta(days=day, hours=1)) for day in (5, 6))
    (told,) = changed(on_the_day)
    assert told.said("en").startswith(f"{LIST}: 100 rows where this list had 50 at most")
    assert "100 行" in told.said("zh")
    assert changed(next_day) == ()


def test_three_looks_after_it_grew_a_list_is_known_to_be_so_long(tmp_path):
    """A phone's page of 40 rows is short for a list of 100, though the median of its past is 50."""
    past = [look(range(1, 51))] * 6 + [look(range(1, 101))] * 3
    short = play(tmp_path / "s.duckdb", [*past, look([*range(1, 21), *range(61, 81)])])[-1]
    assert [one.said("en") for one in short.findings] == ["40 rows where this list usually has 100."]


def test_a_second_look_of_the_day_hides_no_growth(tmp_path):
    play(tmp_path / "s.duckdb", [look(range(1, 51))] * 4 + [look(range(1, 101))])
    with open_store(tmp_path / "s.duckdb") as store:
        again = START + timedelta(days=4, hours=2)
        one = look(range(1, 101))
        load_snapshots(store, [Snapshot(LIST, again, "ok", one.entries, 100, layout="cards")], loaded_at=again)
        assert len(changed(coverage(store, now=again + timedelta(hours=1)))) == 1


def test_a_place_is_watched_since_the_look_that_went_so_deep(tmp_path):
    """What stands at 51 to 100 when a list grows may have stood there for years."""
    play(tmp_path / "s.duckdb", [look(range(1, 51))] * 5 + [look(range(1, 101))] * 2)
    with open_store(tmp_path / "s.duckdb") as store:
        watched = watched_since(store)
    grew = START + timedelta(days=5)
    assert watched == {LIST: ((50, START), (100, grew))}


def test_a_short_look_that_seemed_whole_is_known_to_its_first_gap(tmp_path):
    """A phone's pages of 20 read as pages of 60: the second begins at 61, which was its 21st."""
    usual_look, phone = look(range(1, 121)), look([*range(1, 21), *range(61, 81)])
    short = play(tmp_path / "s.duckdb", [usual_look] * 4 + [phone])[-1]
    assert (short.status, short.depth, len(short.entries)) == ("partial", 20, 40)
    assert [entry.rank for entry in short.entries] == [*range(1, 21), *[None] * 20]


def test_a_second_page_alone_keeps_its_places():
    """It is told already why the first did not come, and a page's number says where its rows stand."""
    lost = Snapshot(LIST, START, "partial", look(range(61, 121)).entries, 0, findings=(finding("no_page"),))
    (kept,) = with_drift([lost], {LIST: usual_of([120] * 5, [0.75] * 5, [None] * 5)})
    assert [entry.rank for entry in kept.entries] == list(range(61, 121))
    assert [one.code for one in kept.findings] == ["no_page", "fewer_rows"]
