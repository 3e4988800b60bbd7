"""The columns of a drop: one list from which files, schema and documentation are made. Columns are only added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from operator import attrgetter
from typing import Any, Literal

from trendscout.findings import next_steps, whats
from trendscout.lang import Lang, labelled, tr
from trendscout.model import ROW_FIELDS, Coverage, PackCheck, Report, Row, ShownRow
from trendscout.report import amounts, codes, packs, phrases
from trendscout.report.clean import visible

Value = str | int | float | Decimal | bool | datetime | None
Kind = Literal["text", "id", "code", "integer", "number", "share", "money", "moment", "flag", "url"]
# Frictionless types of the machine file.
TYPES: dict[Kind, dict[str, str]] = {
    "text": {"type": "string"},
    "id": {"type": "string"},
    "code": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "share": {"type": "number"},
    "money": {"type": "number"},
    "moment": {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%SZ"},
    "flag": {"type": "boolean"},
    "url": {"type": "string", "format": "uri"},
}


@dataclass(frozen=True, slots=True)
class View:
    """How people want to read: language, local time and the moment the report is of."""

    lang: Lang
    zone: tzinfo
    now: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """That a column is on the page and in `why`, and in the table of the terminal if it has `most`."""

    words: Callable[[Row, View], str] | None = None  # else the column's own
    brief: Callable[[Row, View, int], str] | None = None  # for a cell of so many signs; else the words
    most: int = 0  # cells in the terminal at most; 0: not there
    keep: int = 1  # where a terminal is too narrow, columns that are kept less go first


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its machine name, its heading, what it means, and how to get it from a row.

    `say` gives words for people where the machine's value is a code or a list of codes. Every column is in the
    files; one that is `shown` is in the terminal, on the page and in `why` as well.
    """

    name: str
    head: str
    about: str
    kind: Kind
    get: Callable[[Any], Value] | str = ""  # or the attribute; "" = the one of the column's name
    say: Callable[[Any, View], str] | None = None
    width: int = 12  # in a spreadsheet, in characters
    shown: Shown | None = None


def heading(column: Column, view: View | None) -> str:
    """The machine name, or for people the heading, with the time zone where times are local."""
    if view is None:
        return column.name
    head = tr(column.head, view.lang)
    return f"{head} ({view.zone})" if column.kind == "moment" else head


def value(column: Column, item: Row | Coverage | ShownRow, report: Report, view: View | None) -> Value:
    """The cell of `item`: the machine's value, or what people read."""
    if view is not None and column.say is not None:
        return column.say(item, view) or None
    return _value(column, report if column.name == "as_of" else item)


def _value(column: Column, owner: Row | Coverage | ShownRow | Report) -> Value:
    get = column.get
    if isinstance(get, str):
        name = get or column.name
        get = attrgetter(ROW_FIELDS.get(name, name) if isinstance(owner, Row) else name)
    found: Value = get(owner)
    return None if found == "" else found


def words(column: Column, row: Row, view: View) -> str:
    """What people read of a shown column: its words, else its value by its kind; empty where it is not known."""
    say = (column.shown and column.shown.words) or column.say
    if say is not None:
        return say(row, view)
    cell = _value(column, row)
    match cell:
        case None:
            return ""
        case bool():
            return tr("yes" if cell else "no", view.lang)
        case datetime():
            return amounts.day(cell, view.lang, now=view.now, zone=view.zone)
        case str():
            return visible(cell)
        case _ if column.kind == "share":
            return amounts.share(float(cell))
        case Decimal() if column.kind == "money":
            return amounts.money(cell, "USD" if column.name.endswith("_usd") else row.facts.currency)
        case _:
            return amounts.number(cell, view.lang)


def brief(column: Column, row: Row, view: View, cells: int) -> str:
    """The same for a cell of the terminal of so many signs."""
    if column.shown and column.shown.brief:
        return column.shown.brief(row, view, cells)
    return words(column, row, view)


def _codes(*codes: str) -> str:
    return ";".join(code for code in codes if code)


def _places(row: Row) -> str:
    first: dict[tuple[str, str | None], datetime] = {}
    for sighting in row.facts.sightings:
        key = (sighting.platform, sighting.market)
        first[key] = min(first.get(key, sighting.since), sighting.since)
    ordered = sorted(first.items(), key=lambda pair: (pair[1], str(pair[0])))
    return _codes(
        *(f"{name} {market or ''}".strip() + f" {at.astimezone(UTC):%Y-%m-%d}" for (name, market), at in ordered)
    )


def _lead(row: Row) -> float | None:
    return max((gap.lead_days for gap in row.facts.gaps), default=None)


def _unknown(row: Row) -> str:
    return _codes(*(f"{one.pack}: {line}" for one in row.checks.pack_checks if one.met for line in one.unknown))


def _failed(row: Row) -> str:
    return _codes(*(f"{one.pack}: {line}" for one in row.checks.pack_checks for line in one.failed))


def _kept_out(row: Row, view: View) -> str:
    return _joined(tuple(_line(one, line, view) for one in row.checks.pack_checks for line in one.failed), view)


def _not_known(row: Row, view: View) -> str:
    met = (one for one in row.checks.pack_checks if one.met)
    return _joined(tuple(_line(one, line, view) for one in met for line in one.unknown), view)


def _line(check: PackCheck, line: str, view: View) -> str:
    return labelled(packs.title(check.pack, view.lang), packs.say(line, view.lang), view.lang)


def _joined(parts: tuple[str, ...], view: View) -> str:
    return ("；" if view.lang == "zh" else "; ").join(parts)


ROW: tuple[Column, ...] = (
    Column("as_of", "As of", "The moment that the report looks from.", "moment", width=17),
    Column("position", "#", "Place in the report; 1 is the top.", "integer", width=5),
    Column("product_id", "Product id", "Our id of the product; listings of several platforms share it.", "id",
           width=20),
    Column("item_key", "Item key", "The platform's own id of the leading listing, as text.", "id", width=22),
    Column("title", "Title", "Title of the leading listing as shown there.", "text", width=48),
    Column("gloss_zh", "In Chinese", "A short Chinese gloss of a foreign title.", "text", width=24),
    Column("platform", "Platform", "Platform of the leading listing.", "code",
           say=lambda r, _: phrases.place(r.facts.platform, None)),
    Column("market", "Market", "Market of the leading listing: ISO country code, or UK, EU.", "code", width=8),
    Column("list_id", "List", "The list in which the product moves most.", "text", width=30),
    Column("category", "Category", "Category as that list names it.", "text", width=18),
    Column("stage", "Stage", "emerging, rising, peaking, fading, evergreen, seasonal or not_enough_data.",
           "code", say=lambda r, v: phrases.stage(r.scored.stage, v.lang)),
    Column("stage_since", "Stage since", "When the stage last changed.", "moment", width=17, shown=Shown()),
    Column("probability", "Chance", "Probability that it breaks out within the horizon; empty: not enough data.",
           "share", width=9),
    Column("probability_low", "Chance, low", "Low end of the 90 % interval.", "share"),
    Column("probability_high", "Chance, high", "High end of the 90 % interval.", "share"),
    Column("horizon_h", "Horizon, hours", "Within how many hours the breakout would come.", "number"),
    Column("label", "Breakout means", "top: enters the top of its list; halve: its rank halves.", "code",
           say=lambda r, v: tr(phrases.LABELS.get(r.scored.label, r.scored.label), v.lang), width=22),
    Column("gain", "Gain", "What a breakout would add, in percent of the first place's sales.", "number"),
    Column("score", "Score", "Log-odds of the chance: the report's usual order.", "number"),
    Column("velocity", "Velocity", "0-100: how fast it climbs, against all goods of its list.", "number",
           lambda r: r.scored.velocity.value),
    Column("newness", "新 new", "0-100: how new it is to us and to its market.", "number",
           lambda r: r.facts.newness.value),
    Column("oddness", "奇 odd", "0-100: how unlike what its category usually lists.", "number",
           lambda r: r.facts.oddness.value),
    Column("specialness", "特 special", "0-100: how few platforms, sellers and near copies have it.", "number",
           lambda r: r.facts.specialness.value),
    Column("rank", "Rank", "Rank on the list now; empty: not on it, or the list has no order.", "integer",
           width=7),
    Column("rank_before", "Rank before", "Rank that the movement starts from.", "integer"),
    Column("rank_span_days", "Over days", "Days between the two ranks.", "number"),
    Column("movement", "Movement", "The movement in words; in English for machines.",
           "text", lambda r: phrases.movement(r, "en"), say=lambda r, v: phrases.movement(r, v.lang), width=28),
    Column("seen_on", "Seen on", "Platforms and markets that have it, each with the first day.", "code", _places,
           say=lambda r, v: _joined(phrases.seen_at(r.facts.sightings, v.lang, now=v.now, zone=v.zone), v),
           width=36, shown=Shown(brief=lambda r, v, cells: codes.several(codes.places_of(r, v.lang, v.now), cells),
                                 most=24, keep=1)),
    Column("not_yet_on", "Not yet on", "Platforms and markets that do not have it yet.", "code",
           lambda r: _codes(*(f"{g.platform} {g.market or ''}".strip() for g in r.facts.gaps)),
           say=lambda r, v: _joined(phrases.not_yet(r.facts.gaps, v.lang), v), width=36, shown=Shown()),
    Column("lead_days", "Lead, days", "Longest lead over a place that does not have it yet, in days.", "number",
           _lead),
    Column("first_seen", "First seen", "When we first saw it anywhere.", "moment", width=17),
    Column("listed_at", "Listed", "When the platform says it was listed.", "moment", width=17,
           shown=Shown()),
    Column("price", "Price", "Current price; the low end of a range.", "money", width=9),
    Column("price_high", "Price, high", "High end of a range.", "money"),
    Column("currency", "Currency", "ISO 4217 code of both prices.", "code", width=9),
    Column("price_usd", "Price in USD", "The price in US dollars by the rate of the day.", "money"),
    Column("count", "Count", "Sales, views or the like, as the platform shows it.", "number"),
    Column("count_kind", "Counted", "What is counted: sold, orders, views, ...", "code",
           say=lambda r, v: phrases.count_name(r.facts.count_kind, v.lang)),
    Column("count_is_floor", "At least", "true: the true count is this or more.", "flag", "count_floor"),
    Column("rating", "Rating", "Stars out of 5.", "number", width=8),
    Column("reviews", "Ratings", "Number of ratings or reviews.", "integer", width=9),
    Column("listings", "Listings", "Listings joined into this product.", "integer"),
    Column("sellers", "Sellers", "Different sellers; empty: the pages do not say.", "integer"),
    Column("near_copies", "Near copies", "Listings so alike that they compete, though not the same product.",
           "integer"),
    Column("variants", "Variants", "Other sizes, colours and packs of the product line.", "integer"),
    Column("is_likely", "Joined on likeness", "true: its listings were joined by a likely, not a sure, match.",
           "flag", "likely"),
    Column("list_pace", "List pace", "fast: the list's top 10 turns over within months.", "code",
           say=lambda r, v: tr(r.scored.list_pace, v.lang) if r.scored.list_pace else "", shown=Shown()),
    Column("flags", "Warnings", "Warnings and hints, by code.", "code",
           lambda r: _codes(*(f.code for f in r.checks.flags)),
           say=lambda r, v: _joined(tuple(phrases.flag(f, v.lang) for f in r.checks.flags), v), width=28),
    Column("packs", "Packs met", "Selection packs that no known value fails.", "code",
           lambda r: _codes(*r.checks.packs),
           say=lambda r, v: _joined(tuple(packs.title(name, v.lang) for name in r.checks.packs), v), width=20),
    Column("packs_unknown", "Packs, unknown", "Lines of packs met whose value is not known.", "text", _unknown,
           say=_not_known, width=24),
    Column("packs_failed", "Packs, failed", "Lines that keep it out of packs.", "text", _failed,
           say=_kept_out, width=24),
    Column("mark", "Mark", "Your mark: mine, watch or ignore.", "code",
           say=lambda r, v: tr(r.own.mark, v.lang) if r.own.mark else ""),
    Column("note", "Note", "Your note.", "text", width=20, shown=Shown()),
    Column("cost_usd", "Cost, USD", "Your cost in US dollars.", "money"),
    Column("weight_g", "Weight, g", "Weight in grams.", "number"),
    Column("fees_usd", "Fees, USD", "Platform and shipping fees in US dollars.", "money"),
    Column("margin", "Margin", "(price - cost - fees) / price.", "share",
           shown=Shown(words=lambda r, v: phrases.margin(r, v.lang),
                       brief=lambda r, _v, _cells: amounts.share(r.own.margin), most=6, keep=5)),
    Column("supplier_url", "Supplier", "Where you buy it.", "url", width=24),
    Column("url", "Link", "Page of the leading listing.", "url", width=24),
    Column("image", "Image", "Address of its picture.", "url", width=10),
    Column("seen_at", "Last look", "When the list of this row was last read.", "moment", width=17),
    Column("list_name", "List, in words", "The list by platform, market, kind and category.", "text",
           lambda r: phrases.list_name(r.scored.list_id, "en"),
           say=lambda r, v: phrases.list_name(r.scored.list_id, v.lang), width=36),
    Column("facts_from", "Facts from elsewhere",
           "Facts that the listing on this list does not tell, and of which platform and market they are.", "code",
           lambda r: _codes(*(f"{b.fact}: {b.platform} {b.market or ''}".strip() for b in r.facts.borrowed)),
           say=lambda r, v: _joined(phrases.borrowed(r, v.lang), v), width=24),
    Column("rate_day", "Rate of", "The day whose exchange rate the price in US dollars stands on.", "text",
           width=11),
    Column("rate_from", "Rate from", "own: rates.toml; ecb: the European Central Bank; package: a dated table.",
           "code", say=lambda r, v: tr(phrases.RATES.get(r.facts.rate_from, ""), v.lang)),
    Column("landed_usd", "Landed cost, USD", "Cost, freight and duty: what one takes until it is in its market.",
           "money", shown=Shown(words=lambda r, v: phrases.landed(r, v.lang))),
    Column("break_even_usd", "Break-even, USD", "The price at which nothing is left.", "money", shown=Shown()),
    Column("cost_unknown", "Cost, unknown", "What of a good with costs is not known: it is never taken for zero.",
           "code", lambda r: _codes(*r.own.cost_unknown),
           say=lambda r, v: _joined(tuple(phrases.cost_part(one, v.lang) for one in r.own.cost_unknown), v),
           width=24),
    Column("item_kind", "Kind", "What it is: goods, hashtag, topic, video or app.", "code",
           say=lambda r, v: phrases.item_kind(r.facts.item_kind, v.lang)),
    Column("days_shown", "Days shown", "Mornings one after another that show it, this one too; 1: new today.",
           "integer", shown=Shown(words=lambda r, v: phrases.run(r, v.lang))),
    Column("probability_before", "Chance before", "The chance that the last report said.", "share"),
    Column("words", "Watch words", "Your lists of words that it meets: such goods lead the report.", "text",
           lambda r: _codes(*r.checks.words), say=lambda r, v: phrases.words(r, v.lang, now=v.now, zone=v.zone),
           shown=Shown()),
)  # fmt: skip

# What people are shown in one piece and files have in several columns.
COMPOSED: tuple[Column, ...] = (
    Column("price_band", "Price", "Low and high price, and US dollars.", "text",
           say=lambda r, v: phrases.price_band(r, v.lang),
           shown=Shown(brief=lambda r, _v, _cells: phrases.short_price(r), most=12, keep=6)),
    Column("counted", "Count", "The count and what it counts.", "text", say=lambda r, v: phrases.count(r, v.lang),
           shown=Shown(brief=lambda r, v, _cells: phrases.short_count(r, v.lang), most=16, keep=4)),
    Column("rated", "Rating", "Stars and how many gave them.", "text", say=lambda r, v: phrases.rating(r, v.lang),
           shown=Shown(brief=lambda r, v, _cells: phrases.short_rating(r, v.lang), most=12, keep=3)),
    Column("competition", "Competition", "Sellers, listings, near copies and variants.", "text",
           say=lambda r, v: phrases.competition(r, v.lang), shown=Shown(most=34, keep=2)),
)  # fmt: skip
SHOWN: tuple[Column, ...] = (*COMPOSED, *(column for column in ROW if column.shown))

COVERAGE: tuple[Column, ...] = (
    Column("list_id", "List", "The list.", "text", width=40),
    Column("source", "Source", "The source that reads it.", "code", width=20),
    Column("market", "Market", "Its market.", "code", width=8),
    Column("status", "Status", "ok, partial, blocked, failed, late or never.", "code",
           say=lambda c, v: phrases.status(c.status, v.lang)),
    Column("last_ok", "Last complete", "When it was last read whole.", "moment", width=17),
    Column("looked", "Looks in 7 days", "Looks in the last 7 days.", "integer"),
    Column("ok", "Complete in 7 days", "Looks of these that were complete.", "integer"),
    Column("entries", "Entries", "Entries of the last look.", "integer"),
    Column("reason", "Reason", "Why it is not complete.", "text", lambda c: whats(c.findings, "en"),
           say=lambda c, v: whats(c.findings, v.lang), width=60),
    Column("next_step", "What to do", "What to do about it.", "text", lambda c: next_steps(c.findings, "en"),
           say=lambda c, v: next_steps(c.findings, v.lang), width=60),
)  # fmt: skip


RECORD: tuple[Column, ...] = (
    Column("shown_at", "Shown", "When the report showed it.", "moment", width=17),
    Column("chosen_by", "Chosen by", "chance: the report; rank change: what a list of the largest ones had shown.",
           "code"),
    Column("position", "Position", "Its place in that report.", "integer"),
    Column("product_id", "Product id", "The product.", "id", width=22),
    Column("list_id", "List", "The list that it stood on.", "text", width=40),
    Column("rank", "Rank", "Its rank there, then.", "integer", width=7),
    Column("probability", "Chance", "The chance that was said.", "share"),
    Column("probability_low", "Chance, low", "Low end of the interval that was said.", "share", "low"),
    Column("probability_high", "Chance, high", "High end of the interval that was said.", "share", "high"),
    Column("is_early", "Too early", "true: the chance was its list's base rate.", "flag", "early"),
    Column("label", "Event", "top: into the first ten; halve: to half its rank.", "code"),
    Column("horizon_h", "Within hours", "Within how many hours.", "number"),
    Column("due_at", "Due", "From when on the outcome is known.", "moment", width=17),
    Column("is_replayed", "Replayed", "true: nobody saw it; made afterwards, from what was known then.", "flag",
           "replayed"),
    Column("outcome", "Outcome", "came, not, not_looked (the list was not watched enough); empty: not known yet.",
           "code", say=lambda r, v: phrases.outcome(r.outcome or "", v.lang)),
)  # fmt: skip


def described(columns: Sequence[Column]) -> dict[str, Any]:
    """The columns of a file beside the products, for its description."""
    return {"fields": [{"name": one.name, "title": one.head, "description": one.about} for one in columns]}


def schema() -> dict[str, Any]:
    """The contract of the machine file as a Frictionless Table Schema: schemas/drop.schema.json."""
    fields = [{"name": one.name, **TYPES[one.kind], "title": one.head, "description": one.about} for one in ROW]
    return {"fields": fields, "primaryKey": ["product_id"], "missingValues": [""]}
