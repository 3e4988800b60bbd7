"""Market codes in list ids and on the command line."""

from __future__ import annotations

import re

# ISO 3166-1 alpha-2, and UK and EU as people write them.
MARKETS = frozenset(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET EU FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS
    IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM
    MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS
    PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK
    TL TM TN TO TR TT TV TW TZ UA UG UK UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW""".split()
)
_CODE = re.compile(r"(?:^|[/_])([A-Z]{2})(?=$|[/_])")


def market_of(list_id: str) -> str | None:
    """The first market code that stands between `/` or after `_` in a list id, or None."""
    return next((code for code in _CODE.findall(list_id) if code in MARKETS), None)


def country_of(market: str | None) -> str:
    """A market as addresses have it: `us`, and `gb` for UK; empty where none is known."""
    return "gb" if market == "UK" else (market or "").lower()


def market_in(country: str) -> str:
    """The market of a country's code in any case: UK for GB."""
    return "UK" if country.upper() == "GB" else country.upper()


def split_list_id(list_id: str) -> tuple[str, str | None, str, str]:
    """(source, market, kind, category) of a list id of any form; what it does not say is "" or None.

    `amazon_US/bestsellers/anime` → (amazon, US, bestsellers, anime); `billboard_hot100/US` → (billboard_hot100,
    US, "", ""); `twitter_trends/Chennai` → (twitter_trends, None, "", Chennai).
    """
    market = market_of(list_id)
    head, *rest = list_id.split("/")
    rest = [part for part in rest if part != market]
    if market and head.endswith(f"_{market}"):
        head = head[: -len(market) - 1]
    kind, category = (rest[0], "/".join(rest[1:])) if len(rest) > 1 else ("", "".join(rest))
    return head, market, kind, category
