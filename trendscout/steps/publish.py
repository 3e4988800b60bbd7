"""What the desk shows, published whole after each step that changed the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from trendscout.errors import TrendscoutError, UsageError
from trendscout.files import whole_file
from trendscout.findings import Finding, finding, from_json, of_error, to_json
from trendscout.model import ITEM_KINDS, Report, Row
from trendscout.report import changes, costs, packs
from trendscout.report.changes import Changes, Seen
from trendscout.settings.config import Settings, load_settings
from trendscout.steps.costs import cost_book
from trendscout.steps.job_states import job_states
from trendscout.steps.rank import rank
from trendscout.steps.rates import rates_of
from trendscout.steps.red_ocean import red_ocean
from trendscout.steps.rows import context_of, rows_of
from trendscout.store import products
from trendscout.store.coverage import coverage
from trendscout.store.learned import last_backtest
from trendscout.store.query import ANYWHERE
from trendscout.store.read_file import ReadFile, Wanted, current_file, published_at, write_read_file
from trendscout.store.row_text import packed
from trendscout.store.said import KEPT, is_tip, save_said
from trendscout.store.sql import Connection
from trendscout.store.upkeep import back_up
from trendscout.store.workspace import Workspace

_BATCH = 2_000  # rows held at a time
_CONFIG = "config"  # in the desk's folder: the configuration that its packs, costs and jobs lie beside
_TOPS = "tops"  # ... what stood at the top, by day
TOP = 20
_DAYS_KEPT = 100
_FAULT = "fault"  # ... and why the last publication failed


def remember_config(folder: Path, config: Path | None) -> None:
    """Let later writers know which configuration the desk was started with."""
    whole_file(folder / _CONFIG, lambda path: path.write_text(str(config.resolve()) if config else "", "utf-8"))


def last_fault(folder: Path) -> tuple[Finding, ...]:
    """Why the last publication failed; nothing if it did not."""
    file = folder / _FAULT
    return from_json(file.read_text(encoding="utf-8")) if file.exists() else ()


def try_to_publish(workspace: Workspace, *, now: datetime) -> bool:
    """Publish, if that was possible; why it was not is told to the desk, not to the step before."""
    try:
        publish(workspace, now=now)
    except TrendscoutError as error:
        why = of_error(error)
    except OSError as error:
        why = finding("not_written", why=error.strerror or str(error))
    else:
        (workspace.desk / _FAULT).unlink(missing_ok=True)
        return True
    whole_file(workspace.desk / _FAULT, lambda path: path.write_text(to_json([why]), "utf-8"))
    return False


def publish(workspace: Workspace, *, now: datetime) -> Path | None:
    """Rank everything at `now`, keep what is said in the store, and make the read file of it; its path.

    None if one of a later time is there. Raises StoreError if the store cannot be had, OSError if the file cannot
    be written.
    """
    return _publish(workspace, workspace.desk, now)


def publish_aside(workspace: Workspace, folder: Path, *, now: datetime) -> Path | None:
    """As `publish`, into `folder` and out of a copy: who writes waits while the store is copied, and no longer.

    What is said is kept in no store: nobody but the reader of `folder` was told it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".aside-", dir=folder) as aside:
        copy = Path(aside) / "store.duckdb"
        back_up(workspace.db, copy)
        return _publish(Workspace.at(copy), folder, now)


def is_published(workspace: Workspace) -> bool:
    """Whether the read file is there and not older than the store; of a shared store nobody here can know."""
    file, db = current_file(workspace.desk), workspace.db
    if file is None or db.shared:
        return False
    return not db.exists() or db.file.stat().st_mtime <= file.stat().st_mtime


def _publish(workspace: Workspace, folder: Path, now: datetime) -> Path | None:
    before = published_at(folder)
    if before is not None and before > now and current_file(folder):
        return None
    settings = _settings(folder)
    with workspace.writing(must_exist=True) as connection:
        rows = _rows(connection, settings, now)
        first = list(islice(rows, KEPT))
        save_said(connection, first, now)
        looked = coverage(connection, now=now)
        facts = {
            "coverage": [packed(one) for one in looked],
            "jobs": [packed(one) for one in job_states(connection, settings, now=now)],
            "backtest": last_backtest(connection, until=now) or {},
        }
        made = write_read_file(connection, folder, _batches(chain(first, rows)), facts, now=now)
    if made:
        made.touch()  # the store was closed after it was written, and is not the newer of the two
        _remember_top(folder, first, now)
    return made


def _remember_top(folder: Path, rows: Sequence[Row], now: datetime) -> None:
    """Keep what a reader of the report saw on this day, for `top_before`; the last days of these."""
    top = tuple(islice((row for row in rows if is_tip(row)), TOP))
    text = changes.memory(Report(as_of=now, rows=top, coverage=()))
    days = folder / _TOPS
    whole_file(days / f"{now.astimezone(UTC):%Y-%m-%d}.json", lambda path: path.write_text(text, "utf-8"))
    for old in sorted(days.glob("*.json"))[:-_DAYS_KEPT]:
        old.unlink(missing_ok=True)


def top_before(folder: Path, day: date) -> tuple[str, str] | None:
    """The last day (UTC) until `day` on which something was published, and its top as `changes.memory` has it."""
    days = sorted(file for file in (folder / _TOPS).glob("*.json") if file.stem <= day.isoformat())
    return (days[-1].stem, days[-1].read_text(encoding="utf-8")) if days else None


class Changed(NamedTuple):
    """What changed between an earlier day and what a read file shows."""

    report: Report  # the top now
    since: str | None  # the day; None: nothing earlier is kept
    changes: Changes
    unseen: tuple[Seen, ...] = ()  # stood in the top, and their list did not come whole


def changed(file: ReadFile, folder: Path, *, days: int) -> Changed:
    """What changed in the top in so many `days` before what the read file of `folder` shows."""
    rows, _ = file.products(Wanted(tips=True), limit=TOP)
    looks = tuple(file.coverage)
    report = Report(as_of=file.as_of, rows=tuple(rows), coverage=looks)
    kept = top_before(folder, file.as_of.astimezone(UTC).date() - timedelta(days=days))
    if kept is None:
        return Changed(report, None, Changes())
    whole = {look.list_id for look in looks if look.status == "ok"}
    top_ids = {row.product_id for row in rows}
    before = changes.read(kept[1])
    unseen = tuple(seen for name, seen in before.items() if name not in top_ids and seen.list_id not in whole)
    return Changed(report, kept[0], changes.since(report, kept[1]), unseen)


def _settings(folder: Path) -> Settings:
    file = folder / _CONFIG
    named = file.read_text(encoding="utf-8") if file.exists() else ""
    return load_settings(Path(named)) if named and Path(named).exists() else Settings()


def _rows(connection: Connection, settings: Settings, now: datetime) -> Iterator[Row]:
    """Every scored product with its costs and packs, those that the seller ignores last."""
    try:
        scores = rank(connection, ANYWHERE, now=now)
    except UsageError:  # nothing to rank yet: the desk shows what was looked at
        return
    rates, _ = rates_of(connection, settings, now=now)
    returned = red_ocean(connection, settings).by_list
    book, _ = cost_book(connection, settings, rates, now=now)
    known_packs = packs.load(settings.own("packs"))
    context = context_of(connection, now, settings.markets, rates, returned, state=scores.state)
    read = partial(rows_of, connection, scores, context, at_once=_BATCH)
    every = read(most=dict.fromkeys(ITEM_KINDS, len(scores)))  # goods first, and of every kind all there are
    if ignored := products.ignored(connection):
        every = chain(every, read(only=ignored))
    for position, batch in enumerate(_batches(every)):
        made = costs.applied(Report(as_of=now, rows=tuple(batch), coverage=()), book, rates)
        made = packs.judged(made, known_packs)
        for number, row in enumerate(made.rows, position * _BATCH + 1):
            yield replace(row, position=number)


def _batches(rows: Iterator[Row]) -> Iterator[Sequence[Row]]:
    while part := tuple(islice(rows, _BATCH)):
        yield part
