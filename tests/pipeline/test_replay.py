"""A store rebuilt from the archive alone is the store that was; also across a fix, also from a damaged one."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from trendscout import pipeline
from trendscout.clock import VirtualClock
from trendscout.demo.market import World, morning_of
from trendscout.demo.run import queries
from trendscout.demo.server import MarketServer
from trendscout.settings.config import Settings
from trendscout.sources import amazon_bestsellers
from trendscout.sources.source import shipped_sources
from trendscout.steps.ledger import ledger
from trendscout.steps.replay import read_unread
from trendscout.store.workspace import Workspace

pytestmark = pytest.mark.slow

DAYS = 3
COLUMNS = "list_key, taken_at, listing, rank, count, count_kind, count_floor, price, currency, rating, reviews"


@pytest.fixture(scope="module")
def collected(tmp_path_factory) -> Workspace:
    """A workspace with three mornings of one market, collected over HTTP with the demo's own faults."""
    home = tmp_path_factory.mktemp("collected")
    workspace = Workspace.at(home / "s.duckdb")
    world = World(7, DAYS, ("US",))
    settings = Settings(contact="t@market.example", markets=("US",))
    with MarketServer(world) as server:
        for day in range(DAYS):
            server.turn(day)
            clock = VirtualClock(morning_of(day))
            pipeline.collect(
                workspace, queries(("US",)), settings, clock=clock, base_url=server.base_urls, seed=f"test {day}"
            )
    return workspace


def observations(workspace) -> list:
    with workspace.store() as store:
        return store.execute(f"SELECT {COLUMNS} FROM observations ORDER BY ALL").fetchall()


def elsewhere(workspace, folder: Path) -> Workspace:
    """An empty store beside a copy of the archive."""
    shutil.copytree(workspace.archive, folder / "archive")
    return Workspace.at(folder / "again.duckdb")


LATER = morning_of(DAYS) + timedelta(days=1)


def products_of(place, listings) -> set:
    with place.store() as store:
        found = "SELECT product_id FROM memberships WHERE list_contains(?, listing)"
        return {row[0] for row in store.execute(found, [listings]).fetchall()}


def test_a_split_outlives_a_replay(collected, tmp_path):
    place = elsewhere(collected, tmp_path)
    shutil.copy(collected.db.file, place.db.file)
    pipeline.match(place)
    with place.store() as store:
        product, listings = store.execute(
            "SELECT product_id, list(listing) FROM memberships GROUP BY ALL ORDER BY count(*) DESC, 1 LIMIT 1"
        ).fetchone()
    done = pipeline.decide(place, "split", product, None, now=LATER)
    assert len(done.after) == len(listings) > 2
    pipeline.replay(place, since=None, now=LATER)
    for _ in range(2):
        pipeline.match(place)
        assert products_of(place, listings) == set(done.after)


def test_a_store_from_the_archive_alone_is_the_same(collected, tmp_path):
    rebuilt = elsewhere(collected, tmp_path)
    done = pipeline.replay(rebuilt, since=None, now=LATER)
    assert done.findings == ()
    assert observations(rebuilt) == observations(collected)
    assert len(observations(rebuilt)) > 1000


def test_reading_again_changes_nothing(collected):
    before = observations(collected)
    done = pipeline.replay(collected, since=None, now=LATER)
    assert done.loaded.snapshots == 0
    assert observations(collected) == before
    with collected.store() as store:
        assert store.execute("SELECT count(*) FROM rereads").fetchall() == [(0,)]


def test_a_fixed_reader_changes_history_and_that_is_recorded(collected, tmp_path, monkeypatch):
    workspace = elsewhere(collected, tmp_path)
    pipeline.replay(workspace, since=None, now=LATER)
    reader = next(one for one in amazon_bestsellers.SOURCES[0].readers if one.layout == "grid since 2022")

    def without_the_last(page):
        rows = list(reader.read(page))
        return [row for row in rows if getattr(row, "rank", 0) != 50]

    fixed = tuple(
        replace(one, layout=f"{one.layout}, fixed", read=without_the_last) if one is reader else one
        for one in amazon_bestsellers.SOURCES[0].readers
    )
    source = replace(amazon_bestsellers.SOURCES[0], readers=fixed)
    monkeypatch.setitem(shipped_sources(), source.name, source)
    pipeline.replay(workspace, since=None, now=LATER + timedelta(days=1))
    with workspace.store() as store:
        rereads = store.execute(
            "SELECT layout_before, layout_after, entries_before - entries_after FROM rereads"
        ).fetchall()
    assert rereads
    assert all(after == f"{before}, fixed" for before, after, _ in rereads)
    monkeypatch.undo()
    pipeline.replay(workspace, since=None, now=LATER + timedelta(days=2))
    assert observations(workspace) == observations(collected)


def test_a_list_that_is_called_otherwise_moves_with_what_was_said_of_its_goods(collected, tmp_path, monkeypatch):
    """A reader learns the market from the page: the list, and each of its listings, is another from then on."""
    workspace = elsewhere(collected, tmp_path)
    pipeline.replay(workspace, since=None, now=LATER)
    name = "amazon_bestsellers_US/bestsellers/kitchen"

    def looks(list_id):
        with workspace.store() as store:
            return store.execute(
                "SELECT taken_at, entries FROM snapshots JOIN lists USING (list_key) WHERE list_id = ? ORDER BY 1",
                [list_id],
            ).fetchall()

    before = looks(name)
    assert before
    pipeline.match(workspace)
    with workspace.store() as store:
        (key,) = store.execute(
            "SELECT item_key FROM observations JOIN lists USING (list_key) JOIN listings USING (listing) "
            "WHERE list_id = ? AND observations.rank = 1 LIMIT 1",
            [name],
        ).fetchone()
        (listing,) = store.execute(
            "SELECT listing FROM listings WHERE item_key = ? AND platform = 'amazon' AND market = 'US'", [key]
        ).fetchone()
        store.execute(
            "INSERT INTO marks (listing, mark, note, marked_at) VALUES (?, 'mine', '200 in stock', now())",
            [listing],
        )
        store.execute(
            "INSERT INTO decisions VALUES (now(), 'split', $1, NULL), (now(), 'merge', 7, $1)", [listing]
        )
        store.execute("INSERT INTO labels VALUES (now(), $1, 7, 'D', 'likely', 0.8, 1)", [listing])

    def moved(source):
        def read(reader):
            def renamed(page):
                for row in reader.read(page):
                    yield replace(row, list=row.list.replace(name, "amazon_bestsellers_IE/bestsellers/kitchen"))

            return replace(reader, read=renamed)

        return replace(source, readers=tuple(map(read, source.readers)))

    source = moved(amazon_bestsellers.SOURCES[0])
    monkeypatch.setitem(shipped_sources(), source.name, source)
    done = pipeline.replay(workspace, since=None, now=LATER + timedelta(days=1))
    (finding,) = done.loaded.findings
    assert finding.fields == {
        "before": name,
        "after": "amazon_bestsellers_IE/bestsellers/kitchen",
        "count": len(before),
    }
    assert looks(name) == []
    assert looks("amazon_bestsellers_IE/bestsellers/kitchen") == before
    with workspace.store() as store:
        assert store.execute(
            "SELECT mark, note, market FROM marks JOIN listings USING (listing) WHERE item_key = ?", [key]
        ).fetchall() == [("mine", "200 in stock", "IE")]
        (today,) = store.execute("SELECT listing FROM marks").fetchone()
        assert today != listing
        decided = store.execute("SELECT action, listing_a, listing_b FROM decisions ORDER BY action").fetchall()
        assert decided == [("merge", 7, today), ("split", today, None)]
        assert store.execute("SELECT listing_a, listing_b FROM labels").fetchall() == [(today, 7)]
        assert store.execute(
            "SELECT count(*) FROM rereads WHERE entries_after = 0 AND entries_before > 0"
        ).fetchall() == [(len(before),)]
    again = pipeline.replay(workspace, since=None, now=LATER + timedelta(days=2))
    assert (again.loaded.snapshots, again.loaded.findings) == (0, ())


def warcs(workspace) -> list[Path]:
    return sorted(path for path in workspace.archive.rglob("*.warc.gz"))


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = b"x" * 40
    path.write_bytes(bytes(data))


def test_a_missing_file_is_told_and_what_was_read_from_it_stays(collected, tmp_path):
    workspace = elsewhere(collected, tmp_path)
    pipeline.replay(workspace, since=None, now=LATER)
    before = observations(workspace)
    lost = warcs(workspace)[1]
    lost.unlink()
    done = pipeline.replay(workspace, since=None, now=LATER)
    assert any(lost.name in finding.said("en") for finding in done.findings)
    assert observations(workspace) == before


@pytest.mark.parametrize("harm", [cut_short, overwritten])
def test_a_damaged_archive_is_told_and_the_rest_is_used(collected, tmp_path, harm):
    workspace = elsewhere(collected, tmp_path)
    whole = set(observations(collected))
    harm(warcs(workspace)[1])
    done = pipeline.replay(workspace, since=None, now=LATER)
    assert done.findings
    rest = set(observations(workspace))
    assert rest
    assert rest <= whole
    assert len(rest) > len(whole) / 2


def test_what_a_killed_run_archived_is_read_by_the_next(collected, tmp_path):
    workspace = elsewhere(collected, tmp_path)
    done = read_unread(workspace, now=morning_of(DAYS))
    assert done.loaded.snapshots > 0
    assert observations(workspace) == observations(collected)
    again = read_unread(workspace, now=morning_of(DAYS))
    assert again.crawls == 0, "what was read is not read again"


def test_the_ledger_knows_what_robots_said_and_how_it_went(collected):
    (entry,) = ledger(collected.db, "google_trends")
    assert entry.robots == "allowed"
    assert entry.robots_at is not None
    assert (entry.last_status, entry.looks_7d) == ("ok", DAYS)
    assert entry.coverage == 0.5, "searches have a title and a count, no price and no rating"
