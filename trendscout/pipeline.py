"""The way of the data, step by step: collect, replay, ingest, import, match, rank, report.

Each step opens the store for as long as it works on it and leaves it whole; how it is done stands in the module
that it calls. Read from top to bottom.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from trendscout.lang import Lang
from trendscout.model import ItemKind, Outcome, Query, Reading, Report, ReportQuery, Why
from trendscout.settings.config import Settings
from trendscout.sources.source import get_source
from trendscout.store.workspace import Workspace

# A step's modules are imported in it: `--help` and `sources` start without Arrow, NumPy and HTTP.
if TYPE_CHECKING:
    from trendscout.archive.daily_files import Pruned
    from trendscout.clock import Clock
    from trendscout.findings import Finding
    from trendscout.intake import Export, Look, SavedPage
    from trendscout.report.changes import Changes
    from trendscout.report.costs import CostBook
    from trendscout.steps.alert_trial import AlertTrial
    from trendscout.steps.inbox import InboxFile
    from trendscout.steps.ingest import ImportResult
    from trendscout.steps.match import Decided, Matched
    from trendscout.steps.replay import Replayed
    from trendscout.steps.saved_pages import IngestResult
    from trendscout.steps.watch_words import Watched
    from trendscout.store.labels import Doubt, Judgement
    from trendscout.store.products import Word
    from trendscout.store.sql import Connection
    from trendscout.store.upkeep import Compacted

# --- collect -------------------------------------------------------------------------------------------------


def collect(
    workspace: Workspace,
    queries: Sequence[Query],
    settings: Settings,
    *,
    clock: Clock,
    base_url: str | Mapping[str, str] | None = None,
    seed: int | str | None = None,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """One polite crawl of the queries into archive and store; an outcome for each.

    What an earlier, killed run archived and did not load is loaded first.
    """
    from trendscout.steps.collect import CrawlOptions, crawl
    from trendscout.steps.replay import read_unread

    read_unread(workspace, now=clock.now())
    return crawl(workspace, queries, CrawlOptions(settings, clock, base_url, seed), on_outcome)


def replay(workspace: Workspace, *, since: datetime | None, now: datetime) -> Replayed:
    """Read the archive with today's readers; what reads differently is replaced, and that is recorded."""
    from trendscout.steps.replay import read_archive

    return read_archive(workspace, since=since, now=now)


# --- what the user brings ------------------------------------------------------------------------------------


def parse(
    file: Path,
    *,
    source: str | None,
    market: str | None,
    url: str | None,
    now: datetime,
    category: str = "",
    at: datetime | None = None,
    called: Mapping[Path, str] | None = None,
) -> tuple[list[Look], list[SavedPage]]:
    """The looks that `ingest` would store of a file, and what it would leave. Nothing is stored."""
    from trendscout.intake import looks_of, pages_in
    from trendscout.steps.saved_pages import warc_pages

    replies = list(
        pages_in(
            [file],
            called=called or {},
            now=now,
            source=get_source(source) if source else None,
            market=market,
            category=category,
            url=url,
            at=at,
            read_warc=warc_pages,
        )
    )
    return looks_of(replies), [reply for reply in replies if reply.status != "taken"]


def parse_table(
    file: Path, *, profile: str | None, market: str | None, at: datetime | None, now: datetime, category: str = ""
) -> Export:
    """What `import` would store of a table. Nothing is stored.

    Raises UsageError, with a draft of a profile, if none fits.
    """
    from trendscout.intake import load_profile, read_export

    chosen = load_profile(profile) if profile else None
    return read_export(file, at=at, now=now, profile=chosen, market=market, category=category)


@contextmanager
def parse_history(
    file: Path, *, called: Path
) -> Iterator[tuple[tuple[Finding, ...], Iterator[dict[str, object]]]]:
    """What `import` would leave out of a history of ranked lists, and each row that it would store.

    Raises UsageError if it is none.
    """
    from trendscout.intake import history_file
    from trendscout.store import histories

    with history_file(file) as plain:
        yield histories.parse_history(plain, called=called)


def try_source(file: Path, page: Path, *, market: str | None, now: datetime) -> Reading:
    """What a declarative source reads in a saved page; as `parse`."""
    from trendscout.intake import trial

    return trial.try_source(file, page, market=market, at=now)


def ingest(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    source: str | None,
    market: str | None,
    url: str | None,
    at: datetime | None,
    now: datetime,
    category: str = "",
    called: Mapping[Path, str] | None = None,
) -> list[IngestResult]:
    """Take saved pages, JSON, HAR and WARC files, or folders of these, into archive and store."""
    from trendscout.intake import pages_in
    from trendscout.steps.saved_pages import ingest_pages, warc_pages

    saved = pages_in(
        paths,
        called=called or {},
        now=now,
        source=get_source(source) if source else None,
        market=market,
        category=category,
        url=url,
        at=at,
        read_warc=warc_pages,
    )
    return ingest_pages(workspace.writing, workspace.archive, saved, now=now)


def ingest_inbox(
    workspace: Workspace,
    folder: Path,
    *,
    market: str | None,
    now: datetime,
    lang: Lang,
    wait: Callable[[float], None] = time.sleep,
) -> list[InboxFile]:
    """Take what lies in the inbox, each file once, and put it away: in `done/`, or in `refused/` with why."""
    from trendscout.steps.inbox import empty_inbox

    def import_table(file: Path) -> ImportResult:
        return import_file(workspace, file, profile=None, market=market, at=None, now=now)

    return empty_inbox(workspace, folder, market=market, now=now, lang=lang, import_table=import_table, wait=wait)


def inbox_notes(workspace: Workspace, files: Sequence[InboxFile], *, now: datetime) -> list[Finding]:
    """What came by the inbox and which lists that came before are missing, for a report."""
    from trendscout.steps.inbox import notes_on
    from trendscout.store.brought import brought_lists

    with workspace.store() as connection:
        return notes_on(files, brought_lists(connection, now=now), now=now)


def brought_files(workspace: Workspace) -> list[tuple[str, str, datetime, int]]:
    """The files that the user brought and that count, the latest first: id, name, time, and how many looks."""
    from trendscout.store.brought import all_brought

    with workspace.store(must_exist=True) as connection:
        return all_brought(connection)


def undo(workspace: Workspace, file: str, *, now: datetime) -> tuple[str, int]:
    """Take back what one file brought: its name, and how many looks went. The archive keeps it.

    Raises UsageError if no file, or more than one, has that id or name.
    """
    from trendscout.steps.saved_pages import take_back

    return take_back(workspace.writing, workspace.archive, file, now=now)


def import_file(
    workspace: Workspace,
    file: Path,
    *,
    profile: str | None,
    market: str | None,
    at: datetime | None,
    now: datetime,
    sheet: str | None = None,
    order: str = "",
    category: str = "",
    items: ItemKind | None = None,
) -> ImportResult:
    """Archive and load a ranked-list history, or an export of a paid tool or an ERP by a column profile.

    What a history's lists list is in its `items`; exports list goods. Raises UsageError for another kind of these.
    """
    from trendscout.errors import UsageError
    from trendscout.intake import kind_of, load_profile, read_export
    from trendscout.steps.ingest import import_export, import_ranked
    from trendscout.store.lake import retried

    if not profile and kind_of(file) == "history":
        return retried(
            lambda: import_ranked(workspace.writing, workspace.archive, file, market=market, now=now, items=items)
        )
    if items not in (None, "goods"):
        raise UsageError(
            "{file} is no history of ranked lists: --kind says what such lists list.",
            next_step="Leave --kind out; exports and price tables list goods.",
            file=file,
        )
    export = read_export(
        file,
        at=at,
        now=now,
        profile=load_profile(profile) if profile else None,
        market=market,
        sheet=sheet,
        order=order,
        category=category,
    )
    return retried(
        lambda: import_export(workspace.writing, workspace.archive, file, export, market=market, now=now)
    )


def draft_profile(file: Path, *, sheet: str | None) -> str:
    """A column profile for a table that none fits, as TOML for a person to check.

    Raises UsageError where the table holds no list.
    """
    from trendscout.intake import propose

    return propose(file, sheet=sheet).toml


# --- match ---------------------------------------------------------------------------------------------------


def match(workspace: Workspace) -> Matched:
    """Join the store's listings into products; those known keep theirs, the user's merges and splits hold."""
    from trendscout.steps.match import match_store

    return workspace.write(match_store, must_exist=True)


def decide(workspace: Workspace, word: Word, a: str, b: str | None, *, now: datetime) -> Decided:
    """Take the user's word on matching: it holds at once and for ever.

    Raises UsageError if it changes nothing.
    """
    from trendscout.steps.match import decide_match

    return workspace.write(lambda connection: decide_match(connection, word, a, b, now=now), must_exist=True)


def doubts(workspace: Workspace, *, now: datetime) -> list[Doubt]:
    """The doubtful joins that matter most: they move a row of the report that was shown last."""
    from trendscout.store import labels
    from trendscout.store.products import last_shown

    with workspace.store(must_exist=True) as connection:
        shown = {product: row["position"] for product, row in last_shown(connection).items()}
        return labels.doubts(connection, shown, most=labels.A_DAY, now=now)


def judge(workspace: Workspace, doubt: Doubt, judgement: Judgement, *, now: datetime) -> tuple[int, int]:
    """Take the seller's answer; of all joins judged so far, how many were right, and how many there are."""
    from trendscout.steps.match import judge_doubt
    from trendscout.store import labels

    with workspace.writing(must_exist=True) as connection:
        judge_doubt(connection, doubt, judgement, now=now)
        return labels.judged_right(connection)


def judge_pair(workspace: Workspace, first: str, second: str, judgement: Judgement, *, now: datetime) -> None:
    """Take the seller's answer on two listings of one product, named by their ids.

    Raises UsageError if they are not of one product any more.
    """
    from trendscout.steps.match import judge_doubt
    from trendscout.store.labels import join_of

    with workspace.writing(must_exist=True) as connection:
        judge_doubt(connection, join_of(connection, first, second), judgement, now=now)


def mark(workspace: Workspace, product: str, word: str, note: str, *, now: datetime, reader: str = "") -> str:
    """Remember what a product is to a reader, "" being everyone; "none" forgets it. The product's title."""
    from trendscout.store import products

    def work(connection: Connection) -> str:
        named = products.find_product(connection, product)
        if word == "none":
            products.unmark(connection, named.product, reader=reader)
        else:
            products.mark(connection, named, word, note, now, reader=reader)  # type: ignore[arg-type]
        return named.title

    return workspace.write(work, must_exist=True)


# --- rank and report -----------------------------------------------------------------------------------------


def report(
    workspace: Workspace, query: ReportQuery, *, now: datetime, settings: Settings, keep: bool = False
) -> Report:
    """The report at `now` from what was known then; with `keep`, what it shows goes into the record.

    Raises UsageError for an unknown sort or pack, StoreError if there is no store.
    """
    from trendscout.steps.record import keep_shown, settle
    from trendscout.steps.report import make_report
    from trendscout.store.lake import derived

    def work(connection: Connection) -> Report:
        if keep:
            derived(lambda: settle(connection, now=now))
        made = make_report(connection, query, now=now, settings=settings)
        if keep:
            derived(lambda: keep_shown(connection, made))
        return made

    return workspace.read(work, must_exist=True)


def try_alert(workspace: Workspace, name: str, *, days: int, now: datetime, settings: Settings) -> AlertTrial:
    """How often an alert would have called in the last `days` mornings. Raises UsageError for an unknown one."""
    from trendscout.errors import UsageError
    from trendscout.report import alerts
    from trendscout.steps import alert_trial

    rules = {rule.name: rule for rule in alerts.read(settings.alerts)}
    if name not in rules:
        known = ", ".join(rules) or "–"
        raise UsageError("There is no alert {name!r}.", next_step="There are: {known}.", name=name, known=known)
    return workspace.read(
        lambda connection: alert_trial.try_alert(connection, rules[name], settings, days=days, now=now),
        must_exist=True,
    )


def watch_words(workspace: Workspace, *, now: datetime, settings: Settings) -> Watched:
    """What the lists of words.toml meet. Raises ConfigError if the file cannot be used."""
    from trendscout.steps.watch_words import watched

    found = workspace.read(lambda connection: watched(connection, settings, now=now), must_exist=True)
    if found.faults:
        raise found.faults[0]
    return found


def costs(workspace: Workspace, *, now: datetime, settings: Settings) -> CostBook:
    """What costs.toml says, in dollars at the rates that a report at `now` has.

    Raises ConfigError if it, or rates.toml, cannot be used.
    """
    from trendscout.steps.costs import written_costs
    from trendscout.steps.rates import own_rates, rates_of

    rates = own_rates(settings)
    if workspace.db.exists():
        rates, _ = workspace.read(lambda connection: rates_of(connection, settings, now=now))
    return written_costs(settings, rates, now=now)


def record(workspace: Workspace, *, replay_days: int, now: datetime, settings: Settings) -> dict[str, Any]:
    """What the reports said and what came, by list, by chance and by week.

    With `replay_days`, past mornings of which nothing is kept are made again from what was known then.
    """
    from dataclasses import asdict

    from trendscout.errors import UsageError
    from trendscout.steps import record as recording
    from trendscout.steps.report import make_report

    with workspace.store(must_exist=True) as connection:
        for morning in recording.missing_mornings(connection, days=replay_days, now=now):
            try:
                made = make_report(connection, ReportQuery(), now=morning, settings=settings)
            except UsageError:  # nothing was read by then
                continue
            recording.keep_shown(connection, made, replayed=True)
        ways = recording.record(connection, now=now)
    return {name: [asdict(group) for group in groups] for name, groups in ways.items()}


def why(workspace: Workspace, product: str, *, now: datetime, settings: Settings) -> Why:
    """All that is known of a product: its row, what was joined and by which rule.

    Raises UsageError if nothing, or more than one product, is called so.
    """
    from trendscout.steps.report import explain

    return workspace.read(
        lambda connection: explain(connection, product, now=now, settings=settings), must_exist=True
    )


def read_report(
    workspace: Workspace,
    query: ReportQuery,
    reader: str,
    *,
    only_changes: bool,
    now: datetime,
    settings: Settings,
    keep: bool = False,
) -> tuple[Report, Changes | None]:
    """As `report`, for a reader who is taken to have seen it; if wanted, what changed since they last saw one."""
    from trendscout.report import changes
    from trendscout.store import runs
    from trendscout.store.lake import derived

    made = report(workspace, query, now=now, settings=settings, keep=keep)

    def work(connection: Connection) -> str | None:
        before = runs.remembered(connection, reader)
        derived(lambda: runs.remember(connection, reader, changes.memory(made), made.as_of))
        return before

    before = workspace.read(work, must_exist=True)
    return made, changes.since(made, before) if only_changes else None


def pictures(made: Report) -> dict[str, bytes]:
    """By address, the pictures of a report's first products that came from the open internet."""
    from trendscout.fetch.pictures import MOST
    from trendscout.fetch.pictures import pictures as fetched
    from trendscout.report.clean import picture_address

    addresses = (picture_address(row.facts.image) for row in made.rows[:MOST])
    return fetched([one for one in addresses if one])


def drop(
    made: Report,
    formats: Sequence[str],
    *,
    folder: Path,
    pattern: str,
    name: str,
    lang: Lang,
    zone: tzinfo,
    day: date | None = None,
    machine: bool = False,
    latest: bool = False,
    changed: Changes | None = None,
) -> tuple[str, ...]:
    """Write the report as files, each whole or not there; their paths.

    With `latest`, a drop in a folder of its date is copied to the folder of the latest as well. `changed` is what
    a feed tells; without it, every row.
    """
    from trendscout.report import drop as drops
    from trendscout.report.paths import copy_latest

    paths = drops.write(
        made,
        pattern,
        formats=cast("Sequence[Any]", formats),
        lang=lang,
        folder=folder,
        name=name,
        machine=machine,
        zone=zone,
        date=day,
        changes=changed,
    )
    if latest and pattern.startswith("{date}/"):
        copy_latest(paths, folder, name)
    return tuple(map(str, paths))


def backtest(
    workspace: Workspace,
    file: Path | None,
    *,
    since: datetime | None,
    label: str | None,
    horizon_h: float | None,
    scores_out: Path | None,
    now: datetime,
) -> dict[str, Any]:
    """How good the ranking was on a history, or on the store's own, beside the simple rules.

    Raises UsageError if the history is too short or no history.
    """
    from trendscout.files import whole_file
    from trendscout.ranking.backtest import backtest as judge
    from trendscout.store import learned
    from trendscout.store.histories import read_history
    from trendscout.store.lake import derived
    from trendscout.store.parquet import write_parquet
    from trendscout.store.query import history

    if file:
        past = read_history(file)
    else:
        past = workspace.read(lambda connection: history(connection, until=now, by="listing"), must_exist=True)
    judged = judge(
        past,
        name=file.stem if file else "",
        label=cast("Any", label),
        horizon_h=horizon_h,
        since=since,
        all_snapshots=scores_out is not None,
    )
    if scores_out:
        whole_file(scores_out, lambda path: write_parquet(judged.scores_table(), path))
    verdict = judged.to_dict()
    if not file:
        with workspace.store() as connection:
            derived(lambda: learned.save_backtest(connection, verdict, now))
    return verdict


def publish(workspace: Workspace, *, now: datetime) -> None:
    """Show the desk, where one was ever opened on this store, what the store holds now.

    What goes wrong is told on the desk: the step before has done its work.
    """
    if workspace.desk.is_dir():
        from trendscout.steps.publish import try_to_publish

        try_to_publish(workspace, now=now)


# --- upkeep --------------------------------------------------------------------------------------------------


def would_go(workspace: Workspace, settings: Settings, *, now: datetime) -> list[str]:
    """The files of store and archive that `compact` would delete now."""
    from trendscout.archive import Archive
    from trendscout.store import upkeep

    pruned = Archive(workspace.archive).prune(**_limits(settings, now), dry_run=True)
    return [*upkeep.would_go(workspace.db), *(file.name for file in pruned)]


def compact(workspace: Workspace, settings: Settings, *, now: datetime) -> tuple[Compacted, Sequence[Pruned]]:
    """Give the store's free space back and drop raw pages past their time: what it gave, and files deleted."""
    from trendscout.archive import Archive
    from trendscout.store import upkeep
    from trendscout.store.load import forget_files

    done = upkeep.compact(workspace.db)
    pruned = Archive(workspace.archive).prune(**_limits(settings, now))
    if pruned:
        workspace.write(lambda connection: forget_files(connection, [file.name for file in pruned]))
    return done, pruned


def _limits(settings: Settings, now: datetime) -> dict[str, Any]:
    """What the configuration lets the archive keep."""
    return {
        "older_than": now - timedelta(days=settings.keep_days) if settings.keep_days else None,
        "max_bytes": int(settings.keep_gb * 1e9) if settings.keep_gb else None,
    }
