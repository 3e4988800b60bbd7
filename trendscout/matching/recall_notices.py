"""Which products look like goods that were recalled: a warning, never a join."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from rapidfuzz import fuzz, process

from trendscout.text.titles import fold

# Of 100: all words of the notice's name must stand in the title, in whatever order, but for spelling.
LEAST = 92.0
_LEAST_WORDS = 2  # a name of one word ("lamp") says too little
# What notices say around the name of the goods.
_AROUND = re.compile(
    r"(?i)^(product (safety )?(recall|report|alert)|safety alert|recall)\s*:\s*|\s+recalled?\b.*$"
    r"|\s+due to\b.*$|\s*[;:(].*$|\s+sold (exclusively )?(on|at|by)\b.*$"
)


def name_of(notice: str) -> str:
    """The goods that a notice's title names: "Glow Pebbles Recalled Due to Burn Hazard" → "glow pebbles"."""
    return _plain(_AROUND.sub("", _AROUND.sub("", notice)))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", fold(text)))


def recalled(titles: Sequence[str], notices: Sequence[str]) -> list[int | None]:
    """For each title the position of the notice that looks most like it, or None."""
    names = [name_of(notice) for notice in notices]
    telling = [place for place, name in enumerate(names) if len(name.split()) >= _LEAST_WORDS]
    if not titles or not telling:
        return [None] * len(titles)
    plain = [_plain(title) for title in titles]
    alike = process.cdist([names[place] for place in telling], plain, scorer=fuzz.token_set_ratio)
    # The set ratio is 100 as soon as one side's words are all in the other; a title inside a name proves nothing.
    words = np.array([len(names[place].split()) for place in telling])[:, None]
    enough = words <= np.array([len(title.split()) for title in plain])[None, :]
    best = np.where(enough, alike, 0.0)
    nearest = best.argmax(axis=0)
    return [
        telling[int(place)] if best[place, column] >= LEAST else None
        for column, place in enumerate(nearest.tolist())
    ]
