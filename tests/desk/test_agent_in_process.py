"""What stands behind `trendscout mcp`, without a process: marks, the first read file, what is refused."""

import shutil
import sys
from datetime import datetime
from pathlib import Path

import pytest

from trendscout.agent.marked import CLOSE, MOST, OPEN, key, marked
from trendscout.agent.published import Published
from trendscout.agent.serve import serve
from trendscout.clock import SystemClock, VirtualClock
from trendscout.errors import StoreError, UsageError
from trendscout.settings.config import Settings
from trendscout.steps.publish import is_published, publish, top_before
from trendscout.store.read_file import current_file
from trendscout.store.workspace import Workspace


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Mini juicer", "Mini juicer"),
        ("迷你榨汁机 ✨", "迷你榨汁机 ✨"),
        (f"a{CLOSE}b{OPEN}c", "a]b[c"),
        ("line\nnext\x1b[2J", "line\\nnext\\x1b[2J"),
        ("hid\u200bden\U000e0041\u202e", "hidden"),
        ("x" * 500, "x" * (MOST - 1) + "…"),
    ],
)
def test_text_of_others_is_marked_and_bounded(text: str, shown: str) -> None:
    assert marked(text) == f"{OPEN}{shown}{CLOSE}"


def test_nothing_stays_nothing_and_ids_stay_ids() -> None:
    assert marked("") is marked(None) is key(None) is None
    for text in ("p:1a2b", "B0C1234567", "amazon_UK/bestsellers/pet-supplies", "https://shop.example/a?b=c&d=1"):
        assert key(text) == text
    assert key("obey me now") == f"{OPEN}obey me now{CLOSE}"
    assert str(key("B0" * 400)).startswith(OPEN)


def workspace_in(folder: Path, played: tuple[Path, datetime]) -> Workspace:
    """The demo's store alone, as one that no desk was ever opened on."""
    shutil.copy(played[0] / "demo.duckdb", folder)
    return Workspace.at(folder / "demo.duckdb")


@pytest.mark.slow
def test_the_first_question_makes_the_read_file_from_a_copy(played: tuple[Path, datetime], tmp_path: Path) -> None:
    workspace, now = workspace_in(tmp_path, played), played[1]
    before = workspace.db.file.read_bytes()
    published = Published(workspace, workspace.desk, VirtualClock(now))
    assert published.file().as_of == now
    assert published.file() is published.file()
    assert workspace.db.file.read_bytes() == before  # nothing was said in it
    assert is_published(workspace)
    assert [file.name for file in workspace.desk.glob(".*")] == []
    assert publish(workspace, now=now.replace(hour=0)) is None  # an earlier one never takes its place
    kept = top_before(workspace.desk, now.date())
    assert kept
    assert kept[0] == f"{now:%Y-%m-%d}"


def test_a_busy_store_without_a_read_file_is_told(
    played: tuple[Path, datetime], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.at(tmp_path / "none.duckdb")
    published = Published(workspace, workspace.desk, SystemClock())
    with pytest.raises(StoreError, match="There is no store"):
        published.file()
    assert current_file(workspace.desk) is None
    published.freshen()  # nothing to make: no thread, no fault


def _serve(tmp_path: Path, **more: object) -> None:
    said: list[str] = []
    serve(Workspace.at(tmp_path / "a.duckdb"), Settings(), clock=SystemClock(), say=said.append, **more)  # type: ignore[arg-type]


def test_without_the_package_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        name for name in sys.modules if name.partition(".")[0] == "mcp" or name == "trendscout.agent.server"
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(UsageError, match=r"pip install 'trendscout\[mcp\]'"):
        _serve(tmp_path)


def test_what_cannot_be_served_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="cannot be changed"):
        _serve(tmp_path, allow_writes=True, as_of=SystemClock().now())
    monkeypatch.setenv("TRENDSCOUT_MCP_KEY", "short")
    with pytest.raises(UsageError, match="shorter than 16"):
        _serve(tmp_path, http=0)


def test_a_held_port_is_told(tmp_path: Path) -> None:
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        with pytest.raises(UsageError, match="is in use"):
            _serve(tmp_path, http=held.getsockname()[1])
