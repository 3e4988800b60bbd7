"""The orders that any ranking should beat, each a signal by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trendscout.ranking.arrays import Floats

Order = Callable[[Mapping[str, Floats]], Floats]  # signals -> score, higher first

BASELINES: dict[str, Order] = {
    "current rank": lambda signals: -signals["rank"],
    "rank change": lambda signals: signals["delta"],
    "first seen": lambda signals: signals["recency"],
    "log slope": lambda signals: signals["slope_naive"],
    "SigniTrend": lambda signals: signals["signitrend_naive"],
    "Poisson": lambda signals: signals["poisson_naive"],
    "burst CUSUM": lambda signals: signals["cusum_naive"],
}
