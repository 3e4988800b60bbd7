"""How often an alert would have called, morning by morning, from what was known then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from trendscout.errors import UsageError
from trendscout.model import ReportQuery
from trendscout.report import alerts
from trendscout.settings.config import Settings
from trendscout.steps.report import make_report
from trendscout.store.sql import Connection


@dataclass(frozen=True, slots=True)
class Call:
    """One product that the alert would have called for."""

    at: datetime
    product_id: str
    title: str


@dataclass(frozen=True, slots=True)
class AlertTrial:
    """What an alert would have done."""

    alert: str
    mornings: int  # of which there was anything to look at
    calls: tuple[Call, ...]


def try_alert(
    connection: Connection, rule: alerts.Rule, settings: Settings, *, days: int, now: datetime
) -> AlertTrial:
    """The calls of the last `days` mornings with the rule's own rest; marks are those of today."""
    calls: list[Call] = []
    called: dict[str, datetime] = {}
    mornings = 0
    for back in reversed(range(days)):
        morning = now - timedelta(days=back)
        try:
            made = make_report(connection, ReportQuery(top=settings.top), now=morning, settings=settings)
        except UsageError:  # nothing was read by then
            continue
        mornings += 1
        for alert in alerts.due(made, (rule,), called):
            called[alert.key] = morning
            calls.append(Call(morning, alert.row.product_id, alert.row.facts.title))
    return AlertTrial(rule.name, mornings, tuple(calls))
