"""What the user saved: pages, JSON, HAR, WARC and folders of these, each reply with the source that reads it.

Nothing is stored here. What is not taken is told with the reason, and its body is gone.
"""

from __future__ import annotations

import binascii
import hashlib
import html
import os
import quopri
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from trendscout.archive.decoding import BrokenBody
from trendscout.archive.decoding import decode as undo
from trendscout.archive.wire import public_url
from trendscout.errors import Blocked, LayoutChanged, TrendscoutError, UsageError
from trendscout.files import file_size
from trendscout.findings import Finding, finding, of_error
from trendscout.intake.guess import Guess, Told, against, guess
from trendscout.intake.har import MAX_HAR, har_pages
from trendscout.intake.zipped import unpacked
from trendscout.model import Page, Query, Reading
from trendscout.sources.bodies import readable
from trendscout.sources.source import NAMED, Source, query_for

PageReader = Callable[[Path], Iterable[Page]]

MAX_PAGE = 32 * 1024 * 1024
_MAX_FILES = 20_000
_PAGE_ENDINGS = (".html", ".htm", ".xhtml", ".mhtml", ".mht", ".json", ".txt", ".xml", ".rss", ".atom", ".har")
_ENDINGS = (*_PAGE_ENDINGS, *(f"{ending}.gz" for ending in _PAGE_ENDINGS))
_HAR_ENDINGS = (".har", ".har.gz")
_ZIP_ENDINGS = (".zip",)
_WARC_ENDINGS = (".warc", ".warc.gz", ".wacz")
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
    findings: tuple[Finding, ...] = ()  # why it was left, or what to know
    dated: bool = (
        False  # its time was told: by the user, the recording or the reply, not by the file's last change
    )
    file_id: str = ""  # the first digits of the SHA-256 of the file's bytes
    fault: TrendscoutError | None = None  # of the reader that did not read it


@dataclass(frozen=True, slots=True)
class _Reply:
    """One reply as it lies in a file."""

    name: str
    page: Page
    dated: bool
    recorded: bool = False  # among others, as a browser or crawler went along: only known addresses count


def saved_page(source: Source, file: Path, *, market: str | None, at: datetime) -> Page:
    """A file of the user's as a page of that source.

    Raises UsageError if it cannot be read.
    """
    try:
        file_size(file)
        page = _page(file, file.read_bytes(), None, at)
    except OSError as error:
        raise UsageError("{file} cannot be read.", next_step="Check the path.", file=file) from error
    return replace(page, query=query_for(source, url=page.url, market=market))


def pages_in(
    paths: Iterable[Path],
    *,
    now: datetime,
    source: Source | None = None,
    market: str | None = None,
    category: str = "",
    url: str | None = None,
    at: datetime | None = None,
    read_warc: PageReader | None = None,
    called: Mapping[Path, str] = MappingProxyType({}),
) -> Iterator[SavedPage]:
    """Every reply in the files and folders, with what reads it, in the order of the names.

    `source`, `market`, `category`, `url` and `at` say what the user knows; else the source is guessed from address
    and shape, and the time is what the reply says of itself, or that of the file's last change (never later than
    `now`). `read_warc` gives the pages of a WARC file, `called` the names of files that have others for the user.
    A file that cannot be read is told, the others go on.
    """
    hints = Told(source, market, category)
    named = set(paths := tuple(paths))  # a file that the user names is tried whatever its name
    for file in _files(paths):
        name = called.get(file, str(file))
        if not file.name.lower().endswith(_ENDINGS + _WARC_ENDINGS + _ZIP_ENDINGS) and file not in named:
            yield SavedPage(name, "left", findings=(finding("no_file_kind"),))
            continue
        try:
            size = file_size(file)
            file_id = _file_id(file)
            for inside, inner, inner_size in _opened(file, name, size):
                for reply in _replies(inner, inner_size, url, at, now, read_warc):
                    page = reply if isinstance(reply, SavedPage) else _judged(reply, hints, now)
                    yield replace(page, file_id=file_id, file=inside + page.file.removeprefix(str(inner)))
        except OSError as error:
            yield SavedPage(name, "left", findings=(finding("file_unreadable", why=error.strerror or str(error)),))
        except UsageError as error:
            yield SavedPage(name, "left", findings=(of_error(error),), fault=error)


def _opened(file: Path, name: str, size: int) -> Iterator[tuple[str, Path, int]]:
    """The file itself, or those in a zip archive, each as it is called, with its size."""
    if not file.name.lower().endswith(_ZIP_ENDINGS):
        yield name, file, size
        return
    with unpacked(file, endings=_ENDINGS + _WARC_ENDINGS) as files:
        if not files:
            raise UsageError("{file} holds no page, no recording and no reply.", file=file.name)
        for inner in files:
            yield f"{name}/{inner.name}", inner, inner.stat().st_size


def _replies(
    file: Path, size: int, url: str | None, at: datetime | None, now: datetime, read_warc: PageReader | None
) -> Iterator[_Reply | SavedPage]:
    """The replies in one file, and what of it cannot be used."""
    name = str(file)
    if file.name.lower().endswith(_WARC_ENDINGS):
        yield from _from_warc(file, read_warc, at)
        return
    limit = MAX_HAR if file.name.lower().endswith(_HAR_ENDINGS) else MAX_PAGE
    if size > limit:
        yield SavedPage(name, "left", findings=(finding("file_too_large", limit=limit >> 20),))
        return
    body = file.read_bytes()
    if file.name.lower().endswith(".har.gz"):
        try:
            body = undo(body, "gzip", MAX_HAR)
        except BrokenBody as error:
            yield SavedPage(name, "left", findings=(finding("file_damaged", why=error.why),))
            return
    when = at or _changed(file, now)
    if not body.strip():
        yield SavedPage(name, "left", findings=(finding("file_empty"),))
    elif file.name.lower().endswith(_HAR_ENDINGS) or _is_har(body):
        yield from _from_har(name, body, when, at)
    else:
        yield _Reply(name, _page(file, body, url, when), dated=at is not None)


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


def _file_id(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:FILE_ID]


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


def _from_warc(file: Path, read: PageReader | None, at: datetime | None) -> Iterator[_Reply | SavedPage]:
    if read is None:
        yield SavedPage(str(file), "left", findings=(finding("warc_here"),))
        return
    try:
        for number, page in enumerate(read(file), 1):
            page = replace(page, fetched_at=at or page.fetched_at, ref=None)  # the record is not one of ours
            yield _Reply(f"{file}#{number}", page, dated=True, recorded=True)
    except TrendscoutError as error:
        yield SavedPage(str(file), "left", findings=(of_error(error),))


def _from_har(name: str, body: bytes, when: datetime, at: datetime | None) -> Iterator[_Reply | SavedPage]:
    try:
        for number, page in enumerate(har_pages(body, at=when), 1):
            inside = f"{name}#{number}"
            if isinstance(page, Finding):
                yield SavedPage(inside, "left", findings=(page,))
            else:
                yield _Reply(inside, replace(page, fetched_at=at or page.fetched_at), dated=True, recorded=True)
    except LayoutChanged as error:
        yield SavedPage(name, "left", findings=(of_error(error),))


def _judged(reply: _Reply, hints: Told, now: datetime) -> SavedPage:
    """The reply with the source that reads it."""
    page, name = reply.page, reply.name
    shown = public_url(page.url)[:200]
    guessed = guess(page, replace(hints, name=_list_name(reply)), open_shape=not reply.recorded)
    if guessed.reading and guessed.page:
        page, dated = guessed.page, reply.dated
        made = min((note.at for note in guessed.reading.notes if note.at), default=None)
        if made and made <= now and not dated:
            page, dated = replace(page, fetched_at=made), True
        notes = tuple(_notes(guessed, hints))
        return SavedPage(name, "taken", guessed.source, page, guessed.reading, notes, dated=dated)
    if isinstance(guessed.fault, Blocked):
        why = (of_error(guessed.fault),)
        return SavedPage(
            name, "blocked", guessed.source, guessed.page, None, why, reply.dated, fault=guessed.fault
        )
    if guessed.fault:
        told_why = of_error(guessed.fault)
        reason = (
            finding("at_address", url=shown, why=told_why) if shown and shown not in str(told_why) else told_why
        )
        return SavedPage(name, "left", guessed.source, findings=(reason,), fault=guessed.fault)
    unknown = finding("no_source_for_address", url=shown) if shown else finding("no_source")
    return SavedPage(name, "left", guessed.source, findings=(unknown,))


# Names that browsers and people give to any file: such a name says nothing of the list in it.
_ANY_NAME = re.compile(
    r"(?:saved?|page|index|list|search|response|reply|data|download|untitled|document|file|items?|products?|goods|"
    r"output|results?|export|new|copy|test|stdin|\W|\d|_)*",
    re.IGNORECASE,
)
_NAME_CHARS = 80
FILE_ID = 12  # digits: two of a million files share one in half a billion stores


def _list_name(reply: _Reply) -> str:
    """What a list is called that neither its reply nor its address names: as the file, where that says something.

    Otherwise a mark of what it holds, so that it is never taken for a look at another list.
    """
    stem = Path(reply.name).name.partition("#")[0].partition(".")[0].strip()
    if not reply.recorded and not _ANY_NAME.fullmatch(stem):
        return stem[:_NAME_CHARS].lower()  # capitals in a list's id may stand for a market
    return f"unnamed-{hashlib.sha256(reply.page.body).hexdigest()[:8]}"


def _notes(guessed: Guess, hints: Told) -> Iterator[Finding]:
    entries = guessed.reading.entries if guessed.reading else ()
    if guessed.rivals:
        yield finding("rivals", rivals=", ".join(guessed.rivals))
    if any("_XX/" in entry.list for entry in entries):
        yield finding("market_untold")
    if guessed.page and (name := dict(guessed.page.query.params).get(NAMED)):
        yield finding("list_untold", name=name)
    if all(entry.is_ad for entry in entries):
        yield finding("only_ads")
    yield from against(entries, guessed.source, hints.market)
