"""Where an answer goes that is to go into a pipe."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO


def pipe_of(out: str | None, *, to_stdout: bool = False) -> AbstractContextManager[BinaryIO] | None:
    """Where bytes go if `out` is standard output or a pipe; None for a file or a pattern of one."""
    if to_stdout or out in ("-", "/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"):
        return nullcontext(sys.stdout.buffer)
    path = Path(out) if out and "{" not in out else None
    if path is None or not path.exists() or path.is_file() or path.is_dir():
        return None
    return path.open("wb")
