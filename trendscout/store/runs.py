"""Which job made which day's report: the claim that lets exactly one run do it, and what was delivered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from trendscout.store.sql import Connection, affected, aware, naive, one, transaction

State = Literal["running", "dropped", "done", "partial", "failed"]
# A run notes that it is at work with each step and each message; one that was silent for so long was killed, also
# where its process cannot be looked for: on another machine, in another container.
SILENCE = timedelta(minutes=20)
NOBODY = ""  # the run id of a claim that was given back
_FINISHED = ("done", "partial")
_OPEN = ("running", "dropped")


@dataclass(frozen=True, slots=True)
class Run:
    """One job's work on one local date."""

    run_id: str
    job: str
    local_date: date
    started_at: datetime
    finished_at: datetime | None
    state: State
    detail: Mapping[str, Any]  # paths, outcomes, pushes; seen_at, when it was last at work

    @property
    def is_open(self) -> bool:
        """Whether it has not come to an end."""
        return self.state in _OPEN

    @property
    def seen_at(self) -> datetime:
        """When it last noted that it is at work."""
        told = self.detail.get("seen_at")
        return datetime.fromisoformat(told) if told else self.started_at


def claim(
    connection: Connection,
    run: Run,
    *,
    alive: Callable[[str], bool],
    again: bool = False,
) -> Run | None:
    """The run that is to work on that date now; None if it is done or another run is at it.

    `run` is what would begin. It takes over from a run that is no longer `alive` or was silent too long. One
    found "dropped" has written its files, and only the push is missing; so it is with a finished one that did not
    reach every channel.
    """
    with transaction(connection):
        earlier = run_of(connection, run.job, run.local_date)
        if earlier and not again:
            unheard = any(dict(earlier.detail.get("pushes", {})).values())
            if earlier.state in _FINISHED and not unheard:
                return None
            if earlier.is_open and alive(earlier.run_id) and run.started_at - earlier.seen_at < SILENCE:
                return None
            if earlier.state in ("dropped", *_FINISHED):
                kept = {name: value for name, value in earlier.detail.items() if name != "seen_at"}
                run = replace(run, state="dropped", detail=kept)
        connection.execute("DELETE FROM runs WHERE job = ? AND local_date = ?", [run.job, run.local_date])
        connection.execute(
            "INSERT INTO runs VALUES (?, ?, ?, ?, NULL, ?, ?)",
            [run.run_id, run.job, run.local_date, naive(run.started_at), run.state, json.dumps(dict(run.detail))],
        )
    return run


def note_at_work(connection: Connection, run: Run, now: datetime) -> None:
    """Note that a run is at work, so that nobody takes it for dead."""
    found = run_of(connection, run.job, run.local_date)
    if found and found.run_id == run.run_id:
        advance(connection, run, found.state, {**found.detail, "seen_at": now.isoformat()}, now)


def advance(connection: Connection, run: Run, state: State, detail: Mapping[str, Any], now: datetime) -> bool:
    """Note how far a run has come; False if another has taken its claim over."""
    finished = None if state in ("running", "dropped") else naive(now)
    return bool(
        affected(
            connection,
            """UPDATE runs SET state = ?, detail = ?, finished_at = ?
            WHERE run_id = ? AND job = ? AND local_date = ?""",
            [state, json.dumps(detail, ensure_ascii=False), finished, run.run_id, run.job, run.local_date],
        )
    )


def give_back(connection: Connection, run: Run) -> None:
    """Leave a claim that is still this run's to whoever comes next, as far as it has come."""
    connection.execute(
        "UPDATE runs SET run_id = ? WHERE run_id = ? AND job = ? AND local_date = ? AND list_contains(?, state)",
        [NOBODY, run.run_id, run.job, run.local_date, list(_OPEN)],
    )


def run_of(connection: Connection, job: str, day: date) -> Run | None:
    """The run of a job on a date, if there was one."""
    found = _runs(connection, "WHERE job = ? AND local_date = ?", [job, day])
    return found[0] if found else None


def last_date(connection: Connection, job: str) -> date | None:
    """The date of the job's last finished report."""
    row = one(
        connection,
        "SELECT max(local_date) FROM runs WHERE job = ? AND list_contains(?, state)",
        [job, list(_FINISHED)],
    )
    return row[0] if row else None


def last_runs(connection: Connection, *, finished: bool = False) -> dict[str, Run]:
    """Each job's run of the latest date, or of the latest date whose report was `finished`, by the job's name."""
    where, values = ("WHERE list_contains(?, state)", [list(_FINISHED)]) if finished else ("", [])
    latest = "QUALIFY row_number() OVER (PARTITION BY job ORDER BY local_date DESC) = 1"
    return {run.job: run for run in _runs(connection, f"{where} {latest}", values)}


def runs_of(connection: Connection, job: str, *, most: int) -> list[Run]:
    """A job's last runs, the latest first."""
    return _runs(connection, "WHERE job = ? ORDER BY local_date DESC LIMIT ?", [job, most])


def _runs(connection: Connection, rest: str, values: Sequence[object]) -> list[Run]:
    rows = connection.execute(
        f"SELECT run_id, job, local_date, started_at, finished_at, state, detail FROM runs {rest}", list(values)
    ).fetchall()
    return [
        Run(run_id, job, day, aware(start), aware(end) if end else None, state, json.loads(detail))
        for run_id, job, day, start, end, state, detail in rows
    ]


def delivered_keys(connection: Connection, channel: str) -> set[str]:
    """The parts of digests that reached this channel."""
    rows = connection.execute("SELECT part FROM deliveries WHERE channel = ?", [channel]).fetchall()
    return {row[0] for row in rows}


def note_delivery(connection: Connection, part: str, channel: str, now: datetime) -> None:
    """Remember that a part of a digest reached a channel."""
    connection.execute("INSERT INTO deliveries VALUES (?, ?, ?)", [part, channel, naive(now)])


def waiting(connection: Connection, channel: str) -> list[str]:
    """The messages that wait for a channel, as they were kept, in their order."""
    rows = connection.execute("SELECT message FROM waiting WHERE channel = ? ORDER BY place", [channel]).fetchall()
    return [row[0] for row in rows]


def waiting_channels(connection: Connection) -> list[str]:
    """The channels for which messages wait."""
    return [
        row[0] for row in connection.execute("SELECT DISTINCT channel FROM waiting ORDER BY channel").fetchall()
    ]


def keep_waiting(connection: Connection, channel: str, messages: Sequence[str], now: datetime) -> None:
    """Keep what did not arrive in place of what waited before."""
    with transaction(connection):
        connection.execute("DELETE FROM waiting WHERE channel = ?", [channel])
        for place, message in enumerate(messages):
            connection.execute("INSERT INTO waiting VALUES (?, ?, ?, ?)", [channel, place, message, naive(now)])


def called(connection: Connection) -> dict[str, datetime]:
    """When each alert rule last called for each product."""
    rows = connection.execute("SELECT rule, max(called_at) FROM calls GROUP BY rule").fetchall()
    return {rule: aware(moment) for rule, moment in rows}


def note_call(connection: Connection, rule: str, now: datetime) -> None:
    """Remember that an alert was sent."""
    connection.execute("INSERT INTO calls VALUES (?, ?)", [rule, naive(now)])


def remembered(connection: Connection, reader: str) -> str | None:
    """What the reader saw last, as `report.changes.memory` wrote it."""
    row = one(connection, "SELECT arg_max(report, as_of) FROM shown WHERE reader = ?", [reader])
    return row[0] if row else None


def remember(connection: Connection, reader: str, report: str, as_of: datetime) -> None:
    """Keep what the reader saw now."""
    with transaction(connection):
        connection.execute("DELETE FROM shown WHERE reader = ?", [reader])
        connection.execute("INSERT INTO shown VALUES (?, ?, ?)", [reader, naive(as_of), report])
