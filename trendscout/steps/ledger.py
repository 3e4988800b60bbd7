"""The policy ledger: what may be collected, on what terms, and how it last went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from trendscout.errors import StoreError
from trendscout.model import HostState
from trendscout.sources.source import Source, get_source, is_declared, sources
from trendscout.store.address import StoreAddress
from trendscout.store.connect import open_store
from trendscout.store.hosts import host_states
from trendscout.store.sql import Connection

# Asked for by users, kept out on purpose; `sources` says so.
LEFT_OUT = "Lists of creators (NoxInfluencer and the like) are personal data: they stay out."


# Status and time of the last look; looks, good looks and coverage of the seven days up to it.
Looks = tuple[str, datetime, int, int, float | None]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One source as `sources --json` shows it."""

    name: str
    title: str
    platform: str
    kinds: tuple[str, ...]
    markets: tuple[str, ...]
    categories: tuple[str, ...]  # examples, as the site names them
    way_in: tuple[str, ...]
    default_on: bool
    why: str
    terms: str
    key_env: str
    spacing_s: float
    hosts: tuple[str, ...]
    robots: str | None = None  # allowed, refused, unreachable; None: never looked at
    robots_at: datetime | None = None
    last_status: str | None = None
    last_look: datetime | None = None
    looks_7d: int = 0
    ok_7d: int = 0
    coverage: float | None = None  # share of title, price, count and rating that the good looks of 7 days filled


def ledger(db: StoreAddress, name: str | None = None) -> tuple[LedgerEntry, ...]:
    """An entry for each source, or for the one named; looks come from the store where there is one."""
    chosen = [get_source(name)] if name else list(sources().values())
    looks, hosts = _known(db)
    return tuple(_entry(source, looks.get(source.name), hosts) for source in chosen)


def _entry(source: Source, look: Looks | None, hosts: Sequence[HostState]) -> LedgerEntry:
    status, last, looks, ok, coverage = look or (None, None, 0, 0, None)
    asked = [host for host in hosts if host.robots_at and is_declared(source, host.host)]
    robots = max(asked, key=lambda host: host.robots_at or datetime.min.replace(tzinfo=UTC), default=None)
    return LedgerEntry(
        name=source.name,
        title=source.title,
        platform=source.platform,
        kinds=source.kinds,
        markets=source.markets,
        categories=source.categories,
        way_in=source.way_in,
        default_on=source.default_on,
        why=source.why,
        terms=source.terms,
        key_env=source.key_env,
        spacing_s=source.spacing_s,
        hosts=source.hosts,
        robots=robots.robots if robots else None,
        robots_at=robots.robots_at if robots else None,
        last_status=status,
        last_look=last,
        looks_7d=looks,
        ok_7d=ok,
        coverage=None if coverage is None else round(coverage, 3),
    )


def _known(db: StoreAddress) -> tuple[dict[str, Looks], Sequence[HostState]]:
    """The looks by source and the hosts' states; nothing where there is no store that can be opened."""
    if not db.exists():
        return {}, ()
    try:
        with open_store(db) as connection:
            return _query(connection), host_states(connection)
    except StoreError:
        return {}, ()


def _query(connection: Connection) -> dict[str, Looks]:
    """The looks of each source that was ever looked at."""
    rows = connection.execute(
        """WITH looks AS (SELECT source, status, filled, taken_at, max(taken_at) OVER (PARTITION BY source) AS last
            FROM snapshots JOIN lists USING (list_key))
        SELECT source, arg_max(status, taken_at), max(last), count(*), count(*) FILTER (status = 'ok'),
            avg(filled) FILTER (status IN ('ok', 'partial'))
        FROM looks WHERE taken_at > last - INTERVAL 7 DAY GROUP BY source"""
    ).fetchall()
    return {
        source: (status, last.replace(tzinfo=UTC), looks, ok, filled)
        for source, status, last, looks, ok, filled in rows
    }
