"""Posting to the user's own chat: one small request, one small answer, and no address in any error."""

from __future__ import annotations

from trendscout.errors import Unreachable

_TIMEOUT_S = 20.0
_ANSWER_BYTES = 65_536


def post_json(url: str, body: bytes) -> tuple[int, bytes]:
    """HTTP status and answer (its first 64 KiB) of posting JSON to an address that the user configured.

    Raises Unreachable, which names neither address nor body: the address is a secret.
    """
    import httpx

    headers = {"Content-Type": "application/json; charset=utf-8"}
    try:
        with (
            httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=body, headers=headers) as answer,
        ):
            said = b""
            for chunk in answer.iter_bytes(_ANSWER_BYTES):
                said += chunk
                if len(said) >= _ANSWER_BYTES:
                    break
            return answer.status_code, said[:_ANSWER_BYTES]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unreachable("The channel gave no answer ({kind}).", kind=type(error).__name__) from None
