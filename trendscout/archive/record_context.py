"""Which snapshot a page belongs to, kept beside it, so that the store can be rebuilt from the archive alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from trendscout.archive.wire import Received, Role, public_url
from trendscout.findings import Worded
from trendscout.model import Query

FIELD = "Trendscout-Context"  # an extension field of WARC records; JSON
_NOBODYS = Query("")


class BadRecord(Worded, ValueError):
    """A record whose length, digest or fields are wrong."""


@dataclass(frozen=True, slots=True)
class RecordContext:
    """What the field says; the defaults stand for records of other tools."""

    query: Query = _NOBODYS
    asked: str = ""  # the address that the source asked for; "" = the record's own
    url: str = ""  # the page's address, where the record has another (--base-url)
    taken_at: datetime | None = None
    number: int = 1
    pages: int = 1
    role: Role = "crawl"
    extra: tuple[tuple[str, str], ...] = ()


def context_text(received: Received) -> str:
    """The field's value."""
    query = received.query
    fields: dict[str, object] = {
        "role": received.role,
        "source": query.source,
        "market": query.market,
        "kind": query.kind,
        "category": query.category,
        "params": [list(pair) for pair in query.params],
        "taken_at": date_text(received.taken_at),
        "number": received.request.page,
        "pages": received.pages,
        "asked": public_url(received.request.url),
    }
    if received.sent_to and received.sent_to != received.url:
        fields["url"] = public_url(received.url)
    if received.extra:
        fields["extra"] = dict(received.extra)
    return json.dumps(fields, separators=(",", ":"))


def read_context(text: str) -> RecordContext:
    """What the field's value says.

    Raises BadRecord if it is not what `context_text` writes.
    """
    try:
        fields = json.loads(text)
        market, role = fields["market"], fields["role"]
        if role not in get_args(Role):
            raise BadRecord("{field} has an unknown role", field=FIELD)
        return RecordContext(
            query=Query(
                source=str(fields["source"]),
                market=None if market is None else str(market),
                kind=str(fields["kind"]),
                category=str(fields["category"]),
                params=tuple((str(name), str(value)) for name, value in fields["params"]),
            ),
            asked=str(fields["asked"]),
            url=str(fields.get("url", "")),
            taken_at=date_of(fields["taken_at"]),
            number=int(fields["number"]),
            pages=int(fields["pages"]),
            role=role,
            extra=tuple((str(name), str(value)) for name, value in fields.get("extra", {}).items()),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise BadRecord("{field} cannot be read: {kind}", field=FIELD, kind=type(error).__name__) from None


def date_text(at: datetime) -> str:
    """A time as WARC writes it, with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def date_of(text: str | None) -> datetime:
    """The time that WARC writes so, in UTC. Raises BadRecord if it is none."""
    try:
        at = datetime.fromisoformat(text or "")
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise BadRecord("no date: {text!r}", text=str(text)[:40]) from None
