"""Without a network a job says so, drops what there is, and ends as done in part."""

from datetime import UTC, datetime

from trendscout.clock import VirtualClock
from trendscout.findings import said
from trendscout.jobs.doctor import examine
from trendscout.jobs.run import run_job
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import load_job
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
NOBODY = "http://127.0.0.1:9"  # a port that nobody listens on


def test_a_run_without_a_network(tmp_path):
    (tmp_path / "daily.toml").write_text(
        'cron = "30 7 * * *"\n[collect]\nsources = ["google_trends", "producthunt"]\nmarkets = ["US"]\n'
        '[report]\nformats = ["csv"]\n'
    )
    settings = Settings(path=tmp_path / "trendscout.toml")
    workspace = Workspace.at(tmp_path / "s.duckdb")
    job = load_job(tmp_path / "daily.toml", settings)
    done = run_job(job, workspace, settings, lang="en", clock=VirtualClock(NOW), base_url=NOBODY)
    assert done.state == "partial"
    assert "No network: none of 2 sites was reached (google_trends, producthunt)." in said(done.detail, "en")
    (covered,) = (path for path in done.paths if path.endswith("coverage.csv"))
    assert "no connection" in (tmp_path / covered).read_text(encoding="utf-8-sig")
    told = [str(one.fields.get("why")) for one in examine(workspace, settings, now=NOW)]
    assert any(one.startswith("The network is down since 2026-03-02") for one in told)
