"""What the user saved, into archive and store: pages of one list together, each file remembered by its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from trendscout.archive import Archive
from trendscout.archive.withdrawn import withdraw
from trendscout.errors import ArchiveError, StoreError, TrendscoutError
from trendscout.findings import Finding, finding
from trendscout.intake import Look, SavedPage, looks_of
from trendscout.intake.looks import SPAN
from trendscout.intake.zipped import unpacked
from trendscout.model import ArchiveRef, Outcome, Page
from trendscout.sources.source import get_source, read_page
from trendscout.steps.ingest import take_stock_back
from trendscout.steps.load import FILE, JOINS, Crawl, joins_text, load_crawls
from trendscout.store import brought
from trendscout.store.sql import Connection

Opener = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of one saved page."""

    name: str  # the file, and behind "#" the reply in it
    source: str
    status: str  # a snapshot's, or "left"
    entries: int = 0
    findings: tuple[Finding, ...] = ()
    lists: tuple[str, ...] = ()  # which lists it became
    file_id: str = ""  # by which the file can be taken back
    taken_at: datetime | None = None  # of its look


@dataclass(slots=True)
class _Plan:
    """What is to be done with the looks, and what of them is known or cannot be."""

    looks: list[tuple[Look, tuple[Page, ...]]] = field(default_factory=list)  # pages that the archive has already
    known: dict[int, Finding] = field(default_factory=dict)  # by the reply: why it is no news
    left: dict[int, Finding] = field(default_factory=dict)  # by the reply: why it was not stored


def ingest_pages(
    open_store: Opener, archive: Path, saved: Iterable[SavedPage], *, now: datetime
) -> list[IngestResult]:
    """Archive and load what was found, pages of one list together; what was left is told with its reason.

    A file is remembered by its bytes: brought again under another name it is no second look.
    """
    replies = list(saved)
    looks = looks_of(reply for reply in replies if reply.status == "taken")
    with Archive(archive) as kept:
        try:
            with open_store() as connection:
                plan = _planned(connection, kept, looks)
        except StoreError:  # the archive comes first: what it holds is loaded when the store is well again
            plan = _Plan([(look, ()) for look in looks])
        crawls = [_archived(kept, look, there, now) for look, there in plan.looks]
        crawls += [
            _archived_wall(kept, reply, now) for reply in replies if reply.status == "blocked" and reply.page
        ]
    # A look that grew by pages replaces what the store has of it.
    loaded = load_crawls(open_store, [crawl for crawl, _ in crawls], loaded_at=now, replace_changed=True)
    became = {
        id(reply): (crawl, outcome)
        for (crawl, members), (outcome, _) in zip(crawls, loaded, strict=True)
        for reply, _ in members
    }
    with open_store() as connection:
        brought.note_brought(
            connection, [_record(reply, page, now) for _, members in crawls for reply, page in members]
        )
    return [_taken(reply, plan, became.get(id(reply))) for reply in replies]


def _taken(reply: SavedPage, plan: _Plan, became: tuple[Crawl, Outcome] | None) -> IngestResult:
    lists = tuple(dict.fromkeys(entry.list for entry in reply.reading.entries)) if reply.reading else ()
    own = IngestResult(
        reply.file, reply.source, "left", findings=reply.findings, lists=lists, file_id=reply.file_id
    )
    shown = sum(not entry.is_ad for entry in reply.reading.entries) if reply.reading else 0
    if why := plan.left.get(id(reply)):
        return replace(own, findings=(why,), lists=())
    if why := plan.known.get(id(reply)):
        return replace(own, status="ok", entries=shown, findings=(why,))
    if became is None:
        return own
    crawl, outcome = became
    findings = tuple(dict.fromkeys((*outcome.findings, *reply.findings)))
    entries = shown if outcome.entries else 0
    return replace(own, status=outcome.status, entries=entries, findings=findings, taken_at=crawl.taken_at)


def _digest(page: Page) -> str:
    return brought.body_digest(page.body)


def take_back(open_store: Opener, archive: Path, wanted: str, *, now: datetime) -> tuple[str, int]:
    """Forget the looks that a file brought; the archive keeps it. The file's name, and how many looks went.

    A look that stood on other files too is what they show of it. That it was taken back stands in the archive: a
    store built anew from it knows. Raises UsageError if no file is called so.
    """
    with open_store() as connection:
        file_id, name = brought.find_brought(connection, wanted)
        refs = brought.records_of_file(connection, file_id)
        withdraw(archive, refs)
        count, rests = brought.take_back(connection, file_id, at=now)
    kept = Archive(archive)
    take_stock_back(open_store, kept, refs, at=now)
    replies = [
        _found_again(replace(kept.read(ref), fetched_at=near.taken_at)) for near in rests for ref in near.pages
    ]
    crawls = [
        Crawl(look.query, look.taken_at, tuple(one.page for one in look.shown), look.missing)
        for look in looks_of(replies)
    ]
    for _ in load_crawls(open_store, crawls, loaded_at=now):
        pass
    return name, count


# --- what is news --------------------------------------------------------------------------------------------


def _planned(connection: Connection, kept: Archive, looks: Sequence[Look]) -> _Plan:
    """Each look as it will be stored: joined with what the store has of it, or known, or impossible."""
    plan = _Plan()
    bodies = [_digest(one.page) for look in looks for one in look.shown if not one.found.dated]
    known = brought.known_bodies(connection, bodies) if bodies else {}
    at: dict[tuple[str, datetime], str] = {}
    for look in looks:
        names = {known.get(_digest(one.page)) for one in look.shown if not one.found.dated}
        dated = any(one.found.dated for one in look.shown)
        if not dated and None not in names:
            _note(plan.known, look, finding("known_file", names=", ".join(sorted(map(str, names)))))
            continue
        known |= {_digest(one.page): one.found.file for one in look.shown if not one.found.dated}
        if taken := next((at[name, look.taken_at] for name in look.lists if (name, look.taken_at) in at), None):
            _note(plan.left, look, finding("look_clash", other=taken))
            continue
        _join(connection, kept, look, plan)
        at |= {(name, look.taken_at): look.shown[0].found.file for name in look.lists}
    return plan


def _note(notes: dict[int, Finding], look: Look, why: Finding) -> None:
    notes |= {id(one.found): why for one in look.shown}


def _join(connection: Connection, kept: Archive, look: Look, plan: _Plan) -> None:
    """The look into the plan, with the pages of a look of the store to which it belongs."""
    ours = {_digest(one.page) for one in look.shown}
    for near in brought.looks_near(connection, look.lists[0], look.taken_at, SPAN) if len(look.lists) == 1 else ():
        try:
            there = [replace(kept.read(ref), fetched_at=near.taken_at) for ref in near.pages]
            replies = [_found_again(page) for page in there]
        except TrendscoutError:  # pruned, or no longer read: nothing can be joined to it
            continue
        if ours <= {_digest(page) for page in there} and near.taken_at == look.taken_at:
            _note(plan.known, look, finding("known_look"))
            return
        joined = looks_of([*replies, *(one.found for one in look.shown)])
        if len(joined) == 1:
            plan.looks.append((replace(joined[0], taken_at=near.taken_at), tuple(there)))
            return
        if near.taken_at == look.taken_at:
            _note(plan.left, look, finding("look_clash_stored"))
            return
    plan.looks.append((look, ()))


def _found_again(page: Page) -> SavedPage:
    reading = read_page(get_source(page.query.source), page)
    return SavedPage("", "taken", page.query.source, page, reading, dated=True)


# --- archive and store ---------------------------------------------------------------------------------------

_Members = list[tuple[SavedPage, Page]]


def _archived(kept: Archive, look: Look, there: Sequence[Page], now: datetime) -> tuple[Crawl, _Members]:
    """The look as a crawl, its pages in the archive, and which reply became which page of it."""
    old = {page.ref: page for page in there}
    joins = joins_text([(one.page.ref, one.page.number) for one in look.shown if one.page.ref in old])
    pages, members = [], []
    for shown in look.shown:
        page = shown.page
        if page.ref is None:
            extra = ((JOINS, joins),) if joins else ()
            page = replace(page, ref=_write(kept, shown.found, page, look, now, extra))
            members.append((shown.found, page))
        pages.append(page)
    return Crawl(look.query, look.taken_at, tuple(pages), look.missing), members


def _archived_wall(kept: Archive, reply: SavedPage, now: datetime) -> tuple[Crawl, _Members]:
    assert reply.page  # noqa: S101 - a wall is told with its page
    ref = kept.write_file(
        reply.file,
        reply.page.body,
        reply.page.query,
        at=now,
        taken_at=reply.page.fetched_at,
        url=reply.page.url,
        extra=((FILE, reply.file_id),),
    )
    page = replace(reply.page, ref=ref)
    return Crawl(page.query, page.fetched_at, (page,)), [(reply, page)]


def _write(
    kept: Archive, reply: SavedPage, page: Page, look: Look, now: datetime, extra: tuple[tuple[str, str], ...]
) -> ArchiveRef:
    return kept.write_file(
        reply.file,
        page.body,
        page.query,
        at=now,
        taken_at=look.taken_at,
        url=page.url,
        content_type=page.headers.get("content-type", "application/octet-stream"),
        number=page.number,
        pages=look.pages,
        extra=(*extra, (FILE, reply.file_id)),
    )


def _record(one: SavedPage, page: Page, now: datetime) -> brought.Brought:
    assert page.ref  # noqa: S101 - it was archived
    return brought.Brought(one.file_id, one.file.partition("#")[0], page.ref, _digest(page), now)


def warc_pages(path: Path) -> Iterator[Page]:
    """The pages of a WARC file of the user's, or of those in a WACZ.

    Raises ArchiveError, after the last page, for what in it cannot be read.
    """
    from trendscout.archive.reader import foreign_pages

    faults: list[ArchiveError] = []
    if path.suffix.lower() == ".wacz":
        with unpacked(path, endings=(".warc", ".warc.gz")) as files:
            for file in files:
                yield from foreign_pages(file, faults.append)
    else:
        yield from foreign_pages(path, faults.append)
    if faults:
        raise faults[0]
