"""Currency signs as shops write them, to ISO 4217 codes."""

from __future__ import annotations

import re
from unicodedata import name

_ISO = frozenset(
    "AED ARS AUD AWG AZN BDT BGN BHD BOB BRL BYN CAD CHF CLP CNY COP CRC CZK DKK DOP DZD EGP ETB EUR GBP GEL GHS"
    " GTQ HKD HUF IDR ILS INR IQD IRR ISK JOD JPY KES KRW KWD KZT LAK LBP LKR MAD MMK MNT MOP MXN MYR NGN NOK NPR"
    " NZD OMR PEN PHP PKR PLN PYG QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD TZS UAH UGX USD UYU UZS VND XAF XOF"
    " ZAR ZMW".split()
)
# Signs that mean one currency wherever they stand. Matched as written; letters must not continue on either side.
_SIGNS = {
    "US$": "USD", "US $": "USD", "U$S": "USD", "U$D": "USD", "USD$": "USD",
    "€": "EUR", "£": "GBP", "GB£": "GBP", "₹": "INR", "₩": "KRW", "원": "KRW", "₫": "VND", "đ": "VND", "Đ": "VND",
    "đồng": "VND", "VNĐ": "VND", "vnđ": "VND", "Rp": "IDR", "Rp.": "IDR", "RP": "IDR", "rp": "IDR",
    "RM": "MYR", "₱": "PHP", "Php": "PHP", "฿": "THB", "บาท": "THB", "R$": "BRL", "R $": "BRL",
    "NT$": "TWD", "NT": "TWD", "NTD": "TWD", "TW$": "TWD", "新台幣": "TWD", "HK$": "HKD", "HK $": "HKD",
    "S$": "SGD", "SG$": "SGD", "SGD$": "SGD", "A$": "AUD", "AU$": "AUD", "AU $": "AUD",
    "C$": "CAD", "CA$": "CAD", "C $": "CAD",
    "NZ$": "NZD", "MX$": "MXN", "MXN$": "MXN", "AR$": "ARS", "CLP$": "CLP", "COP$": "COP", "CN¥": "CNY",
    "RMB": "CNY", "人民币": "CNY", "JP¥": "JPY", "円": "JPY", "Kč": "CZK", "zł": "PLN", "Ft": "HUF", "₺": "TRY",
    "TL": "TRY", "₽": "RUB", "руб.": "RUB", "руб": "RUB", "рублей": "RUB", "рубля": "RUB", "р.": "RUB", "₴": "UAH",
    "грн.": "UAH", "грн": "UAH", "₸": "KZT", "лв.": "BGN", "лв": "BGN", "₪": "ILS", "₦": "NGN", "৳": "BDT",
    "Tk": "BDT", "S/": "PEN", "S/.": "PEN", "₲": "PYG", "Gs.": "PYG", "د.إ": "AED", "درهم": "AED", "Dhs": "AED",
    "ر.س": "SAR", "SR": "SAR", "ج.م": "EGP", "KSh": "KES", "GH₵": "GHS", "Fr.": "CHF", "SFr.": "CHF", "CHF": "CHF",
    "₾": "GEL", "₼": "AZN", "₭": "LAK", "B/.": "PAB", "Bs": "BOB", "euros": "EUR", "Euro": "EUR", "euro": "EUR",
}  # fmt: skip
# Signs that several countries share: the market settles which one.
_SHARED: dict[str, dict[str, str]] = {
    "$": {
        "US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD", "SG": "SGD", "HK": "HKD", "TW": "TWD", "MX": "MXN",
        "AR": "ARS", "CL": "CLP", "CO": "COP", "UY": "UYU", "EC": "USD", "PR": "USD", "SV": "USD",
    },
    "¥": {"CN": "CNY", "JP": "JPY"},
    "元": {"CN": "CNY", "TW": "TWD", "HK": "HKD"},
    "kr": {"SE": "SEK", "NO": "NOK", "DK": "DKK", "IS": "ISK"},
    "Rs": {"IN": "INR", "PK": "PKR", "LK": "LKR", "NP": "NPR"},
    "R": {"ZA": "ZAR"},
    "K": {"ZM": "ZMW"},
    "lei": {"RO": "RON", "MD": "MDL"},
    "﷼": {"SA": "SAR", "QA": "QAR", "OM": "OMR", "IR": "IRR"},
}  # fmt: skip
_SPELT = {"kr.": "kr", "Kr": "kr", "Kr.": "kr", "Rs.": "Rs", "₨": "Rs", "Lei": "lei", "ریال": "﷼", "ريال": "﷼"}
_MARKETS_OWN = {"R": frozenset({"ZA"}), "K": frozenset({"ZM"})}  # too short to believe elsewhere

_WITHOUT_CENTS = frozenset("CLP IDR ISK JPY KRW LAK MMK PYG UGX VND XAF XOF".split())
_THREE_PLACES = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


def _pattern() -> str:
    signs = sorted({*_ISO, *_SIGNS, *_SHARED, *_SPELT}, key=len, reverse=True)
    return "|".join(
        (r"(?<![A-Za-z])" if _is_spelt(sign[0]) else "")
        + re.escape(sign)
        + (r"(?![^\W\d_])" if _is_spelt(sign[-1]) else "")
        for sign in signs
    )


def _is_spelt(char: str) -> bool:
    return name(char).startswith(("LATIN", "CYRILLIC"))


CURRENCY = f"(?:{_pattern()})"  # matches one sign, the longest first


def code_of(sign: str, market: str | None) -> str | None:
    """The ISO 4217 code of a sign in a market, or None where the sign is shared and the market unknown."""
    sign = _SPELT.get(sign, sign)
    if sign in _SHARED:
        return _SHARED[sign].get(market or "")
    return sign if sign in _ISO else _SIGNS.get(sign)


def is_plausible(sign: str, market: str | None) -> bool:
    """Whether the sign can be a currency there: a lone "R" is only in South Africa."""
    return market in _MARKETS_OWN[sign] if sign in _MARKETS_OWN else True


def places_of(code: str | None) -> int:
    """How many decimals prices in that currency show at most: 0, 2 or 3."""
    return 0 if code in _WITHOUT_CENTS else 3 if code in _THREE_PLACES else 2
