"""Scores of a store's goods, with the models that the store keeps: refitted when due, the new fits kept."""

from __future__ import annotations

from datetime import datetime

from trendscout.ranking.breakout_model import Fitted
from trendscout.ranking.scoring import Scores, nothing_to_rank, refit, refit_after, rules_of, score
from trendscout.ranking.signal_replay import KeptState
from trendscout.ranking.surroundings import Surroundings
from trendscout.store import learned
from trendscout.store.lake import retried
from trendscout.store.query import ANYWHERE, Scope, history, lists_within
from trendscout.store.sql import Connection


def rank(connection: Connection, scope: Scope, *, now: datetime) -> Scores:
    """The scores at `now` of all items on the lists of a scope, from what was known then.

    Every list is scored, whatever is asked for: a filter shows less of the evidence and changes none of it. Raises
    UsageError where the scope holds nothing that could be ranked.
    """
    past = history(connection, until=now)
    wanted = frozenset(past.lists) if scope == ANYWHERE else lists_within(connection, scope)
    if wanted.isdisjoint(past.lists):
        raise nothing_to_rank(past, wanted, now)
    rules = rules_of(past)
    known = learned.latest_models(connection, until=now)
    due = {
        group: its
        for group, its in rules.items()
        if group not in known or now - known[group].fitted_at >= refit_after(its)
    }
    around = Surroundings(past)
    kept = {name: KeptState.from_row(*row) for name, row in learned.kept_states(connection, past.lists).items()}
    fresh, states = refit(past, int(now.timestamp()), due, around, kept)
    if due:
        fits = {group: fresh[group].to_dict() if group in fresh else None for group in due}
        learned.save_models(connection, fits, now)
        forward = {name: state.to_row() for name, state in states.items() if state is not kept.get(name)}
        retried(lambda: learned.save_states(connection, forward))
    models = {
        group: Fitted.from_dict(dict(one.model)) for group, one in known.items() if one.model and group not in due
    }
    scores = score(past, now, rules=rules, models={**models, **fresh}, fit=False, around=around, states=states)
    return scores if scope == ANYWHERE else scores.of_lists(wanted, now)
