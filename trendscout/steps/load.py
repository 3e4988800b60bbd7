"""Pages that are in the archive into the store: read, judged against the list's past, loaded in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trendscout.archive import ArchivedPage
from trendscout.errors import ArchiveError, TrendscoutError
from trendscout.model import PAGING, ArchiveRef, Outcome, Page, Query, Snapshot, Status
from trendscout.sources.snapshots import Shown, no_page, shown_by, with_drift
from trendscout.sources.source import get_source, wall_before
from trendscout.sources.walls import TRANSIENT
from trendscout.store.coverage import usual
from trendscout.store.lake import retried
from trendscout.store.load import Loaded, load_snapshots, note_pages
from trendscout.store.moved import move_looks
from trendscout.store.sql import Connection

Opener = Callable[[], AbstractContextManager[Connection]]
_BATCH = 200  # crawls a load: opening the store costs as much as loading a few lists
_STALE = timedelta(days=2)  # a crawl whose other pages have not come by then will not get them


@dataclass(frozen=True, slots=True)
class Crawl:
    """The pages of one look at one query, and why others did not come."""

    query: Query
    taken_at: datetime
    pages: tuple[Page, ...]
    missing: tuple[TrendscoutError, ...] = ()
    other_replies: tuple[
        Page, ...
    ] = ()  # replies that were no page of the list: another try followed, or none came


def read_crawl(crawl: Crawl) -> Shown:
    """What a crawl's pages show."""
    if not crawl.pages and not crawl.missing:
        return Shown(())
    source = get_source(crawl.query.source)
    return shown_by(source, crawl.query, crawl.taken_at, crawl.pages, missing=crawl.missing)


def load_crawls(
    open_store: Opener, crawls: Iterable[Crawl], *, loaded_at: datetime, replace_changed: bool = False
) -> Iterator[tuple[Outcome, Loaded]]:
    """Load crawls in batches, giving an outcome for each and what its batch changed (once, with its last crawl).

    With `replace_changed`, snapshots that the store has and that now read differently are replaced.
    """
    batch: list[tuple[Crawl, Shown]] = []
    for crawl in crawls:
        batch.append((crawl, read_crawl(crawl)))
        if len(batch) >= _BATCH:
            yield from _load(open_store, batch, loaded_at, replace_changed=replace_changed)
            batch = []
    if batch:
        yield from _load(open_store, batch, loaded_at, replace_changed=replace_changed)


def _load(
    open_store: Opener,
    batch: Sequence[tuple[Crawl, Shown]],
    loaded_at: datetime,
    *,
    replace_changed: bool,
) -> Iterator[tuple[Outcome, Loaded]]:
    judged, total = retried(lambda: _put(open_store, batch, loaded_at, replace_changed=replace_changed))
    for number, (crawl, shown) in enumerate(batch, 1):
        final = [judged[snapshot.list_id, snapshot.taken_at] for snapshot in shown.snapshots]
        yield _outcome(crawl, final, fault=shown.fault), total if number == len(batch) else Loaded(0, 0, 0)


def _put(
    open_store: Opener,
    batch: Sequence[tuple[Crawl, Shown]],
    loaded_at: datetime,
    *,
    replace_changed: bool,
) -> tuple[dict[tuple[str, datetime], Snapshot], Loaded]:
    """The batch's snapshots into the store: by list and time as they were judged, and what that changed."""
    judged: dict[tuple[str, datetime], Snapshot] = {}
    total = Loaded(0, 0, 0)
    with open_store() as connection:
        for part in _rounds([snapshot for _, shown in batch for snapshot in shown.snapshots]):
            before = min(snapshot.taken_at for snapshot in part)
            known = usual(connection, [snapshot.list_id for snapshot in part], before=before)
            part = with_drift(part, known)
            judged |= {(snapshot.list_id, snapshot.taken_at): snapshot for snapshot in part}
            total += load_snapshots(connection, part, loaded_at=loaded_at, replace=replace_changed)
        note_pages(
            connection,
            [(page, crawl.query.source) for crawl, _ in batch for page in (*crawl.pages, *crawl.other_replies)],
        )
        if replace_changed:
            total += Loaded(0, 0, 0, findings=move_looks(connection, list(judged.values()), at=loaded_at))
    return judged, total


def _rounds(snapshots: Sequence[Snapshot]) -> Iterator[tuple[Snapshot, ...]]:
    """The snapshots in the order of time, cut so that no part holds a list twice: each is judged by its past."""
    part: dict[str, Snapshot] = {}
    for snapshot in sorted(snapshots, key=lambda s: (s.taken_at, s.list_id)):
        if snapshot.list_id in part:
            yield tuple(part.values())
            part = {}
        part[snapshot.list_id] = snapshot
    if part:
        yield tuple(part.values())


_WORST_FIRST = ("blocked", "failed", "partial", "ok")


def _outcome(crawl: Crawl, snapshots: Sequence[Snapshot], *, fault: bool) -> Outcome:
    states: list[Status] = [snapshot.status for snapshot in snapshots]
    status: Status = min(states, key=_WORST_FIRST.index, default="failed")
    return Outcome(
        query=crawl.query,
        status=status,
        lists=sum(bool(snapshot.entries) for snapshot in snapshots),
        entries=sum(len(snapshot.counted) for snapshot in snapshots),
        findings=tuple(dict.fromkeys(one for snapshot in snapshots for one in snapshot.findings)),
        fault=fault,
    )


FILE = "file_id"  # the extra of a page that the user brought: the id of its file
JOINS = "joins"  # the extra of a page that was brought later: the pages of its look that the archive had already
Read = Callable[[ArchiveRef], Page]


def joins_text(pages: Iterable[tuple[ArchiveRef | None, int]]) -> str:
    """Records and their numbers in the look, as a record's extra says them."""
    return " ".join(f"{ref.file}@{ref.offset}#{number}" for ref, number in pages if ref)


def _joined(text: str, read: Read, like: ArchivedPage) -> Iterator[ArchivedPage]:
    for one in text.split():
        place, _, number = one.rpartition("#")
        file, _, offset = place.rpartition("@")
        with suppress(ArchiveError, ValueError):  # pruned, and then told as a page that did not come
            page = read(ArchiveRef(file, int(offset)))
            yield replace(like, page=replace(page, number=int(number)))


def crawls_of(kept: Iterable[ArchivedPage], read: Read | None = None) -> Iterator[Crawl]:
    """Archived pages put together again as the crawls that they came from, in the order of writing.

    A page that was asked for again counts as it came last, and pages that never came are told as missing. Replies
    that only asked for patience make no snapshot. `read` gives the pages that a later one says it belongs to.
    """
    open_crawls: dict[tuple[Query, datetime], list[ArchivedPage]] = {}
    for record in kept:
        asked = tuple(pair for pair in record.page.query.params if pair[0] not in PAGING)
        key = (replace(record.page.query, params=asked), record.taken_at)
        held = open_crawls.setdefault(key, [])
        if not held and read and (joins := record.extra.get(JOINS)):
            held.extend(_joined(joins, read, record))
        held.append(record)
        if len({part.page.number for part in held if part.page.status < _REFUSED}) == record.pages:
            yield _crawl(key, open_crawls.pop(key))
        for stale in [k for k in open_crawls if record.taken_at - k[1] > _STALE]:
            yield _crawl(stale, open_crawls.pop(stale))
    for key in sorted(open_crawls, key=lambda k: (k[1], k[0].source)):
        yield _crawl(key, open_crawls[key])


_REFUSED = 400


def _crawl(key: tuple[Query, datetime], held: Sequence[ArchivedPage]) -> Crawl:
    query, taken_at = key
    last = {one.page.number: one for one in held if one.page.status not in TRANSIENT}
    pages = tuple(last[number].page for number in sorted(last))
    other_replies = tuple(one.page for one in held if last.get(one.page.number) is not one)
    # Of what the user brought, the last page is the last that was brought.
    asked = max(one.pages if one.role == "crawl" else one.page.number for one in held)
    if pages and len(pages) < asked and wall_before(get_source(query.source), pages[-1]):
        asked = pages[-1].number  # the rest of a list is not asked for behind a wall
    lost = [number for number in range(1, asked + 1) if number not in last] if last else []
    missing = tuple(no_page(query.source, number) for number in lost)
    return Crawl(query, taken_at, pages, missing, other_replies)
