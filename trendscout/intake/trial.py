"""A declaration tried on a saved page: what it reads, and for its author which line finds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from trendscout.errors import LayoutChanged
from trendscout.findings import Finding, finding
from trendscout.intake.declarative import layouts_of, load_source, name_of_layout
from trendscout.intake.saved import saved_page
from trendscout.model import Entry, Reading
from trendscout.settings.config import load_toml
from trendscout.sources.source import read_page

_READ_FROM = {"price": "price_text", "count": "count_text"}  # the text that the number comes from


def try_source(file: Path, saved: Path, *, market: str | None, at: datetime) -> Reading:
    """What the declaration reads in the page; its findings name the fields that are not found everywhere.

    Raises Blocked as `read_page` does, and LayoutChanged with the line to mend where nothing is read.
    """
    source = load_source(file)
    page = saved_page(source, saved, market=market, at=at)
    try:
        reading = read_page(source, page)
    except LayoutChanged:
        rows = [row for row in source.readers[0].read(page) if isinstance(row, Entry)]  # says if no item matches
        raise LayoutChanged(
            "{file}: `items` finds {count} items, but `item_key` or `url` finds no id in any.",
            next_step="Mend that field; without an id an item is not known again tomorrow.",
            file=file,
            count=len(rows),
        ) from None
    layouts = enumerate(layouts_of(load_toml(file, "source")))
    fields = next(layout["fields"] for number, layout in layouts if name_of_layout(file, number) == reading.layout)
    return replace(reading, findings=(*reading.findings, *_found_in_part(fields, reading.entries)))


def _found_in_part(fields: Sequence[str], entries: Sequence[Entry]) -> Iterator[Finding]:
    for field in fields:
        shown = [getattr(entry, _READ_FROM.get(field, field)) for entry in entries]
        count = sum(value is not None for value in shown)
        if count < len(entries):
            yield finding("field_found_in_part", field=field, count=count, all=len(entries))
        unread = [
            text for text, entry in zip(shown, entries, strict=True) if text and getattr(entry, field) is None
        ]
        if field in _READ_FROM and unread:
            yield finding("field_without_number", field=field, count=len(unread), first=unread[0][:60])
