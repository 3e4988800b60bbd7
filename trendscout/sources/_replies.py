"""Readers of JSON: of a reply as it came, and of the state that a script of a saved page holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from trendscout.model import Entry, ListNote, Page
from trendscout.sources.source import Reader
from trendscout.text.jsontext import after, parse_json

ReadJson = Callable[[Any, Page], Iterable[Entry | ListNote]]  # the document, and the page that it came with
Fits = Callable[[Page], bool]


def is_json(page: Page) -> bool:
    """Whether the page begins as JSON does."""
    return page.body.lstrip()[:1] in (b"{", b"[")


def holds(*marks: str) -> Fits:
    """Whether a page holds one of the marks."""
    sought = [mark.encode() for mark in marks]
    return lambda page: any(mark in page.body for mark in sought)


def reply(layout: str, fits: str | Fits, read: ReadJson) -> Reader:
    """The reader of a reply that holds a mark, or of which `fits` is true."""
    fits = holds(fits) if isinstance(fits, str) else fits
    return Reader(layout, fits, lambda page: read(parse_json(page), page))


def state(layout: str, marks: str | tuple[str, ...], read: ReadJson, *, fits: Fits | None = None) -> Reader:
    """The reader of what a script assigns to the first of `marks` that is there; `fits` where they do not tell."""
    names = (marks,) if isinstance(marks, str) else marks

    def document(page: Page) -> Any:
        return after(page, next((name for name in names if name.encode() in page.body), names[0]))

    return Reader(layout, fits or holds(*names), lambda page: read(document(page), page))
