"""The way of the data, step by step: collect, ingest, import, replay, match, rank, report.

Each step opens the store for as long as it works on it and leaves it whole. Read from top to bottom.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from trendscout.archive import Archive, Kept
from trendscout.clock import Clock
from trendscout.config import Settings
from trendscout.errors import UsageError
from trendscout.history import History
from trendscout.lang import Lang
from trendscout.loading import Crawl, crawls_of, load_crawls
from trendscout.model import Entry, HostState, Member, Outcome, Page, Query, Report, Status, StockRow, Why
from trendscout.source import Source, get_source, read_page, sources
from trendscout.store.connect import is_shared, open_store
from trendscout.store.load import Loaded, forget_files, noted_files, noted_pages
from trendscout.store.sql import Connection

if TYPE_CHECKING:
    import pyarrow as pa

    from trendscout.archive.files import Pruned
    from trendscout.fetch import Fetched
    from trendscout.imports import Imported, Taken
    from trendscout.ranking.scoring import Scores
    from trendscout.report.changes import Changes
    from trendscout.report.costs import Cost
    from trendscout.store.query import Scope

# Pages that a killed run left unread are looked for this far back.
_UNREAD_SPAN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the store and the archive are."""

    db: str
    archive: Path
    data_path: str = ""  # of a shared store that is to be made

    def store(self, *, must_exist: bool = False) -> AbstractContextManager[Connection]:
        """A connection to the store, to be used as a context manager."""
        return open_store(self.db, must_exist=must_exist, data_path=self.data_path)

    @contextmanager
    def writing(self, *, must_exist: bool = False) -> Iterator[Connection]:
        """As `store`; a shared store is written by one process at a time, as a file is anyway."""
        with ExitStack() as held:
            if is_shared(self.db):
                from trendscout.store.leases import alone

                held.enter_context(alone(self.db, "write"))
            yield held.enter_context(self.store(must_exist=must_exist))


# --- collect -------------------------------------------------------------------------------------------------


def queries_for(
    settings: Settings,
    names: Sequence[str] = (),
    *,
    markets: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    kind: str = "",
) -> list[Query]:
    """What to ask: each source in each of the wanted markets that it has, for each category.

    Raises UsageError if nothing would be asked, or a named source cannot be collected.
    """
    wanted = markets or settings.markets
    queries = []
    for source in _chosen(settings, names):
        here = [market for market in wanted if market in source.markets] if source.markets else [None]
        if markets and not here:
            raise UsageError(
                "{source} has no list for {markets}.",
                next_step="It has {known}.",
                source=source.name,
                markets=", ".join(markets),
                known=", ".join(source.markets),
            )
        cats = categories or settings.categories.get(source.name) or source.categories[:1] or ("",)
        queries += [
            Query(source.name, market, kind or source.kinds[0], category) for market in here for category in cats
        ]
    if not queries:
        raise UsageError(
            "There is nothing to collect.",
            next_step="Name a source (`trendscout sources` lists them), or give markets in trendscout.toml.",
        )
    return queries


def _chosen(settings: Settings, names: Sequence[str]) -> list[Source]:
    chosen = [get_source(name) for name in names or settings.sources]
    for source in chosen:
        if source.requests is None:
            raise UsageError(
                "{source} cannot be collected: {why}",
                next_step="Save the page yourself and `trendscout ingest` it.",
                source=source.name,
                why=source.why,
            )
    return chosen or [source for source in sources().values() if source.default_on and source.requests]


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
    read_unread(place, now=clock.now())

    def crawl(part: Sequence[Query], stored: Callable[[Iterable[Query]], None] = lambda _: None) -> list[Outcome]:
        return _crawl(
            place,
            part,
            settings,
            clock=clock,
            base_url=base_url,
            seed=seed,
            on_outcome=on_outcome,
            stored=stored,
        )

    if not is_shared(place.db):
        return crawl(queries)
    return _crawl_in_turns(place, queries, clock, crawl, after_s=0.0 if base_url else _HANDOVER_S)


def _crawl_in_turns(
    place: Place, queries: Sequence[Query], clock: Clock, crawl: Callable[..., list[Outcome]], *, after_s: float
) -> list[Outcome]:
    """The queries that no other machine collects meanwhile, host by host; the others are theirs to tell."""
    from trendscout.fetch import Job, lane_of
    from trendscout.store.leases import in_turns

    by_name = {" ".join(map(str, (q.source, q.market, q.kind, q.category))): q for q in queries}
    lanes: dict[str, list[str]] = {}
    for name, query in by_name.items():
        lanes.setdefault(lane_of(Job(get_source(query.source), query)), []).append(name)
    outcomes = []
    name_of = {query: name for name, query in by_name.items()}
    for names, done in in_turns(place.db, lanes, now=clock.now, after_s=after_s):
        part = [query for query in queries if name_of[query] in names]
        outcomes += crawl(part, lambda stored, done=done: done(name_of[query] for query in stored))
    return outcomes


def _crawl(
    place: Place,
    queries: Sequence[Query],
    settings: Settings,
    *,
    clock: Clock,
    base_url: str | Mapping[str, str] | None,
    seed: int | str | None,
    on_outcome: Callable[[Outcome], None],
    stored: Callable[[Iterable[Query]], None],
) -> list[Outcome]:
    with place.store() as connection:
        from trendscout.store.hosts import host_states, save_host_states

        known = host_states(connection)
    changed: dict[str, HostState] = {}

    def load(crawls: list[Crawl]) -> list[Outcome]:
        outcomes = _loaded(place, crawls, clock.now(), on_outcome)
        stored(crawl.query for crawl in crawls)
        return outcomes

    fetched = asyncio.run(
        _fetch_all(
            place.archive,
            queries,
            settings,
            clock=clock,
            base_url=base_url,
            seed=seed,
            known=known,
            on_state=lambda state: changed.__setitem__(state.host, state),
            load=load,
        )
    )
    if changed:
        with place.writing() as connection:
            save_host_states(connection, changed.values())
    return fetched


_HANDOVER_S = 15.0  # between one machine's last request to a host and another's first
_LOAD_EVERY = 50  # crawls between two loads: what a kill can cost is read from the archive by the next run


async def _fetch_all(
    archive_folder: Path,
    queries: Sequence[Query],
    settings: Settings,
    *,
    clock: Clock,
    base_url: str | Mapping[str, str] | None,
    seed: int | str | None,
    known: Sequence[HostState],
    on_state: Callable[[HostState], None],
    load: Callable[[list[Crawl]], list[Outcome]],
) -> list[Outcome]:
    from trendscout.fetch import Fetcher, Job, Limits

    jobs = [Job(get_source(query.source), query) for query in queries]
    outcomes: list[Outcome] = []
    waiting: list[Crawl] = []
    with Archive(archive_folder) as archive:
        async with Fetcher(
            archive,
            clock,
            settings.contact,
            base_url=base_url,
            limits=Limits(),
            spacing_s=settings.spacing_s,
            seed=seed,
            states=known,
            on_state=on_state,
        ) as fetcher:
            async for fetched in fetcher.crawl(jobs):
                waiting.append(_crawl_of(fetched))
                if len(waiting) >= _LOAD_EVERY:
                    outcomes += load(waiting)
                    waiting = []
    return outcomes + (load(waiting) if waiting else [])


def _crawl_of(fetched: Fetched) -> Crawl:
    missing = (fetched.error,) if fetched.error else ()
    return Crawl(fetched.query, fetched.taken_at, fetched.pages, missing)


def _loaded(
    place: Place, crawls: Iterable[Crawl], now: datetime, on_outcome: Callable[[Outcome], None]
) -> list[Outcome]:
    outcomes = []
    for outcome, _ in load_crawls(place.writing, crawls, loaded_at=now):
        on_outcome(outcome)
        outcomes.append(outcome)
    return outcomes


# --- read the archive ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Replayed:
    """What reading the archive again gave."""

    crawls: int
    loaded: Loaded
    findings: tuple[str, ...]  # what of the archive could not be used


def read_unread(place: Place, *, now: datetime) -> Replayed:
    """Load what lies in the archive and never reached the store: a run was killed between the two."""
    if not place.archive.exists():
        return Replayed(0, Loaded(0, 0, 0), ())
    since = now - _UNREAD_SPAN
    with place.store() as connection:
        noted = noted_pages(connection, since=since)
    archive = Archive(place.archive)
    return _read_again(place, archive, archive.pages(since, known=noted), now=now, replace_changed=False)


def replay(place: Place, *, since: datetime | None, now: datetime) -> Replayed:
    """Read the archive with today's readers; what reads differently is replaced, and that is recorded."""
    archive = Archive(place.archive)
    with place.store() as connection:
        lost = [file for file in noted_files(connection) if not (place.archive / file).exists()]
    done = _read_again(place, archive, archive.pages(since), now=now, replace_changed=True)
    told = tuple(f"{file} of the archive is missing; what was read from it stays in the store." for file in lost)
    return replace(done, findings=(*told, *done.findings))


def _read_again(
    place: Place, archive: Archive, kept: Iterable[Kept], *, now: datetime, replace_changed: bool
) -> Replayed:
    from trendscout import imports

    total, crawls = Loaded(0, 0, 0), 0

    def pages() -> Iterator[Kept]:
        nonlocal total
        for one in kept:
            if one.role == "import":
                total += imports.repeat_import(place.writing, one, now=now)
            else:
                yield one

    for _, loaded in load_crawls(
        place.writing, crawls_of(pages()), loaded_at=now, replace_changed=replace_changed
    ):
        crawls += 1
        total += loaded
    return Replayed(crawls, total, tuple(str(finding) for finding in archive.findings))


# --- what the user brings ------------------------------------------------------------------------------------


def parse(
    file: Path, *, source: str, market: str | None, url: str | None, now: datetime
) -> tuple[Status, tuple[Entry, ...], tuple[str, ...]]:
    """What a source's readers make of a saved page: status, entries, findings. Nothing is stored.

    Raises Blocked or LayoutChanged as `read_page` does, UsageError if the file cannot be read.
    """
    known = get_source(source)
    reading = read_page(known, saved_page(known, file, market=market, url=url, at=now))
    return reading.status, reading.entries, reading.findings


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


def try_source(
    file: Path, page: Path, *, market: str | None, now: datetime
) -> tuple[Status, tuple[Entry, ...], tuple[str, ...]]:
    """What a declarative source reads in a saved page; as `parse`."""
    from trendscout.intake import load_source

    source = load_source(file)
    reading = read_page(source, saved_page(source, page, market=market, url=None, at=now))
    return reading.status, reading.entries, reading.findings


# --- match ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Matched:
    """What a matching run gave."""

    listings: int
    products: int
    joined: int  # listings that share their product with another
    likely: int  # ... by a "likely" verdict


def match(place: Place) -> Matched:
    """Join the store's listings into products; those known keep theirs, the user's merges and splits hold."""
    from trendscout.matching.match import Decisions, match_listings
    from trendscout.store import products
    from trendscout.store.blocking import candidate_pairs

    with place.writing(must_exist=True) as connection:
        decided = products.decisions(connection)
        merged = [(one.a, one.b) for one in decided if one.action == "merge" and one.b]
        split = {one.a for one in decided if one.action == "split"}
        worldwide = [source.platform for source in sources().values() if source.ids_worldwide]
        twins = [pair for pair in products.twins(connection, worldwide) if not split & set(pair)]
        known = _known_listings(connection, worldwide)
        found = match_listings(
            products.new_records(connection, worldwide),
            candidate_pairs=candidate_pairs,
            known=known,
            decisions=Decisions(merged=(*merged, *twins), split=tuple(sorted(split))),
        )
        products.save_matches(connection, found.pairs, found.index, found.suspects)
        return Matched(*products.sizes(connection))


def _known_listings(connection: Connection, worldwide: Sequence[str]) -> pa.Table:
    """The listings of earlier runs with their products; read again if an older matcher read them."""
    import pyarrow as pa

    from trendscout.matching.listings import SCHEMA, read_listings
    from trendscout.store import products

    kept = products.match_index(connection, SCHEMA.names)
    if kept is not None:
        return kept
    products.forget_index(connection)
    joined = products.products_of(connection)
    product = dict(zip(joined["id"].to_pylist(), joined["product_id"].to_pylist(), strict=True))
    again = read_listings(products.new_records(connection, worldwide))
    column = pa.array([product.get(name) for name in again["id"].to_pylist()], pa.string())
    return again.append_column("product_id", column).filter(column.is_valid())


def match_file(records: Path, out: Path, pairs_out: Path | None) -> Matched:
    """Join the records of a Parquet file; writes (id, product_id) and, if asked, every scored pair."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from trendscout.matching.match import match_listings
    from trendscout.store.blocking import candidate_pairs

    try:
        table = pq.read_table(records)
    except (OSError, pa.ArrowInvalid) as error:
        raise UsageError(
            "{file} is not a readable Parquet file.", next_step="Check the path.", file=records
        ) from error
    lacking = [name for name in ("id", "title") if name not in table.column_names]
    if lacking:
        raise UsageError(
            "{file} has no column {names}.",
            next_step="It needs id and title; source, brand, price, currency, image and text are used if there.",
            file=records,
            names=", ".join(lacking),
        )
    found = match_listings(table, candidate_pairs=candidate_pairs)
    whole_file(out, lambda path: pq.write_table(found.clusters, path))
    if pairs_out:
        whole_file(pairs_out, lambda path: pq.write_table(found.pairs, path))
    sizes = found.clusters.group_by("product_id").aggregate([("id", "count")])["id_count"].to_pylist()
    likely = sum(verdict == "likely" for verdict in found.pairs["verdict"].to_pylist())
    return Matched(sum(sizes), len(sizes), sum(size for size in sizes if size > 1), likely)


def whole_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under another name and rename it: it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def decide(place: Place, action: Literal["merge", "split"], a: str, b: str | None, *, now: datetime) -> Matched:
    """Remember the user's word on matching and match again."""
    from trendscout.store import products

    with place.store(must_exist=True) as connection:
        first = products.find_product(connection, a)
        second = products.find_product(connection, b) if b else None
        products.decide(connection, action, first, second, now)
    return match(place)


def mark(place: Place, product: str, word: str, note: str, *, now: datetime) -> str:
    """Remember what a product is to the seller; "none" forgets it. The product's id."""
    from trendscout.store import products

    with place.store(must_exist=True) as connection:
        found = products.find_product(connection, product)
        if word == "none":
            products.unmark(connection, found)
        else:
            products.mark(connection, found, word, note, now)  # type: ignore[arg-type]
        return found


# --- rank and report -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """What of the store a report is to show, and how."""

    market: str | None = None
    source: str | None = None
    category: str | None = None
    top: int = 20
    sort: str = "score"
    pack: str | None = None


def report(place: Place, wish: Wish, *, now: datetime, settings: Settings) -> Report:
    """The report at `now` from what was known then.

    Raises UsageError for an unknown sort or pack, StoreError if there is no store.
    """
    from trendscout import assemble
    from trendscout.report import costs, packs
    from trendscout.store.coverage import coverage
    from trendscout.store.learned import last_backtest
    from trendscout.store.query import Scope
    from trendscout.store.stock import own_goods

    if wish.sort not in assemble.SORTS:
        raise UsageError(
            "--sort {sort} is not known.", next_step="Choose one of {all}.", sort=wish.sort, all=assemble.SORTS
        )
    scope = Scope(wish.market, wish.source, wish.category)
    with place.store(must_exist=True) as connection:
        own = own_goods(connection)
        scores = rank(connection, scope, now=now)
        rows = assemble.rows(connection, scores, now=now)
        # By score the rows come in order, so that only those shown are put together.
        some = islice(rows, wish.top) if wish.sort == "score" and not wish.pack else rows
        found = list(some) if wish.sort == "score" else assemble.sort_rows(list(some), wish.sort)
        covered = coverage(connection, now=now, scope=scope)
        judged = last_backtest(connection, until=now)
    made = Report(
        as_of=now,
        rows=tuple(found),
        coverage=covered,
        market=wish.market,
        total=len(assemble.best_places(scores)),
        sort=wish.sort,
        backtest=judged or {},
    )
    known_costs = {**_costs_of(own, now), **costs.load(settings.home / "costs.toml")}
    made = costs.applied(made, known_costs)
    made = packs.judged(made, packs.load(settings.home / "packs"), only=wish.pack)
    return replace(made, rows=made.rows[: wish.top])


def _costs_of(goods: Sequence[StockRow], now: datetime) -> dict[str, Cost]:
    """What an ERP export says of costs, by item key and SKU."""
    from trendscout.money import in_usd
    from trendscout.report.costs import Cost

    found: dict[str, Cost] = {}
    for one in goods:
        dollars = in_usd(float(one.cost), one.currency, now.date()) if one.cost is not None else None
        cost = Cost(round(Decimal(dollars), 2) if dollars is not None else None, None, one.weight_g, None)
        found |= {key: cost for key in (one.sku, one.item_key) if key}
    return found


def changes_for(place: Place, made: Report, reader: str, *, only: bool) -> Changes | None:
    """What changed since `reader` last saw a report, if `only` that is wanted; this one counts as seen."""
    from trendscout.report import changes
    from trendscout.store import runs

    with place.store() as connection:
        before = runs.remembered(connection, reader)
        runs.remember(connection, reader, changes.memory(made), made.as_of)
    return changes.since(made, before) if only else None


def why(place: Place, product: str, *, now: datetime) -> Why:
    """All that is known of a product: its row, what was joined and by which rule.

    Raises UsageError if nothing, or more than one product, is called so.
    """
    from trendscout import assemble
    from trendscout.store import products
    from trendscout.store.details import listings_of
    from trendscout.store.query import ANYWHERE

    with place.store(must_exist=True) as connection:
        found = products.find_product(connection, product)
        scored = assemble.rows(connection, rank(connection, ANYWHERE, now=now), now=now, only=found)
        row = next(scored, None) or assemble.unranked(connection, found, now=now)
        listings = listings_of(connection, [found], until=now)[found]
        by_hand = {name for one in products.decisions(connection) if one.b for name in (one.a, one.b)}
    members = tuple(
        Member(
            platform=one.platform,
            market=one.market,
            item_key=one.item_key,
            title=one.title or "",
            seller=one.seller,
            price=one.price,
            currency=one.currency,
            url=one.url,
            verdict="by hand" if one.listing_id in by_hand else one.verdict,
            probability=one.probability,
            reason=one.reason,
        )
        for one in listings
    )
    return Why(row=row, as_of=now, members=members)


def rank(connection: Connection, scope: Scope, *, now: datetime) -> Scores:
    """Every product that stands on a list of `scope` at `now`, scored; models that are due are fitted and kept."""
    from trendscout.ranking.model import Fitted
    from trendscout.ranking.scoring import refit, refit_after, rules_of, score
    from trendscout.store import learned
    from trendscout.store.query import history

    past = history(connection, until=now, scope=scope)
    rules = rules_of(past)
    known = learned.latest_models(connection, until=now)
    due = {
        group: its
        for group, its in rules.items()
        if group not in known or now - known[group].fitted_at >= refit_after(its)
    }
    fresh = refit(past, int(now.timestamp()), due) if due else {}
    if due:
        fits = {group: fresh[group].to_dict() if group in fresh else None for group in due}
        learned.save_models(connection, fits, now)
    kept = {
        group: Fitted.from_dict(dict(one.model)) for group, one in known.items() if one.model and group not in due
    }
    return score(past, now, rules=rules, models={**kept, **fresh}, fit=False)


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


def read_history(file: Path) -> History:
    """A ranked-list history from a Parquet or CSV file.

    Raises UsageError if it cannot be read or lacks a column.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    from trendscout.history import history_from_table

    try:
        table = parquet.read_table(file) if file.suffix == ".parquet" else csv.read_csv(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise UsageError("{file} is no readable history.", next_step="Check the path.", file=file) from error
    return history_from_table(table)


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


def compact(place: Place, settings: Settings, *, now: datetime) -> tuple[int, int, Sequence[Pruned]]:
    """Give the store's free space back and drop raw pages past their time: bytes before, after, files deleted."""
    from trendscout.store import upkeep

    before, after = upkeep.compact(place.db)
    pruned = Archive(place.archive).prune(
        older_than=now - timedelta(days=settings.keep_days) if settings.keep_days else None,
        max_bytes=int(settings.keep_gb * 1e9) if settings.keep_gb else None,
    )
    if pruned:
        with place.store() as connection:
            forget_files(connection, [file.name for file in pruned])
    return before, after, pruned
