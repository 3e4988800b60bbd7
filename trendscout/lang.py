"""Text for people, in English and Chinese.

English is written where it is used and is the key: `tr("rank {a} → {b}", "zh", a=84, b=21)`. Chinese stands in
locale/zh/*.toml, one flat table `"English" = "中文"` a file. A test finds every key that has no Chinese.
"""

from __future__ import annotations

from functools import cache
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
        text = known.get(text, text)
        fields = {
            name: known.get(value, value) if isinstance(value, str) and name not in GIVEN else value
            for name, value in fields.items()
        }
    return text.format(**fields) if fields else text
