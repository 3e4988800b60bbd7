"""What is not there, and why: lists that were not read, reports without a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from trendscout.findings import Finding, finding, next_steps, whats
from trendscout.lang import Lang, labelled, tr
from trendscout.model import Coverage, Report, Row
from trendscout.report import amounts, phrases
from trendscout.report.clean import visible

_DAYS_FROM, _MONTHS_FROM, _MONTH = 2.0, 61.0, 30.44  # days: from where on an age is said in days, in months
_SITES = 2  # not reached: from so many on it is the network
_OLD = {
    "data_of_hours_ago": ("data of {n} hours ago", "data of an hour ago"),
    "data_of_days_ago": ("data of {n} days ago", "data of {n} days ago"),
    "data_of_months_ago": ("data of {n} months ago", "data of {n} months ago"),
}


def early(rows: Sequence[Row]) -> tuple[Finding, ...]:
    """Findings where rows stand on lists of which too little is known for a chance of their own, or for any."""
    scored = [row.scored for row in rows if row.scored.early and row.scored.score is not None]
    unknown = sum(one.probability is None for one in scored)
    counts = {"too_early": len(scored) - unknown, "no_outcome_yet": unknown}
    return tuple(finding(code, count=count, all=len(rows)) for code, count in counts.items() if count)


def stale(coverage: Sequence[Coverage], *, now: datetime) -> tuple[Finding, ...]:
    """A finding where nothing was read of late: how old what is reported is, and why nothing newer came."""
    read = [one.last_ok for one in coverage if one.last_ok is not None]
    if not read or any(one.status in {"ok", "partial"} for one in coverage):
        return ()
    code, count = _age(now - max(read))
    return (finding(code, count=count, time=amounts.minute(max(read)), why=_why_stale(coverage)),)


def changed(coverage: Sequence[Coverage]) -> tuple[Finding, ...]:
    """Findings where lists came whole and otherwise than before, by source, with what the first of them says."""
    by_source: dict[str, list[Coverage]] = {}
    for state in coverage:
        if state.status == "ok" and state.findings:
            by_source.setdefault(state.source, []).append(state)
    return tuple(
        finding("lists_changed", source=source, count=len(its), list=its[0].list_id, why=its[0].findings)
        for source, its in by_source.items()
    )


def _age(age: timedelta) -> tuple[str, int]:
    """How old, in the unit that people would say."""
    days = age.total_seconds() / 86_400
    if days < _DAYS_FROM:
        return "data_of_hours_ago", max(1, round(days * 24))
    if days < _MONTHS_FROM:
        return "data_of_days_ago", round(days)
    return "data_of_months_ago", round(days / _MONTH)


def _why_stale(coverage: Sequence[Coverage]) -> tuple[Finding, ...]:
    """Why nothing newer came: the network, the sites, or that nobody looked."""
    lost = [one for one in coverage if one.findings and one.status in {"failed", "blocked"}]
    if down := network_down(coverage):
        return (down,)
    if not lost:
        return (finding("nobody_looked"),)
    why = Counter(whats(one.findings, "en") for one in lost).most_common(1)[0][0]
    example = next(one for one in lost if whats(one.findings, "en") == why)
    return (finding("looks_failed", list=example.list_id, why=example.findings),)


def network_down(coverage: Sequence[Coverage]) -> Finding | None:
    """A finding where no site was reached since some moment: then it is the network, not the sites.

    One source alone that is not reached may be down itself.
    """
    lost = [one for one in coverage if one.status == "failed" and one.lost_since is not None]
    if len({one.source for one in lost}) < _SITES or not all(unreached(one.findings) for one in lost):
        return None
    since = min(one.lost_since for one in lost if one.lost_since is not None)
    if any(one.last_ok is not None and one.last_ok > since for one in coverage):
        return None
    return finding("network_down", time=amounts.minute(since), count=len({one.source for one in lost}))


def unreached(findings: Sequence[Finding]) -> bool:
    """Whether a look failed because its site was not even reached."""
    return any(one.fields.get("reached") is False for one in findings)


def warning(report: Report, lang: Lang) -> str:
    """How old or how incomplete a report is, in a few words for its first line; empty if it is neither."""
    for note in report.notes:
        if words := _OLD.get(note.code):
            many = note.fields.get("count", 0)
            old = tr(words[many == 1], lang, n=many)
            down = next((why for why in note.fields.get("why", ()) if why.code == "network_down"), None)
            return f"{old} · {tr('network down since {time}', lang, time=down.fields['time'])}" if down else old
    bad = sum(one.status != "ok" for one in report.coverage)
    if not bad:
        return ""
    return tr("{bad} of {all} lists missing or in part", lang, bad=bad, all=len(report.coverage))


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
    head = labelled(phrases.list_name(coverage.list_id, lang), phrases.status(coverage.status, lang), lang)
    return f"{head} · {why}" if why else head


def why_missing(coverage: Coverage, lang: Lang, *, now: datetime, zone: tzinfo = UTC) -> str:
    """Why a list was not read whole, when it last was, and what to do."""
    parts = [visible(whats(coverage.findings, lang))] if coverage.findings else []
    if coverage.status != "ok" and coverage.last_ok is not None:
        parts.append(tr("last complete {day}", lang, day=amounts.day(coverage.last_ok, lang, now=now, zone=zone)))
    elif coverage.last_ok is None and coverage.status != "partial":
        parts.append(tr("never complete so far", lang))
    if steps := next_steps([one for one in coverage.findings if _to_come(one, now)], lang):
        parts.append(visible(steps))
    return " · ".join(parts)


def _to_come(found: Finding, now: datetime) -> bool:
    """Whether what is to be done about it still is: a host's rest that is over is no news eight months later."""
    until = found.fields.get("until")
    return not (isinstance(until, datetime) and until <= now)


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
