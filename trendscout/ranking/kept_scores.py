"""Scores as bytes and back, bit by bit: a second view of the same state need not compute them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import Any

import numpy as np

from trendscout import __version__
from trendscout.ranking import packed
from trendscout.ranking.breakout_model import Fitted
from trendscout.ranking.rules import Rules
from trendscout.ranking.scoring import COLUMNS, KEPT, Scores

_CODE = ("ranking", "history.py", "store/query.py")  # what a history is read and scored by


@cache
def made_by() -> str:
    """A digest of the code that scores, and of the versions of what computes for it: other code, other scores."""
    digest = blake2b(f"{__version__} {np.__version__}".encode(), digest_size=16)
    package = resources.files("trendscout")
    for name in _CODE:
        place = package / name
        files = sorted(place.iterdir(), key=lambda file: file.name) if place.is_dir() else [place]
        for file in files:
            if file.name.endswith(".py"):
                digest.update(file.read_bytes())
    return digest.hexdigest()


def to_bytes(scores: Scores, about: Mapping[str, Any]) -> bytes:
    """The scores, and with them what is to be known `about` them, as plain values."""
    plain = {
        "about": about,
        "lists": scores.lists,
        "items": scores.items.tolist(),
        "titles": scores.titles.tolist(),
        "rules": {group: asdict(rules) for group, rules in scores.rules.items()},
        "models": {group: model.to_dict() for group, model in scores.models.items()},
    }
    columns = {name: getattr(scores, name) for name in COLUMNS} | dict(scores.signals)
    return packed.to_bytes(plain, columns)


def from_bytes(value: bytes) -> tuple[Scores, Mapping[str, Any]]:
    """The scores that `to_bytes` was given, and what is to be known about them."""
    plain, arrays = packed.from_bytes(value)
    scores = Scores(
        lists=tuple(plain["lists"]),
        items=np.array(plain["items"], object),
        titles=np.array(plain["titles"], object),
        rules={group: Rules(**rules) for group, rules in plain["rules"].items()},
        models={
            group: model
            for group, kept in plain["models"].items()
            if (model := Fitted.from_dict(kept)) is not None
        },
        signals={name: arrays[name] for name in KEPT},
        **{name: arrays[name] for name in COLUMNS},
    )
    return scores, plain["about"]
