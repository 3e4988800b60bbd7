"""Hot here, not there: where a product is missing, since when it is elsewhere, and how long that usually lasts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from statistics import median

from trendscout.model import Gap

Marketplace = tuple[str, str | None]  # platform, market
FirstSeen = Mapping[Marketplace, datetime]  # of one product, where it was seen at all

MIN_LEADS = 5  # fewer earlier leads say nothing about the usual one


def usual_leads(
    products: Iterable[FirstSeen], watched: Mapping[Marketplace, datetime]
) -> dict[tuple[Marketplace, Marketplace], float]:
    """Days that products took from one place to another, the median by pair of places.

    Only products that came to both places while both were watched count: `watched` is when each place's watch
    began. A pair with fewer than MIN_LEADS such products is left out.
    """
    days: defaultdict[tuple[Marketplace, Marketplace], list[float]] = defaultdict(list)
    for seen in products:
        for origin, came in seen.items():
            for destination, later in seen.items():
                both = max(watched.get(origin, came), watched.get(destination, later))
                if later > came > both:
                    days[origin, destination].append((later - came).total_seconds() / 86_400)
    return {pair: median(spans) for pair, spans in days.items() if len(spans) >= MIN_LEADS}


def gaps(
    seen: FirstSeen,
    places: Iterable[Marketplace],
    now: datetime,
    usual: Mapping[tuple[Marketplace, Marketplace], float] | None = None,
) -> tuple[Gap, ...]:
    """Places where the product was never seen, with the days since its first sighting elsewhere.

    `places` are those that are looked at. `usual` is what `usual_leads` gave.
    """
    if not seen:
        return ()
    origin, since = min(seen.items(), key=lambda item: item[1])
    lead = (now - since).total_seconds() / 86_400
    return tuple(
        Gap(platform, market, lead, (usual or {}).get((origin, (platform, market))))
        for platform, market in sorted(set(places) - set(seen), key=lambda place: (place[0], place[1] or ""))
    )
