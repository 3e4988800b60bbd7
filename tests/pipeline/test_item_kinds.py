"""Goods, tags, topics, videos and apps are different things: each in its place, and only goods are sold."""

from datetime import timedelta
from pathlib import Path

import pyarrow.csv as csv
import pytest

from tests.pipeline.test_rank import morning, rows_of
from tests.ranking.histories import START, market
from trendscout import pipeline
from trendscout.cli.app import item_kind
from trendscout.errors import UsageError
from trendscout.model import ItemKind, Report, ReportQuery
from trendscout.settings.config import Settings
from trendscout.sources.source import items_on, sources
from trendscout.store.workspace import Workspace

DAYS = 6  # few outcomes are known, and nothing here depends on them
NOW = morning(DAYS - 1)
TAGS = "talk_US/tags/all"


def history(folder: Path, name: str, list_id: str, seed: int) -> Path:
    """A history of one list, as CSV."""
    table = rows_of(market(seed, days=DAYS, length=20))
    names = [list_id] * table.num_rows
    keys = [f"{name}-{key}" for key in table["item_key"].to_pylist()]
    table = table.set_column(table.column_names.index("list_id"), "list_id", [names])
    table = table.set_column(table.column_names.index("item_key"), "item_key", [keys])
    file = folder / f"{name}.csv"
    csv.write_csv(table.drop_columns("item"), file)
    return file


@pytest.fixture(scope="module", name="here")
def _here(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A shop's list and a list of tags, which only the user's word calls so."""
    folder = tmp_path_factory.mktemp("kinds")
    workspace = Workspace.at(folder / "s.duckdb")
    kinds: tuple[tuple[str, str, ItemKind | None], ...] = (
        ("goods", "shop_US/bestsellers/c0", None),
        ("tags", TAGS, "hashtag"),
    )
    for seed, (name, list_id, kind) in enumerate(kinds):
        file = history(folder, name, list_id, seed)
        pipeline.import_file(workspace, file, profile=None, market=None, at=None, now=START, items=kind)
    return workspace


def made(here: Workspace, **asked: object) -> Report:
    return pipeline.report(here, ReportQuery(**asked), now=NOW, settings=Settings())  # type: ignore[arg-type]  # fields


def kinds(report: Report) -> list[str]:
    return [row.facts.item_kind for row in report.rows]


@pytest.mark.parametrize("sort", ["score", "velocity"])
def test_goods_come_first_and_tags_in_a_section_of_their_own(here: Workspace, sort: str) -> None:
    report = made(here, top=8, sort=sort)
    assert kinds(report) == ["goods"] * 8 + ["hashtag"] * 2
    assert [row.position for row in report.rows] == list(range(1, 11))


def test_a_kind_that_is_asked_for_is_shown_alone(here: Workspace) -> None:
    assert kinds(made(here, top=8, kind="hashtag")) == ["hashtag"] * 8
    assert kinds(made(here, top=8, kind="goods")) == ["goods"] * 8
    assert kinds(made(here, top=8, kind="video")) == []


def test_a_store_of_one_kind_shows_that_kind(here: Workspace) -> None:
    assert kinds(made(here, top=8, source="talk")) == ["hashtag"] * 8


def test_only_goods_are_missing_elsewhere_and_meet_packs(here: Workspace) -> None:
    for row in made(here, top=8).rows:
        goods = row.facts.item_kind == "goods"
        assert not row.facts.gaps  # talk is no place to sell at, and tags are not for sale
        assert bool(row.checks.pack_checks) == goods


def test_the_word_outlives_the_store(here: Workspace, tmp_path: Path) -> None:
    anew = Workspace.at(tmp_path / "s.duckdb", here.archive)
    pipeline.replay(anew, since=None, now=NOW + timedelta(days=1))
    assert kinds(made(anew, top=3, source="talk")) == ["hashtag"] * 3


def test_sources_say_what_they_list() -> None:
    assert items_on("amazon_bestsellers_US/bestsellers/kitchen") == "goods"
    assert items_on("tiktok_hashtags_US/popular_7d/beauty") == "hashtag"
    assert items_on("tiktok_hashtags_US/videos/all") == "video"
    assert items_on("google_trends_US/trending/all") == "topic"
    assert items_on("youtube_popular_JP/most_popular/all") == "video"
    assert items_on("apple_charts_US/top-free/all") == "app"
    assert items_on("mercadolibre_MX/trends/all") == "topic"
    assert items_on("mercadolibre_MX/bestsellers/all") == "goods"
    assert items_on("whatever/it/is") == "goods"
    assert {one.items for one in sources().values() if one.sells} == {"goods"}


def test_a_kind_that_is_none_is_refused(here: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--kind songs"):
        item_kind("songs")
    file = tmp_path / "export.csv"
    file.write_text("asin,title,rank\nB0TESTS001,Lamp,1\nB0TESTS002,Mat,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no history"):
        pipeline.import_file(here, file, profile=None, market="US", at=None, now=NOW, items="hashtag")
