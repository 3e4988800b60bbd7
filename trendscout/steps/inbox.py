"""The inbox: a folder whose files are told apart by themselves, taken once and put away.

What was taken is moved to `done/DATE/`, what was refused to `refused/` with a text that says why and what to do. A
file is moved only when archive and store have it: after a kill it is met again, and known.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from trendscout.errors import TrendscoutError, UsageError
from trendscout.files import whole_file
from trendscout.findings import Finding, finding, of_error
from trendscout.intake import kind_of, pages_in
from trendscout.intake.zipped import unpacked
from trendscout.lang import Lang, tr
from trendscout.model import Outcome, Query, Status
from trendscout.steps.ingest import ImportResult
from trendscout.steps.saved_pages import IngestResult, ingest_pages, warc_pages
from trendscout.store.workspace import Workspace

ImportTable = Callable[[Path], ImportResult]

DONE, REFUSED = "done", "refused"
_PARTS = (".part", ".partial", ".crdownload", ".download", ".tmp", ".opdownload")  # of a download that goes on
_LOCKS = ("~$", ".~lock")  # beside a workbook that is open
_FRESH = timedelta(seconds=20)  # a file that changed as lately may still be written
_PAUSE_S = 1.0  # between two looks at its size
_MAX_FILES = 2_000
_OTHERS: dict[Lang, tuple[Lang, ...]] = {"en": (), "zh": ("en",)}  # whom else the note speaks to


@dataclass(slots=True)
class InboxFile:
    """What became of one file of the inbox."""

    name: str  # below the inbox
    state: str = "refused"  # done, refused, waiting
    pages: list[IngestResult] = field(default_factory=list)
    table: ImportResult | None = None
    findings: list[Finding] = field(default_factory=list)  # why it was refused, or is left for next time
    moved_to: str = ""

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists that it became."""
        return tuple(dict.fromkeys(name for one in self.pages for name in one.lists))

    def outcomes(self) -> Iterator[Outcome]:
        """How it went, as a crawl would say it: one for each look, or one for a table or a refusal."""
        query = Query("inbox", category=self.name)
        for page in self.pages:
            if page.status in ("ok", "partial", "blocked", "failed"):
                asked = Query(page.source, category=", ".join(page.lists) or page.name)
                status = cast("Status", page.status)
                yield Outcome(asked, status, len(page.lists), page.entries, page.findings)
        if self.table is not None:
            rows = self.table.loaded.observations + self.table.stock
            yield Outcome(query, "ok", self.table.loaded.snapshots, rows, self.table.findings)
        if self.state == REFUSED:
            yield Outcome(query, "failed", findings=tuple(self.findings))


def empty_inbox(
    workspace: Workspace,
    folder: Path,
    *,
    market: str | None,
    now: datetime,
    lang: Lang,
    import_table: ImportTable,
    wait: Callable[[float], None],
) -> list[InboxFile]:
    """Take every file of the folder, and put it away; what is still being written is left for next time.

    Raises UsageError if there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(
            "There is no inbox {folder}.",
            next_step="Make that folder and put pages, recordings and exports into it.",
            folder=folder,
        )
    files = {path: InboxFile(path.relative_to(folder).as_posix()) for path in _files(folder)}
    growing = _growing(list(files), now, wait)
    for path in growing:
        files[path].state = "waiting"
        files[path].findings.append(finding("still_written"))
    taken = {path: file for path, file in files.items() if path not in growing}
    _take(workspace, taken, import_table, market=market, now=now)
    for path, file in taken.items():
        if file.state == REFUSED and _is_fresh(path, now):  # half of a page reads as none
            file.state = "waiting"
            file.findings = [finding("perhaps_written", why=tuple(file.findings))]
            continue
        _put_away(folder, path, file, now, lang)
    return list(files.values())


def _files(folder: Path) -> list[Path]:
    files = []
    for top, folders, names in os.walk(folder, followlinks=False):
        parent = Path(top)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and not name.endswith(("_files", ".files"))
            and not (parent == folder and name in (DONE, REFUSED))
        )
        for name in sorted(names):
            lower = name.lower()
            if (
                not lower.startswith((".", *_LOCKS))
                and not lower.endswith(_PARTS)
                and not (parent / name).is_symlink()
            ):
                files.append(parent / name)
    return files[:_MAX_FILES]


def _is_fresh(path: Path, now: datetime) -> bool:
    with suppress(OSError, OverflowError, ValueError):
        return abs(now - datetime.fromtimestamp(path.stat().st_mtime, UTC)) < _FRESH
    return False


def _growing(paths: Sequence[Path], now: datetime, wait: Callable[[float], None]) -> set[Path]:
    """The files that change while one looks at them."""
    fresh = [path for path in paths if _is_fresh(path, now)]
    before = {path: _state(path) for path in fresh}
    if fresh:
        wait(_PAUSE_S)
    return {path for path in fresh if _state(path) != before[path]}


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


# --- taking --------------------------------------------------------------------------------------------------


def _take(
    workspace: Workspace,
    files: dict[Path, InboxFile],
    import_table: ImportTable,
    *,
    market: str | None,
    now: datetime,
) -> None:
    """Tables one by one, and all pages together: those of one list may lie in several files."""
    pages: list[Path] = []
    for path, file in files.items():
        try:
            kinds = _kinds_in(path)
        except TrendscoutError as error:
            _refuse(file, error)
            continue
        except OSError as error:
            file.findings.append(finding("file_unreadable", why=error.strerror or str(error)))
            continue
        if kinds & {"history", "export"}:
            _take_table(path, file, import_table)
        if not kinds or "page" in kinds:
            pages.append(path)
    called = {path: files[path].name for path in pages}
    replies = pages_in(pages, now=now, market=market, read_warc=warc_pages, called=called)
    by_name = {file.name: file for file in files.values()}
    for result in ingest_pages(workspace.writing, workspace.archive, replies, now=now):
        by_name[_file_of(result.name, by_name)].pages.append(result)
    for path in pages:
        _judge(files[path])


def _file_of(name: str, known: dict[str, InboxFile]) -> str:
    """The file that a reply lies in: "a.zip/b.har#3" lies in "a.zip"."""
    while name not in known:
        cut = max(name.rfind("#"), name.rfind("/"))
        name = name[:cut]
    return name


def _kinds_in(path: Path) -> set[str]:
    if path.suffix.lower() != ".zip":
        return {kind_of(path)}
    with unpacked(path) as inside:
        return {kind_of(file) for file in inside}


def _take_table(path: Path, inbox_file: InboxFile, import_table: ImportTable) -> None:
    with ExitStack() as held:
        inside = held.enter_context(unpacked(path)) if path.suffix.lower() == ".zip" else [path]
        for file in inside:
            try:
                if kind_of(file) == "page":
                    continue
                table = import_table(file)
            except TrendscoutError as error:
                _refuse(inbox_file, error)
                continue
            inbox_file.table = table
            if table.loaded.snapshots or table.loaded.known or table.stock:
                inbox_file.state = DONE
            else:
                inbox_file.findings += [*table.findings, finding("nothing_stored")]


def _refuse(one: InboxFile, error: TrendscoutError) -> None:
    one.findings.append(of_error(error))


def _judge(one: InboxFile) -> None:
    """Done if anything of it counts now."""
    if any(result.entries for result in one.pages):
        one.state = DONE
    elif one.state != DONE:
        one.findings += dict.fromkeys(told for result in one.pages for told in result.findings)
        one.findings.append(finding("bring_again"))


# --- putting away --------------------------------------------------------------------------------------------


def _put_away(folder: Path, path: Path, file: InboxFile, now: datetime, lang: Lang) -> None:
    home = folder / (f"{DONE}/{now:%Y-%m-%d}" if file.state == DONE else REFUSED)
    target = _free(home / file.name)
    if file.state == REFUSED:
        lines = [f"{file.name}: {why.said(each)}" for each in (lang, *_OTHERS[lang]) for why in file.findings]
        note = target.with_name(f"{target.name}.txt")
        whole_file(note, lambda part: part.write_text("\n".join(lines) + "\n", encoding="utf-8"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    except OSError as error:
        file.findings.append(finding("not_moved", why=error.strerror or str(error)))
        return
    file.moved_to = target.relative_to(folder).as_posix()


def _free(target: Path) -> Path:
    """The path itself, or with a number where something lies there: nothing is written over."""
    number, free = 1, target
    while free.exists() or free.with_name(f"{free.name}.txt").exists():
        number += 1
        free = target.with_name(f"{target.stem} ({number}){target.suffix}")
    return free


_MISSED = timedelta(hours=30)  # a list that comes daily, and six hours of grace
_MOST_NAMED = 12


def notes_on(files: Sequence[InboxFile], known: Mapping[str, datetime], *, now: datetime) -> list[Finding]:
    """What came, was refused, and is missing of the lists that came before."""
    came = dict.fromkeys(name for one in files if one.state == DONE for name in one.lists)
    tables = [one.name for one in files if one.state == DONE and one.table is not None]
    refused = [one.name for one in files if one.state == REFUSED]
    missing = [name for name, last in known.items() if name not in came and now - last > _MISSED]
    told = (("inbox_came", [*came, *tables]), ("inbox_refused", refused), ("inbox_missing", missing))
    return [finding(code, lists=_named(names)) for code, names in told if names]


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f", … ({more})" if more > 0 else "")


def said_of(files: Sequence[InboxFile], lang: Lang) -> list[str]:
    """What came by the inbox, in sentences for people."""
    counts = {state: sum(one.state == state for one in files) for state in (DONE, REFUSED, "waiting")}
    if not files:
        return [tr("Nothing lay in the inbox.", lang)]
    return [
        tr(
            "By the inbox {done} files came, {refused} were refused, {waiting} are left for next time.",
            lang,
            **counts,
        )
    ]
