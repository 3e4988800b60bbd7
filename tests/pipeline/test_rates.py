"""Prices in other currencies: the rate of the day, where it comes from, and what is told of its age."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from trendscout import pipeline
from trendscout.jobs.doctor import examine
from trendscout.model import Entry, Page, Query, ReportQuery, Row, Snapshot
from trendscout.report import phrases
from trendscout.settings.config import Settings
from trendscout.sources.queries import queries_for
from trendscout.steps.load import Crawl, load_crawls
from trendscout.store.load import load_snapshots
from trendscout.store.rates import bank_rates
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
LIST = "shopee_XX/hot/toys"
PRICES = {"GBP": "8.00", "ARS": "1480", "XAU": "1", "USD": "5.00"}
FILE = (Path(__file__).parents[1] / "sources/ecb_rates/ok/page.xml").read_bytes()


def daily_file(day: str, pounds: str = "0.80000") -> bytes:
    return FILE.replace(b"2026-07-17", day.encode()).replace(b"0.83380", pounds.encode())


def collect(workspace: Workspace, body: bytes, at: datetime) -> None:
    query = Query("ecb_rates", "EU", "rates")
    page = Page("https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml", at, 200, {}, body, query)
    list(load_crawls(workspace.writing, [Crawl(query, at, (page,))], loaded_at=at, replace_changed=True))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    found = Workspace.at(tmp_path_factory.mktemp("rates") / "s.duckdb")
    entries = tuple(
        Entry(LIST, rank, currency, title=f"Thing {currency}", price=Decimal(price), currency=currency)
        for rank, (currency, price) in enumerate(PRICES.items(), 1)
    )
    with found.store() as store:
        load_snapshots(store, [Snapshot(LIST, NOW, "ok", entries, depth=4)], loaded_at=NOW)
    collect(found, daily_file("2026-11-27"), NOW)
    collect(found, daily_file("2026-11-26", "0.75000"), NOW - timedelta(days=1))
    pipeline.match(found)
    return found


def rows(workspace: Workspace, home: Path, now: datetime = NOW) -> dict[str, Row]:
    settings = Settings(path=home / "trendscout.toml")
    made = pipeline.report(workspace, ReportQuery(source="shopee"), now=now, settings=settings)
    return {row.facts.item_key: row for row in made.rows}


def test_a_price_is_converted_by_the_days_rate_and_says_which(workspace, tmp_path):
    (tmp_path / "rates.toml").write_text(
        "[ARS]\n2026-11-10 = 1500\n[XAU]\n2026-11-29 = 0.0003\n", encoding="utf-8"
    )
    found = {key: row.facts for key, row in rows(workspace, tmp_path).items()}
    said = {key: (float(f.price_usd or 0), f.rate_day, f.rate_from, f.rate_age_days) for key, f in found.items()}
    assert said == {
        "GBP": (12.5, "2026-11-27", "ecb", 3),
        "ARS": (0.99, "2026-11-10", "own", 20),
        "XAU": (3333.33, "2026-11-29", "own", 1),
        "USD": (5.0, None, "fixed", None),
    }


def test_an_old_rate_is_told_beside_the_price(workspace, tmp_path):
    found = rows(workspace, tmp_path)
    assert phrases.price_band(found["GBP"], "en") == "£8.00 (≈$12.50)"
    assert phrases.price_band(found["ARS"], "en") == "ARS 1,480.00 (≈$0.97, rate 62 days old)"
    assert phrases.price_band(found["ARS"], "zh") == "ARS 1,480.00 (≈$0.97，汇率是 62 天前的)"
    assert found["XAU"].facts.price_usd is None


def test_doctor_says_what_has_no_rate_and_how_old_the_others_are(workspace, tmp_path):
    settings = Settings(path=tmp_path / "trendscout.toml")
    told = [(one.level, one.what.format(**one.fields)) for one in examine(workspace, settings, now=NOW)]
    assert ("warn", "No exchange rate is known for XAU: prices in them have no dollars.") in told
    assert ("ok", "Exchange rates of GBP are 3 days old: of 2026-11-27, from ECB.") in told
    old = "Exchange rates of ARS are 62 days old: of 2026-09-29, from the package's dated table."
    assert ("warn", old) in told
    (tmp_path / "rates.toml").write_text("[ARS]\n2026-11-10 = 0\n", encoding="utf-8")
    told = [one.what.format(**one.fields) for one in examine(workspace, settings, now=NOW)]
    assert any("rates.toml cannot be used" in line for line in told)


def test_rates_are_kept_by_their_day_and_corrected_when_read_anew(tmp_path):
    workspace = Workspace.at(tmp_path / "s.duckdb")
    for at in (NOW, NOW + timedelta(hours=3)):  # the bank was silent: the same day twice
        collect(workspace, daily_file("2026-11-27"), at)
    collect(workspace, daily_file("2026-11-27", "0.50000"), NOW)
    with workspace.store() as store:
        known = bank_rates(store, until=NOW.date())
        assert store.execute("SELECT count(*) FROM rates").fetchone() == (5,)
    assert {code: [(str(day), usd) for day, usd in days] for code, days in known.items()} == {
        "EUR": [("2026-11-27", 1.25)],
        "USD": [("2026-11-27", 1.0)],
        "JPY": [("2026-11-27", 1.25 / 160)],
        "GBP": [("2026-11-27", 2.5)],
        "IDR": [("2026-11-27", 1.25 / 20_000)],
    }
    pipeline.match(workspace)
    with workspace.store() as store:
        assert store.execute("SELECT count(*) FROM match_index").fetchone() == (0,), "a currency is no product"


def test_the_bank_is_asked_whatever_the_users_markets_are():
    asked = {(query.source, query.market) for query in queries_for(Settings(markets=("US",)))}
    assert ("ecb_rates", "EU") in asked
    assert ("eu_safety_gate", "EU") not in asked
