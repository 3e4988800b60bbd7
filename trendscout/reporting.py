"""A report, and all that is known of one product, from the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import islice

from trendscout import assemble
from trendscout.config import Settings
from trendscout.errors import UsageError
from trendscout.jobhistory import job_states
from trendscout.model import Member, Report, Why, Wish
from trendscout.rating import rank
from trendscout.report import absences, costs, packs
from trendscout.store import products
from trendscout.store.coverage import coverage
from trendscout.store.details import listings_of
from trendscout.store.learned import last_backtest
from trendscout.store.query import ANYWHERE, Scope
from trendscout.store.sql import Connection
from trendscout.store.stock import own_goods


def report(connection: Connection, wish: Wish, *, now: datetime, settings: Settings) -> Report:
    """The report at `now` from what was known then.

    Raises UsageError for an unknown sort or pack.
    """
    if wish.sort not in assemble.SORTS:
        raise UsageError(
            "--sort {sort} is not known.",
            next_step="Choose one of {all}.",
            sort=wish.sort,
            all=", ".join(assemble.SORTS),
        )
    scope = Scope(wish.market, wish.source, wish.category)
    scores = rank(connection, scope, now=now)
    rows = assemble.rows(connection, scores, now=now)
    # By score the rows come in order, so that only those shown are put together.
    some = islice(rows, wish.top) if wish.sort == "score" and not wish.pack else rows
    looked = coverage(connection, now=now, scope=scope)
    made = Report(
        as_of=now,
        rows=tuple(some if wish.sort == "score" else assemble.sort_rows(list(some), wish.sort)),
        coverage=looked,
        market=wish.market,
        total=len(assemble.best_places(scores)),
        sort=wish.sort,
        notes=absences.stale(looked),
        backtest=last_backtest(connection, until=now) or {},
        jobs=job_states(connection, settings, now=now),
    )
    known_costs = {**costs.of_goods(own_goods(connection), now), **costs.load(settings.home / "costs.toml")}
    made = costs.applied(made, known_costs)
    made = packs.judged(made, packs.load(settings.home / "packs"), only=wish.pack)
    return replace(made, rows=made.rows[: wish.top])


def why(connection: Connection, product: str, *, now: datetime) -> Why:
    """All that is known of a product: its row, what was joined and by which rule.

    Raises UsageError if nothing, or more than one product, is called so.
    """
    found, _ = products.find_product(connection, product)
    scored = assemble.rows(connection, rank(connection, ANYWHERE, now=now), now=now, only=found)
    row = next(scored, None) or assemble.unranked(connection, found, now=now)
    by_hand = {name for one in products.decisions(connection) if one.action == "merge" for name in (one.a, one.b)}
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
        for one in listings_of(connection, [found], until=now)[found]
    )
    return Why(row=row, as_of=now, members=members)
