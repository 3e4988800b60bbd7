"""Drops: the report as files for Excel, for machines and for a browser, written whole or not at all."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from trendscout.errors import UsageError
from trendscout.findings import Finding, next_steps, said, whats
from trendscout.lang import Lang
from trendscout.model import Coverage, JobState, Report, Row, ShownRow
from trendscout.report import paths
from trendscout.report.changes import Changes
from trendscout.report.clean import guarded, visible
from trendscout.report.columns import COVERAGE, RECORD, ROW, Column, Value, View, described, heading, schema, value

Format = Literal["csv", "xlsx", "json", "html", "atom"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "json", "html", "atom")
# Signs that a terminal or an old reader would act on, though JSON allows them.
_JSON_ESCAPED = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]")


def write(
    report: Report,
    pattern: str,
    *,
    formats: Sequence[Format],
    lang: Lang,
    folder: Path = Path(),
    name: str = "report",
    machine: bool = False,
    zone: dt.tzinfo = dt.UTC,
    date: dt.date | None = None,
    keep: bool = False,
    images: bool = True,
    changes: Changes | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> tuple[Path, ...]:
    """The paths of the files written for `formats`, at the places that `pattern` names inside `folder`.

    Fields of a pattern: {date} (of the report in `zone`, or `date`), {time}, {name}, {market}, {ext}. CSV comes
    with the coverage and the record beside it, a machine CSV with datapackage.json too. Where the pattern has a
    folder of its own, `_SUCCESS` is written there last and lists the files; with `keep`, a finished drop that is
    there already is left as it is. `images` is for the page, `changes` for page and feed, `pictures`
    by their addresses for the workbook. Raises UsageError for a
    pattern that leads elsewhere or a file that cannot be written.
    """
    local = report.as_of.astimezone(zone)
    given = {
        "date": (date or local.date()).isoformat(),
        "time": local.strftime("%H%M"),
        "name": name,
        "market": report.market or "all",
    }
    targets = {form: paths.target(pattern, folder, {**given, "ext": form}) for form in formats}
    if len(set(targets.values())) < len(targets):
        raise UsageError(
            "The output {pattern!r} names one file for several formats.",
            next_step="Put {{ext}} into it.",
            pattern=pattern,
        )
    own = next(iter(targets.values())).parent if targets else folder
    marker = None if own == folder else own / paths.SUCCESS
    if keep and marker and (there := paths.finished(marker)):
        return there
    files: dict[Path, bytes] = {}
    view = View(lang, zone, report.as_of)
    for form, path in targets.items():
        files |= _files(
            report, form, path, view, machine=machine, images=images, changes=changes, pictures=pictures
        )
    return paths.commit(files, marker=marker)


def one_file(
    report: Report, form: Format, *, lang: Lang, machine: bool, zone: dt.tzinfo, changes: Changes | None = None
) -> bytes:
    """The report as the bytes of one file, for a pipe; a CSV without the files that stand beside it."""
    path = Path(f"report.{form}")
    view = View(lang, zone, report.as_of)
    return _files(report, form, path, view, machine=machine, images=True, changes=changes)[path]


def as_csv(
    report: Report,
    columns: Sequence[Column],
    items: Sequence[Row] | Sequence[Coverage] | Sequence[ShownRow],
    view: View | None,
) -> bytes:
    """Rows or coverage as CSV: for people (`view`) UTF-8 with BOM and CRLF, for machines plain UTF-8 and LF."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n" if view is None else "\r\n")
    writer.writerow([heading(column, view) for column in columns])
    for item in items:
        writer.writerow([_cell(column, value(column, item, report, view), view) for column in columns])
    return out.getvalue().encode("utf-8" if view is None else "utf-8-sig")


def document(report: Report) -> dict[str, Any]:
    """The whole report as plain JSON values: times as ISO in UTC, prices as numbers."""
    plain = _plain(report)
    assert isinstance(plain, dict)  # noqa: S101 - a report is a dataclass
    return {name: value for name, value in plain.items() if name != "record_rows"}  # in a file of its own


def as_json(data: object, *, readable: bool = False) -> str:
    """`data` as JSON whose controls, separators and lone surrogates are all escaped, none lost.

    On one line, which takes a quarter of the time; an entry a line if people are to read it.
    """
    form: dict[str, Any] = {"indent": 1} if readable else {"separators": (",", ":")}
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, **form)
    return _JSON_ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _files(
    report: Report,
    form: Format,
    path: Path,
    view: View,
    *,
    machine: bool,
    images: bool,
    changes: Changes | None,
    pictures: Mapping[str, bytes] | None = None,
) -> dict[Path, bytes]:
    if form == "json":
        return {path: as_json(document(report)).encode() + b"\n"}
    if form == "xlsx":
        from trendscout.report import workbook

        return {path: workbook.as_xlsx(report, view, pictures)}
    if form == "atom":
        from trendscout.report import atom

        return {path: atom.as_atom(report, changes, view.lang)}
    if form == "html":
        from trendscout.report import page

        return {path: page.render(report, lang=view.lang, zone=view.zone, images=images, changes=changes).encode()}
    seen_by = None if machine else view
    coverage, record = (path.with_name(f"{path.stem}.{name}{path.suffix}") for name in ("coverage", "record"))
    files = {
        path: as_csv(report, ROW, report.rows, seen_by),
        coverage: as_csv(report, COVERAGE, report.coverage, seen_by),
        record: as_csv(report, RECORD, report.record_rows, seen_by),
    }
    if machine:
        files[path.with_name("datapackage.json")] = _datapackage(report, files)
    return files


def _cell(column: Column, cell: Value, view: View | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return _yes(cell, view)
    if isinstance(cell, dt.datetime):
        if view is None:
            return cell.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return cell.astimezone(view.zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, str):
        text = visible(cell)
        if view is None:
            return text
        return f"\t{text}" if column.kind == "id" else guarded(text)
    if column.kind == "share" and view is not None:
        return f"{float(cell):.1%}"
    return decimal(cell)


def decimal(found: float | Decimal) -> str:
    """A number in plain digits: no plus sign, no exponent, no digits that mean nothing."""
    if isinstance(found, float):
        found = Decimal(repr(round(found, 6)))
    text = f"{found:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _yes(found: bool, view: View | None) -> str:
    if view is None:
        return "true" if found else "false"
    if view.lang == "zh":
        return "是" if found else "否"
    return "yes" if found else "no"


def _plain(item: object) -> object:
    if isinstance(item, Finding):
        return str(item)
    if isinstance(item, (Coverage, JobState)):
        return _said(item)
    if isinstance(item, Row):
        item = item.flat()
    if is_dataclass(item) and not isinstance(item, type):
        return {one.name: _plain(getattr(item, one.name)) for one in fields(item)}
    if isinstance(item, Mapping):
        return {str(key): _plain(entry) for key, entry in item.items()}
    if isinstance(item, (tuple, list)):
        return [_plain(entry) for entry in item]
    if isinstance(item, dt.datetime):
        return item.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(item, Decimal):
        return float(item)
    return item


def _said(item: Coverage | JobState) -> dict[str, object]:
    """The item with its findings as sentences, under the names that the contract has for them."""
    plain = {one.name: _plain(getattr(item, one.name)) for one in fields(item)}
    if isinstance(item, JobState):
        return {**plain, "why": said(item.why, "en")}
    sentences = {"reason": whats(item.findings, "en"), "next_step": next_steps(item.findings, "en")}
    return {
        name: value
        for key, entry in plain.items()
        for name, value in (sentences.items() if key == "findings" else ((key, entry),))
    }


def _datapackage(report: Report, files: Mapping[Path, bytes]) -> bytes:
    rows, coverage, record = files
    resources = [
        {
            "name": name,
            "path": path.name,
            "profile": "tabular-data-resource",
            "format": "csv",
            "encoding": "utf-8",
            "dialect": {"lineTerminator": "\n"},
            "bytes": len(files[path]),
            "hash": "sha256:" + hashlib.sha256(files[path]).hexdigest(),
            "schema": contract,
        }
        for name, path, contract in (
            ("products", rows, schema()),
            ("coverage", coverage, described(COVERAGE)),
            ("record", record, described(RECORD)),
        )
    ]
    package = {
        "profile": "tabular-data-package",
        "name": "trendscout-drop",
        "created": _plain(report.as_of),
        "resources": resources,
    }
    return as_json(package, readable=True).encode() + b"\n"
