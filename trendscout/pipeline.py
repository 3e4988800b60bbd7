"""The way of the data, step by step: collect, replay, ingest, import, match, rank, report.

Each step opens the store for as long as it works on it and leaves it whole; how it is done stands in the module
that it calls. Read from top to bottom.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from trendscout.config import Settings
from trendscout.lang import Lang
from trendscout.model import Outcome, Query, Reading, Report, Why, Wish
from trendscout.place import Place
from trendscout.source import get_source, read_page

# A step's modules are imported in it: `--help` and `sources` start without Arrow, NumPy and HTTP.
if TYPE_CHECKING:
    from trendscout.archive.files import Pruned
    from trendscout.clock import Clock
    from trendscout.imports import Imported, Taken
    from trendscout.joining import Decided, Matched
    from trendscout.report.changes import Changes
    from trendscout.rereading import Replayed
    from trendscout.store.products import Word

# --- collect -------------------------------------------------------------------------------------------------


def collect(
    place: Place,
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
    from trendscout import collecting, rereading

    rereading.read_unread(place, now=clock.now())
    return collecting.crawl(place, queries, collecting.Manner(settings, clock, base_url, seed), on_outcome)


def replay(place: Place, *, since: datetime | None, now: datetime) -> Replayed:
    """Read the archive with today's readers; what reads differently is replaced, and that is recorded."""
    from trendscout import rereading

    return rereading.replay(place, since=since, now=now)


# --- what the user brings ------------------------------------------------------------------------------------


def parse(file: Path, *, source: str, market: str | None, url: str | None, now: datetime) -> Reading:
    """What a source's readers make of a saved page. Nothing is stored.

    Raises Blocked or LayoutChanged as `read_page` does, UsageError if the file cannot be read.
    """
    from trendscout.intake import saved_page

    found = get_source(source)
    return read_page(found, saved_page(found, file, market=market, url=url, at=now))


def try_source(file: Path, page: Path, *, market: str | None, now: datetime) -> Reading:
    """What a declarative source reads in a saved page; as `parse`."""
    from trendscout.intake import trial

    return trial.try_source(file, page, market=market, at=now)


def ingest(
    place: Place,
    paths: Sequence[Path],
    *,
    source: str | None,
    market: str | None,
    url: str | None,
    at: datetime | None,
    now: datetime,
) -> list[Taken]:
    """Take saved pages, JSON, HAR and WARC files, or folders of these, into archive and store."""
    from trendscout import imports
    from trendscout.intake import pages_in

    found = pages_in(
        paths,
        now=now,
        source=get_source(source) if source else None,
        market=market,
        url=url,
        at=at,
        read_warc=imports.warc_pages,
    )
    return imports.take_in(place.writing, place.archive, found, now=now)


def import_file(
    place: Place, file: Path, *, profile: str | None, market: str | None, at: datetime | None, now: datetime
) -> Imported:
    """Load a ranked-list history, or an export of a paid tool or an ERP by a column profile."""
    from trendscout import imports
    from trendscout.intake import kind_of, load_profile

    if not profile and kind_of(file) == "history":
        return imports.import_ranked(place.writing, place.archive, file, market=market, now=now)
    chosen = load_profile(profile) if profile else None
    return imports.import_export(
        place.writing, place.archive, file, profile=chosen, market=market, at=at or now, now=now
    )


# --- match ---------------------------------------------------------------------------------------------------


def match(place: Place) -> Matched:
    """Join the store's listings into products; those known keep theirs, the user's merges and splits hold."""
    from trendscout import joining

    with place.writing(must_exist=True) as connection:
        return joining.match(connection)


def decide(place: Place, word: Word, a: str, b: str | None, *, now: datetime) -> Decided:
    """Take the user's word on matching: it holds at once and for ever.

    Raises UsageError if it changes nothing.
    """
    from trendscout import joining

    with place.writing(must_exist=True) as connection:
        return joining.decide(connection, word, a, b, now=now)


def mark(place: Place, product: str, word: str, note: str, *, now: datetime) -> str:
    """Remember what a product is to the seller; "none" forgets it. The product's title."""
    from trendscout.store import products

    with place.store(must_exist=True) as connection:
        found, title = products.find_product(connection, product)
        if word == "none":
            products.unmark(connection, found)
        else:
            products.mark(connection, found, word, note, now)  # type: ignore[arg-type]
        return title


# --- rank and report -----------------------------------------------------------------------------------------


def report(place: Place, wish: Wish, *, now: datetime, settings: Settings) -> Report:
    """The report at `now` from what was known then.

    Raises UsageError for an unknown sort or pack, StoreError if there is no store.
    """
    from trendscout import reporting

    with place.store(must_exist=True) as connection:
        return reporting.report(connection, wish, now=now, settings=settings)


def why(place: Place, product: str, *, now: datetime) -> Why:
    """All that is known of a product: its row, what was joined and by which rule.

    Raises UsageError if nothing, or more than one product, is called so.
    """
    from trendscout import reporting

    with place.store(must_exist=True) as connection:
        return reporting.why(connection, product, now=now)


def read_report(
    place: Place, wish: Wish, reader: str, *, only_changes: bool, now: datetime, settings: Settings
) -> tuple[Report, Changes | None]:
    """As `report`, for a reader who is taken to have seen it; if wanted, what changed since they last saw one."""
    from trendscout import reporting
    from trendscout.report import changes
    from trendscout.store import runs

    with place.store(must_exist=True) as connection:
        made = reporting.report(connection, wish, now=now, settings=settings)
        before = runs.remembered(connection, reader)
        runs.remember(connection, reader, changes.memory(made), made.as_of)
    return made, changes.since(made, before) if only_changes else None


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
) -> tuple[str, ...]:
    """Write the report as files, each whole or not there; their paths."""
    from trendscout.report import drop as drops

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
    )
    return tuple(map(str, paths))


def backtest(
    place: Place,
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
    from trendscout.history import read_history
    from trendscout.ranking.backtest import backtest as judge
    from trendscout.store import learned
    from trendscout.store.query import history

    if file:
        past = read_history(file)
    else:
        with place.store(must_exist=True) as connection:
            past = history(connection, until=now, by="listing")
    judged = judge(
        past,
        name=file.stem if file else "",
        label=cast("Any", label),
        horizon_h=horizon_h,
        since=since,
        all_snapshots=scores_out is not None,
    )
    if scores_out:
        import pyarrow.parquet as pq

        whole_file(scores_out, lambda path: pq.write_table(judged.scores_table(), path))
    found = judged.to_dict()
    if not file:
        with place.store() as connection:
            learned.save_backtest(connection, found, now)
    return found


# --- upkeep --------------------------------------------------------------------------------------------------


def compact(place: Place, settings: Settings, *, now: datetime) -> tuple[int, int, Sequence[Pruned]]:
    """Give the store's free space back and drop raw pages past their time: bytes before, after, files deleted."""
    from trendscout.archive import Archive
    from trendscout.store import upkeep
    from trendscout.store.load import forget_files

    before, after = upkeep.compact(place.db)
    pruned = Archive(place.archive).prune(
        older_than=now - timedelta(days=settings.keep_days) if settings.keep_days else None,
        max_bytes=int(settings.keep_gb * 1e9) if settings.keep_gb else None,
    )
    if pruned:
        with place.store() as connection:
            forget_files(connection, [file.name for file in pruned])
    return before, after, pruned
