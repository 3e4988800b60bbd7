"""Our figures are the judge's, and the quality does not fall below its floors."""

import importlib.util
import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from trendscout.history import cut
from trendscout.ranking import backtest as backtests
from trendscout.ranking.backtest import GroupReport, backtest
from trendscout.ranking.rules import PRESETS
from trendscout.ranking.targets import first_days_over_plain
from trendscout.ranking.walk_forward import Material, WalkForward, start_score
from trendscout.store.histories import read_history

SHARED = Path(os.environ.get("TRENDSCOUT_SHARED", "../shared"))
GATE = tomllib.loads(Path("gate/floors.toml").read_text(encoding="utf-8"))
FLOORS, SHOWN_FLOORS = dict(GATE["ranking"]), GATE["shown"]
MEAN_FLOOR = FLOORS.pop("geometric_mean")
# The first snapshots are enough to agree on, and quick to judge.
SNAPSHOTS = 800
# All histories take five CPU minutes: `make test` holds lists of goods to their floors, `make gate` all of them.
EVERY_TIME = frozenset(("amazon_us", "oliveyoung_kr"))

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(not (SHARED / "series").is_dir(), reason="no histories: set TRENDSCOUT_SHARED"),
]
NAMES = sorted(name for name in PRESETS if (SHARED / "series" / f"{name}.parquet").is_file())


@pytest.fixture(scope="module", name="judge")
def _judge() -> ModuleType:
    spec = importlib.util.spec_from_file_location("judge_ranking", SHARED / "eval" / "judge_ranking.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", [name if name in EVERY_TIME else pytest.param(name, marks=pytest.mark.long) for name in NAMES]
)
def test_the_baselines_agree_with_the_judge(name: str, judge: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtests, "walk_forward", without_models)
    path = SHARED / "series" / f"{name}.parquet"
    history = read_history(path)
    until = int(np.unique(history.snap_time)[:SNAPSHOTS][-1])
    report = backtest(cut(history, until), name=name).reports[0]
    lists = {
        key: kept
        for key, snaps in judge.load(str(path))[0].items()
        if len(kept := [snap for snap in snaps if snap[0] <= until]) >= 12
    }
    queries, _, _ = judge.build(name, lists, PRESETS[name].label)
    assert (report.queries, report.hits) == (len(queries), sum(int(query[5].sum()) for query in queries))
    for baseline, order in judge.BASELINES.items():
        theirs, _ = judge.judge(queries, lambda query, order=order: order(query[3]))
        ours = report.baselines[baseline]
        for metric in ("ap", "p10", "p20"):
            assert getattr(ours, metric) == pytest.approx(theirs[metric], abs=0.005), (baseline, metric)


def without_models(material: Material) -> WalkForward:
    """Nothing is fitted: baselines need none, and fits are the most of a backtest's time."""
    none = np.full(len(material.rows), np.nan)
    return WalkForward(material, start_score(material.features), none, none, none, ())


def second_half(name: str) -> GroupReport:
    history = read_history(SHARED / "series" / f"{name}.parquet")
    middle = datetime.fromtimestamp(float(np.median(np.unique(history.snap_time))), UTC)
    return backtest(history, name=name, since=middle).reports[0]


@pytest.mark.parametrize(
    "name",
    [
        name if name in EVERY_TIME else pytest.param(name, marks=pytest.mark.long)
        for name in sorted({*FLOORS, *SHOWN_FLOORS})
    ],
)
def test_a_history_keeps_its_floors(name: str) -> None:
    """One test a history: replaying it costs half a minute, and workers of pytest share nothing."""
    report = second_half(name)
    if name in FLOORS:
        assert report.ratio is not None
        assert report.ratio >= FLOORS[name]
        assert report.ece is not None
        assert report.base is not None
        assert report.ece <= min(0.03, 0.6 * report.base)  # a chance of 0 for all has the base rate's
    if name in SHOWN_FLOORS:
        shown = report.shown
        assert shown is not None
        assert shown.came >= SHOWN_FLOORS[name]
        assert shown.came >= 1.3 * shown.rules["SigniTrend"]
        assert shown.said_less_came_95 is not None
        low, high = shown.said_less_came_95
        assert low <= 0.05
        assert high >= -0.05
        assert shown.bands_hold is not None
        assert shown.bands_hold >= 0.75
        assert shown.width is not None
        assert shown.width <= 2
        assert shown.fallen <= 0.03
        first_days = first_days_over_plain(report.first_days)
        assert first_days is not None
        assert first_days >= 1


def test_the_floors_together_keep_the_mean() -> None:
    """Where each history keeps its own floor, the geometric mean of the ratios is no lower than the floors'."""
    assert set(FLOORS) == set(NAMES)
    assert np.exp(np.mean(np.log(list(FLOORS.values())))) >= MEAN_FLOOR
