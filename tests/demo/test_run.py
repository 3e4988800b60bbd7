"""The whole way on a small market: over HTTP, through archive and store, matched, ranked, reported."""

import json
import shutil
from pathlib import Path

import pytest

from trendscout.demo import run
from trendscout.demo.faults import fault_of
from trendscout.demo.goods import CATEGORIES
from trendscout.demo.ledger import NAME
from trendscout.demo.market import morning_of
from trendscout.demo.run import DemoResult, run_demo
from trendscout.demo.server import HOSTS
from trendscout.errors import UsageError
from trendscout.lang import _chinese
from trendscout.pipeline import Place
from trendscout.store.coverage import coverage
from trendscout.store.query import history

DAYS = 6


def play(out: Path, **changes: object) -> DemoResult:
    return run_demo(out, **{"days": DAYS, "seed": 7, "markets": ("UK",)} | changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoResult]:
    out = tmp_path_factory.mktemp("demo") / "out"
    return out, play(out)


def report_of(out: Path) -> bytes:
    (file,) = out.glob("*/report.json")
    return file.read_bytes()


def test_every_list_is_in_the_store(played: tuple[Path, DemoResult]) -> None:
    _, result = played
    with Place(str(result.store), result.archive).store() as connection:
        lists = {one.list_id for one in coverage(connection, now=morning_of(DAYS))}
        seen = history(connection, until=morning_of(DAYS))
    assert {f"amazon_bestsellers_UK/bestsellers/{category}" for category in CATEGORIES} <= lists
    assert {f"aliexpress_UK/search/{category}" for category in CATEGORIES} <= lists
    assert {"google_trends_UK/trending/all", "shopify_UK/new_arrivals/corner-uk.example"} <= lists
    assert len(lists) == len(run.queries(("UK",)))
    amazon = seen.lists.index("amazon_bestsellers_UK/bestsellers/kitchen")
    assert set(seen.snap_depth[seen.snap_list == amazon].tolist()) == {100}


def test_the_report_ranks_and_the_files_are_there(played: tuple[Path, DemoResult]) -> None:
    _, result = played
    assert len(result.report.rows) == 20
    assert result.report.total > 200
    assert result.mornings == DAYS
    assert all(path.exists() for path in (*result.files, result.store, result.archive))


def test_same_seed_same_report_byte_for_byte(played: tuple[Path, DemoResult], tmp_path: Path) -> None:
    out, _ = played
    play(tmp_path / "again")
    assert report_of(tmp_path / "again") == report_of(out)


def test_a_finished_demo_is_not_played_again(played: tuple[Path, DemoResult]) -> None:
    out, result = played
    said: list[str] = []
    again = run_demo(out, days=DAYS, seed=7, markets=("UK",), say=lambda text, **_: said.append(text))
    assert said == []
    assert again.report == result.report


def test_a_killed_demo_goes_on_to_the_same_report(played: tuple[Path, DemoResult], tmp_path: Path) -> None:
    """Killed after collecting day 4 and before noting it: its pages are in archive and store, its line is not."""
    out, result = played
    copy = tmp_path / "killed"
    killed = play(copy, days=DAYS)
    notes = copy / NAME
    lines = notes.read_text().splitlines()
    notes.write_text("\n".join(lines[:-2]) + "\n")
    for folder in copy.glob("2026-*"):
        shutil.rmtree(folder)
    resumed = play(copy)
    assert killed.ours == resumed.ours == result.ours
    assert report_of(copy) == report_of(out)
    with Place(str(resumed.store), resumed.archive).store() as connection:
        seen = history(connection, until=morning_of(DAYS))
    assert len(set(zip(seen.snap_list.tolist(), seen.snap_time.tolist(), strict=True))) == len(seen.snap_time)


def test_a_store_with_other_data_is_refused(played: tuple[Path, DemoResult], tmp_path: Path) -> None:
    out, result = played
    with pytest.raises(UsageError, match="holds other data"):
        play(out, seed=8)
    with pytest.raises(UsageError, match="holds other data"):
        play(tmp_path, db=str(result.store))
    assert json.loads((out / NAME).read_text().splitlines()[0])["seed"] == 7


@pytest.mark.parametrize("markets", [("FR",), (), ("US", "us")])
def test_an_unknown_market_is_refused(tmp_path: Path, markets: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="no market"):
        play(tmp_path, markets=markets)
    assert not list(tmp_path.iterdir())


def test_faults_are_told_and_end_nothing(tmp_path: Path) -> None:
    """A seed whose first day of trouble is early: the day is lost for that host alone."""
    hosts = [host for host, (_, market) in HOSTS.items() if market in ("", "ID")]
    seed = next(n for n in range(200) if any(fault_of(n, host, 3) == "captcha" for host in hosts if "ali" in host))
    result = play(tmp_path, seed=seed, markets=("ID",), days=5)
    # The first list meets the captcha; the host is then left alone, so the second is not asked for.
    assert (result.outcomes["blocked"], result.outcomes["failed"]) == (1, len(CATEGORIES) - 1)
    assert result.faults["captcha"] >= 1
    with Place(str(result.store), result.archive).store() as connection:
        seen = history(connection, until=morning_of(5))
    code = seen.lists.index(f"aliexpress_ID/search/{CATEGORIES[0]}")
    assert int((seen.snap_list == code).sum()) == 4


def test_the_verdict_is_said_in_both_languages(played: tuple[Path, DemoResult]) -> None:
    _, result = played
    english, chinese = result.sentences("en"), result.sentences("zh")
    assert len(english) == len(chinese) >= 3
    assert all(one != other for one, other in zip(english, chinese, strict=True))
    assert "Day {day} of {days}: {date}" in _chinese()
