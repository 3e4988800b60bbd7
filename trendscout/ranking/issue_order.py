"""Where a platform issues ids in order, a later id is a younger listing: the order that lies in item keys."""

from __future__ import annotations

import re

import numpy as np

from trendscout.history import History
from trendscout.ranking.arrays import Floats

_DIGITS = "FcwAPNKTMug3GV5Lj7EJnHpWsx4tb8haYeviqBz6rkCy12mUSDQX9RdoZf"
_VALUE = {character: value for value, character in enumerate(_DIGITS)}
_MASK, _XOR = 2**51 - 1, 23_442_827_791_579


# Titles, and ids drawn at random as YouTube's, match none.
_ISSUED = re.compile(r"(?P<bilibili>BV1[1-9A-HJ-NP-Za-km-z]{9})|(?P<asin>[0-9A-Z]{10})|(?P<number>[0-9]{6,20})")


def issue_order(history: History) -> Floats:
    """A number for each item that grows with its id's time of issue; 0 where the id tells no order."""
    return np.array([_number(key) for key in history.items], float)


def _number(key: str) -> int:
    found = _ISSUED.fullmatch(key)
    if found is None:
        return 0
    if found.lastgroup == "bilibili":
        return _upload_number(key)
    return int(key, 36 if found.lastgroup == "asin" else 10)


def _upload_number(key: str) -> int:
    """The upload number in a bilibili id: base 58 with two pairs of digits swapped, then an exclusive or."""
    digits = list(key)
    digits[3], digits[9], digits[4], digits[7] = digits[9], digits[3], digits[7], digits[4]
    number = 0
    for character in digits[3:]:
        number = number * 58 + _VALUE[character]
    return number & _MASK ^ _XOR
