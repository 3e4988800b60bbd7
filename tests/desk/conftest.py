"""One small demo, published for the desk, and ways to ask it: in this process, over a real port, in a browser."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from open_desk import FLAGS, Open, apart, chromium_path, opened

from trendscout.demo.run import run_demo
from trendscout.desk.app import application
from trendscout.desk.guard import Guard
from trendscout.desk.serve import bind
from trendscout.steps.publish import publish
from trendscout.store.workspace import Workspace

DAYS = 8
REQUIRED = os.environ.get("TRENDSCOUT_REQUIRE_BROWSER") == "1"


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """A folder with a week of one market's demo, published."""
    out = tmp_path_factory.mktemp("desk") / "out"
    result = apart(lambda: run_demo(out, days=DAYS, seed=7, markets=("UK",)))
    workspace = Workspace.at(str(result.store), result.archive)
    workspace.desk.mkdir()
    publish(workspace, now=result.report.as_of)
    return out, result.report.as_of


@pytest.fixture(scope="session")
def seen(played: tuple[Path, datetime]) -> Open:
    """A desk that is only looked at."""
    return opened(*played)


@pytest.fixture
def own(played: tuple[Path, datetime], tmp_path: Path) -> Open:
    """A desk on a copy of the store, to be changed."""
    shutil.copytree(played[0], tmp_path / "out")
    return opened(tmp_path / "out", played[1])


@pytest.fixture
def served() -> Iterator[Callable[[Open], Open]]:
    """Serves a desk on a real port."""
    running: list[tuple[uvicorn.Server, threading.Thread, socket.socket]] = []

    def start(open_: Open) -> Open:
        bound = bind(0, open_.desk.folder)
        port = bound.getsockname()[1]
        open_.port = port
        open_.guard = Guard(application(open_.desk), open_.keys, port, "/clip")
        config = uvicorn.Config(
            open_.guard, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        running.append((server, thread, bound))
        return open_

    yield start
    for server, thread, bound in running:
        server.should_exit = True
        thread.join(5)
        bound.close()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    if chromium_path() is None:
        if REQUIRED:
            pytest.fail("TRENDSCOUT_REQUIRE_BROWSER is set and there is no chromium")
        pytest.skip("there is no chromium here (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Any) -> Iterator[Any]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
    yield browser
    browser.close()
