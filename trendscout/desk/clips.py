"""Clips: lists that the browser extension sends. They are read by the same guarded readers as saved files.

The extension shows a key of its own, which lets it send and nothing else; the first that shows it is the one
that is let in from then on. What it sends is written as a HAR file into the inbox, and goes the inbox's way.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from trendscout import __version__, pipeline
from trendscout.desk.guard import read_body
from trendscout.desk.worker import TOLD, Worker, told_of
from trendscout.errors import TrendscoutError
from trendscout.files import whole_file
from trendscout.findings import of_error
from trendscout.intake import SavedPage
from trendscout.intake.guess import by_address
from trendscout.lang import Lang, tr
from trendscout.report import phrases
from trendscout.report.clean import visible
from trendscout.sources.clips import CLIPS
from trendscout.text.jsontext import parse_json

if TYPE_CHECKING:
    from starlette.requests import Request

PROTOCOL = 1  # what the extension and the desk say to each other
MAX_CLIP = 64_000_000  # bytes: what the extension sends at most, as JSON
_MAX_PARTS = 200
_MAX_ADDRESS = 4_000
_EXTENSION = re.compile(r"chrome-extension://[a-p]{32}")
_EARLY_S = 600  # a browser's clock may be ahead of the desk's by this much


class Pairing:
    """The extension's key and which extension has it, in a file that only this user may read."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "pairing.json"
        if not self._file.exists():
            self.renew()

    def renew(self) -> None:
        """Make a key anew: whoever had the one before is let in no longer."""
        self._keep({"key": secrets.token_urlsafe(32), "extension": ""})

    @property
    def key(self) -> str:
        """What the extension must show."""
        return self._kept()["key"]

    def lets_in(self, origin: str, shown: str) -> bool:
        """Whether this is the paired extension, or the first that shows the key."""
        kept = self._kept()
        if not _EXTENSION.fullmatch(origin) or not hmac.compare_digest(shown.encode(), kept["key"].encode()):
            return False
        if not kept["extension"]:
            self._keep({**kept, "extension": origin})
            return True
        return kept["extension"] == origin

    def _kept(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._file.read_text(encoding="utf-8"))
        return found

    def _keep(self, values: Mapping[str, str]) -> None:
        def write(path: Path) -> None:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(dict(values), file)

        whole_file(self._file, write)


def clip_route(pairing: Pairing, worker: Worker) -> Callable[[Request], Awaitable[Response]]:
    """What answers the extension: what was read, or why not, in its language."""

    async def answer(request: Request) -> Response:
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not pairing.lets_in(request.headers.get("origin", ""), shown):
            return JSONResponse({"why": "This extension is not paired with this desk. 请先配对。"}, 403)
        body = await read_body(request.receive, MAX_CLIP)
        if body is None:
            return JSONResponse({"why": "That is more than a clip holds. 内容过大。"}, 413)
        try:
            said = parse_json(body, limit=MAX_CLIP)
        except TrendscoutError:
            said = None
        if not isinstance(said, dict):
            return JSONResponse({"why": "That is no clip."}, 400)
        lang: Lang = "zh" if str(said.get("lang", "")).startswith("zh") else "en"
        if said.get("protocol") != PROTOCOL:
            return JSONResponse({"why": _other_version(said, lang)}, 409)
        if said.get("hello") is True:
            return JSONResponse({"desk": __version__})
        entries = list(_entries(said, worker.clock.now()))
        if not entries:
            return JSONResponse({"why": tr("The clip holds nothing of a site that is clipped.", lang)}, 400)
        file = await run_in_threadpool(_written, worker.inbox, said, entries)
        text, count = await run_in_threadpool(_read, file, worker, lang)
        worker.take(file)
        return JSONResponse({"text": text, "entries": count})

    return answer


def _other_version(said: Mapping[str, Any], lang: Lang) -> str:
    return tr(
        "The extension ({theirs}) and the desk ({ours}) are of different versions: run `trendscout extension` "
        "again and load it anew, or update trendscout.",
        lang,
        theirs=visible(str(said.get("version", "?"))[:20]),
        ours=__version__,
    )


def _entries(said: Mapping[str, Any], now: datetime) -> Any:
    """The parts of a clip as entries of a HAR file; what is of no clipped site, or ill formed, is left out."""
    parts = said.get("parts")
    for part in parts[:_MAX_PARTS] if isinstance(parts, list) else ():
        if not isinstance(part, dict):
            continue
        url, body = part.get("url"), part.get("body")
        if not isinstance(url, str) or not isinstance(body, str) or not _is_clipped(url):
            continue
        kind = "text/html" if part.get("type") == "text/html" else "application/json"
        yield {
            "startedDateTime": _time(part.get("at"), now),
            "request": {"method": "GET", "url": url},
            "response": {"status": 200, "content": {"mimeType": kind, "text": body}},
        }


def _is_clipped(url: str) -> bool:
    """Whether the address is of a site that the sources let be clipped."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme != "https" or len(url) > _MAX_ADDRESS or parts.username or parts.port not in (None, 443):
        return False
    patterns = (pattern.split("/")[2] for clip in CLIPS.values() for pattern in clip.pages)
    return any(
        host == name or (name.startswith("*.") and (host == name[2:] or host.endswith(name[1:])))
        for name in patterns
    )


def _time(text: object, now: datetime) -> str:
    """When the part was taken, never later than now."""
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return now.isoformat()
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return min(when, now).isoformat()


def _written(inbox: Path, said: Mapping[str, Any], entries: list[dict[str, Any]]) -> Path:
    host = urlsplit(str(entries[-1]["request"]["url"])).hostname or "site"
    file = inbox / secrets.token_hex(8) / f"clip-{host}.har"
    creator = {"name": "trendscout clip", "version": str(said.get("version", ""))[:20]}
    text = json.dumps({"log": {"version": "1.2", "creator": creator, "entries": entries}}, ensure_ascii=False)
    whole_file(file, lambda path: path.write_text(text, encoding="utf-8", errors="replace"))
    note = json.dumps(_named_by(str(said.get("url", "")), [entry["request"]["url"] for entry in entries]))
    whole_file(file.with_name(TOLD), lambda path: path.write_text(note, encoding="utf-8"))
    return file


def _named_by(page: str, replies: Sequence[str]) -> dict[str, str | None]:
    """Which list the page's address names, for replies whose own address names none."""
    nothing: dict[str, str | None] = {"market": None, "category": ""}
    if not _is_clipped(page):
        return nothing
    for source in by_address(page):
        page_query = source.query_of(page) if source.query_of else None
        if page_query and page_query.category:
            own = [query for url in replies if source.query_of and (query := source.query_of(url))]
            named = any(query.category not in ("", page_query.category) for query in own)
            return nothing if named else {"market": page_query.market, "category": page_query.category}
    return nothing


def _read(file: Path, worker: Worker, lang: Lang) -> tuple[str, int]:
    """What the readers make of a clip, in words, and how many goods; nothing is stored by it."""
    try:
        market, category = told_of(file)
        looks, left = pipeline.parse(
            file, source=None, market=market, url=None, now=worker.clock.now(), category=category
        )
    except TrendscoutError as error:
        return of_error(error).said(lang), 0
    sentences, count = [], 0
    for look in looks:
        for snapshot in look.snapshots():
            goods = len(snapshot.counted)
            count += goods
            sentences.append(
                _sentence(snapshot.list_id, goods, len(snapshot.entries) - goods, snapshot.depth, lang)
            )
    return " ".join(sentences) or _why(left, lang), count


def _sentence(list_id: str, goods: int, ads: int, depth: int, lang: Lang) -> str:
    return tr(
        "{list}: {goods} goods, {ads} ads, seen down to place {depth}.",
        lang,
        list=phrases.list_name(list_id, lang),
        goods=goods,
        ads=ads,
        depth=depth,
    )


def _why(left: list[SavedPage], lang: Lang) -> str:
    reasons = dict.fromkeys(visible(told.said(lang)) for one in left for told in one.findings)
    return " ".join(list(reasons)[:3]) or tr("No list was found on this page.", lang)
