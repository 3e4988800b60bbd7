"""Records read back: bounded, and tolerant of torn tails, cut members and foreign files."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from warcio.archiveiterator import ArchiveIterator

from trendscout.archive.archived import ArchivedPage
from trendscout.archive.decoding import BrokenBody
from trendscout.archive.record_context import BadRecord, date_text
from trendscout.archive.records import Revisit, pages_told, payload_digest, received_of
from trendscout.archive.wire import DECODED_LIMIT, Received
from trendscout.errors import ArchiveError
from trendscout.findings import Finding, words
from trendscout.model import ArchiveRef, Page

Tell = Callable[[ArchiveError], None]
_Record = Received | Revisit


class _Broken(BadRecord):
    """A member that cannot be used, and how many bytes had come out of it."""

    def __init__(self, what: str, size: int, **fields: object) -> None:
        super().__init__(what, **fields)
        self.size = size


_GZIP = b"\x1f\x8b\x08"
_CHUNK = 1 << 16
_CLOSING_BYTES = 1024  # a closing record has about 300
RECORD_LIMIT = 1 << 30  # ours: an imported history may be large
FOREIGN_LIMIT = 1 << 28
# What a file of somebody else's may unpack to: real pages shrink to a sixth. A small file may hold one large page.
_FREE_BYTES, _MOST_TIMES = 1 << 26, 16
_REMEMBERED = 1 << 27  # bytes of bodies that a later record may refer to
_TEXT = (b"{", b"[", b"<")
_MOST_BROKEN = 100  # places of such a file that are tried and told before it is given up


def kept_of(received: Received, ref: ArchiveRef) -> ArchivedPage:
    """The page of what was received.

    Raises ArchiveError if its body cannot be decoded: the site sent it so.
    """
    try:
        page = received.page(ref, RECORD_LIMIT if received.role == "import" else DECODED_LIMIT)
    except BrokenBody as error:
        raise _bad(ref.file, ref.offset, error.why) from None
    return ArchivedPage(page, received.taken_at, received.pages, received.role, dict(received.extra))


def read_at(path: Path, ref: ArchiveRef) -> Received:
    """The record at `ref`, in a file of ours.

    Raises ArchiveError if the file is missing or there is no whole record at that place.
    """
    try:
        with path.open("rb") as file:
            file.seek(ref.offset)
            record = next(_in_member(_unpack(file, RECORD_LIMIT)[0], own=True), None)
    except OSError as error:
        raise ArchiveError(
            "{file} of the archive cannot be read: {why}.",
            next_step="Restore it from a backup; the store keeps what was read from it.",
            file=ref.file,
            why=error.strerror or str(error),
        ) from None
    except BadRecord as error:
        raise _bad(ref.file, ref.offset, error.why) from None
    if not isinstance(record, Received):
        raise _bad(ref.file, ref.offset, record.why if isinstance(record, BadRecord) else words("no page there"))
    return record


def read_all(path: Path, name: str, tell: Tell) -> Iterator[tuple[ArchiveRef, Received]]:
    """Every whole response and resource record of a file of ours; what is broken is told and skipped."""
    for ref, record in _read_members(path, name, tell, limit=RECORD_LIMIT, own=True):
        if isinstance(record, Received):
            yield ref, record


def _read_members(
    path: Path, name: str, tell: Tell, *, limit: int, own: bool
) -> Iterator[tuple[ArchiveRef, _Record]]:
    """Every whole record of a file of gzip members; what is broken is told and skipped.

    Whether it is our `own` file: only then is it believed which snapshot a page belongs to, and is there no bound
    to what all its records together unpack to.
    """
    try:
        with path.open("rb") as file:
            offset: int | None = 0
            left = None if own else max(_FREE_BYTES, _MOST_TIMES * path.stat().st_size)
            broken = 0
            while offset is not None:
                file.seek(offset)
                try:
                    member, length = _unpack(file, limit if left is None else min(limit, left))
                except _Broken as error:
                    tell(_bad(name, offset, error.why))
                    broken += 1
                    left = None if left is None else left - error.size
                    if left is not None and (left <= 0 or broken >= _MOST_BROKEN):
                        left_out = words("the rest of the file is left out: it is a bomb, or no archive")
                        tell(_bad(name, offset, left_out))
                        return
                    offset = _next_member(file, offset + 1)
                    continue
                if not length:
                    return
                yield from _told(_in_member(member, own=own), ArchiveRef(name, offset), tell)
                offset += length
                left = None if left is None else left - len(member)
    except OSError as error:
        tell(
            ArchiveError(
                "{file} of the archive cannot be read: {why}.",
                next_step="The other files are used.",
                file=name,
                why=error.strerror or str(error),
            )
        )


def pages_in(path: Path) -> int | None:
    """How many pages a file of ours has, by its closing record; None if it was not closed in good order."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            start = max(0, end - _CLOSING_BYTES)
            file.seek(start)
            offset = file.read().rfind(_GZIP)
            if offset < 0:
                return None
            file.seek(start + offset)
            return pages_told(_unpack(file, RECORD_LIMIT)[0])
    except (OSError, BadRecord):
        return None


def foreign_pages(path: Path, tell: Tell) -> Iterator[Page]:
    """The pages of a WARC file that another tool wrote, gzipped or not; what is broken is told and skipped.

    A revisit is the page that it refers to, at its own time. Pages have an empty `Query.source`: whoever takes
    them in says what they are.
    """
    with path.open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
    if packed:
        records = _read_members(path, path.name, tell, limit=FOREIGN_LIMIT, own=False)
    else:
        records = _read_plain(path, tell)
    seen = _Seen()
    for ref, record in records:
        if isinstance(record, Revisit):
            received = seen.again(record)
            if received is None:
                unknown = words("it says that a page came again which is not in the file before it")
                tell(_bad(ref.file, ref.offset, unknown))
                continue
        else:
            received = record
            seen.note(received)
        try:
            yield _decoded(received, ref)
        except ArchiveError as error:
            tell(error)


class _Seen:
    """The bodies of a file so far, as far as there is room, for the records that refer to them."""

    def __init__(self) -> None:
        self._by_digest: dict[str, Received] = {}
        self._by_place: dict[tuple[str, str], Received] = {}
        self._room = _REMEMBERED

    def note(self, received: Received) -> None:
        self._room -= len(received.body)
        if self._room >= 0:
            self._by_digest[payload_digest(received.body)] = received
            self._by_place[received.url, date_text(received.fetched_at)[:19]] = received

    def again(self, revisit: Revisit) -> Received | None:
        url, date = revisit.refers_to
        earlier = self._by_digest.get(revisit.digest) or self._by_place.get((url, date[:19]))
        if earlier is None:
            return None
        return replace(
            earlier, url=revisit.url or earlier.url, fetched_at=revisit.fetched_at, taken_at=revisit.fetched_at
        )


def _decoded(received: Received, ref: ArchiveRef) -> Page:
    """The page; where its body is not in the coding that its header names, as it is: tools keep the header."""
    try:
        return kept_of(received, ref).page
    except ArchiveError:
        if received.body.lstrip()[:1] not in _TEXT:
            raise
        plain = tuple(pair for pair in received.headers if pair[0].lower() != "content-encoding")
        return kept_of(replace(received, headers=plain), ref).page


def _read_plain(path: Path, tell: Tell) -> Iterator[tuple[ArchiveRef, _Record]]:
    start = ArchiveRef(path.name, 0)
    if path.stat().st_size > FOREIGN_LIMIT:
        tell(_bad(path.name, 0, words("larger than {limit} bytes", limit=FOREIGN_LIMIT)))
        return
    yield from _told(_in_member(path.read_bytes(), own=False), start, tell)


def _told(
    found: Iterator[_Record | BadRecord], ref: ArchiveRef, tell: Tell
) -> Iterator[tuple[ArchiveRef, _Record]]:
    for one in found:
        if isinstance(one, BadRecord):
            tell(_bad(ref.file, ref.offset, one.why))
        else:
            yield ref, one


def _in_member(member: bytes, *, own: bool) -> Iterator[_Record | BadRecord]:
    """The pages of a member, or of a whole unpacked file, and what is wrong with others."""
    if member.startswith(_GZIP[:2]):  # warcio would unpack it once more, without any bound
        yield BadRecord("gzip in gzip")
        return
    try:
        for record in ArchiveIterator(BytesIO(member)):
            try:
                received = received_of(record, own=own)
            except BadRecord as error:
                yield error
            else:
                if received is not None:
                    yield received
    except Exception as error:  # noqa: BLE001 - on damaged records warcio lets out errors of any kind
        yield BadRecord("no record: {kind}", kind=type(error).__name__)


def _unpack(file: BinaryIO, limit: int) -> tuple[bytes, int]:
    """One gzip member at the file's position and its packed length; nothing at the file's end.

    Raises _Broken if it is cut, damaged or unpacks to more than `limit` bytes.
    """
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    pieces: list[bytes] = []
    taken = size = 0
    while not stream.eof:
        data = stream.unconsumed_tail or file.read(_CHUNK)
        if not data:
            if not taken:
                return b"", 0
            raise _Broken("the record is cut short", size)
        taken += len(data) if not stream.unconsumed_tail else 0
        try:
            piece = stream.decompress(data, limit - size + 1)
        except zlib.error as error:
            raise _Broken("the record is damaged: {said}", size, said=str(error)) from None
        size += len(piece)
        if size > limit:
            raise _Broken("the record is larger than {limit} bytes", size, limit=limit)
        pieces.append(piece)
    return b"".join(pieces), taken - len(stream.unused_data)


def _next_member(file: BinaryIO, start: int) -> int | None:
    """Where the next gzip member seems to begin."""
    file.seek(start)
    window = b""
    while chunk := file.read(_CHUNK):
        window += chunk
        offset = window.find(_GZIP)
        if offset >= 0:
            return start + offset
        start += len(window) - len(_GZIP) + 1
        window = window[-len(_GZIP) + 1 :]
    return None


def _bad(name: str, offset: int, why: Finding) -> ArchiveError:
    return ArchiveError(
        "{file} of the archive, byte {offset}: {why}.",
        next_step="The record is skipped, the rest is used.",
        file=name,
        offset=offset,
        why=why,
    )
