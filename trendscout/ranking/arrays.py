"""Names for the arrays that pass between the modules of the ranking."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
Columns = dict[str, Floats]  # one value a row under each name
