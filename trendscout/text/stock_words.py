"""What a title says of the stock: sold out, few left, to come, back again."""

from __future__ import annotations

from trendscout.text.titles import fold

_WORDS = {
    "sold_out": "sold out|out of stock|unavailable|售罄|缺货|断货|卖完|habis|agotado|esgotado|ausverkauft",
    "few_left": "few left|last one|almost gone|仅剩|库存紧张|即将售罄|stok terbatas|ultimas unidades",
    "preorder": "pre-order|preorder|pre order|预售|预定|预购|preventa|vorbestell",
    "restock": "restock|back in stock|补货|到货|返场|ready stock",
}


def stock_words(title: str) -> frozenset[str]:
    """The codes of what a title says: sold_out, few_left, preorder, restock."""
    folded = fold(title)
    return frozenset(code for code, words in _WORDS.items() if any(word in folded for word in words.split("|")))
