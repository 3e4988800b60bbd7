"""A file that the user names, where "-" is standard input."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trendscout.errors import UsageError

_CHUNK = 1 << 20
_MAX_BYTES = 1 << 30


@contextmanager
def given(path: Path) -> Iterator[Path]:
    """The file, or for "-" one that holds what came on standard input, for as long as the context lasts."""
    if str(path) != "-":
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stdin"
        with file.open("wb") as kept:
            while chunk := sys.stdin.buffer.read(_CHUNK):
                if kept.tell() + len(chunk) > _MAX_BYTES:
                    raise UsageError(
                        "Standard input has more than {limit} MiB.",
                        next_step="Give the path of a file.",
                        limit=_MAX_BYTES >> 20,
                    )
                kept.write(chunk)
        yield file
