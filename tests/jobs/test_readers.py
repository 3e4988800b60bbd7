"""Several readers of one collection: each job with its own marks, costs, packs and language; feeds of changes."""

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest

from trendscout import pipeline
from trendscout.clock import VirtualClock
from trendscout.errors import ConfigError
from trendscout.jobs.run import run_job
from trendscout.model import ReportQuery
from trendscout.settings.config import Settings, load_settings
from trendscout.settings.jobfile import load_job
from trendscout.store import products
from trendscout.store.workspace import Workspace

LIST = "amazon_bestsellers_US/bestsellers/kitchen"
TITLES = ("Bamboo tray", "Steel kettle", "Glass jar", "Wool rug", "Cork mat", "Oak bowl", "Tin lamp")
NOW = datetime(2026, 7, 9, 7, tzinfo=UTC)
PACK = '[title]\nen = "Anything"\n[about]\nen = "x"\n[[lines]]\nvalue = "rank"\nat_least = 1\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, and what everyone and anna say of it."""
    folder = tmp_path_factory.mktemp("readers")
    rows = ["list_id,snapshot_at,rank,item_key,item"]
    for day, number in itertools.product(range(1, 9), range(1, len(TITLES) + 1)):
        rows.append(
            f"{LIST},2026-07-{day:02}T06:00:00Z,{(number + day) % 5 + 1},B00000000{number},Good {number} lamp"
        )
    (folder / "history.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "trendscout.toml").write_text('lang = "en"\nmarkets = ["US"]\n', encoding="utf-8")
    place = Workspace.at(folder / "trendscout.duckdb")
    pipeline.import_file(place, folder / "history.csv", profile=None, market=None, at=None, now=NOW)
    pipeline.match(place)
    (folder / "readers" / "anna" / "packs").mkdir(parents=True)
    (folder / "readers" / "anna" / "packs" / "hers.toml").write_text(PACK, encoding="utf-8")
    for name, more in {"anna": 'lang = "zh"', "ben": 'lang = "en"'}.items():
        (folder / f"{name}.toml").write_text(
            f'cron = "0 6 * * *"\nreader = "{name}"\n[report]\nformats = ["json", "atom"]\n{more}\n',
            encoding="utf-8",
        )
    return folder


def report_of(home: Path, name: str, now: datetime) -> tuple[dict, bytes]:
    """The report and the feed that a reader's job drops."""
    settings = load_settings(home / "trendscout.toml")
    job = load_job(home / f"{name}.toml", settings)
    place = Workspace.at(home / "trendscout.duckdb")
    done = run_job(job, place, settings, lang="en", clock=VirtualClock(now))
    files = {Path(path).suffix: Path(path).read_bytes() for path in done.paths}
    return json.loads(files[".json"]), files[".atom"]


@pytest.mark.slow
def test_each_reader_has_their_own_marks_and_packs_and_a_feed_of_what_changed(home: Path) -> None:
    place = Workspace.at(home / "trendscout.duckdb")
    shown = pipeline.report(place, ReportQuery(), now=NOW, settings=Settings()).rows
    first, second, *rest = (row.facts.item_key for row in shown)
    for item, word, reader in ((first, "watch", ""), (first, "mine", "anna"), (second, "ignore", "ben")):
        pipeline.mark(place, item, word, "", now=NOW, reader=reader)
    (anna, feed), (ben, other) = (report_of(home, name, NOW) for name in ("anna", "ben"))
    marks = [{row["item_key"]: row["mark"] for row in made["rows"]} for made in (anna, ben)]
    assert marks == [
        {first: "mine", second: "", **dict.fromkeys(rest, "")},
        {first: "watch", **dict.fromkeys(rest, "")},
    ]
    assert all("hers" in row["packs"] for row in anna["rows"])
    assert not any("hers" in row["packs"] for row in ben["rows"])
    told = [feedparser.parse(text) for text in (feed, other)]
    assert [one.feed.language for one in told] == ["zh", "en"]
    assert [len(one.entries) for one in told] == [len(shown), len(shown) - 1]
    _, again = report_of(home, "anna", NOW.replace(day=10))
    assert feedparser.parse(again).entries == []  # nothing changed since the first


def test_a_mark_taken_away_shows_everyones_again(home: Path) -> None:
    place = Workspace.at(home / "trendscout.duckdb")

    def mark_of(reader: str) -> str:
        with place.store() as connection:
            found = products.marks(connection, reader=reader)
            named = products.find_product(connection, "B000000004").product
        return found.get(named, ("", ""))[0]

    pipeline.mark(place, "B000000004", "watch", "", now=NOW)
    pipeline.mark(place, "B000000004", "mine", "", now=NOW, reader="cleo")
    assert [mark_of(name) for name in ("", "cleo", "dora")] == ["watch", "mine", "watch"]
    pipeline.mark(place, "B000000004", "none", "", now=NOW, reader="cleo")
    assert mark_of("cleo") == "watch"
    pipeline.mark(place, "B000000004", "none", "", now=NOW)
    assert mark_of("") == ""


def test_what_a_reader_has_no_file_of_is_everyones(home: Path) -> None:
    anna = load_settings(home / "trendscout.toml").read_by("anna")
    assert anna.own("packs") == home / "readers" / "anna" / "packs"
    assert anna.own("costs.toml") == home / "costs.toml"


@pytest.mark.parametrize("name", ["../../etc", "a/b", "-x", "x" * 41, "a b"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        Settings().read_by(name)
    (tmp_path / "job.toml").write_text(f'cron = "0 6 * * *"\nreader = "{name}"\n', encoding="utf-8")
    with pytest.raises(ConfigError):
        load_job(tmp_path / "job.toml", Settings())
