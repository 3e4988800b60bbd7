"""How numbers, times, places and verdicts are said to people, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from trendscout.lang import Lang, labelled, tr
from trendscout.model import Flag, Gap, ItemKind, Left, LeftWhy, RecordLine, Row, Sighting
from trendscout.money import OLD_DAYS
from trendscout.report import amounts, curve
from trendscout.report.clean import visible

STAGES = {
    "emerging": "emerging",
    "rising": "rising",
    "peaking": "peaking",
    "fading": "fading",
    "evergreen": "evergreen",
    "seasonal": "seasonal",
    "not_enough_data": "too early",
}
FLAGS = {
    "fading": "fading: do not stock",
    "recalled": "recalled",
    "brand_word": "brand word in the title",
    "suspected_copy": "suspected copy",
    "red_ocean": "red ocean",
    "seasonal": "seasonal",
    "price_war": "price war",
    "fast_list": "fast list: do not stock deep",
    "battery": "battery: shipping rules",
    "liquid": "liquid: shipping rules",
    "blade": "blade: restricted",
    "magnet": "magnet: shipping rules",
    "medical": "medical: needs approval",
    "brushing": "sales or reviews look pushed",
    "promoted": "promoted: it rose with a price cut",
}
AXES = (("Velocity", "velocity"), ("新 new", "newness"), ("奇 odd", "oddness"), ("特 special", "specialness"))
STATUSES = {
    "ok": "complete",
    "partial": "partial",
    "blocked": "blocked",
    "failed": "failed",
    "late": "late",
    "never": "never read",
}
PLATFORMS = {
    "alibaba_1688": "1688",
    "aliexpress": "AliExpress",
    "amazon": "Amazon",
    "apple": "Apple",
    "coupang": "Coupang",
    "cpsc": "US CPSC",
    "douyin": "Douyin",
    "ebay": "eBay",
    "ecb": "European Central Bank",
    "etsy": "Etsy",
    "eu_safety_gate": "EU Safety Gate",
    "google": "Google",
    "google_trends": "Google Trends",
    "jd": "JD",
    "kickstarter": "Kickstarter",
    "lazada": "Lazada",
    "mercadolibre": "Mercado Libre",
    "pinduoduo": "Pinduoduo",
    "producthunt": "Product Hunt",
    "rakuten": "Rakuten",
    "shein": "SHEIN",
    "shopee": "Shopee",
    "instagram": "Instagram",
    "shopify": "Shopify",
    "taobao": "Taobao",
    "temu": "Temu",
    "tiktok": "TikTok",
    "tiktok_hashtags": "TikTok",
    "tiktok_shop": "TikTok Shop",
    "tokopedia": "Tokopedia",
    "uk_opss": "UK OPSS",
    "walmart": "Walmart",
    "youtube": "YouTube",
}
# Sources whose lists are called otherwise than their platform.
LISTS = {
    "amazon_search": "Amazon search",
    "google_trends": "Google Trends",
    "tiktok_hashtags": "TikTok hashtags",
    "tiktok_shop": "TikTok Shop",
}
ITEM_KINDS: Mapping[ItemKind, str] = {
    "goods": "goods",
    "hashtag": "hashtags",
    "topic": "topics and searches",
    "video": "videos",
    "app": "apps",
}
LEFT: Mapping[LeftWhy, str] = {
    "ignored": "you ignore it",
    "not_read": "its list was not read",
    "off": "off its lists",
    "arrived": "it reached its goal",
    "falling": "it falls",
    "overtaken": "others are likelier",
}
OUTCOMES = {"came": "came true", "not": "did not come", "not_looked": "nobody looked", "": "not known yet"}
KINDS = {
    "best_seller": "Best sellers",
    "best_selling": "Best sellers",
    "bestsellers": "Best sellers",
    "category": "Category",
    "charts": "Charts",
    "hot": "Hot",
    "most_popular": "Most popular",
    "most_wished_for": "Most wished for",
    "movers_and_shakers": "Movers and shakers",
    "new_arrivals": "New arrivals",
    "new_releases": "New releases",
    "newest": "Newest",
    "popular": "Popular",
    "ranking": "Ranking",
    "recommended": "Recommended",
    "rising": "Rising",
    "search": "Search",
    "sold": "Most sold",
    "top_rated": "Top rated",
    "top_sales": "Top sales",
    "trending": "Trending",
    "trending_now": "Trending now",
    "trends": "Trends",
}
COUNTS = {
    "sold": "{n} sold",
    "orders": "{n} orders",
    "views": "{n} views",
    "videos": "{n} videos",
    "posts": "{n} posts",
    "searches": "{n} searches",
    "reviews": "{n} reviews",
    "watchers": "{n} watching",
    "in_carts": "in {n} carts",
    "votes": "{n} votes",
    "backers": "{n} backers",
    "downloads": "{n} downloads",
    "likes": "{n} likes",
    "plays": "{n} plays",
    "saves": "{n} saves",
}
COUNT_NAMES = {
    "sold": "sold",
    "orders": "orders",
    "views": "views",
    "videos": "videos",
    "posts": "posts",
    "searches": "searches",
    "reviews": "reviews",
    "watchers": "watchers",
    "in_carts": "in carts",
    "votes": "votes",
    "backers": "backers",
    "downloads": "downloads",
    "likes": "likes",
    "plays": "plays",
    "saves": "saves",
}
_STEPS = 5  # prices that a line tells
LABELS = {"top": "enters the top of its list", "halve": "its rank halves"}


def counted(value: float | None, kind: str | None, floor: bool | None, lang: Lang) -> str:
    """A count with what it counts: "5,000+ sold". Empty for None."""
    if value is None:
        return ""
    shown = amounts.number(value, lang) + ("+" if floor else "")
    return tr(COUNTS.get(kind or "", "{n}"), lang, n=shown)


def count_name(kind: str | None, lang: Lang) -> str:
    """What is counted, in a word; a kind without one is shown as it is."""
    return tr(COUNT_NAMES.get(kind or "", kind or ""), lang)


def price_steps(sighting: Sighting, lang: Lang, *, now: datetime, zone: tzinfo = UTC) -> str:
    """The last prices of a list's curve with their days: "price $14.99 → $12.99 (3 Jul) → $9.99 (9 Jul)"."""
    steps = curve.prices(sighting.curve)
    if not steps:
        return ""
    shown = [amounts.money(steps[-_STEPS:][0][1], sighting.currency)] + [
        f"{amounts.money(price, sighting.currency)} ({amounts.day(at, lang, now=now, zone=zone)})"
        for at, price in steps[-_STEPS:][1:]
    ]
    return tr("price {steps}", lang, steps=" → ".join(shown))


def count_steps(one: Sighting, lang: Lang) -> str:
    """First and last count of a list's curve, if it moved: "1,200 → 3,005 sold"."""
    seen = [point.count for point in sorted(one.curve, key=lambda point: point.at) if point.count is not None]
    if len(seen) < 2 or seen[0] == seen[-1]:
        return ""
    return f"{amounts.number(seen[0], lang)} → {counted(seen[-1], one.count_kind, one.count_floor, lang)}"


def whence(row: Row, fact: str) -> str:
    """In brackets, of which place a fact is that the listing on the list does not tell: " (Amazon UK)"."""
    return next((f" ({place(one.platform, one.market)})" for one in row.facts.borrowed if one.fact == fact), "")


def price_band(row: Row, lang: Lang) -> str:
    """Low and high price as shown, with US dollars where the list is in another currency; whose, if another's."""
    facts = row.facts
    if facts.price is None:
        return ""
    band = amounts.money(facts.price, facts.currency)
    if facts.price_high is not None and facts.price_high > facts.price:
        high = amounts.money(facts.price_high, facts.currency)
        band += "–" + high.removeprefix(amounts.SIGNS.get(facts.currency or "", ""))
    if facts.currency is None:
        band = tr("{price} (currency not told)", lang, price=band)
    elif facts.price_usd is not None and facts.currency != "USD":
        dollars = amounts.money(facts.price_usd, "USD")
        old = facts.rate_age_days
        aged = tr("{price}, rate {n} days old", lang, price=dollars, n=old) if old and old > OLD_DAYS else dollars
        band += f" (≈{aged})"
    return band + whence(row, "price")


RATES = {"own": "rates.toml", "ecb": "ECB", "package": "the package's dated table", "fixed": "fixed by law"}


def short_price(row: Row) -> str:
    """The low price alone, with its currency; starred, if another listing's."""
    return amounts.money(row.facts.price, row.facts.currency) + _star(row, "price")


def short_count(row: Row, lang: Lang) -> str:
    """The count with what it counts; starred, if another listing's."""
    facts = row.facts
    return counted(facts.count, facts.count_kind, facts.count_floor, lang) + _star(row, "count")


def _star(row: Row, fact: str) -> str:
    return "*" if any(one.fact == fact for one in row.facts.borrowed) else ""


def short_rating(row: Row, lang: Lang) -> str:
    """Stars and ratings in a few signs: "4.6★ 83"."""
    stars = "" if row.facts.rating is None else f"{row.facts.rating:g}★"
    return f"{stars} {amounts.number(row.facts.reviews, lang)}".strip() + _star(row, "rating")


def borrowed(row: Row, lang: Lang) -> tuple[str, ...]:
    """Which facts another listing tells, and whose: "price: Amazon UK"."""
    return tuple(labelled(tr(one.fact, lang), place(one.platform, one.market), lang) for one in row.facts.borrowed)


def count(row: Row, lang: Lang) -> str:
    """The count with what it counts; whose, if another listing's: "3,005 sold (AliExpress ID)"."""
    facts = row.facts
    shown = counted(facts.count, facts.count_kind, facts.count_floor, lang)
    return shown and shown + whence(row, "count")


def chance(row: Row) -> str:
    """The probability with its 90 % interval, "34% (21–48)"; a dash where there is none.

    In brackets alone where it is only how often goods of its list break out.
    """
    scored = row.scored
    if scored.probability is None:
        return "–"
    shown = amounts.share(scored.probability)
    if scored.early:
        return f"({shown})"
    if scored.probability_low is None or scored.probability_high is None:
        return shown
    return f"{shown} ({amounts.share(scored.probability_low)[:-1]}–{amounts.share(scored.probability_high)[:-1]})"


def stage(code: str, lang: Lang) -> str:
    """A stage's name."""
    return tr(STAGES.get(code, code), lang)


def status(code: str, lang: Lang) -> str:
    """A coverage status in a word or two."""
    return tr(STATUSES.get(code, code), lang)


def flag(item: Flag, lang: Lang) -> str:
    """A warning in a few words; a code without words is shown as it is."""
    known = FLAGS.get(item.code)
    return tr(known, lang) if known else visible(item.code).replace("_", " ")


def place(platform: str, market: str | None) -> str:
    """A platform and market: "TikTok Shop UK"."""
    known = PLATFORMS.get(platform) or PLATFORMS.get(platform.partition("_")[0])
    rest = "" if platform in PLATFORMS else platform.partition("_")[2]
    name = visible(f"{known} {rest}".strip() if known else platform).replace("_", " ")
    return f"{name} {visible(market)}" if market else name


@lru_cache(4096)
def list_name(list_id: str, lang: Lang) -> str:
    """A list id in words, as far as it has the usual form: "Amazon US · Best sellers · Home kitchen"."""
    head, _, rest = visible(list_id).partition("/")
    name, _, market = head.rpartition("_")
    if not (name and len(market) == 2 and market.isupper()):
        return " · ".join((head, *(part for part in rest.split("/") if part and part != "all")))
    lead = LISTS.get(name) or PLATFORMS.get(name) or PLATFORMS.get(name.partition("_")[0])
    named = tr(lead, lang) if lead else name.replace("_", " ")
    kind, _, category = rest.partition("/")
    parts = (f"{named} {market}".removesuffix(" XX"), kind_name(kind, lang), category_name(category, lang))
    return " · ".join(part for part in parts if part)


def item_kind(kind: ItemKind, lang: Lang) -> str:
    """What such rows are, in a word."""
    return tr(ITEM_KINDS[kind], lang)


def kind_name(kind: str, lang: Lang) -> str:
    """A kind of list in words."""
    known = KINDS.get(kind) or ("" if kind == "all" else kind.replace("_", " "))
    said = tr(known, lang)
    return said[:1].upper() + said[1:]


def category_name(slug: str, lang: Lang) -> str:
    """A site's own name of a category, readable: "toys-and-games" as "Toys and games"; numbers stay."""
    if slug in ("", "all"):
        return ""
    words = re.sub(r"[-_+]+", " ", slug).strip()
    known = tr(words, lang)
    return known if known != words else words[:1].upper() + words[1:]


def movement(row: Row, lang: Lang) -> str:
    """Velocity in plain words: "rank 84 → 21 in 4 days"."""
    scored = row.scored
    if scored.rank is None:
        if scored.rank_before is not None:
            return tr("off the list, was {rank}", lang, rank=scored.rank_before)
        return tr(scored.velocity.why, lang, **scored.velocity.fields) if scored.velocity.why else ""
    if scored.rank_before is None and scored.rank_span_days is not None:
        time = amounts.span(scored.rank_span_days, lang)
        return tr("off the list → {rank} in {time}", lang, rank=scored.rank, time=time)
    if scored.rank_before is None:
        return tr("rank {rank}, no earlier place known", lang, rank=scored.rank)
    time = amounts.span(scored.rank_span_days, lang) if scored.rank_span_days else ""
    if scored.rank_before == scored.rank:
        return tr("rank {rank} for {time}", lang, rank=scored.rank, time=time or "–")
    if not time:
        return tr("rank {before} → {rank}", lang, before=scored.rank_before, rank=scored.rank)
    return tr("rank {before} → {rank} in {time}", lang, before=scored.rank_before, rank=scored.rank, time=time)


def seen_at(sightings: Iterable[Sighting], lang: Lang, *, now: datetime, zone: tzinfo = UTC) -> tuple[str, ...]:
    """Each place once with the first day it was seen there, earliest first: "TikTok US since 3 Jul"."""
    first: dict[tuple[str, str | None], datetime] = {}
    for sighting in sightings:
        key = (sighting.platform, sighting.market)
        first[key] = min(first.get(key, sighting.since), sighting.since)
    return tuple(
        tr("{place} since {day}", lang, place=place(*key), day=amounts.day(since, lang, now=now, zone=zone))
        for key, since in sorted(first.items(), key=lambda pair: (pair[1], str(pair[0])))
    )


def not_yet(gaps: Iterable[Gap], lang: Lang) -> tuple[str, ...]:
    """Each place that does not have it yet, with the lead: "Amazon UK (6 days behind, usually 9)"."""
    words = []
    for gap in gaps:
        lead = amounts.span(gap.lead_days, lang)
        if gap.usual_days is None:
            words.append(tr("{place} ({lead} behind)", lang, place=place(gap.platform, gap.market), lead=lead))
        else:
            usual = amounts.span(gap.usual_days, lang)
            text = tr(
                "{place} ({lead} behind, usually {usual})",
                lang,
                place=place(gap.platform, gap.market),
                lead=lead,
                usual=usual,
            )
            words.append(text)
    return tuple(words)


def competition(row: Row, lang: Lang) -> str:
    """Sellers, listings, near copies and variants, those that are known and not trivial."""
    facts = row.facts
    parts = []
    if facts.sellers is not None:
        parts.append(tr("{n} sellers", lang, n=facts.sellers))
    if facts.listings > 1:
        parts.append(tr("{n} listings", lang, n=facts.listings))
    if facts.near_copies:  # neither none nor unknown
        parts.append(tr("{n} near copies", lang, n=facts.near_copies))
    if facts.variants:
        parts.append(tr("{n} variants", lang, n=facts.variants))
    return ", ".join(parts) if lang == "en" else "、".join(parts)


def title(row: Row, lang: Lang) -> str:
    """The title as one safe line; Chinese readers get the gloss of a foreign title first."""
    facts = row.facts
    text = visible(facts.title) or visible(facts.item_key)
    if lang == "zh" and facts.gloss_zh:
        text = f"{visible(facts.gloss_zh)} | {text}"
    return f"≈ {text}" if facts.likely else text


def axis(value: float | None) -> str:
    """One of velocity, 新, 奇, 特 as a whole number; a dash where there is not enough data."""
    return "–" if value is None else f"{value:.0f}"


def events(rows: Iterable[Row], lang: Lang) -> str:
    """What the chances are of, and within what time: "to enter the top of its list within 7 days"."""
    labels: dict[float, set[str]] = {}
    for row in rows:
        if row.scored.probability is not None and row.scored.label and row.scored.horizon_h:
            labels.setdefault(row.scored.horizon_h, set()).add(row.scored.label)
    either = tr(" or ", lang)
    said = [
        tr(
            "{event} within {time}",
            lang,
            event=either.join(tr(LABELS.get(label, label), lang) for label in sorted(labels[hours])),
            time=amounts.span(hours / 24, lang),
        )
        for hours in sorted(labels)
    ]
    return either.join(said)


def legend(rows: Sequence[Row], lang: Lang, heads: Collection[str]) -> list[str]:
    """What the signs mean that these rows have in a terminal below these heads."""
    absent = {head for head in ("Vel", "新", "奇", "特") if tr(head, lang) not in heads}
    return [
        tr(text, lang)
        for text, occurs in LEGEND.items()
        if text.partition(" ")[0] not in absent and any(map(occurs, rows))
    ]


def _axis_known(name: str) -> Callable[[Row], bool]:
    return lambda row: row.axes[name].value is not None


# What a sign means → whether a row has it.
LEGEND: Mapping[str, Callable[[Row], bool]] = {
    "34% 21–48: chance, and the range it lies in 9 times of 10": lambda row: (
        row.scored.probability is not None and not row.scored.early
    ),
    "(4%): too early to judge; so many goods of its list break out": lambda row: (
        row.scored.probability is not None and row.scored.early
    ),
    "–: not enough data": lambda row: row.scored.probability is None,
    "curve: higher is nearer the top; · looked and not on the list; blank: nobody looked": lambda row: bool(
        row.facts.sightings
    ),
    "Vel 0-100: climbs faster than so many percent of its list": _axis_known("velocity"),
    "新 0-100: how new; half in 3 weeks": _axis_known("newness"),
    "奇 0-100: odder than so many percent of its category": _axis_known("oddness"),
    "特 0-100: few platforms, sellers and copies, unusual price": _axis_known("specialness"),
    "≈ joined on likeness: check": lambda row: row.facts.likely,
    "* told by its listing on another platform or market": lambda row: bool(row.facts.borrowed),
    "⚠ a warning": lambda row: bool(row.checks.flags),
    "✓ meets that selection pack": lambda row: bool(row.checks.packs),
    "★ your mark": lambda row: bool(row.own.mark),
    "not yet: days behind, in brackets what is usual; +4: four more places": lambda row: bool(row.facts.gaps),
}


def record(line: RecordLine | None, lang: Lang) -> str:
    """What the rows said that became due in the last week, and what came; empty if there is none."""
    if line is None:
        return ""
    sentence = tr(
        "Of the {rows} rows due in the last week {said} were said to break out, {came} did",
        lang,
        rows=line.rows,
        said=amounts.share(line.said),
        came=amounts.share(line.came),
    )
    if line.rival is not None:
        sentence += tr(
            "; the list of largest rank changes would have had {rival}", lang, rival=amounts.share(line.rival)
        )
    if line.replayed:
        sentence += tr(" ({n} of them replayed)", lang, n=line.replayed)
    return sentence + ("。" if lang == "zh" else ".")


def outcome(code: str, lang: Lang) -> str:
    """What came of a row that was shown, in a word."""
    return tr(OUTCOMES.get(code, code), lang)


def run(row: Row, lang: Lang) -> str:
    """Whether the report shows it today for the first time, or since when, and how its chance moved."""
    days, before = row.run.days_shown, row.run.probability_before
    if days is None:
        return ""
    if days == 1:
        return tr("new today", lang)
    if before is None or row.scored.probability is None:
        return tr("day {n}", lang, n=days)
    now = amounts.share(row.scored.probability)
    return tr("day {n}, {before} → {now}", lang, n=days, before=amounts.share(before), now=now)


def left_why(one: Left, lang: Lang) -> str:
    """Why it left the report: "it falls (24% → 9%)"."""
    why = tr(LEFT[one.why], lang)
    if one.probability is not None:
        why += f" ({amounts.share(one.probability_before)} → {amounts.share(one.probability)})"
    return why


_ORDERS = {
    "score": "chance, the likeliest first",
    "probability": "chance, the likeliest first",
    "gain": "what a breakout would add",
    "velocity": "how fast it climbs",
    "new": "how new it is (新)",
    "odd": "how odd it is (奇)",
    "special": "how special it is (特)",
    "rank": "rank, the top first",
}


def order_rule(sort: str, lang: Lang) -> str:
    """By what the report is ordered."""
    return tr(_ORDERS.get(sort) or visible(sort), lang)


def rating(row: Row, lang: Lang) -> str:
    """Stars and how many gave them: "4.6 of 5 (83 ratings)"; whose, if another listing's."""
    facts = row.facts
    given = amounts.number(facts.reviews, lang)
    if facts.rating is None:
        shown = tr("{n} ratings", lang, n=given) if given else ""
    elif given:
        shown = tr("{stars} of 5 ({n} ratings)", lang, stars=f"{facts.rating:g}", n=given)
    else:
        shown = tr("{stars} of 5", lang, stars=f"{facts.rating:g}")
    return shown and shown + whence(row, "rating")


def margin(row: Row, lang: Lang) -> str:
    """The margin, or which of its parts are not known; empty if none is known."""
    own = row.own
    if own.margin is not None:
        return amounts.share(own.margin)
    if own.cost_usd is None and own.fees_usd is None and not own.cost_parts:
        return ""
    return tr("unknown: {lines}", lang, lines=", ".join(cost_part(one, lang) for one in own.cost_unknown))


def words(row: Row, lang: Lang, *, now: datetime, zone: tzinfo = UTC) -> str:
    """The lists of words that a good meets, with its first sighting; empty where it meets none."""
    if not row.checks.words:
        return ""
    names = ", ".join(map(visible, row.checks.words))
    if row.facts.first_seen is None:
        return names
    return tr(
        "{names}, first seen {day}",
        lang,
        names=names,
        day=amounts.day(row.facts.first_seen, lang, now=now, zone=zone),
    )


def cost_part(code: str, lang: Lang) -> str:
    """A part of a cost in words; a rate that is missing with its currency."""
    name, _, rest = code.partition(" ")
    return " ".join(filter(None, (tr(name, lang), rest)))


def landed(row: Row, lang: Lang) -> str:
    """The landed cost, and each known part of the costs with its source and the day that it ends."""
    told = []
    for one in row.own.cost_parts:
        source = f" ({visible(one.source)} → {one.until})" if one.source else ""
        told.append(f"{tr(one.part, lang)} {amounts.money(one.usd, 'USD') or '?'}{source}")
    return " · ".join(filter(None, (amounts.money(row.own.landed_usd, "USD"), *told)))
