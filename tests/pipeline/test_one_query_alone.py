"""What goes wrong with one query, theirs or ours, costs that query: the others come, and the report is made."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trendscout import pipeline
from trendscout.clock import VirtualClock
from trendscout.findings import said
from trendscout.jobs.run import run_job
from trendscout.model import Entry, Page, Query
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import load_job
from trendscout.sources import source as sources
from trendscout.sources.source import Reader, get_source
from trendscout.store.workspace import Workspace

PAGE = Path(__file__).parents[1] / "sources/amazon_bestsellers/ok_grid/page.html"
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SETTINGS = Settings(contact="t@market.example", markets=("US",))


@pytest.fixture
def site() -> Iterator[str]:
    """A shop in which one category is gone, one moves to a name that none can have, and the others are there."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"" if self.path.endswith("robots.txt") else PAGE.read_bytes()
            if "pg=2" in self.path:  # other goods
                body = body.replace(b"B0", b"B1")
            self.send_response(404 if "gone" in self.path else 302 if "moved" in self.path else 200)
            if "moved" in self.path:
                self.send_header("Location", "http://xn--ls8h.example/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()


def lists(*categories: str, source: str = "amazon_bestsellers") -> list[Query]:
    return [Query(source, "US", "bestsellers", category) for category in categories]


def snapshots(workspace: Workspace) -> list[tuple[object, ...]]:
    with workspace.store() as store:
        query = "SELECT list_id, taken_at, status, reason FROM snapshots JOIN lists USING (list_key) ORDER BY ALL"
        return store.execute(query).fetchall()


def test_a_list_that_is_gone_or_moved_keeps_nobody_from_the_others(site: str, tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path / "s.duckdb", tmp_path / "archive")
    for day in range(4):  # a host that were blamed would be left alone for longer each day
        clock = VirtualClock(START.replace(day=day + 1))
        queries = lists("gone", "kitchen", "moved", "toys")
        outcomes = pipeline.collect(workspace, queries, SETTINGS, clock=clock, base_url=site)
        by_name = {outcome.query.category: outcome for outcome in outcomes}
        assert [by_name[name].status for name in ("gone", "kitchen", "moved", "toys")] == [
            "failed", "ok", "failed", "ok",
        ]  # fmt: skip
        assert "a missing page (HTTP 404)" in said(by_name["gone"].findings, "en")
        assert not any(outcome.fault for outcome in outcomes)
    again = Workspace.at(tmp_path / "again.duckdb", workspace.archive)
    pipeline.replay(again, since=None, now=START.replace(day=9))
    told = [row for row in snapshots(workspace) if not str(row[0]).endswith("moved")]  # no reply came of that one
    assert snapshots(again) == told
    assert len(told) == 12


def test_a_bug_in_one_reader_is_told_and_the_report_is_made(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Page) -> Iterator[Entry]:
        raise KeyError("MARK")

    amazon = get_source("amazon_bestsellers")
    bad = replace(amazon, name="broken_list", readers=(Reader("only", lambda _: True, broken),))
    monkeypatch.setattr(sources, "_declared", {"broken_list": bad})
    (tmp_path / "daily.toml").write_text(
        'cron = "0 0 * * *"\n[collect]\nsources = ["broken_list", "amazon_bestsellers"]\nmarkets = ["US"]\n'
        'categories = ["kitchen"]\n[report]\nformats = ["csv"]\n'
    )
    settings = replace(SETTINGS, path=tmp_path / "trendscout.toml")
    job = load_job(tmp_path / "daily.toml", settings)
    workspace = Workspace.at(tmp_path / "s.duckdb", tmp_path / "archive")
    done = run_job(job, workspace, settings, lang="en", clock=VirtualClock(START), base_url=site)
    by_name = {outcome.query.source: outcome for outcome in done.outcomes}
    assert by_name["amazon_bestsellers"].status == "ok"
    assert by_name["broken_list"].fault
    assert "a fault of trendscout itself: KeyError at" in said(by_name["broken_list"].findings, "en")
    assert "MARK" not in said(by_name["broken_list"].findings, "en")
    assert done.state == "partial"
    assert any(path.endswith(".csv") for path in done.paths), "what this very run collected is in the report"
