"""Rules that call the user: thresholds on a product, with a rest before the same product is called again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from trendscout.errors import ConfigError
from trendscout.model import Report, Row
from trendscout.report.packs import Line, holds, read_lines


@dataclass(frozen=True, slots=True)
class Rule:
    """All lines must be known to hold. `rest` is how long a product is then left alone by this rule."""

    name: str
    lines: tuple[Line, ...]
    rest: timedelta


@dataclass(frozen=True, slots=True)
class Alert:
    """A product that a rule calls for. `key` is what the caller keeps, with the time, for the rest."""

    rule: Rule
    row: Row

    @property
    def key(self) -> str:
        """One rule and one product."""
        return f"{self.rule.name}/{self.row.product_id}"


def read(table: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of a configuration: `[alerts.NAME]` with `lines` as in a pack and `rest_days` (3 unless told).

    Raises ConfigError for a rule that cannot be understood.
    """
    rules = []
    for name, entry in table.items():
        try:
            rest = float(entry.get("rest_days", 3))
            lines = tuple(line for one in entry["lines"] for line in read_lines(one))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(
                "The alert {name!r} is not understood: {reason}.",
                next_step='Its lines read {{ value = "probability", at_least = 0.4 }}.',
                name=name,
                reason=str(error),
            ) from error
        if lines:
            rules.append(Rule(name, lines, timedelta(days=rest)))
    return tuple(rules)


def due(report: Report, rules: Iterable[Rule], called: Mapping[str, datetime]) -> tuple[Alert, ...]:
    """The alerts of this report whose rest is over; `called` holds when each key was last sent."""
    found = []
    for rule in rules:
        for row in report.rows:
            alert = Alert(rule, row)
            last = called.get(alert.key)
            rested = last is None or report.as_of - last >= rule.rest
            if rested and all(holds(line, row, report.as_of) for line in rule.lines):
                found.append(alert)
    return tuple(found)
