"""The pages of one crawl into snapshots: what was seen, how deep, and what was not looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from trendscout.errors import Blocked, OurFault, TrendscoutError, Unreachable
from trendscout.findings import Finding, finding, of_error
from trendscout.model import FIELDS, ArchiveRef, Entry, ListNote, Page, Query, Reading, Snapshot, Status
from trendscout.sources.source import Source, list_id, read_page

# A list that has less than this share of its usual rows or filled fields was not read right: sites change a
# layout for part of a page first. Real lists vary by about a tenth from day to day.
_DRIFT = 0.7
_DRIFT_HISTORY = 3  # snapshots before a list has a usual length
_LATELY = 20  # good looks whose median is usual
_BY_CHANCE = 3.0  # standard deviations by which the rows that fill a field vary


@dataclass(frozen=True, slots=True)
class Usual:
    """What a list gave before: medians over its last good snapshots, and the most rows of one."""

    looks: int
    entries: float
    filled: float
    most: int = 0
    shares: tuple[float, ...] = ()  # by `FIELDS`: in how many of its rows each is filled; empty where nobody knows


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pages of one crawl show, and whether a bug of ours stood in the way."""

    snapshots: tuple[Snapshot, ...]
    fault: bool = False


def shown_by(
    source: Source,
    query: Query,
    taken_at: datetime,
    pages: Sequence[Page],
    *,
    missing: Sequence[TrendscoutError] = (),
) -> Shown:
    """One snapshot for each list that the pages show; one without entries if they show none.

    `missing` says why pages that belong to the crawl did not come: with it, or with a page that cannot be read,
    what the others show is "partial".
    """
    readings: list[Reading] = []
    faults = list(missing)
    for page in pages:
        try:
            reading = read_page(source, page)
        except TrendscoutError as error:
            if isinstance(error, OurFault) or not _ended_before(source, readings):
                faults.append(error)
        else:
            readings.append(_once_shown(reading, readings, page.number))
    refs = tuple(page.ref for page in pages if page.ref)
    snapshots = _snapshots(source, query, taken_at, readings, faults, refs)
    return Shown(snapshots, any(isinstance(fault, OurFault) for fault in faults))


def _once_shown(reading: Reading, before: Sequence[Reading], number: int) -> Reading:
    """The reading, partial if it is an earlier page once more: the site paid no heed to the page's number."""
    keys = _keys(reading)
    if len(keys) < _TOO_FEW or all(_keys(earlier) != keys for earlier in before):
        return reading
    return replace(reading, status="partial", findings=(*reading.findings, finding("page_repeats", number=number)))


_TOO_FEW = 3  # rows that two pages may share by chance


def _keys(reading: Reading) -> list[tuple[str, str]]:
    return [(entry.list, entry.item_key) for entry in reading.entries if not entry.is_ad]


def _snapshots(
    source: Source,
    query: Query,
    taken_at: datetime,
    readings: Sequence[Reading],
    faults: Sequence[TrendscoutError],
    refs: tuple[ArchiveRef, ...],
) -> tuple[Snapshot, ...]:
    if not readings:
        status: Status = "blocked" if any(isinstance(fault, Blocked) for fault in faults) else "failed"
        kind = query.kind or (source.kinds[0] if source.kinds else "")
        return (
            Snapshot(
                list_id=list_id(query, kind=kind),
                taken_at=taken_at,
                status=status,
                findings=_findings(faults, ()) or (finding("no_page"),),
                pages=refs,
            ),
        )
    by_list: dict[str, list[Entry]] = {}
    for reading in readings:
        for entry in reading.entries:
            by_list.setdefault(entry.list, []).append(entry)
    notes = {note.list: note for reading in readings for note in reading.notes}
    findings = _findings(faults, [one for reading in readings for one in reading.findings])
    partial = bool(faults) or any(reading.status != "ok" for reading in readings)
    return tuple(
        Snapshot(
            list_id=name,
            taken_at=taken_at,
            status="partial" if partial else "ok",
            entries=tuple(kept),
            depth=_depth(kept, notes.get(name), whole=not partial),
            length=notes[name].length if name in notes else source.length,
            layout=readings[0].layout,
            findings=findings if partial else (),
            pages=refs,
        )
        for name, kept in ((name, _once(entries)) for name, entries in by_list.items())
    )


def no_page(source: str, number: int) -> TrendscoutError:
    """What is said of a page of a look that is not there."""
    return Unreachable("{source}: page {number} did not come.", source=source, number=number)


def _ended_before(source: Source, readings: Sequence[Reading]) -> bool:
    """Whether an earlier page was not full, or the last that the site has, so that one behind it shows nothing."""
    rows = [sum(not entry.is_ad for entry in reading.entries) for reading in readings]
    told = min((note.length for reading in readings for note in reading.notes if note.length), default=None)
    return (source.page_rows is not None and any(count < source.page_rows for count in rows)) or (
        told is not None and told <= sum(rows)
    )


def _once(entries: Sequence[Entry]) -> list[Entry]:
    """Each item once, at its best place: a list that moved between two requests shows an item on both pages."""
    best: dict[tuple[str, bool], Entry] = {}
    for entry in entries:
        key = (entry.item_key, entry.is_ad)
        if key not in best:
            best[key] = entry
    return list(best.values())


def _depth(entries: Sequence[Entry], note: ListNote | None, *, whole: bool) -> int:
    """How many places from the top were looked at.

    A whole list counts to its last rank, gaps included: the site left them. One with pages missing counts to the
    first gap. A list whose rows are missing by design gives 0.
    """
    ranks = {entry.rank for entry in entries if entry.rank is not None and not entry.is_ad}
    if not ranks or (note and not note.complete):
        return 0
    if whole:
        return max(ranks)
    return next((rank - 1 for rank in range(1, max(ranks) + 2) if rank not in ranks), 0)


def _findings(faults: Sequence[TrendscoutError], findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Why pages did not come and what the others show amiss, each once."""
    return tuple(dict.fromkeys([*map(of_error, faults), *findings]))


def with_drift(snapshots: Sequence[Snapshot], usual: Mapping[str, Usual]) -> tuple[Snapshot, ...]:
    """The snapshots as their list's own past judges them.

    Those that lost rows or a field are partial. One with too few rows that seemed whole is of another page size,
    as of a phone's page: below its first gap nothing is known, nor which place a row there has. A list that grew
    is whole and says so: what stands below its former end was there before.
    """
    return tuple(_drifted(snapshot, usual.get(snapshot.list_id)) for snapshot in snapshots)


def _drifted(snapshot: Snapshot, usual: Usual | None) -> Snapshot:
    if usual is None or usual.looks < _DRIFT_HISTORY or not snapshot.entries:
        return snapshot
    rows = len(snapshot.counted)
    faults = []
    if rows < _DRIFT * usual.entries:
        faults.append(finding("fewer_rows", rows=rows, usual=usual.entries))
    faded = _faded(snapshot, usual)
    if not faded and snapshot.filled < _DRIFT * usual.filled:
        faded = [finding("fewer_fields", filled=snapshot.filled, usual=usual.filled)]
    faults += faded
    if faults:
        if snapshot.status == "ok" and faults[0].code == "fewer_rows" and snapshot.depth:
            snapshot = _to_first_gap(snapshot)
        return replace(snapshot, status="partial", findings=(*snapshot.findings, *faults))
    if snapshot.status == "ok" and _DRIFT * rows > usual.most:
        return replace(snapshot, findings=(*snapshot.findings, finding("list_grew", rows=rows, most=usual.most)))
    return snapshot


def _to_first_gap(snapshot: Snapshot) -> Snapshot:
    depth = _depth(snapshot.entries, None, whole=False)
    entries = (e if e.rank is None or e.rank <= depth else replace(e, rank=None) for e in snapshot.entries)
    return replace(snapshot, depth=depth, entries=tuple(entries))


def _faded(snapshot: Snapshot, usual: Usual) -> list[Finding]:
    """The fields that far fewer rows have than usual, and fewer than chance leaves out of so many."""
    rows, found = len(snapshot.counted), []
    for name, share, before in zip(FIELDS, snapshot.shares, usual.shares, strict=False):
        chance = _BY_CHANCE * math.sqrt(rows * before * (1 - before) + 1)
        if share < _DRIFT * before and (before - share) * rows > chance:
            found.append(finding("field_fades", what=name, filled=share, usual=before))
    return found


def usual_of(entries: Sequence[int], filled: Sequence[float], shares: Sequence[Sequence[float] | None]) -> Usual:
    """What is usual by a list's good looks, the latest first.

    A list that grew is as long as its last looks have it, though the median of twenty learns that after ten.
    A field's share is the higher of the medians of the newer and the older half: a median of late looks alone
    would go along with a field that fades by a row a day.
    """
    if not entries:
        return Usual(0, 0.0, 0.0)
    known = [one for one in shares if one]
    halves = [half for half in (known[: len(known) // 2], known[len(known) // 2 :]) if half]
    by_half = [[median(column) for column in zip(*half, strict=True)] for half in halves]
    return Usual(
        looks=len(entries),
        entries=max(float(median(entries[:_LATELY])), float(min(entries[:_DRIFT_HISTORY]))),
        filled=float(median(filled[:_LATELY])),
        most=max(entries),
        shares=tuple(map(max, zip(*by_half, strict=True))) if len(known) >= _DRIFT_HISTORY else (),
    )
