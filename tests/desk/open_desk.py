"""A desk on a store, and ways to ask it in this process."""

import asyncio
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from trendscout.clock import VirtualClock
from trendscout.desk.app import Desk, application
from trendscout.desk.guard import Guard, Keys, keys_in
from trendscout.desk.pages import View
from trendscout.desk.words import Words
from trendscout.desk.worker import Worker
from trendscout.settings.config import Settings
from trendscout.store.workspace import Workspace

PORT = 8737
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def apart(work: Callable[[], Any]) -> Any:
    """What the work gives, done in a thread of its own: Playwright has an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


class Client:
    """Asks the guarded application in this process, and keeps its cookies."""

    def __init__(self, guard: Guard, port: int) -> None:
        self.guard, self.base = guard, f"http://127.0.0.1:{port}"
        self.cookies = httpx.Cookies()

    def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.guard)
            async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
                answer = await client.request(method, url, **more)
                self.cookies = client.cookies
                return answer

        return apart(lambda: asyncio.run(ask()))

    def get(self, url: str, **more: Any) -> httpx.Response:
        return self.request("GET", url, **more)

    def post(self, url: str, **more: Any) -> httpx.Response:
        return self.request("POST", url, **more)


@dataclass
class Open:
    """A desk, how it is reached, and what is behind it."""

    desk: Desk
    guard: Guard
    keys: Keys
    workspace: Workspace
    worker: Worker
    now: datetime
    port: int = PORT

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.keys.folder}"

    @property
    def address(self) -> str:
        return f"{self.root}/?key={self.keys.key}"

    def client(self, *, known: bool = True) -> Client:
        client = Client(self.guard, self.port)
        if known:
            client.get(self.address)
        return client

    def act(self, client: Client, path: str, **fields: str) -> Any:
        """An action as a form of ours would send it."""
        return client.post(
            f"{self.root}{path}",
            data={"token": self.keys.token, **fields},
            headers={"origin": f"http://127.0.0.1:{self.port}"},
        )


def opened(out: Path, now: datetime, port: int = PORT, **more: Any) -> Open:
    """A desk on the store in a folder; its worker is not started."""
    workspace = Workspace.at(str(out / "demo.duckdb"), out / "archive")
    keys = keys_in(workspace.desk)
    words = Words(workspace.desk)
    settings = more.pop("settings", Settings(contact="t@market.example", markets=("UK",)))
    worker = Worker(workspace, settings, VirtualClock(now), words, lang="en", **more)
    desk = Desk(workspace.desk, keys, words, worker, View("en", UTC))
    return Open(desk, Guard(application(desk), keys, port, "/clip"), keys, workspace, worker, now, port)


def chromium_path() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")
