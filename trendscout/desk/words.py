"""What the user said by click, as files that wait for the writer: a file a word, in the order of saying."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from trendscout.errors import TrendscoutError, UsageError
from trendscout.files import whole_file
from trendscout.findings import of_error, to_json
from trendscout.store.labels import Judgement

MARKS = ("mine", "watch", "ignore", "none")
DECISIONS = ("merge", "split", "variants")
JUDGEMENTS: Mapping[str, Judgement] = {"same": "S", "a variant": "V", "another": "D"}  # of two listings
MAX_NOTE = 2_000  # signs
_MAX_NAME = 200
_MAX_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class Word:
    """One thing said of a product: a mark, or what it is one with."""

    word: str  # one of MARKS, DECISIONS or JUDGEMENTS
    product: str  # its id
    said_at: str  # ISO 8601
    other: str = ""  # the second product of a merge; the ids of the two listings that are judged
    note: str = ""
    title: str = ""  # for people: what the product was called
    why: str = ""  # findings as JSON: why it was refused


class Words:
    """The words of a desk that wait, and those that were refused."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "queue"
        self.refused_folder = folder / "refused"

    def say(
        self, word: str, product: str, *, at: datetime, other: str = "", note: str = "", title: str = ""
    ) -> Word:
        """Put a word at the end of the queue.

        Raises UsageError if it is none.
        """
        if word not in (*MARKS, *DECISIONS, *JUDGEMENTS):
            raise UsageError(
                "{word} is no mark.", next_step="Choose mine, watch, ignore or none.", word=word[:_MAX_NAME]
            )
        if not product or max(len(product), len(other)) > _MAX_NAME or len(note) > MAX_NOTE:
            raise UsageError(
                "That is no product, or the note is too long.", next_step="A note has up to 2,000 signs."
            )
        if len(list(self.folder.glob("*.json"))) >= _MAX_WAITING:
            raise UsageError("Too much waits for the store.", next_step="Let the job that holds it end first.")
        said = Word(word, product, at.isoformat(), other, note, title[:_MAX_NAME])
        text = json.dumps(asdict(said), ensure_ascii=False)
        name = f"{time.time_ns()}-{secrets.token_hex(3)}.json"
        whole_file(self.folder / name, lambda path: path.write_text(text, encoding="utf-8"))
        return said

    def waiting(self) -> list[tuple[Path, Word]]:
        """The words that wait, the oldest first."""
        return _read(self.folder)

    def refused(self) -> list[tuple[Path, Word]]:
        """The words that could not be done; `why` says why."""
        return _read(self.refused_folder)

    def done(self, file: Path) -> None:
        """Take a word out of the queue: the store has it."""
        file.unlink(missing_ok=True)

    def refuse(self, file: Path, word: Word, why: TrendscoutError) -> None:
        """Put a word aside, with the reason."""
        text = json.dumps({**asdict(word), "why": to_json([of_error(why)])}, ensure_ascii=False)
        whole_file(self.refused_folder / file.name, lambda path: path.write_text(text, encoding="utf-8"))
        file.unlink(missing_ok=True)

    def forget_refused(self) -> None:
        """Throw away what was refused."""
        for file, _ in self.refused():
            file.unlink(missing_ok=True)

    def judged(self) -> list[frozenset[str]]:
        """The pairs of listings (ids) whose answer waits."""
        return [frozenset(word.other.split()) for _, word in self.waiting() if word.word in JUDGEMENTS]

    def of(self, product: str) -> Sequence[Word]:
        """What waits for a product."""
        return [word for _, word in self.waiting() if product in (word.product, word.other)]


def _read(folder: Path) -> list[tuple[Path, Word]]:
    found = []
    for file in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError):  # done meanwhile, or not written by us
            found.append((file, Word(**json.loads(file.read_text(encoding="utf-8")))))
    return found
