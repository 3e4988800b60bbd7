"""The server on standard input and output, or on a loopback port for who has the key."""

from __future__ import annotations

import hmac
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trendscout.clock import Clock
from trendscout.errors import UsageError
from trendscout.settings.config import Settings
from trendscout.store.workspace import Workspace

KEY = "TRENDSCOUT_MCP_KEY"  # the environment variable that holds the key of the port
_LEAST_KEY = 16  # signs
_LOOPBACK = "127.0.0.1"

App = Callable[
    [MutableMapping[str, Any], Any, Callable[[MutableMapping[str, Any]], Awaitable[None]]], Awaitable[None]
]


def serve(
    workspace: Workspace,
    settings: Settings,
    *,
    clock: Clock,
    say: Callable[..., None],
    allow_writes: bool = False,
    as_of: datetime | None = None,
    http: int | None = None,
    base_url: str | None = None,
) -> None:
    """Serve until standard input ends, or with `http` (a port, 0 takes a free one) until stopped.

    `as_of` shows one past moment, and lets nothing be changed. Raises UsageError if `trendscout[mcp]` is not
    installed, if the port is held, or if its key is too short.
    """
    try:
        from trendscout.agent.server import server_for
    except ImportError as error:
        raise UsageError(
            "The interface for agents needs a package that is not installed.",
            next_step="Install it with: pip install 'trendscout[mcp]'",
        ) from error
    from trendscout.agent.answers import Answers
    from trendscout.agent.published import Published
    from trendscout.agent.writes import Writes

    if as_of is not None and allow_writes:
        raise UsageError("What is past cannot be changed.", next_step="Give --as-of or --allow-writes, not both.")
    with ExitStack() as held:
        folder = workspace.desk if as_of is None else Path(held.enter_context(TemporaryDirectory()))
        published = Published(workspace, folder, clock, config=settings.path, as_of=as_of)
        answers = Answers(published, settings)
        writes = Writes(answers, workspace, settings, base_url=base_url) if allow_writes else None
        server = server_for(answers, writes)
        published.freshen()
        if http is None:
            with suppress(KeyboardInterrupt):
                server.run("stdio")
            return
        _serve_http(server.streamable_http_app(host=_LOOPBACK, json_response=True), http, say)


def _serve_http(app: App, port: int, say: Callable[..., None]) -> None:
    import uvicorn

    key = os.environ.get(KEY, "")
    if key and len(key) < _LEAST_KEY:
        raise UsageError(
            "{variable} is shorter than {least} signs.",
            next_step="Choose a longer one.",
            variable=KEY,
            least=_LEAST_KEY,
        )
    given, key = bool(key), key or secrets.token_urlsafe(32)
    bound = _bind(port)
    address = f"http://{_LOOPBACK}:{bound.getsockname()[1]}/mcp"
    say("Agents reach it at {address}, with the header: Authorization: Bearer KEY", address=address)
    if given:
        say("KEY is what {variable} holds.", variable=KEY)
    else:
        say("KEY is, until it is stopped: {key}", key=key)
    config = uvicorn.Config(
        Keyed(app, key),
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=64,
        timeout_graceful_shutdown=2,
    )
    try:
        uvicorn.Server(config).run(sockets=[bound])
    except KeyboardInterrupt:
        pass
    finally:
        bound.close()


def _bind(port: int) -> socket.socket:
    """A socket on a port of this machine alone.

    Raises UsageError if it is held.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # there, it would let another program share the port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((_LOOPBACK, port))
    except OSError as error:
        bound.close()
        raise UsageError(
            "Port {port} is in use.", next_step="Give another one with --http, or 0 for a free one.", port=port
        ) from error
    return bound


class Keyed:
    """The gate before the application (ASGI): whoever does not show the key is answered 401 and nothing else."""

    def __init__(self, app: App, key: str) -> None:
        self.app, self.shown = app, f"Bearer {key}".encode()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Answer, or hand on to the application."""
        headers = dict(scope.get("headers", ()))
        known = hmac.compare_digest(headers.get(b"authorization", b""), self.shown)
        if scope["type"] == "lifespan" or (scope["type"] == "http" and known):
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            about = [(b"content-type", b"text/plain"), (b"www-authenticate", b"Bearer")]
            await send({"type": "http.response.start", "status": 401, "headers": about})
            await send({"type": "http.response.body", "body": b"The key is missing or wrong.\n"})
