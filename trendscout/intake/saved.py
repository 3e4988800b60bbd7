"""What the user saved: pages, JSON, HAR, WARC and folders of these, each reply with the source that reads it.

Nothing is stored here. What is not taken is told with the reason, and its body is gone.
"""

from __future__ import annotations

import binascii
import html
import os
import quopri
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from trendscout.archive.wire import public_url
from trendscout.errors import Blocked, LayoutChanged, TrendscoutError, UsageError
from trendscout.intake.guess import guess
from trendscout.intake.har import MAX_HAR, har_pages
from trendscout.model import Page, Query, Reading
from trendscout.sources.bodies import readable
from trendscout.sources.source import Source

PageReader = Callable[[Path], Iterable[Page]]

MAX_PAGE = 32 * 1024 * 1024
_MAX_FILES = 20_000
_ENDINGS = (".html", ".htm", ".xhtml", ".mhtml", ".mht", ".json", ".txt", ".xml", ".rss", ".atom", ".har")
_WARC_ENDINGS = (".warc", ".warc.gz")
_HEAD = 8_192
# Browsers write the address into the pages that they save; pages name it themselves.
_SAVED_FROM = re.compile(rb"<!-- saved from url=\(\d{1,8}\)(https?://[^\s>]{1,2000})")
_CANONICAL = re.compile(
    rb"""<(?:link[^>]{0,300}?\brel=["']?canonical["']?[^>]{0,300}?\bhref|meta[^>]{0,300}?og:url["']?[^>]{0,100}?content)"""
    rb"""=["'](https?://[^"'>]{1,2000})""",
    re.IGNORECASE,
)
_PART = re.compile(rb"(?P<mark>\r?\n--[^\r\n]{1,200})\r?\n(?P<head>(?:[^\r\n]{1,2000}\r?\n){1,30})\r?\n")
_LOCATION = re.compile(rb"^content-location:\s*(https?://[^\s]{1,2000})", re.IGNORECASE | re.MULTILINE)
_MAX_PARTS = 500
_CANONICAL_WITHIN = 262_144


@dataclass(frozen=True, slots=True)
class SavedPage:
    """One reply that was found, taken or left."""

    file: str  # as the user names it; a reply inside it follows after "#"
    status: Literal["taken", "blocked", "left"]
    source: str = ""
    page: Page | None = None  # with its query; None if it was left
    reading: Reading | None = None
    reason: str = ""  # English: why it was left, or what to know


def saved_page(source: Source, file: Path, *, market: str | None, url: str | None, at: datetime) -> Page:
    """A file of the user's as a page of that source."""
    try:
        body = file.read_bytes()
    except OSError as error:
        raise UsageError("{file} cannot be read.", next_step="Check the path.", file=file) from error
    found = source.query_of(url) if url and source.query_of else None
    query = Query(
        source.name,
        market or (found.market if found else None) or (source.markets[0] if len(source.markets) == 1 else None),
        (found.kind if found else "") or source.kinds[0],
        found.category if found else "",
    )
    return Page(url=url or "", fetched_at=at, status=200, headers={}, body=body, query=query)


def pages_in(
    paths: Iterable[Path],
    *,
    now: datetime,
    source: Source | None = None,
    market: str | None = None,
    url: str | None = None,
    at: datetime | None = None,
    read_warc: PageReader | None = None,
) -> Iterator[SavedPage]:
    """Every reply in the files and folders, with what reads it, in the order of the names.

    `source`, `market`, `url` and `at` say what the user knows; else the source is guessed from address and shape,
    and the time is that of the file's last change (never later than `now`). `read_warc` gives the pages of a WARC
    file. A file that cannot be read is told, the others go on.
    """
    named = set(paths := tuple(paths))  # a file that the user names is tried whatever its name
    for file in _files(paths):
        name = str(file)
        if not file.name.lower().endswith(_ENDINGS + _WARC_ENDINGS) and file not in named:
            yield SavedPage(name, "left", reason="it is no kind of file that is read")
            continue
        when = at or _changed(file, now)
        try:
            if file.name.lower().endswith(_WARC_ENDINGS):
                yield from _from_warc(file, read_warc, source, market)
                continue
            limit = MAX_HAR if file.suffix.lower() == ".har" else MAX_PAGE
            if file.stat().st_size > limit:
                yield SavedPage(name, "left", reason=f"it has more than {limit >> 20} MiB")
                continue
            body = file.read_bytes()
        except OSError as error:
            yield SavedPage(name, "left", reason=f"it cannot be read: {error.strerror or error}")
            continue
        if not body.strip():
            yield SavedPage(name, "left", reason="it is empty")
        elif file.suffix.lower() == ".har" or _is_har(body):
            yield from _from_har(name, body, when, source, market)
        else:
            yield _judged(name, _page(file, body, url, when), source, market)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Files as given, and those below folders; no hidden ones, no links out of the folder."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        count = 0
        for folder, folders, files in os.walk(path, followlinks=False):
            # "page_files" beside a saved "page.html" holds its pictures and scripts.
            folders[:] = sorted(
                f for f in folders if not f.startswith(".") and not f.endswith(("_files", ".files"))
            )
            for name in sorted(files):
                file = Path(folder) / name
                if not name.startswith(".") and not file.is_symlink():
                    count += 1
                    if count > _MAX_FILES:
                        return
                    yield file


def _changed(file: Path, now: datetime) -> datetime:
    try:
        return min(datetime.fromtimestamp(file.stat().st_mtime, UTC), now)
    except (OSError, OverflowError, ValueError):
        return now


def _is_har(body: bytes) -> bool:
    head = body[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"{") and b'"log"' in head[:200] and (b'"entries"' in head or b'"creator"' in head)


def _page(file: Path, body: bytes, url: str | None, when: datetime) -> Page:
    """A saved file as a page; its address as told, else as the browser or the page itself wrote it."""
    if file.suffix.lower() in (".mhtml", ".mht"):
        try:
            body, inner = _unwrapped(body)
        except binascii.Error:  # a damaged archive: what it holds is no page, and will be told so
            inner = ""
        url = url or inner
    page = Page(url="", fetched_at=when, status=200, headers={}, body=body, query=Query(""))
    return replace(page, url=public_url(url or _address_in(page)))


def _address_in(page: Page) -> str:
    try:
        body = readable(page).body
    except LayoutChanged:  # damaged: it will be told so
        return ""
    found = _SAVED_FROM.search(body[:_HEAD]) or _CANONICAL.search(body[:_CANONICAL_WITHIN])
    return html.unescape(found[1].decode("utf-8", "replace")) if found else ""


def _unwrapped(body: bytes) -> tuple[bytes, str]:
    """The page inside a single-file archive of a browser (MHTML), and its address.

    Browsers write flat archives, the page first. The `email` package would take any nesting, in quadratic time.
    """
    parts = _PART.finditer(body)
    for part in islice(parts, _MAX_PARTS):
        head = part["head"].lower()
        if b"text/html" not in head:
            continue
        end = body.find(part["mark"], part.end())
        inner = body[part.end() : end if end > 0 else len(body)].strip(b"\r\n")
        if b"quoted-printable" in head:
            inner = quopri.decodestring(inner)
        elif b"base64" in head:
            inner = binascii.a2b_base64(inner)
        address = _LOCATION.search(part["head"])
        return inner, address[1].decode("utf-8", "replace") if address else ""
    return body, ""


def _from_warc(
    file: Path, read: PageReader | None, source: Source | None, market: str | None
) -> Iterator[SavedPage]:
    if read is None:
        yield SavedPage(str(file), "left", reason="WARC files are read by `ingest` only")
        return
    try:
        for number, page in enumerate(read(file), 1):
            yield _judged(f"{file}#{number}", page, source, market, only_known=True)
    except TrendscoutError as error:
        yield SavedPage(str(file), "left", reason=str(error))


def _from_har(
    name: str, body: bytes, when: datetime, source: Source | None, market: str | None
) -> Iterator[SavedPage]:
    try:
        for number, page in enumerate(har_pages(body, at=when), 1):
            inside = f"{name}#{number}"
            if isinstance(page, str):
                yield SavedPage(inside, "left", reason=page)
            else:
                yield _judged(inside, page, source, market, only_known=True)
    except LayoutChanged as error:
        yield SavedPage(name, "left", reason=str(error))


def _judged(
    name: str, page: Page, source: Source | None, market: str | None, *, only_known: bool = False
) -> SavedPage:
    """The page with the source that reads it; `only_known`: among recorded replies only known addresses count."""
    shown = public_url(page.url)[:200]
    found = guess(page, source=source, market=market, open_shape=not only_known)
    if found.reading and found.page:
        return SavedPage(
            name, "taken", found.source, found.page, found.reading, _notes(found.rivals, found.reading)
        )
    if isinstance(found.fault, Blocked):
        return SavedPage(name, "blocked", found.source, found.page, reason=str(found.fault))
    if found.source:
        why = found.fault.what.format(**found.fault.fields) if found.fault else ""
        return SavedPage(
            name, "left", found.source, reason=f"{shown}: {why}" if shown and shown not in why else why
        )
    reason = (
        f"{shown}: no source is known for this address" if shown else "no source reads it; name one with --source"
    )
    return SavedPage(name, "left", reason=reason)


def _notes(rivals: tuple[str, ...], reading: Reading) -> str:
    notes = []
    if rivals:
        notes.append(f"{', '.join(rivals)} could read it too; --source decides")
    if any("_XX/" in entry.list for entry in reading.entries):
        notes.append("its market is not told; --market tells it")
    return "; ".join(notes)
