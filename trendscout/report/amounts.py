"""Counts, money, shares and times as people write them, in English and Chinese."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from trendscout.lang import Lang, tr
from trendscout.report.clean import visible

SIGNS = {
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


def money(amount: Decimal | None, currency: str | None) -> str:
    """A price with its sign: "$12.99", "Rp125,000", "AED 12.00"; bare where none is known. Empty for None."""
    if amount is None:
        return ""
    shown = f"{amount:,.0f}" if currency in _WHOLE else f"{amount:,.2f}"
    sign = SIGNS.get(currency or "")
    return f"{sign}{shown}" if sign else f"{visible(currency)} {shown}" if currency else shown


def share(value: float | None) -> str:
    """A probability or margin as a whole percentage; below 1 % with one decimal."""
    if value is None:
        return ""
    return f"{value:.1%}" if 0 < value < 0.01 else f"{value:.0%}"


def span(days: float, lang: Lang) -> str:
    """A length of time: "6 hours", "4 days", "5 weeks"."""
    hours = max(1, round(days * 24))
    if hours < 24:
        return tr("{n} hours", lang, n=hours)
    if days < 28:
        return tr("{n} days", lang, n=round(days))
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
