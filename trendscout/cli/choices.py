"""What a shell may complete: the names that there are. Nothing here may fail, or wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

_MOST = 200


def _completed(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """The names that begin with what is typed; none where they cannot be had."""

    def complete(incomplete: str) -> list[str]:
        try:
            wanted = incomplete.lower()
            return list(islice((name for name in names() if name.lower().startswith(wanted)), _MOST))
        except Exception:  # noqa: BLE001 - a shell shows no errors while somebody types
            return []

    return complete


def _home() -> Path:
    from trendscout.settings.config import load_settings

    return load_settings(None).home


@_completed
def given_sources() -> Iterable[str]:
    """Sources that there are."""
    from trendscout.sources.source import sources

    return sorted(sources())


@_completed
def given_markets() -> Iterable[str]:
    """Markets of the sources."""
    from trendscout.sources.source import sources

    return sorted({market for source in sources().values() for market in source.markets})


@_completed
def given_categories() -> Iterable[str]:
    """Categories of the sources."""
    from trendscout.sources.source import sources

    return sorted({name for source in sources().values() for name in source.categories if name})


@_completed
def given_packs() -> Iterable[str]:
    """Selection packs, shipped and the user's."""
    from trendscout.report.packs import load

    return sorted(load(_home() / "packs", tell=lambda _: None))


@_completed
def given_sorts() -> Iterable[str]:
    """What a report can be sorted by."""
    from trendscout.steps.rows import SORTS

    return SORTS


@_completed
def given_jobs() -> Iterator[str]:
    """Job files of the folder, and of the configuration."""
    for folder in dict.fromkeys((Path("jobs"), _home() / "jobs")):
        yield from (str(file) for file in sorted(folder.glob("*.toml")))


@_completed
def given_products() -> Iterable[str]:
    """Products of the newest read file, those of the report first; the store is not opened."""
    from trendscout.settings.config import load_settings
    from trendscout.store.read_file import ReadFile, Wanted, current_file
    from trendscout.store.workspace import Workspace, address_of

    path = current_file(Workspace.at(address_of(load_settings(None))).desk)
    if path is None:
        return ()
    file = ReadFile(path)
    try:
        return [row.product_id for row in file.products(Wanted(), limit=_MOST)[0]]
    finally:
        file.close()
