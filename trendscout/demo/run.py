"""The days of the demo: the same steps as a user's mornings, on the simulated market and a virtual clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trendscout import pipeline
from trendscout.clock import VirtualClock
from trendscout.demo import faults
from trendscout.demo.goods import CATEGORIES
from trendscout.demo.market import World, date_of, morning_of
from trendscout.demo.notebook import NAME, Ledger, Morning
from trendscout.demo.server import HOSTS, MarketServer
from trendscout.demo.verdict import SHOWN, Figures, Listing, Truth, biggest_changes
from trendscout.errors import UsageError
from trendscout.lang import Lang, tr
from trendscout.model import Query, Report, ReportQuery, Row
from trendscout.settings.config import Settings
from trendscout.steps.rank import rank
from trendscout.store.address import StoreAddress
from trendscout.store.workspace import Workspace

if TYPE_CHECKING:
    from trendscout.store.sql import Connection

MARKETS = ("US", "UK", "ID")
_LOOKED = timedelta(hours=2)  # after the crawl's first request all lists have been looked at
_SETTINGS = Settings(contact="demo@market.example", markets=MARKETS)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo gave: the last report, what the planted truth says of all reports, and where things are."""

    report: Report
    mornings: int
    outcomes: dict[str, int]  # queries by status, over all days
    faults: dict[str, int]  # planted host-days, by what went wrong
    ours: Figures
    by_change: Figures  # the biggest rank changes, each row a listing
    by_change_known: Figures  # the same, were it known which listings are one good
    visible: int  # planted breakouts that could be seen on their list a day before they arrived
    planted: int
    joined: tuple[int, int]  # pairs of listings in one product on the last morning, and how many are one good
    oddness_auc: float | None  # how well 奇 tells planted odd goods from others; None: nothing to tell apart
    store: str
    archive: Path
    files: tuple[Path, ...]

    def sentences(self, lang: Lang) -> list[str]:
        """The verdict for people."""
        return list(_sentences(self, lang))

    def verdict(self, lang: Lang) -> str:
        """What it means, in one sentence; empty where the market ran too short to judge."""
        return _verdict(self, lang)


def run_demo(
    out: Path,
    *,
    days: int = 45,
    seed: int = 7,
    markets: Sequence[str] = MARKETS,
    db: StoreAddress | None = None,
    lang: Lang = "en",
    say: Callable[..., object] = lambda _, **__: None,
) -> DemoResult:
    """Play the market for `days` days into the store at `db` (else DIR/demo.duckdb) and judge the reports.

    A demo that was killed goes on with the day it was at. Raises
    UsageError for an unknown market or a store that holds anything else. `say` takes an English template and its
    fields.
    """
    strange = [market for market in markets if market not in MARKETS]
    if strange or not markets:
        raise UsageError(
            "The demo has no market {names}.",
            next_step="It has {all}.",
            names=", ".join(strange) or "none",
            all=", ".join(MARKETS),
        )
    store = db or StoreAddress(out / "demo.duckdb")
    workspace = Workspace(store, store.archive)
    world = World(seed, days, tuple(markets))
    named = str(store if store.shared else store.file.resolve())
    ledger = Ledger(out / NAME, {"days": days, "seed": seed, "markets": list(markets), "store": named})
    _claim(workspace, ledger)
    done = len(ledger.mornings())
    with MarketServer(world) as server:
        for day in range(done, days):
            say("Day {day} of {days}: {date}", day=day + 1, days=days, date=date_of(day))
            ledger.add(_morning(workspace, world, server, day))
    return _result(workspace, world, ledger, out, lang)


def _claim(workspace: Workspace, ledger: Ledger) -> None:
    """Make sure that the store is this demo's, or nobody's."""
    if ledger.is_ours() and workspace.db.exists():
        return
    if workspace.db.exists():
        from trendscout.store.coverage import coverage

        with workspace.store() as connection:
            if coverage(connection, now=morning_of(10_000)):
                raise UsageError(
                    "{store} holds other data than this demo's.",
                    next_step="Choose another --out or --db, or delete it.",
                    store=str(workspace.db),
                )
    ledger.begin()


def queries(markets: Sequence[str]) -> list[Query]:
    """What is asked every morning: seven lists a market, five in ID."""
    lists = []
    for market in markets:
        if market != "ID":
            lists += [Query("amazon_bestsellers", market, "bestsellers", category) for category in CATEGORIES]
        lists += [Query("aliexpress", market, "search", category) for category in CATEGORIES]
        lists.append(Query("tiktok_hashtags", market, "popular_7d"))
        lists.append(Query("google_trends", market, "trending"))
        lists += [
            Query("shopify", market, "new_arrivals", host)
            for host, (_, home) in HOSTS.items()
            if home == market and host.endswith(".example")
        ]
    return lists


def _morning(workspace: Workspace, world: World, server: MarketServer, day: int) -> Morning:
    """Collect, match and rank one day; what the report of each market would show."""
    server.turn(day)
    clock = VirtualClock(morning_of(day))
    # Held from the first step to the last: each step's own is then taken from it, in 6 ms instead of 37.
    with workspace.store(only_read=False) as connection:
        outcomes = pipeline.collect(
            workspace,
            queries(world.markets),
            _SETTINGS,
            clock=clock,
            base_url=server.base_urls,
            seed=f"demo {world.seed} {day}",
        )
        pipeline.match(workspace)
        shown = _shown(connection, day)
    return Morning(day, shown, Counter(outcome.status for outcome in outcomes))


def _shown(connection: Connection, day: int) -> tuple[frozenset[Listing], ...]:
    """The listings of the products in a morning's top 20."""
    from trendscout.store.details import listings_of
    from trendscout.store.query import ANYWHERE

    now = morning_of(day) + _LOOKED
    scores = rank(connection, ANYWHERE, now=now)
    names = [scores.key(position) for position in scores.best()[:SHOWN]]
    facts = listings_of(connection, names, until=now)
    return tuple(
        frozenset((one.platform, one.market or "", one.item_key) for one in facts.get(name, ())) for name in names
    )


# --- the end -------------------------------------------------------------------------------------------------


def _result(workspace: Workspace, world: World, ledger: Ledger, out: Path, lang: Lang) -> DemoResult:
    from trendscout.report.drop import write
    from trendscout.steps.rows import in_sections, most_of

    now = morning_of(world.days - 1) + _LOOKED
    everything = pipeline.report(workspace, ReportQuery(top=1_000_000), now=now, settings=_SETTINGS)
    kinds = tuple(dict.fromkeys(row.facts.item_kind for row in everything.rows))
    report = replace(everything, rows=tuple(in_sections(everything.rows, most_of(kinds, SHOWN))))
    files = write(report, "{date}/report.{ext}", formats=("csv", "json"), lang=lang, folder=out)
    truth = Truth(world)
    planted = faults.planted(world.seed, MarketServer(world).sites, world.days)
    mornings = ledger.mornings()
    outcomes: Counter[str] = Counter()
    for morning in mornings:
        outcomes.update(morning.outcomes)
    with workspace.store() as connection:
        by_change = _by_change(connection, world)
    return DemoResult(
        report=report,
        mornings=len(mornings),
        outcomes=dict(sorted(outcomes.items())),
        faults={str(name): count for name, count in planted.items()},
        ours=truth.figures({morning.day: morning.shown for morning in mornings}),
        by_change=truth.figures(by_change, as_listings=True),
        by_change_known=truth.figures(by_change),
        visible=truth.visible,
        planted=len(truth.breakouts),
        joined=truth.joined(_listings(row) for row in everything.rows),
        oddness_auc=_oddness_auc(everything, truth),
        store=str(workspace.db),
        archive=workspace.archive,
        files=files,
    )


def _by_change(connection: Connection, world: World) -> dict[int, list[frozenset[Listing]]]:
    """The biggest rank changes of every morning, from the same store."""
    looks: dict[int, dict[str, dict[Listing, int]]] = {}
    for day, name, listing, rank_now in _observed(connection, world):
        looks.setdefault(day, {}).setdefault(name, {})[listing] = rank_now
    before: dict[str, dict[Listing, int]] = {}
    by_day = {}
    for day in range(world.days):
        by_day[day] = biggest_changes(before, looks.get(day, {}))
        before |= looks.get(day, {})
    return by_day


def _observed(connection: Connection, world: World) -> Iterator[tuple[int, str, Listing, int]]:
    from trendscout.store.details import listing_names
    from trendscout.store.query import history

    names = listing_names(connection)
    seen = history(connection, until=morning_of(world.days), by="listing")
    first = morning_of(0).timestamp()
    for snap, item, rank_now in zip(
        seen.obs_snap.tolist(), seen.obs_item.tolist(), seen.obs_rank.tolist(), strict=True
    ):
        day = int((seen.snap_time[snap] - first) // 86_400)
        platform, market, key = names[str(seen.items[item])]
        yield day, seen.lists[seen.snap_list[snap]], (platform, market or "", key), rank_now


def _listings(row: Row) -> frozenset[Listing]:
    return frozenset((one.platform, one.market or "", one.item_key) for one in row.facts.sightings)


def _verdict(result: DemoResult, lang: Lang) -> str:
    """What the demo means, in one sentence; empty where it was too short to judge."""
    ours, plain = result.ours, result.by_change
    if not ours.planted or not ours.shown:
        return ""
    return tr(
        "In short: {false:.0%} of the rows were false alarms, of a list of the biggest rank changes {plain:.0%}; "
        "{planted} breakouts were planted, {arrived} came, and {share:.0%} of these were shown before, {lead:.0f} "
        "days ahead.",
        lang,
        false=ours.false_share,
        plain=plain.false_share,
        planted=result.planted,
        arrived=ours.planted,
        share=ours.share,
        lead=ours.lead,
    )


def _oddness_auc(report: Report, truth: Truth) -> float | None:
    """The chance that a planted odd good is shown as odder than another good of the shops' lists."""
    odd: list[float] = []
    other: list[float] = []
    for row in report.rows:
        good = truth.good_of((row.facts.platform, row.facts.market or "", row.facts.item_key))
        if good is not None and row.facts.oddness.value is not None and row.facts.platform != "tiktok":
            (odd if good.odd else other).append(row.facts.oddness.value)
    if not odd or not other:
        return None
    wins = sum((one > two) + (one == two) / 2 for one in odd for two in other)
    return wins / (len(odd) * len(other))


def _sentences(result: DemoResult, lang: Lang) -> Iterator[str]:
    ours = result.ours
    yield tr(
        "{mornings} mornings: {ok} lists came whole, {partial} in part, {lost} not at all; planted were {faults}.",
        lang,
        mornings=result.mornings,
        ok=result.outcomes.get("ok", 0),
        partial=result.outcomes.get("partial", 0),
        lost=result.outcomes.get("blocked", 0) + result.outcomes.get("failed", 0),
        faults=", ".join(f"{count} × {tr(name, lang)}" for name, count in sorted(result.faults.items())) or "0",
    )
    yield tr(
        "{planted} breakouts were planted, {arrived} reached their list's top 10, {visible} of them could be seen "
        "before.",
        lang,
        planted=result.planted,
        arrived=ours.planted,
        visible=result.visible,
    )
    pairs, right = result.joined
    if pairs:
        yield tr(
            "{share:.1%} of {pairs} pairs of listings that were joined are one good.",
            lang,
            share=right / pairs,
            pairs=pairs,
        )
    if result.oddness_auc is not None:
        yield tr("奇 tells planted odd goods from others with AUC {auc:.2f}.", lang, auc=result.oddness_auc)
    if not ours.planted:
        yield tr("That is too few days to judge a report by: let the market run for 30 or more.", lang)
        return
    for name, figures in (
        ("This report", ours),
        ("The biggest rank changes", result.by_change),
        ("The same, told which listings are one good", result.by_change_known),
    ):
        yield tr(
            "{name}: {share:.0%} stood in the top {top} before, {lead:.0f} days before (median); {false:.0%} of "
            "the rows were false alarms.",
            lang,
            name=tr(name, lang),
            share=figures.share,
            top=SHOWN,
            lead=figures.lead,
            false=figures.false_share,
        )
