"""Rules that call the user: thresholds on a product, with a rest before the same product is called again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from trendscout.errors import ConfigError, UsageError
from trendscout.model import Report, Row
from trendscout.report.packs import VALUES, Line, holds, read_lines


@dataclass(frozen=True, slots=True)
class Rule:
    """All lines must be known to hold. `rest` is how long a product is then left alone by this rule."""

    name: str
    lines: tuple[Line, ...]
    rest: timedelta
    marks: frozenset[str] = frozenset()  # only goods with one of these marks; empty: all
    products: frozenset[str] = frozenset()  # only these: product ids or item keys; empty: all

    def is_about(self, row: Row) -> bool:
        """Whether the rule is meant for the row's product."""
        names = {row.product_id, row.facts.item_key, *(one.item_key for one in row.facts.sightings)}
        return (not self.marks or row.own.mark in self.marks) and (
            not self.products or bool(self.products & names)
        )


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
            marks, wanted = frozenset(entry.get("marks", ())), frozenset(entry.get("products", ()))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(
                "The alert {name!r} is not understood: {reason}.",
                next_step='Its lines read {{ value = "probability", at_least = 0.4 }}.',
                name=name,
                reason=str(error),
            ) from error
        if lines:
            rules.append(Rule(name, lines, timedelta(days=rest), marks, wanted))
    return tuple(rules)


def due(report: Report, rules: Iterable[Rule], called: Mapping[str, datetime]) -> tuple[Alert, ...]:
    """The alerts of this report whose rest is over; `called` holds when each key was last sent.

    Marked goods are looked at wherever they stand, others where the report shows them.
    """
    alerts = []
    for rule in rules:
        for row in filter(rule.is_about, (*report.rows, *report.watched)):
            alert = Alert(rule, row)
            last = called.get(alert.key)
            rested = last is None or report.as_of - last >= rule.rest
            if rested and rule.lines and all(holds(line, row, report.as_of) for line in rule.lines):
                alerts.append(alert)
    return tuple(alerts)


_CONDITION = re.compile(r"\s*([a-z_]+)\s*(<=|>=|!=|=)\s*(.+?)\s*")
_BOUNDS = {"<=": "at_most", ">=": "at_least", "=": "one_of", "!=": "none_of"}


def line_of(condition: str) -> dict[str, Any]:
    """A condition as people type it as a line of a rule: "rank<=10", "stage=rising|emerging".

    Raises UsageError for one that cannot be understood.
    """
    match = _CONDITION.fullmatch(condition)
    if match:
        value, sign, bound = match.groups()
        try:
            line = {"value": value, _BOUNDS[sign]: float(bound) if sign in ("<=", ">=") else bound.split("|")}
            tuple(read_lines(line))
        except (KeyError, TypeError, ValueError):
            match = None
        else:
            return line
    raise UsageError(
        "{condition} is no condition of an alert.",
        next_step="Write rank<=10, price_usd<=15, probability>=0.4, place_days<=1 or stock=sold_out; {values}.",
        condition=condition,
        values=", ".join(VALUES),
    )


def written(table: Mapping[str, Any]) -> str:
    """The rules as the text of alerts.toml."""
    parts = ["# Written by `trendscout alert`; what is changed here by hand stays, comments do not.\n"]
    for name, entry in table.items():
        lines = ",\n".join(f"  {_inline(line)}" for line in entry["lines"])
        more = "".join(
            f"{key} = {_value(entry[key])}\n" for key in ("marks", "products", "rest_days") if key in entry
        )
        parts.append(f"[alerts.{json.dumps(name, ensure_ascii=False)}]\nlines = [\n{lines},\n]\n{more}")
    return "\n".join(parts)


def _inline(line: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{key} = {_value(value)}" for key, value in line.items()) + " }"


def _value(value: Any) -> str:
    """A text, a number or a list of these as TOML, which for them is JSON."""
    return json.dumps(value, ensure_ascii=False)
