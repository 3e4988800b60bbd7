"""What to ask: the settings and the user's wishes as queries to sources."""

from __future__ import annotations

from collections.abc import Sequence

from trendscout.errors import UsageError
from trendscout.model import Query
from trendscout.settings.config import Settings
from trendscout.sources.source import Source, get_source, is_left_out, sources


def queries_for(
    settings: Settings,
    names: Sequence[str] = (),
    *,
    markets: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    kind: str = "",
) -> list[Query]:
    """What to ask: each source in each of the wanted markets that it has, for each category.

    A source of the settings whose file is left out keeps the others from nothing. Raises UsageError if nothing
    would be asked, or a named source cannot be collected.
    """
    wanted = markets or settings.markets
    queries = []
    for source in _chosen(settings, names):
        source_markets = [market for market in wanted if market in source.markets] if source.markets else [None]
        if source.everywhere:
            source_markets = list(source.markets)
        if markets and not source_markets:
            raise UsageError(
                "{source} has no list for {markets}.",
                next_step="It has {known}.",
                source=source.name,
                markets=", ".join(markets),
                known=", ".join(source.markets),
            )
        cats = categories or settings.categories.get(source.name) or source.categories[:1] or ("",)
        queries += [
            Query(source.name, market, kind or source.kinds[0], category)
            for market in source_markets
            for category in cats
        ]
    if not queries:
        raise UsageError(
            "There is nothing to collect.",
            next_step="Name a source (`trendscout sources` lists them), or give markets in trendscout.toml.",
        )
    return queries


def _chosen(settings: Settings, names: Sequence[str]) -> list[Source]:
    usable = [name for name in settings.sources if not is_left_out(name)]
    chosen = [get_source(name) for name in names or usable or settings.sources]
    for source in chosen:
        if source.requests is None:
            raise UsageError(
                "{source} cannot be collected: {why}",
                next_step="Save the page yourself and `trendscout ingest` it.",
                source=source.name,
                why=source.why,
            )
    return chosen or [source for source in sources().values() if source.default_on and source.requests]
