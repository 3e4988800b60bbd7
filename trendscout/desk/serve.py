"""The port, and the server on it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from trendscout.clock import Clock
from trendscout.errors import UsageError
from trendscout.files import whole_file
from trendscout.lang import Lang
from trendscout.settings.config import Settings
from trendscout.store.workspace import Workspace

if TYPE_CHECKING:
    from trendscout.desk.guard import Guard
    from trendscout.desk.worker import Worker

PORT = 8737
_LOOPBACK = "127.0.0.1"
_TOGETHER = 64  # requests at once


def serve(
    workspace: Workspace,
    settings: Settings,
    *,
    port: int,
    lang: Lang,
    clock: Clock,
    say: Callable[..., None],
    base_url: str | Mapping[str, str] | None = None,
    images: bool = True,
) -> None:
    """Serve the desk on a loopback port until stopped.

    Raises UsageError if the port is held, or if `trendscout[desk]` is not installed.
    """
    try:
        import starlette  # noqa: F401 - whether it is there
        import uvicorn
    except ImportError as error:
        raise UsageError(
            "The desk needs packages that are not installed.",
            next_step="Install them with: pip install 'trendscout[desk]'",
        ) from error
    from trendscout.steps.publish import remember_config

    folder = workspace.desk
    bound = bind(port, folder)
    port = bound.getsockname()[1]
    guard, worker, address = desk_at(
        workspace, settings, port, lang=lang, clock=clock, base_url=base_url, images=images
    )
    remember_config(folder, settings.path)
    note = json.dumps({"process": os.getpid(), "port": port})
    whole_file(folder / "serving.json", lambda path: path.write_text(note, encoding="utf-8"))
    config = uvicorn.Config(
        guard,
        log_level="error",
        access_log=False,  # addresses hold the secret folder
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        limit_concurrency=_TOGETHER,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=2,
    )
    worker.start()
    say("The desk is open: {address}", address=address)
    say("Only this machine reaches it. Ctrl-C closes it.")
    try:
        uvicorn.Server(config).run(sockets=[bound])
    except KeyboardInterrupt:
        pass
    finally:
        worker.stop()
        bound.close()
        (folder / "serving.json").unlink(missing_ok=True)
        say("The desk is closed.")


def desk_at(
    workspace: Workspace,
    settings: Settings,
    port: int,
    *,
    lang: Lang,
    clock: Clock,
    base_url: str | Mapping[str, str] | None = None,
    images: bool = True,
) -> tuple[Guard, Worker, str]:
    """The guarded application for a port, its writer, not started yet, and the address to open."""
    from trendscout.desk.app import Desk, application
    from trendscout.desk.guard import Guard, keys_in
    from trendscout.desk.pages import View
    from trendscout.desk.words import Words
    from trendscout.desk.worker import Worker

    folder = workspace.desk
    keys = keys_in(folder)
    words = Words(folder)
    worker = Worker(workspace, settings, clock, words, lang=lang, base_url=base_url)
    zone = ZoneInfo(settings.timezone) if settings.timezone else UTC
    desk = Desk(folder, keys, words, worker, View(lang, zone, images))
    desk.warm()
    address = f"http://{_LOOPBACK}:{port}/{keys.folder}/?key={keys.key}"
    return Guard(application(desk), keys, port, "/clip"), worker, address


def bind(port: int, folder: Path) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one.

    Raises UsageError that says who holds the port.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # there it would let two programs share the port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((_LOOPBACK, port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise UsageError(
            "Port {port} is held by {holder}.",
            next_step="Use the desk that is open, or another port: --port 0 takes a free one.",
            port=port,
            holder=_holder(port, folder),
        ) from error
    bound.set_inheritable(False)
    return bound


def _holder(port: int, folder: Path) -> str:
    """Who holds a port: the desk of this store, where it noted so."""
    try:
        noted = json.loads((folder / "serving.json").read_text(encoding="utf-8"))
        if noted["port"] == port:
            return f"trendscout serve (process {noted['process']})"
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return "another program"
