"""The demo's desk: the simulated market, played up to its last morning, with its sites still answering."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trendscout.clock import VirtualClock
from trendscout.demo.goods import CATEGORIES
from trendscout.demo.market import World
from trendscout.demo.run import MARKETS, run_demo
from trendscout.demo.server import MarketServer
from trendscout.lang import Lang
from trendscout.settings.config import Settings
from trendscout.store.workspace import Workspace

_SEED = 7


@dataclass(frozen=True, slots=True)
class DemoDesk:
    """What a desk on the demo is served from. Its time stands still on the last morning."""

    workspace: Workspace
    settings: Settings
    clock: VirtualClock
    base_urls: Mapping[str, str]


@contextmanager
def demo_desk(out: Path, *, days: int, lang: Lang, say: Callable[..., object]) -> Iterator[DemoDesk]:
    """Play the demo into DIR, or what of it is not played yet, and keep its sites up while inside."""
    result = run_demo(out, days=days, seed=_SEED, lang=lang, say=say)
    with MarketServer(World(_SEED, days, MARKETS)) as server:
        server.turn(days - 1)
        categories = {name: list(CATEGORIES) for name in ("amazon_bestsellers", "aliexpress")}
        settings = Settings(
            contact="demo@market.example",
            markets=MARKETS,
            sources=("amazon_bestsellers", "aliexpress", "tiktok_hashtags", "google_trends"),
            categories=categories,
        )
        clock = VirtualClock(result.report.as_of)
        yield DemoDesk(Workspace.at(result.store, result.archive), settings, clock, server.base_urls)
