"""The demo's own notes beside its store: whose store it is, and what each morning's report showed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendscout.demo.verdict import Listing

NAME = "mornings.jsonl"


@dataclass(frozen=True, slots=True)
class Morning:
    """One finished day."""

    day: int
    shown: tuple[frozenset[Listing], ...]  # the listings of each product of the report, best first
    outcomes: Mapping[str, int]  # queries by status


class Ledger:
    """A file of lines: the first says which demo it is, then one a finished day."""

    def __init__(self, path: Path, demo: Mapping[str, Any]) -> None:
        self.path = path
        self.demo = dict(demo)

    def is_ours(self) -> bool:
        """Whether the file is there and is of this very demo."""
        lines = self._lines()
        return bool(lines) and lines[0] == self.demo

    def begin(self) -> None:
        """Start anew."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.demo) + "\n", encoding="utf-8")

    def mornings(self) -> list[Morning]:
        """The finished days, in their order."""
        return [
            Morning(
                line["day"],
                tuple(frozenset((one[0], one[1], one[2]) for one in product) for product in line["shown"]),
                line["outcomes"],
            )
            for line in self._lines()[1:]
        ]

    def add(self, morning: Morning) -> None:
        """Note a finished day; it is on the disk when this returns."""
        shown = [sorted(product) for product in morning.shown]
        line = json.dumps({"day": morning.day, "shown": shown, "outcomes": dict(sorted(morning.outcomes.items()))})
        whole = "".join(json.dumps(one) + "\n" for one in self._lines())
        part = self.path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            file.write(whole + line + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)

    def _lines(self) -> list[Any]:
        try:
            text = self.path.read_text(encoding="utf-8")
            return [json.loads(line) for line in text.splitlines()]
        except (OSError, ValueError):
            return []
