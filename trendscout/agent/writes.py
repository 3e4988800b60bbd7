"""What an agent may change where its user allows it: marks, merges, splits, and what is collected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trendscout import pipeline
from trendscout.agent.answers import Answer, Answers
from trendscout.agent.marked import key, marked
from trendscout.errors import UsageError
from trendscout.findings import said
from trendscout.settings.config import Settings
from trendscout.sources.queries import queries_for
from trendscout.store.workspace import Workspace

if TYPE_CHECKING:
    from trendscout.store.products import Word

_MOST_LISTS = 20  # that one call collects


class Writes:
    """Each change, done at once and published. `base_url` is a stand-in for all sites: the demo, a test."""

    def __init__(
        self, answers: Answers, workspace: Workspace, settings: Settings, *, base_url: str | None = None
    ) -> None:
        self.answers, self.workspace, self.settings, self.base_url = answers, workspace, settings, base_url
        self.clock = answers.published.clock

    def mark(self, product: str, word: str, note: str) -> Answer:
        """Mark a product; "none" takes the mark away."""
        found = self.answers.find(product)
        title = pipeline.mark(self.workspace, found, word, note, now=self.clock.now())
        self._publish()
        return {"product_id": key(found), "title": marked(title), "mark": "" if word == "none" else word}

    def decide(self, word: Word, a: str, b: str | None) -> Answer:
        """Take the user's word on what is one product."""
        first = self.answers.find(a)
        second = None if b is None else self.answers.find(b)
        done = pipeline.decide(self.workspace, word, first, second, now=self.clock.now())
        self._publish()
        return {"word": word, "before": [*map(key, done.before)], "after": [*map(key, done.after)]}

    def collect(self, sources: Sequence[str], markets: Sequence[str], categories: Sequence[str]) -> Answer:
        """Collect lists, and match what is new.

        Raises UsageError for more lists than one call may ask for.
        """
        queries = queries_for(self.settings, sources, markets=markets or None, categories=categories or None)
        if len(queries) > _MOST_LISTS:
            raise UsageError(
                "These are {count} lists; one call collects {most}.",
                next_step="Name fewer sources, markets or categories.",
                count=len(queries),
                most=_MOST_LISTS,
            )
        outcomes = pipeline.collect(
            self.workspace, queries, self.settings, clock=self.clock, base_url=self.base_url
        )
        if any(outcome.entries for outcome in outcomes):
            pipeline.match(self.workspace)
        self._publish()
        return {
            "lists": [
                {
                    "source": outcome.query.source,
                    "market": outcome.query.market,
                    "category": marked(outcome.query.category),
                    "status": outcome.status,
                    "entries": outcome.entries,
                    "reason": marked(said(outcome.findings, "en"), 300),
                }
                for outcome in outcomes
            ]
        }

    def _publish(self) -> None:
        pipeline.publish(self.workspace, now=self.clock.now())
