"""The inbox: files told apart by themselves, taken once, put away with a word, and never lost."""

import gzip
import json
import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trendscout import pipeline
from trendscout.lang import Lang
from trendscout.steps import inbox as steps
from trendscout.steps.inbox import InboxFile
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
OLD = NOW - timedelta(hours=1)
HISTORY = "list_id,snapshot_at,rank,item,item_key\nsome_US/list,2026-11-19T08:00:00Z,1,Moon lamp,7001\n"


def reply(page: int) -> str:
    items = [{"itemId": str(7001 + 40 * page + n), "name": f"Lamp {n}", "price": "19.90"} for n in range(40)]
    links = {"itemUrl": "//www.lazada.vn/products/x.html"}
    return json.dumps(
        {
            "mods": {"listItems": [item | links for item in items]},
            "mainInfo": {"page": page, "pageSize": 40, "q": "x"},
        }
    )


def put(folder: Path, name: str, data: str | bytes, at: datetime = OLD) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "store.duckdb")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def empty(workspace: Workspace, inbox: Path, lang: Lang = "en", now: datetime = NOW) -> dict[str, InboxFile]:
    files = pipeline.ingest_inbox(workspace, inbox, market=None, now=now, lang=lang, wait=lambda _: None)
    return {one.name: one for one in files}


def counted(workspace: Workspace) -> tuple[int, int]:
    with workspace.store() as connection:
        return connection.execute("SELECT count(*), coalesce(sum(entries), 0)::BIGINT FROM snapshots").fetchall()[
            0
        ]


def test_each_kind_is_taken_and_put_away(workspace: Workspace, inbox: Path) -> None:
    recording = {"log": {"creator": {}, "entries": [
        {"startedDateTime": "2026-11-18T08:00:00Z", "request": {"url": "https://www.lazada.vn/catalog/?q=lamp"},
         "response": {"status": 200, "content": {"text": reply(1)}}}]}}  # fmt: skip
    put(inbox, "lazada/day.har", json.dumps(recording))
    put(inbox, "history.csv", HISTORY)
    with zipfile.ZipFile(inbox / "more.zip", "w") as archive:
        archive.writestr("a/night lamps.json", reply(1))
        archive.writestr(
            "a/packed.har.gz", gzip.compress(json.dumps(recording).replace("11-18", "11-17").encode())
        )
    put(inbox, "poem.txt", "roses are red")
    put(inbox, "growing.html.crdownload", "<html>")
    told = empty(workspace, inbox)
    assert {name: one.state for name, one in told.items()} == {
        "history.csv": "done", "lazada/day.har": "done", "more.zip": "done", "poem.txt": "refused",
    }  # fmt: skip
    assert counted(workspace) == (4, 121)
    there = sorted(path.relative_to(inbox).as_posix() for path in inbox.rglob("*") if path.is_file())
    assert there == [
        "done/2026-11-20/history.csv", "done/2026-11-20/lazada/day.har", "done/2026-11-20/more.zip",
        "growing.html.crdownload", "refused/poem.txt", "refused/poem.txt.txt",
    ]  # fmt: skip
    assert "No source reads it" in (inbox / "refused/poem.txt.txt").read_text()
    assert empty(workspace, inbox) == {}, "what was put away is not met again"


def test_pages_of_one_list_in_several_files_are_one_look(workspace: Workspace, inbox: Path) -> None:
    address = "<!-- saved from url=(0040)https://www.lazada.vn/catalog/?q=lamp&page={} -->"
    for page in (1, 2):
        state = f"<html>{address.format(page)}<script>window.pageData={reply(page)}</script></html>"
        put(inbox, f"p{page}.html", state)
    empty(workspace, inbox)
    assert counted(workspace) == (1, 80)


def test_a_file_that_grows_is_left_for_next_time(workspace: Workspace, inbox: Path) -> None:
    path = put(inbox, "lamps.json", reply(1)[:400], at=NOW)

    def written_on(_: float) -> None:
        put(inbox, "lamps.json", reply(1)[:600], at=NOW)

    (one,) = pipeline.ingest_inbox(workspace, inbox, market=None, now=NOW, lang="en", wait=written_on)
    assert (one.state, path.exists()) == ("waiting", True)
    assert empty(workspace, inbox)["lamps.json"].state == "waiting", "half of a reply that is fresh is not refused"
    put(inbox, "lamps.json", reply(1), at=NOW)
    assert empty(workspace, inbox)["lamps.json"].state == "done"


def test_a_kill_before_a_file_is_put_away_loses_and_doubles_nothing(
    workspace: Workspace, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(inbox, "lamps.json", reply(1))
    put(inbox, "history.csv", HISTORY)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(steps, "_put_away", killed)
        with pytest.raises(KeyboardInterrupt):
            empty(workspace, inbox)
    assert {one.state for one in empty(workspace, inbox).values()} == {"done"}
    assert counted(workspace) == (2, 41)


def test_the_note_beside_a_refused_file_speaks_the_users_language(workspace: Workspace, inbox: Path) -> None:
    put(inbox, "rest.json", "[]")
    put(inbox, "refused/rest.json", "an older one")
    empty(workspace, inbox, lang="zh")
    assert (inbox / "refused/rest.json").read_text() == "an older one"
    assert (inbox / "refused/rest (2).json.txt").exists()


def test_a_job_takes_its_inbox(workspace: Workspace, inbox: Path, tmp_path: Path) -> None:
    from trendscout.jobs.run import run_job
    from trendscout.settings.config import Settings
    from trendscout.settings.jobfile import load_job

    class Clock:
        def now(self) -> datetime:
            return NOW

    (tmp_path / "day.toml").write_text('cron = "0 8 * * *"\n[collect]\ninbox = "inbox"\n')
    settings = Settings(path=tmp_path / "trendscout.toml")
    put(inbox, "lamps.json", reply(1))
    put(inbox, "poem.txt", "roses")
    done = run_job(load_job(tmp_path / "day.toml", settings), workspace, settings, lang="en", clock=Clock())  # type: ignore[arg-type]
    assert [outcome.status for outcome in done.outcomes] == ["ok", "failed"]
    assert done.state == "partial"


def test_a_zip_with_odd_names_stays_in_its_folder(workspace: Workspace, inbox: Path) -> None:
    with zipfile.ZipFile(inbox / "odd.zip", "w") as archive:
        for name in ("../../lamps of night.json", "\x01\x02", "a/" + "x" * 300 + ".json"):
            archive.writestr(name, reply(1))
    os.utime(inbox / "odd.zip", (OLD.timestamp(), OLD.timestamp()))
    assert empty(workspace, inbox)["odd.zip"].state == "done"
    assert not (inbox.parent.parent / "lamps of night.json").exists()
