"""What a foreign title sells, in a few Chinese words, and where to look for a supplier of it."""

from __future__ import annotations

from urllib.parse import quote

from trendscout.text.glossary import entries, find
from trendscout.text.titles import read_title

_MOST_WORDS = 4  # of a gloss: it names the thing, it does not translate the title
_SEARCH_1688 = "https://s.1688.com/selloffer/offer_search.htm?keywords={words}"


def gloss_zh(title: str | None) -> str | None:
    """A short Chinese gloss of a title in another script; None where the glossary knows no word of it."""
    if not title:
        return None
    read = read_title(title)
    if read.han:
        return None
    words = [entries()[concept].chinese[0] for concept in find(read.words)]
    kept = list(dict.fromkeys(words))[:_MOST_WORDS]
    return "".join(kept) or None


def search_1688(title: str | None) -> str | None:
    """A 1688 search for what a title sells: by its gloss, or by the title itself where that is Chinese."""
    if not title:
        return None
    words = title[:30] if read_title(title).han else gloss_zh(title)
    # The site reads its search words as GBK.
    return _SEARCH_1688.format(words=quote(words.encode("gbk", "ignore"))) if words else None
