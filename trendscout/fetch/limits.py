"""How much one reply may cost."""

from __future__ import annotations

from dataclasses import dataclass

from trendscout.archive.wire import DECODED_LIMIT


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request; a reply beyond them is given up, not cut."""

    connect_s: float = 10.0
    silence_s: float = 20.0  # without a byte
    total_s: float = 60.0  # from connecting to the last byte
    header_bytes: int = 64 * 1024
    body_bytes: int = 16 * 1024 * 1024  # as received
    decoded_bytes: int = DECODED_LIMIT
    redirects: int = 5
    attempts: int = 3
    again_s: float = 60.0  # after so long with one request, all attempts together, there is no other
    backoff_s: float = 2.0  # before the second attempt; doubles with each
    patience_s: float = 180.0  # the longest Retry-After that is waited for within a run
    crawl_delay_s: float = 300.0  # the longest spacing that a robots.txt may ask for and get


REDIRECT_STATUS = frozenset((301, 302, 303, 307, 308))
