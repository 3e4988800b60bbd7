"""The one writer of the desk: a thread that does what waits, one thing at a time, and then publishes.

It holds the store for as long as it works and no longer. Where another process holds it, what waits goes on
waiting and is shown as pending.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, cast

from trendscout import pipeline
from trendscout.clock import Clock
from trendscout.desk.words import DECISIONS, JUDGEMENTS, Word, Words
from trendscout.errors import StoreBusy, TrendscoutError
from trendscout.findings import Finding, finding, of_error
from trendscout.intake import kind_of
from trendscout.lang import Lang
from trendscout.model import Outcome, Query
from trendscout.settings.config import Settings
from trendscout.settings.jobfile import Job
from trendscout.steps.publish import is_published
from trendscout.store.workspace import Workspace

_IDLE_S = 2.0  # between two looks whether words wait
_KEPT = 60  # things done and files taken that are shown


@dataclass(slots=True)
class Task:
    """One thing that the desk does or did."""

    name: str  # English template
    fields: Mapping[str, object]
    state: str = "waiting"  # waiting, running, done, partial, failed
    done: int = 0
    all: int = 0
    findings: tuple[Finding, ...] = ()  # how it went
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one reply in a file that was brought."""

    name: str
    status: str  # ok, partial, blocked, failed, left, refused
    entries: int = 0
    lists: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    at: datetime | None = None


@dataclass(slots=True)
class Progress:
    """What the worker shows; `version` grows with every change."""

    version: int = 0
    tasks: deque[Task] = field(default_factory=lambda: deque(maxlen=_KEPT))
    taken: deque[Taken] = field(default_factory=lambda: deque(maxlen=_KEPT))
    busy: tuple[Finding, ...] = ()  # who holds the store, while it cannot be had
    fault: tuple[Finding, ...] = ()  # why what waits was not done


TOLD = "told.json"


def told_of(file: Path) -> tuple[str | None, str]:
    """Market and category that are told of a file in the inbox."""
    try:
        told = json.loads((file.parent / TOLD).read_text(encoding="utf-8"))
        return told["market"], told["category"]
    except (OSError, ValueError, KeyError, TypeError):
        return None, ""


class Worker(Thread):
    """Does what waits. `base_url` is a stand-in for all sites, `seed` fixes the pauses: the demo, a test."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        clock: Clock,
        words: Words,
        *,
        lang: Lang,
        base_url: str | Mapping[str, str] | None = None,
        seed: int | str | None = None,
    ) -> None:
        super().__init__(name="desk writer", daemon=True)
        self.workspace, self.settings, self.clock, self.words = workspace, settings, clock, words
        self.lang, self.base_url, self.seed = lang, base_url, seed
        self.inbox = workspace.desk / "inbox"
        self.progress = Progress()
        self._lock = Lock()
        self._work: SimpleQueue[tuple[Task, Callable[[Task], None]]] = SimpleQueue()
        self._stopping = Event()
        self._unpublished = False
        for folder in sorted(self.inbox.glob("*")) if self.inbox.is_dir() else ():
            for file in folder.glob("*"):
                if file.name != TOLD:
                    self.take(file)  # what an earlier desk did not come to

    # --- what is asked of it ---

    def collect(self, queries: Sequence[Query]) -> None:
        """Collect these lists, when its turn comes."""
        self._add(Task("Collecting {n} lists", {"n": len(queries)}, all=len(queries)), self._collect(queries))

    def run_job(self, job: Job) -> None:
        """Run a job now, when its turn comes."""
        self._add(Task("Job {job}", {"job": job.name}), self._job(job))

    def take(self, file: Path) -> None:
        """Read a file that was brought into archive and store, and remove it then.

        A file `told.json` beside it says its market and category, where these are known.
        """
        self._add(Task("Reading {file}", {"file": file.name}), self._take(file))

    def stop(self) -> None:
        """End after the thing at hand."""
        self._stopping.set()

    # --- how it works ---

    def run(self) -> None:
        """Work until stopped."""
        self._unpublished = not is_published(self.workspace)
        while not self._stopping.is_set():
            try:
                task, work = self._work.get(timeout=_IDLE_S)
            except Empty:
                self.catch_up()
            else:
                self._do(task, work)
                if self._work.empty():
                    self.catch_up()

    def catch_up(self) -> None:
        """Do the words that wait, and publish what changed; nothing where the store cannot be had."""
        try:
            for file, word in self.words.waiting():
                self._say(file, word)
            if self._unpublished and self.workspace.db.exists():
                pipeline.match(self.workspace)
                pipeline.publish(self.workspace, now=self.clock.now())
                self._unpublished = False
                self._tell()
        except StoreBusy as error:
            self._tell(busy=(of_error(error),))
        except TrendscoutError as error:
            self._tell(busy=(), fault=(of_error(error),))
        except Exception as error:  # noqa: BLE001 - a bug in one word must not end the desk; told as one
            self._tell(busy=(), fault=(finding("fault_of_ours", kind=type(error).__name__),))
        else:
            if self.progress.busy or self.progress.fault:
                self._tell(busy=())

    def work_off(self) -> None:
        """Do all that waits, in the caller's thread."""
        while True:
            try:
                task, work = self._work.get_nowait()
            except Empty:
                break
            self._do(task, work)
        self.catch_up()

    def _add(self, task: Task, work: Callable[[Task], None]) -> None:
        with self._lock:
            self.progress.tasks.appendleft(task)
        self._work.put((task, work))
        self._tell()

    def _tell(self, *, busy: tuple[Finding, ...] | None = None, fault: tuple[Finding, ...] = ()) -> None:
        with self._lock:
            self.progress.version += 1
            if busy is not None:
                self.progress.busy, self.progress.fault = busy, fault

    def _do(self, task: Task, work: Callable[[Task], None]) -> None:
        task.state, task.started = "running", self.clock.now()
        self._tell()
        try:
            work(task)
        except StoreBusy as error:
            task.state, task.findings = "failed", (of_error(error),)
            self._tell(busy=(of_error(error),))
        except TrendscoutError as error:
            task.state, task.findings = "failed", (of_error(error),)
        except Exception as error:  # noqa: BLE001 - a bug in one thing must not end the desk; told as one
            task.state, task.findings = "failed", (finding("fault_of_ours", kind=type(error).__name__),)
        task.ended = self.clock.now()
        self._tell()

    def _say(self, file: Path, word: Word) -> None:
        at = datetime.fromisoformat(word.said_at)
        try:
            if word.word in DECISIONS:
                decision = cast("Any", word.word)
                pipeline.decide(self.workspace, decision, word.product, word.other or None, now=at)
            elif word.word in JUDGEMENTS:
                first, _, second = word.other.partition(" ")
                pipeline.judge_pair(self.workspace, first, second, JUDGEMENTS[word.word], now=at)
            else:
                pipeline.mark(self.workspace, word.product, word.word, word.note, now=at)
        except StoreBusy:
            raise
        except TrendscoutError as error:
            self.words.refuse(file, word, error)
        else:
            self.words.done(file)
            self._unpublished = True
        self._tell()

    def _collect(self, queries: Sequence[Query]) -> Callable[[Task], None]:
        def work(task: Task) -> None:
            states: list[str] = []

            def on_outcome(outcome: Outcome) -> None:
                states.append(outcome.status)
                task.done = len(states)
                self._tell()

            pipeline.collect(
                self.workspace,
                queries,
                self.settings,
                clock=self.clock,
                base_url=self.base_url,
                seed=self.seed,
                on_outcome=on_outcome,
            )
            self._unpublished = True
            task.state = "done" if all(state == "ok" for state in states) else "partial"
            counts = Counter(states)
            task.findings = tuple(finding("lists_in_state", count=counts[state], state=state) for state in counts)

        return work

    def _job(self, job: Job) -> Callable[[Task], None]:
        def work(task: Task) -> None:
            from trendscout.jobs.run import run_job

            done = run_job(
                job,
                self.workspace,
                self.settings,
                lang=self.lang,
                clock=self.clock,
                again=True,
                base_url=self.base_url,
            )
            task.state, task.findings = done.state, done.detail

        return work

    def _take(self, file: Path) -> Callable[[Task], None]:
        def work(task: Task) -> None:
            now = self.clock.now()
            try:
                taken = list(self._taken(file, now))
            except StoreBusy:
                self._work.put((task, work))  # it waits for its next turn
                self._stopping.wait(_IDLE_S)
                raise
            except TrendscoutError as error:
                taken = [Taken(file.name, "refused", findings=(of_error(error),), at=now)]
            for reply in taken:
                self.progress.taken.appendleft(reply)
            self._unpublished |= any(reply.entries for reply in taken)
            task.state = "done" if any(reply.entries for reply in taken) else "failed"
            task.findings = () if task.state == "done" else taken[0].findings
            shutil.rmtree(file.parent, ignore_errors=True)

        return work

    def _taken(self, file: Path, now: datetime) -> list[Taken]:
        if kind_of(file) != "page":
            result = pipeline.import_file(self.workspace, file, profile=None, market=None, at=None, now=now)
            count = result.loaded.observations + result.stock
            return [Taken(file.name, "ok", count, (result.kind,), result.findings, now)]
        market, category = told_of(file)
        results = pipeline.ingest(
            self.workspace,
            [file],
            source=None,
            market=market,
            url=None,
            at=None,
            now=now,
            category=category,
            called={file: file.name},  # nobody knows the folder in which it waited
        )
        return [Taken(one.name, one.status, one.entries, one.lists, one.findings, now) for one in results] or [
            Taken(file.name, "left", findings=(finding("file_without_list"),), at=now)
        ]
