"""Posting to the user's own chat: one small request, one small answer, and no address in any error."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from trendscout.errors import Unanswered, Unreachable

_TIMEOUT_S = 20.0  # in all: an answer that drips a byte every few seconds is none
_ANSWER_BYTES = 65_536


def post_json(
    url: str, body: bytes, headers: Mapping[str, str] | None = None, *, timeout_s: float = _TIMEOUT_S
) -> tuple[int, bytes]:
    """HTTP status and answer (its first 64 KiB) of posting JSON to an address that the user configured.

    Raises Unreachable, or Unanswered where the message was sent and may have arrived. Neither names address or
    body: the address is a secret.
    """
    try:
        return asyncio.run(_posted(url, body, headers or {}, timeout_s))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Unreachable("The channel cannot be reached ({kind}).", kind=type(error).__name__) from None
    except (httpx.HTTPError, TimeoutError, ValueError) as error:
        raise Unanswered("The channel gave no answer ({kind}).", kind=type(error).__name__) from None


async def _posted(url: str, body: bytes, more: Mapping[str, str], timeout_s: float) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json; charset=utf-8", **more}
    async with (
        asyncio.timeout(timeout_s),
        httpx.AsyncClient(timeout=timeout_s / 2, follow_redirects=False, trust_env=False) as client,
        client.stream("POST", url, content=body, headers=headers) as answer,
    ):
        said = b""
        async for chunk in answer.aiter_bytes(_ANSWER_BYTES):
            said += chunk
            if len(said) >= _ANSWER_BYTES:
                break
        return answer.status_code, said[:_ANSWER_BYTES]
