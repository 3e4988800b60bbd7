"""What the store lets in: values that a list can show. Others are refused one by one, and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from trendscout.bounds import (
    FIRST_SHOP,
    LAST_LOOK,
    MAX_COUNT,
    MAX_PRICE,
    MAX_RANK,
    MAX_REVIEWS,
    is_count,
    is_look,
    is_rank,
)
from trendscout.findings import Finding, finding
from trendscout.model import Entry, Snapshot

# What `db check` and `doctor` look for in a store, and `--mend` takes out: it may have been written before
# the door refused these. As SQL what `plausible` is in Python.
IMPOSSIBLE_VALUES = {
    "rank": f"rank NOT BETWEEN 1 AND {MAX_RANK}",
    "count": f"NOT (isfinite(count) AND count BETWEEN 0 AND {MAX_COUNT})",
    "reviews": f"reviews NOT BETWEEN 0 AND {MAX_REVIEWS}",
    "price": f"price NOT BETWEEN 0 AND {MAX_PRICE}",
    "rating": "NOT (isfinite(rating) AND rating BETWEEN 0 AND 5)",
}
IMPOSSIBLE = {
    "observations": " OR ".join(IMPOSSIBLE_VALUES.values()),
    "listings": IMPOSSIBLE_VALUES["price"],
    "snapshots": f"taken_at < TIMESTAMP '{FIRST_SHOP:%Y-%m-%d}' OR taken_at >= TIMESTAMP '{LAST_LOOK:%Y-%m-%d}'",
}


def plausible(snapshots: Sequence[Snapshot]) -> tuple[tuple[Snapshot, ...], tuple[Finding, ...]]:
    """The snapshots without what no list can show, and what that was.

    A snapshot of an impossible time is left out whole, an entry of an impossible rank as well; of the others only
    the value. Such a snapshot is no longer "ok".
    """
    kept: list[Snapshot] = []
    findings: list[Finding] = []
    for snapshot in snapshots:
        if not is_look(snapshot.taken_at):
            day = f"{snapshot.taken_at:%Y-%m-%d}"
            findings.append(finding("look_impossible_time", list_id=snapshot.list_id, day=day))
            continue
        checked, faults = _checked(snapshot)
        kept.append(checked)
        findings += faults
    return tuple(kept), tuple(findings)


def _checked(snapshot: Snapshot) -> tuple[Snapshot, list[Finding]]:
    faults: Counter[str] = Counter()
    entries = tuple(
        _possible(entry, faults) for entry in snapshot.entries if entry.rank is None or is_rank(entry.rank)
    )
    faults["rank"] += len(snapshot.entries) - len(entries)
    losses = [
        finding("values_impossible", list_id=snapshot.list_id, name=name, count=count)
        for name, count in faults.items()
        if count
    ]
    if not losses:
        return snapshot, []
    depth = 0 if faults["rank"] else snapshot.depth
    status = "partial" if snapshot.status == "ok" else snapshot.status
    findings = (*snapshot.findings, *losses)
    return replace(snapshot, entries=entries, status=status, depth=depth, findings=findings), losses


def _possible(entry: Entry, faults: Counter[str]) -> Entry:
    """The entry without values that cannot be."""
    if entry.count is not None and not is_count(entry.count):
        faults["count"] += 1
        entry = replace(entry, count=None, count_kind=None, count_floor=None)
    if entry.reviews is not None and not 0 <= entry.reviews <= MAX_REVIEWS:
        faults["reviews"] += 1
        entry = replace(entry, reviews=None)
    if entry.price is not None and not (entry.price.is_finite() and 0 <= entry.price <= MAX_PRICE):
        faults["price"] += 1
        entry = replace(entry, price=None, currency=None)
    if entry.rating is not None and not 0 <= entry.rating <= 5:
        faults["rating"] += 1
        entry = replace(entry, rating=None)
    return entry
