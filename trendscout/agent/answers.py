"""What an agent is answered: values of the drop contract, short, paged, with what was not looked at."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trendscout.agent.marked import NOTICE, key, marked
from trendscout.agent.published import Published
from trendscout.errors import UsageError
from trendscout.findings import filled
from trendscout.jobs.doctor import examine_published
from trendscout.model import Coverage, Point, Report, Row, Sighting
from trendscout.report import absences, packs
from trendscout.report.changes import Seen
from trendscout.report.clean import visible
from trendscout.report.columns import COVERAGE, ROW, Column, value
from trendscout.settings.config import Settings
from trendscout.steps.publish import TOP, changed
from trendscout.store.details import ListingFacts, listings_of, sightings_of
from trendscout.store.read_file import SORTS, ReadFile, Wanted
from trendscout.store.said import Said, said_of, said_on

MOST_ROWS = 50
_NAMED = 6  # products that an ambiguous name lists
_YEAR = timedelta(days=365)
_LOOKS = 30  # of a curve, the last ones
_NOT_WHOLE = 5  # lists that every answer names
# What a row says where it is short; `full` gives every column of the contract.
_SHORT = frozenset(
    """position product_id title gloss_zh platform market list_id stage probability probability_low
    probability_high horizon_h label rank rank_before rank_span_days movement price_usd not_yet_on flags packs
    mark""".split()
)
_FREE = frozenset(("title", "gloss_zh", "category", "note", "list_name", "reason", "next_step"))
_FILTERS = ("market", "platform", "source", "category", "stage", "flag", "pack", "mark")

Answer = dict[str, Any]


class Answers:
    """Each tool's answer, from the newest read file alone."""

    def __init__(self, published: Published, settings: Settings) -> None:
        self.published, self.settings = published, settings

    # --- lists of products ---

    def products(
        self,
        *,
        words: str = "",
        tips: bool = False,
        sort: str = "score",
        bounds: Mapping[str, float | None],
        page: int,
        size: int,
        full: bool,
        **filters: str,
    ) -> Answer:
        """A page of the products that meet words, filters and bounds; with `tips`, only what a report shows."""
        if sort not in SORTS:
            raise UsageError(
                "There is no sort {name!r}.", next_step="There are: {known}.", name=sort, known=", ".join(SORTS)
            )
        file = self.published.file()
        held = tuple((name, filters[name]) for name in _FILTERS if filters.get(name))
        wanted = Wanted(
            words=tuple(words.split()[:8]),
            held=held,
            bounds=tuple((name, bound) for name, bound in bounds.items() if bound is not None),
            sort=sort,
            tips=tips,
        )
        page, size = _bounded(page, size)
        rows, total = file.products(wanted, limit=size, offset=(page - 1) * size)
        return {
            **self._head(file, dict(held)),
            **_page_of(total, page, size),
            "rows": [row_values(row, file.as_of, full=full) for row in rows],
        }

    def changes(self, days: int) -> Answer:
        """What changed in the top since `days` ago, by the rules of `report --changes`; what nobody looked at."""
        file = self.published.file()
        report, since, changes, unseen = changed(file, self.published.folder, days=days)
        return {
            **self._head(file, {}),
            "since": since,
            "note": None if since else "Nothing earlier is kept yet, so nothing can be called new or gone.",
            **{
                name: [row_values(row, report.as_of) for row in getattr(changes, name)]
                for name in ("new", "risen", "faded")
            },
            "unchanged": changes.unchanged,
            "left": [_seen(seen) for seen in changes.gone],
            "not_looked": [_seen(seen) for seen in unseen],
        }

    # --- one product ---

    def product(self, name: str) -> Answer:
        """All that is known of one product, and why it stands where it stands."""
        file = self.published.file()
        product = self.find(name)
        row = file.product(product)
        keys = file.listings([product])
        with file.about([product]) as connection:
            listings = listings_of(connection, [product], until=file.as_of).get(product, ())
            seen = sightings_of(connection, [product], since=file.as_of - _YEAR, until=file.as_of)
            said = said_of(connection, keys, now=file.as_of)
        return {
            **self._head(file, {}),
            "product_id": key(product),
            "row": row and row_values(row, file.as_of, full=True),
            "note": None if row else "It stands on no list that was looked at, so it has no score now.",
            "reasons": [
                {"signal": reason.signal, "value": _number(reason.value), "log_odds": _number(reason.contribution)}
                for reason in (row.scored.reasons if row else ())
            ],
            "places": [_place(sighting) for sighting in seen.get(product, ())[:10]],
            "listings": [_listing(listing) for listing in listings[:20]],
            "said_before": [_said(one) for one in reversed(said[-5:])],
        }

    def find(self, name: str) -> str:
        """The product that an id, an item key, an id's beginning or words of a title name.

        Raises UsageError, which lists them, if there are several, or if there is none.
        """
        file = self.published.file()
        name = name.strip()[:200]
        if file.listings([name]):
            return name
        if moved := file.product_with(name):
            return moved
        rows, total = file.products(Wanted(words=tuple(name.split()[:8])), limit=MOST_ROWS) if name else ([], 0)
        of_key = [row for row in rows if row.facts.item_key == name]
        whole = [
            row for row in rows if name.casefold() in row.facts.title.casefold()
        ]  # a phrase goes before words
        nearest = of_key or whole or rows
        if len(nearest) == 1:
            return nearest[0].product_id
        if not rows:
            raise UsageError(
                "No product is called {name!r}.",
                next_step="Give its id or item key, or words of its title.",
                name=marked(name),
            )
        named = [f"{key(row.product_id)} {marked(row.facts.title)}" for row in rows[:_NAMED]]
        raise UsageError(
            "{name!r} names {count} products.",
            next_step="Give one of these ids: {products}",
            name=marked(name),
            count=total,
            products="; ".join(named),
        )

    # --- lists, record, packs, health ---

    def lists(self, *, market: str, source: str, status: str, page: int, size: int) -> Answer:
        """The state of every list, those that need somebody first, and of every job."""
        file = self.published.file()
        every = [
            look
            for look in sorted(file.coverage, key=absences.by_urgency)
            if (not market or look.market == market)
            and (not source or look.source == source)
            and (not status or look.status == status)
        ]
        page, size = _bounded(page, size)
        return {
            **self._head(file, {"market": market, "source": source}),
            **_page_of(len(every), page, size),
            "lists": [_values(COVERAGE, look, file.as_of) for look in every[(page - 1) * size : page * size]],
            "jobs": [
                {
                    "name": marked(job.name),
                    "state": job.state or None,
                    "last_run": _moment(job.last_run),
                    "last_success": _moment(job.last_success),
                    "due": _moment(job.due),
                }
                for job in file.jobs
            ],
        }

    def backtest(self) -> Answer:
        """How good the ranking was on the store's own past, and what came of what was said before."""
        file = self.published.file()
        groups = sorted(file.facts.get("backtest", {}).get("groups", ()), key=lambda group: -group["trials"])
        with contextlib.closing(file.cursor()) as cursor:
            then = {days: said_on(cursor, days_ago=days, now=file.as_of, top=TOP) for days in (7, 30)}
        return {
            **self._head(file, {}),
            "note": None if groups else "No backtest was made yet: the user can run `trendscout backtest`.",
            "groups": [_judged(group) for group in groups[:TOP]],
            "said_before": [
                {
                    "days_ago": days,
                    "rows": len(said),
                    "came": sum(one.came is True for one in said),
                    "did_not": sum(one.came is False for one in said),
                    "not_known": sum(one.came is None for one in said),
                }
                for days, said in then.items()
            ],
        }

    def packs(self) -> Answer:
        """The selection packs, their conditions, and how many products meet each."""
        file = self.published.file()
        met = dict(file.choices["pack"])
        wrong: list[UsageError] = []
        known = packs.load(self.settings.own("packs"), tell=wrong.append)
        return {
            **self._head(file, {}),
            "packs": [
                {
                    "name": pack.name,
                    "title": dict(pack.titles),
                    "about": dict(pack.about),
                    "lines": [line.code for line in pack.lines],
                    "met_by": met.get(pack.name, 0),
                }
                for pack in known.values()
            ],
            "left_out": [str(error) for error in wrong],
        }

    def doctor(self) -> Answer:
        """What is wrong and what to do about it, as far as it can be told without opening the store."""
        file = self.published.file()
        now = self.published.as_of or self.published.clock.now()
        diagnoses = examine_published(file, self.published.folder, self.settings, now=now)
        return {
            **self._head(file, {}),
            "findings": [
                {
                    "level": diagnosis.level,
                    "what": marked(filled(diagnosis.what, diagnosis.fields, "en"), 500),
                    "next_step": marked(filled(diagnosis.next_step, diagnosis.fields, "en"), 500)
                    if diagnosis.next_step
                    else None,
                }
                for diagnosis in diagnoses
            ],
            "note": "The store itself was not opened: `trendscout doctor` looks for damage in it.",
        }

    def _head(self, file: ReadFile, scope: Mapping[str, str]) -> Answer:
        """What every answer begins with: of when it is, what marks mean, which lists did not come whole."""
        now = self.published.as_of or self.published.clock.now()
        looks = [
            look
            for look in sorted(file.coverage, key=absences.by_urgency)
            if scope.get("market") in (None, "", look.market) and scope.get("source") in (None, "", look.source)
        ]
        lacking = [look for look in looks if look.status != "ok"]
        not_looked = (
            f"{len(lacking)} of {len(looks)} lists did not come whole: what is missing from them was not looked "
            "for, and is not known to be gone."
            if lacking
            else "Every list came whole as deep as it was read; nothing is known of places below."
        )
        return {
            "as_of": _moment(file.as_of),
            "age_h": round(max((now - file.as_of).total_seconds(), 0.0) / 3600, 1),
            "notice": NOTICE,
            "coverage": {
                "lists": len(looks),
                "whole": len(looks) - len(lacking),
                "not_whole": [
                    {
                        "list_id": key(look.list_id),
                        "status": look.status,
                        "last_ok": _moment(look.last_ok),
                    }
                    for look in lacking[:_NOT_WHOLE]
                ],
                "more": max(len(lacking) - _NOT_WHOLE, 0),
                "not_looked": not_looked if looks else "No list was looked at.",
            },
        }


def _bounded(page: int, size: int) -> tuple[int, int]:
    """The page, from 1 on, and how many rows it has, as asked and within what is allowed."""
    return max(page, 1), min(max(size, 1), MOST_ROWS)


def _page_of(total: int, page: int, size: int) -> Answer:
    """Where a page stands in all there is."""
    return {"page": page, "total": total, "next_page": page + 1 if page * size < total else None}


# --- values ----------------------------------------------------------------------------------------------------


def row_values(row: Row, as_of: datetime, *, full: bool = False) -> Answer:
    """A row by the columns of the contract; null is "not known", never zero."""
    columns = ROW if full else tuple(column for column in ROW if column.name in _SHORT)
    return _values(columns, row, as_of)


def _values(columns: Sequence[Column], item: Row | Coverage, as_of: datetime) -> Answer:
    report = Report(as_of=as_of, rows=(), coverage=())
    return {column.name: _plain(column, value(column, item, report, None)) for column in columns}


def _plain(column: Column, cell: Any) -> Any:
    match cell:
        case datetime():
            return _moment(cell)
        case str() if column.name in _FREE:
            return marked(cell)
        case str() if column.kind in ("id", "url") or column.name == "list_id":
            return key(cell)
        case str():
            return visible(cell)[:300]
        case float() | Decimal():
            return _number(cell)
        case _:
            return cell


def _number(found: float | Decimal | None) -> float | int | None:
    """A number in as many digits as mean something."""
    if found is None:
        return None
    number = round(float(found), 4)
    return int(number) if number == int(number) else number


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seen(one: Seen) -> Answer:
    return {
        "title": marked(one.title),
        "list_id": key(one.list_id),
        "position_then": one.position,
        "rank_then": one.rank,
        "stage_then": one.stage,
    }


def _said(said: Said) -> Answer:
    return {
        "as_of": _moment(said.as_of),
        "product_id": key(said.product_id),
        "title": marked(said.title),
        "list_id": key(said.list_id),
        "position": said.position,
        "rank": said.rank,
        "probability": _number(said.probability),
        "label": said.label,
        "horizon_h": _number(said.horizon_h),
        "came": said.came,
    }


def _place(sighting: Sighting) -> Answer:
    return {
        "platform": sighting.platform,
        "market": sighting.market,
        "list_id": key(sighting.list_id),
        "since": _moment(sighting.since),
        "rank": sighting.rank,
        "best_rank": sighting.best_rank,
        "looks": [_look(point) for point in sighting.curve[-_LOOKS:]],
    }


def _look(point: Point) -> list[Any]:
    """[time, what of the three states it was, rank]."""
    return [_moment(point.at), point.presence, point.rank]


def _listing(listing: ListingFacts) -> Answer:
    return {
        "platform": listing.platform,
        "market": listing.market,
        "item_key": key(listing.item_key),
        "title": marked(listing.title),
        "seller": marked(listing.seller),
        "price": _number(listing.price),
        "currency": listing.currency,
        "url": key(listing.url),
        "verdict": listing.verdict,
        "probability": _number(listing.probability),
        "reason": listing.reason or None,
    }


def _judged(group: Mapping[str, Any]) -> Answer:
    """One group of lists: what the ranking reached there, and the best of the simple rules."""
    rules, baselines = group["rules"], group.get("baselines") or {}
    best = max(baselines, key=lambda name: baselines[name].get("ap") or 0.0, default=None)
    names = ("trials", "hits", "base", "ratio", "ece", "brier")
    return {
        "group": key(group["group"]),
        "label": rules["label"],
        "horizon_h": _number(rules["horizon_h"]),
        **{name: _number(group.get(name)) for name in names},
        "ranking": {name: _number(found) for name, found in group["ranker"].items() if _is_number(found)},
        "best_simple_rule": best,
        "best_simple": {name: _number(found) for name, found in baselines[best].items() if _is_number(found)}
        if best
        else None,
    }


def _is_number(found: object) -> bool:
    return found is None or isinstance(found, int | float)
