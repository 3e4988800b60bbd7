"""The words of a report for the cells of a table: places, spans and movements in a few signs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len

from trendscout.lang import Lang, tr
from trendscout.model import Row
from trendscout.report import phrases

STAGES = {
    "emerging": "emerg.",
    "rising": "rising",
    "peaking": "peak",
    "fading": "fading",
    "evergreen": "steady",
    "seasonal": "season",
    "not_enough_data": "early",
}


def stage(code: str, lang: Lang) -> str:
    """A stage in six cells or less."""
    return tr(STAGES.get(code, code), lang)


def chance(row: Row) -> str:
    """The probability with its interval: "34% 21–48"."""
    shown = phrases.chance(row)
    return shown if row.scored.early else shown.replace("(", "").replace(")", "")


def span(days: float, lang: Lang) -> str:
    """A length of time: "6h", "16d", "5w"."""
    if days * 24 < 23.5:
        return tr("{n}h", lang, n=max(1, round(days * 24)))
    return tr("{n}d", lang, n=round(days)) if days < 28 else tr("{n}w", lang, n=round(days / 7))


def movement(row: Row, lang: Lang) -> str:
    """Velocity in plain words: "84→21 in 4d"."""
    scored = row.scored
    if scored.rank is None:
        if scored.rank_before is not None:
            return tr("off, was {rank}", lang, rank=scored.rank_before)
        return phrases.movement(row, lang)
    if scored.rank_before is None and scored.rank_span_days is not None:
        return tr("off→{rank} in {time}", lang, rank=scored.rank, time=span(scored.rank_span_days, lang))
    if scored.rank_before is None:
        return tr("at {rank}", lang, rank=scored.rank)
    time = span(scored.rank_span_days, lang) if scored.rank_span_days else "–"
    if scored.rank_before == scored.rank:
        return tr("{rank} for {time}", lang, rank=scored.rank, time=time)
    return tr("{before}→{rank} in {time}", lang, before=scored.rank_before, rank=scored.rank, time=time)


def places_of(row: Row, lang: Lang, now: datetime) -> list[str]:
    """Where it is seen and for how long, the place that the row tells of first: "TikTok Shop UK 16d"."""
    facts = row.facts
    first: dict[tuple[str, str | None], datetime] = {}
    for one in facts.sightings:
        key = (one.platform, one.market)
        first[key] = min(first.get(key, one.since), one.since)
    ordered = sorted(first, key=lambda key: (key != (facts.platform, facts.market), first[key], str(key)))
    return [f"{phrases.place(*key)} {span((now - first[key]).total_seconds() / 86400, lang)}" for key in ordered]


def gaps_of(row: Row, lang: Lang) -> list[str]:
    """Where it is not yet, how far behind, and what is usual: "Amazon UK 9d (12d)"."""
    return [
        f"{phrases.place(gap.platform, gap.market)} {span(gap.lead_days, lang)}"
        + (f" ({span(gap.usual_days, lang)})" if gap.usual_days is not None else "")
        for gap in row.facts.gaps
    ]


def several(parts: Sequence[str], width: int) -> str:
    """As many of `parts` as fit, and how many more there are: "TT US 16d, AMZ US 9d +2"; one at least."""
    for count in range(len(parts), 0, -1):
        more = f" +{len(parts) - count}" if count < len(parts) else ""
        shown = ", ".join(parts[:count]) + more
        if count == 1 and cell_len(shown) > width:
            shown = shown.replace(" +", "+")
        if count == 1 or cell_len(shown) <= width:
            return shown
    return ""
