"""Text for people, in English and Chinese.

English is written where it is used and is the key: `tr("rank {a} → {b}", "zh", a=84, b=21)`. It is written in the
plural: "{n} rows" is said "1 row" of one. Chinese stands in locale/zh/*.toml, one flat table `"English" = "中文"`
a file. A test finds every key that has no Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache, partial
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


# Fields that hold what a user or a site wrote: a job called "rising" keeps its name.
GIVEN = frozenset(
    "job product title file folder path db channel channels reader store archive sku note name names text key url "
    "wanted column example query word page id".split()
)


def tr(text: str, lang: Lang, /, **fields: object) -> str:
    """`text` in `lang` with its `fields`, those of ours in `lang` too; English where a translation is missing."""
    if lang == "zh":
        known = _chinese()
        fields = {
            name: known.get(value, value) if isinstance(value, str) and name not in GIVEN else value
            for name, value in fields.items()
        }
    template = template_of(text, lang, fields)
    return template.format(**fields) if fields else template


def labelled(label: str, text: str, lang: Lang) -> str:
    """What `text` is, then it: "Price: $5", "价格：$5"; the label alone where there is no text."""
    return f"{label}{'：' if lang == 'zh' else ': '}{text}" if text else label


def sentences(parts: Iterable[str], lang: Lang) -> str:
    """Sentences one after another, the empty ones left out; no space stands behind a Chinese full stop."""
    text = " ".join(filter(None, parts))
    return text.replace("。 ", "。") if lang == "zh" else text


def template_of(text: str, lang: Lang, fields: Mapping[str, object]) -> str:
    """`text` in `lang` as it is said of `fields`, which are still to be filled in."""
    if lang == "zh":
        return _chinese().get(text, text)
    ones = frozenset(name for name, value in fields.items() if value == 1)
    return _of_ones(text, ones) if ones else text


# What our sentences count, in the plural that they are written in; "near copies" keeps the word before.
_NOUNS = (
    "ads backers breakouts candidates carts cells chances charts chunks copies days downloads elements entries "
    "files goods hours items joins likes listings lists looks messages minutes months mornings near-copies "
    "observations orders others pages pairs parts pictures places platforms plays posts products ratings "
    "redirects replies reviews rows rules saves searches seconds sellers signs sites snapshots streams tags texts "
    "times titles tries variants videos views votes weeks"
)
_VERBS = {"are": "is", "were": "was", "have": "has", "do": "does", "belong": "belongs", "hold": "holds"}
_COUNTED = re.compile(
    rf"(?P<count>\{{(?P<name>\w+)(?::[^{{}}]*)?\}})(?P<kind> near)? (?P<noun>{_NOUNS.replace(' ', '|')})\b"
    rf"(?: (?P<verb>{'|'.join(_VERBS)})\b)?"
)


@lru_cache(4096)
def _of_ones(text: str, ones: frozenset[str]) -> str:
    """An English sentence as it is said where these fields of it are 1."""
    return _COUNTED.sub(partial(_of_one, ones), text)


def _of_one(ones: frozenset[str], match: re.Match[str]) -> str:
    """A part of a sentence that counts something, as it is said where the count is 1."""
    if match["name"] not in ones:
        return match[0]
    noun = re.sub(r"(?<=ch)es$|s$", "", re.sub("ies$", "y", match["noun"]))
    verb = f" {_VERBS[match['verb']]}" if match["verb"] else ""
    return f"{match['count']}{match['kind'] or ''} {noun}{verb}"
