"""The report as an Excel workbook: products, coverage, meanings of columns, and histories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, tzinfo
from io import BytesIO
from typing import TYPE_CHECKING, Any

from trendscout.lang import tr
from trendscout.model import Coverage, Point, Report, Row
from trendscout.report import absences, job_lines
from trendscout.report.clean import visible, web_address
from trendscout.report.columns import COVERAGE, ROW, Column, Value, View, heading, value
from trendscout.report.curve import main_curve

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_CELL_LIMIT = 32_767  # characters; Excel calls a file with more broken
_LINK_LIMIT = 2_079  # characters of an address; longer ones stay text
_CURVE_SPANS = 60  # columns of the history sheet
_HOURS_UNTIL_DAYS = 3


def as_xlsx(report: Report, view: View) -> bytes:
    """The workbook: ids and titles are text, times are local dates, numbers are numbers; no cell is a formula."""
    from xlsxwriter import Workbook

    out = BytesIO()
    never = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    book = Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm", **never})
    book.set_properties(
        {"title": visible(report.title), "author": "trendscout", "created": report.as_of.replace(tzinfo=None)}
    )
    sheets = _Book(book, report, view)
    sheets.products()
    sheets.coverage()
    sheets.columns()
    sheets.history()
    book.close()
    return out.getvalue()


class _Book:
    """The sheets of one workbook and the formats they share."""

    def __init__(self, book: Workbook, report: Report, view: View) -> None:
        self.report, self.view = report, view
        self.span = _span(report.rows, view.zone)
        self.spans = self.looks()
        self.head: Format = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.formats: dict[str, Format] = {
            "text": book.add_format({"num_format": "@"}),
            "share": book.add_format({"num_format": "0.0%"}),
            "money": book.add_format({"num_format": "#,##0.00"}),
            "number": book.add_format({"num_format": "#,##0.##"}),
            "integer": book.add_format({"num_format": "#,##0"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "url": book.add_format({"font_color": "blue", "underline": 1}),
        }
        names = ("Products", "Coverage", "Columns", "History")
        self.sheets: dict[str, Worksheet] = {name: book.add_worksheet(tr(name, view.lang)) for name in names}

    def products(self) -> None:
        """The rows, then a last column with their curves."""
        sheet = self.sheets["Products"]
        self.table(sheet, ROW, self.report.rows)
        place = len(ROW)
        self.text(sheet, 0, place, tr("Curve", self.view.lang), self.head)
        sheet.set_column(place, place, 24)
        history = self.sheets["History"].get_name()
        width = len(self.spans)
        for line, row in enumerate(self.report.rows, start=1):
            if width and main_curve(row) is not None:
                cells = f"'{history}'!{_range(line, 3 + width, 2 + 2 * width)}"
                sheet.add_sparkline(line, place, {"range": cells, "markers": True, "empty_cells": "gaps"})

    def coverage(self) -> None:
        """What each list gave, and below it why rows are missing and how the jobs went."""
        sheet = self.sheets["Coverage"]
        notes = [note.said(self.view.lang) for note in self.report.notes]
        if not self.report.rows:
            notes.insert(0, absences.nothing(self.report, self.view.lang))
        notes += [
            job_lines.sentence(job, self.view.lang, now=self.view.now, zone=self.view.zone)
            for job in self.report.jobs
        ]
        self.table(sheet, COVERAGE, self.report.coverage)
        for line, note in enumerate(notes, start=len(self.report.coverage) + 2):
            self.text(sheet, line, 0, note)

    def columns(self) -> None:
        """What each column means."""
        sheet, lang = self.sheets["Columns"], self.view.lang
        heads = ("Column", "Name in machine files", "Meaning")
        for place, (head, width) in enumerate(zip(heads, (28, 24, 100), strict=True)):
            self.text(sheet, 0, place, tr(head, lang), self.head)
            sheet.set_column(place, place, width)
        for line, column in enumerate(ROW, start=1):
            for place, text in enumerate((heading(column, self.view), column.name, tr(column.about, lang))):
                self.text(sheet, line, place, text)
        sheet.freeze_panes(1, 0)

    def history(self) -> None:
        """Ranks by day, and right of them the heights (-log2 of the rank) that the curves are drawn from."""
        sheet, spans = self.sheets["History"], self.spans
        for place, head in enumerate(("Item key", "Title", "List")):
            self.text(sheet, 0, place, tr(head, self.view.lang), self.head)
        for at, span in enumerate(spans):
            self.text(sheet, 0, 3 + at, span, self.head)
            self.text(sheet, 0, 3 + len(spans) + at, f"↑ {span}", self.head)
        for line, row in enumerate(self.report.rows, start=1):
            sighting = main_curve(row)
            labels = (row.facts.item_key, row.facts.title, sighting.list_id if sighting else "")
            for place, label in enumerate(labels):
                self.text(sheet, line, place, label)
            curve = sighting.curve if sighting else ()
            last = {self.when(point): shown for point in curve if (shown := _shown(point)) is not None}
            for at, span in enumerate(spans):
                if span in last:
                    sheet.write_number(line, 3 + at, last[span][0])
                    sheet.write_number(line, 3 + len(spans) + at, last[span][1])
        sheet.set_column(0, 2, 24)
        sheet.freeze_panes(1, 3)

    def looks(self) -> list[str]:
        """The last days on which any of the shown lists was looked at; hours, while they are few days' looks."""
        curves = [one.curve for row in self.report.rows if (one := main_curve(row))]
        return sorted({self.when(point) for curve in curves for point in curve})[-_CURVE_SPANS:]

    def when(self, point: Point) -> str:
        """The day or hour of a point, where the reader lives."""
        return point.at.astimezone(self.view.zone).strftime(self.span)

    def table(self, sheet: Worksheet, columns: Sequence[Column], items: Sequence[Row | Coverage]) -> None:
        """A header that stays, a filter, and one line an item."""
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
            self.text(sheet, 0, place, heading(column, self.view), self.head)
            for line, item in enumerate(items, start=1):
                self.cell(sheet, line, place, column, value(column, item, self.report, self.view))
        sheet.freeze_panes(1, 5 if columns is ROW else 1)
        sheet.autofilter(0, 0, max(len(items), 1), len(columns) - 1)

    def cell(self, sheet: Worksheet, line: int, place: int, column: Column, found: Value) -> None:
        """One cell by its kind; nothing for a value that is not known."""
        if found is None:
            return
        if isinstance(found, bool):
            sheet.write_boolean(line, place, found)
        elif isinstance(found, datetime):
            local = found.astimezone(self.view.zone).replace(tzinfo=None)
            sheet.write_datetime(line, place, local, self.formats["moment"])
        elif not isinstance(found, str):
            if math.isfinite(found):
                whole = column.kind == "number" and found == int(found)  # by its format Excel shows 168 as "168."
                sheet.write_number(line, place, found, self.formats.get("integer" if whole else column.kind))
        elif column.kind == "url" and (link := web_address(found)) and len(link) <= _LINK_LIMIT:
            shown = tr("picture", self.view.lang) if column.name == "image" else link
            if sheet.write_url(line, place, link, self.formats["url"], shown[:_CELL_LIMIT]) < 0:
                self.text(sheet, line, place, found)
        else:
            self.text(sheet, line, place, found)

    def text(self, sheet: Worksheet, line: int, place: int, text: str, form: Any = None) -> None:
        """Text that Excel takes for text whatever it looks like."""
        sheet.write_string(line, place, visible(text)[:_CELL_LIMIT], form or self.formats["text"])


def _span(rows: Sequence[Row], zone: tzinfo) -> str:
    """How the history names its columns: by day, whose last rank counts; by hour while days are too few.

    By the minute, lists looked at one after another would have columns of their own, and curves would be torn.
    """
    curves = [one.curve for row in rows if (one := main_curve(row))]
    days = {point.at.astimezone(zone).date() for curve in curves for point in curve}
    return "%Y-%m-%d" if len(days) > _HOURS_UNTIL_DAYS else "%Y-%m-%d %H:00"


def _shown(point: Point) -> tuple[float, float] | None:
    if point.presence != "seen":
        return None
    if point.rank is not None:
        return point.rank, -math.log2(point.rank)
    return None if point.count is None else (point.count, math.log2(1 + max(point.count, 0.0)))


def _range(line: int, first: int, last: int) -> str:
    from xlsxwriter.utility import xl_range_abs

    return str(xl_range_abs(line, first, line, last))
