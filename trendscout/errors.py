"""Every error that trendscout raises on purpose.

TrendscoutError                    what happened, to what, what to do next
├── OurFault                       exit 1: a bug, met in the work on one query
├── UsageError                     exit 2: the command line or a file of the user's is wrong
│   └── ConfigError                ... and it is trendscout.toml, a job or a profile: names file, key, line
├── StoreError                     exit 4: the store is unusable
│   ├── StoreBusy                  another process holds it
│   ├── StoreLost                  a shared store went away, or did not take a change
│   ├── StoreForbidden             a shared store does not let this role do it
│   ├── StoreTooNew                written by a newer trendscout
│   └── StoreDamaged               not a store, or a broken one
├── ArchiveError                   exit 4: a record of the archive cannot be written or read
├── FetchError                     exit 3: a page did not come
│   ├── Refused                    robots.txt or our own limits say no
│   ├── TryLater                   the site asks for time: after_s
│   └── Unreachable                no answer, or a broken one, after the retries
│       └── Unanswered             a message was sent, and whether it arrived is not known
└── ReadError                      exit 3: a page came and gives no list
    ├── Blocked                    a wall: captcha, login, consent, geo-block, error code with status 200
    ├── NoPage                     the list's page is missing, a part of one, or an error of the site's
    └── LayoutChanged              no reader knows this page

A FetchError or ReadError never ends a run: `pipeline` turns it into an `Outcome` of that source.
Anything that is not a TrendscoutError is a bug and exits with 1.

The text of an exception leaves through this module only, without what `keep_secret` was told: `TrendscoutError`
takes the secrets out of its fields, `reason` and `trace` out of those of others.
"""

from __future__ import annotations

import re

__all__ = [
    "ArchiveError",
    "Blocked",
    "ConfigError",
    "FetchError",
    "LayoutChanged",
    "NoPage",
    "NoSuchList",
    "OurFault",
    "ReadError",
    "Refused",
    "StoreBusy",
    "StoreDamaged",
    "StoreError",
    "StoreForbidden",
    "StoreLost",
    "StoreTooNew",
    "TrendscoutError",
    "TryLater",
    "Unanswered",
    "Unreachable",
    "UsageError",
    "keep_secret",
    "masked",
    "reason",
    "trace",
]

_secrets: set[str] = set()
_SHORT = 6  # a shorter secret is taken out as a word of its own only: its signs stand in other words by chance


def keep_secret(text: str) -> None:
    """Let no error tell this text, in any of the forms that SQL, libpq and addresses give it."""
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    percent = "".join(
        sign if sign.isalnum() else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in text
    )
    forms = (text, quoted, text.replace("'", "''"), quoted.replace("'", "''"), percent, percent.lower())
    _secrets.update(form for form in forms if form)


def masked(text: str) -> str:
    """The text with every secret that is known taken out."""
    for secret in sorted(_secrets, key=len, reverse=True):
        pattern = re.escape(secret)
        text = re.sub(pattern if len(secret) >= _SHORT else rf"(?<!\w){pattern}(?!\w)", "***", text)
    return text


def reason(error: BaseException) -> str:
    """What an exception of another library says, in one line that may be shown, without a full stop."""
    lines = masked(str(error)).splitlines()
    return lines[0].rstrip(". ") if lines else type(error).__name__


def trace(error: BaseException) -> str:
    """Where an exception came from, line by line, as it may be shown."""
    import traceback

    return masked("".join(traceback.format_exception(error)))


class TrendscoutError(Exception):
    """A fault that the user can act on.

    `what` says what happened and to which source or file; `next_step` what to do about it. Both are English
    templates whose fields are in `fields`, so that the command line can say them in the user's language. Text in
    fields loses the secrets that are known.
    """

    exit_code = 1

    def __init__(self, what: str, *, next_step: str = "", **fields: object) -> None:
        self.what = what
        self.next_step = next_step
        self.fields = {
            name: masked(str(value)) if isinstance(value, str | BaseException) else value
            for name, value in fields.items()
        }
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = (self.what, self.next_step)
        return " ".join(part.format(**self.fields) for part in parts if part)


class OurFault(TrendscoutError):
    """A bug, met in the work on one query: told with the kind of fault and its place in our code.

    Not in the fault's own words: they may hold what the site sent, or a key.
    """

    def __init__(self, source: str, fault: BaseException) -> None:
        super().__init__(
            "{source}: a fault of trendscout itself: {kind} at {place}.",
            next_step="The other lists were collected. Please report it; what came is kept in the archive.",
            source=source,
            kind=type(fault).__name__,
            place=_place_of(fault),
        )


def _place_of(fault: BaseException) -> str:
    """File and line of ours where the fault came out."""
    place, trace = "?", fault.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename.replace("\\", "/")
        if "/trendscout/" in file:
            place = f"{file.rpartition('/trendscout/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


class UsageError(TrendscoutError):
    """The command line or a file of the user's is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file is wrong."""


class StoreError(TrendscoutError):
    """The store is unusable."""

    exit_code = 4


class StoreBusy(StoreError):
    """Another process holds the store."""


class StoreLost(StoreError):
    """A shared store went away while it was used, or did not take a change since another was quicker."""


class StoreForbidden(StoreError):
    """A shared store does not let this role read or write."""


class StoreTooNew(StoreError):
    """The store was written by a newer trendscout."""


class StoreDamaged(StoreError):
    """The file is not a store, or a broken one."""


class ArchiveError(TrendscoutError):
    """A record of the archive cannot be written or read."""

    exit_code = 4


class FetchError(TrendscoutError):
    """A page did not come."""

    exit_code = 3


class Refused(FetchError):
    """robots.txt, or a limit of ours, forbids the request."""


class TryLater(FetchError):
    """The site asks for time; `after_s` is how long, in seconds."""

    def __init__(self, what: str, *, after_s: float, next_step: str = "", **fields: object) -> None:
        super().__init__(what, next_step=next_step, after_s=after_s, **fields)
        self.after_s = after_s


class Unreachable(FetchError):
    """No answer, or a broken one, after the retries."""


class Unanswered(Unreachable):
    """A message was sent and no answer came: it may have arrived."""


class ReadError(TrendscoutError):
    """A page came and gives no list."""

    exit_code = 3


class Blocked(ReadError):
    """The page is a wall: captcha, login, consent, geo-block, or an error code behind status 200."""


class NoPage(ReadError):
    """The site answered, without a whole page: none is there, or it broke."""


class LayoutChanged(ReadError):
    """No reader knows this page."""


class NoSuchList(LayoutChanged):
    """The page was understood, and is no list of the source: one item, another site's rows, another kind."""
