"""What each page shows, from the read file: plain values and markup that is escaped or made of numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any

from markupsafe import Markup

from trendscout.desk.filters import PAGE, Asked
from trendscout.lang import Lang, tr
from trendscout.model import Flag, Point, ProductFacts, Row, ScoredItem, Sighting
from trendscout.ranking.seasons import Season, seasons
from trendscout.report import absences, amounts, changes, chart, job_lines, packs, phrases
from trendscout.report.bilingual import both, dots, say
from trendscout.report.card import Card
from trendscout.report.clean import picture_address, visible, web_address
from trendscout.store.details import ListingFacts, listings_of, sightings_of
from trendscout.store.hosts import host_states
from trendscout.store.labels import A_DAY, Doubt, Side, doubts, judged_right
from trendscout.store.products import decisions
from trendscout.store.query import PRODUCT
from trendscout.store.read_file import ReadFile
from trendscout.store.said import Said, said_of, said_on
from trendscout.store.sql import Connection, aware

_SPARK = timedelta(days=45)
YEAR = timedelta(days=365)
_TOP = 20  # that a report shows
_GROUPS = 6  # of lists whose calibration is shown, those with most chances
_WIDTH, _HEIGHT = 860, 200


@dataclass(frozen=True, slots=True)
class View:
    """How the user reads: language, time zone, pictures."""

    lang: Lang
    zone: tzinfo
    images: bool = True


# --- products ------------------------------------------------------------------------------------------------


def products(file: ReadFile, asked: Asked, view: View) -> dict[str, Any]:
    """A page of the products asked for, with what may be chosen."""
    rows, total = file.products(asked.wanted, limit=PAGE, offset=(asked.page - 1) * PAGE)
    pages = max(1, -(-total // PAGE))
    if asked.page > pages:  # of an address kept from when there were more
        rows, total = file.products(asked.wanted, limit=PAGE, offset=(pages - 1) * PAGE)
    return {
        "cards": cards(file, rows, view),
        "total": total,
        "page": min(asked.page, pages),
        "pages": pages,
        "filters": list(_filters(file, asked, view.lang)),
        "tree": _tree(file.choices["tree"], view.lang),
    }


def cards(file: ReadFile, rows: Sequence[Row], view: View) -> list[Card]:
    """The rows with their small curves."""
    names = [row.product_id for row in rows]
    curves: Mapping[str, tuple[Sighting, ...]] = {}
    if names:
        with file.about(names) as connection:
            curves = sightings_of(connection, names, since=file.as_of - _SPARK, until=file.as_of)
    full = [_with(row, curves.get(row.product_id, ())) for row in rows]
    return [Card(row, row.position, file.as_of, view.zone, view.images) for row in full]


def _with(row: Row, sightings: tuple[Sighting, ...]) -> Row:
    """The row with its curves, where they are known."""
    return replace(row, facts=replace(row.facts, sightings=sightings or row.facts.sightings))


_LABELS = {
    "stage": "Stage",
    "platform": "Platform",
    "market": "Market",
    "place": "Seen on",
    "kind": "Kind of list",
    "flag": "Warning",
    "pack": "Pack",
    "mark": "Mark",
}


def _filters(file: ReadFile, asked: Asked, lang: Lang) -> Iterator[tuple[str, str, list[tuple[str, str, bool]]]]:
    """(parameter, label, options as (value, text, chosen)) of those that have something to choose from."""
    choices = file.choices
    words = {
        "stage": lambda value: phrases.stage(value, lang),
        "pack": lambda value: packs.title(value, lang),
        "mark": lambda value: tr(value, lang),
        "kind": lambda value: tr(phrases.KINDS.get(value, value.replace("_", " ")), lang),
        "flag": lambda value: phrases.flag(Flag(value, ""), lang),
        "platform": lambda value: phrases.place(value, None),
        "place": lambda value: (
            phrases.place(*value.rsplit(" ", 1)) if " " in value else phrases.place(value, None)
        ),
    }
    for name, label in _LABELS.items():
        options = [
            (value, f"{visible(words.get(name, visible)(value))} ({count:,})", asked.get(name) == value)
            for value, count in choices[name]
        ]
        if options:
            yield name, tr(label, lang), options


def _tree(lists: Sequence[tuple[str, int]], lang: Lang) -> list[tuple[str, str, int]]:
    """(beginning of list ids, name, products) of every branch, a branch before its leaves."""
    branches: dict[str, int] = {}
    for list_id, count in lists:
        head, _, _ = list_id.rpartition("/")
        if head:
            branches[head] = branches.get(head, 0) + count
    every = [*((name, -1) for name in branches), *lists]
    return [(name, phrases.list_name(name, lang), count) for name, count in sorted(every)]


# --- one product ---------------------------------------------------------------------------------------------


def product(file: ReadFile, product_id: str, view: View) -> dict[str, Any] | None:
    """All that the read file holds of a product; None if it holds nothing."""
    keys = file.listings([product_id])
    if not keys:
        return None
    with file.about([product_id]) as connection:
        listings = listings_of(connection, [product_id], until=file.as_of).get(product_id, ())
        by_product = sightings_of(connection, [product_id], since=file.as_of - YEAR, until=file.as_of)
        sightings = by_product.get(product_id, ())
        prices = _by_day(connection, "price", file.as_of)
        reviews = _by_day(connection, "reviews", file.as_of)
        currencies = _currencies(connection)
        by_hand = {name for one in decisions(connection) if one.action == "merge" for name in (one.a, one.b)}
        said = said_of(connection, keys, now=file.as_of)
        kin = _kin(connection, keys)
    if not listings:
        return None
    row = file.product(product_id) or _unscored(product_id, listings, sightings)
    row = _with(row, sightings)
    return {
        "card": Card(row, row.position, file.as_of, view.zone, view.images),
        "row": row,
        "curves": [_curve(one, prices, reviews, currencies, file.as_of, view) for one in row.facts.sightings],
        "members": [_member(one, one.listing_id in by_hand, listings) for one in listings],
        "kin": kin,
        "said": [_said(one, file.as_of, view) for one in reversed(said[-60:])],
        "spread": _spread(listings),
    }


def _unscored(product_id: str, listings: Sequence[ListingFacts], sightings: Sequence[Sighting]) -> Row:
    """A product that stands on no list now: what was known of it, without a score."""
    main = next((one for one in listings if one.title), listings[0])
    list_id = sightings[0].list_id if sightings else ""
    facts = ProductFacts(
        item_key=main.item_key,
        title=main.title or main.item_key,
        platform=main.platform,
        market=main.market,
        category=list_id.rpartition("/")[2],
        first_seen=min(one.first_seen for one in listings),
        listed_at=main.listed_at,
        url=main.url,
        image=main.image,
        price=main.price,
        currency=main.currency,
        listings=len(listings),
    )
    return Row(product_id, 0, ScoredItem(list_id, product_id), facts)


_Days = Mapping[str, Sequence[tuple[datetime, float]]]


def _currencies(connection: Connection) -> Mapping[str, str]:
    """List id → the currency of the prices on it, where it is told and one."""
    rows = connection.execute(
        """SELECT list_id, any_value(currency) FROM observations JOIN lists USING (list_key)
        WHERE currency IS NOT NULL GROUP BY ALL HAVING count(DISTINCT currency) = 1"""
    ).fetchall()
    return dict(rows)


def _by_day(connection: Connection, column: str, until: datetime) -> _Days:
    """List id → what the column showed, look by look."""
    rows = connection.execute(
        f"""SELECT list_id, taken_at, min({column})::DOUBLE FROM observations JOIN lists USING (list_key)
        WHERE {column} IS NOT NULL AND taken_at <= $1 GROUP BY ALL ORDER BY ALL""",
        [until.replace(tzinfo=None)],
    ).fetchall()
    days: dict[str, list[tuple[datetime, float]]] = {}
    for list_id, at, value in rows:
        days.setdefault(list_id, []).append((aware(at), value))
    return days


def _curve(
    sighting: Sighting, prices: _Days, reviews: _Days, currencies: Mapping[str, str], now: datetime, view: View
) -> dict[str, Any]:
    """Rank, price, count and reviews of a product on one list, all over the same stretch of time."""
    first = next((point.at for point in sighting.curve if point.presence == "seen"), now)
    start = max(min(first - timedelta(days=2), now - timedelta(days=14)), now - YEAR)
    frame = chart.Frame(start, now, _WIDTH, _HEIGHT, left=40, right=8, top=18, bottom=22)
    low = replace(frame, height=70, top=6)
    counted = [Point(p.at, p.presence, None, p.count) for p in sighting.curve if p.count is not None]
    panels: list[tuple[Markup, Markup]] = []
    named: list[tuple[str, Sequence[Point]]] = [
        ("Price", [Point(at, "seen", None, value) for at, value in prices.get(sighting.list_id, ())]),
        ("Count", counted),
        ("Ratings", [Point(at, "seen", None, value) for at, value in reviews.get(sighting.list_id, ())]),
    ]
    for label, points in named:
        if points:
            currency = currencies.get(sighting.list_id) if label == "Price" else None
            values = [point.count or 0.0 for point in points]
            ends = dict.fromkeys(_figure(value, currency, view.lang) for value in (min(values), max(values)))
            caption = dots((say(label), " – ".join(ends)))
            panels.append((caption, Markup(chart.curve(points, low))))  # noqa: S704 - numbers only
    bands = list(_campaigns(sighting.market, start.date(), now.date()))
    about = (
        both(lambda lang: tr("since {day}", lang, day=amounts.day(sighting.since, lang, now=now, zone=view.zone))),
        say("best rank {rank}", rank=sighting.best_rank) if sighting.best_rank else None,
        both(partial(phrases.counted, sighting.count, sighting.count_kind, sighting.count_floor)),
    )
    return {
        "list_id": sighting.list_id,
        "name": both(partial(phrases.list_name, sighting.list_id)),
        "label": phrases.list_name(sighting.list_id, view.lang),  # for attributes, which hold no markup
        "about": dots(about),
        "plot": _banded(chart.curve(sighting.curve, frame, axis=True), bands, frame),
        "bands": [(say(band.name), " – ".join(dict.fromkeys(_days_of(band)))) for band in bands],
        "panels": panels,
        "link": web_address(sighting.url),
    }


def _figure(value: float, currency: str | None, lang: Lang) -> str:
    """A price or count as people write it: $12.99, 12.99, 950, 12.3K."""
    if currency:
        return amounts.money(Decimal(value), currency)
    return amounts.number(value, lang) if value >= 1e4 else f"{value:,.2f}".removesuffix(".00")


def _days_of(band: Season) -> tuple[str, str]:
    return f"{band.first:%m-%d}", f"{band.last:%m-%d}"


def _campaigns(market: str | None, first: date, last: date) -> Iterator[Season]:
    """The campaigns of a market's calendar between two days."""
    seen = set()
    for month in range((last - first).days // 28 + 2):
        for season in seasons(market, min(first + timedelta(days=28 * month), last)):
            if (season.name, season.first) not in seen and season.first <= last and season.last >= first:
                seen.add((season.name, season.first))
                yield season


def _banded(svg: str, bands: Sequence[Season], frame: chart.Frame) -> Markup:
    """The curve with a band behind it for every campaign."""
    from datetime import UTC, time

    drawn = []
    for band in bands:
        left = frame.x(max(datetime.combine(band.first, time(), UTC), frame.start))
        right = frame.x(min(datetime.combine(band.last + timedelta(days=1), time(), UTC), frame.end))
        size = f'width="{max(right - left, 2):.1f}" height="{frame.height - frame.top - frame.bottom}"'
        drawn.append(f'<rect class="band" x="{left}" y="{frame.top}" {size}/>')
    head, _, rest = svg.partition(">")
    return Markup(f"{head}>{''.join(drawn)}{rest}")  # noqa: S704 - numbers only


def _member(listing: ListingFacts, by_hand: bool, listings: Sequence[ListingFacts]) -> dict[str, Any]:
    verdict = "by hand" if by_hand else listing.verdict
    share = "" if listing.probability is None or by_hand else f"{listing.probability:.0%}"
    return {
        "place": phrases.place(listing.platform, listing.market),
        "title": visible(listing.title or listing.item_key),
        "key": visible(listing.item_key),
        "seller": visible(listing.seller or ""),
        "price": amounts.money(listing.price, listing.currency),
        "verdict": dots((say(verdict) if verdict != "alone" else None, share)),
        "reason": say(listing.reason) if listing.reason else "",
        "link": web_address(listing.url),
        "pair": f"{listing.listing_id} {_surest_other(listing, listings)}",
    }


def _surest_other(one: ListingFacts, listings: Sequence[ListingFacts]) -> str:
    """The id of the listing beside which one is judged; "" if it is alone."""
    others = [other for other in listings if other.listing_id != one.listing_id]
    return max(others, key=lambda other: other.probability or 0.0).listing_id if others else ""


def _kin(connection: Connection, keys: Sequence[int]) -> list[dict[str, Any]]:
    """Near misses: other products that have a variant or a near copy of these listings, each once."""
    rows = connection.execute(
        f"""WITH kin AS (SELECT listing_a AS listing, listing_b AS other, kind, reason FROM kinships
                     UNION ALL SELECT listing_b, listing_a, kind, reason FROM kinships),
        theirs AS (SELECT other, kind, reason FROM kin WHERE list_contains($1, listing)
                   AND NOT list_contains($1, other))
        SELECT {PRODUCT} AS product, any_value(kind), any_value(t.reason), any_value(title), any_value(platform),
               any_value(market), min(price), any_value(currency)
        FROM theirs t JOIN desk.listings l ON l.listing = t.other
        LEFT JOIN desk.memberships m ON m.listing = l.listing GROUP BY product ORDER BY ALL LIMIT 50""",
        [list(keys)],
    ).fetchall()
    return [
        {
            "product": product_id,
            "kind": say({"variant": "variant", "near_copy": "near copy"}.get(kind, kind)),
            "reason": say(reason) if reason else "",
            "title": visible(title or product_id),
            "place": phrases.place(platform, market),
            "price": amounts.money(price, currency),
        }
        for product_id, kind, reason, title, platform, market, price, currency in rows
    ]


def _spread(listings: Sequence[ListingFacts]) -> str:
    """The lowest and the highest price of the listings in the currency that most have."""
    by_currency: dict[str, list[Any]] = {}
    for listing in listings:
        if listing.price is not None and listing.currency:
            by_currency.setdefault(listing.currency, []).append(listing.price)
    if not by_currency:
        return ""
    currency, prices = max(by_currency.items(), key=lambda pair: len(pair[1]))
    ends = (amounts.money(min(prices), currency), amounts.money(max(prices), currency))
    return ends[0] if ends[0] == ends[1] else " – ".join(ends)


def _said(said: Said, now: datetime, view: View) -> dict[str, Any]:
    came = {True: "came true", False: "did not come", None: "not known yet"}[said.came]
    return {
        "day": both(lambda lang: amounts.day(said.as_of, lang, now=now, zone=view.zone)),
        "product": said.product_id,
        "title": visible(said.title),
        "list": both(partial(phrases.list_name, said.list_id)),
        "position": said.position,
        "rank": said.rank,
        "chance": amounts.share(said.probability) or "–",
        "event": say(phrases.LABELS.get(said.label, said.label)),
        "within": both(partial(amounts.span, said.horizon_h / 24)) if said.horizon_h else "",
        "came": say(came),
        "state": {True: "ok", False: "failed", None: "none"}[said.came],
        "best": said.best_rank,
    }


def points(
    file: ReadFile, product_id: str
) -> Iterator[tuple[str, str, str, int | None, float | None, float | None]]:
    """List, time, presence, rank, count and price of a product, look by look, for a table."""
    with file.about([product_id]) as connection:
        found = sightings_of(connection, [product_id], since=file.as_of - YEAR, until=file.as_of)
        prices = _by_day(connection, "price", file.as_of)
    for one in found.get(product_id, ()):
        price = dict(prices.get(one.list_id, ()))
        for point in one.curve:
            yield one.list_id, point.at.isoformat(), point.presence, point.rank, point.count, price.get(point.at)


# --- today ---------------------------------------------------------------------------------------------------


def today(file: ReadFile, view: View, passed: Collection[frozenset[str]] = ()) -> dict[str, Any]:
    """What is new, what still runs, what left, what of the user's fades, what watched moved, doubtful joins.

    `passed` are pairs of listings whose answer waits for the store.
    """
    from trendscout.store.read_file import Wanted

    top, _ = file.products(Wanted(tips=True), limit=_TOP)
    mine, _ = file.products(Wanted(held=(("mark", "mine"),)), limit=100)
    watch, _ = file.products(Wanted(held=(("mark", "watch"),)), limit=100)
    fading, moved = changes.leading([*mine, *watch])
    cursor = file.cursor()
    try:
        before = said_on(cursor, days_ago=1, now=file.as_of, top=_TOP)
        right, judged = judged_right(cursor)
    finally:
        cursor.close()
    shown = {row.product_id: row.position for row in (*top, *mine, *watch)}
    with file.about(list(shown)) as connection:
        asked = doubts(connection, shown, most=A_DAY, now=file.as_of, passed=passed)
    earlier = {one.product_id for one in before}
    top_ids = {row.product_id for row in top}
    looked = {one.list_id for one in file.coverage if one.status == "ok"}
    gone = [one for one in before if one.product_id not in top_ids]
    new = [row for row in top if row.product_id not in earlier]
    return {
        "fading": cards(file, fading, view),
        "moved": cards(file, moved, view),
        "new": cards(file, new if before else top, view),
        "running": cards(file, [row for row in top if row.product_id in earlier], view),
        "left": [
            (
                _said(said, file.as_of, view),
                say("left the top") if said.list_id in looked else say("nobody looked"),
            )
            for said in gone
        ],
        "since": both(lambda lang: amounts.day(before[0].as_of, lang, now=file.as_of, zone=view.zone))
        if before
        else "",
        "doubts": [_doubt(one, view) for one in asked],
        "judged": say("Of the joins that you judged, right: {right} of {judged}.", right=right, judged=judged)
        if judged
        else "",
    }


def _doubt(one: Doubt, view: View) -> dict[str, Any]:
    return {
        "position": one.position,
        "product": one.product,
        "pair": one.pair,
        "chance": amounts.share(one.probability),
        "reason": say(one.reason),
        "sides": [_side(side, view) for side in one.sides],
    }


def _side(side: Side, view: View) -> dict[str, Any]:
    return {
        "place": phrases.place(side.platform, side.market),
        "title": visible(side.title),
        "price": amounts.money(side.price, side.currency),
        "link": web_address(side.url),
        "image": picture_address(side.image) if view.images else None,
    }


# --- lists ---------------------------------------------------------------------------------------------------


def lists(file: ReadFile, view: View) -> dict[str, Any]:
    """Sources by days with state and reason, hosts that rest, jobs."""
    now, zone = file.as_of, view.zone
    every = sorted(file.coverage, key=absences.by_urgency)
    cursor = file.cursor()
    try:
        hosts = [one for one in host_states(cursor) if one.open_until and one.open_until > now]
    finally:
        cursor.close()
    return {
        "coverage": [
            {
                "name": both(partial(phrases.list_name, coverage.list_id)),
                "label": phrases.list_name(coverage.list_id, view.lang),
                "list_id": coverage.list_id,
                "source": coverage.source,
                "market": coverage.market or "",
                "status": coverage.status,
                "status_text": both(partial(phrases.status, coverage.status)),
                "days": [(status, f"{day} {phrases.status(status, view.lang)}") for day, status in coverage.days],
                "why": both(partial(absences.why_missing, coverage, now=now, zone=zone)),
                "entries": coverage.entries,
            }
            for coverage in every
        ],
        "days": [day for day, _ in max((coverage.days for coverage in every), key=len, default=())],
        "signs": {"ok": "●", "partial": "◐", "blocked": "✕", "failed": "✕", "none": "·"},
        "hosts": [
            (
                visible(host.host),
                amounts.minute(host.open_until, zone),
                visible(host.reason.said(view.lang)) if host.reason else "",
            )
            for host in hosts
            if host.open_until
        ],
        "jobs": [(job.name, both(partial(job_lines.sentence, job, now=now, zone=zone))) for job in file.jobs],
        "sources": sorted({(coverage.source, coverage.market or "") for coverage in every}),
    }


# --- was it right? -------------------------------------------------------------------------------------------


def record(file: ReadFile, view: View) -> dict[str, Any]:
    """Chance said and come, by list, and what the report said 7 and 30 days ago."""
    cursor = file.cursor()
    try:
        then = [(days, said_on(cursor, days_ago=days, now=file.as_of, top=_TOP)) for days in (7, 30)]
    finally:
        cursor.close()
    groups = [one for one in file.facts.get("backtest", {}).get("groups", ()) if one.get("curve")]
    return {
        "calibrations": [_calibration(one) for one in sorted(groups, key=lambda one: -one["trials"])[:_GROUPS]],
        "then": [
            {
                "days": days,
                "rows": [_said(one, file.as_of, view) for one in said],
                "kept": sum(one.came is True for one in said),
                "known": sum(one.came is not None for one in said),
            }
            for days, said in then
        ],
    }


def _calibration(group: Mapping[str, Any]) -> dict[str, Any]:
    rules, error, base = group["rules"], group.get("ece"), group.get("base")
    about = (
        say(phrases.LABELS.get(rules["label"], rules["label"])),
        say("within {time}", time=both(partial(amounts.span, rules["horizon_h"] / 24))),
        say("{n} chances", n=f"{group['trials']:,}"),
        say("base rate {share}", share=f"{base:.1%}") if base is not None else None,
        say("average error {share}", share=f"{error:.1%}") if error is not None else None,
    )
    plot = Markup(chart.calibration(group["curve"]))  # noqa: S704 - numbers only
    return {
        "name": both(partial(phrases.list_name, group["group"])),
        "about": dots(about),
        "plot": plot,
        "table": [
            (f"{step['said']:.0%}", f"{step['came']:.0%}", f"{step['trials']:,}") for step in group["curve"]
        ],
    }
