"""Names for the arrays that pass between the modules of the ranking, and what numbers them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
Columns = dict[str, Floats]  # one value a row under each name


def number(codes: Ints) -> tuple[Ints, int]:
    """A number from 0 for each distinct code by its first row, and how many there are; linear in the rows."""
    if not len(codes):
        return np.empty(0, np.int32), 0
    low = int(codes.min())
    seen_at = np.empty(int(codes.max()) - low + 1, np.int32)
    position = np.arange(len(codes), dtype=np.int32)
    seen_at[codes[::-1] - low] = position[::-1]
    first = seen_at[codes - low]
    numbered = np.cumsum(first == position, dtype=np.int32) - 1
    return numbered[first], int(numbered[-1]) + 1
