"""What the readers of TikTok share: envelopes, errors behind status 200, markets."""

from __future__ import annotations

from typing import Any

from trendscout.errors import Blocked
from trendscout.model import Page
from trendscout.text.jsontext import dig, parse_json
from trendscout.text.markets import country_of, market_in

TERMS = "https://www.tiktok.com/legal/page/row/terms-of-service/en"
TAG_PAGE = "https://www.tiktok.com/tag/"


def country_code(market: str | None) -> str:
    """The country as TikTok names it."""
    return country_of(market or "US").upper()


def market_of(code: object) -> str | None:
    """The market of TikTok's country code; "ALL" is none."""
    if not isinstance(code, str) or len(code) != 2:
        return None
    return market_in(code)


def envelope(page: Page) -> Any:
    """The reply's value.

    Raises Blocked for an error code: TikTok sends those with status 200. Raises LayoutChanged if it is no JSON.
    """
    value = parse_json(page)
    code, message = _code_of(value)
    held = dig(value, "data")
    if code not in _FINE and isinstance(held, dict) and _code_of(held)[0] in (0, "0"):
        return value  # the code of a service that wraps TikTok's reply
    if code not in _FINE:
        raise Blocked(
            "{source}: TikTok answers with error {code} ({told}) behind status {status}.",
            next_step="Nothing was counted. Lists need no login here; a saved reply of your own can be ingested.",
            source=page.query.source,
            code=code,
            told=str(message or "")[:100],
            status=page.status,
        )
    return value


_FINE = (None, 0, "0", 200, "200")  # 200 is what services say that wrap a reply


def _code_of(value: Any) -> tuple[Any, Any]:
    """The code that a reply gives itself, and its words."""
    base = dig(value, "BaseResp")
    if base is not None:
        return dig(base, "StatusCode"), dig(base, "StatusMessage")
    codes = (dig(value, name) for name in ("code", "statusCode", "status_code"))
    return next((code for code in codes if code is not None), None), dig(value, "msg") or dig(value, "message")
