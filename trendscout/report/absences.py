"""What is not there, and why: lists that were not read, reports without a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from trendscout.findings import Finding, finding, next_steps, whats
from trendscout.lang import Lang, tr
from trendscout.model import Coverage, Report, Row
from trendscout.report import amounts, phrases
from trendscout.report.clean import visible


def early(rows: Sequence[Row]) -> tuple[Finding, ...]:
    """A finding where rows stand on lists of which too little is known for a chance of their own."""
    count = sum(row.scored.early and row.scored.score is not None for row in rows)
    return (finding("too_early", count=count, all=len(rows)),) if count else ()


def stale(coverage: Sequence[Coverage]) -> tuple[Finding, ...]:
    """A finding where nothing was read of late: what is reported is then not of today."""
    read = [one.last_ok for one in coverage if one.last_ok is not None]
    if not read or any(one.status in {"ok", "partial"} for one in coverage):
        return ()
    return (finding("nothing_whole_since", time=amounts.minute(max(read))),)


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
    head = f"{phrases.list_name(coverage.list_id, lang)}: {phrases.status(coverage.status, lang)}"
    return f"{head} · {why}" if why else head


def why_missing(coverage: Coverage, lang: Lang, *, now: datetime, zone: tzinfo = UTC) -> str:
    """Why a list was not read whole, when it last was, and what to do."""
    parts = [visible(whats(coverage.findings, lang))] if coverage.findings else []
    if coverage.status != "ok" and coverage.last_ok is not None:
        parts.append(tr("last complete {day}", lang, day=amounts.day(coverage.last_ok, lang, now=now, zone=zone)))
    elif coverage.last_ok is None and coverage.status != "partial":
        parts.append(tr("never complete so far", lang))
    if steps := next_steps(coverage.findings, lang):
        parts.append(visible(steps))
    return " · ".join(parts)


def nothing(report: Report, lang: Lang) -> str:
    """Why a report has no row, honestly."""
    if report.total:
        return tr("None of {n} scored products passes the filters asked for.", lang, n=report.total)
    if not report.coverage:
        return tr("Nothing has been collected yet: `trendscout collect` fetches the first lists.", lang)
    if not any(one.looked for one in report.coverage):
        return tr(
            "No list was read in the last 7 days, so there is nothing to rank. The reasons stand below.", lang
        )
    if not any(one.ok or one.entries for one in report.coverage):
        return tr("Every list was blocked or failed: this is no empty market, nobody could look.", lang)
    return tr(
        "Lists were read, but no product could be scored yet: movement needs at least two looks at a list.", lang
    )
