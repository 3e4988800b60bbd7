"""Scores of what stands in the store, by models that are kept there and refitted when they are due."""

from __future__ import annotations

from datetime import datetime

from trendscout.ranking.context import Surroundings
from trendscout.ranking.model import Fitted
from trendscout.ranking.scoring import Scores, refit, refit_after, rules_of, score
from trendscout.store import learned
from trendscout.store.query import Scope, history
from trendscout.store.sql import Connection


def rank(connection: Connection, scope: Scope, *, now: datetime) -> Scores:
    """Every product that stands on a list of `scope` at `now`, scored; models that are due are fitted and kept."""
    past = history(connection, until=now, scope=scope)
    rules = rules_of(past)
    known = learned.latest_models(connection, until=now)
    due = {
        group: its
        for group, its in rules.items()
        if group not in known or now - known[group].fitted_at >= refit_after(its)
    }
    around = Surroundings(past)
    fresh = refit(past, int(now.timestamp()), due, around)
    if due:
        fits = {group: fresh[group].to_dict() if group in fresh else None for group in due}
        learned.save_models(connection, fits, now)
    kept = {
        group: Fitted.from_dict(dict(one.model)) for group, one in known.items() if one.model and group not in due
    }
    return score(past, now, rules=rules, models={**kept, **fresh}, fit=False, around=around)
