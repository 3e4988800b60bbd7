"""Countries as exports name them, to market codes."""

from __future__ import annotations

from functools import cache

from trendscout.intake.values import Cell, words
from trendscout.text.markets import MARKETS

# As exports write them, beside the codes and the names that CLDR has.
_SITES = {
    "COM": "US",
    "CO.UK": "UK",
    "CO.JP": "JP",
    "COM.MX": "MX",
    "COM.BR": "BR",
    "COM.AU": "AU",
    "COM.TR": "TR",
    "COM.BE": "BE",
    "GB": "UK",
    "印尼": "ID",
    "沙特": "SA",
    "台湾": "TW",
    "USA": "US",
}
_LANGUAGES = ("zh", "en", "ja", "ko", "de", "fr", "es", "pt", "it", "id", "vi", "th", "ru")


def market_named(cell: Cell) -> str | None:
    """The market code of "US", "美国", "美国站", "Amazon.de" or "com"; None where it names none."""
    text = words(cell)
    if text is None:
        return None
    ending = text.upper().removeprefix("WWW.").removeprefix("AMAZON").lstrip(".-_ ")
    name = text.removesuffix("点").removesuffix("站").casefold()
    code = _SITES.get(text) or _SITES.get(ending) or _countries().get(name) or ending
    return code if code in MARKETS else None


@cache
def _countries() -> dict[str, str]:
    """Country names in the languages of our markets, by CLDR, to market codes."""
    from babel import Locale

    named = {name.casefold(): code for lang in _LANGUAGES for code, name in Locale(lang).territories.items()}
    return {name: _SITES.get(code, code) for name, code in named.items()}


def nearest(text: str) -> list[tuple[str, str]]:
    """(name, code) of the countries whose names are most like the text, three at most."""
    from difflib import get_close_matches

    known = {name: code for name, code in _countries().items() if code in MARKETS}
    return [(name, known[name]) for name in get_close_matches(text.casefold(), known, 3)]
