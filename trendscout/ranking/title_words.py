"""What titles have in common, in any script, for counting: words, characters, form."""

from __future__ import annotations

import math
import re
from string import ascii_letters, ascii_uppercase, digits

MAX_CHARS = 300  # of a title that are read
MAX_WORDS = 60

_RUN = re.compile(
    r"[a-z0-9][a-z0-9'+.-]+|[\u3040-\u30ff]{2,}|[\u3400-\u9fff]+|[^\W\d_a-z\u3040-\u30ff\u3400-\u9fff]{2,}"
)
_CHARACTER = re.compile(r"[\u3040-\u9fff]")
_COUNTED = tuple(kind.encode() for kind in (digits, ascii_uppercase, ascii_letters))
_PUNCTUATION = re.compile(r"[^\w\s]")


def words_of(title: str) -> tuple[str, ...]:
    """Distinct words and pairs of neighbouring words, lower case; Chinese as pairs of characters."""
    words: dict[str, None] = {}
    before = ""
    for run in _RUN.findall(title[:MAX_CHARS].lower()):
        if "\u3400" <= run[0] <= "\u9fff":
            words.update(dict.fromkeys(run[i : i + 2] for i in range(max(1, len(run) - 1))))
            continue
        words[run] = None
        if before:
            words[f"{before} {run}"] = None
        before = run
    return tuple(words)[:MAX_WORDS]


def characters_of(title: str) -> tuple[str, ...]:
    """Distinct Chinese and Japanese characters: in short titles one of them says much."""
    return tuple(dict.fromkeys(_CHARACTER.findall(title[:MAX_CHARS])))


def form_of(title: str) -> tuple[str, ...]:
    """What a title looks like: length, digits, capitals, Latin letters, punctuation, first and last character.

    A single word has no form: hashtags and ids are told apart by other things.
    """
    title = title[:MAX_CHARS].strip()
    if not (" " in title or _CHARACTER.search(title)):
        return ()
    length, coded = len(title), title.encode(errors="replace")
    numerals, capitals, latin = (len(coded) - len(coded.translate(None, of)) for of in _COUNTED)
    return (
        f"length {length if length <= 12 else round(3 * math.log2(length / 12)) + 12}",
        f"digits {min(4, numerals)}",
        f"capitals {4 * capitals // max(1, latin)}",
        f"Latin {4 * latin // length}",
        f"spaces {min(12, title.count(' '))}",
        f"first {title[0]}",
        f"last {title[-1]}",
        *dict.fromkeys(_PUNCTUATION.findall(title)),
    )
