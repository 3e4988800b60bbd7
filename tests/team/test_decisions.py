"""The user's word on matching holds at once and for ever, in a file and in a lake."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from trendscout import pipeline
from trendscout.errors import UsageError
from trendscout.steps.match import match_store
from trendscout.store.histories import import_history
from trendscout.store.products import marks
from trendscout.store.runs import remember
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 5, 2, tzinfo=UTC)
TITLES = (
    "Zunova Portable Mini Juicer Cup USB Rechargeable 400ml ZB-210",
    "USB rechargeable juicer cup Zunova ZB-210, portable mini, 0.4L",
    "Zunova ZB-210 mini juicer cup portable 400 ml USB rechargeable",
)
OTHER = "Brindle ceramic garden gnome with lantern, 30 cm"


def listed(folder, titles, day=1):
    lines = [
        f"shop{place}_best/US/bestsellers/x,2026-05-{day:02}T06:00:00Z,1,{title!r},k{place}{day},".replace(
            "'", '"'
        )
        for place, title in enumerate(titles)
    ]
    file = folder / f"{day}.csv"
    file.write_text("\n".join(["list_id,snapshot_at,rank,item,item_key,count", *lines]), encoding="utf-8")
    return file


@pytest.fixture(params=["file", pytest.param("lake", marks=pytest.mark.long)])
def workspace(request, tmp_path):
    """Where a store is; in a lake each of these tests takes ten seconds and more."""
    if request.param == "file":
        return Workspace.at(tmp_path / "store.duckdb")
    return Workspace.at(request.getfixturevalue("lake"))


@pytest.fixture
def matched(workspace, tmp_path):
    """A workspace where three listings of a juicer are one product, beside a gnome."""
    with workspace.writing() as store:
        import_history(store, listed(tmp_path, (*TITLES, OTHER)), loaded_at=NOW)
        match_store(store)
    return workspace


def products(workspace) -> dict[str, str]:
    """Item key → product."""
    with workspace.store() as store:
        return dict(
            store.execute("SELECT item_key, product_id FROM listings JOIN memberships USING (listing)").fetchall()
        )


def test_a_split_holds_through_later_runs_and_a_merge_takes_it_back(matched, tmp_path):
    before = products(matched)
    assert len({before[key] for key in ("k01", "k11", "k21")}) == 1
    done = pipeline.decide(matched, "split", before["k01"], None, now=NOW)
    assert done.before == (before["k01"],)
    assert len(done.after) == 3
    assert before["k01"] in done.after
    after = products(matched)
    assert {after[key] for key in ("k01", "k11", "k21")} == set(done.after)
    assert after["k31"] == before["k31"]
    pipeline.match(matched)
    assert products(matched) == after
    with matched.writing() as store:
        import_history(store, listed(tmp_path, (*TITLES, OTHER), day=2), loaded_at=NOW)
    pipeline.match(matched)
    assert {key: its for key, its in products(matched).items() if key in after} == after
    with matched.store() as store:
        verdicts = store.execute(
            "SELECT verdict FROM memberships GROUP BY product_id, verdict HAVING count(*) = 1"
        )
        assert verdicts.fetchall()
        store.execute("DELETE FROM match_index")  # matched anew, as after an update
        store.execute("DELETE FROM memberships")
    pipeline.match(matched)
    assert len({products(matched)[key] for key in ("k01", "k11", "k21")}) == 3
    again = pipeline.decide(matched, "merge", "k01", "k11", now=NOW + timedelta(days=1))
    assert len(again.after) == 1
    assert products(matched)["k01"] == products(matched)["k11"] != products(matched)["k21"]


def test_a_merge_holds_through_later_runs_and_a_split_takes_it_back(matched):
    done = pipeline.decide(matched, "merge", "k01", "k31", now=NOW)
    assert len(done.before) == 2
    pipeline.match(matched)
    assert len(set(products(matched).values())) == 1
    with matched.store() as store:
        (said,) = store.execute(
            "SELECT verdict, m.reason FROM memberships m JOIN listings USING (listing) WHERE item_key = 'k31'"
        ).fetchall()
        assert said == ("same", "you said so")
    pipeline.decide(matched, "split", "k31", None, now=NOW + timedelta(days=1))
    assert len(set(products(matched).values())) == 4


def test_variants_are_kept_apart_and_counted(matched):
    done = pipeline.decide(matched, "variants", "k01", "k31", now=NOW)
    assert done.before == done.after
    with matched.store() as store:
        kin = "SELECT count(*), any_value(kind) FROM kinships WHERE reason = 'you said so'"
        assert store.execute(kin).fetchall() == [(3, "variant")]
    pipeline.decide(matched, "variants", "k01", None, now=NOW + timedelta(days=1))
    assert len(set(products(matched).values())) == 4


def test_a_store_that_an_older_matcher_joined_is_joined_anew_and_told(matched):
    before = products(matched)
    with matched.writing() as store:
        store.execute("UPDATE memberships SET product_id = ?", [before["k01"]])
        store.execute("UPDATE match_index SET product_id = ?", [before["k01"]])
        store.execute("UPDATE facts SET value = '1' WHERE name = 'matcher'")
    pipeline.mark(matched, "k31", "mine", "in stock", now=NOW)
    done = pipeline.match(matched)
    assert done.anew is not None
    assert (done.anew.products_before, done.anew.products_after) == (1, 2)
    assert (done.anew.undone, done.anew.made) == (3, 0)
    assert products(matched) == before
    with matched.store() as store:
        assert marks(store) == {before["k31"]: ("mine", "in stock")}
    assert pipeline.match(matched).anew is None


def test_what_changes_nothing_is_an_error(matched):
    with pytest.raises(UsageError):
        pipeline.decide(matched, "split", "k31", None, now=NOW)
    with pytest.raises(UsageError):
        pipeline.decide(matched, "merge", "k01", "k11", now=NOW)
    with matched.store() as store:
        assert store.execute("FROM decisions").fetchall() == []


def test_a_doubtful_join_of_a_shown_row_is_asked_once_and_the_answer_holds(matched, tmp_path):
    with matched.writing() as store:
        product = products(matched)["k01"]
        store.execute(
            "UPDATE memberships SET verdict = 'likely', probability = 0.5 WHERE product_id = ?", [product]
        )
        remember(store, "terminal", json.dumps({product: {"position": 3}}), NOW)
    (doubt,) = pipeline.doubts(matched, now=NOW)
    assert (doubt.position, doubt.product, doubt.verdict) == (3, product, "likely")
    assert pipeline.judge(matched, doubt, "D", now=NOW) == (0, 1)
    parted = products(matched)
    with matched.store() as store:
        key = dict(store.execute("SELECT listing, item_key FROM listings").fetchall())
    assert parted[key[doubt.listing]] != parted[key[doubt.other]]
    asked = [(one.listing, one.other) for one in pipeline.doubts(matched, now=NOW)]
    assert (doubt.listing, doubt.other) not in asked
    with matched.store() as store:
        assert store.execute("SELECT judgement, verdict, probability FROM labels").fetchall() == [
            ("D", "likely", 0.5)
        ]


def test_five_doubts_a_day_are_enough(matched):
    with matched.store() as store:
        remember(store, "terminal", json.dumps({its: {"position": 1} for its in products(matched).values()}), NOW)
        store.execute("UPDATE memberships SET verdict = 'likely', probability = 0.5 WHERE verdict <> 'alone'")
        row = [NOW.replace(tzinfo=None), 1, 2, "S", "likely", 0.5, 2]
        store.executemany("INSERT INTO labels VALUES (?, ?, ?, ?, ?, ?, ?)", [row] * 5)
    assert pipeline.doubts(matched, now=NOW + timedelta(hours=1)) == []
    assert pipeline.doubts(matched, now=NOW + timedelta(days=2)) != []
