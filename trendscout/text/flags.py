"""Words in a title that call for care: brands and trademarks, and goods that carriers or shops restrict."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib import resources
from typing import NamedTuple

from trendscout.model import Flag
from trendscout.text.titles import MAX_CHARS


class _Rule(NamedTuple):
    code: str  # the code of its flag
    words: re.Pattern[str]
    unless: re.Pattern[str] | None  # taken out of the title first


def title_flags(title: str | None) -> tuple[Flag, ...]:
    """One flag for each kind of care that the title's words call for, with the words that raised it.

    Codes: brand_word, battery, liquid, blade, magnet, medical. A word proves nothing: "for iPhone" is lawful to
    say, and a "moon lamp" without the word may hold a battery all the same.
    """
    if not title:
        return ()
    text = _folded(title)
    return tuple(flag for rule in _rules() if (flag := _flag(rule, text)))


def _flag(rule: _Rule, text: str) -> Flag | None:
    left = rule.unless.sub(" ", text) if rule.unless else text
    found = list(dict.fromkeys(match.group().strip() for match in rule.words.finditer(left)))
    return Flag(rule.code, f"title: {', '.join(found[:3])}") if found else None


def _folded(title: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", title[:MAX_CHARS]).replace("’", "'").casefold().split())


@cache
def _rules() -> tuple[_Rule, ...]:
    text = (resources.files("trendscout.text") / "flags.toml").read_text(encoding="utf-8")
    return tuple(
        _Rule(
            code,
            _pattern(rule["words"], rule["han"]),
            re.compile(_any(rule["unless"])) if rule["unless"] else None,
        )
        for code, rule in tomllib.loads(text).items()
    )


def _pattern(words: str, han: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{_any(words)})(?:'s|s|es)?(?![^\W_])|{_any(han)}")


def _any(entries: str) -> str:
    return "|".join(entries.replace("_", r"[\s-]").split())
