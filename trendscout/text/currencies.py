"""Currency signs as shops write them, to ISO 4217 codes."""

from __future__ import annotations

import re
from unicodedata import name

CURRENCIES = frozenset(
    "AED ARS AUD AWG AZN BDT BGN BHD BOB BRL BYN CAD CHF CLP CNY COP CRC CZK DKK DOP DZD EGP ETB EUR GBP GEL GHS"
    " GTQ HKD HUF IDR ILS INR IQD IRR ISK JOD JPY KES KRW KWD KZT LAK LBP LKR MAD MMK MNT MOP MXN MYR NGN NOK NPR"
    " NZD OMR PEN PHP PKR PLN PYG QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD TZS UAH UGX USD UYU UZS VND XAF XOF"
    " ZAR ZMW".split()
)
# Signs that mean one currency wherever they stand, by code; "_" stands for a blank. Matched as written.
_SIGNS_OF = {
    "AED": "د.إ درهم Dhs Dh DH",
    "AFN": "؋",
    "ALL": "Lek",
    "AMD": "֏",
    "AOA": "Kz",
    "ARS": "AR$",
    "AUD": "A$ AU$ AU_$",
    "AZN": "₼",
    "BAM": "KM",
    "BDT": "৳ Tk",
    "BGN": "лв. лв",
    "BHD": "د.ب",
    "BOB": "Bs",
    "BRL": "R$ R_$",
    "BZD": "BZ$",
    "CAD": "C$ CA$ C_$",
    "CHF": "Fr. SFr.",
    "CLP": "CLP$",
    "CNY": "CN¥ RMB 人民币 yuan",
    "COP": "COP$",
    "CRC": "₡",
    "CZK": "Kč",
    "DOP": "RD$",
    "DZD": "د.ج دج",
    "EGP": "ج.م E£ LE ج.م. جنيه",
    "EUR": "€ euros Euro euro",
    "GBP": "£ GB£",
    "GEL": "₾ ლ",
    "GHS": "GH₵ ₵",
    "GTQ": "Q",
    "HKD": "HK$ HK_$",
    "HRK": "kn",
    "HUF": "Ft",
    "IDR": "Rp Rp. RP rp",
    "ILS": '₪ ش״ח ש"ח ש״ח NIS',
    "INR": "₹",
    "IQD": "ع.د",
    "JMD": "J$",
    "JOD": "د.أ",
    "JPY": "JP¥ 円 yen",
    "KES": "KSh",
    "KHR": "៛",
    "KRW": "₩ 원",
    "KWD": "KD K.D. د.ك",
    "KZT": "₸ тг тенге",
    "LAK": "₭",
    "LKR": "රු",
    "MAD": "د.م",
    "MKD": "ден",
    "MMK": "Ks",
    "MNT": "₮",
    "MXN": "MX$ MXN$",
    "MYR": "RM",
    "NGN": "₦",
    "NZD": "NZ$",
    "OMR": "ر.ع",
    "PAB": "B/.",
    "PEN": "S/ S/.",
    "PHP": "₱ Php",
    "PLN": "zł Zł zl",
    "PYG": "₲ Gs.",
    "QAR": "ر.ق",
    "RSD": "дин дин. din.",
    "RUB": "₽ руб. руб рублей рубля р. Р",
    "SAR": "ر.س SR",
    "SGD": "S$ SG$ SGD$",
    "THB": "฿ บาท",
    "TND": "د.ت",
    "TRY": "₺ TL",
    "TTD": "TT$",
    "TWD": "NT$ NT NTD TW$ 新台幣",
    "TZS": "TSh",
    "UAH": "₴ грн. грн",
    "UGX": "USh",
    "USD": "US$ US_$ U$S U$D USD$",
    "UZS": "сум so'm",
    "VND": "₫ đ Đ đồng VNĐ vnđ",
    "XOF": "CFA FCFA",
}
_SIGNS = {sign.replace("_", " "): code for code, signs in _SIGNS_OF.items() for sign in signs.split()}
# Signs that several countries share: the market settles which one.
_SHARED: dict[str, dict[str, str]] = {
    "$": {
        "US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD", "SG": "SGD", "HK": "HKD", "TW": "TWD", "MX": "MXN",
        "AR": "ARS", "CL": "CLP", "CO": "COP", "UY": "UYU", "EC": "USD", "PR": "USD", "SV": "USD",
    },
    "¥": {"CN": "CNY", "JP": "JPY"},
    "元": {"CN": "CNY", "TW": "TWD", "HK": "HKD"},
    "تومان": {},  # ten rials, without a code of its own
    "Br": {"BY": "BYN", "ET": "ETB"},
    "kr": {"SE": "SEK", "NO": "NOK", "DK": "DKK", "IS": "ISK"},
    "Rs": {"IN": "INR", "PK": "PKR", "LK": "LKR", "NP": "NPR"},
    "R": {"ZA": "ZAR"},
    "K": {"ZM": "ZMW"},
    "lei": {"RO": "RON", "MD": "MDL"},
    "﷼": {"SA": "SAR", "QA": "QAR", "OM": "OMR", "IR": "IRR"},
}  # fmt: skip
# Codes that shops also write small.
_SMALL = {code.lower(): code for code in "AED CHF CZK DKK EUR GBP HUF NOK PLN RON RUB SEK TRY USD".split()}
_SPELT = {
    "kr.": "kr",
    "Kr": "kr",
    "Kr.": "kr",
    "Rs.": "Rs",
    "₨": "Rs",
    "Lei": "lei",
    "LEI": "lei",
    "KR": "kr",
    "圆": "元",
    "圓": "元",
    "ریال": "﷼",
    "ريال": "﷼",
}
_MARKETS_OWN = {
    "R": frozenset({"ZA"}),
    "K": frozenset({"ZM"}),
    "Q": frozenset({"GT"}),
    "LE": frozenset({"EG"}),
}  # too short to believe elsewhere

_WITHOUT_CENTS = frozenset("CLP COP HUF IDR IRR ISK JPY KRW LAK MMK PYG TWD UGX VND XAF XOF".split())
_THREE_PLACES = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


def _pattern() -> str:
    signs = sorted({*CURRENCIES, *_SIGNS, *_SHARED, *_SPELT, *_SMALL}, key=len, reverse=True)
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
    return sign if sign in CURRENCIES else _SIGNS.get(sign) or _SMALL.get(sign)


def is_plausible(sign: str, market: str | None) -> bool:
    """Whether the sign can be a currency there: a lone "R" is only in South Africa."""
    return market in _MARKETS_OWN[sign] if sign in _MARKETS_OWN else True


def places_of(code: str | None) -> int:
    """How many decimals prices in that currency show at most: 0, 2 or 3."""
    return 0 if code in _WITHOUT_CENTS else 3 if code in _THREE_PLACES else 2
