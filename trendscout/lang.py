"""Text for people, in English and Chinese.

English is written where it is used and is the key: `tr("rank {a} → {b}", "zh", a=84, b=21)`. Chinese stands in
locale/zh/*.toml, one flat table `"English" = "中文"` a file. A test finds every key that has no Chinese.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from string import Formatter
from typing import Literal

Lang = Literal["en", "zh"]


@cache
def _chinese() -> dict[str, str]:
    import tomllib
    from importlib import resources

    table: dict[str, str] = {}
    for file in (resources.files("trendscout") / "locale" / "zh").iterdir():
        if file.name.endswith(".toml"):
            table.update(tomllib.loads(file.read_text(encoding="utf-8")))
    return table


def tr(text: str, lang: Lang, /, **fields: object) -> str:
    """`text` in `lang` with its `fields`, those of ours in `lang` too; English where a translation is missing."""
    if lang == "zh":
        known = _chinese()
        text = known.get(text, text)
        fields = {
            name: known.get(value, value) if isinstance(value, str) else value for name, value in fields.items()
        }
    return text.format(**fields) if fields else text


@lru_cache(512)
def retold(text: str, lang: Lang) -> str:
    """Sentences of ours that were filled in before they were kept, in `lang`; others stay as they are.

    Why a list was not read is kept in English, with its names and numbers in it: here they are found again by the
    template that made the sentence.
    """
    if lang == "en" or len(text) > _LONGEST or text in _chinese():
        return tr(text, lang)
    told, rest = [], text
    while rest:
        found = [match for pattern, _ in _sentences() if (match := pattern.match(rest))]
        if found:
            best = max(found, key=lambda match: match.end() - sum(map(len, match.groups())))  # most words of ours
            told.append(_filled(dict(_sentences())[best.re], best))
            rest = rest[best.end() :].lstrip()
        else:
            kept, dot, rest = rest.partition(". ")
            told.append(kept + dot.rstrip())
    return " ".join(told).replace("。 ", "。")


_LONGEST = 1000  # signs; longer texts are not ours, and matching them would take long


@cache
def _sentences() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every sentence that has words of its own, as a pattern that finds it filled in, with its Chinese."""
    return tuple(
        (_pattern(text), chinese)
        for text, chinese in _chinese().items()
        if text.endswith(".") and re.search(r"[A-Za-z]{2}", re.sub(r"\{.*?\}", "", text))
    )


def _pattern(text: str) -> re.Pattern[str]:
    parts, known = [], set()
    for literal, name, _, _ in Formatter().parse(text):
        parts.append(re.escape(literal))
        if name is not None:
            parts.append(f"(?P={name})" if name in known else rf"(?P<{name}>(?:(?!\. ).)+?)")
            known.add(name)
    return re.compile("".join(parts) + r"(?=\s|$)", re.DOTALL)


def _filled(chinese: str, match: re.Match[str]) -> str:
    """The Chinese sentence with what stood in the English one; values of ours are told in Chinese too."""
    values = {name: _chinese().get(value, value) for name, value in match.groupdict().items()}
    return re.sub(r"\{(\w+)[^}]*\}", lambda field: values.get(field[1], field[0]), chinese)
