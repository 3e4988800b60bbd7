"""Regular expressions that are compiled when they are first used.

The patterns of counts and prices take 30 ms to compile, which `trendscout sources` and other commands that read no
page need not pay.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Lazy:
    """Stands for a compiled pattern; each method is looked up once and then costs what the pattern's own does."""

    def __init__(self, source: str, flags: int) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, found)
        return found


def lazy(source: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern to call methods of; what is wrong in `source` is told at the first call."""
    return cast("re.Pattern[str]", _Lazy(source, flags))
