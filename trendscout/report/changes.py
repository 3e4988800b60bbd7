"""What is new, risen, fading or gone since the report that the reader saw last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from trendscout.errors import UsageError
from trendscout.model import Report, Row

RISE = 2.0  # a rank that halves is a rise; less is jitter on most lists


@dataclass(frozen=True, slots=True)
class Seen:
    """What the reader saw of a product."""

    title: str
    stage: str
    list_id: str
    rank: int | None
    position: int
    flags: tuple[str, ...] = ()
    gloss: str = ""  # by which a Chinese reader may name it
    product_id: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows by what happened to them; a row stands in one group only."""

    new: tuple[Row, ...] = ()
    risen: tuple[Row, ...] = ()
    faded: tuple[Row, ...] = ()  # now fading, or newly warned of
    gone: tuple[Seen, ...] = ()  # no longer reported, though its list was looked at
    unchanged: int = 0
    first: bool = False  # no report was seen before, so everything is new

    def __bool__(self) -> bool:
        return bool(self.new or self.risen or self.faded or self.gone)


def memory(report: Report) -> str:
    """What the reader of `report` has seen, as a text to be kept and given to `since` the next time."""
    seen = {
        row.product_id: asdict(
            Seen(
                row.facts.title,
                row.scored.stage,
                row.scored.list_id,
                row.scored.rank,
                row.position,
                tuple(flag.code for flag in row.checks.flags),
                row.facts.gloss_zh or "",
                row.product_id,
            )
        )
        for row in report.rows
    }
    return json.dumps(seen, sort_keys=True)


def since(report: Report, remembered: str | None) -> Changes:
    """What changed between the report that `memory` kept and this one.

    A product whose list could not be read today is not called gone: nobody looked. Raises UsageError if
    `remembered` is not a text that `memory` made.
    """
    if remembered is None:
        return Changes(new=report.rows, first=True)
    before = read(remembered)
    groups: dict[str, list[Row]] = {"new": [], "risen": [], "faded": [], "": []}
    for row in report.rows:
        groups[_change(row, before.get(row.product_id))].append(row)
    report_ids = {row.product_id for row in report.rows}
    looked = {one.list_id for one in report.coverage if one.status == "ok"}
    gone = tuple(seen for key, seen in before.items() if key not in report_ids and seen.list_id in looked)
    return Changes(
        tuple(groups["new"]), tuple(groups["risen"]), tuple(groups["faded"]), gone, unchanged=len(groups[""])
    )


def leading(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """What the reader must see first: own goods that fade or are warned of, and watched ones that move."""
    fading = [row for row in rows if row.own.mark == "mine" and (row.scored.stage == "fading" or row.checks.flags)]
    moving = [
        row for row in rows if row.own.mark == "watch" and row.scored.stage in ("emerging", "rising", "fading")
    ]
    return fading, moving


def _change(row: Row, seen: Seen | None) -> str:
    scored = row.scored
    if seen is None:
        return "new"
    warned = {flag.code for flag in row.checks.flags} - set(seen.flags)
    if warned or (scored.stage == "fading" and seen.stage != "fading"):
        return "faded"
    if scored.stage in ("rising", "peaking") and seen.stage in ("emerging", "not_enough_data"):
        return "risen"
    if scored.list_id == seen.list_id and scored.rank and seen.rank and seen.rank / scored.rank >= RISE:
        return "risen"
    return ""


def read(remembered: str) -> dict[str, Seen]:
    """What the reader saw, by product.

    Raises UsageError if it is not a text that `memory` made.
    """
    try:
        products = json.loads(remembered)
        return {key: Seen(**{**value, "flags": tuple(value["flags"])}) for key, value in products.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(
            "The kept state of the last report cannot be read.",
            next_step="Run `trendscout report` without --changes once; it is then kept anew.",
        ) from error
