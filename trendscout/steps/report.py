"""A report, and all that is known of one product, from the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from trendscout.errors import TrendscoutError, UsageError
from trendscout.findings import finding, of_error
from trendscout.model import EarlierChance, Member, Report, ReportQuery, Row, Why
from trendscout.money import Rates
from trendscout.ranking.rules import group_of
from trendscout.report import absences, costs, packs
from trendscout.settings.config import Settings
from trendscout.steps.costs import cost_book
from trendscout.steps.job_states import job_states
from trendscout.steps.rank import rank
from trendscout.steps.rates import rates_of
from trendscout.steps.record import last_week, lately
from trendscout.steps.red_ocean import red_ocean
from trendscout.steps.rows import (
    SORTS,
    ReportContext,
    context_of,
    in_sections,
    keep_levels,
    renumbered,
    rows_of,
    sections,
    sort_value,
    unranked,
)
from trendscout.steps.runs import earlier_reports, left, with_runs
from trendscout.steps.watch_words import Watched, watched
from trendscout.store import products
from trendscout.store.coverage import coverage
from trendscout.store.details import listings_of
from trendscout.store.learned import last_backtest
from trendscout.store.query import ANYWHERE, Scope
from trendscout.store.sql import Connection
from trendscout.store.track_record import of_product

if TYPE_CHECKING:
    from trendscout.ranking.scoring import Scores


def make_report(connection: Connection, query: ReportQuery, *, now: datetime, settings: Settings) -> Report:
    """The report at `now` from what was known then.

    Raises UsageError for an unknown sort or pack.
    """
    if query.sort not in SORTS:
        raise UsageError(
            "--sort {sort} is not known.",
            next_step="Choose one of {all}.",
            sort=query.sort,
            all=", ".join(SORTS),
        )
    scope = Scope(query.market, query.source, query.category)
    looked = coverage(connection, now=now, scope=scope)
    if looked and not any(one.last_ok or one.entries for one in looked):  # asked for, and nothing came yet
        down = absences.network_down(looked)
        jobs = job_states(connection, settings, now=now)
        return Report(now, (), looked, market=query.market, notes=(down,) if down else (), jobs=jobs)
    scores = rank(connection, scope, now=now)
    rates, faults = rates_of(connection, settings, now=now)
    returned = red_ocean(connection, settings)
    usual = query.sort == "score" and not query.pack
    most = sections(connection, scores, query)
    words = watched(connection, settings, now=now)
    context = context_of(
        connection, now, settings.markets, rates, returned.by_list, settings.reader, state=scores.state
    )
    known_packs, of_packs = _packs(settings)
    # What a pack asks is known of whole rows only; else just those that are shown are put together.
    shown = rows_of(
        connection,
        scores,
        context,
        tips=usual,
        most=None if query.pack else most,
        sort=query.sort,
        curves=not query.pack or packs.asks_curves(query.pack, known_packs),
    )
    shown_lately = lately(connection, now=now)
    before = earlier_reports(shown_lately, now=now)
    made = Report(
        as_of=now,
        rows=tuple(shown),
        coverage=looked,
        market=query.market,
        total=len(scores.best()),
        sort=query.sort,
        notes=(*absences.stale(looked, now=now), *absences.changed(looked)),
        backtest=last_backtest(connection, until=now) or {},
        jobs=job_states(connection, settings, now=now),
        record=last_week(connection, now=now),
        record_rows=shown_lately,
    )
    valued = any(sort_value(row, query.sort) is not None for row in made.rows)
    unsorted = () if valued or query.sort == "score" or not made.rows else (finding("no_values", sort=query.sort),)
    book, of_costs = cost_book(connection, settings, rates, now=now)
    judged = partial(_judged, book=book, rates=rates, known=known_packs)
    if query.pack:
        place = {row.product_id: row.position for row in in_sections(judged(made, pack=query.pack).rows, most)}
        whole_rows = rows_of(connection, scores, context, only=place) if place else ()
        made = replace(made, rows=renumbered(sorted(whole_rows, key=lambda row: place[row.product_id])))
    made = judged(made)
    worded = _missing(connection, made.rows, words.by_product, scores, context)
    leading = judged(replace(made, rows=worded, notes=()), pack=query.pack)
    made = replace(made, rows=_led(made.rows, leading.rows, words))
    marked = _missing(connection, made.rows, _marked(connection, settings.reader), scores, context)
    made = replace(made, watched=judged(replace(made, rows=marked, notes=())).rows)
    keep_levels(connection, context)
    whole = usual and query.kind is None
    return replace(
        made,
        rows=with_runs(made.rows, before, now=now),
        left=left(connection, made.rows, before, scores, looked, now=now, top=query.top, reader=settings.reader)
        if whole
        else (),
        notes=(
            *made.notes,
            *unsorted,
            *returned.notes,
            *map(of_error, (*settings.left_out, *of_costs, *of_packs, *faults, *returned.faults, *words.faults)),
            *absences.early(made.rows),
        ),
    )


def _led(rows: Sequence[Row], others: Sequence[Row], words: Watched) -> tuple[Row, ...]:
    """The rows led by those, of both, that the user's words meet: the latest first sighting first."""
    wanted = words.by_product
    known = {row.product_id: row for row in (*rows, *others) if row.product_id in wanted}
    if not known:
        return tuple(rows)
    leading = [
        replace(known[product], checks=replace(known[product].checks, words=tuple(names)))
        for product, names in wanted.items()
        if product in known
    ]
    following = (row for row in rows if row.product_id not in wanted)
    return tuple(replace(row, position=number) for number, row in enumerate((*leading, *following), 1))


def _missing(
    connection: Connection, rows: Sequence[Row], wanted: Iterable[str], scores: Scores, context: ReportContext
) -> tuple[Row, ...]:
    """Rows of the wanted products that are not among those given."""
    missing = set(wanted) - {row.product_id for row in rows}
    return tuple(rows_of(connection, scores, context, only=missing)) if missing else ()


def _marked(connection: Connection, reader: str) -> list[str]:
    """The marked goods, wherever they stand: alerts are about them."""
    marks = products.marks(connection, reader=reader)
    return [product for product, (mark, _) in marks.items() if mark != "ignore"]


def _packs(settings: Settings) -> tuple[Mapping[str, packs.Pack], Sequence[TrendscoutError]]:
    """The packs that there are, and what was wrong in the user's."""
    faults: list[TrendscoutError] = []
    return packs.load(settings.own("packs"), tell=faults.append), faults


def _judged(
    made: Report, *, book: costs.CostBook, rates: Rates, known: Mapping[str, packs.Pack], pack: str | None = None
) -> Report:
    """The report with costs and packs; with `pack`, just the rows that meet it."""
    return packs.judged(costs.applied(made, book, rates), known, only=pack)


def explain(connection: Connection, product: str, *, now: datetime, settings: Settings) -> Why:
    """All that is known of a product: its row, what was joined and by which rule.

    A row of the last report is told of from the list on which it stood there, another from its best one. Raises
    UsageError if nothing, or more than one product, is called so.
    """
    named = products.find_product(connection, product)
    product_id = named.product
    scores = rank(connection, ANYWHERE, now=now)
    if scores.stands(product_id, named.list_id):
        scores = scores.of_lists({named.list_id}, now)
    rates, _ = rates_of(connection, settings, now=now)
    returned = red_ocean(connection, settings).by_list
    context = context_of(connection, now, settings.markets, rates, returned, settings.reader, state=scores.state)
    row = next(rows_of(connection, scores, context, only=(product_id,)), None) or unranked(
        connection, product_id, context
    )
    keep_levels(connection, context)
    model = scores.models.get(group_of(row.scored.list_id))
    book, _ = cost_book(connection, settings, rates, now=now)
    alone = Report(as_of=now, rows=(row,), coverage=())
    (row,) = _judged(alone, book=book, rates=rates, known=_packs(settings)[0]).rows
    by_hand = {name for one in products.decisions(connection) if one.action == "merge" for name in (one.a, one.b)}
    members = tuple(
        Member(
            platform=listing.platform,
            market=listing.market,
            item_key=listing.item_key,
            title=listing.title or "",
            seller=listing.seller,
            price=listing.price,
            currency=listing.currency,
            url=listing.url,
            verdict="by hand" if listing.listing_id in by_hand else listing.verdict,
            probability=listing.probability,
            reason=listing.reason,
        )
        for listing in listings_of(connection, [product_id], until=now)[product_id]
    )
    own = model is not None and not row.scored.early
    return Why(
        row=row,
        as_of=now,
        members=members,
        base_rate=model.rate if model else None,
        fitted_at=datetime.fromtimestamp(model.fitted_at, UTC) if model and own else None,
        earlier=tuple(
            EarlierChance(shown.shown_at, shown.rank, shown.probability, shown.outcome or "")
            for shown in of_product(connection, product_id, until=now)
            if shown.probability is not None
        ),
    )
