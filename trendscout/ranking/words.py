"""The words of a title, in any script, for counting."""

from __future__ import annotations

import re

MAX_CHARS = 300  # of a title that are read
MAX_WORDS = 60

_RUN = re.compile(
    r"[a-z0-9][a-z0-9'+.-]+|[\u3040-\u30ff]{2,}|[\u3400-\u9fff]+|[^\W\d_a-z\u3040-\u30ff\u3400-\u9fff]{2,}"
)


def words_of(title: str) -> tuple[str, ...]:
    """Distinct words and pairs of neighbouring words, lower case; Chinese as pairs of characters."""
    found: dict[str, None] = {}
    before = ""
    for run in _RUN.findall(title[:MAX_CHARS].lower()):
        if "\u3400" <= run[0] <= "\u9fff":
            found.update(dict.fromkeys(run[i : i + 2] for i in range(max(1, len(run) - 1))))
            continue
        found[run] = None
        if before:
            found[f"{before} {run}"] = None
        before = run
    return tuple(found)[:MAX_WORDS]
