"""What saved pages that show their goods as cards share."""

from __future__ import annotations

from trendscout.sources._fields import PriceFields, shown_price
from trendscout.text.markup import LexborNode, all_of, text_of


def one_price(card: LexborNode, css: str, market: str, currency: str) -> PriceFields:
    """The one price that `css` finds in a card; of two different ones none.

    Sign, whole part and cents are text nodes of their own, so blanks between them say nothing.
    """
    texts = ((text_of(node) or "").replace(" ", "") for node in all_of(card, css))
    shown = {told for told in texts if any(map(str.isdigit, told))}
    return shown_price(shown.pop(), market, currency=currency) if len(shown) == 1 else {}
