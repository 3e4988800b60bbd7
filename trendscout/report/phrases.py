"""How numbers, times, places and verdicts are said to people, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from trendscout.lang import Lang, tr
from trendscout.model import Flag, Gap, Row, Sighting
from trendscout.report import amounts
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
}
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
    "coupang": "Coupang",
    "cpsc": "US CPSC",
    "douyin": "Douyin",
    "ebay": "eBay",
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
}
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


def price_band(row: Row) -> str:
    """Low and high price as shown, with US dollars where the list is in another currency."""
    facts = row.facts
    if facts.price is None:
        return ""
    band = amounts.money(facts.price, facts.currency)
    if facts.price_high is not None and facts.price_high > facts.price:
        high = amounts.money(facts.price_high, facts.currency)
        band += "–" + high.removeprefix(amounts.SIGNS.get(facts.currency or "", ""))
    if facts.price_usd is not None and facts.currency != "USD":
        band += f" (≈{amounts.money(facts.price_usd, 'USD')})"
    return band


def chance(row: Row) -> str:
    """The probability with its 90 % interval: "34% (21–48)"; a dash where there is not enough data."""
    scored = row.scored
    if scored.probability is None:
        return "–"
    shown = amounts.share(scored.probability)
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


def source_name(list_id: str) -> str:
    """A list id in words, as far as it has the usual form: "amazon bestsellers US · bestsellers · toys"."""
    head, _, rest = visible(list_id).partition("/")
    name, _, market = head.rpartition("_")
    lead = place(name, market) if name and len(market) == 2 and market.isupper() else head
    return " · ".join((lead, *(part for part in rest.split("/") if part and part != "all")))


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
        parts.append(tr("1 seller", lang) if facts.sellers == 1 else tr("{n} sellers", lang, n=facts.sellers))
    if facts.listings > 1:
        parts.append(tr("{n} listings", lang, n=facts.listings))
    if facts.near_copies:
        parts.append(
            tr("1 near copy", lang) if facts.near_copies == 1 else tr("{n} near copies", lang, n=facts.near_copies)
        )
    if facts.variants:
        parts.append(tr("1 variant", lang) if facts.variants == 1 else tr("{n} variants", lang, n=facts.variants))
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


def order_rule(sort: str, lang: Lang) -> str:
    """By what the report is ordered."""
    return tr("chance: it finds most, and soonest", lang) if sort == "score" else visible(sort)


def rating(row: Row, lang: Lang) -> str:
    """Stars and how many gave them: "4.6 of 5 (83 ratings)"."""
    facts = row.facts
    if facts.rating is None:
        return "" if facts.reviews is None else tr("{n} ratings", lang, n=amounts.number(facts.reviews, lang))
    if facts.reviews is None:
        return tr("{stars} of 5", lang, stars=f"{facts.rating:g}")
    return tr(
        "{stars} of 5 ({n} ratings)",
        lang,
        stars=f"{facts.rating:g}",
        n=amounts.number(facts.reviews, lang),
    )


def margin(row: Row, lang: Lang) -> str:
    """The margin, or which of its parts are not known; empty if no part is."""
    own = row.own
    if own.margin is not None:
        return amounts.share(own.margin)
    parts = {"price": row.facts.price_usd, "cost": own.cost_usd, "fees": own.fees_usd}
    unknown = [tr(name, lang) for name, value in parts.items() if value is None]
    if own.cost_usd is None and own.fees_usd is None:
        return ""
    return tr("unknown: {lines}", lang, lines=", ".join(unknown))
