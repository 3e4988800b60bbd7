"""Google Trends' own downloads, with headers of any language; searches are invented."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from trendscout.errors import UsageError
from trendscout.intake import read_export

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
TIMELINE = "Category: All categories\n\nWeek,moss lantern: (United States),tea egg: (United States)\n"
ROWS = "2026-10-25,23,<1\n2026-11-01,100,0\n"
RELATED = (
    'Category: All categories\n"Moss lantern: (10/18/26 - 11/18/26, Japan)"\n\nTOP\nmoss lantern diy,100\n'
    "moss lamp,82\n\n"
    'RISING\nglowing moss,"+3,700%"\nmoss egg,Breakout\n'
)


def written(folder: Path, text: str) -> Path:
    path = folder / "multiTimeline.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_interest_over_time(tmp_path: Path) -> None:
    export = read_export(written(tmp_path, TIMELINE + ROWS), now=NOW)
    (snapshot,) = export.snapshots
    assert snapshot.list_id == "google_trends_US/interest/moss lantern,tea egg"
    assert snapshot.taken_at == datetime(2026, 11, 1, tzinfo=UTC)
    assert [(e.item_key, e.rank, e.count, e.count_text) for e in snapshot.entries] == [
        ("moss lantern", None, None, "100"),
        ("tea egg", None, None, "0"),
    ]
    assert snapshot.entries[1].extra["curve"] == "1792886400:<1 1793491200:0"
    assert "The values of a curve are not kept in the store: they are in the archive." in tuple(
        map(str, export.findings)
    )


@pytest.mark.parametrize(
    ("category", "head", "market"),
    [
        ("カテゴリ: すべてのカテゴリ", "月,苔ランタン: (日本)", "JP"),
        ("类别：所有类别", "月,苔藓灯: (美国)", "US"),
        ("Categoria: Todas as categorias", "Mês,lanterna: (Brasil)", "BR"),
        ("カテゴリ: すべてのカテゴリ", "月,苔ランタン: (すべての国)", "XX"),
    ],
)
def test_headers_of_any_language(tmp_path: Path, category: str, head: str, market: str) -> None:
    export = read_export(written(tmp_path, f"{category}\n\n{head}\n2026-09,5\n2026-10,7\n"), now=NOW)
    (snapshot,) = export.snapshots
    assert snapshot.list_id.startswith(f"google_trends_{market}/interest/")
    assert (snapshot.entries[0].count_text, snapshot.taken_at) == ("7", datetime(2026, 10, 1, tzinfo=UTC))


def test_related_searches(tmp_path: Path) -> None:
    export = read_export(written(tmp_path, RELATED), now=NOW)
    top, rising = export.snapshots
    assert (top.list_id, rising.list_id) == (
        "google_trends_JP/related_top/Moss lantern",
        "google_trends_JP/related_rising/Moss lantern",
    )
    assert [(e.rank, e.item_key, e.count_text) for e in top.entries] == [
        (1, "moss lantern diy", "100"),
        (2, "moss lamp", "82"),
    ]
    assert [(e.rank, e.item_key, e.count_text) for e in rising.entries] == [
        (1, "glowing moss", "+3,700%"),
        (2, "moss egg", "Breakout"),
    ]


def test_trending_now(tmp_path: Path) -> None:
    text = (
        "Trends,Search volume,Started,Ended,Trend breakdown,Explore link\n"
        'moss lantern,200K+,2026-11-19 03:20,,"moss lantern,moss lamp",https://trends.google.com/trends/explore?q=m\n'
    )
    export = read_export(written(tmp_path, text), now=NOW, market="US")
    ((entry,),) = (snapshot.entries for snapshot in export.snapshots)
    assert (export.profile, entry.rank, entry.item_key) == ("google_trending", 1, "moss lantern")
    assert (entry.count, entry.count_floor, entry.count_kind) == (200_000, True, "searches")


@pytest.mark.parametrize(
    "text",
    [
        "Category: All categories\n\nWeek,moss lantern\n2026-10-25,23\n",
        "Category: All categories\nMoss lantern: (x, Japan)\nTOP\nmoss,lamp,100\n",
        "Note: exported\n\nTitle,Colour\nOwl,blue\n",
    ],
)
def test_what_is_no_download_is_not_taken_for_one(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        read_export(written(tmp_path, text), now=NOW)
