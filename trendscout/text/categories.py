"""A seller's own names of categories (品类) and those of lists: which mean the same."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from trendscout.text import glossary
from trendscout.text.titles import fold, read_title

_NO_GOODS = frozenset(("material",)) | glossary.EXCLUSIVE
_PARTED = re.compile(r"[-_+/&>,]+")
# Departments as sellers and sites name them: a part of the Chinese name, and words of the English one.
_DEPARTMENTS = {
    "家居": "home", "数码": "electronics", "电子": "electronics", "家电": "appliances", "服装": "clothing apparel",
    "服饰": "clothing apparel", "母婴": "baby", "美妆": "beauty", "美容": "beauty", "个护": "personal care",
    "运动": "sports", "户外": "outdoor outdoors", "办公": "office", "文具": "stationery", "汽车": "automotive car",
    "汽配": "automotive", "五金": "tools hardware", "饰品": "jewelry", "珠宝": "jewelry", "箱包": "luggage bags",
    "鞋": "shoes", "园艺": "garden", "灯": "lighting lights", "食品": "grocery food", "厨": "kitchen",
}  # fmt: skip


def alike(own: str, listed: Iterable[str], table: Mapping[str, Collection[str]]) -> frozenset[str]:
    """The categories of lists that an own one means: those that the table says, else by name, else by glossary.

    By glossary two are alike that name the same goods or department in whatever language: 厨房用品, home-kitchen.
    """
    said = table.get(own)
    if said is not None:
        return frozenset(listed) & frozenset(said)
    listed = tuple(listed)
    same = frozenset(name for name in listed if _plain(name) == _plain(own))
    if same:
        return same
    goods, words = _goods(own), _department(own)
    return frozenset(name for name in listed if goods & _goods(name) or words & {*_plain(name).split()})


def _plain(name: str) -> str:
    return " ".join(_PARTED.sub(" ", fold(name)).split())


def _goods(name: str) -> frozenset[int]:
    """The glossary's goods in a name."""
    concepts = read_title(_plain(name)).concepts
    return frozenset(one for one in concepts if glossary.entries()[one].kind not in _NO_GOODS)


def _department(own: str) -> frozenset[str]:
    """The English words of the departments in a Chinese name."""
    return frozenset(word for part, words in _DEPARTMENTS.items() if part in own for word in words.split())
