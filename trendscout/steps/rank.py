"""Scores of a store's goods, with the models that the store keeps: refitted when due, the new fits kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from trendscout.errors import UsageError
from trendscout.history import History
from trendscout.ranking.breakout_model import Fitted
from trendscout.ranking.kept_scores import from_bytes, made_by, to_bytes
from trendscout.ranking.rules import Rules
from trendscout.ranking.scoring import Scores, fit_moment, nothing_to_rank, refit, rules_of, score
from trendscout.ranking.signal_replay import KeptState, KeptStates
from trendscout.ranking.surroundings import Surroundings
from trendscout.ranking.title_marks import TitleMarks
from trendscout.store import learned
from trendscout.store.lake import derived
from trendscout.store.query import ANYWHERE, Scope, history, lists_within, names_of
from trendscout.store.sql import Connection

_SCORES = "scores"  # as the store keeps them
_READ_TITLES = 200_000  # of so many at most the marks are kept: 50 MB
_NAMED = 12  # names that an error lists


def rank(connection: Connection, scope: Scope, *, now: datetime) -> Scores:
    """The scores at `now` of all items on the lists of a scope, from what was known then.

    Every list is scored, whatever is asked for: a filter shows less of the evidence and changes none of it. Scores
    are kept with the state of the store that they were made of, and given again while it lasts. Raises UsageError
    where the scope holds nothing that could be ranked.
    """
    if unknown := _unknown(connection, scope):
        raise unknown
    state = state_of(connection, now=now)
    scores = _kept_scores(connection, state, now) or _ranked(connection, state, now)
    if scope == ANYWHERE:
        return scores
    wanted = lists_within(connection, scope)
    if wanted.isdisjoint(scores.lists):
        raise nothing_to_rank(scores.lists, wanted, now)
    return scores.of_lists(wanted, now)


def state_of(connection: Connection, *, now: datetime) -> str:
    """What names the scores at `now`: all that they are made of, and the code that makes them."""
    return f"{learned.state(connection, until=now)} {made_by()}"


def _kept_scores(connection: Connection, state: str, now: datetime) -> Scores | None:
    """The scores that were kept of this state, if their models would be the same today."""
    value = learned.kept(connection, state, _SCORES)
    if value is None:
        return None
    scores, fits = from_bytes(value)
    moments = _moments(scores.rules, now)
    same = fits == {"moments": moments, "seen": learned.fits_seen(connection, moments)}
    return replace(scores, state=state) if same else None


def _ranked(connection: Connection, state: str, now: datetime) -> Scores:
    """The scores of all lists, computed from the history and kept."""
    scores = _computed(connection, now)  # the history is gone then: what is kept takes its room
    moments = _moments(scores.rules, now)
    about = {"moments": moments, "seen": learned.fits_seen(connection, moments)}
    derived(lambda: learned.keep(connection, state, _SCORES, to_bytes(scores, about), now))
    return replace(scores, state=state)


def _computed(connection: Connection, now: datetime) -> Scores:
    past = history(connection, until=now)
    if not past.lists:
        raise nothing_to_rank((), frozenset(), now)
    rules = rules_of(past)
    moments = _moments(rules, now)
    known = _kept(learned.models(connection, moments), rules)
    due = {group: its for group, its in rules.items() if group not in known}
    around = _surroundings(connection, past)
    fresh = refit(past, int(now.timestamp()), due, around, _StoredStates(connection))
    if due:
        fits = {(group, moments[group]): fresh[group].to_dict() if group in fresh else None for group in due}
        derived(lambda: learned.save_models(connection, fits))
    models = {group: model for group, model in {**known, **fresh}.items() if model is not None}
    states = _StoredStates(connection, latest=True)
    return score(past, now, rules=rules, models=models, fit=False, around=around, states=states)


def _surroundings(connection: Connection, past: History) -> Surroundings:
    """What lies beyond the items; titles that an earlier morning read are not read again."""
    if past.titles is None or len(past.titles) > _READ_TITLES:
        return Surroundings(past)
    value = learned.title_marks(connection, made_by())
    read = TitleMarks.from_bytes(value) if value else TitleMarks()
    around = Surroundings(past, read)
    if read.worth_keeping:
        derived(lambda: learned.save_title_marks(connection, made_by(), read.to_bytes()))
    return around


class _StoredStates(KeptStates):
    """The states of lists that a store keeps, read as they are asked for: those of all lists may fill memory.

    Two of a list: what it came to before the training, and, kept with `latest`, before one of the last mornings.
    """

    def __init__(self, connection: Connection, *, latest: bool = False) -> None:
        super().__init__()
        self.connection, self.latest = connection, latest

    def of(self, lists: Sequence[str]) -> Mapping[str, Sequence[KeptState]]:
        """Those of these lists that have any."""
        kept = learned.kept_states(self.connection, lists)
        return {name: [KeptState.from_row(*row) for row in rows] for name, rows in kept.items()}

    def keep(self, states: Mapping[str, KeptState]) -> None:
        """Keep these in place of the others of their kind, where the store can be written."""
        rows = {name: state.to_row() for name, state in states.items()}
        derived(lambda: learned.save_states(self.connection, rows, latest=self.latest))


def _moments(rules: Mapping[str, Rules], now: datetime) -> dict[str, int]:
    """As of when each group's model is to be fitted, in seconds."""
    return {group: fit_moment(its, int(now.timestamp())) for group, its in rules.items()}


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
