"""Where an answer goes that is to go into a pipe."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO


def pipe_of(out: str | None, *, to_stdout: bool = False) -> AbstractContextManager[BinaryIO] | None:
    """Where bytes go if `out` is standard output or a pipe; None for a file or a pattern of one."""
    if to_stdout or out in ("-", "/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"):
        sys.stdout.flush()
        return nullcontext(getattr(sys.stdout, "buffer", None) or _AsText())
    path = Path(out) if out and "{" not in out else None
    if path is None or not path.exists() or path.is_file() or path.is_dir():
        return None
    return path.open("wb")


class _AsText(BytesIO):
    """Bytes for a standard output that takes text only, as a notebook's."""

    def write(self, data: Any, /) -> int:
        """Write what the bytes say in UTF-8."""
        sys.stdout.write(bytes(data).decode("utf-8-sig", "replace"))
        return len(data)
