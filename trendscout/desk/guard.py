"""Who is let in. Whatever reaches the port is hostile until it shows the key.

Other pages in the same browser, other users of the machine and other programs on it can all reach a loopback port.
So: the address must name this host (a name that was turned onto loopback does not), an origin must be ours, the
key must have been shown once, an action must carry the token that our own pages carry, and pages may load nothing
but our own files. All addresses lie below a secret folder, and the cookie is sent to that folder alone: cookies
are not kept apart by port, so another program's port would be told a cookie of the root.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "desk"
TOKEN = "token"  # noqa: S105 - the name of a field
TOKEN_HEADER = b"x-desk-token"
MAX_FORM = 65_536  # bytes
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' https: http: data: blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = (
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
)


@dataclass(frozen=True, slots=True)
class Keys:
    """What must be known to be let in."""

    folder: str  # the secret first part of every address; lasts, so that bookmarks do
    key: str  # made anew at every start: what the printed address shows

    @property
    def session(self) -> str:
        """What the cookie holds."""
        return _derived(self.key, "session")

    @property
    def token(self) -> str:
        """What an action must carry."""
        return _derived(self.key, "action")


def _derived(key: str, use: str) -> str:
    return hmac.new(key.encode(), use.encode(), hashlib.sha256).hexdigest()


def keys_in(folder: Path) -> Keys:
    """The keys of the desk in a folder, which only this user may look into; the lasting ones are made once."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    file = folder / "keys.json"
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = json.loads(file.read_text(encoding="utf-8"))
    else:
        kept = {"folder": secrets.token_urlsafe(12)}
        with os.fdopen(opened, "w", encoding="utf-8") as written:
            json.dump(kept, written)
    return Keys(kept["folder"], secrets.token_urlsafe(32))


class Guard:
    """The gate before the application (ASGI). `clip_path` checks the extension's key itself."""

    def __init__(self, app: App, keys: Keys, port: int, clip_path: str) -> None:
        self.app, self.keys = app, keys
        self.root = f"/{keys.folder}"
        self.clip_path = self.root + clip_path
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self.origins = {f"http://{host}" for host in self.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on to the application."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # nothing here speaks anything else
        send = _with_headers(send)
        headers = dict(scope["headers"])
        path = scope["path"]
        if headers.get(b"host", b"").decode("latin-1").lower() not in self.hosts:
            await _say(send, 421, "This address does not name the desk.")
        elif path == self.clip_path:
            await self.app(scope, receive, send)
        elif not self._same_origin(scope["method"], headers):
            await _say(send, 403, "Another page asked for this.")
        elif path == "/" or not (path + "/").startswith(f"{self.root}/"):
            await _say(send, 404, _CLOSED)
        elif (key := self._key(scope)) is not None:
            await self._greet(key, scope, send)
        elif not self._known(headers):
            await _say(send, 403, _CLOSED)
        elif scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
        elif scope["method"] == "POST":
            await self._act(scope, headers, receive, send)
        else:
            await _say(send, 405, "GET and POST are known here.")

    def _same_origin(self, method: str, headers: dict[bytes, bytes]) -> bool:
        """Whether our own page asks, or the user, by typing an address or following a link."""
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1") not in self.origins:
            return False
        if method not in ("GET", "HEAD"):
            return origin is not None
        site = headers.get(b"sec-fetch-site", b"none")
        return site in (b"none", b"same-origin") or headers.get(b"sec-fetch-mode") == b"navigate"

    def _key(self, scope: Scope) -> str | None:
        if scope["method"] != "GET":
            return None
        found = parse_qs(scope["query_string"].decode("latin-1")).get("key")
        return found[0] if found else None

    async def _greet(self, shown: str, scope: Scope, send: Send) -> None:
        if not hmac.compare_digest(shown.encode(), self.keys.key.encode()):
            await _say(send, 403, _CLOSED)
            return
        asked = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        rest = urlencode([(name, one) for name, all_ in asked.items() if name != "key" for one in all_])
        cookie = f"{COOKIE}={self.keys.session}; Path={self.root}; HttpOnly; SameSite=Strict"
        to = scope["path"] + (f"?{rest}" if rest else "")
        # Not a redirect: after one that another site began, browsers keep a SameSite=Strict cookie back.
        page = f'{_PAGE}<meta http-equiv="refresh" content="0;url={_escaped(to)}">'
        await _send(send, 200, page, "text/html; charset=utf-8", [("set-cookie", cookie)])

    def _known(self, headers: dict[bytes, bytes]) -> bool:
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(headers.get(b"cookie", b"").decode("latin-1"))
        except CookieError:
            return False
        shown = cookies[COOKIE].value if COOKIE in cookies else ""
        return hmac.compare_digest(shown.encode(), self.keys.session.encode())

    async def _act(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        shown = headers.get(TOKEN_HEADER, b"")
        if not shown:  # a form: its token is one of its fields
            body = await read_body(receive, MAX_FORM)
            if body is None:
                await _say(send, 413, "That is more than a form holds.")
                return
            shown = parse_qs(body.decode("latin-1")).get(TOKEN, [""])[0].encode()
            receive = _again(body)
        if hmac.compare_digest(shown, self.keys.token.encode()):
            await self.app(scope, receive, send)
        else:
            await _say(send, 403, "The page that asked is not of this run of the desk: load it anew.")


_PAGE = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
_CLOSED = "Open the address that `trendscout serve` printed. 请打开 `trendscout serve` 给出的地址。"


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """The body of a request, or None if it has more than `limit` bytes."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":  # gone
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes) -> Receive:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            given = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"server"]
            have = {name.lower() for name, _ in given}
            ours = [(name.encode(), value.encode()) for name, value in _HEADERS if name.encode() not in have]
            message["headers"] = [*given, *ours]
        await send(message)

    return sending


async def _say(send: Send, status: int, text: str) -> None:
    await _send(send, status, text, "text/plain; charset=utf-8", [])


async def _send(send: Send, status: int, text: str, kind: str, more: list[tuple[str, str]]) -> None:
    body = text.encode()
    headers = [("content-type", kind), ("content-length", str(len(body))), *more]
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def _escaped(text: str) -> str:
    from markupsafe import escape

    return str(escape(text))
