"""Where words go: answers to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trendscout.errors import TrendscoutError
from trendscout.findings import Finding, as_dict, filled, said
from trendscout.lang import Lang, sentences, tr
from trendscout.model import Row
from trendscout.store.address import StoreAddress

if TYPE_CHECKING:
    from rich.console import Console

    from trendscout.settings.config import Settings
    from trendscout.store.workspace import Workspace


PARTIAL = 3  # exit code: done, and something is missing


@dataclass(frozen=True, slots=True)
class Call:
    """What the global options of this run say."""

    workspace: Workspace
    settings: Settings
    lang: Lang
    quiet: bool
    verbose: bool

    def say(self, text: str, **fields: object) -> None:
        """One line on stderr, in the user's language, unless --quiet."""
        if not self.quiet:
            print(tr(text, self.lang, **fields), file=sys.stderr)

    def warn(self, error: TrendscoutError) -> None:
        """An error that does not end the run, on stderr."""
        print(message(error, self.lang), file=sys.stderr)

    def end(self, *, partial: bool = False) -> None:
        """Exit with 3 if something is missing; what was left out of the user's own files is told."""
        for fault in self.settings.left_out:
            self.warn(fault)
        if partial or self.settings.left_out:
            sys.exit(PARTIAL)

    @contextmanager
    def progress(self, what: str) -> Iterator[None]:
        """A spinner with a clock on stderr while inside; nothing when stderr is not a terminal."""
        if self.quiet or not sys.stderr.isatty():
            yield
            return
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=console(stderr=True), transient=True) as bar:
            bar.add_task(tr(what, self.lang))
            yield


def message(error: TrendscoutError, lang: Lang) -> str:
    """What happened and what to do next, in the user's language, control characters shown as escapes."""
    parts = (filled(part, error.fields, lang) for part in (error.what, error.next_step) if part)
    return visible(sentences(parts, lang))


def visible(text: str) -> str:
    """The text with control characters as visible escapes: what a site sent cannot steer the terminal."""
    return "".join(
        character if character.isprintable() or character in "\n\t" else f"\\x{ord(character):02x}"
        for character in text
    )


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """A rich console on stdout or stderr."""
    from rich.console import Console

    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def answer(value: object) -> None:
    """One JSON document on stdout, keys as in the data classes: on one line, but for people in a terminal."""
    for_programs(json.dumps(plain(value), ensure_ascii=False, indent=1 if sys.stdout.isatty() else None))


def line(value: object) -> None:
    """One JSON document on one line of stdout."""
    for_programs(json.dumps(plain(value), ensure_ascii=False))


def for_programs(text: str) -> None:
    """JSON on stdout, in UTF-8 (RFC 8259) whatever the encoding of this machine's pipes is."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    sys.stdout.write(text + "\n")


def vars_of(item: object) -> dict[str, Any]:
    """The fields of a data class, as they are."""
    assert is_dataclass(item)  # noqa: S101 - only those are shown
    return {one.name: getattr(item, one.name) for one in fields(item)}


def plain(value: object) -> Any:
    """The value as JSON knows it: times in ISO 8601 with Z, money as plain numbers."""
    if isinstance(value, Finding):
        return {**plain(as_dict(value)), "text": str(value)}
    if isinstance(value, Row):
        value = value.flat()
    if is_dataclass(value) and not isinstance(value, type):
        findings = getattr(value, "findings", ())
        value = {field.name: getattr(value, field.name) for field in fields(value)}
        if findings:
            value["reason"] = said(findings, "en")
    match value:
        case dict():
            return {str(key): plain(part) for key, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(part) for part in value]
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Path() | StoreAddress():
            return str(value)
        case _ if hasattr(value, "item"):
            return value.item()
        case _:
            return value
