"""Writes trendscout/text/traditional.txt: each traditional character and its simplified form, by OpenCC's data.

    python docs/traditional.py

`tests/matching/test_titles.py` compares the table with what the pinned OpenCC says (its data: Apache License 2.0).
The library takes 7 MB, and 40 ms of every start that reads a title, for these 3,563 pairs.
"""

from __future__ import annotations

from pathlib import Path

from opencc import OpenCC

TABLE = Path(__file__).parent.parent / "trendscout" / "text" / "traditional.txt"
_A_LINE = 36


def table() -> str:
    """The pairs, a line of them for every few rows of Unicode's block."""
    every = "".join(map(chr, range(0x4E00, 0xA000)))
    pairs = [old + new for old, new in zip(every, OpenCC("t2s").convert(every), strict=True) if old != new]
    return "".join(f"{' '.join(pairs[at : at + _A_LINE])}\n" for at in range(0, len(pairs), _A_LINE))


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
