"""The nouns that pass between layers: frozen, checked once at the edge, each field with its unit.

Request → Page → Entry → Snapshot → Listing → Product → ScoredItem → Row. Times are aware UTC datetimes;
ids are text, always; a price is a Decimal in `currency`; `None` means "the page does not say".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, Literal, get_args

from trendscout.findings import Finding

CountKind = Literal[
    "sold",
    "orders",
    "views",
    "videos",
    "posts",
    "searches",
    "reviews",
    "watchers",
    "in_carts",
    "votes",
    "backers",
    "downloads",
    "likes",
    "plays",
    "saves",
]
ItemKind = Literal["goods", "hashtag", "topic", "video", "app"]  # what a list lists; songs are topics
ITEM_KINDS: tuple[ItemKind, ...] = get_args(ItemKind)
Status = Literal["ok", "partial", "blocked", "failed"]
Presence = Literal["seen", "absent", "not_looked"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a source: one list, or the set of lists that one page shows."""

    source: str
    market: str | None = None  # ISO 3166 alpha-2, or UK or EU as people write them
    kind: str = ""  # "bestsellers", "new_releases", ... "" = the source's own default
    category: str = ""  # the site's own slug, id or search words; "" = the front list
    params: tuple[tuple[str, str], ...] = ()  # what else the source needs (shop host, period)


# Of a query's parameters those that name a page of the list, not the list.
PAGING = frozenset(("page", "start", "rows", "offset"))


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request that a source wants made."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    page: int = 1  # 1 is the first page of the list


@dataclass(frozen=True, slots=True)
class HostState:
    """What is remembered of a host from run to run, so that one that blocks is left alone."""

    host: str
    trips: int = 0  # blocks in a row
    misses: int = 0  # pages in a row that did not come
    open_until: datetime | None = None  # no request before
    reason: Finding | None = None  # of the last block or miss
    robots: str = ""  # what its robots.txt last said of what we asked: allowed, refused, unreachable
    robots_at: datetime | None = None  # when it was last read


@dataclass(frozen=True, slots=True)
class ArchiveRef:
    """Where a page lies in the archive."""

    file: str  # relative to the archive folder
    offset: int  # of the response record, in bytes


@dataclass(frozen=True, slots=True)
class Page:
    """One reply as it was received, body decoded from its transfer and content encodings."""

    url: str  # after redirects
    fetched_at: datetime
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes
    query: Query
    number: int = 1  # 1 is the first page of the list
    ref: ArchiveRef | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a list as the page shows it. Field names are the contract of `parse`."""

    list: str  # list id: source_MARKET/kind/category
    rank: int | None  # 1 is the top of the list; None: the list has no order
    item_key: str  # the platform's own id
    title: str | None = None
    url: str | None = None
    image: str | None = None
    price: Decimal | None = None  # current price; the low end of a range
    currency: str | None = None  # ISO 4217
    price_text: str | None = None
    count: int | None = None
    count_kind: CountKind | None = None
    count_floor: bool | None = None  # True: the true number is this or more
    count_text: str | None = None
    rating: float | None = None  # out of 5
    reviews: int | None = None
    seller: str | None = None  # shop or brand, never a private person
    listed_at: datetime | None = None
    is_ad: bool = False
    extra: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListNote:
    """What a page says about a list as a whole; readers yield it beside entries."""

    list: str
    length: int | None = None  # how long the site says the list is
    complete: bool = True  # False: rows are missing by design, so an item not shown was not looked for
    findings: tuple[Finding, ...] = ()  # what contradicts itself on the page
    at: datetime | None = None  # when the reply says that it was made


@dataclass(frozen=True, slots=True)
class Reading:
    """A page read and checked: what it shows, by which layout, and what is wrong with it."""

    source: str
    layout: str
    entries: tuple[Entry, ...]
    notes: tuple[ListNote, ...] = ()
    status: Status = "ok"
    findings: tuple[Finding, ...] = ()  # their severity makes the status


FIELDS = ("title", "price", "count", "rating", "reviews")  # of an entry, whose filling is watched each for itself


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at one list at one time.

    An item that is not among the entries was *absent* if its place would have been within `depth`, and
    otherwise *not looked for*. `depth` is 0 where nothing can be said of absent items.
    """

    list_id: str
    taken_at: datetime
    status: Status
    entries: tuple[Entry, ...] = ()
    depth: int = 0  # every place from 1 to depth was looked at
    length: int | None = None  # how long the site says the list is
    layout: str = ""  # which reader read it
    findings: tuple[Finding, ...] = ()  # why the status is not "ok"; notes where it is
    pages: tuple[ArchiveRef, ...] = ()

    @property
    def counted(self) -> tuple[Entry, ...]:
        """The entries without advertisements: an advertised place was bought, not earned."""
        return tuple(entry for entry in self.entries if not entry.is_ad)

    @property
    def filled(self) -> float:
        """Share of the fields title, price, count and rating that are filled in `counted`."""
        values = [value for e in self.counted for value in (e.title, e.price, e.count, e.rating)]
        return sum(value is not None for value in values) / len(values) if values else 0.0

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of `counted` in which each of `FIELDS` is filled; nothing where there are none."""
        rows = self.counted
        return (
            tuple(sum(getattr(e, name) is not None for e in rows) / len(rows) for name in FIELDS) if rows else ()
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one list of a crawl went. A failed source is a result, not a crash."""

    query: Query
    status: Status | Literal["left"]  # left: another machine of the team collected it a moment ago
    lists: int = 0
    entries: int = 0
    findings: tuple[Finding, ...] = ()
    fault: bool = False  # of ours: a bug, met in the work on this query alone


@dataclass(frozen=True, slots=True)
class StockRow:
    """One of the seller's own goods."""

    sku: str
    item_key: str | None = None
    return_rate: float | None = None  # 0-1
    sales: float | None = None
    stock: float | None = None
    cost: Decimal | None = None
    currency: str | None = None  # ISO 4217, of `cost`
    weight_g: float | None = None
    category: str | None = None  # as the seller calls it
    market: str | None = None  # whose freight and fees these are
    volume_cm3: float | None = None  # of the packed good
    freight: Decimal | None = None  # for one, to the market
    freight_currency: str | None = None
    fees: Decimal | None = None  # of platform and delivery, for one
    fees_currency: str | None = None


# --- what a report shows -------------------------------------------------------------------------------

Stage = Literal["emerging", "rising", "peaking", "fading", "evergreen", "seasonal", "not_enough_data"]


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of a curve. `rank` is None where the item was absent or nobody looked."""

    at: datetime
    presence: Presence
    rank: int | None = None
    count: float | None = None
    price: Decimal | None = None  # in the sighting's currency


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a product is sold or talked about."""

    platform: str
    market: str | None
    since: datetime
    list_id: str
    rank: int | None
    best_rank: int | None
    curve: tuple[Point, ...] = ()
    url: str | None = None
    item_key: str = ""
    count: float | None = None
    count_kind: str | None = None
    count_floor: bool | None = None
    currency: str | None = None  # ISO 4217, of the last price
    first_rank: int | None = None  # at `since`


def first_seen_by_place(sightings: Iterable[Sighting]) -> dict[tuple[str, str | None], datetime]:
    """When a product was first seen on each platform and market."""
    since: dict[tuple[str, str | None], datetime] = {}
    for one in sightings:
        place = (one.platform, one.market)
        since[place] = min(one.since, since.get(place, one.since))
    return since


@dataclass(frozen=True, slots=True)
class Gap:
    """Hot in one place, not yet in another."""

    platform: str
    market: str | None
    lead_days: float  # since the first sighting elsewhere
    usual_days: float | None = None  # how long such leads lasted before, in this store


@dataclass(frozen=True, slots=True)
class Flag:
    """A warning or hint on a row, with the rule that raised it."""

    code: str  # "fading", "recalled", "brand_word", "battery", ...
    rule: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """One of the four numbers a seller sees: velocity, 新, 奇, 特."""

    value: float | None  # 0-100; None: not enough data
    why: str = ""  # one English sentence template
    fields: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """What one signal added to the score."""

    signal: str
    value: float
    contribution: float  # in log-odds


@dataclass(frozen=True, slots=True)
class PackCheck:
    """How a product stands to one selection pack, line by line."""

    pack: str  # the pack's name: "hidden-hit"
    met: bool  # no line failed, and most of them are known to hold
    failed: tuple[str, ...] = ()  # lines as "price_usd <= 50"
    unknown: tuple[str, ...] = ()  # lines whose value nobody knows: they fail nothing


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """One item on one list, as of its list's last snapshot; without a score, where it stands on none."""

    list_id: str  # of a product: the list in which it moves most
    item_key: str
    seen_at: datetime | None = None
    rank: int | None = None
    rank_before: int | None = None
    rank_span_days: float | None = None  # since rank_before; without that, since it was off the list
    score: float | None = None  # log-odds of the chance: the report's order; without one SigniTrend's, below all
    probability: float | None = None  # to break out within horizon_h; None: no outcome is known, or already there
    probability_low: float | None = None  # 90 % interval
    probability_high: float | None = None
    horizon_h: float | None = None
    label: str = ""  # which event: "top" or "halve"
    early: bool = False  # the probability is its list's base rate: too few breakouts are known to judge the one
    falling: bool = False  # it fades, or stands half as low again as a day before: no tip, whatever its chance
    gain: float | None = None  # 100 / goal - 100 / rank, percent of the first place's sales (Zipf); 0 at the goal
    velocity: Axis = Axis(None)
    stage: Stage = "not_enough_data"
    stage_since: datetime | None = None
    list_pace: str = ""  # "fast": its list's top 10 turns over within months; "": it does not, or nobody can know
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A fact (price, count, rating) that is told by a product's listing of another platform or market."""

    fact: str
    platform: str
    market: str | None


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What is known of a product beside its score, seen from the list that it is scored on."""

    item_key: str
    title: str
    platform: str
    market: str | None
    category: str
    newness: Axis = Axis(None)  # 新
    oddness: Axis = Axis(None)  # 奇
    specialness: Axis = Axis(None)  # 特
    sightings: tuple[Sighting, ...] = ()
    gaps: tuple[Gap, ...] = ()
    first_seen: datetime | None = None
    listed_at: datetime | None = None
    gloss_zh: str | None = None  # short Chinese gloss of a foreign title
    url: str | None = None
    image: str | None = None
    price: Decimal | None = None
    price_high: Decimal | None = None
    currency: str | None = None
    price_usd: Decimal | None = None
    count: float | None = None
    count_kind: str | None = None
    count_floor: bool | None = None
    rating: float | None = None
    reviews: int | None = None
    listings: int = 1
    sellers: int | None = None
    near_copies: int | None = 0  # None: without a title nobody can know
    variants: int = 0
    likely: bool = False  # joined by a "likely" verdict: shown with ≈
    rate_day: str | None = None  # ISO date of the rate behind price_usd; None: no rate, or one fixed by law
    rate_from: str = ""  # own, ecb, package, fixed; "": there is no price_usd
    rate_age_days: int | None = None  # of rate_day, at the report's moment
    borrowed: tuple[Borrowed, ...] = ()  # facts that the listing on the list does not tell
    item_kind: ItemKind = "goods"  # what the list lists


@dataclass(frozen=True, slots=True)
class Checks:
    """What a product was held against: warnings, and selection packs."""

    flags: tuple[Flag, ...] = ()
    packs: tuple[str, ...] = ()  # names of the packs it met
    pack_checks: tuple[PackCheck, ...] = ()
    words: tuple[str, ...] = ()  # the user's lists of words that its titles meet: it leads the report


@dataclass(frozen=True, slots=True)
class CostPart:
    """One known part of what a good costs in its market, and where the user has it from."""

    part: str  # cost, freight, duty, commission, fulfilment, tax, other, fees
    usd: Decimal | None  # None: a share of a price that is not known
    source: str = ""  # of the rule; "": it stands with the good itself
    until: str | None = None  # ISO date of the rule's last day


@dataclass(frozen=True, slots=True)
class Own:
    """What the seller says of a product: a mark, and what it costs."""

    mark: Literal["", "mine", "watch", "ignore"] = ""
    note: str = ""
    supplier_url: str | None = None
    cost_usd: Decimal | None = None
    weight_g: float | None = None
    fees_usd: Decimal | None = None
    margin: float | None = None  # 0-1
    landed_usd: Decimal | None = None  # cost, freight and duty: what it takes until it is in its market
    break_even_usd: Decimal | None = None  # the price at which nothing is left
    cost_parts: tuple[CostPart, ...] = ()
    cost_unknown: tuple[str, ...] = ()  # what of a good that has costs is not known


@dataclass(frozen=True, slots=True)
class Run:
    """Since when the report shows a product."""

    days_shown: int | None = None  # mornings one after another, this one too; None: no earlier report is known
    probability_before: float | None = None  # as the last of these said; None: it is new today


@dataclass(frozen=True, slots=True)
class Row:
    """One product of the report, put together of what different parts of the program know."""

    product_id: str
    position: int  # 1 is the top of the report
    scored: ScoredItem
    facts: ProductFacts
    checks: Checks = Checks()
    own: Own = Own()
    run: Run = Run()

    @property
    def axes(self) -> Mapping[str, Axis]:
        """The four numbers that a seller sees, by name."""
        facts = self.facts
        return {
            "velocity": self.scored.velocity,
            "newness": facts.newness,
            "oddness": facts.oddness,
            "specialness": facts.specialness,
        }

    def flat(self) -> dict[str, Any]:
        """Every value by its name, as documents have them: that a row has parts is our affair."""
        own = {"product_id": self.product_id, "position": self.position}
        return own | {name: attrgetter(place)(self) for name, place in ROW_FIELDS.items()}


ROW_PARTS: Mapping[str, type] = {
    "scored": ScoredItem,
    "facts": ProductFacts,
    "checks": Checks,
    "own": Own,
    "run": Run,
}
# Field of any part → where a row has it. Both that are scored and facts have an `item_key`: the later is meant.
ROW_FIELDS: Mapping[str, str] = {
    one.name: f"{part}.{one.name}" for part, its in ROW_PARTS.items() for one in fields(its)
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one list gave on the report's day: the third state, carried to the last row."""

    list_id: str
    source: str
    market: str | None
    status: Status | Literal["late", "never"]
    last_ok: datetime | None
    looked: int  # looks in the last 7 days
    ok: int  # ... of which complete
    entries: int
    findings: tuple[Finding, ...] = ()
    days: tuple[tuple[str, Status | Literal["none"]], ...] = ()  # (local date, its best look), oldest first
    lost_since: datetime | None = None  # its first look after the last complete one


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What of the store a report is to show, and how."""

    market: str | None = None
    source: str | None = None
    category: str | None = None
    top: int = 20
    sort: str = "score"
    pack: str | None = None
    kind: ItemKind | None = None  # only this one; else goods first, then the others in sections of their own


@dataclass(frozen=True, slots=True)
class JobState:
    """How a job that makes reports last went, and when it is due."""

    name: str
    state: str  # running, dropped, done, partial, failed; "" before its first run
    last_run: datetime | None = None
    last_success: datetime | None = None  # start of the last run that made its report
    due: datetime | None = None  # None: it has no file here
    why: tuple[Finding, ...] = ()  # why it failed, or whom it could not tell


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a job that makes reports."""

    local_date: date  # where the job lives
    started_at: datetime
    finished_at: datetime | None
    state: str
    paths: tuple[str, ...] = ()  # of the files that it wrote
    why: tuple[Finding, ...] = ()  # why it failed, or whom it could not tell


LeftWhy = Literal["ignored", "not_read", "off", "arrived", "falling", "overtaken"]


@dataclass(frozen=True, slots=True)
class Left:
    """A product that the last report showed and this one does not."""

    product_id: str
    title: str
    why: LeftWhy
    probability_before: float
    probability: float | None = None  # now; None: it has none


@dataclass(frozen=True, slots=True)
class RecordLine:
    """What was said and what came of the rows whose outcome became known in the last week."""

    rows: int
    said: float  # mean chance, 0-1
    came: float  # share that broke out
    rival: float | None  # the same of as many rows of the list of largest rank changes
    replayed: int = 0  # of `rows`: nobody saw them, they were made afterwards from what was known then


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row of the record: what a report showed, what was said of it, and what came of it."""

    shown_at: datetime
    chosen_by: str  # "chance": the report; "rank change": what the list of largest changes had shown
    position: int
    product_id: str
    list_id: str
    rank: int  # then
    probability: float | None
    low: float | None
    high: float | None
    early: bool  # the probability was its list's base rate
    label: str
    horizon_h: float
    due_at: datetime
    replayed: bool  # nobody saw it: made afterwards, from what was known then
    outcome: str | None = None  # came, not, not_looked; None: not known yet


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a renderer needs; nothing is computed after this."""

    as_of: datetime
    rows: tuple[Row, ...]
    coverage: tuple[Coverage, ...]
    title: str = ""
    market: str | None = None
    total: int = 0  # products scored, of which `rows` are the shown ones
    sort: str = "score"
    notes: tuple[Finding, ...] = ()  # what is missing and why
    backtest: Mapping[str, Any] = field(default_factory=dict)  # the last one, as ranking.backtest writes it
    jobs: tuple[JobState, ...] = ()
    left: tuple[Left, ...] = ()  # what the last report showed and this one does not
    watched: tuple[Row, ...] = ()  # marked goods that are not among `rows`: alerts look at them too
    record: RecordLine | None = None  # None: nothing that was shown is due yet
    record_rows: tuple[ShownRow, ...] = ()  # of the last months, for the record's own file


@dataclass(frozen=True, slots=True)
class Member:
    """One listing of a product, and how it came to be part of it."""

    platform: str
    market: str | None
    item_key: str
    title: str
    seller: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    url: str | None = None
    verdict: str = ""  # "same", "likely", "by hand"; "" for the first listing
    probability: float | None = None  # that it is the same product as the rest
    reason: str = ""  # English: which rule joined it


@dataclass(frozen=True, slots=True)
class EarlierChance:
    """What an earlier report said of a product, and what came of it."""

    at: datetime
    rank: int
    probability: float
    outcome: str = ""  # came, not, not_looked; "": not known yet


@dataclass(frozen=True, slots=True)
class Why:
    """A product laid open: its row, where its listings come from, and on what the score stands."""

    row: Row
    as_of: datetime
    members: tuple[Member, ...] = ()
    variants: tuple[Member, ...] = ()  # same product line, not merged
    base_rate: float | None = None  # how often goods of that list break out
    fitted_at: datetime | None = None  # when the list's own model was fitted; None: the starting rule
    pages: tuple[str, ...] = ()  # archive file and offset of the last pages that show it
    earlier: tuple[EarlierChance, ...] = ()  # when the report showed it before; the latest first
