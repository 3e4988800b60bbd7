"""Categories of the seller's own that come back too often: matched to lists, weighted by sales, told where not."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from trendscout import pipeline
from trendscout.errors import ConfigError
from trendscout.model import Entry, Flag, ReportQuery, Snapshot
from trendscout.settings.config import Settings
from trendscout.steps.red_ocean import read_table
from trendscout.store.load import load_snapshots
from trendscout.store.stock import returned_categories
from trendscout.store.workspace import Workspace
from trendscout.text.categories import alike

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LISTS = ["kitchen", "toys-and-games", "home-garden", "pet-supplies", "3733551"]
HEAD = "SKU,ASIN,产品名称,近30天销量,退货率,可用库存,采购单价(元),产品重量(kg),站点,品类\n"


@pytest.mark.parametrize(
    ("own", "meant"),
    [
        ("Kitchen", {"kitchen"}),
        ("厨房", {"kitchen"}),
        ("厨房用品", {"kitchen"}),
        ("玩具", {"toys-and-games"}),
        ("宠物用品", {"pet-supplies"}),
        ("家居", {"home-garden"}),
        ("手机壳", set()),
    ],
)
def test_an_own_category_is_found_among_the_lists(own, meant):
    assert alike(own, LISTS, {}) == meant
    assert alike(own, LISTS, {own: ["3733551", "elsewhere"]}) == {"3733551"}, "the user's table counts first"
    assert alike(own, LISTS, {own: []}) == set()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    folder = tmp_path_factory.mktemp("ocean")
    found = Workspace.at(folder / "s.duckdb")
    looks = []
    for number, category in enumerate(("kitchen", "toys-and-games"), 1):
        name = f"amazon_bestsellers_US/bestsellers/{category}"
        entry = Entry(name, 1, f"B00000000{number}", title=f"Thing {number}", price=Decimal(9), currency="USD")
        looks.append(Snapshot(name, NOW, "ok", (entry,), depth=1))
    with found.store() as store:
        load_snapshots(store, looks, loaded_at=NOW)
    rows = [f"K{n},,锅{n},100,25%,5,10,1,美国,厨房\n" for n in range(20)]
    rows += [
        "G1,,轮,900,5%,5,10,1,美国,玩具\n",
        "G2,,车,100,60%,5,10,1,美国,玩具\n",
    ]  # 10.5 % by sales, 32.5 % by SKU
    rows += ["P1,,壳,10,40%,5,10,1,美国,手机壳\n", "P2,,膜,,20%,5,10,1,美国,贴膜\n"]
    (folder / "erp.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
    pipeline.import_file(found, folder / "erp.csv", profile=None, market=None, at=None, now=NOW)
    pipeline.match(found)
    return found


def test_a_rate_is_weighted_by_sales(workspace):
    with workspace.store() as store:
        found = {one.category: (round(one.rate, 4), one.goods) for one in returned_categories(store)}
    assert found == {"玩具": (0.105, 2), "贴膜": (0.2, 1), "厨房": (0.25, 20), "手机壳": (0.4, 1)}


def test_goods_of_a_matched_category_are_flagged_and_the_rest_is_told(workspace, tmp_path):
    settings = Settings(path=tmp_path / "trendscout.toml")
    made = pipeline.report(workspace, ReportQuery(), now=NOW, settings=settings)
    flags = {
        row.facts.category: [flag for flag in row.checks.flags if flag.code == "red_ocean"] for row in made.rows
    }
    assert flags == {
        "kitchen": [Flag("red_ocean", "25% of your own goods of 厨房 come back")],
        "toys-and-games": [],
    }
    (note,) = (str(note) for note in made.notes if note.code.startswith("red_ocean"))
    assert note.startswith("3 of your categories come back over 15%, 1 matched to a list.")
    assert "手机壳 40%, 贴膜 20%" in note


def test_the_users_table_matches_the_rest(workspace, tmp_path):
    table = '"手机壳" = ["toys-and-games"]\n"贴膜" = "kitchen"\n'
    (tmp_path / "categories.toml").write_text(table, encoding="utf-8")
    settings = Settings(path=tmp_path / "trendscout.toml")
    made = pipeline.report(workspace, ReportQuery(), now=NOW, settings=settings)
    rules = {
        row.facts.category: flag.rule for row in made.rows for flag in row.checks.flags if flag.code == "red_ocean"
    }
    assert rules["toys-and-games"] == "40% of your own goods of 手机壳 come back"
    assert rules["kitchen"] == "25% of your own goods of 厨房 come back", "the worst is said"
    assert [str(one)[:40] for one in made.notes if one.code == "red_ocean"] == [
        "3 of your categories come back over 15%,"
    ]
    (tmp_path / "categories.toml").write_text('"厨房" = 5', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"categories\.toml"):
        read_table(tmp_path / "categories.toml")
