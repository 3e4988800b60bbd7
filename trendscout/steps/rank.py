"""Scores of a store's goods, with the models that the store keeps: refitted when due, the new fits kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from trendscout.errors import UsageError
from trendscout.ranking.breakout_model import Fitted
from trendscout.ranking.rules import Rules
from trendscout.ranking.scoring import Scores, fit_moment, nothing_to_rank, refit, rules_of, score
from trendscout.ranking.signal_replay import KeptState
from trendscout.ranking.surroundings import Surroundings
from trendscout.store import learned
from trendscout.store.lake import derived
from trendscout.store.query import ANYWHERE, Scope, history, lists_within, names_of
from trendscout.store.sql import Connection

_NAMED = 12  # names that an error lists


def rank(connection: Connection, scope: Scope, *, now: datetime) -> Scores:
    """The scores at `now` of all items on the lists of a scope, from what was known then.

    Every list is scored, whatever is asked for: a filter shows less of the evidence and changes none of it. Raises
    UsageError where the scope holds nothing that could be ranked.
    """
    past = history(connection, until=now)
    wanted = frozenset(past.lists) if scope == ANYWHERE else lists_within(connection, scope)
    if wanted.isdisjoint(past.lists):
        raise _unknown(connection, scope) or nothing_to_rank(past, wanted, now)
    rules = rules_of(past)
    now_s = int(now.timestamp())
    moments = {group: fit_moment(its, now_s) for group, its in rules.items()}
    known = _kept(learned.models(connection, moments), rules)
    due = {group: its for group, its in rules.items() if group not in known}
    around = Surroundings(past)
    kept = {name: KeptState.from_row(*row) for name, row in learned.kept_states(connection, past.lists).items()}
    fresh, states = refit(past, now_s, due, around, kept)
    if due:
        fits = {(group, moments[group]): fresh[group].to_dict() if group in fresh else None for group in due}
        derived(lambda: learned.save_models(connection, fits))
        forward = {name: state.to_row() for name, state in states.items() if state is not kept.get(name)}
        derived(lambda: learned.save_states(connection, forward))
    models = {group: model for group, model in {**known, **fresh}.items() if model is not None}
    scores = score(past, now, rules=rules, models=models, fit=False, around=around, states=states)
    return scores if scope == ANYWHERE else scores.of_lists(wanted, now)


def _unknown(connection: Connection, scope: Scope) -> UsageError | None:
    """What of the scope no list has, with what there is, the nearest first; None if all is somewhere."""
    for option, value, names in names_of(connection, scope):
        if value and value not in names:
            near = get_close_matches(value.lower(), [name.lower() for name in names], 3)
            ordered = sorted(names, key=lambda name: (name.lower() not in near, name))
            return UsageError(
                "No list has {option} {value!r}.",
                next_step="There are: {known}.",
                option=option,
                value=value,
                known=", ".join(ordered[:_NAMED]) + (", …" if len(ordered) > _NAMED else ""),
            )
    return None


def _kept(stored: Mapping[str, Mapping[str, Any] | None], rules: Mapping[str, Rules]) -> dict[str, Fitted | None]:
    """The stored models that fit these rules; None for a group that is known to have no outcomes yet."""
    found: dict[str, Fitted | None] = {}
    for group, plain in stored.items():
        model = Fitted.from_dict(dict(plain)) if plain else None
        if plain is None or (model is not None and model.rules == rules[group].key):
            found[group] = model
    return found
