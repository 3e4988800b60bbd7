"""Arrays and plain values as bytes and back, bit by bit: what the store keeps of what was computed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PLAIN = "plain"  # the name beside those of the arrays


def to_bytes(plain: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """One value of both; the arrays hold numbers."""
    out = BytesIO()
    text = np.frombuffer(json.dumps(plain).encode(), np.uint8)
    np.savez(out, allow_pickle=False, **{_PLAIN: text}, **arrays)
    return out.getvalue()


def from_bytes(value: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The plain values and the arrays that `to_bytes` was given."""
    with np.load(BytesIO(value), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return json.loads(arrays.pop(_PLAIN).tobytes()), arrays
