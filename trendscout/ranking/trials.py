"""Trials: who could have broken out at each evaluation time, and who did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trendscout.history import History
from trendscout.ranking.arrays import Flags, Floats, Ints
from trendscout.ranking.rules import Rules


@dataclass(frozen=True, slots=True)
class Trials:
    """Candidates at evaluation times, sorted by query, list, rank; one value a candidate unless said otherwise.

    They are all rows that a report scores, those between the goal and `r0` too: what is shown is what is trained
    on.
    """

    row: Ints  # index into the observations
    query: Ints  # index into `query_time`
    time: Ints  # of the candidate's snapshot, seconds
    hit: Flags  # it broke out within the horizon; False where that is not known yet
    known_at: Ints  # seconds: from when on `hit` is known, whatever it is
    lead_h: Floats  # hours to the event; NaN without one
    rank: Ints
    breakout: Ints  # a number for each (list, item, episode): its moments are one breakout, or none
    query_time: Ints  # of each query's last snapshot


def evaluation_snapshots(history: History, rules: Rules, lists: Ints) -> Ints:
    """The snapshots at which the lists are ranked: every n-th of each list, its first excepted."""
    wanted = np.flatnonzero(np.isin(history.snap_list, lists))
    place = wanted - np.searchsorted(history.snap_list, history.snap_list[wanted], "left")
    due: Ints = wanted[(place > 0) & (place % rules.every == 0)]
    return due


def covered(history: History, rules: Rules, snaps: Ints, *, behind: bool = True, ahead: bool = True) -> Flags:
    """Whether 80 % of the expected snapshots or more exist before each, if `behind`, and after, if `ahead`."""
    # Times of one list after those of another, so that one search serves all lists.
    span = (
        int(history.snap_time.max() - history.snap_time.min())
        + 10 * int(3600 * max(rules.horizon_h, rules.back_h))
        + 1
    )
    line = history.snap_list.astype(np.int64) * span + (history.snap_time - history.snap_time.min())
    at, slack = line[snaps], rules.cadence_h * 1800  # jittered schedules
    enough: Flags = np.ones(len(snaps), bool)
    if behind:
        since = np.searchsorted(line, at - rules.back_h * 3600 - slack, "left")
        enough &= np.searchsorted(line, at, "left") - since >= 0.8 * rules.back_h / rules.cadence_h
    if ahead:
        after = np.searchsorted(line, at + rules.horizon_h * 3600 + slack, "right") - np.searchsorted(
            line, at, "right"
        )
        enough &= after >= 0.8 * rules.horizon_h / rules.cadence_h
    return enough


def scored(rules: Rules, rank: Floats | Ints, best_so_far: Floats) -> Flags:
    """Which rows can still break out: below the top ten, and not at their goal yet in their episode."""
    goal = rules.top if rules.label == "top" else rank / 2
    return np.asarray((rank > rules.top) & (best_so_far > goal))


def trials(history: History, rules: Rules, best_so_far: Floats, hours: Floats, rows: Ints) -> Trials:
    """The trials of a group of lists.

    `rows` are the observations of the lists' evaluation snapshots, ascending; `best_so_far` is the best rank of
    each of them in its episode before the snapshot, `hours` how long the episode is.
    """
    snap = history.obs_snap[rows]
    keep = scored(rules, history.obs_rank[rows], best_so_far)
    valid = np.zeros(len(history.snap_list), bool)
    snaps = np.unique(snap)
    valid[snaps[covered(history, rules, snaps)]] = True
    keep &= valid[snap]
    rows, hours = rows[keep], hours[keep]
    time = history.snap_time[history.obs_snap[rows]]
    hit, lead_h = outcomes(history, rules, rows)
    list_of = history.snap_list[history.obs_snap[rows]]
    key = (
        time // rules.query_s
        if rules.pooled
        else list_of.astype(np.int64) * (int(time.max()) + 1 if len(time) else 1) + time
    )
    keys, query = np.unique(key, return_inverse=True)
    first = np.full(len(keys), np.iinfo(np.int64).max)
    np.minimum.at(first, query, time)
    last = np.zeros(len(keys), np.int64)
    np.maximum.at(last, query, time)
    by_time = np.argsort(first, kind="stable")
    place = np.empty(len(keys), np.int64)
    place[by_time] = np.arange(len(keys))
    query = place[query]
    order = np.lexsort((rows, query))
    began = time - np.round(hours * 3600).astype(np.int64)
    episode = np.stack([list_of.astype(np.int64), history.obs_item[rows].astype(np.int64), began])
    breakout = np.unique(episode, axis=1, return_inverse=True)[1].ravel()
    return Trials(
        row=rows[order],
        query=query[order],
        time=time[order],
        hit=hit[order],
        known_at=(time + rules.known_after_s)[order],
        lead_h=lead_h[order],
        rank=history.obs_rank[rows][order],
        breakout=breakout[order],
        query_time=last[by_time],
    )


def outcomes(history: History, rules: Rules, rows: Ints) -> tuple[Flags, Floats]:
    """Whether each observation's item broke out within the horizon, and hours to its first time at the goal."""
    seen = _seen_from(history, rules, rows)
    of_snap, item = history.obs_snap[seen], history.obs_item[seen]
    slot = history.snap_list[of_snap].astype(np.int64) * len(history.items) + item
    line = np.argsort(slot, kind="stable")  # each item's sightings on one list, in time
    at = np.empty(len(line), np.int64)
    at[line] = np.arange(len(line))
    time, rank = history.snap_time[of_snap], history.obs_rank[seen]
    rows = np.searchsorted(seen, rows)
    goal = np.full(len(rows), float(rules.top)) if rules.label == "top" else rank[rows] / 2
    until = time[rows] + rules.horizon_h * 3600
    times = np.zeros(len(rows), np.int64)
    lead_h = np.full(len(rows), np.nan)
    open_ = np.arange(len(rows))
    ahead = 0
    while len(open_):
        ahead += 1
        next_ = at[rows[open_]] + ahead
        inside = next_ < len(line)
        open_, next_ = open_[inside], line[next_[inside]]
        inside = (slot[next_] == slot[rows[open_]]) & (time[next_] <= until[open_])
        open_, next_ = open_[inside], next_[inside]
        there = rank[next_] <= goal[open_]
        first = open_[there & (times[open_] == 0)]
        lead_h[first] = (time[next_[there & (times[open_] == 0)]] - time[rows[first]]) / 3600
        times[open_[there]] += 1
    hit = times >= rules.hold
    return hit, np.where(hit, lead_h, np.nan)


def _seen_from(history: History, rules: Rules, rows: Ints) -> Ints:
    """The observations of the rows' lists from the first of these to the last one's horizon, ascending."""
    lists, time = history.snap_list[history.obs_snap[rows]], history.snap_time[history.obs_snap[rows]]
    first, last = np.full(len(history.lists), np.iinfo(np.int64).max), np.zeros(len(history.lists))
    np.minimum.at(first, lists, time)
    np.maximum.at(last, lists, time + rules.horizon_h * 3600)
    near = (history.snap_time >= first[history.snap_list]) & (history.snap_time <= last[history.snap_list])
    return np.flatnonzero(near[history.obs_snap])
