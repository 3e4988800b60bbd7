"""One way to stop: SIGTERM is taken as SIGINT is, so that whatever is at work ends as it does on Ctrl-C."""

from __future__ import annotations

import signal
from types import FrameType

_asked = signal.SIGINT


class Stopped(SystemExit):
    """The end of a process that was stopped, when its user was told."""


def listen() -> None:
    """From now on SIGTERM stops this process as SIGINT does, also as the first process of a container."""
    signal.signal(signal.SIGTERM, _on_sigterm)


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    global _asked  # noqa: PLW0603 - a process is stopped once
    _asked = signal.Signals(number)
    handler = signal.getsignal(signal.SIGINT)  # asyncio's own while a crawl runs: it lets requests end first
    if callable(handler):
        handler(signal.SIGINT, frame)
    else:  # a shell started this in the background, without SIGINT
        raise KeyboardInterrupt


def exit_code() -> int:
    """What a process that was stopped exits with: 130 for SIGINT, 143 for SIGTERM."""
    return 128 + _asked


def is_stop(error: BaseException | None) -> bool:
    """Whether an exception is a stop, or comes from one: DuckDB and imports of C code say it otherwise."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False
