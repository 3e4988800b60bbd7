"""Every signal that the model reads is explained: in words, in both languages, and in docs/ranking.md."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.ranking.histories import market
from trendscout.ranking.model_features import PLACED, features_of
from trendscout.ranking.rules import derive_rules
from trendscout.ranking.signal_replay import replay
from trendscout.ranking.surroundings import Surroundings, context_of
from trendscout.report.signal_names import named

DOCS = Path(__file__).parents[2] / "docs" / "ranking.md"


@pytest.fixture(scope="module")
def names() -> list[str]:
    history = market(3, days=6, lists=2)
    rules = derive_rules(history, history.lists[0].partition("/")[0])
    every = np.ones(len(history.snap_list), bool)
    part = replay(history, np.full(len(history.lists), 86_400.0), every)
    context = context_of(history, rules, part.rows, Surroundings(history), np.zeros(len(part.rows)))
    return list(features_of(part.signals, history.obs_snap[part.rows], context))


def test_every_signal_has_words_in_both_languages(names: list[str]) -> None:
    assert len(names) > 50
    assert [name for name in names if named(name, "en") == name] == []
    assert [name for name in names if named(name, "zh") == named(name, "en")] == []


def test_every_signal_has_its_row_in_the_documentation(names: list[str]) -> None:
    table = re.findall(r"^\| ([\w, …]+) \|", DOCS.read_text(encoding="utf-8").split("## Signals")[1], re.MULTILINE)
    told = {name.strip() for cell in table for name in cell.split(",")}
    placed = {f"{name}_place" for name in PLACED}
    assert "…_place" in told
    assert set(names) - placed - told == set()
