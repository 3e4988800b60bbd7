"""Scores and facts put together into the rows of a report."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain, islice
from math import ceil
from typing import TYPE_CHECKING, Literal, cast

from trendscout.errors import UsageError
from trendscout.model import (
    ITEM_KINDS,
    Axis,
    Borrowed,
    Checks,
    Flag,
    Gap,
    ItemKind,
    Own,
    ProductFacts,
    ReportQuery,
    Row,
    ScoredItem,
    Sighting,
    first_seen_by_place,
)
from trendscout.money import SHIPPED, Rate, Rates
from trendscout.ranking import axes
from trendscout.ranking.gap import Marketplace, gaps, usual_leads
from trendscout.ranking.oddness import Vocabulary, learn, oddness
from trendscout.ranking.seasons import season_of
from trendscout.sources.source import item_address, items_on, sells
from trendscout.store import learned
from trendscout.store.coverage import active_places
from trendscout.store.details import ListingFacts, Notice, kin_of, listings_of, notices, sightings_of, suspects_of
from trendscout.store.lake import derived
from trendscout.store.list_items import list_items
from trendscout.store.products import EVERYONE
from trendscout.store.products import marks as all_marks
from trendscout.store.query import (
    crowd_prices,
    first_sightings,
    known_products,
    looks_between,
    places_since,
    watched_since,
)
from trendscout.store.sql import Connection
from trendscout.store.stock import Returned
from trendscout.text.flags import title_flags
from trendscout.text.gloss import gloss_zh, search_1688
from trendscout.text.titles import is_han

if TYPE_CHECKING:
    from trendscout.ranking.scoring import Scores

CURVE_SPAN = timedelta(days=60)
VOCABULARY_SPAN = timedelta(days=30)  # what a category usually lists
_CHUNKS = (20, 100)  # products whose details are fetched first, as many as most reports show, and then at a time
_LIGHT = 20_000  # products at a time whose details are fetched without curves: some 60 MB
_LEVELS, _VOCABULARY = "levels", "vocabulary"  # as the store keeps them
_CUT = Decimal("0.1")  # a price a tenth lower than before is a promotion; less is jitter
_USUAL_LOOKS = 3  # looks before the rise that tell the usual price
SECTION = 0.25  # rows of tags, topics, videos and apps each, where there are goods: of those that are asked for
SALES = ("sold", "orders")  # kinds of counts
SORTS = ("score", "probability", "gain", "velocity", "new", "odd", "special", "rank")
_AXIS_OF = {"new": "newness", "odd": "oddness", "special": "specialness"}  # sorts by what no score says


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What all rows of one report share."""

    now: datetime
    marks: Mapping[str, tuple[str, str]]
    places: frozenset[tuple[str, str | None]]  # (platform, market) looked at lately
    prices: Mapping[str, Sequence[float]]  # of a list, in US dollars
    watched: Mapping[str, tuple[tuple[int, datetime], ...]]  # list id → depths of looking, and since when
    vocabulary: Vocabulary  # what categories and markets usually say
    window: str  # what it was learned from, as the store names it; "": the state of the store is not known
    levels_kept: int  # categories of it whose levels the store had
    leads: Mapping[tuple[Marketplace, Marketplace], float]  # days that products took from place to place before
    red_ocean: Mapping[str, Returned]  # categories of lists whose goods come back too often
    notices: Sequence[Notice]  # recalls by authorities
    markets: frozenset[str]  # the user's own
    items: Mapping[str, ItemKind]  # list id → what it lists
    shelves: frozenset[str]  # platforms of which a list of goods is known
    rates: Rates


def rows_of(
    connection: Connection,
    scores: Scores,
    context: ReportContext,
    *,
    only: Collection[str] = (),
    tips: bool = False,
    most: Mapping[ItemKind, int] | None = None,
    sort: str = "score",
    curves: bool = True,
    at_once: int | None = None,
) -> Iterator[Row]:
    """A row for every scored product that the seller does not ignore, the highest score first, or by `sort`.

    `only` are the ids of the products wanted, if not all; with `most`, kind by kind at most so many rows, none of
    others. Of `tips` there is no falling product, but for those that the seller has marked: these are wanted the
    more when they fall. Without `curves` no sighting has one, and what a curve shows is not known: so all products
    cost as much as a few hundred with them. Details are fetched for `at_once` products at a time: each time costs
    a pass over the looks.
    """
    at_once = at_once or (_CHUNKS[1] if curves else _LIGHT)
    marked = {product: mark for product, (mark, _) in context.marks.items()}

    def shown(one: ScoredItem) -> bool:
        mark = marked.get(one.item_key, "")
        return mark != "ignore" and not (tips and one.falling and not mark)

    best = _sorted(connection, scores, scores.best(), sort, context)
    wanted: Iterator[ScoredItem]
    if only:
        wanted = (scores.at(at) for at in best if scores.key(at) in only)
    elif most is None:
        wanted = filter(shown, map(scores.at, best))
    else:
        kinds = [context.items[name] for name in scores.lists]
        sections = {kind: [at for at in best if kinds[scores.list[at]] == kind] for kind in most}
        wanted = chain.from_iterable(
            islice(filter(shown, map(scores.at, its)), most[kind]) for kind, its in sections.items()
        )
    position = 0
    while part := tuple(islice(wanted, at_once if position or not curves else _CHUNKS[0])):
        names = [scored.item_key for scored in part]
        known = _known(connection, names, context, curves=curves)
        suspects = suspects_of(connection, names)
        warned = _warned({name: known[name].listings for name in names}, context.notices)
        for scored in part:
            position += 1
            name = scored.item_key
            its = replace(known[name], suspect=suspects.get(name), notice=warned.get(name))
            yield _row(name, scored, its, context, position)


def _sorted(
    connection: Connection, scores: Scores, best: Sequence[int], sort: str, context: ReportContext
) -> Sequence[int]:
    """The positions by a sort, the highest value first, those without one last; equals stay as they are."""
    if sort == "score":
        return best
    values: Iterator[float | None]
    if sort in _AXIS_OF:
        values = _axis_values(connection, scores, best, _AXIS_OF[sort], context)
    else:
        values = (_score_value(scores.at(at), sort) for at in best)
    keyed = sorted(zip(map(_order, values), range(len(best)), strict=True))
    return [best[number] for _, number in keyed]


def _axis_values(
    connection: Connection, scores: Scores, positions: Sequence[int], axis: str, context: ReportContext
) -> Iterator[float | None]:
    """The value that the row of each of these positions has on an axis, without putting the row together."""
    for begin in range(0, len(positions), _LIGHT):
        part = positions[begin : begin + _LIGHT]
        names = [scores.key(at) for at in part]
        known = _known(connection, names, context, curves=False)
        for at, name in zip(part, names, strict=True):
            list_id = scores.lists[scores.list[at]]
            sighting = _here(list_id, known[name])
            yield _axes(sighting, _asked(list_id, known[name], context), context)[axis]().value


def unranked(connection: Connection, product: str, context: ReportContext) -> Row:
    """A row for a product that stands on no list: what is known of it, without a score."""
    now = context.now
    listings = listings_of(connection, [product], until=now).get(product, ())
    if not listings:
        raise UsageError("{product} was not known then.", next_step="Ask for a later time.", product=product)
    sightings = sightings_of(connection, [product], since=now - CURVE_SPAN, until=now).get(product, ())
    known = Known(listings, sightings, *kin_of(connection, [product]).get(product, (0, 0)))
    return _row(product, ScoredItem(sightings[0].list_id, product), known, context)


def items_of_lists(connection: Connection) -> dict[str, tuple[str, ItemKind]]:
    """Each list's platform, and what it lists: in the user's word, else as its source declares."""
    known = list_items(connection).items()
    return {list_id: (platform, said or items_on(list_id)) for list_id, (platform, said) in known}


def sections(connection: Connection, scores: Scores, query: ReportQuery) -> dict[ItemKind, int]:
    """How many rows of which kind a report shows: as many as asked for of the first there is, fewer of others."""
    if query.kind:
        return {query.kind: query.top}
    items = items_of_lists(connection)
    there = {items[scores.lists[code]][1] for code in set(scores.list.tolist())}
    return most_of([kind for kind in ITEM_KINDS if kind in there], query.top)


def most_of(kinds: Sequence[ItemKind], top: int) -> dict[ItemKind, int]:
    """How many rows of each of these kinds are shown, in the order in which they are."""
    return {kind: ceil(top * SECTION) if number else top for number, kind in enumerate(kinds)}


def in_sections(found: Sequence[Row], most: Mapping[ItemKind, int]) -> list[Row]:
    """The first rows of each kind, kind by kind, renumbered."""
    parts = ([row for row in found if row.facts.item_kind == kind][:number] for kind, number in most.items())
    return list(renumbered(chain.from_iterable(parts)))


def context_of(
    connection: Connection,
    now: datetime,
    markets: Collection[str] = (),
    rates: Rates = SHIPPED,
    red_ocean: Mapping[str, Returned] | None = None,
    reader: str = EVERYONE,
    *,
    state: str = "",
) -> ReportContext:
    """What all rows of a report at `now` share; `state` is the store's, as its scores have it, if it is known."""

    def usd_per(currency: str) -> float | None:
        return rates.in_usd(1.0, currency, now.date())

    items = items_of_lists(connection)
    window = _window(connection, state, now) if state else ""
    vocabulary = _vocabulary(connection, window, now)
    return ReportContext(
        now=now,
        marks=all_marks(connection, reader=reader),
        places=active_places(connection, now=now),
        prices=crowd_prices(connection, now=now, usd_per=usd_per),
        watched=watched_since(connection),
        vocabulary=vocabulary,
        window=window,
        levels_kept=len(vocabulary.levels),
        leads=usual_leads(first_sightings(connection, until=now), places_since(connection)),
        red_ocean=red_ocean or {},
        notices=notices(connection, until=now),
        markets=frozenset(markets),
        rates=rates,
        items={list_id: kind for list_id, (_, kind) in items.items()},
        shelves=frozenset(platform for platform, kind in items.values() if kind == "goods"),
    )


def _vocabulary(connection: Connection, window: str, now: datetime) -> Vocabulary:
    """What categories and markets usually say, as an earlier view of this window learned it, else learned."""
    if window and (value := learned.kept(connection, window, _VOCABULARY)):
        return Vocabulary.from_bytes(value, _kept_levels(connection, window))
    vocabulary = learn(known_products(connection, since=now - VOCABULARY_SPAN, until=now))
    if window:
        derived(lambda: learned.keep(connection, window, _VOCABULARY, vocabulary.to_bytes(), now))
    return vocabulary


def keep_levels(connection: Connection, context: ReportContext) -> None:
    """Keep how odd the goods of the categories were that this report asked for: the next view asks again."""
    levels = context.vocabulary.levels
    if context.window and len(levels) > context.levels_kept:
        value = json.dumps({**_kept_levels(connection, context.window), **levels}).encode()
        derived(lambda: learned.keep(connection, context.window, _LEVELS, value, context.now))


def _kept_levels(connection: Connection, window: str) -> Mapping[str, Sequence[float]]:
    """By category, how odd its goods are, as an earlier view of this window found it."""
    kept = learned.kept(connection, window, _LEVELS) if window else None
    levels: Mapping[str, Sequence[float]] = json.loads(kept) if kept else {}
    return levels


def _window(connection: Connection, state: str, now: datetime) -> str:
    """Names what was seen in VOCABULARY_SPAN: the state of the store, and how many looks of it are in the span."""
    return f"{state} {looks_between(connection, since=now - VOCABULARY_SPAN, until=now)}"


@dataclass(frozen=True, slots=True)
class Known:
    """What the store says of one product."""

    listings: Sequence[ListingFacts]
    sightings: Sequence[Sighting]
    variants: int
    near_copies: int
    suspect: tuple[str, float] | None = None  # item key of an offer, and how many times cheaper than usual
    notice: Notice | None = None  # a recall of what looks like this


def _known(
    connection: Connection, products: Sequence[str], context: ReportContext, *, curves: bool
) -> Mapping[str, Known]:
    """What the store says of each product, but for suspicions and recalls."""
    since = context.now - CURVE_SPAN if curves else None
    listings = listings_of(connection, products, until=context.now)
    sightings = sightings_of(connection, products, since=since, until=context.now)
    kin = kin_of(connection, products)
    return {name: Known(listings[name], sightings.get(name, ()), *kin.get(name, (0, 0))) for name in products}


def _warned(listings: Mapping[str, Sequence[ListingFacts]], notices: Sequence[Notice]) -> Mapping[str, Notice]:
    """Product id → the recall that one of its titles looks like."""
    if not notices:
        return {}
    from trendscout.matching.recall_notices import recalled

    titles = [(product, one.title) for product, its in listings.items() for one in its if one.title]
    places = recalled([title for _, title in titles], [notice.title for notice in notices])
    return {
        product: notices[place]
        for (product, _), place in reversed(list(zip(titles, places, strict=True)))
        if place is not None
    }


def _row(product: str, scored: ScoredItem, known: Known, context: ReportContext, position: int = 0) -> Row:
    """A product's row as seen from the list that it is scored on."""
    facts, judged = _facts(scored.list_id, known, context)
    mark, note = context.marks.get(product, ("", ""))
    searchable = facts.gloss_zh or (facts.title if is_han(facts.title) else None)
    return Row(
        product_id=product,
        position=position,
        scored=scored,
        facts=facts,
        checks=Checks(
            flags=(*_score_flags(scored), *promotion(scored, facts), *_fact_flags(judged, known, context))
        ),
        own=Own(
            mark=cast("Literal['', 'mine', 'watch', 'ignore']", mark),
            note=note,
            supplier_url=search_1688(searchable) if searchable else None,
        ),
    )


def _asked(list_id: str, known: Known, context: ReportContext) -> axes.Facts:
    """On what the axes of a product stand, as seen from one list."""
    sighting = _here(list_id, known)
    listings = _nearest(known.listings, sighting)
    title = next((one.title for one in listings if one.title), None)
    sellers = {one.seller for one in listings if one.seller}
    return axes.Facts(
        title=title or "",
        category=list_id.rpartition("/")[2],
        market=sighting.market,
        first_seen=min(one.first_seen for one in listings),
        first_in_market=min((one.since for one in known.sightings if one.market == sighting.market), default=None),
        listed_at=min((one.listed_at for one in listings if one.listed_at), default=None),
        platforms=len({one.platform for one in known.sightings}),
        sellers=len(sellers) or None,
        near_copies=known.near_copies if title else None,
        price_usd=_dollars(listings[0], context),
        brands=tuple(sorted(sellers)),
    )


def _axes(here: Sighting, facts: axes.Facts, context: ReportContext) -> Mapping[str, Callable[[], Axis]]:
    """How each axis of a product is told, as seen from where it stands."""
    list_id = here.list_id
    return {
        "newness": partial(
            axes.newness, facts, context.now, watched_since=_watch_began(here, facts.first_seen, context)
        ),
        "oddness": partial(oddness, facts, context.vocabulary),
        "specialness": partial(axes.specialness, facts, context.prices.get(list_id, ())),
    }


def _here(list_id: str, known: Known) -> Sighting:
    """The product's sighting on a list, else its first."""
    return next((one for one in known.sightings if one.list_id == list_id), known.sightings[0])


def _facts(list_id: str, known: Known, context: ReportContext) -> tuple[ProductFacts, axes.Facts]:
    """What is known of a product apart from its score, as seen from one list; and on what its axes stand."""
    sightings = known.sightings
    sighting = _here(list_id, known)
    listings = _nearest(known.listings, sighting)
    main = listings[0]
    price, count, rated = _priced(listings), _counted(listings), _rated(listings)
    rate = _rate(price, context)
    shown_of = {"price": price, "count": count, "rating": rated}
    facts = _asked(list_id, known, context)
    product = ProductFacts(
        item_key=main.item_key,
        title=facts.title or main.item_key,
        platform=sighting.platform,
        market=sighting.market,
        category=facts.category,
        item_kind=context.items[list_id],
        **{name: told() for name, told in _axes(sighting, facts, context).items()},
        sightings=tuple(sightings),
        gaps=_gaps(sightings, context) if context.items[list_id] == "goods" else (),
        first_seen=facts.first_seen,
        listed_at=facts.listed_at,
        gloss_zh=gloss_zh(facts.title),
        url=main.url or item_address(main.platform, main.market, main.item_key),
        image=next((one.image for one in listings if one.image), None),
        price=price.price,
        price_high=_highest(listings, price),
        currency=price.currency,
        price_usd=_usd(price, rate),
        rate_day=rate.day.isoformat() if rate and rate.day else None,
        rate_from=rate.origin if rate else "",
        rate_age_days=(context.now.date() - rate.day).days if rate and rate.day else None,
        count=count.count,
        count_kind=count.count_kind,
        count_floor=count.count_floor,
        rating=rated.rating,
        reviews=rated.reviews,
        listings=len(listings),
        sellers=facts.sellers,
        near_copies=facts.near_copies,
        variants=known.variants,
        likely=any(one.verdict == "likely" for one in listings),
        borrowed=tuple(
            Borrowed(name, listing.platform, listing.market)
            for name, listing in shown_of.items()
            if (listing.platform, listing.market) != (sighting.platform, sighting.market)
        ),
    )
    return product, facts


def _nearest(listings: Sequence[ListingFacts], sighting: Sighting) -> list[ListingFacts]:
    """The listings by how near they are to what stands on the list: itself, its market, its platform, others."""

    def distance(listing: ListingFacts) -> tuple[bool, bool, bool, bool]:
        other_platform, other_market = listing.platform != sighting.platform, listing.market != sighting.market
        return (
            other_platform or other_market or listing.item_key != sighting.item_key,
            other_market,
            other_platform,
            listing.item_key != sighting.item_key,
        )

    return sorted(listings, key=distance)


def _priced(listings: Sequence[ListingFacts]) -> ListingFacts:
    """The nearest listing with a price."""
    return next((one for one in listings if one.price is not None), listings[0])


def _counted(listings: Sequence[ListingFacts]) -> ListingFacts:
    """The listing on the list if it has a count, else the nearest that tells its sales, else any count.

    Counts of several listings are never added up: platforms count in their own ways, and some count alike twice.
    """
    counts = [one for one in listings if one.count is not None]
    sales = [one for one in counts if one.count_kind in SALES]
    return listings[0] if listings[0].count is not None else next(iter((*sales, *counts)), listings[0])


def _rated(listings: Sequence[ListingFacts]) -> ListingFacts:
    """The nearest listing with stars, else the nearest with a number of ratings; both are of one listing."""
    starred = [one for one in listings if one.rating is not None]
    return next(iter((*starred, *(one for one in listings if one.reviews is not None))), listings[0])


def _watch_began(here: Sighting, first_seen: datetime, context: ReportContext) -> datetime | None:
    """Since when a product would have been seen here: since the first look that went as deep as its first place.

    A list that grows from 50 places to 100 shows fifty goods that may have stood there for years. One that was
    known from elsewhere before is as old as it is there.
    """
    steps = context.watched.get(here.list_id, ())
    if not steps:
        return None
    began = steps[0][1]
    first = here.first_rank
    if first is None or here.since - first_seen >= timedelta(days=1):
        return began
    return next((since for depth, since in steps if depth >= first), began)


def _gaps(sightings: Sequence[Sighting], context: ReportContext) -> tuple[Gap, ...]:
    """Shops that are looked at and where the product was never seen; a place nobody looks at is no gap.

    Those of the user's own markets come first.
    """
    shops = [place for place in context.places if sells(place[0]) and place[0] in context.shelves]
    found = gaps(first_seen_by_place(sightings), shops, context.now, context.leads)
    return tuple(sorted(found, key=lambda gap: gap.market not in context.markets))  # a stable sort


def _fact_flags(facts: axes.Facts, known: Known, context: ReportContext) -> tuple[Flag, ...]:
    """What the title and the category warn of."""
    flags = list(title_flags(facts.title))
    if known.notice:
        flags.insert(0, Flag("recalled", f"looks like: {known.notice.title}", known.notice.url))
    if known.suspect:
        key, times = known.suspect
        flags.append(Flag("suspected_copy", f"{key} has a brand's name at {times:.1f} times less than is usual"))
    season = season_of(facts.title, facts.market, context.now.date())
    if season:
        flags.append(Flag("seasonal", f"{season.name}, {season.first} to {season.last}"))
    if returned := context.red_ocean.get(facts.category):
        flags.append(Flag("red_ocean", f"{returned.rate:.0%} of your own goods of {returned.category} come back"))
    return tuple(flags)


def promotion(scored: ScoredItem, facts: ProductFacts) -> tuple[Flag, ...]:
    """A rise that comes with a price cut: what made it is known, and ends with the promotion."""
    if not (scored.rank and scored.rank_before and scored.rank < scored.rank_before and scored.rank_span_days):
        return ()
    sighting = next((one for one in facts.sightings if one.list_id == scored.list_id), None)
    priced = sorted((one.at, one.price) for one in (sighting.curve if sighting else ()) if one.price)
    if not priced:
        return ()
    since = priced[-1][0] - timedelta(days=scored.rank_span_days)
    before = [price for at, price in priced if at <= since] or [priced[0][1]]
    usual, now = max(before[-_USUAL_LOOKS:]), priced[-1][1]
    if now > usual * (1 - _CUT):
        return ()
    return (Flag("promoted", f"its price went from {usual} to {now} while it rose"),)


def _score_flags(scored: ScoredItem) -> tuple[Flag, ...]:
    """What the movement warns of."""
    return (Flag("fading", "its rank falls away from its best"),) if scored.stage == "fading" else ()


def _highest(listings: Sequence[ListingFacts], main: ListingFacts) -> Decimal | None:
    """The highest price of the product in the market of `main`, where that is above its own."""
    its = [one for one in listings if (one.market, one.currency) == (main.market, main.currency)]
    prices = [one.price for one in its if one.price is not None]
    highest = max(prices, default=None)
    return highest if main.price is not None and highest is not None and highest > main.price else None


def _rate(one: ListingFacts, context: ReportContext) -> Rate | None:
    """What its price's currency is worth; None without a price, or without a rate."""
    if one.price is None or not one.currency:
        return None
    return context.rates.rate(one.currency, context.now.date())


def _dollars(one: ListingFacts, context: ReportContext) -> float | None:
    found = _usd(one, _rate(one, context))
    return None if found is None else float(found)


def _usd(one: ListingFacts, rate: Rate | None) -> Decimal | None:
    return round(Decimal(float(one.price) * rate.usd), 2) if one.price is not None and rate else None


def sort_value(row: Row, sort: str) -> float | None:
    """What a report is sorted by, the highest first; None where the row has no such value."""
    return row.axes[_AXIS_OF[sort]].value if sort in _AXIS_OF else _score_value(row.scored, sort)


def _score_value(scored: ScoredItem, sort: str) -> float | None:
    """The same for a sort that the score alone decides."""
    if sort == "velocity":
        return scored.velocity.value
    if sort == "rank":
        return -float(scored.rank) if scored.rank else None
    if sort == "gain":
        known = scored.probability is not None and scored.gain is not None
        return scored.probability * scored.gain if known else None  # type: ignore[operator]  # both are known
    return scored.probability


def _order(value: float | None) -> tuple[bool, float]:
    """Sorts values from the highest to the lowest, those that are not known last."""
    return value is None, -(value or 0.0)


def renumbered(found: Iterable[Row]) -> tuple[Row, ...]:
    """The rows with positions from 1 on."""
    return tuple(replace(row, position=number) for number, row in enumerate(found, 1))
