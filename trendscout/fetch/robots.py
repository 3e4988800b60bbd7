"""robots.txt by RFC 9309: what it allows us, and how much time it wants between requests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from protego import Protego

from trendscout.findings import Finding, words

AGENT = "trendscout"
MAX_BYTES = 500 * 1024  # RFC 9309, 2.5: a parser reads at least this much; we read no more
_MAX_AGE = timedelta(hours=24)  # RFC 9309, 2.4
_MAX_AGE_UNREACHABLE = timedelta(minutes=10)
_AGENT_LINE = re.compile(r"\s*(?:user-agent|useragent|user\s+agent)\s*[:\s]([^#]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Robots:
    """One host's rules for us."""

    read_at: datetime
    rules: Protego | None  # None: the same answer for every address
    allow_all: bool = True  # ... which is this
    why: Finding | None = None  # why everything is disallowed

    def is_fresh(self, now: datetime) -> bool:
        """Whether the rules still hold."""
        return now - self.read_at < (_MAX_AGE_UNREACHABLE if self.why else _MAX_AGE)

    def allows(self, url: str) -> bool:
        """Whether we may ask for `url`."""
        return self.allow_all if self.rules is None else bool(self.rules.can_fetch(url, AGENT))

    def delay_s(self) -> float:
        """Seconds that the host wants between two requests; 0 if it does not say."""
        if self.rules is None:
            return 0.0
        delay = self.rules.crawl_delay(AGENT) or 0.0
        rate = self.rules.request_rate(AGENT)
        return max(float(delay), rate.seconds / rate.requests if rate and rate.requests else 0.0)


def read_robots(status: int, body: bytes, now: datetime) -> Robots:
    """The rules that a reply to /robots.txt stands for.

    2xx is parsed; 4xx means that there are no rules; 429, 5xx and everything else mean "not now", which is no.
    """
    if 200 <= status < 300:
        text = body[:MAX_BYTES].decode("utf-8-sig", errors="replace")
        return Robots(now, Protego.parse(_ours(text)))
    if 400 <= status < 500 and status != 429:
        return Robots(now, None)
    return unreachable(now, words("HTTP {status}", status=status))


def unreachable(now: datetime, why: Finding) -> Robots:
    """Everything is disallowed: what RFC 9309, 2.3.1.4 says to assume if robots.txt does not come."""
    return Robots(now, None, allow_all=False, why=why)


def _ours(text: str) -> str:
    """The file with all agents but us and "*" under one name.

    The parser's time grows with agents times rules: 45 s for 123 kB of 4,000 each.
    """
    lines = []
    for line in text.splitlines():
        if match := _AGENT_LINE.match(line):
            name = match[1].strip().lower()
            if name.startswith(AGENT):  # "trendscout/1.0" means us
                name = AGENT
            elif not AGENT.startswith(name.replace("*", "")):
                name = "other"
            line = f"User-agent: {name}"
        lines.append(line)
    return "\n".join(lines)
