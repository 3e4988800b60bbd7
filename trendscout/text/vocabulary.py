"""The words around numbers in shop texts, from vocabulary.toml, as patterns.

What is counted, how much one word multiplies, what bounds a number, and what makes it no count at all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from trendscout.model import CountKind
from trendscout.text.patterns import lazy

_DATA: dict[str, Any] = tomllib.loads(
    (resources.files("trendscout.text") / "vocabulary.toml").read_text(encoding="utf-8")
)
_WORDLESS = frozenset(
    {"zh", "ja", "ko", "th", "ar", "hi", "bn", "fa", "ur", "el", "he"}
)  # matched anywhere, not as whole words


@dataclass(frozen=True, slots=True)
class Unit:
    """What is counted, and the language of the word that says so."""

    kind: CountKind | None  # None: a count that no list of ours uses, such as likes
    language: str
    priority: int  # of two counts in one text the lower wins


def _any(patterns: str) -> str:
    return "|".join(patterns.replace("_", r"\s").split())


def _longest_first(words: str) -> str:
    return " ".join(sorted(words.split(), key=len, reverse=True))


def _whole(alternatives: str) -> str:
    return rf"(?<![^\W\d_])(?:{alternatives})(?![^\W\d_])"


def _compiled(table: str, words: str, anywhere: str, lead: str = "", tail: str = "") -> re.Pattern[str]:
    found = _DATA[table]
    return lazy(f"{lead}(?:{_any(found[anywhere])}|{_whole(_any(found[words]))}){tail}", re.IGNORECASE)


# --- what is counted -----------------------------------------------------------------------------------

_UNITS: dict[str, tuple[Unit, str]] = {
    f"u{priority}_{language}": (Unit(None if kind == "other" else kind, language, priority), _any(patterns))
    for priority, (kind, languages) in enumerate(_DATA["units"].items())
    for language, patterns in languages.items()
}


def _groups(chosen: Iterable[str]) -> str:
    return "|".join(f"(?P<{group}>{_UNITS[group][1]})" for group in chosen)


_WORD_UNITS = lazy(
    _whole(_groups(group for group, (unit, _) in _UNITS.items() if unit.language not in _WORDLESS)), re.IGNORECASE
)
_ANYWHERE_UNITS = lazy(
    _groups(group for group, (unit, _) in _UNITS.items() if unit.language in _WORDLESS), re.IGNORECASE
)


def unit_of(text: str) -> Unit | None:
    """What the words of the text say is counted, or None."""
    patterns = (_WORD_UNITS,) if text.isascii() else (_WORD_UNITS, _ANYWHERE_UNITS)
    found = (
        _UNITS[match.lastgroup][0] for pattern in patterns for match in pattern.finditer(text) if match.lastgroup
    )
    return min(found, key=lambda unit: unit.priority, default=None)


# --- multipliers, as powers of ten ---------------------------------------------------------------------

SCALES: dict[str, int] = {word: int(power) for power, words in _DATA["scales"].items() for word in words.split()}
_LOCAL: dict[str, dict[str, int]] = _DATA["local_scales"]
_MEASURES_TOO = frozenset({"m", "b"})  # "5m" without a unit word may be metres


def power_of(scale: str, market: str | None, language: str | None, *, has_unit: bool) -> int | None:
    """The power of ten that `scale` stands for there, or None where that is not settled."""
    name = scale.lower()
    if name not in _LOCAL:
        return SCALES[name]
    if name in _MEASURES_TOO and not has_unit and scale.islower():
        return None
    powers = _LOCAL[name]
    return powers.get(language or "", powers.get(market or "", powers.get("else"))) or None


# --- bounds and what is no count -----------------------------------------------------------------------

FLOOR = _compiled("bounds", "floor", "floor_anywhere")
_CEILINGS = _DATA["bounds"]  # "under 50 sold", but not "sålda under månaden"
CEILING = lazy(
    rf"(?:{_any(_CEILINGS['ceiling_anywhere'])}|{_whole(_any(_CEILINGS['ceiling']))}(?=\s*\d))", re.IGNORECASE
)
RATING = lazy(
    r"\d(?:[.,]\d{1,2})?\s*(?:(?:★\s?)?/|out of|von|sur|de|su|a[vf]|ze?|van(?: de)?|dari|trên|из|із|от|"
    r"เต็ม|من(?: أصل)?)"
    r"\s*5(?![\d.,])(?:\s*(?:stars?|sternen?|estrellas?|estrelas?|étoiles?|stelle|stjärnor|gwiazdek|звезд|"
    r"sterren|bintang|sao|stjerner|hvězdiček|نجوم|ดาว))?"
    r"|(?<!\d)5\s?(?:つ星のうち|点中|점\s?만점에|yıldız üzerinden|üzerinden|星中|分中)\s?\d(?:[.,]\d)?",
    re.IGNORECASE,
)
OTHER_BEFORE = _compiled("others", "before", "before_anywhere", tail=r"\s*$")
OTHER_AFTER = _compiled("others", "after", "after_anywhere", lead=r"[\s-]*")
MEASURE_AFTER = _compiled("others", "measure", "measure_anywhere", lead=r"\s?")
BESIDE = _compiled("beside", "words", "anywhere")

# --- beside amounts ------------------------------------------------------------------------------------

WAS_BEFORE = _compiled("prices", "was", "was_anywhere", tail=r"[\s:.]*$")
NOW_BEFORE = _compiled("prices", "now", "now_anywhere", tail=r"[\s:.]*$")
NO_PRICE_BEFORE = _compiled("prices", "not_before", "not_before_anywhere", tail=r"[\s:]*$")
NO_PRICE_AFTER = _compiled("prices", "not_after", "not_after_anywhere", lead=r"\s*")
_THRESHOLD = r"(?!\s(?:from|on|over|ab|desde|a\spartir|à\spartir|dès|od|от|para|pour|vanaf|från|fra)\b)"
BENIGN = _compiled("prices", "benign", "benign_anywhere", tail=_THRESHOLD)
# Phrases first: "prix conseillé" is not taken for "prix", nor "à vista" for "à".
_LABELS = [_DATA["prices"][table] for table in ("was", "now", "label")]
_LABELS_ANYWHERE = [_DATA["prices"][f"{table}_anywhere"] for table in ("was", "now", "label")]
LABEL = lazy(
    "|".join([*map(_any, _LABELS_ANYWHERE), *(_whole(_any(words)) for words in map(_longest_first, _LABELS))]),
    re.IGNORECASE,
)
