"""A foreign title in a few Chinese words, and where to search for suppliers with them."""

from __future__ import annotations

from urllib.parse import quote

from trendscout.text import glossary
from trendscout.text.titles import read_title

_NOT_GOODS = frozenset(("attribute", "material")) | glossary.EXCLUSIVE
_MOST_ATTRIBUTES = 3
_UNITS = {
    "ml": "毫升",
    "g": "克",
    "w": "瓦",
    "mah": "毫安",
    "inch": "英寸",
    "count": "件",
    "v": "伏",
    "tier": "层",
}


def gloss_zh(title: str) -> str | None:
    """The goods in Chinese with up to three attributes and the facts: "便携 充电 榨汁杯 400毫升".

    None if the title is Chinese already or the glossary knows no goods in it.
    """
    read = read_title(title)
    if read.han:
        return None
    entries = [glossary.entries()[concept] for concept in read.concepts]
    goods = [entry.chinese[0] for entry in entries if entry.kind not in _NOT_GOODS]
    if not goods:
        return None
    attributes = [entry.chinese[0] for entry in entries if entry.kind in _NOT_GOODS and entry.kind != "fit"]
    facts = [f"{value}{_UNITS[kind]}" for kind, value in read.facts if kind in _UNITS]
    return " ".join((*attributes[:_MOST_ATTRIBUTES], *goods[:2], *facts[:2]))


def english_words(title: str) -> str:
    """What the glossary knows of a Chinese title, in English with all its spellings, to be searched.

    Empty for a title that is not Chinese.
    """
    read = read_title(title)
    if not read.han:
        return ""
    return " ".join(word for concept in read.concepts for word in glossary.entries()[concept].english)


def search_1688(words: str) -> str:
    """The address of a 1688 search for Chinese words (1688 reads GBK)."""
    return f"https://s.1688.com/selloffer/offer_search.htm?keywords={quote(words.encode('gbk', 'ignore'))}"
