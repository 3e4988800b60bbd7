"""What a report says of the jobs that make reports: a sentence each."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from trendscout.findings import filled
from trendscout.lang import Lang
from trendscout.model import JobState
from trendscout.report import amounts
from trendscout.report.clean import visible

NEW = "Job {job}: not run yet; next {due} ({zone})."
GOOD = "Job {job}: {state} {last}; next {due} ({zone})."
AT_WORK = "Job {job}: {state} since {last}; last success {good}, next {due} ({zone})."
BAD = "Job {job}: {state} {last} ({why}); last success {good}, next {due} ({zone})."


def template(job: JobState) -> str:
    """Which of the sentences above is true of the job."""
    if job.last_run is None:
        return NEW
    if job.state in ("running", "dropped"):
        return AT_WORK
    return BAD if job.why or job.last_success != job.last_run else GOOD


def fields(job: JobState, *, now: datetime, zone: tzinfo = UTC) -> dict[str, object]:
    """What the sentence is filled with: times to the minute in `zone`, without the year if it is this one."""
    year = f"{now.astimezone(zone).year}-"

    def minute(moment: datetime | None) -> str:
        return amounts.minute(moment, zone).removeprefix(year) if moment else "–"

    return {
        "job": visible(job.name),
        "state": job.state,
        "why": job.why or "–",
        "last": minute(job.last_run),
        "good": minute(job.last_success),
        "due": minute(job.due),
        "zone": zone,
    }


def sentence(job: JobState, lang: Lang, *, now: datetime, zone: tzinfo = UTC) -> str:
    """How the job last went, when it last made its report if that was not then, and when it is due."""
    return visible(filled(template(job), fields(job, now=now, zone=zone), lang))
