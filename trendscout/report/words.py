"""How numbers, times, places and verdicts are said to people, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from trendscout.lang import Lang, tr
from trendscout.model import Coverage, Flag, Gap, Report, Row, Sighting
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
    "aliexpress": "AliExpress",
    "amazon": "Amazon",
    "douyin": "Douyin",
    "ebay": "eBay",
    "etsy": "Etsy",
    "google": "Google",
    "google_trends": "Google Trends",
    "kickstarter": "Kickstarter",
    "lazada": "Lazada",
    "rakuten": "Rakuten",
    "shopee": "Shopee",
    "shopify": "Shopify",
    "temu": "Temu",
    "tiktok": "TikTok",
    "tiktok_hashtags": "TikTok",
    "tiktok_shop": "TikTok Shop",
    "walmart": "Walmart",
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
_SIGNS = {
    "USD": "$", "GBP": "£", "EUR": "€", "JPY": "JP¥", "CNY": "¥", "INR": "₹", "KRW": "₩", "VND": "₫", "THB": "฿",
    "BRL": "R$", "IDR": "Rp", "MYR": "RM", "PHP": "₱", "SGD": "S$", "MXN": "MX$", "CAD": "C$", "AUD": "A$",
}  # fmt: skip
_WHOLE = {"JPY", "KRW", "VND", "IDR"}  # currencies that are shown without cents
_STEPS: dict[Lang, tuple[tuple[float, float, str], ...]] = {  # from where on, divided by, sign
    "en": ((1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "K")),
    "zh": ((1e8, 1e8, "亿"), (1e4, 1e4, "万")),
}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def number(value: float | Decimal | None, lang: Lang) -> str:
    """A count as people write it: 950, 12.3K, 1.2M; 950, 1.2万, 1.2亿. Empty for None."""
    if value is None:
        return ""
    amount = float(value)
    for least, size, sign in _STEPS[lang]:
        if abs(amount) >= least:
            return f"{amount / size:.1f}".removesuffix(".0") + sign
    return f"{amount:,.1f}".removesuffix(".0")


def counted(value: float | None, kind: str | None, floor: bool | None, lang: Lang) -> str:
    """A count with what it counts: "5,000+ sold". Empty for None."""
    if value is None:
        return ""
    shown = number(value, lang) + ("+" if floor else "")
    return tr(COUNTS.get(kind or "", "{n}"), lang, n=shown)


def money(amount: Decimal | None, currency: str | None) -> str:
    """A price with its sign: "$12.99", "Rp125,000", "AED 12.00". Empty for None."""
    if amount is None:
        return ""
    shown = f"{amount:,.0f}" if currency in _WHOLE else f"{amount:,.2f}"
    sign = _SIGNS.get(currency or "")
    return f"{sign}{shown}" if sign else f"{visible(currency or '?')} {shown}"


def price_band(row: Row) -> str:
    """Low and high price as shown, with US dollars where the list is in another currency."""
    if row.price is None:
        return ""
    band = money(row.price, row.currency)
    if row.price_high is not None and row.price_high > row.price:
        high = money(row.price_high, row.currency)
        band += "–" + high.removeprefix(_SIGNS.get(row.currency or "", ""))
    if row.price_usd is not None and row.currency != "USD":
        band += f" (≈{money(row.price_usd, 'USD')})"
    return band


def share(value: float | None) -> str:
    """A probability or margin as a whole percentage; below 1 % with one decimal."""
    if value is None:
        return ""
    return f"{value:.1%}" if 0 < value < 0.01 else f"{value:.0%}"


def chance(row: Row) -> str:
    """The probability with its 90 % interval: "34% (21–48)"; a dash where there is not enough data."""
    if row.probability is None:
        return "–"
    shown = share(row.probability)
    if row.probability_low is None or row.probability_high is None:
        return shown
    return f"{shown} ({share(row.probability_low)[:-1]}–{share(row.probability_high)[:-1]})"


def span(days: float, lang: Lang) -> str:
    """A length of time: "6 hours", "4 days", "5 weeks"."""
    if days < 1:
        hours = max(1, round(days * 24))
        return tr("1 hour", lang) if hours == 1 else tr("{n} hours", lang, n=hours)
    if days < 28:
        whole = round(days)
        return tr("1 day", lang) if whole == 1 else tr("{n} days", lang, n=whole)
    return tr("{n} weeks", lang, n=round(days / 7))


def day(moment: datetime, lang: Lang, *, now: datetime, zone: tzinfo = UTC) -> str:
    """A local date without its year where that is this year's: "3 Jul", "7月3日"."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if lang == "zh":
        short = f"{local.month}月{local.day}日"
        return short if local.year == today.year else f"{local.year}年{short}"
    short = f"{local.day} {_MONTHS[local.month - 1]}"
    return short if local.year == today.year else f"{short} {local.year}"


def minute(moment: datetime, zone: tzinfo = UTC) -> str:
    """A local time to the minute: "2026-07-19 13:32"."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


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
    name = PLATFORMS.get(platform) or visible(platform).replace("_", " ")
    return f"{name} {visible(market)}" if market else name


def source_name(list_id: str) -> str:
    """A list id in words, as far as it has the usual form: "amazon_bestsellers US · bestsellers · toys"."""
    head, _, rest = visible(list_id).partition("/")
    name, _, market = head.rpartition("_")
    lead = f"{name} {market}" if name and len(market) == 2 and market.isupper() else head
    return " · ".join((lead, *(part for part in rest.split("/") if part and part != "all")))


def movement(row: Row, lang: Lang) -> str:
    """Velocity in plain words: "rank 84 → 21 in 4 days"."""
    if row.rank is None:
        if row.rank_before is not None:
            return tr("off the list, was {rank}", lang, rank=row.rank_before)
        return tr(row.velocity.why, lang, **row.velocity.fields) if row.velocity.why else ""
    if row.rank_before is None:
        return tr("new at rank {rank}", lang, rank=row.rank)
    time = span(row.rank_span_days, lang) if row.rank_span_days else ""
    if row.rank_before == row.rank:
        return tr("rank {rank} for {time}", lang, rank=row.rank, time=time or "–")
    if not time:
        return tr("rank {before} → {rank}", lang, before=row.rank_before, rank=row.rank)
    return tr("rank {before} → {rank} in {time}", lang, before=row.rank_before, rank=row.rank, time=time)


def seen_at(sightings: Iterable[Sighting], lang: Lang, *, now: datetime, zone: tzinfo = UTC) -> tuple[str, ...]:
    """Each place once with the first day it was seen there, earliest first: "TikTok US since 3 Jul"."""
    first: dict[tuple[str, str | None], datetime] = {}
    for sighting in sightings:
        key = (sighting.platform, sighting.market)
        first[key] = min(first.get(key, sighting.since), sighting.since)
    return tuple(
        tr("{place} since {day}", lang, place=place(*key), day=day(since, lang, now=now, zone=zone))
        for key, since in sorted(first.items(), key=lambda pair: (pair[1], str(pair[0])))
    )


def not_yet(gaps: Iterable[Gap], lang: Lang) -> tuple[str, ...]:
    """Each place that does not have it yet, with the lead: "Amazon UK (6 days behind, usually 9)"."""
    words = []
    for gap in gaps:
        lead = span(gap.lead_days, lang)
        if gap.usual_days is None:
            words.append(tr("{place} ({lead} behind)", lang, place=place(gap.platform, gap.market), lead=lead))
        else:
            usual = span(gap.usual_days, lang)
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
    parts = []
    if row.sellers is not None:
        parts.append(tr("1 seller", lang) if row.sellers == 1 else tr("{n} sellers", lang, n=row.sellers))
    if row.listings > 1:
        parts.append(tr("{n} listings", lang, n=row.listings))
    if row.near_copies:
        parts.append(
            tr("1 near copy", lang) if row.near_copies == 1 else tr("{n} near copies", lang, n=row.near_copies)
        )
    if row.variants:
        parts.append(tr("1 variant", lang) if row.variants == 1 else tr("{n} variants", lang, n=row.variants))
    return ", ".join(parts) if lang == "en" else "、".join(parts)


def title(row: Row, lang: Lang) -> str:
    """The title as one safe line; Chinese readers get the gloss of a foreign title first."""
    text = visible(row.title) or visible(row.item_key)
    if lang == "zh" and row.gloss_zh:
        text = f"{visible(row.gloss_zh)} | {text}"
    return f"≈ {text}" if row.likely else text


def axis(value: float | None) -> str:
    """One of velocity, 新, 奇, 特 as a whole number; a dash where there is not enough data."""
    return "–" if value is None else f"{value:.0f}"


def order_rule(sort: str, lang: Lang) -> str:
    """By what the report is ordered."""
    return tr("chance × gain", lang) if sort == "score" else visible(sort)


def rating(row: Row, lang: Lang) -> str:
    """Stars and how many gave them: "4.6 of 5 (83 ratings)"."""
    if row.rating is None:
        return "" if row.reviews is None else tr("{n} ratings", lang, n=number(row.reviews, lang))
    if row.reviews is None:
        return tr("{stars} of 5", lang, stars=f"{row.rating:g}")
    return tr("{stars} of 5 ({n} ratings)", lang, stars=f"{row.rating:g}", n=number(row.reviews, lang))


def margin(row: Row, lang: Lang) -> str:
    """The margin, or which of its parts are not known; empty if no part is."""
    if row.margin is not None:
        return share(row.margin)
    parts = {"price": row.price_usd, "cost": row.cost_usd, "fees": row.fees_usd}
    unknown = [tr(name, lang) for name, value in parts.items() if value is None]
    if row.cost_usd is None and row.fees_usd is None:
        return ""
    return tr("unknown: {lines}", lang, lines=", ".join(unknown))


def by_urgency(coverage: Coverage) -> tuple[int, str]:
    """Sorts lists that were not read before those that were."""
    return (("blocked", "failed", "never", "late", "partial", "ok").index(coverage.status), coverage.list_id)


def missing_head(report: Report, lang: Lang) -> str:
    """How many lists are missing today; empty if there is none at all."""
    bad = sum(one.status != "ok" for one in report.coverage)
    if bad:
        text = "Missing today ({bad} of {all} lists); what is missing is no fall:"
        return tr(text, lang, bad=bad, all=len(report.coverage))
    if report.coverage:
        return tr("Nothing is missing today: all {n} lists were read whole.", lang, n=len(report.coverage))
    return ""


def missing(coverage: Coverage, lang: Lang, *, now: datetime, zone: tzinfo = UTC) -> str:
    """One sentence on a list that was not read whole: what, why, since when, what to do."""
    why = why_missing(coverage, lang, now=now, zone=zone)
    head = f"{source_name(coverage.list_id)}: {status(coverage.status, lang)}"
    return f"{head} · {why}" if why else head


def why_missing(coverage: Coverage, lang: Lang, *, now: datetime, zone: tzinfo = UTC) -> str:
    """Why a list was not read whole, when it last was, and what to do."""
    parts = [visible(tr(coverage.reason, lang))] if coverage.reason else []
    if coverage.status != "ok" and coverage.last_ok is not None:
        parts.append(tr("last complete {day}", lang, day=day(coverage.last_ok, lang, now=now, zone=zone)))
    elif coverage.last_ok is None and coverage.status != "partial":
        parts.append(tr("never complete so far", lang))
    if coverage.next_step:
        parts.append(visible(tr(coverage.next_step, lang)))
    return " · ".join(parts)


def nothing(report: Report, lang: Lang) -> str:
    """Why a report has no row, honestly."""
    if not report.coverage:
        return tr("Nothing has been collected yet: `trendscout collect` fetches the first lists.", lang)
    if not any(one.looked for one in report.coverage):
        return tr(
            "No list was read in the last 7 days, so there is nothing to rank. The reasons stand below.", lang
        )
    if not any(one.ok or one.entries for one in report.coverage):
        return tr("Every list was blocked or failed: this is no empty market, nobody could look.", lang)
    if report.total:
        return tr("None of {n} scored products passes the filters asked for.", lang, n=report.total)
    return tr(
        "Lists were read, but no product could be scored yet: movement needs at least two looks at a list.", lang
    )
